"""Scans the XML of xlsx sheets: read in bulk where plain, else cut into runs of rows for calamine and searched for errors,
unevaluated formulas, hidden rows and formats, which calamine does not report.

All searches are `re` and `bytes.find` over the whole part; only special cells are handled one by one. The patterns rely on
the form that Excel, WPS, LibreOffice, openpyxl, XlsxWriter and POI write. A part of another form is rewritten first
(`normalise`), so that there is one way of reading.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from itertools import pairwise
from typing import NamedTuple

from pipelines.workbook.address import column_number
from pipelines.workbook.grid import Limits, Merge, Unreadable
from pipelines.workbook.xlsx import fast_cells, plain_cells
from pipelines.workbook.xlsx.normalise import Normalizer
from pipelines.workbook.zip_package import refuse_dtd

GAP = fast_cells.FARTHEST  # calamine keeps a dense rectangle too
_HEAD = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*(?:<\?xml(?![^>]*encoding=(?!"(?i:utf-8|us-ascii)"))[^>]*\?>\s*)?<worksheet[\s>]'
)
_ROW = re.compile(rb"<row(?![a-zA-Z])([^>]*)>")
_ROW_NUMBER = re.compile(rb'\sr="([1-9]\d{0,6})"')
_CELL = re.compile(
    rb'<c r="([A-Z]{1,3})([1-9]\d{0,6})"((?: [a-zA-Z]+="[^"<>]*")*)(?:/>|>((?:[^<]|<(?!/?c[ />]))*)</c>)'
)
_HIDDEN = re.compile(rb'\s(?:hidden="(?:1|true)"|ht="0(?:\.0*)?"|width="0(?:\.0*)?")')
_COL_TAG = re.compile(rb"<col(\s[^>]*)>")
_MERGE = re.compile(rb'<mergeCell ref="\$?([A-Za-z]{1,3})\$?(\d+):\$?([A-Za-z]{1,3})\$?(\d+)"')
# calamine reads an index of a shared string that is not a plain number as 0
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
# error values that calamine accepts; others are left to calamine
_ERRORS = {b"#DIV/0!", b"#N/A", b"#NAME?", b"#NULL!", b"#NUM!", b"#REF!", b"#VALUE!"}
_VALUED = (b"<v", b"<is", b"<f")


@dataclass
class Scan:
    """Contents of one part: its cells in `bulk`, or `pieces` of complete `<row>` elements, `numbers` their sheets in `BarePackage`."""

    bulk: fast_cells.Cells | None = None
    pieces: list[bytes] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)  # the pieces' sheets in `BarePackage`
    area: int = 0  # cells of the rectangles that the pieces span
    values: int = 0  # cells with content, by counting tags
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
    """One sheet's part, unpacked; its rows are from `begin` to `end`. `chunks` unpacks it again."""

    name: str
    chunks: Callable[[], Iterable[bytes]]
    xml: bytes
    begin: int
    end: int
    result: Scan


def scan(
    parts: Mapping[str, Callable[[], Iterable[bytes]]], styles: set[bytes], limits: Limits
) -> Iterator[tuple[str, Scan]]:
    """Read sheet parts by name, small ones together; lists the cells of the cell styles `styles` (dates, percentages)."""
    waiting: list[_Part] = []
    for name, chunks in parts.items():
        part = _open(name, chunks, limits)
        if sum(len(other.xml) for other in (*waiting, part)) > fast_cells.BLOCK:
            yield from _finish_all(waiting, styles, limits)
            waiting = []
        waiting.append(part)
    yield from _finish_all(waiting, styles, limits)


def _finish_all(parts: list[_Part], styles: set[bytes], limits: Limits) -> Iterator[tuple[str, Scan]]:
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
    xml, begin, end, result = part.xml, part.begin, part.end, part.result
    width = _take(cells, xml, result, styles, limits) if cells else None
    if width is None:
        _refuse_declarations(xml, part.name)
        width = _cut(xml[begin:end], result, styles, limits)
    if width > limits.columns:
        raise Unreadable("damaged", f"列号 {width} 超出工作表")
    if result.area > limits.cells:
        raise Unreadable("too_large", f"工作表的数据区超过 {limits.cells:,} 个单元格，请检查最右一列和最末一行是否误填")
    _around(xml[:begin], xml[end:], result, limits)
    return result


def _take(cells: fast_cells.Cells, xml: bytes, result: Scan, styles: set[bytes], limits: Limits) -> int | None:
    """Take the cells that were read in bulk; returns the number of columns, None where calamine must decide about an error value."""
    special = [_special(xml, offset) for offset in cells.special]
    if any(cell.kind == b"e" and cell.value not in _ERRORS for cell in special):
        return None
    _check_row(cells.height, limits)
    for cell in special:
        _note((int(cell.digits), _number(cell.letters)), cell, result, styles)
    for row, column, style in cells.styled:
        for index in set(style.tolist()):
            which = style == index
            places = zip(row[which].tolist(), column[which].tolist(), strict=True)
            result.styled.setdefault(b"%d" % index, []).extend(places)
    hidden = set(filter(_is_hidden, {attributes for _, attributes in cells.rows}))
    result.hidden_rows += [number for number, attributes in cells.rows if attributes in hidden]
    result.bulk = cells
    result.area = cells.width * (cells.height - cells.rows[0][0] + 1)
    return cells.width


def _cut(body: bytes, result: Scan, styles: set[bytes], limits: Limits) -> int:
    """Cut the rows into pieces for calamine and search them; returns the number of columns."""
    rows = _rows(body, result)
    if rows:
        _check_row(rows[-1][0], limits)
    if _NO_INDEX.search(body):
        raise _Unusual()
    widest = 0
    for numbers, piece in _pieces(body, rows):
        width = _search(piece, numbers, result, styles)
        widest = max(widest, width)
        result.area += width * (numbers[-1] - numbers[0] + 1)
        result.pieces.append(piece)
    result.values += body.count(b"</v>") + body.count(b"<is>")
    return widest


def _check_row(number: int, limits: Limits) -> None:
    if number > limits.rows:
        raise Unreadable("damaged", f"行号 {number} 超出工作表")


class _Unusual(Exception):
    """The part is not in the form that the searches rely on."""


def _open(name: str, chunks: Callable[[], Iterable[bytes]], limits: Limits) -> _Part:
    """The part, rewritten where its form is unusual."""
    try:
        return _opened(name, chunks, chunks())
    except _Unusual:
        return _rewritten(name, chunks, limits)


def _rewritten(name: str, chunks: Callable[[], Iterable[bytes]], limits: Limits) -> _Part:
    try:
        part = _opened(name, chunks, Normalizer(name, limits).rewrite(chunks()))
    except _Unusual as error:
        raise _against_the_rules(name) from error
    part.result.normalized = True
    return part


def _opened(name: str, chunks: Callable[[], Iterable[bytes]], given: Iterable[bytes]) -> _Part:
    result = Scan()
    xml = b"".join(_blocks(given, name, result))
    begin, end = _extent(xml, name)
    return _Part(name, chunks, xml, begin, end, result)


def _finished(part: _Part, cells: fast_cells.Cells | None, styles: set[bytes], limits: Limits) -> Scan:
    """The contents of the part; rewritten and read again where its rows are unusual."""
    try:
        return _scanned(part, cells, styles, limits)
    except _Unusual as error:
        if part.result.normalized:
            raise _against_the_rules(part.name) from error
    again = _rewritten(part.name, part.chunks, limits)
    (cells_again,) = _in_bulk([again], styles)
    return _finished(again, cells_again, styles, limits)


def _against_the_rules(name: str) -> Unreadable:
    return Unreadable("damaged", f"部件 {name} 的结构不合规范")


def _blocks(chunks: Iterable[bytes], name: str, result: Scan) -> Iterator[bytes]:
    """The part without long runs of formatted but empty rows, which would take memory."""
    pending: list[bytes] = []
    inside = False
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
            _rows(block, result)
    yield b"".join(pending)


def _refuse_declarations(xml: bytes, name: str) -> None:
    """Refuse DTDs; comments and CDATA are unusual. Parts that were read in bulk have neither."""
    if b"<!" in xml:
        refuse_dtd(xml, name)
        raise _Unusual()


def _extent(xml: bytes, name: str) -> tuple[int, int]:
    """Offsets of the begin and end of the rows."""
    start, end = xml.find(b"<sheetData"), xml.rfind(b"</sheetData>")
    if not _HEAD.match(xml) or start < 0:
        _refuse_declarations(xml, name)
        raise _Unusual()
    opened = xml.find(b">", start) + 1
    if xml[opened - 2 : opened] == b"/>":
        end = opened
    elif end < opened or xml.find(b"</worksheet>", end) < 0:
        _refuse_declarations(xml, name)
        raise Unreadable("damaged", f"部件 {name} 没有结尾")
    for around in (xml[:opened], xml[end:]):
        _refuse_declarations(around, name)
    return opened, end


def _rows(body: bytes, result: Scan) -> list[tuple[int, int]]:
    """(row number, offset) of each row; records hidden ones. Rows without numbers or out of order are unusual."""
    rows = []
    for match in _ROW.finditer(body):
        number = _ROW_NUMBER.search(match[1])
        if not number:
            raise _Unusual()
        rows.append((int(number[1]), match.start()))
        if _is_hidden(match[1]):
            result.hidden_rows.append(rows[-1][0])
    if any(before[0] >= after[0] for before, after in pairwise(rows)) or body[: rows[0][1] if rows else None].strip():
        raise _Unusual()
    return rows


def _is_hidden(attributes: bytes) -> bool:
    return (b"hidden" in attributes or b'ht="0' in attributes) and bool(_HIDDEN.search(attributes))


def _search(piece: bytes, numbers: list[int], result: Scan, styles: set[bytes]) -> int:
    """Record the special cells of a piece; returns the number of columns that it spans, or up to 25 more.

    calamine allocates the rectangle that the addresses span, so every address must be checked: one pattern skips the plain
    cells within the expected rectangle, and each of the others is checked.
    """
    width = plain_cells.expected_width(piece)
    known = set(numbers)
    columns: dict[bytes, int] = {}
    for match in re.finditer(plain_cells.others(width, numbers, styles), piece):
        cell = _special(piece, match.start())
        row = int(cell.digits)
        column = columns.get(cell.letters) or columns.setdefault(cell.letters, _number(cell.letters))
        if row not in known:
            raise _Unusual()
        _note((row, column), cell, result, styles)
    return max(width, *columns.values()) if columns else width


class _Cell(NamedTuple):
    """A cell as written; `value` is None where there is no `<v>`."""

    letters: bytes
    digits: bytes
    style: bytes | None
    kind: bytes | None
    formula: bytes | None
    value: bytes | None


def _special(piece: bytes, offset: int) -> _Cell:
    usual = _USUAL.match(piece, offset)
    if usual:
        return _Cell(*usual.groups())
    cell = _CELL.match(piece, offset)
    if not cell:
        raise _Unusual()
    content = cell[4] or b""
    style, kind = _STYLE.search(cell[3]), _TYPE.search(cell[3])
    formula, value = _FORMULA_WHOLE.search(content) or _FORMULA.search(content), _VALUE.search(content)
    stored = value[1] if value else b"" if b"<v" in content else None
    return _Cell(cell[1], cell[2], style and style[1], kind and kind[1], formula and formula[0], stored)


def _note(address: tuple[int, int], cell: _Cell, result: Scan, styles: set[bytes]) -> None:
    """Record an error, a formula, a style of `styles`; cells without content are subtracted from the count of values."""
    _, _, style, kind, formula, value = cell
    if value == b"":
        result.values -= 1
    if kind == b"e":
        result.errors[address] = unescape(value.decode(errors="replace")) if value else "#ERROR!"
        result.values -= 1 if value else 0
    if formula:
        result.formulas += 1
        if b"!" in formula:
            result.sources.add(formula[: formula.index(b"!")])
        if _SHARED.search(formula) and formula.endswith(b"</f>") and (group := _GROUP.search(formula)):
            result.shared.setdefault(group[1], (address, formula))
        if value is not None and _ZERO.fullmatch(value):
            result.zeros[address] = formula
        # A text formula that gave an empty text has its `<v>` and is a blank.
        if not value and kind != b"e" and not (kind == b"str" and value is not None):
            result.unevaluated.add(address)
    if value and style is not None and style in styles:
        result.styled.setdefault(style, []).append(address)


def _pieces(body: bytes, rows: list[tuple[int, int]]) -> Iterator[tuple[list[int], bytes]]:
    """Runs of rows (their numbers, their bytes), cut where more than GAP row numbers are missing."""
    cuts = [i for i in range(1, len(rows)) if rows[i][0] - rows[i - 1][0] > GAP]
    for first, last in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        if first < last:
            end = rows[last][1] if last < len(rows) else len(body)
            yield [number for number, _ in rows[first:last]], body[rows[first][1] : end]


def _around(head: bytes, tail: bytes, result: Scan, limits: Limits) -> None:
    """Read hidden columns, merged ranges and a filter, before and after the rows."""
    for match in _COL_TAG.finditer(head):
        if _HIDDEN.search(match[1]):
            first, last = re.search(rb'\smin="(\d{1,5})"', match[1]), re.search(rb'\smax="(\d{1,5})"', match[1])
            if first and last:
                result.hidden_cols += range(int(first[1]), min(int(last[1]), limits.columns) + 1)
    result.hidden_cols = sorted(set(result.hidden_cols))
    result.hidden_rows.sort()
    result.filtered = b"<filterColumn" in tail
    result.merges = [
        Merge(int(top), _number(left), int(bottom), _number(right)) for left, top, right, bottom in _MERGE.findall(tail)
    ]


def cells(piece: bytes) -> Iterator[tuple[int, int, bytes, bytes]]:
    """(row, col, attributes, content) of each cell, one by one."""
    for match in _CELL.finditer(piece):
        yield int(match[2]), _number(match[1]), match[3], match[4] or b""


def _number(letters: bytes) -> int:
    return column_number(letters.decode().upper())
