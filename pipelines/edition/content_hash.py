"""Content hash of a table by names, types and values alone: the bytes of a Parquet file depend on the library that wrote it."""

from collections.abc import Iterator
from hashlib import sha256

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def digest(table: pa.Table) -> str:
    """SHA-256 over names, types and values, column by column, in the order of the rows."""
    total = sha256(f"{table.num_rows}\n".encode())
    for name, column in zip(table.column_names, table.columns, strict=True):
        total.update(f"{name} {column.type}\n".encode())
        for part in _parts(column):
            total.update(part)
    return total.hexdigest()


def columns(schema: pa.Schema) -> str:
    """Names and types of the columns as one short hash: tables of the same columns have the same."""
    return sha256("\n".join(f"{field.name} {field.type}" for field in schema).encode()).hexdigest()[:16]


def _parts(column: pa.ChunkedArray) -> Iterator[memoryview]:
    """The null mask, then the values that are not null: the bytes under a null are undefined."""
    array = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    yield _fixed(pc.is_null(array))
    present = array.drop_null()
    if pa.types.is_string(present.type):
        present = present.cast(pa.large_string())
        yield _fixed(pc.binary_length(present))
        yield _text(present)
    else:
        yield _fixed(present)


def _fixed(array: pa.Array) -> memoryview:
    """The values of a type of fixed width. Errors: `TypeError` for any other type."""
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.uint8())
    if not pa.types.is_primitive(array.type) and not pa.types.is_decimal(array.type):
        raise TypeError(f"no content digest for {array.type}")
    width = array.type.bit_width // 8
    return _slice(array.buffers()[1], array.offset * width, (array.offset + len(array)) * width)


def _text(array: pa.LargeStringArray) -> memoryview:
    if not len(array):
        return memoryview(b"")
    offsets = np.frombuffer(array.buffers()[1], np.int64)
    return _slice(array.buffers()[2], int(offsets[array.offset]), int(offsets[array.offset + len(array)]))


def _slice(buffer: pa.Buffer | None, start: int, end: int) -> memoryview:
    return memoryview(buffer)[start:end] if buffer is not None else memoryview(b"")
