"""Thousands of rows put into a workbook that XlsxWriter has made around them.

XlsxWriter writes some fifty thousand cells a second, and the towns of one month have two hundred thousand. It
therefore writes everything but the long bodies, and of each of those one *pattern row* that shows which style a
column has; here the rows are written in its place. Text goes in as text: whatever it begins with, it is no formula.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import repeat
from xml.sax.saxutils import escape

from xlsxwriter.utility import xl_col_to_name

from pipelines.system.zip_bytes import unzipped, zipped

_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_STYLE = re.compile(r'<c r="[A-Z]+\d+"(?: s="(\d+)")?')
Value = str | int | float | None


def fill(workbook: bytes, bodies: Mapping[int, tuple[int, Sequence[Sequence[Value]]]]) -> bytes:
    """The workbook with long bodies: sheet number (from 1) → row of the pattern (from 1), and rows."""
    filled = unzipped(workbook)
    for number, body in bodies.items():
        name = f"xl/worksheets/sheet{number}.xml"
        filled[name] = _with_rows(filled[name].decode(), *body)
    return zipped(filled.items(), level=3)


def _with_rows(sheet: str, pattern: int, rows: Sequence[Sequence[Value]]) -> bytes:
    row_xml = re.search(rf'<row r="{pattern}"[^>]*>(.*?)</row>', sheet, re.DOTALL)
    assert row_xml, f"no pattern row {pattern}"
    looks = [f' s="{style}"' if style else "" for style in _STYLE.findall(row_xml[1])]
    letters = [xl_col_to_name(n) for n in range(len(looks))]
    after = [*(f'<c r="{letter}' for letter in letters[1:]), "</row>"]
    columns = [_Column(*both) for both in zip(looks, after, strict=True)]
    cells = [map(column.__getitem__, values) for column, values in zip(columns, zip(*rows, strict=True), strict=True)]
    begin = [repeat(b'<row r="'), repeat(f'"><c r="{letters[0]}'.encode())]
    last = f"{letters[-1]}{pattern + max(len(rows) - 1, 0)}"
    before = re.sub(
        r'<dimension ref="A1:[A-Z]+\d+"/>', f'<dimension ref="A1:{last}"/>', sheet[: row_xml.start()], count=1
    )
    # the row's number stands between all of its parts
    lines = [(b"%d" % number).join(parts) for number, parts in enumerate(zip(*begin, *cells, strict=False), pattern)]
    return b"".join([before.encode(), *lines, sheet[row_xml.end() :].encode()])


class _Column(dict[Value, bytes]):
    """By value of a column, what follows the address of its cell up to the next row number: made once for each distinct value."""

    def __init__(self, look: str, after: str):
        super().__init__()
        self.look, self.after = look, after

    def __missing__(self, value: Value) -> bytes:
        self[value] = text = f'"{self._tail(value)}{self.after}'.encode()
        return text

    def _tail(self, value: Value) -> str:
        if value is None:
            return f"{self.look}/>"
        if isinstance(value, str):
            text = escape(_UNSAFE.sub("", value))
            return f'{self.look} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
        return f"{self.look}><v>{value}</v></c>"
