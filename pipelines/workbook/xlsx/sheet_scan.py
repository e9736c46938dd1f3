"""The XML of one xlsx sheet: read in bulk where it is plain, else cut into runs of rows for calamine and searched for what
calamine hides.

All searches are `re` and `bytes.find` over the whole part; Python sees only the cells that are special. They rely on
the shape that Excel, WPS, LibreOffice, openpyxl, XlsxWriter and POI write. A part of another shape is rewritten first
(`sheet_normal`), so that there is one way of reading and not two.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from html import unescape
from itertools import pairwise

from pipelines.workbook.address import column_number
from pipelines.workbook.grid import Limits, Merge, Unreadable
from pipelines.workbook.xlsx import fast_cells
from pipelines.workbook.xlsx.normalise import Normalizer
from pipelines.workbook.zip_package import refuse_dtd

GAP = fast_cells.FARTHEST  # calamine keeps a dense rectangle too
_HEAD = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*(?:<\?xml(?![^>]*encoding=(?!"(?i:utf-8|us-ascii)"))[^>]*\?>\s*)?<worksheet[\s>]'
)
_ROW = re.compile(rb"<row(?![a-zA-Z])([^>]*)>")
_ROW_NUMBER = re.compile(rb'\sr="([1-9]\d{0,6})"')
# Finds the cells that are not plain. Plain: an address within the believed rectangle, no style that is wanted, a type
# that is no error, and directly a value, an inline text or nothing, so no formula.
_NOT_PLAIN = (
    rb'<c(?! r="%s(?:%s)"(?: s="%s\d++")?+(?: t="(?:[snb]|str|inlineStr)")?+(?:><v>|/>|></c>|><is>))(?![a-zA-Z])'
)
_EVERY_CELL = rb"<c(?![a-zA-Z])"
_REFERENCE = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"')
_CELL = re.compile(
    rb'<c r="([A-Z]{1,3})([1-9]\d{0,6})"((?: [a-zA-Z]+="[^"<>]*")*)(?:/>|>((?:[^<]|<(?!/?c[ />]))*)</c>)'
)
_HIDDEN = re.compile(rb'\s(?:hidden="(?:1|true)"|ht="0(?:\.0*)?"|width="0(?:\.0*)?")')
_COL_TAG = re.compile(rb"<col(\s[^>]*)>")
_MERGE = re.compile(rb'<mergeCell ref="\$?([A-Za-z]{1,3})\$?(\d+):\$?([A-Za-z]{1,3})\$?(\d+)"')
# calamine takes an index of a text that is no plain number for 0, and so the first text for any
_NO_INDEX = re.compile(rb' t="s"[^<>]*><v(?: [^<>]*)?>(?!\d+</v>)')
_FORMULA = re.compile(rb"<f[ />]")
_FORMULA_WHOLE = re.compile(rb"<f(?: [^>]*)?(?:/>|>[^<]*</f>)")
_SHARED = re.compile(rb' t="shared"')
_GROUP = re.compile(rb' si="(\d+)"')
_ZERO = re.compile(rb"\s*-?0*\.?0*\s*")
_VALUE = re.compile(rb"<v(?: [^>]*)?>([^<]+)</v>")
_STYLE = re.compile(rb' s="(\d+)"')
_TYPE = re.compile(rb' t="([a-zA-Z]+)"')
_USUAL = re.compile(
    rb'<c r="([A-Z]{1,3}+)([1-9]\d{0,6}+)"(?: s="(\d++)")?+(?: t="([a-zA-Z]++)")?+>'
    rb"(<f(?: [^>]*+)?+(?:(?<=/)>|>[^<]*+</f>))?+(?:<v>([^<]*+)</v>)?+</c>"
)
# The error values that calamine takes; it decides on any other.
_ERRORS = {b"#DIV/0!", b"#N/A", b"#NAME?", b"#NULL!", b"#NUM!", b"#REF!", b"#VALUE!"}
_VALUED = (b"<v", b"<is", b"<f")


@dataclass
class Scan:
    """What one part holds: `bulk` its cells, else `pieces` as runs of complete `<row>` elements; the rest stands around."""

    bulk: fast_cells.Cells | None = None
    pieces: list[bytes] = field(default_factory=list)
    area: int = 0  # cells of the rectangles that the pieces span
    values: int = 0  # cells that hold something, as far as a count can tell
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    unevaluated: set[tuple[int, int]] = field(default_factory=set)
    # formulas that gave 0 or nothing, as they are written: the whole `<f>`
    zeros: dict[tuple[int, int], bytes] = field(default_factory=dict)
    shared: dict[bytes, tuple[tuple[int, int], bytes]] = field(default_factory=dict)  # group -> its first cell, `<f>`
    formulas: int = 0
    styled: dict[bytes, list[tuple[int, int]]] = field(default_factory=dict)  # style index -> (row, col)
    sources: set[bytes] = field(default_factory=set)  # formulas up to the name of another sheet
    hidden_rows: list[int] = field(default_factory=list)
    hidden_cols: list[int] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    filtered: bool = False
    normalized: bool = False


@dataclass
class _Part:
    """One sheet's part, unpacked: `begin` and `end` are where its rows stand. `chunks` unpacks it again."""

    name: str
    chunks: Callable[[], Iterable[bytes]]
    xml: bytes
    begin: int
    end: int
    found: Scan


def scan(
    parts: dict[str, Callable[[], Iterable[bytes]]], styles: set[bytes], limits: Limits
) -> Iterator[tuple[str, Scan]]:
    """Reads the sheet parts of a package, given by name; those together that are small enough.

    `styles` are the cell style indexes whose cells are wanted (dates and percentages).
    """
    waiting: list[_Part] = []
    for name, chunks in parts.items():
        part = _open(name, chunks, limits)
        if sum(len(other.xml) for other in (*waiting, part)) > fast_cells.BLOCK:
            yield from _finish(waiting, styles, limits)
            waiting = []
        waiting.append(part)
    yield from _finish(waiting, styles, limits)


def _finish(parts: list[_Part], styles: set[bytes], limits: Limits) -> Iterator[tuple[str, Scan]]:
    for part, cells in zip(parts, _in_bulk(parts, styles), strict=True):
        yield part.name, _finished(part, cells, styles, limits)


def _in_bulk(parts: list[_Part], styles: set[bytes]) -> list[fast_cells.Cells | None]:
    """The cells of each part; None where they are not plain."""
    filled = [part for part in parts if part.begin < part.end]
    try:
        extents = [fast_cells.Extent(part.xml, part.begin, part.end) for part in filled]
        cells = dict(zip(map(id, filled), fast_cells.read(extents, set(map(int, styles))), strict=True))
    except fast_cells.NotPlain:
        return [None] if len(parts) == 1 else [cells for part in parts for cells in _in_bulk([part], styles)]
    return [cells.get(id(part)) for part in parts]


def _scanned(part: _Part, cells: fast_cells.Cells | None, styles: set[bytes], limits: Limits) -> Scan:
    xml, begin, end, found = part.xml, part.begin, part.end, part.found
    width = _take(cells, xml, found, styles, limits) if cells else None
    if width is None:
        _refuse_declarations(xml, part.name)
        width = _cut(xml[begin:end], found, styles, limits)
    if width > limits.columns:
        raise Unreadable("damaged", f"列号 {width} 超出工作表")
    if found.area > limits.cells:
        raise Unreadable("too_large", f"工作表的数据区超过 {limits.cells:,} 个单元格,请检查最右一列和最末一行是否误填")
    _around(xml[:begin], xml[end:], found, limits)
    return found


def _take(cells: fast_cells.Cells, xml: bytes, found: Scan, styles: set[bytes], limits: Limits) -> int | None:
    """Takes the cells that were read in bulk and gives the number of columns; None where calamine must decide on one."""
    looked_at = [_special(xml, offset) for offset in cells.special]
    if any(kind == b"e" and value not in _ERRORS for _, _, _, kind, _, value in looked_at):
        return None
    _check_row(cells.height, limits)
    for letters, digits, *special in looked_at:
        _note((int(digits), _number(letters)), *special, found, styles)
    for row, column, style in cells.styled:
        for index in set(style.tolist()):
            which = style == index
            places = zip(row[which].tolist(), column[which].tolist(), strict=True)
            found.styled.setdefault(b"%d" % index, []).extend(places)
    found.hidden_rows += [number for number, attributes in cells.rows if _is_hidden(attributes)]
    found.bulk = cells
    found.area = cells.width * (cells.height - cells.rows[0][0] + 1)
    return cells.width


def _cut(body: bytes, found: Scan, styles: set[bytes], limits: Limits) -> int:
    """Cuts the rows into pieces for calamine and looks for what it hides; the number of columns."""
    rows = _rows(body, found)
    if rows:
        _check_row(rows[-1][0], limits)
    if _NO_INDEX.search(body):
        raise _Odd()
    widest = 0
    for numbers, piece in _pieces(body, rows):
        width = _look_into(piece, numbers, found, styles)
        widest = max(widest, width)
        found.area += width * (numbers[-1] - numbers[0] + 1)
        found.pieces.append(piece)
    found.values += body.count(b"</v>") + body.count(b"<is>")
    return widest


def _check_row(number: int, limits: Limits) -> None:
    if number > limits.rows:
        raise Unreadable("damaged", f"行号 {number} 超出工作表")


class _Odd(Exception):
    """The part is not written in the shape that the searches rely on."""


def _open(name: str, chunks: Callable[[], Iterable[bytes]], limits: Limits) -> _Part:
    """The part, rewritten where its shape is unusual."""
    try:
        return _opened(name, chunks, chunks())
    except _Odd:
        return _rewritten(name, chunks, limits)


def _rewritten(name: str, chunks: Callable[[], Iterable[bytes]], limits: Limits) -> _Part:
    try:
        part = _opened(name, chunks, Normalizer(name, limits).rewrite(chunks()))
    except _Odd as error:
        raise _against_the_rules(name) from error
    part.found.normalized = True
    return part


def _opened(name: str, chunks: Callable[[], Iterable[bytes]], given: Iterable[bytes]) -> _Part:
    found = Scan()
    xml = b"".join(_blocks(given, name, found))
    return _Part(name, chunks, xml, *_parted(xml, name), found)


def _finished(part: _Part, cells: fast_cells.Cells | None, styles: set[bytes], limits: Limits) -> Scan:
    """What the part holds; read once more, rewritten, where its rows turn out to be unusual."""
    try:
        return _scanned(part, cells, styles, limits)
    except _Odd as error:
        if part.found.normalized:
            raise _against_the_rules(part.name) from error
    again = _rewritten(part.name, part.chunks, limits)
    return _finished(again, *_in_bulk([again], styles), styles, limits)


def _against_the_rules(name: str) -> Unreadable:
    return Unreadable("damaged", f"部件 {name} 的结构不合规范")


def _blocks(chunks: Iterable[bytes], name: str, found: Scan) -> Iterator[bytes]:
    """The part again, without the long runs of formatted but empty rows: those cost no memory."""
    pending, inside = [], False
    for chunk in chunks:
        cut = chunk.rfind(b"<row ")
        if cut < 0:
            pending.append(chunk)
            continue
        block = b"".join([*pending, chunk[:cut]])
        pending = [chunk[cut:]]
        inside = inside or b"<sheetData" in block
        if not inside or any(mark in block for mark in _VALUED) or b"sheetData" in block:
            yield block
        else:
            _refuse_declarations(block, name)
            _rows(block, found)
    yield b"".join(pending)


def _refuse_declarations(xml: bytes, name: str) -> None:
    """DTDs are refused, comments and CDATA are odd. What was read in bulk has none."""
    if b"<!" in xml:
        refuse_dtd(xml, name)
        raise _Odd()


def _parted(xml: bytes, name: str) -> tuple[int, int]:
    """Where the rows of the part begin and end."""
    start, end = xml.find(b"<sheetData"), xml.rfind(b"</sheetData>")
    if not _HEAD.match(xml) or start < 0:
        _refuse_declarations(xml, name)
        raise _Odd()
    opened = xml.find(b">", start) + 1
    if xml[opened - 2 : opened] == b"/>":
        end = opened
    elif end < opened or xml.find(b"</worksheet>", end) < 0:
        _refuse_declarations(xml, name)
        raise Unreadable("damaged", f"部件 {name} 没有结尾")
    for around in (xml[:opened], xml[end:]):
        _refuse_declarations(around, name)
    return opened, end


def _rows(body: bytes, found: Scan) -> list[tuple[int, int]]:
    """(row number, offset) of each row; notes the hidden ones. Rows without numbers or out of order are odd."""
    rows = []
    for match in _ROW.finditer(body):
        number = _ROW_NUMBER.search(match[1])
        if not number:
            raise _Odd()
        rows.append((int(number[1]), match.start()))
        if _is_hidden(match[1]):
            found.hidden_rows.append(rows[-1][0])
    if any(before[0] >= after[0] for before, after in pairwise(rows)) or body[: rows[0][1] if rows else None].strip():
        raise _Odd()
    return rows


def _is_hidden(attributes: bytes) -> bool:
    return (b"hidden" in attributes or b'ht="0' in attributes) and bool(_HIDDEN.search(attributes))


def _look_into(piece: bytes, numbers: list[int], found: Scan, styles: set[bytes]) -> int:
    """Notes the special cells of a piece and gives the number of columns it spans, at most 25 more.

    calamine allocates the rectangle that the addresses span, so no address may go unseen: one pattern passes over the
    cells that are plain and within the believed rectangle, and each of the others is looked at.
    """
    width = _believed_width(piece)
    known = set(numbers)
    columns: dict[bytes, int] = {}
    for match in re.finditer(_not_plain(width, numbers, styles), piece):
        letters, digits, *special = _special(piece, match.start())
        row, column = int(digits), columns.get(letters) or columns.setdefault(letters, _number(letters))
        if row not in known:
            raise _Odd()
        _note((row, column), *special, found, styles)
    return max(width, *columns.values()) if columns else width


def _special(piece: bytes, offset: int) -> tuple[bytes | None, ...]:
    """Column, row, style, type, formula, value of the cell at an offset; the value is None where no `<v>` stands."""
    usual = _USUAL.match(piece, offset)
    if usual:
        return usual.groups()
    cell = _CELL.match(piece, offset)
    if not cell:
        raise _Odd()
    content = cell[4] or b""
    style, kind = _STYLE.search(cell[3]), _TYPE.search(cell[3])
    formula, value = _FORMULA_WHOLE.search(content) or _FORMULA.search(content), _VALUE.search(content)
    stored = value[1] if value else b"" if b"<v" in content else None
    return cell[1], cell[2], style and style[1], kind and kind[1], formula and formula[0], stored


def _note(address, style, kind, formula, value, found: Scan, styles: set[bytes]) -> None:
    """Enters an error, a formula, a wanted style. Whatever holds no value is taken off the count of values again."""
    if value == b"":
        found.values -= 1
    if kind == b"e":
        found.errors[address] = unescape(value.decode(errors="replace")) if value else "#ERROR!"
        found.values -= 1 if value else 0
    if formula:
        found.formulas += 1
        if b"!" in formula:
            found.sources.add(formula[: formula.index(b"!")])
        if _SHARED.search(formula) and formula.endswith(b"</f>") and (group := _GROUP.search(formula)):
            found.shared.setdefault(group[1], (address, formula))
        if value is not None and _ZERO.fullmatch(value):
            found.zeros[address] = formula
        # A text formula that gave an empty text has its `<v>` and is a blank.
        if not value and kind != b"e" and not (kind == b"str" and value is not None):
            found.unevaluated.add(address)
    if value and style in styles:
        found.styled.setdefault(style, []).append(address)


def _not_plain(width: int, numbers: list[int], styles: set[bytes]) -> bytes:
    if numbers[0] > GAP or width > 676:
        return _EVERY_CELL
    unwanted = b'(?!(?:%s)")' % b"|".join(sorted(styles)) if styles else b""
    return _NOT_PLAIN % (_columns_upto(width), _numbers_upto(numbers[-1]), unwanted)


def _believed_width(piece: bytes) -> int:
    """The widest cell near the beginning and the end: right for nearly every writer, and proved by the caller."""
    letters = {match[1] for end in (piece[:200_000], piece[-200_000:]) for match in _REFERENCE.finditer(end)}
    return max(map(_number, letters), default=1)


def _columns_upto(width: int) -> bytes:
    """A pattern for column letters up to the end of the block of 26 that holds `width`."""
    return b"[A-Z]" if width <= 26 else b"[A-%c]?[A-Z]" % (64 + (width - 1) // 26)


def _numbers_upto(number: int) -> bytes:
    """A pattern for row numbers up to `number`, loosened to its first digit."""
    digits = str(number)
    top = b"[1-%s]\\d{%d}" % (digits[0].encode(), len(digits) - 1)
    return top if len(digits) == 1 else b"%s|[1-9]\\d{0,%d}+" % (top, len(digits) - 2)


def _pieces(body: bytes, rows: list[tuple[int, int]]) -> Iterator[tuple[list[int], bytes]]:
    """Runs of rows (their numbers, their bytes), cut where more than GAP row numbers are missing."""
    cuts = [i for i in range(1, len(rows)) if rows[i][0] - rows[i - 1][0] > GAP]
    for first, last in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        if first < last:
            end = rows[last][1] if last < len(rows) else len(body)
            yield [number for number, _ in rows[first:last]], body[rows[first][1] : end]


def _around(head: bytes, tail: bytes, found: Scan, limits: Limits) -> None:
    """What stands before and behind the rows: hidden columns, merged ranges, a filter."""
    for match in _COL_TAG.finditer(head):
        if _HIDDEN.search(match[1]):
            ends = re.search(rb'\smin="(\d{1,5})"', match[1]), re.search(rb'\smax="(\d{1,5})"', match[1])
            if all(ends):
                found.hidden_cols += range(int(ends[0][1]), min(int(ends[1][1]), limits.columns) + 1)
    found.hidden_cols = sorted(set(found.hidden_cols))
    found.hidden_rows.sort()
    found.filtered = b"<filterColumn" in tail
    found.merges = [
        Merge(int(top), _number(left), int(bottom), _number(right)) for left, top, right, bottom in _MERGE.findall(tail)
    ]


def cells(piece: bytes) -> Iterator[tuple[int, int, bytes, bytes]]:
    """(row, col, attributes, content) of each cell: the careful look, one by one."""
    for match in _CELL.finditer(piece):
        yield int(match[2]), _number(match[1]), match[3], match[4] or b""


def _number(letters: bytes) -> int:
    return column_number(letters.decode().upper())
