"""The rows of 表1, put into a workbook that XlsxWriter has made around them.

XlsxWriter writes about 100,000 cells a second; a year of a city's workbooks has four million. It therefore writes
everything but the body, and one *pattern row* for each kind of unit, which shows which style each column has. Here the
pattern rows are read back, and all rows are written in their place: the file format is public, and every distinct
answer is rendered once.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from pipelines.system.zip_bytes import unzipped, zipped

SHEET_PART, STRINGS_PART = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
EPOCH = date(1899, 12, 30)
FILLED = "filled:"  # before a kind: the pattern of its cells that hold something
_ROW = re.compile(r'<row r="(\d+)"([^>]*?)(?:/>|>(.*?)</row>)', re.DOTALL)
_STYLE = re.compile(r'<c r="([A-Z]+)\d+"(?: s="(\d+)")?')
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_ESCAPED = re.compile(r"(_x[0-9A-Fa-f]{4}_)")
_LEVEL = 2  # half the time of the default level for a tenth more bytes


@dataclass
class Table:
    """The body of 表1 by row: `kinds` (which cells are closed) and `columns` (cells by field id, None where empty)."""

    kinds: list[str]
    columns: dict[str, list[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.kinds)


# kind → letter of a column → attributes of its cells
Styles = dict[str, dict[str, str]]


class _Strings:
    """The workbook's shared strings: those that XlsxWriter wrote, and ours behind them."""

    def __init__(self, part: str):
        self._part, self._known = part, part.count("<si>")
        counted = re.search(r'count="(\d+)"', part)
        assert counted, "XlsxWriter writes the count of the shared strings"
        self._count = int(counted[1])
        self._index: dict[str, int] = {}

    def index(self, text: str) -> int:
        return self._index.setdefault(text, self._known + len(self._index))

    def xml(self, uses: int) -> str:
        items = "".join(f"<si>{_text(text)}</si>" for text in self._index)
        total = self._known + len(self._index)
        counts = f'count="{self._count + uses}" uniqueCount="{total}"'
        return re.sub(r'count="\d+" uniqueCount="\d+"', counts, self._part, count=1).replace("</sst>", items + "</sst>")


def fill(
    data: bytes,
    columns: list[list[Any]],
    kinds: list[str],
    rows: list[int],
    patterns: dict[str, int],
    copy: tuple[str, list[str]] | None = None,
) -> bytes:
    """The workbook `data` with the body in its first sheet.

    `columns` from column A on, entries as in `kinds` and `rows` (1-based sheet rows); `patterns` names the row to copy
    for each kind, and under `FILLED` + kind another one for cells that hold something. `copy` names the part of an empty sheet
    whose column A gets texts, from the first row on.
    """
    parts = unzipped(data)
    strings = _Strings(parts[STRINGS_PART].decode())
    sheet = parts[SHEET_PART].decode()
    start, end = sheet.index("<sheetData>") + len("<sheetData>"), sheet.index("</sheetData>")
    matches = {int(m[1]): m for m in _ROW.finditer(sheet[start:end])}
    styles = {kind: dict(_STYLE.findall(matches[row][3])) for kind, row in patterns.items()}
    heights = {kind: matches[row][2] for kind, row in patterns.items()}
    lines = {number: match[0] for number, match in matches.items() if number not in patterns.values()}
    lines |= _rows(columns, kinds, rows, styles, heights, strings)
    body = "".join(lines[number] for number in sorted(lines))
    parts[SHEET_PART] = (sheet[:start] + body + sheet[end:]).encode()
    uses = body.count(' t="s"')
    if copy:
        hidden = _bare_rows(copy[1], strings)
        uses += hidden.count(' t="s"')
        empty = parts[copy[0]].replace(b'<dimension ref="A1"/>', f'<dimension ref="A1:A{len(copy[1])}"/>'.encode())
        parts[copy[0]] = empty.replace(b"<sheetData/>", f"<sheetData>{hidden}</sheetData>".encode())
    parts[STRINGS_PART] = strings.xml(uses).encode()
    return zipped(parts.items(), _LEVEL)


def _rows(
    columns: list[list[Any]],
    kinds: list[str],
    rows: list[int],
    styles: Styles,
    heights: dict[str, str],
    strings: _Strings,
) -> dict[int, str]:
    tails = [_tails(xl_col_to_name(i), column, kinds, styles, strings) for i, column in enumerate(columns)]
    heads = [f'<c r="{xl_col_to_name(i)}' for i in range(len(columns))]
    lines = {}
    for number, kind, cells in zip(rows, kinds, zip(*tails, strict=True), strict=True):
        text = str(number)
        inner = "".join([f"{head}{text}{tail}" for head, tail in zip(heads, cells, strict=True)])
        lines[number] = f'<row r="{text}"{heights[kind]}>{inner}</row>'
    return lines


def _bare_rows(texts: list[str], strings: _Strings) -> str:
    cells = (
        f'<row r="{row}"><c r="A{row}{_tail("", text, strings)}</row>' for row, text in enumerate(texts, 1) if text
    )
    return "".join(cells)


def _tails(letter: str, column: list[Any], kinds: list[str], styles: Styles, strings: _Strings) -> list[str]:
    """What follows the address of each cell of a column; made once for each style and answer."""
    made: dict[tuple[str, str], dict[Any, str]] = {}
    style = {kind: styles[kind].get(letter, "") for kind in styles}
    filled = {kind: style.get(FILLED + kind, style[kind]) for kind in style}
    shelf = {kind: made.setdefault((style[kind], filled[kind]), {}) for kind in styles}
    tails = []
    for kind, value in zip(kinds, column, strict=True):
        tail = shelf[kind].get(value)
        if tail is None:
            look = style[kind] if value is None else filled[kind]
            tail = shelf[kind][value] = _tail(look, value, strings)
        tails.append(tail)
    return tails


def _tail(style: str, value: object, strings: _Strings) -> str:
    look = f'" s="{style}"' if style else '"'
    match value:
        case None:
            return f"{look}/>"
        case str():
            return f'{look} t="s"><v>{strings.index(value)}</v></c>'
        case int() | Decimal():
            return f"{look}><v>{value:f}</v></c>" if isinstance(value, Decimal) else f"{look}><v>{value}</v></c>"
        case date():
            return f"{look}><v>{(value - EPOCH).days}</v></c>"
    raise TypeError(f"a cell holds text, a whole number, a decimal or a date, not {value!r}")


@cache
def _text(text: str) -> str:
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if "_x" in safe:
        safe = _ESCAPED.sub(r"_x005F\1", safe)  # text that only looks like an escaped character
    if not text.isprintable():
        safe = _UNSAFE.sub(lambda match: f"_x{ord(match[0]):04X}_", safe)
    space = ' xml:space="preserve"' if text != text.strip() else ""
    return f"<t{space}>{safe}</t>"
