"""xls (and et) in BIFF8 and BIFF5: one pass over the records for values, errors, formats and hidden rows.

calamine is not used: it returns blanks for error cells of this format, and no formats.
In BIFF a formula always stores a result, so one that was never calculated reads as that result, usually 0. The note
`formulas_not_recalculated` is given where the file asks for calculation when it is opened.

xlrd 2.0.2 reads the same values, errors, hidden rows and columns, merged ranges and formats from the fixtures, but not
which cells are formulas, whether the file asks for calculation, and whether a filter is on. It has no limits, prints warnings
about damaged files to standard output, raises errors of any type on them, and takes twice the time.
"""

import io
import struct
from collections.abc import Callable, Iterator

import olefile

from pipelines.workbook import number_formats
from pipelines.workbook.biff import error_text, rk
from pipelines.workbook.biff_references import Links
from pipelines.workbook.grid import Limits, Merge, Sheet, Unreadable, Workbook
from pipelines.workbook.sparse import Sparse
from pipelines.workbook.xls_strings import StringTable, text_of

BOF, EOF, CONTINUE, FILEPASS = 0x809, 0x0A, 0x3C, 0x2F
CUT = "xls 的最后一条记录不完整"
_SHARED = 0xFD  # a cell with a text of the shared table
_CODEPAGES = {936: "gb18030", 950: "cp950", 1200: "utf-16-le", 65001: "utf-8", 10000: "mac-roman", 10008: "gb18030"}
_BOUNDS = (BOF, EOF)
_HEAD, _CELL_AND_INDEX = struct.Struct("<HH").unpack_from, struct.Struct("<HHHI").unpack_from
_VISIBILITY = {0: "visible", 1: "hidden", 2: "very_hidden"}
# errors of olefile and struct over damaged files
_DAMAGE = (OSError, struct.error, IndexError, ValueError, KeyError, TypeError, OverflowError, AttributeError)


def read(data: bytes, limits: Limits) -> Workbook:
    """Read an OLE file. Errors: `Unreadable`, naming what else it is."""
    try:
        stream, names = _stream(data)
        book = _Globals(stream)
        sheets = [_SheetReader(book, stream, entry, limits).read() for entry in book.sheets[: limits.sheets + 1]]
    except _DAMAGE as error:
        raise Unreadable("damaged", "xls 的记录结构不正确") from error
    if not sheets:
        raise Unreadable("no_sheets")
    if len(sheets) > limits.sheets:
        raise Unreadable("too_large", f"工作表多于 {limits.sheets} 个")
    notes = [("macros", "")] if any("_VBA_PROJECT" in name.upper() for name in names) else []
    if book.recalculates:
        notes.append(("formulas_not_recalculated", ""))
    return Workbook("xls", sheets, notes, book.date1904)


def _stream(data: bytes) -> tuple[bytes, list[str]]:
    with olefile.OleFileIO(io.BytesIO(data)) as ole:
        names = ["/".join(path) for path in ole.listdir()]
        top = {name.lower(): name for name in names}
        if "encryptedpackage" in top:
            raise Unreadable("encrypted")
        for name in ("workbook", "book"):
            if name in top:
                return ole.openstream(top[name]).read(), names
    documents = {"worddocument": "Word 文档", "powerpoint document": "PPT 演示"}
    raise Unreadable(
        "not_a_workbook", next((f"实际为 {documents[name]}" for name in top if name in documents), "其他 OLE 文件")
    )


def records(stream: bytes, offset: int) -> Iterator[tuple[int, bytes]]:
    """(record type, content) from an offset to the end of the stream; a record cut short is `truncated`."""
    end = len(stream)
    while offset + 4 <= end:
        kind, size = _HEAD(stream, offset)
        offset += 4 + size
        if offset > end:
            raise Unreadable("truncated", CUT)
        yield kind, stream[offset - size : offset]


class _Globals:
    """The workbook globals: list of sheets, shared texts, formats."""

    def __init__(self, stream: bytes):
        self.date1904 = self.recalculates = False
        self.sheets: list[tuple[int, str, str]] = []  # (offset, name, visibility)
        self.encoding, self.biff8 = "gb18030", True
        self.strings: list[str] = []
        self.links = Links(long_rows=False)
        self._codes: dict[int, str] = {}
        self._styles: list[int] = []
        self._read(stream)
        self.kinds = [number_formats.kind_of(number, self._codes.get(number)) for number in self._styles]

    def _read(self, stream: bytes) -> None:
        table: StringTable | None = None
        first = True
        for kind, content in records(stream, 0):
            if first:
                self._version(kind, content)
            first = False
            if kind == CONTINUE and table:
                table.add(content)
            elif kind == 0xFC:
                table = StringTable(content)
            elif kind == EOF:
                break
            else:
                self._enter(kind, content)
        self.strings = table.read() if table else []

    def _version(self, kind: int, content: bytes) -> None:
        if kind != BOF or len(content) < 4:
            raise Unreadable("unsupported_format", "Excel 4.0 或更早的格式")
        version = struct.unpack_from("<H", content)[0]
        if version not in (0x600, 0x500):
            raise Unreadable("unsupported_format", f"BIFF 版本 {version:#x}")
        self.biff8 = version == 0x600

    def _enter(self, kind: int, content: bytes) -> None:
        if kind == FILEPASS:
            raise Unreadable("encrypted")
        if kind == 0x22:
            self.date1904 = content[:2] == b"\x01\x00"
        elif kind == 0x42:
            page = struct.unpack_from("<H", content)[0]
            self.encoding = _CODEPAGES.get(page, f"cp{page}" if page in range(1250, 1259) else "gb18030")
        elif kind == 0xE0:
            self._styles.append(struct.unpack_from("<H", content, 2)[0])
        elif kind == 0x41E:
            self._codes[struct.unpack_from("<H", content)[0]] = text_of(
                content, 2, 2 if self.biff8 else 1, self.biff8, self.encoding
            )
        elif kind == 0x85:
            self._sheet(content)
        elif kind == 0x1AE:
            self.links.books.append(content[2:4] == b"\x01\x04")
        elif kind == 0x17 and self.biff8:
            count = struct.unpack_from("<H", content)[0]
            self.links.pairs += struct.iter_unpack("<3H", content[2 : 2 + 6 * count])

    def _sheet(self, content: bytes) -> None:
        name = text_of(content, 6, 1, self.biff8, self.encoding)
        self.links.sheets.append(name)
        if content[5] == 0:  # 0: a worksheet; charts and macro sheets are left out
            offset = struct.unpack_from("<I", content)[0]
            self.sheets.append((offset, name, _VISIBILITY.get(content[4] & 3, "visible")))


class _SheetReader:
    """One sheet: the records between its BOF and EOF, without those of embedded charts."""

    def __init__(self, book: _Globals, stream: bytes, entry: tuple[int, str, str], limits: Limits):
        self.book, self.stream = book, stream
        self.offset = entry[0]
        self.sheet = Sheet(entry[1], entry[2])
        self.cells = Sparse(limits)
        self._awaiting: tuple[int, int] | None = None  # address of a formula whose text follows in the next record
        self._handlers: dict[int, Callable[[bytes], None]] = {
            0x06: self._formula, 0x203: self._number, 0x27E: self._rk, 0xBD: self._rks,
            0x204: self._label, 0xD6: self._label, 0x205: self._bool_or_error, 0x207: self._formula_text,
            0x208: self._row, 0x7D: self._columns, 0xE5: self._merged, 0x9B: self._filter,
        }  # fmt: skip

    def read(self) -> Sheet:
        depth, handlers, stream = 0, self._handlers, self.stream
        put, strings = self.cells.put, self.book.strings
        end, after = len(stream), self.offset
        while after + 4 <= end:
            kind, size = _HEAD(stream, after)
            start = after + 4
            after = start + size
            if after > end:
                raise Unreadable("truncated", CUT)
            if kind == _SHARED and depth == 1:  # most of a sheet's cells
                row, col, _, index = _CELL_AND_INDEX(stream, start)
                put(row, col, strings[index] or None)
                continue
            if kind in _BOUNDS:
                depth += (kind == BOF) - (kind == EOF)
            if depth < 1:
                break
            if depth == 1 and kind in handlers:
                handlers[kind](stream[start:after])
        if depth:
            raise Unreadable("truncated", f"工作表“{self.sheet.name}”没有结尾")
        self.sheet.rows = self.cells.rows()
        self.sheet.hidden_rows.sort()
        return self.sheet

    def _put(self, row: int, col: int, style: int, value: object) -> None:
        kind = self.book.kinds[style] if style < len(self.book.kinds) else number_formats.NUMBER
        if kind != number_formats.NUMBER and type(value) is float:
            if kind == number_formats.PERCENT:
                self.sheet.percent.setdefault(col + 1, set()).add(row + 1)
            else:
                value = number_formats.from_serial(value, kind, self.book.date1904)
        self.cells.put(row, col, None if value == "" else value)

    def _error(self, row: int, col: int, code: int) -> None:
        self.cells.put(row, col, None)
        self.sheet.errors[row + 1, col + 1] = error_text(code)

    def _number(self, content: bytes) -> None:
        row, col, style, value = struct.unpack_from("<HHHd", content)
        self._put(row, col, style, value)

    def _rk(self, content: bytes) -> None:
        row, col, style, packed = _CELL_AND_INDEX(content)
        self._put(row, col, style, rk(packed))

    def _rks(self, content: bytes) -> None:
        row, first = struct.unpack_from("<HH", content)
        cells = struct.iter_unpack("<HI", content[4 : 4 + (len(content) - 6) // 6 * 6])
        kinds, put = self.book.kinds, self.cells.put
        for col, (style, packed) in enumerate(cells, first):
            if style < len(kinds) and kinds[style] == number_formats.NUMBER:
                put(row, col, rk(packed))
            else:
                self._put(row, col, style, rk(packed))

    def _label(self, content: bytes) -> None:
        row, col, style = struct.unpack_from("<HHH", content)
        self._put(row, col, style, text_of(content, 6, 2, self.book.biff8, self.book.encoding))

    def _bool_or_error(self, content: bytes) -> None:
        row, col, style, value, is_error = struct.unpack_from("<HHHBB", content)
        if is_error:
            self._error(row, col, value)
        else:
            self._put(row, col, style, bool(value))

    def _formula(self, content: bytes) -> None:
        row, col, style = struct.unpack_from("<HHH", content)
        result, flags = content[6:14], struct.unpack_from("<H", content, 14)[0]
        self.sheet.formulas += 1
        self.book.recalculates = self.book.recalculates or bool(flags & 2)
        if result[6:] != b"\xff\xff":
            value = struct.unpack("<d", result)[0]
            self._put(row, col, style, value)
            if value == 0 and (meant := self._meant(content)):
                self.sheet.references[row + 1, col + 1] = meant
        elif result[0] == 0:
            self._awaiting = row, col
        elif result[0] == 1:
            self._put(row, col, style, bool(result[2]))
        elif result[0] == 2:
            self._error(row, col, result[2])

    def _meant(self, content: bytes) -> tuple[str, int, int] | None:
        """The cell that a bare reference refers to; not supported in BIFF5."""
        size = struct.unpack_from("<H", content, 20)[0]
        return self.book.links.target(content[22 : 22 + size], self.sheet.name) if self.book.biff8 else None

    def _formula_text(self, content: bytes) -> None:
        if self._awaiting:
            value = text_of(content, 0, 2, self.book.biff8, self.book.encoding)
            self.cells.put(*self._awaiting, value or None)
            self._awaiting = None

    def _row(self, content: bytes) -> None:
        if content[12] & 0x20:
            self.sheet.hidden_rows.append(struct.unpack_from("<H", content)[0] + 1)

    def _columns(self, content: bytes) -> None:
        first, last, width, _, flags = struct.unpack_from("<5H", content)
        if flags & 1 or width == 0:
            self.sheet.hidden_cols += range(first + 1, min(last, 255) + 2)

    def _merged(self, content: bytes) -> None:
        count = struct.unpack_from("<H", content)[0]
        for top, bottom, left, right in struct.iter_unpack("<4H", content[2 : 2 + count * 8]):
            self.sheet.merges.append(Merge(top + 1, left + 1, bottom + 1, right + 1))

    def _filter(self, _: bytes) -> None:
        self.sheet.filtered = True
