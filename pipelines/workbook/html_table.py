"""Tables of an HTML page, which many systems export with the extension .xls: each innermost table is a sheet.

Only text is read: nothing is fetched, no script is run, and entities are single characters.
"""

import re
from html.parser import HTMLParser

from pipelines.workbook import csv_text
from pipelines.workbook.grid import Limits, Merge, Sheet, Unreadable, Workbook
from pipelines.workbook.sparse import Sparse

_CHARSET = re.compile(rb'charset\s*=\s*["\']?\s*([A-Za-z0-9_-]+)', re.IGNORECASE)
_CHINESE = {"gb2312", "gbk", "gb18030", "x-gbk", "cp936"}
_SHEET_NAME = re.compile(r"<x:Name>([^<]{1,100})</x:Name>")
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_MOST_CELLS = 1_000_000  # most cells of all tables, spanned ones included
_SPACE = re.compile(r"[ \t\r\n\f]+")
_SILENT = {"script", "style", "title", "xml", "head", "select", "textarea"}
_BREAKS = {"br", "p", "div", "li"}


def read(data: bytes, limits: Limits) -> Workbook:
    """The tables as sheets. Refuses a page without a table of at least two rows."""
    text = _decoded(data)
    reader = _Reader(limits)
    reader.feed(text)
    reader.close()
    reader.finish()
    sheets = [sheet for sheet in reader.sheets if len(sheet.rows) >= 2]
    if not sheets:
        raise Unreadable("html_page")
    names = _SHEET_NAME.findall(text)
    for number, sheet in enumerate(sheets):
        sheet.name = names[number].strip() if len(names) == len(sheets) else f"表格{number + 1}"
    return Workbook("html", sheets)


def _decoded(data: bytes) -> str:
    stated = _CHARSET.search(data[:4096])
    name = stated[1].decode().lower() if stated else ""
    if name in _CHINESE:
        try:
            return data.decode("gb18030")
        except UnicodeDecodeError:
            pass  # the declared encoding is wrong: detect it as for plain text
    return csv_text.decode(data)[0]


class _Table:
    """A table that is being read. `taken` are places that a cell above or to the left spans."""

    def __init__(self, limits: Limits):
        self.sheet, self.cells = Sheet("", mixed=False, numeric=set()), Sparse(limits)
        self.row, self.col = -1, 0
        self.taken: set[tuple[int, int]] = set()
        self.text: list[str] | None = None
        self.span = (1, 1)
        self.holds_table = False


class _Reader(HTMLParser):
    def __init__(self, limits: Limits):
        super().__init__(convert_charrefs=True)
        self.limits = limits
        self.sheets: list[Sheet] = []
        self._open: list[_Table] = []
        self._silent: list[str] = []
        self._count = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent.append(tag)
        elif tag == "table":
            self._start_table()
        elif self._open and not self._silent:
            given = {name: value or "" for name, value in attrs}
            self._inside(tag, given)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _SILENT:
            self.handle_starttag(tag, attrs)
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            del self._silent[self._silent.index(tag) :]
        elif tag == "table" and self._open:
            self._end_table()
        elif tag in ("td", "th", "tr") and self._open:
            self._end_cell()

    def handle_data(self, data: str) -> None:
        if self._open and not self._silent and self._open[-1].text is not None:
            self._open[-1].text.append(_SPACE.sub(" ", data))

    def finish(self) -> None:
        """Close the tables that the page leaves open."""
        while self._open:
            self._end_table()

    def _start_table(self) -> None:
        if len(self.sheets) + len(self._open) >= self.limits.sheets:
            raise Unreadable("too_large", f"表格多于 {self.limits.sheets} 个")
        for table in self._open:
            table.holds_table = True
        self._open.append(_Table(self.limits))

    def _end_table(self) -> None:
        self._end_cell()
        table = self._open.pop()
        if not table.holds_table:
            table.sheet.rows = table.cells.rows()
            self.sheets.append(table.sheet)

    def _inside(self, tag: str, given: dict[str, str]) -> None:
        table = self._open[-1]
        if tag == "tr":
            self._end_cell()
            table.row, table.col = table.row + 1, 0
            if _HIDDEN.search(given.get("style", "")):
                table.sheet.hidden_rows.append(table.row + 1)
        elif tag in ("td", "th"):
            self._end_cell()
            table.row = max(table.row, 0)
            table.text, table.span = [], (_span(given, "rowspan"), _span(given, "colspan"))
        elif tag in _BREAKS and table.text:
            table.text.append("\n")

    def _end_cell(self) -> None:
        table = self._open[-1]
        if table.text is None:
            return
        text, table.text = _shown("".join(table.text)), None
        while (table.row, table.col) in table.taken:
            table.col += 1
        rows, columns = table.span
        self._count += rows * columns if rows > 1 else 1
        if self._count > min(self.limits.cells, _MOST_CELLS):
            raise Unreadable("too_large", f"数据超过 {_MOST_CELLS:,} 个单元格")
        if text:
            table.cells.put(table.row, table.col, text)
        if rows > 1 or columns > 1:
            row, col = table.row, table.col
            table.taken |= {(r, c) for r in range(row + 1, row + rows) for c in range(col, col + columns)}
            table.sheet.merges.append(Merge(row + 1, col + 1, row + rows, col + columns))
        table.col += columns


def _span(given: dict[str, str], name: str) -> int:
    """How many rows or columns a cell spans; at most a thousand columns, as in browsers."""
    text = given.get(name, "1").strip()
    return max(1, min(int(text), 1000)) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def _shown(text: str) -> str:
    lines = [line.strip(" \u00a0") for line in text.split("\n")]
    return "\n".join(lines).strip("\n")
