"""Rows to Arrow, without `pa.array(list)`: that call imports pandas (two seconds) to look whether the list is one of its own."""

import csv
import io
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.csv as arrow_csv

_SPELLED = {None: "", True: "true", False: "false"}


def to_table(schema: pa.Schema, rows: Iterable[Iterable[str | bool | None]]) -> pa.Table:
    """A table of text and flags in the schema's order. None is null; an empty text is not used and becomes null too."""
    text = io.StringIO()
    csv.writer(text).writerows([_SPELLED.get(value, value) for value in row] for row in rows)
    if not text.tell():
        return schema.empty_table()
    return arrow_csv.read_csv(
        pa.py_buffer(text.getvalue().encode()),
        read_options=arrow_csv.ReadOptions(column_names=schema.names),
        convert_options=arrow_csv.ConvertOptions(column_types=schema, null_values=[""], strings_can_be_null=True),
    )
