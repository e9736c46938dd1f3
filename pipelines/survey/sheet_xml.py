"""The XML of one xlsx sheet: cut into runs of rows for calamine, and searched for what calamine hides.

All searches are `re` and `bytes.find` over the whole part; Python sees only the cells that are special. They rely on the
shape that Excel, WPS, LibreOffice, openpyxl, XlsxWriter and POI write. A part of another shape is rewritten first
(`sheet_normal`), so that there is one way of reading and not two.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import unescape
from itertools import pairwise

from pipelines.survey.addresses import column_number
from pipelines.survey.grid import Limits, Merge, Unreadable
from pipelines.survey.package import refuse_dtd
from pipelines.survey.sheet_normal import Normalizer

GAP = 4096                    # rows without a value that are worth a cut: calamine keeps a dense rectangle
_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?<worksheet[\s>]")
_ODD_ROW = re.compile(rb'<row(?! (?:[a-zA-Z:0-9]+="[^"]*" )*?r="[1-9]\d{0,6}")(?![a-zA-Z])')
_ODD_CELL = rb'<c(?! r="(?:%s)(?:%s)"(?: [a-z]+="[^"<>]*")*/?>)(?![a-zA-Z])'
_ROW = re.compile(rb'<row (?:[^>]*? )?r="(\d+)"')
_REFERENCE = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"')
_CELL = re.compile(rb'<c r="([A-Z]+)(\d+)"([^>]*?)(?:/>|>(.*?)</c>)', re.DOTALL)
_HIDDEN = re.compile(rb'\s(?:hidden="(?:1|true)"|ht="0(?:\.0*)?"|width="0(?:\.0*)?")')
_ROW_TAG = re.compile(rb"<row ([^>]*)>")
_COL_TAG = re.compile(rb"<col\s([^>]*)>")
_MERGE = re.compile(rb'<mergeCell ref="\$?([A-Z]{1,3})\$?(\d+):\$?([A-Z]{1,3})\$?(\d+)"')
_WITHOUT_VALUE = re.compile(rb"<f(?:>[^<]*</f>| [^>]*/>| [^>]*>[^<]*</f>|/>)(?!\s*<v(?: [^>]*)?>[^<])")
_VALUED = (b"<v", b"<is", b"<f")


@dataclass
class Scan:
    """What one part holds: `pieces` are runs of complete `<row>` elements, the rest is what stands around them."""

    pieces: list[bytes] = field(default_factory=list)
    area: int = 0                                          # cells of the rectangles that the pieces span
    values: int = 0                                        # cells that hold something, as far as a count can tell
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    unevaluated: set[tuple[int, int]] = field(default_factory=set)
    formulas: int = 0
    styled: dict[bytes, list[tuple[int, int]]] = field(default_factory=dict)   # style index -> (row, col)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_cols: list[int] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    filtered: bool = False
    normalized: bool = False


def scan(chunks: Iterable[bytes], name: str, styles: set[bytes], limits: Limits) -> Scan:
    """Reads a sheet part once. `styles` are the cell style indexes whose cells are wanted (dates and percentages)."""
    found = Scan()
    blocks = list(_blocks(chunks, name, found))
    head, body, tail = _parted(b"".join(blocks), name)
    del blocks
    rows = None if body is None else _row_starts(body)
    if rows is None:
        raise _Odd()
    if rows and rows[-1][0] > limits.rows:
        raise Unreadable("damaged", f"行号 {rows[-1][0]} 超出工作表")
    for numbers, piece in _pieces(body, rows):
        width = _proved_width(piece, numbers, limits)
        found.area += width * (numbers[-1] - numbers[0] + 1)
        found.pieces.append(piece)
    if found.area > limits.cells:
        raise Unreadable("too_large", f"工作表的数据区超过 {limits.cells:,} 个单元格,请检查最右一列和最末一行是否误填")
    _around(head, tail, found, limits)
    _inside(body, found, styles)
    return found


class _Odd(Exception):
    """The part is not written in the shape that the searches rely on."""


def scan_any(chunks, name: str, styles: set[bytes], limits: Limits) -> Scan:
    """`scan`, after rewriting the part where its shape is unusual. `chunks` is a function, for a second look."""
    try:
        return scan(chunks(), name, styles, limits)
    except _Odd:
        rewritten = Normalizer(name, limits).rewrite(chunks())
    try:
        found = scan(rewritten, name, styles, limits)
    except _Odd as error:
        raise Unreadable("damaged", f"部件 {name} 的结构不合规范") from error
    found.normalized = True
    return found


def _blocks(chunks: Iterable[bytes], name: str, found: Scan) -> Iterator[bytes]:
    """The part again, without the long runs of formatted but empty rows: those cost no memory."""
    pending, inside = [], False
    for chunk in chunks:
        if b"<!" in chunk:
            refuse_dtd(chunk, name)
            raise _Odd()
        cut = chunk.rfind(b"<row ")
        if cut < 0:
            pending.append(chunk)
            continue
        block = b"".join(pending) + chunk[:cut]
        pending = [chunk[cut:]]
        inside = inside or b"<sheetData" in block
        if inside and b"sheetData" not in block and not any(mark in block for mark in _VALUED):
            _hidden_rows(block, found)
        else:
            yield block
    yield b"".join(pending)


def _parted(xml: bytes, name: str) -> tuple[bytes, bytes | None, bytes]:
    """Head, rows and tail; rows None where the part is not in the usual shape."""
    start, end = xml.find(b"<sheetData"), xml.rfind(b"</sheetData>")
    if not _HEAD.match(xml) or start < 0:
        return b"", None, b""
    opened = xml.find(b">", start) + 1
    if xml[opened - 2 : opened] == b"/>":
        return xml[:start], b"", xml[opened:]
    if end < 0 or xml.find(b"</worksheet>", end) < 0:
        raise Unreadable("damaged", f"部件 {name} 没有结尾")
    return xml[:start], xml[opened:end], xml[end:]


def _row_starts(body: bytes) -> list[tuple[int, int]] | None:
    """(row number, offset) of each row; None where a row is not numbered or they are not in order."""
    if _ODD_ROW.search(body):
        return None
    rows = [(int(match[1]), match.start()) for match in _ROW.finditer(body)]
    if any(before[0] >= after[0] for before, after in pairwise(rows)):
        return None
    if not rows and body.strip() or rows and body[: rows[0][1]].strip():
        return None
    return rows


def _proved_width(piece: bytes, numbers: list[int], limits: Limits) -> int:
    """The number of columns that the cells of a piece span, at most 25 more.

    calamine allocates the rectangle that the addresses span, so no address may go unseen: one pattern that admits only
    columns and rows within the believed rectangle proves it for all cells in one pass.
    """
    width = _believed_width(piece)
    plain = _ODD_CELL % (_columns_upto(width), _numbers_upto(numbers[-1])) if width <= 676 else b""
    if plain and numbers[0] <= GAP and not re.search(plain, piece):
        return width
    if re.search(_ODD_CELL % (rb"[A-Z]{1,3}", rb"[1-9]\d{0,6}"), piece):
        raise _Odd()
    known = {b"%d" % number for number in numbers}
    references = _REFERENCE.findall(piece)
    if any(digits not in known for _, digits in references):
        raise _Odd()
    width = max(map(_number, {letters for letters, _ in references}), default=1)
    if width > limits.columns:
        raise _Odd()
    return width


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
    return top if len(digits) == 1 else b"%s|[1-9]\\d{0,%d}" % (top, len(digits) - 2)


def _pieces(body: bytes, rows: list[tuple[int, int]]) -> Iterator[tuple[list[int], bytes]]:
    """Runs of rows (their numbers, their bytes), cut where more than GAP row numbers are missing."""
    cuts = [i for i in range(1, len(rows)) if rows[i][0] - rows[i - 1][0] > GAP]
    for first, last in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        if first < last:
            end = rows[last][1] if last < len(rows) else len(body)
            yield [number for number, _ in rows[first:last]], body[rows[first][1] : end]


def _around(head: bytes, tail: bytes, found: Scan, limits: Limits) -> None:
    for match in _COL_TAG.finditer(head):
        if _HIDDEN.search(b" " + match[1]):
            ends = re.search(rb'min="(\d{1,5})"', match[1]), re.search(rb'max="(\d{1,5})"', match[1])
            if all(ends):
                found.hidden_cols += range(int(ends[0][1]), min(int(ends[1][1]), limits.columns) + 1)
    found.hidden_cols = sorted(set(found.hidden_cols))
    found.filtered = b"<filterColumn" in tail
    found.merges = [
        Merge(int(top), _number(left), int(bottom), _number(right))
        for left, top, right, bottom in _MERGE.findall(tail)
    ]


def _hidden_rows(block: bytes, found: Scan) -> None:
    if b'hidden="' in block or b'ht="0' in block:
        for match in _ROW_TAG.finditer(block):
            if _HIDDEN.search(b" " + match[1]):
                number = re.search(rb'(?:^|\s)r="(\d+)"', match[1])
                found.hidden_rows += [int(number[1])] if number else []


def _inside(body: bytes, found: Scan, styles: set[bytes]) -> None:
    _hidden_rows(body, found)
    found.hidden_rows.sort()
    found.values = body.count(b"<v>") + body.count(b"<v ") + body.count(b"<is>")
    if b' t="e"' in body:
        found.errors = dict(_errors(body))
    if b"<f" in body:
        found.formulas = body.count(b"<f>") + body.count(b"<f ") + body.count(b"<f/>")
        found.unevaluated = {_address(body, match.start())[:2] for match in _lacking(body)} - found.errors.keys()
    if wanted := [style for style in styles if b' s="%s"' % style in body]:
        pattern = rb'<c r="([A-Z]+)(\d+)"[^>]*? s="(%s)"[^>/]*>\s*<[vfi]' % b"|".join(sorted(wanted))
        columns: dict[bytes, int] = {}
        for letters, digits, style in re.findall(pattern, body):
            column = columns.get(letters) or columns.setdefault(letters, _number(letters))
            found.styled.setdefault(style, []).append((int(digits), column))


def _errors(body: bytes) -> Iterator[tuple[tuple[int, int], str]]:
    for match in re.finditer(b' t="e"', body):
        row, col, start = _address(body, match.start())
        cell = _CELL.match(body, start)
        value = re.search(rb"<v(?: [^>]*)?>([^<]*)</v>", cell[4] or b"") if cell else None
        if cell and match.start() < cell.end(3):
            yield (row, col), unescape(value[1].decode(errors="replace")) if value and value[1].strip() else "#ERROR!"


def _lacking(body: bytes) -> Iterator[re.Match]:
    """Formulas behind which no value stands. A text formula that gave an empty text has its `<v>` and is a blank."""
    for match in _WITHOUT_VALUE.finditer(body):
        start = _address(body, match.start())[2]
        empty_text = b' t="str"' in body[start : body.find(b">", start)] and body[match.end() : match.end() + 20].lstrip()[:2] == b"<v"
        if not empty_text:
            yield match


def _address(body: bytes, offset: int) -> tuple[int, int, int]:
    """Row, column and offset of the cell in which `offset` lies."""
    start = body.rfind(b"<c ", 0, offset + 1)
    match = _REFERENCE.match(body, start) if start >= 0 else None
    if not match:
        raise Unreadable("damaged", "公式或错误值不在单元格内")
    return int(match[2]), _number(match[1]), start


def cells(piece: bytes) -> Iterator[tuple[int, int, bytes, bytes]]:
    """(row, col, attributes, content) of each cell: the careful look, one by one."""
    for match in _CELL.finditer(piece):
        yield int(match[2]), _number(match[1]), match[3], match[4] or b""


def _number(letters: bytes) -> int:
    return column_number(letters.decode())
