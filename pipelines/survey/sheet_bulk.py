"""The cells of one xlsx sheet in bulk: whole columns of positions at a time instead of one element after the other.

Takes only what the usual writers write for numbers, shared strings, blanks, errors and formulas that gave a number, and
proves that every byte between the first and the last row is of that shape: each tag is known, each stands where it may, no
text stands between them, addresses rise and agree with their row. Whatever is of another shape raises `NotPlain`; the
caller then reads the sheet with calamine. Nothing is guessed and nothing is skipped.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pyarrow as pa

BLOCK = 1 << 21  # bytes that are looked at together: they stay in the processor's cache
_MARGIN = b"<" + b"\0" * 63  # so that looking ahead from the last tag stays inside

# Tags by their letters after `<`. 0 is any other.
_CELL, _CELL_END, _VALUE, _VALUE_END, _ROW, _ROW_END, _FORMULA, _FORMULA_END, _STOP = range(1, 10)
_FOLLOWERS = {
    _ROW: (_CELL, _ROW_END, _ROW, _STOP),
    _ROW_END: (_ROW, _STOP),
    _CELL: (_VALUE, _FORMULA, _CELL_END, _CELL, _ROW_END),
    _FORMULA: (_FORMULA_END, _VALUE, _CELL_END),
    _FORMULA_END: (_VALUE, _CELL_END),
    _VALUE: (_VALUE_END,),
    _VALUE_END: (_CELL_END,),
    _CELL_END: (_CELL, _ROW_END),
}
_MAY_FOLLOW = np.zeros((10, 10), bool)
for _tag, _next in _FOLLOWERS.items():
    _MAY_FOLLOW[_tag, _next] = True
# A tag by its first two letters, and the third that must follow where the two do not tell it all.
_TAGS = {
    b"c ": _CELL, b"v>": _VALUE, b"ro": _ROW, b"f ": _FORMULA, b"f/": _FORMULA, b"f>": _FORMULA,
    b"/c": _CELL_END, b"/v": _VALUE_END, b"/r": _ROW_END, b"/f": _FORMULA_END,
}  # fmt: skip
_THIRD = np.zeros(10, np.uint8)
_THIRD[[_CELL_END, _VALUE_END, _FORMULA_END, _ROW, _ROW_END]] = list(b">>>wo")
_TAG = np.zeros(1 << 16, np.int8)
for _letters, _tag in _TAGS.items():
    _TAG[_letters[0] << 8 | _letters[1]] = _tag
# How long a tag without attributes is.
_LENGTH = np.array([0, 0, 4, 0, 4, 0, 6, 0, 4, 0])
_DIGITS = np.zeros(256, np.int64) - 1
_DIGITS[ord("0") : ord("9") + 1] = range(10)
_LETTERS = np.zeros(256, np.int64)
_LETTERS[ord("A") : ord("Z") + 1] = range(1, 27)
_TYPES = np.zeros(256, bool)
_TYPES[list(b"nse")] = True
_NUMERIC = np.zeros(256, bool)
_NUMERIC[list(b"0123456789.eE+-")] = True


class NotPlain(Exception):
    """The sheet holds something that is not read in bulk."""


@dataclass
class Cells:
    """Cells that hold something: arrays of row, column and what stands there.

    `numbers` and `strings` (indexes of shared strings) are addressed from 0, `styled` (style indexes) from 1.
    """

    numbers: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=list)
    strings: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=list)
    styled: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=list)
    special: list[int] = field(default_factory=list)  # offsets of errors and formulas
    count: int = 0  # of all cells, blank ones too
    width: int = 0
    height: int = 0


def read(body: bytes, rows: list[tuple[int, int]], styles: set[int]) -> Cells:
    """The cells between `<sheetData>` and its end. `rows` are (row number, offset), rising; `styles` are wanted.

    Raises `NotPlain`.
    """
    cells = Cells(height=rows[-1][0] if rows else 0)
    wanted = np.array(sorted(styles), np.int64)
    for start, end, numbers, offsets in _blocks(rows, len(body)):
        _Block(body[start:end], numbers, offsets, start).into(cells, wanted)
    if body.count(b' r="') != len(rows) + cells.count:
        raise NotPlain("a row with two numbers")
    return cells


def _blocks(rows: list[tuple[int, int]], size: int) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
    """Runs of whole rows: where they begin and end, their numbers, their offsets within."""
    numbers, offsets = (np.array(column, np.int64) for column in zip(*rows, strict=True)) if rows else ((), ())
    cuts = [0]
    while cuts[-1] < len(rows):
        cuts.append(max(int(np.searchsorted(offsets, offsets[cuts[-1]] + BLOCK)), cuts[-1] + 1))
    for first, last in pairwise(cuts):
        start = int(offsets[first])
        yield start, int(offsets[last]) if last < len(rows) else size, numbers[first:last], offsets[first:last] - start


class _Block:
    """Some rows: positions of all tags, checked against each other before anything is taken from them."""

    def __init__(self, xml: bytes, numbers: np.ndarray, offsets: np.ndarray, start: int):
        self.bytes = np.frombuffer(xml + _MARGIN, np.uint8)
        self.start, self.numbers = start, numbers
        self.at = np.flatnonzero(self.bytes == ord("<"))
        self.tag = self._tags()
        self.tag, self.after = self.tag[:-1], self.tag[1:]
        self.at, self.next = self.at[:-1], self.at[1:]
        self.is_row, self.is_cell, self.is_value = (self.tag == name for name in (_ROW, _CELL, _VALUE))
        if not _MAY_FOLLOW[self.tag, self.after].all() or not np.array_equal(self.at[self.is_row], offsets):
            raise NotPlain("order of tags")
        bare = _LENGTH[self.tag]
        if ((self.at + bare != self.next) & (bare > 0)).any():
            raise NotPlain("text between tags")

    def _tags(self) -> np.ndarray:
        tag = _TAG[(self.bytes[self.at + 1].astype(np.uint16) << 8) | self.bytes[self.at + 2]]
        third = _THIRD[tag]
        tag[(third != self.bytes[self.at + 3]) & (third != 0)] = 0
        tag[-1] = _STOP
        if not tag.all():
            raise NotPlain("an unusual element")
        self._check_row_tags(tag)
        return tag

    def _check_row_tags(self, tag: np.ndarray) -> None:
        """A row opens and ends where its neighbours say, and `</row>` is spelt out."""
        opened = np.flatnonzero(tag == _ROW)
        closed = self.at[tag == _ROW_END]
        last = self.at[opened + 1] - 1
        empty = np.isin(tag[opened + 1], (_ROW, _STOP))
        if (self.bytes[last] != ord(">")).any() or ((self.bytes[last - 1] == ord("/")) != empty).any():
            raise NotPlain("text in a row")
        if (self.bytes[closed + 4] != ord("w")).any() or (self.bytes[closed + 5] != ord(">")).any():
            raise NotPlain("the end of a row")

    def into(self, cells: Cells, wanted: np.ndarray) -> None:
        """Adds the cells of the block."""
        is_cell = self.is_cell
        row = self.numbers[(np.cumsum(self.is_row) - 1)[is_cell]]
        column, style, kind = self._attributes(self.at[is_cell] + 3, row, self.next[is_cell], self.after[is_cell])
        same_row = row[1:] == row[:-1]
        if (same_row & (column[1:] <= column[:-1])).any():
            raise NotPlain("columns do not rise")
        index = (np.cumsum(is_cell) - 1)[self.is_value]  # the cell of each value
        begin, end = self.at[self.is_value] + 3, self.next[self.is_value]
        if (begin == end).any():
            raise NotPlain("an empty value")
        number, string = kind[index] == ord("n"), kind[index] == ord("s")
        values = row[index] - 1, column[index] - 1
        self._take(cells.numbers, values, number, begin, end, pa.float64())
        self._take(cells.strings, values, string, begin, end, pa.uint32())
        special = (kind == ord("e")) | (self.after[is_cell] == _FORMULA)
        if len(wanted) and (styled := np.isin(style[index], wanted) & ~special[index]).any():
            cells.styled.append((row[index][styled], column[index][styled], style[index][styled]))
        cells.special += (self.at[is_cell][special] + self.start).tolist()
        cells.count += len(column)
        cells.width = max(cells.width, int(column.max(initial=0)))

    def _take(self, into: list, place: tuple, which: np.ndarray, begin: np.ndarray, end: np.ndarray, kind) -> None:
        if which.any():
            into.append((place[0][which], place[1][which], self._parsed(begin[which], end[which], kind)))

    def _parsed(self, begin: np.ndarray, end: np.ndarray, kind: pa.DataType) -> np.ndarray:
        """The texts between two offsets as numbers, exactly as a correct parser rounds them."""
        length = end - begin
        offsets = np.zeros(len(begin) + 1, np.int32)
        np.cumsum(length, out=offsets[1:])
        text = self.bytes[np.arange(offsets[-1]) + np.repeat(begin - offsets[:-1], length)]
        if not _NUMERIC[text].all():
            raise NotPlain("a value that is no number")
        texts = pa.StringArray.from_buffers(len(begin), pa.py_buffer(offsets), pa.py_buffer(text))
        try:
            return texts.cast(kind).to_numpy()
        except pa.ArrowInvalid as error:
            raise NotPlain("a value that is no number") from error

    def _attributes(self, at: np.ndarray, row: np.ndarray, ends: np.ndarray, after: np.ndarray) -> tuple:
        """Column, style and type (n, s or e) of each cell, by reading all their tags in step."""
        at = self._expect(at, b'r="')
        column, at = self._run(at, _LETTERS, 26, 3)
        if (self.bytes[at] == ord("0")).any():
            raise NotPlain("an unusual address")
        stated, at = self._run(at, _DIGITS, 10, 7, lowest=0)
        if (stated != row).any():
            raise NotPlain("an address outside its row")
        at = self._expect(at, b'"')
        style, at = self._optional(at, ord("s"))
        kind = np.full(len(at), ord("n"), np.uint8)
        typed = (self.bytes[at] == ord(" ")) & (self.bytes[at + 1] == ord("t"))
        if typed.any():
            spot = self._expect(at[typed], b' t="')
            kind[typed] = self.bytes[spot]
            at[typed] = self._expect(spot + 1, b'"')
        if not _TYPES[kind].all():
            raise NotPlain("a type that is read one by one")
        self._check_ends(at, ends, after)
        return column, style, kind

    def _optional(self, at: np.ndarray, letter: int) -> tuple[np.ndarray, np.ndarray]:
        """The number of an attribute that a tag may have, -1 where it has it not."""
        value = np.full(len(at), -1, np.int64)
        given = (self.bytes[at] == ord(" ")) & (self.bytes[at + 1] == letter)
        if given.any():
            spot = self._expect(at[given], b' %c="' % letter)
            value[given], spot = self._run(spot, _DIGITS, 10, 7, lowest=0)
            at = at.copy()
            at[given] = self._expect(spot, b'"')
        return value, at

    def _check_ends(self, at: np.ndarray, ends: np.ndarray, after: np.ndarray) -> None:
        """A cell's tag ends right before the next one, and is empty just where no content follows."""
        space = self.bytes[at] == ord(" ")
        empty = self.bytes[at + space] == ord("/")
        if (space & ~empty).any() or (self.bytes[at + space + empty] != ord(">")).any():
            raise NotPlain("an unusual attribute")
        if (at + space + empty + 1 != ends).any() or (empty != ((after == _CELL) | (after == _ROW_END))).any():
            raise NotPlain("text in a cell")

    def _expect(self, at: np.ndarray, text: bytes) -> np.ndarray:
        for i, letter in enumerate(text):
            if (self.bytes[at + i] != letter).any():
                raise NotPlain("an unusual attribute")
        return at + len(text)

    def _run(self, at: np.ndarray, digits: np.ndarray, base: int, most: int, lowest: int = 1) -> tuple:
        """A number written in `digits`, at least one of them, and where it ends."""
        value, at = digits[self.bytes[at]], at + 1
        if (value < lowest).any():
            raise NotPlain("an unusual attribute")
        for _ in range(most - 1):
            digit = digits[self.bytes[at]]
            more = digit >= lowest
            if not more.any():
                break
            value = np.where(more, value * base + digit, value)
            at = at + more
        return value, at


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
    rows = grid.tolist()
    for row in rows:
        while row and row[-1] is None:
            row.pop()
    return rows
