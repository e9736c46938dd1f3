"""Rows to Arrow, without `pa.array(list)`, `pa.scalar` and `Table.group_by`: these import pandas, which takes two seconds."""

import csv
import io
from collections.abc import Iterable
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

# bytes of CSV that Arrow reads at a time; starting threads for less costs more than reading it
BLOCK = 1 << 20
_SPELLED: dict[str | bool | None, str] = {None: "", True: "true", False: "false"}


def to_table(schema: pa.Schema, rows: Iterable[Iterable[str | bool | None]]) -> pa.Table:
    """A table of text and flags in the schema's order. None is null; an empty text is not used and becomes null too."""
    text = io.StringIO()
    csv.writer(text).writerows([_SPELLED.get(value, str(value)) for value in row] for row in rows)
    if not text.tell():
        return schema.empty_table()
    data = text.getvalue().encode()
    return arrow_csv.read_csv(
        pa.py_buffer(data),
        read_options=arrow_csv.ReadOptions(column_names=schema.names, use_threads=len(data) > BLOCK),
        convert_options=arrow_csv.ConvertOptions(column_types=schema, null_values=[""], strings_can_be_null=True),
    )


def texts(values: Iterable[str | None]) -> pa.Array:
    """An array of text; an empty one is null."""
    return to_table(pa.schema([("text", pa.string())]), ([value] for value in values))["text"].combine_chunks()


@lru_cache(maxsize=256)
def text(value: str) -> pa.Scalar:
    """A scalar text for comparisons; not empty."""
    return texts([value])[0]


def first_of_each(table: pa.Table, column: str) -> pa.Table:
    """The first row of each value of a column, in their order."""
    values = table[column].combine_chunks()
    return table.take(pc.index_in(values.unique(), value_set=values))
