"""XML Spreadsheet 2003: one file of XML with typed cells, which programs name .xls. One streamed pass, as with ods."""

import re

from pipelines.workbook import number_formats
from pipelines.workbook.grid import Limits, Merge, Sheet, Unreadable, Workbook
from pipelines.workbook.xml_stream import StreamReader, moment
from pipelines.workbook.zip_package import clean_xml

_SS = "urn:schemas-microsoft-com:office:spreadsheet "
_EXCEL = "urn:schemas-microsoft-com:office:excel "
_NAME = "XML 电子表格 2003"
_VISIBILITY = {"SheetHidden": "hidden", "SheetVeryHidden": "very_hidden"}
_FORMATS = {"percent": number_formats.PERCENT, "general date": number_formats.DATE, "short date": number_formats.DATE,
            "medium date": number_formats.DATE, "long date": number_formats.DATE}  # fmt: skip
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_REFERENCE = re.compile(r"=(?:'?([^'!\[\]]+)'?!)?R(?:\[(-?\d+)\]|(\d+))?C(?:\[(-?\d+)\]|(\d+))?")


def read(data: bytes, limits: Limits) -> Workbook:
    """The workbook. Errors: `Unreadable` where it is no correct XML, has a DTD, or passes a limit."""
    reader = _Reader(limits)
    # SheetJS writes control characters into the file properties, which parsers refuse
    reader.parse([_CONTROL.sub(b"", clean_xml(data, _NAME))])
    if not reader.sheets:
        raise Unreadable("no_sheets")
    return Workbook("xml", reader.sheets)


class _Reader(StreamReader):
    def __init__(self, limits: Limits):
        super().__init__(limits, _NAME)
        self._kinds: dict[str, str] = {}
        self._style = ""
        self._row = self._col = self._column = self._after = 0
        self._row_style = self._cell_style = ""
        self._type = ""
        self._wide = 0
        self._text: list[str] | None = None
        self._state: list[str] | None = None

    def _start(self, tag: str, given: dict[str, str]) -> None:
        if handler := _STARTS.get(tag):
            handler(self, given)

    def _end(self, tag: str) -> None:
        if handler := _ENDS.get(tag):
            handler(self)

    def _characters(self, text: str) -> None:
        for into in (self._text, self._state):
            if into is not None:
                into.append(text)

    def _start_style(self, given: dict[str, str]) -> None:
        self._style = given.get(f"{_SS}ID", "")

    def _format(self, given: dict[str, str]) -> None:
        code = given.get(f"{_SS}Format", "")
        self._kinds[self._style] = _FORMATS.get(code.lower()) or number_formats.kind_of(0, code)

    def _start_sheet(self, given: dict[str, str]) -> None:
        self._begin(Sheet(given.get(f"{_SS}Name", "")))
        self._row = self._column = 0

    def _start_column(self, given: dict[str, str]) -> None:
        first = _number(given, "Index", self._column + 1)
        last = min(first + _number(given, "Span", 0), self.limits.columns)
        if given.get(f"{_SS}Hidden") == "1":
            self._sheet.hidden_cols += range(first, last + 1)
        self._column = last

    def _start_row(self, given: dict[str, str]) -> None:
        self._row, self._col = _number(given, "Index", self._row + 1), 0
        self._row_style = given.get(f"{_SS}StyleID", "")
        self._after = _number(given, "Span", 0)
        if given.get(f"{_SS}Hidden") == "1":
            self._sheet.hidden_rows += range(self._row, min(self._row + self._after, self.limits.rows) + 1)

    def _end_row(self) -> None:
        self._row += self._after

    def _start_cell(self, given: dict[str, str]) -> None:
        self._col = _number(given, "Index", self._col + 1)
        self._cell_style = given.get(f"{_SS}StyleID", self._row_style)
        across, down = _number(given, "MergeAcross", 0), _number(given, "MergeDown", 0)
        if across or down:
            self._sheet.merges.append(Merge(self._row, self._col, self._row + down, self._col + across))
        self._wide, self._type = across, ""
        formula = given.get(f"{_SS}Formula")
        if formula:
            self._sheet.formulas += 1
            self._refer(formula)

    def _refer(self, formula: str) -> None:
        reference = _REFERENCE.fullmatch(formula)
        if reference:
            name, row_by, row, column_by, column = reference.groups()
            place = (
                int(row) if row else self._row + int(row_by or 0),
                int(column) if column else self._col + int(column_by or 0),
            )
            self._sheet.references[self._row, self._col] = (name or self._sheet.name, *place)

    def _end_cell(self) -> None:
        self._col += self._wide

    def _start_data(self, given: dict[str, str]) -> None:
        self._type, self._text = given.get(f"{_SS}Type", "String"), []

    def _end_data(self) -> None:
        text, self._text = "".join(self._text or ()), None
        if self._type == "Error":
            self._cells.put(self._row - 1, self._col - 1, None)
            self._sheet.errors[self._row, self._col] = text.strip() or "#ERROR!"
            return
        kind = self._kinds.get(self._cell_style, number_formats.NUMBER)
        value = self._typed(text, kind)
        if type(value) is float and kind == number_formats.PERCENT:
            self._sheet.percent.setdefault(self._col, set()).add(self._row)
        if value not in ("", 0):
            self._sheet.references.pop((self._row, self._col), None)
        self._cells.put(self._row - 1, self._col - 1, None if value == "" else value)

    def _typed(self, text: str, kind: str) -> object:
        try:
            if self._type == "Number":
                value = float(text)
                timed = kind not in (number_formats.NUMBER, number_formats.PERCENT)
                return number_formats.from_serial(value, kind, False) if timed else value
            if self._type == "DateTime":
                return moment(text.strip())
            if self._type == "Boolean":
                return {"1": True, "0": False, "true": True, "false": False}[text.strip().lower()]
        except (ValueError, KeyError, OverflowError) as error:
            place = f"第{self._row}行第{self._col}列"
            raise Unreadable("damaged", f"{_NAME}{place}的值 {text[:20]!r} 与其类型不符") from error
        return text

    def _start_visible(self, _: dict[str, str]) -> None:
        self._state = []

    def _end_visible(self) -> None:
        state, self._state = "".join(self._state or ()).strip(), None
        self._sheet.visibility = _VISIBILITY.get(state, "visible")

    def _filter(self, _: dict[str, str]) -> None:
        self._sheet.filtered = True


_STARTS = {
    f"{_SS}Style": _Reader._start_style, f"{_SS}NumberFormat": _Reader._format,
    f"{_SS}Worksheet": _Reader._start_sheet, f"{_SS}Column": _Reader._start_column, f"{_SS}Row": _Reader._start_row,
    f"{_SS}Cell": _Reader._start_cell, f"{_SS}Data": _Reader._start_data, f"{_EXCEL}Visible": _Reader._start_visible,
    f"{_EXCEL}AutoFilterCondition": _Reader._filter,
}  # fmt: skip
_ENDS = {
    f"{_SS}Worksheet": _Reader._finish, f"{_SS}Row": _Reader._end_row, f"{_SS}Cell": _Reader._end_cell,
    f"{_SS}Data": _Reader._end_data, f"{_EXCEL}Visible": _Reader._end_visible,
}  # fmt: skip


def _number(given: dict[str, str], name: str, default: int) -> int:
    text = given.get(f"{_SS}{name}")
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 7:
        raise Unreadable("damaged", f"{_NAME}中的 {name} 为 {text[:20]!r}")
    return int(text)
