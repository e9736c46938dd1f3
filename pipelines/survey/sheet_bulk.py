"""The cells of one xlsx sheet in bulk: whole columns of positions at a time instead of one element after the other.

Takes only what the usual writers write for numbers, shared and inline strings, booleans, blanks, errors and formulas, and
proves that every byte between the first and the last row is of that shape: each tag is known, each stands where it may, no
text stands between them, addresses rise and agree with their row. Whatever is of another shape raises `NotPlain`; the
caller then reads the sheet with calamine. Nothing is guessed and nothing is skipped.

Texts are compared as numbers, eight bytes at a time (`_words`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pyarrow as pa

from pipelines.survey.sheet_texts import NotPlain, texts

__all__ = ["Cells", "NotPlain", "read", "rows_of", "strings_used"]

BLOCK = 1 << 21  # bytes that are looked at together: they stay in the processor's cache
KEPT = 1 << 24  # bytes of freed memory that a process keeps at hand
FARTHEST = 4096  # rows without a value that are worth leaving out: what is read in bulk becomes a dense rectangle
_MARGIN = b"<" + b"\0" * 63  # so that looking ahead from the last tag stays inside

# Tags by their first two letters after `<`. 0 is any other.
_CELL, _CELL_END, _VALUE, _VALUE_END, _ROW, _ROW_END, _FORMULA, _FORMULA_END, _STOP = range(1, 10)
_INLINE, _INLINE_END, _TEXT, _TEXT_KEPT, _TEXT_END, _NO_VALUE, _NO_VALUE_SPACED = range(10, 17)
_KINDS = 32  # more than there are tags
_TAGS = {
    b"c ": _CELL, b"v>": _VALUE, b"ro": _ROW, b"f ": _FORMULA, b"f/": _FORMULA, b"f>": _FORMULA,
    b"/c": _CELL_END, b"/v": _VALUE_END, b"/r": _ROW_END, b"/f": _FORMULA_END,
    b"is": _INLINE, b"t>": _TEXT, b"t ": _TEXT_KEPT, b"/t": _TEXT_END, b"/i": _INLINE_END,
    b"v/": _NO_VALUE, b"v ": _NO_VALUE_SPACED,
}  # fmt: skip
_TAG = np.zeros(1 << 16, np.uint8)
for _letters, _tag in _TAGS.items():
    _TAG[int.from_bytes(_letters, "little")] = _tag
# How each is spelt from `<` on, as far as eight bytes go. Behind an end nothing may stand but the next tag.
_KEPT = b'<t xml:space="preserve">'
_SPELLING = {
    _CELL: b'<c r="', _VALUE: b"<v>", _ROW: b'<row r="',
    _CELL_END: b"</c><", _VALUE_END: b"</v><", _ROW_END: b"</row><", _FORMULA_END: b"</f><",
    _INLINE: b"<is><", _TEXT: b"<t>", _TEXT_KEPT: _KEPT[:8], _TEXT_END: b"</t><", _INLINE_END: b"</is><",
    _NO_VALUE: b"<v/><", _NO_VALUE_SPACED: b"<v /><",
}  # fmt: skip
_FIRST = np.array([(1 << 8 * count) - 1 for count in range(9)], np.uint64)  # masks the first bytes of eight
_SPELT, _SPELT_MASK = np.zeros(_KINDS, np.uint64), np.zeros(_KINDS, np.uint64)
for _tag, _text in _SPELLING.items():
    _SPELT[_tag], _SPELT_MASK[_tag] = int.from_bytes(_text, "little"), _FIRST[len(_text)]
_FOLLOWERS = {
    _ROW: (_CELL, _ROW_END, _ROW, _STOP),
    _ROW_END: (_ROW, _STOP),
    _CELL: (_VALUE, _FORMULA, _CELL_END, _CELL, _ROW_END, _INLINE, _NO_VALUE, _NO_VALUE_SPACED),
    _FORMULA: (_FORMULA_END, _VALUE, _CELL_END, _NO_VALUE, _NO_VALUE_SPACED),
    _FORMULA_END: (_VALUE, _CELL_END, _NO_VALUE, _NO_VALUE_SPACED),
    _VALUE: (_VALUE_END,),
    _VALUE_END: (_CELL_END,),
    _NO_VALUE: (_CELL_END,),
    _NO_VALUE_SPACED: (_CELL_END,),
    _INLINE: (_TEXT, _TEXT_KEPT),
    _TEXT: (_TEXT_END,),
    _TEXT_KEPT: (_TEXT_END,),
    _TEXT_END: (_INLINE_END,),
    _INLINE_END: (_CELL_END,),
    _CELL_END: (_CELL, _ROW_END),
}
_MAY_FOLLOW = np.zeros(_KINDS * _KINDS, bool)
for _tag, _next in _FOLLOWERS.items():
    _MAY_FOLLOW[[_tag * _KINDS + _after for _after in _next]] = True

_ROW_TAG = re.compile(rb'<row r="([1-9]\d{0,6})"([^<>]*)>')
_ATTRIBUTES = re.compile(rb'(?: (?!r=)[A-Za-z][\w:.]*="[^"&]*")* ?/?')
_AROUND = len(b'<row r="">')
_REST_OF_CELL = re.compile(rb'(?: s="(\d{1,7})")?(?: t="(n|s|e|b|str|inlineStr)")?(?: ?(/))?>')
_LONGEST_REST = 24
# what a type is called in here, and which of them may have no value
_TYPE = {b"n": ord("n"), b"s": ord("s"), b"e": ord("e"), b"b": ord("b"), b"str": ord("t"), b"inlineStr": ord("i")}
_MAY_BE_BLANK = np.zeros(256, bool)
_MAY_BE_BLANK[list(b"nbte")] = True
_BUCKETS = 18  # bits
# Column by one or two letters, the second byte being a digit where there is only one; 0 is any other.
_COLUMN = np.zeros(1 << 16, np.int64)
for _low in range(26):
    for _digit in b"123456789":
        _COLUMN[(65 + _low) | _digit << 8] = _low + 1
    for _second in range(26):
        _COLUMN[(65 + _low) | (65 + _second) << 8] = (_low + 1) * 26 + _second + 1
_NUMERIC = np.zeros(256, bool)
_NUMERIC[list(b"0123456789.eE+-")] = True


def _each(byte: int) -> np.uint64:
    return np.uint64(byte * 0x0101010101010101)


@dataclass
class Cells:
    """Cells that hold something: arrays of row, column and what stands there.

    `numbers`, `strings` (indexes of shared strings), `texts` (texts or None) and `booleans` are addressed from 0, `styled`
    (style indexes) from 1.
    """

    numbers: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=list)
    strings: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=list)
    texts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=list)
    booleans: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=list)
    styled: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=list)
    special: list[int] = field(default_factory=list)  # offsets of errors and formulas
    rows: list[tuple[int, bytes]] = field(default_factory=list)  # number and other attributes of each, rising
    width: int = 0

    @property
    def height(self) -> int:
        return self.rows[-1][0] if self.rows else 0


def read(xml: bytes, begin: int, end: int, styles: set[int]) -> Cells:
    """The cells between two offsets, behind `<sheetData>` and before its end. The addresses of `styles` are wanted.

    Raises `NotPlain`, also where rows lie far apart.
    """
    _keep_memory()
    cells = Cells()
    for first, last in _blocks(xml, begin, end):
        _Block(xml[first:last], first).into(cells, styles)
    numbers = np.array([number for number, _ in cells.rows])
    if not len(numbers) or (numbers[1:] <= numbers[:-1]).any() or numbers[-1] - len(numbers) > FARTHEST:
        raise NotPlain("rows")
    return cells


def _blocks(xml: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Runs of whole rows: where they begin and end."""
    while start < end:
        cut = xml.rfind(b"<row ", start + 1, start + BLOCK) if end - start > BLOCK else end
        if cut < 0:
            raise NotPlain("a long row")
        yield start, cut
        start = cut


@cache
def _keep_memory() -> None:
    """Freeing one large block teaches glibc to keep blocks up to its size, and twice as much in all.

    Otherwise it gives each array back at once, and a third of the time goes into getting its pages anew.
    """
    np.empty(KEPT, np.uint8)


def _words(raw: bytes) -> np.ndarray:
    """The eight bytes from each offset on as one number, the first byte being the lowest."""
    return np.ndarray((len(raw) - 7,), "<u8", raw, strides=(1,))


class _Block:
    """Some rows: positions of all tags, checked against each other before anything is taken from them."""

    def __init__(self, xml: bytes, start: int):
        self.xml, self.start = xml, start
        self.bytes, self.words = np.frombuffer(xml + _MARGIN, np.uint8), _words(xml + _MARGIN)
        self.at = (self.bytes == ord("<")).nonzero()[0]
        self.tag = self._tags()
        tag, after = self.tag[:-1], self.tag[1:]
        if self.at[0] or not _MAY_FOLLOW[tag * np.uint16(_KINDS) + after].all():
            raise NotPlain("order of tags")
        is_cell = tag == _CELL
        self.cell = is_cell.nonzero()[0]
        self.row, self.value = (tag == _ROW).nonzero()[0], (tag == _VALUE).nonzero()[0]
        self.cells_before = np.concatenate(([0], np.cumsum(is_cell, dtype=np.int32)))

    def _tags(self) -> np.ndarray:
        spelt = self.words[self.at]
        tag = _TAG[(spelt >> np.uint64(8)).astype(np.uint16)]
        tag[-1] = _STOP
        if not tag.all() or ((spelt & _SPELT_MASK[tag]) != _SPELT[tag]).any():
            raise NotPlain("an unusual element")
        kept = self.at[tag == _TEXT_KEPT]
        for ahead in range(8, len(_KEPT), 8) if len(kept) else ():
            if (self.words[kept + ahead] != int.from_bytes(_KEPT[ahead : ahead + 8], "little")).any():
                raise NotPlain("an unusual text")
        return tag

    def into(self, cells: Cells, styles: set[int]) -> None:
        """Adds the cells of the block."""
        number, digits = self._rows(cells)
        bounds = self.cells_before[np.concatenate((self.row, [len(self.tag) - 1]))]
        cells_of = bounds[1:] - bounds[:-1]
        column, at = self._addresses(digits, cells_of)
        style, kind = self._rest_of_cells(at, styles)
        row = np.repeat(number, cells_of)
        index, begin, end = self._values(kind)
        place, kind_of = (row[index], column[index]), kind[index]
        self._take(cells.numbers, place, kind_of == ord("n"), begin, end, pa.float64())
        self._take(cells.strings, place, kind_of == ord("s"), begin, end, pa.uint32())
        self._take_booleans(cells, place, kind_of == ord("b"), begin, end)
        self._take_texts(cells, place, kind_of == ord("t"), begin, end, strips=False)
        self._take_inline(cells, row, column, kind)
        special = (kind == ord("e")) | (self.tag[self.cell + 1] == _FORMULA)
        if (styled := (style[index] >= 0) & ~special[index]).any():
            cells.styled.append((*(part[styled] for part in place), style[index][styled]))
        cells.special += (self.at[self.cell][special] + self.start).tolist()
        cells.width = max(cells.width, int(column.max(initial=0)))

    def _rows(self, cells: Cells) -> tuple[np.ndarray, np.ndarray]:
        """Number of each row, and how many digits it is written with."""
        bounds = zip(self.at[self.row].tolist(), self.at[self.row + 1].tolist(), strict=True)
        tags = b"".join([self.xml[start:end] for start, end in bounds])
        found = _ROW_TAG.findall(tags)
        numbers, rests = [number for number, _ in found], [rest for _, rest in found]
        covered = sum(map(len, numbers)) + sum(map(len, rests)) + _AROUND * len(found)
        if len(found) != len(self.row) or covered != len(tags) or not all(map(_ATTRIBUTES.fullmatch, set(rests))):
            raise NotPlain("a row")
        empty = np.array([rest[-1:] == b"/" for rest in rests])
        after = self.tag[self.row + 1]
        if (empty != ((after == _ROW) | (after == _STOP))).any():
            raise NotPlain("text in a row")
        rows = list(map(int, numbers))
        cells.rows += zip(rows, rests, strict=True)
        return np.array(rows), np.array(list(map(len, numbers)))

    def _addresses(self, digits: np.ndarray, cells_of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Column of each cell, and where its tag goes on behind the address. A cell states the number of its row."""
        column = _COLUMN[(self.words[self.at[self.cell]] >> np.uint64(48)).astype(np.uint16)]
        at = self.at[self.cell] + 7 + (column > 26)
        mask = _FIRST[digits + 1]  # with the quotation mark
        text = self.words[self.at[self.row] + 8] & mask
        if not column.all() or ((self.words[at] & np.repeat(mask, cells_of)) != np.repeat(text, cells_of)).any():
            raise NotPlain("an unusual address")
        row = np.repeat(np.arange(len(digits)), cells_of)
        if ((row[1:] == row[:-1]) & (column[1:] <= column[:-1])).any():
            raise NotPlain("columns do not rise")
        return column, at + np.repeat(digits + 1, cells_of)

    def _rest_of_cells(self, at: np.ndarray, styles: set[int]) -> tuple[np.ndarray, np.ndarray]:
        """Style (-1 where it is not wanted) and type (n, s or e) of each cell.

        There are few ways in which a tag goes on behind the address: each is parsed once.
        """
        ends = self.at[self.cell + 1]
        alike = self._alike(at, ends - at)
        style, kind, empty = np.empty(len(at), np.int64), np.empty(len(at), np.uint8), np.empty(len(at), bool)
        for one in (alike == np.arange(len(at))).nonzero()[0].tolist():
            rest = _REST_OF_CELL.fullmatch(self.xml, int(at[one]), int(ends[one]))
            if not rest:
                raise NotPlain("an unusual attribute")
            given = int(rest[1]) if rest[1] else -1
            style[one], kind[one], empty[one] = given if given in styles else -1, _TYPE[rest[2] or b"n"], bool(rest[3])
        after = self.tag[self.cell + 1]
        if (empty[alike] != ((after == _CELL) | (after == _ROW_END))).any():
            raise NotPlain("text in a cell")
        return style[alike], kind[alike]

    def _alike(self, at: np.ndarray, length: np.ndarray) -> np.ndarray:
        """For each text the position of one that is the same, and of the same for all that are."""
        if (length > _LONGEST_REST).any() or (length < 1).any():
            raise NotPlain("a long tag")
        first = self.words[at] & _FIRST[np.minimum(length, 8)]
        second = self.words[at + 8] & _FIRST[np.clip(length, 8, 16) - 8]
        third = self.words[at + 16] & _FIRST[np.maximum(length, 16) - 16]
        mixed = first * np.uint64(0x9E3779B97F4A7C15) ^ second * np.uint64(0xC2B2AE3D27D4EB4F)
        mixed ^= third * np.uint64(0x165667B19E3779F9)
        bucket = (mixed >> np.uint64(64 - _BUCKETS)).astype(np.int64)
        one_of = np.empty(1 << _BUCKETS, np.int32)
        one_of[bucket] = np.arange(len(at))
        alike = one_of[bucket]
        if any((part[alike] != part).any() for part in (first, second, third, length)):
            raise NotPlain("two kinds of tag in one bucket")
        return alike

    def _values(self, kind: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Cell, beginning and end of each value that is not blank."""
        index = self.cells_before[self.value] - 1
        begin, end = self.at[self.value] + 3, self.at[self.value + 1]
        if (kind[index] == ord("i")).any():
            raise NotPlain("a value where a text should be")
        filled, without = begin < end, self._found(_NO_VALUE, _NO_VALUE_SPACED)
        if len(without) and not _MAY_BE_BLANK[kind[self.cells_before[without] - 1]].all():
            raise NotPlain("an empty value")
        if filled.all():
            return index, begin, end
        if not _MAY_BE_BLANK[kind[index[~filled]]].all():
            raise NotPlain("an empty value")
        return index[filled], begin[filled], end[filled]

    def _found(self, *tags: int) -> np.ndarray:
        """Positions of all tags of some kinds."""
        return np.logical_or.reduce([self.tag == tag for tag in tags]).nonzero()[0]

    def _take_booleans(self, cells: Cells, place: tuple, which: np.ndarray, begin: np.ndarray, end: np.ndarray) -> None:
        if not which.any():
            return
        digit = self.bytes[begin[which]]
        if (end[which] - begin[which] != 1).any() or (digit & 0xFE != ord("0")).any():
            raise NotPlain("an unusual boolean")
        cells.booleans.append((place[0][which] - 1, place[1][which] - 1, digit == ord("1")))

    def _take_inline(self, cells: Cells, row: np.ndarray, column: np.ndarray, kind: np.ndarray) -> None:
        """Texts that stand in their cells."""
        opened = self._found(_TEXT, _TEXT_KEPT)
        if not len(opened):
            return
        index = self.cells_before[opened] - 1
        if (kind[index] != ord("i")).any():
            raise NotPlain("a text where a value should be")
        plain = self.tag[opened] == _TEXT
        begin, end = self.at[opened] + np.where(plain, 3, len(_KEPT)), self.at[opened + 1]
        place = row[index], column[index]
        self._take_texts(cells, place, plain, begin, end, strips=True)
        self._take_texts(cells, place, ~plain, begin, end, strips=False)

    def _take_texts(
        self, cells: Cells, place: tuple, which: np.ndarray, begin: np.ndarray, end: np.ndarray, strips: bool
    ) -> None:
        if which.any():
            found = np.empty(int(which.sum()), object)
            found[:] = texts(self.xml, begin[which].tolist(), end[which].tolist(), strips)
            cells.texts.append((place[0][which] - 1, place[1][which] - 1, found))

    def _take(self, into: list, place: tuple, which: np.ndarray, begin: np.ndarray, end: np.ndarray, kind) -> None:
        if which.any():
            into.append((place[0][which] - 1, place[1][which] - 1, self._parsed(begin[which], end[which], kind)))

    def _parsed(self, begin: np.ndarray, end: np.ndarray, kind: pa.DataType) -> np.ndarray:
        """The texts between two offsets as numbers: up to eight digits at once, others one by one."""
        length = end - begin
        short = np.minimum(length, 8)
        digits = self.words[begin] << (64 - 8 * short).astype(np.uint64) % 64 | _each(ord("0")) & _FIRST[8 - short]
        high = _each(0xF0)
        whole = (length <= 8) & (digits & high == _each(ord("0"))) & (digits + _each(6) & high == _each(ord("0")))
        found = _eight_digits(digits).astype(kind.to_pandas_dtype())
        if not whole.all():
            found[~whole] = self._cast(begin[~whole], end[~whole], kind)
        return found

    def _cast(self, begin: np.ndarray, end: np.ndarray, kind: pa.DataType) -> np.ndarray:
        """Exactly as a correct parser rounds them."""
        length = end - begin
        offsets = np.zeros(len(begin) + 1, np.int32)
        np.cumsum(length, out=offsets[1:])
        text = self.bytes[np.arange(offsets[-1]) + np.repeat(begin - offsets[:-1], length)]
        if not _NUMERIC[text].all():
            raise NotPlain("a value that is no number")
        written = pa.StringArray.from_buffers(len(begin), pa.py_buffer(offsets), pa.py_buffer(text))
        try:
            return written.cast(kind).to_numpy()
        except pa.ArrowInvalid as error:
            raise NotPlain("a value that is no number") from error


def _eight_digits(text: np.ndarray) -> np.ndarray:
    """Eight ASCII digits each, the first one lowest, as numbers: pairs, fours, eights."""
    pairs = (text & _each(0x0F)) * np.uint64(10 << 8 | 1) >> np.uint64(8)
    fours = (pairs & np.uint64(0x00FF00FF00FF00FF)) * np.uint64(100 << 16 | 1) >> np.uint64(16)
    return (fours & np.uint64(0x0000FFFF0000FFFF)) * np.uint64(10_000 << 32 | 1) >> np.uint64(32)


def strings_used(cells: Cells) -> int:
    """How many shared strings there must be for all indexes to be right."""
    return max((int(index.max()) + 1 for _, _, index in cells.strings), default=0)


def rows_of(cells: Cells, strings: list[str | None]) -> list[list]:
    """Absolute rows without trailing blanks. Blank `strings` at the end may be left out."""
    grid = np.full((cells.height, cells.width), None, object)
    for row, column, value in cells.numbers:
        grid[row, column] = value.astype(object)
    shared = np.full(max(len(strings), strings_used(cells)), None, object)
    shared[: len(strings)] = strings
    for row, column, index in cells.strings:
        grid[row, column] = shared[index]
    for row, column, value in (*cells.texts, *cells.booleans):
        grid[row, column] = value.astype(object)
    rows = grid.tolist()
    for row in rows:
        while row and row[-1] is None:
            row.pop()
    return rows
