"""xlsb: the records of BIFF12 inside a zip package, read in one pass.

calamine is not used: it returns blanks for error cells, and neither formats nor merged or hidden rows. As in xls a formula
always stores a result, so one that was never calculated cannot be recognised.
"""

import struct
from collections.abc import Callable, Iterator
from typing import Any

from pipelines.workbook import number_formats
from pipelines.workbook.biff import error_text, rk
from pipelines.workbook.biff_references import Links
from pipelines.workbook.grid import Limits, Merge, Sheet, Unreadable, Workbook
from pipelines.workbook.sparse import Sparse
from pipelines.workbook.xlsx.read_xlsx import package_notes, relations
from pipelines.workbook.zip_package import Package

_DAMAGE = (struct.error, IndexError, ValueError, OverflowError, UnicodeDecodeError)
# short cell records and the full records that they abbreviate
_SHORT = {12: 1, 13: 2, 14: 3, 15: 4, 16: 5, 17: 6, 18: 7}
_BOOKS, _THIS_BOOK = {355, 357, 358, 667}, 357
_BEGIN_CELLS, _END_CELLS = 145, 146
# other records between cells: extensions, metadata of a cell
_CELL_RECORDS, _BESIDE_CELLS = 64, {35, 36, 37, 38, 49, 50, 51}
_VISIBILITY = {0: "visible", 1: "hidden", 2: "very_hidden"}


def read(package: Package, main: str, limits: Limits) -> Workbook:
    """The workbook whose main part is `main`. Errors: `Unreadable`."""
    try:
        return _read(package, main, limits)
    except _DAMAGE as error:
        raise Unreadable("damaged", "xlsb 的记录结构不正确") from error


def _read(package: Package, main: str, limits: Limits) -> Workbook:
    folder, _, file = main.rpartition("/")
    by_id, by_type = relations(package, folder, file)
    names, date1904, links = _book(package.read(main))
    kinds = _kinds(package.read(by_type["styles"])) if by_type.get("styles", "") in package else []
    strings = _strings(package.read(by_type["sharedStrings"])) if by_type.get("sharedStrings", "") in package else []
    related = [(name, visibility, by_id.get(identifier, ("", ""))) for name, visibility, identifier in names]
    listed = [(name, visibility, part) for name, visibility, (kind, part) in related if kind == "worksheet"]
    if not listed:
        raise Unreadable("no_sheets")
    if len(listed) > limits.sheets:
        raise Unreadable("too_large", f"{len(listed)} 个工作表，上限 {limits.sheets} 个")
    sheets = [
        _SheetReader(Sheet(name, visibility), strings, kinds, date1904, limits, links).read(package.read(part))
        for name, visibility, part in listed
    ]
    package.inflate_rest()
    return Workbook("xlsb", sheets, package_notes(package), date1904)


def records(part: bytes) -> Iterator[tuple[int, bytes]]:
    """(record type, content) of each record; type and size are stored in groups of seven bits."""
    offset, end = 0, len(part)
    while offset < end:
        kind = part[offset]
        offset += 1
        if kind & 0x80:
            kind = (kind & 0x7F) | (part[offset] & 0x7F) << 7
            offset += 1
        size = shift = 0
        for shift in (0, 7, 14, 21):
            byte = part[offset]
            offset += 1
            size |= (byte & 0x7F) << shift
            if not byte & 0x80:
                break
        offset += size
        if offset > end:
            raise Unreadable("truncated", "xlsb 的最后一条记录不完整")
        yield kind, part[offset - size : offset]


def _wide(content: bytes, offset: int) -> tuple[str, int]:
    """A UTF-16 text after its length, and the offset of its end."""
    length: int = struct.unpack_from("<I", content, offset)[0]
    end = offset + 4 + 2 * length
    if end > len(content):
        raise Unreadable("damaged", "xlsb 的文本长度不正确")
    return content[offset + 4 : end].decode("utf-16-le", errors="replace"), end


def _book(part: bytes) -> tuple[list[tuple[str, str, str]], bool, Links]:
    names, date1904, links = [], False, Links(long_rows=True)
    for kind, content in records(part):
        if kind == 153:
            date1904 = bool(content[0] & 1)
        elif kind == 156:
            identifier, end = _wide(content, 8)
            state = struct.unpack_from("<I", content)[0]
            names.append((_wide(content, end)[0], _VISIBILITY.get(state, "visible"), identifier))
            links.sheets.append(names[-1][0])
        elif kind in _BOOKS:
            links.books.append(kind == _THIS_BOOK)
        elif kind == 362:
            count = struct.unpack_from("<I", content)[0]
            links.pairs += struct.iter_unpack("<Iii", content[4 : 4 + 12 * count])
    return names, date1904, links


def _kinds(part: bytes) -> list[str]:
    codes, styles, inside = {}, [], False
    for kind, content in records(part):
        if kind == 44:
            codes[struct.unpack_from("<H", content)[0]] = _wide(content, 2)[0]
        elif kind in (617, 618):
            inside = kind == 617
        elif kind == 47 and inside:
            styles.append(struct.unpack_from("<H", content, 2)[0])
    return [number_formats.kind_of(number, codes.get(number)) for number in styles]


def _strings(part: bytes) -> list[str]:
    return [_wide(content, 1)[0] for kind, content in records(part) if kind == 19]


class _SheetReader:
    def __init__(
        self, sheet: Sheet, strings: list[str], kinds: list[str], date1904: bool, limits: Limits, links: Links
    ):
        self.links = links
        self.sheet, self.strings, self.kinds, self.date1904 = sheet, strings, kinds, date1904
        self.cells, self._row = Sparse(limits), 0
        self._values: dict[int, Callable[[bytes], Any]] = {
            2: lambda c: rk(struct.unpack_from("<I", c, 8)[0]), 4: lambda c: bool(c[8]), 5: _real,
            6: lambda c: _wide(c, 8)[0], 7: lambda c: self.strings[struct.unpack_from("<I", c, 8)[0]],
            8: lambda c: _wide(c, 8)[0], 9: _real, 10: lambda c: bool(c[8]), 62: lambda c: _wide(c, 9)[0],
        }  # fmt: skip
        self._col = -1  # column of the cell before

    def read(self, part: bytes) -> Sheet:
        inside = False
        for kind, content in records(part):
            if kind in _SHORT:
                # a short cell leaves out its column: it is right of the one before
                kind, content = _SHORT[kind], struct.pack("<I", self._col + 1) + content
            if kind in self._values:
                self._cell(kind, content)
            elif kind in (1, 3, 11):
                self._without_value(kind, content)
            elif kind == 0:
                self._start_row(content)
            elif inside and kind < _CELL_RECORDS and kind not in _BESIDE_CELLS:
                raise Unreadable("damaged", f"工作表“{self.sheet.name}”中有不认识的单元格记录 {kind}")
            else:
                inside = kind == _BEGIN_CELLS or (inside and kind != _END_CELLS)
                self._around(kind, content)
        self.sheet.rows = self.cells.rows()
        return self.sheet

    def _without_value(self, kind: int, content: bytes) -> None:
        self._col = struct.unpack_from("<I", content)[0]
        if kind != 1:
            self._error(kind, content)

    def _error(self, kind: int, content: bytes) -> None:
        col = struct.unpack_from("<I", content)[0]
        self.cells.put(self._row, col, None)
        self.sheet.errors[self._row + 1, col + 1] = error_text(content[8])
        self.sheet.formulas += kind == 11

    def _start_row(self, content: bytes) -> None:
        self._row, self._col = struct.unpack_from("<I", content)[0], -1
        if content[11] & 0x10:
            self.sheet.hidden_rows.append(self._row + 1)

    def _cell(self, kind: int, content: bytes) -> None:
        col, style = struct.unpack_from("<II", content)
        self._col = col
        value, number_kind = self._values[kind](content), self._kind(style & 0xFF_FFFF)
        self.sheet.formulas += kind in (8, 9, 10)
        if kind == 9 and value == 0:
            self._refer(col, content)
        if type(value) is float and number_kind == number_formats.PERCENT:
            self.sheet.percent.setdefault(col + 1, set()).add(self._row + 1)
        elif type(value) is float and number_kind != number_formats.NUMBER:
            value = number_formats.from_serial(value, number_kind, self.date1904)
        self.cells.put(self._row, col, None if value == "" else value)

    def _refer(self, col: int, content: bytes) -> None:
        """Note the cell that a formula with result 0 refers to, if it is a bare reference."""
        size = struct.unpack_from("<I", content, 18)[0]
        if meant := self.links.target(content[22 : 22 + size], self.sheet.name):
            self.sheet.references[self._row + 1, col + 1] = meant

    def _kind(self, style: int) -> str:
        return self.kinds[style] if style < len(self.kinds) else number_formats.NUMBER

    def _around(self, kind: int, content: bytes) -> None:
        if kind == 60:
            first, last, width, _, flags = struct.unpack_from("<4IH", content)
            if flags & 1 or width == 0:
                self.sheet.hidden_cols += range(first + 1, min(last, 16_383) + 2)
        elif kind == 176:
            top, bottom, left, right = struct.unpack_from("<4I", content)
            self.sheet.merges.append(Merge(top + 1, left + 1, bottom + 1, right + 1))
        elif kind == 163:
            self.sheet.filtered = True


def _real(content: bytes) -> float:
    value: float = struct.unpack_from("<d", content, 8)[0]
    return value
