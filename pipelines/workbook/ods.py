"""ods: one streamed pass over content.xml for types, errors, spans, percentages and visibility.

calamine is not used: it expands repeated cells without a limit and returns error cells as texts.
"""

import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from pipelines.workbook.address import column_number
from pipelines.workbook.grid import Limits, Merge, Sheet, Unreadable, Workbook
from pipelines.workbook.ods_rows import PlainRows
from pipelines.workbook.xml_stream import StreamReader, moment
from pipelines.workbook.zip_package import Package, clean_xml

_URN = "urn:oasis:names:tc:opendocument:xmlns:"
_TABLE, _OFFICE, _TEXT, _STYLE = (f"{_URN}{name}:1.0 " for name in ("table", "office", "text", "style"))
_PARAGRAPH = f"{_TEXT}p"
_VALUE_TYPE, _VALUE = f"{_OFFICE}value-type", f"{_OFFICE}value"
_FORMULA, _COLUMNS_REPEATED = f"{_TABLE}formula", f"{_TABLE}number-columns-repeated"
_ROWS_SPANNED, _COLUMNS_SPANNED = f"{_TABLE}number-rows-spanned", f"{_TABLE}number-columns-spanned"
_CELLS = {f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"}
_ERROR = re.compile(r"#(?:REF!|N/A|DIV/0!|NAME\?|VALUE!|NUM!|NULL!)|Err:\d{3}")
_REFERENCE = re.compile(r"(?:[a-z]+:)?=\[\$?(?:'((?:[^']|'')+)'|([^.'\]:]+))?\.\$?([A-Z]{1,3})\$?([1-9]\d{0,6})\]")
_DURATION = re.compile(r"(-?)P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?")


def read(package: Package, limits: Limits) -> Workbook:
    """The workbook. Errors: `Unreadable` for an encrypted or damaged one, and for one beyond a limit."""
    manifest = "META-INF/manifest.xml"
    if manifest in package and b"encryption-data" in package.read(manifest):
        raise Unreadable("encrypted")
    # LibreOffice stores the result of every formula; of an empty text it writes no value
    calculated = "meta.xml" in package and b"LibreOffice" in package.read("meta.xml")
    reader = _Content(limits, calculated)
    reader.parse(reader.plain(package.chunks("content.xml")))
    package.inflate_rest()
    if not reader.sheets:
        raise Unreadable("no_sheets")
    names = [name.lower() for name in package.names]
    notes = [("macros", "")] if any(name.startswith("basic/") and name.endswith(".xml") for name in names) else []
    notes += [("embedded_objects", "")] if any(name.startswith("object ") for name in names) else []
    notes += [("dde", "")] if reader.dde else []
    return Workbook("ods", reader.sheets, notes)


class _Content(StreamReader):
    """Handlers for content.xml. Tables nested in cells or notes are skipped by depth: they are no sheets."""

    def __init__(self, limits: Limits, calculated: bool):
        super().__init__(limits, "content.xml ")
        self.calculated, self.dde = calculated, False
        self._hidden_styles: set[str] = set()
        self._style = ""
        self._depth = 0  # inside notes, shapes and nested tables
        self._inside = False  # a sheet
        self._row = self._col = self._column = 0
        self._row_repeat = 1
        self._row_cells: list[tuple[int, Any]] = []
        self._row_notes: list[tuple[int, str, Any]] = []
        self._cell: dict[str, str] | None = None
        self._text: list[str] = []
        self._paragraphs = 0
        self._plain: PlainRows[_Known] | None = None

    def plain(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The chunks with a mark for each plain row."""
        first = clean_xml(next(chunks, b""), "content.xml")
        plain = self._plain = PlainRows(first, _known)
        yield plain.replaced(first, first=True)
        yield from map(plain.replaced, chunks)
        yield plain.rest()

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._depth:
            self._depth += 1
        elif self._cell is not None:
            self._start_in_cell(tag, attributes)
        elif tag in _CELLS and self._inside:
            self._cell, self._text, self._paragraphs = attributes, [], 0
        elif tag == f"{_TABLE}table-row" and self._inside:
            self._start_row(attributes)
        elif tag == f"{_TABLE}table-column" and self._inside:
            self._columns(attributes)
        elif tag == f"{_TABLE}table":
            self._start_sheet(attributes)
        elif tag in (f"{_OFFICE}annotation", f"{_TABLE}shapes"):
            self._depth = 1
        else:
            self._declare(tag, attributes)

    def _declare(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == f"{_STYLE}style":
            self._style = attributes.get(f"{_STYLE}name", "")
        elif tag == f"{_STYLE}table-properties" and attributes.get(f"{_TABLE}display") == "false":
            self._hidden_styles.add(self._style)
        elif tag == f"{_TABLE}dde-link":
            self.dde = True

    def _start_in_cell(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == _PARAGRAPH:
            self._text += ["\n"] if self._paragraphs else []
            self._paragraphs += 1
        elif tag == f"{_TEXT}s":
            self._text.append(" " * min(_repeat(attributes, f"{_TEXT}c"), 32_767))
        elif tag in (f"{_TEXT}tab", f"{_TEXT}line-break"):
            self._text.append("\t" if tag.endswith("tab") else "\n")
        elif not tag.startswith(_TEXT):
            self._depth = 1

    def _characters(self, text: str) -> None:
        if self._cell is not None and not self._depth and self._paragraphs:
            self._text.append(text)

    def _end(self, tag: str) -> None:
        if self._depth:
            self._depth -= 1
        elif tag in _CELLS and self._cell is not None:
            self._end_cell(self._cell)
        elif tag == f"{_TABLE}table-row" and self._inside:
            self._end_row()
        elif tag == f"{_TABLE}table" and self._inside:
            self._end_sheet()

    def _start_sheet(self, attributes: dict[str, str]) -> None:
        hidden = attributes.get(f"{_TABLE}style-name") in self._hidden_styles
        self._inside = True
        self._begin(Sheet(attributes.get(f"{_TABLE}name", ""), "hidden" if hidden else "visible"))
        self._row = self._column = 0

    def _end_sheet(self) -> None:
        self._finish()
        self._inside = False

    def _columns(self, attributes: dict[str, str]) -> None:
        repeat = _repeat(attributes, f"{_TABLE}number-columns-repeated")
        if attributes.get(f"{_TABLE}visibility") in ("collapse", "filter"):
            last = min(self._column + repeat, self.limits.columns)
            self._sheet.hidden_cols += range(self._column + 1, last + 1)
        self._column = min(self._column + repeat, self.limits.columns)

    def _start_row(self, attributes: dict[str, str]) -> None:
        cells: list[_Known] = []
        if self._plain:
            attributes, cells = self._plain.row(attributes)
        self._row_repeat = _repeat(attributes, f"{_TABLE}number-rows-repeated")
        self._row_cells, self._row_notes, self._col = [], [], 0
        visibility = attributes.get(f"{_TABLE}visibility")
        if visibility in ("collapse", "filter"):
            last = min(self._row + self._row_repeat, self.limits.rows)
            self._sheet.hidden_rows += range(self._row + 1, last + 1)
            self._sheet.filtered = self._sheet.filtered or visibility == "filter"
        self._plain_cells(cells)

    def _plain_cells(self, cells: "list[_Known]") -> None:
        """`_put` for all cells of a row; those that are a value and no more without the call."""
        col, columns, append = self._col, self.limits.columns, self._row_cells.append
        for cell, repeat, note, value, is_more in cells:
            if is_more or col >= columns:
                self._col = col
                self._put(cell, repeat, note, value)
                col = self._col
            else:
                if value is not None:
                    append((col, value))
                col += 1
        self._col = col

    def _end_row(self) -> None:
        if self._row_cells and self._row_repeat * len(self._row_cells) > self.limits.cells:
            raise Unreadable("too_large", f"第{self._row + 1}行重复 {self._row_repeat} 次")
        for row in range(self._row, self._row + self._row_repeat) if self._row_cells else ():
            self._cells.put_row(row, self._row_cells)
            for col, note, value in self._row_notes:
                self._note(row, col, note, value)
        self._row += self._row_repeat
        self._row_cells, self._row_notes = [], []

    def _note(self, row: int, col: int, note: str, value: Any) -> None:
        if note == "error":
            self._sheet.errors[row + 1, col + 1] = value
        elif note == "unevaluated":
            self._sheet.unevaluated.add((row + 1, col + 1))
        else:
            self._sheet.percent.setdefault(col + 1, set()).add(row + 1)

    def _end_cell(self, cell: dict[str, str]) -> None:
        self._cell = None
        repeat = _repeat(cell, _COLUMNS_REPEATED)
        self._put(cell, repeat, *_value(cell, "".join(self._text)))

    def _put(self, cell: dict[str, str], repeat: int, note: str, value: Any) -> None:
        if _FORMULA in cell:
            self._sheet.formulas += 1
        if _FORMULA in cell and repeat == 1 and not value and (meant := _meant(cell[_FORMULA], self._sheet.name)):
            self._sheet.references[self._row + 1, self._col + 1] = meant
        if value is not None or (note and not (note == "unevaluated" and self.calculated)):
            if repeat + len(self._row_cells) > self.limits.columns:
                raise Unreadable("damaged", f"第{self._row + 1}行的单元格多于 {self.limits.columns} 个")
            columns = range(self._col, self._col + repeat)
            self._row_cells += [(col, None if note in ("error", "unevaluated") else value) for col in columns]
            self._row_notes += [(col, note, value) for col in columns if note]
        if _ROWS_SPANNED in cell or _COLUMNS_SPANNED in cell:
            self._merge(cell)
        self._col += repeat

    def _merge(self, cell: dict[str, str]) -> None:
        rows, cols = _repeat(cell, _ROWS_SPANNED), _repeat(cell, _COLUMNS_SPANNED)
        if rows > 1 or cols > 1:
            self._sheet.merges.append(Merge(self._row + 1, self._col + 1, self._row + rows, self._col + cols))


_Known = tuple[dict[str, str], int, str, Any, bool]


def _known(cell: dict[str, str], text: str) -> _Known:
    """What `_put` takes: attributes, repetitions, note and value of a cell; and whether it is more than one value."""
    repeat, (note, value) = _repeat(cell, _COLUMNS_REPEATED), _value(cell, text)
    is_more = repeat > 1 or note != "" or any(key in cell for key in (_FORMULA, _ROWS_SPANNED, _COLUMNS_SPANNED))
    return cell, repeat, note, value, is_more


def _repeat(attributes: dict[str, str], key: str) -> int:
    count = attributes.get(key)
    if count is None:
        return 1
    if not count.isascii() or not count.isdigit() or len(count) > 9:
        raise Unreadable("damaged", f"重复次数 {count[:20]!r}")
    return max(int(count), 1)


def _meant(formula: str, sheet: str) -> tuple[str, int, int] | None:
    """Name of the sheet, row and column of a formula that is a bare reference."""
    reference = _REFERENCE.fullmatch(formula)
    if not reference:
        return None
    quoted, plain, letters, row = reference.groups()
    name = quoted.replace("''", "'") if quoted else plain
    return name or sheet, int(row), column_number(letters)


def _value(cell: dict[str, str], text: str) -> tuple[str, object]:
    """(note, value) of a cell: note is error, unevaluated, percent or nothing."""
    kind = cell.get(_VALUE_TYPE)
    is_error = "error" in cell.values() and any(
        key.endswith(" value-type") and value == "error" for key, value in cell.items()
    )
    if is_error or (kind in (None, "string") and _ERROR.fullmatch(text.strip())):
        return "error", text.strip() or "#ERROR!"
    if _FORMULA in cell and kind is None and not text:
        return "unevaluated", None
    try:
        value = _typed(kind, cell, text)
    except (ValueError, OverflowError) as error:
        if not text:
            raise Unreadable("damaged", f"单元格的值与其类型 {kind} 不符") from error
        kind, value = "string", text
    return ("percent" if kind == "percentage" else ""), None if value == "" else value


def _typed(kind: str | None, cell: dict[str, str], text: str) -> Any:
    if kind in ("float", "percentage", "currency"):
        return float(cell.get(_VALUE, ""))
    if kind == "boolean":
        return cell.get(f"{_OFFICE}boolean-value") == "true"
    if kind == "date":
        return moment(cell.get(f"{_OFFICE}date-value", ""))
    if kind == "time":
        return _duration(cell.get(f"{_OFFICE}time-value", ""))
    return text or cell.get(f"{_OFFICE}string-value", "")


def _duration(written: str) -> time | timedelta:
    match = _DURATION.fullmatch(written)
    if not match:
        raise ValueError(written)
    sign, days, hours, minutes, seconds = match.groups()
    span = timedelta(int(days or 0), round(float(seconds or 0)), 0, 0, int(minutes or 0), int(hours or 0))
    return -span if sign else (datetime.min + span).time() if span < timedelta(1) else span
