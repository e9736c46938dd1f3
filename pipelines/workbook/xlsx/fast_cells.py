"""Reads the cells of plain xlsx sheets in bulk, with array operations over the positions of all tags.

Handles the forms in which the usual writers write numbers, shared and inline strings, booleans, blanks, errors and formulas,
and checks that every byte between the first and the last row has such a form: each tag is known and in an allowed order,
there is no text between tags, addresses ascend and agree with their row. Any other form raises `NotPlain`; the caller then
reads the sheet with calamine.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pyarrow as pa

from pipelines.workbook.grid import Row
from pipelines.workbook.xlsx import fast_numbers, fast_tags
from pipelines.workbook.xlsx.fast_texts import FIRST, NotPlain, texts

__all__ = ["Cells", "NotPlain", "read", "rows_of", "strings_used"]

BLOCK = 1 << 21  # bytes processed together, so that they stay in the processor's cache
RETAINED = 1 << 24  # bytes of freed memory that the process keeps
FARTHEST = 4096  # most missing rows: the result is a dense rectangle
APART = (
    1 << 24
)  # offset between the row numbers of sheets that are read together; row numbers have at most seven digits
_MARGIN = b"<" + b"\0" * 63  # so that reading ahead of the last tag stays inside

_ROW_TAG = re.compile(rb'<row r="([1-9]\d{0,6})"([^<>]*)>')
_ATTRIBUTES = re.compile(rb'(?: (?!r=)[A-Za-z][\w:.]*="[^"&]*")* ?/?')
_AROUND = len(b'<row r="">')
_REST_OF_CELL = re.compile(rb'(?: s="(\d{1,7})")?(?: t="(n|s|e|b|str|inlineStr)")?(?: ?(/))?>')
_LONGEST_REST = 24
# a byte for each cell type, and the types that may have no value
_TYPE = {b"n": ord("n"), b"s": ord("s"), b"e": ord("e"), b"b": ord("b"), b"str": ord("t"), b"inlineStr": ord("i")}
_MAY_BE_BLANK = np.zeros(256, bool)
_MAY_BE_BLANK[list(b"nbte")] = True
_BUCKETS = 18  # bits
# Column number by its one or two letters (a digit follows a single one); 0 for anything else.
_COLUMN = np.zeros(1 << 16, np.int64)
for _low in range(26):
    for _digit in b"123456789":
        _COLUMN[(65 + _low) | _digit << 8] = _low + 1
    for _second in range(26):
        _COLUMN[(65 + _low) | (65 + _second) << 8] = (_low + 1) * 26 + _second + 1


Triple = tuple[np.ndarray, np.ndarray, np.ndarray]
Place = tuple[np.ndarray, np.ndarray]  # rows, columns


@dataclass
class Cells:
    """Cells with content: arrays of row, column and value.

    `numbers`, `strings` (indexes of shared strings), `texts` (texts or None) and `booleans` are addressed from 0, `styled`
    (style indexes) from 1.
    """

    numbers: list[Triple] = field(default_factory=list)
    strings: list[Triple] = field(default_factory=list)
    texts: list[Triple] = field(default_factory=list)
    booleans: list[Triple] = field(default_factory=list)
    styled: list[Triple] = field(default_factory=list)
    special: list[int] = field(default_factory=list)  # offsets of errors and formulas
    rows: list[tuple[int, bytes]] = field(default_factory=list)  # number and other attributes of each, ascending
    width: int = 0

    @property
    def height(self) -> int:
        return self.rows[-1][0] if self.rows else 0

    @property
    def numeric(self) -> set[int]:
        """Columns, from 1, with values other than texts."""
        counts = [np.bincount(column) for _, column, _ in (*self.numbers, *self.booleans)]
        return {int(column) + 1 for count in counts for column in count.nonzero()[0]}


@dataclass(frozen=True)
class Extent:
    """A sheet's part, and the offsets of its rows: after `<sheetData>` and before its end tag."""

    xml: bytes
    begin: int
    end: int


def read(sheets: list[Extent], styles: set[int]) -> list[Cells]:
    """Cells of one sheet or several small ones; lists those of the styles `styles`. Errors: `NotPlain` for other sheets."""
    _keep_memory()
    results = [Cells() for _ in sheets]
    if len(sheets) == 1:
        for first, last in _blocks(sheets[0]):
            _Block([(sheets[0].xml, first, last)]).into(results, styles)
    elif sheets:
        _Block([(sheet.xml, sheet.begin, sheet.end) for sheet in sheets]).into(results, styles)
    for cells in results:
        numbers = np.array([number for number, _ in cells.rows])
        if not len(numbers) or (numbers[1:] <= numbers[:-1]).any() or numbers[-1] - len(numbers) > FARTHEST:
            raise NotPlain("rows")
    return results


def _blocks(sheet: Extent) -> Iterator[tuple[int, int]]:
    """Offsets of the begin and end of runs of whole rows."""
    start, end = sheet.begin, sheet.end
    while start < end:
        cut = sheet.xml.rfind(b"<row ", start + 1, start + BLOCK) if end - start > BLOCK else end
        if cut < 0:
            raise NotPlain("a long row")
        yield start, cut
        start = cut


@cache
def _keep_memory() -> None:
    """Make glibc keep freed blocks: freeing one of this size raises its threshold.

    Otherwise each array is returned to the system at once, and a third of the time is spent on page faults.
    """
    np.empty(RETAINED, np.uint8)


class _Block:
    """Some rows of one sheet, or all rows of several: positions of all tags, checked before values are read."""

    def __init__(self, runs: list[tuple[bytes, int, int]]):
        if any(xml[first : first + 5] != b"<row " for xml, first, _ in runs):
            raise NotPlain("no row")
        self.xml = b"".join([*(memoryview(xml)[first:last] for xml, first, last in runs), _MARGIN])
        # offsets of each run in its part and in the joined bytes; the row numbers of each are offset by `APART`
        self.origin = [first for _, first, _ in runs]
        self.begins = np.cumsum([0, *(last - first for _, first, last in runs)])
        self.bounds = np.arange(len(self.begins)) * APART
        self.bytes, self.words = np.frombuffer(self.xml, np.uint8), fast_tags.words(self.xml)
        self.at = (self.bytes == ord("<")).nonzero()[0]
        self.tag = fast_tags.recognised(self.words, self.at)
        is_cell = self.tag[:-1] == fast_tags.CELL
        self.cell, self.row, self.value = (
            is_cell.nonzero()[0],
            self._positions(fast_tags.ROW),
            self._positions(fast_tags.VALUE),
        )
        self.cells_before = np.concatenate(([0], np.cumsum(is_cell, dtype=np.int32)))

    def into(self, sheets: list[Cells], styles: set[int]) -> None:
        """Add the cells of each run to its sheet's."""
        number, digits = self._rows(sheets)
        bounds = self.cells_before[np.concatenate((self.row, [len(self.tag) - 1]))]
        cells_of = bounds[1:] - bounds[:-1]
        column, at = self._addresses(digits, cells_of)
        style, kind = self._rest_of_cells(at, styles)
        row = np.repeat(number, cells_of)
        index, begin, end = self._values(kind)
        place, kind_of = (row[index], column[index]), kind[index]
        special = (kind == ord("e")) | (self.tag[self.cell + 1] == fast_tags.FORMULA)
        _put(
            [cells.styled for cells in sheets], self.bounds, *place, style[index], (style[index] >= 0) & ~special[index]
        )
        place = place[0] - 1, place[1] - 1
        numbers, strings = [cells.numbers for cells in sheets], [cells.strings for cells in sheets]
        self._take(numbers, place, kind_of == ord("n"), begin, end, fast_numbers.FLOAT)
        self._take(strings, place, kind_of == ord("s"), begin, end, fast_numbers.INDEX)
        self._take_booleans([cells.booleans for cells in sheets], place, kind_of == ord("b"), begin, end)
        written = [cells.texts for cells in sheets]
        self._take_texts(written, place, kind_of == ord("t"), begin, end, strips=False)
        self._take_inline(written, (row - 1, column - 1), kind)
        self._note(sheets, row, column, self.at[self.cell][special])

    def _positions(self, *tags: int) -> np.ndarray:
        """Positions of all tags of the kinds `tags`."""
        positions: np.ndarray = np.logical_or.reduce([self.tag == tag for tag in tags]).nonzero()[0]
        return positions

    def _rows(self, sheets: list[Cells]) -> tuple[np.ndarray, np.ndarray]:
        """Number of each row (plus `APART` for each sheet before), and its count of digits."""
        at = self.at[self.row]
        tags = b"".join(
            [self.xml[start:end] for start, end in zip(at.tolist(), self.at[self.row + 1].tolist(), strict=True)]
        )
        matches = _ROW_TAG.findall(tags)
        numbers, rests = [number for number, _ in matches], [rest for _, rest in matches]
        covered = sum(map(len, numbers)) + sum(map(len, rests)) + _AROUND * len(matches)
        if len(matches) != len(self.row) or covered != len(tags) or not all(map(_ATTRIBUTES.fullmatch, set(rests))):
            raise NotPlain("a row")
        empty = np.array([rest[-1:] == b"/" for rest in rests])
        after = self.tag[self.row + 1]
        if (empty != ((after == fast_tags.ROW) | (after == fast_tags.STOP))).any():
            raise NotPlain("text in a row")
        rows = list(map(int, numbers))
        first = np.searchsorted(at, self.begins).tolist()
        for cells, low, high in zip(sheets, first, first[1:], strict=False):
            cells.rows += zip(rows[low:high], rests[low:high], strict=True)
        offset = np.repeat(self.bounds[:-1], np.diff(first))
        return np.array(rows) + offset, np.array(list(map(len, numbers)))

    def _addresses(self, digits: np.ndarray, cells_of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Column of each cell, and the offset after its address, which must have the number of its row."""
        column = _COLUMN[(self.words[self.at[self.cell]] >> np.uint64(48)).astype(np.uint16)]
        at = self.at[self.cell] + 7 + (column > 26)
        mask = FIRST[digits + 1]  # with the quotation mark
        text = self.words[self.at[self.row] + 8] & mask
        if not column.all() or ((self.words[at] & np.repeat(mask, cells_of)) != np.repeat(text, cells_of)).any():
            raise NotPlain("an unusual address")
        row = np.repeat(np.arange(len(digits)), cells_of)
        if ((row[1:] == row[:-1]) & (column[1:] <= column[:-1])).any():
            raise NotPlain("columns do not ascend")
        return column, at + np.repeat(digits + 1, cells_of)

    def _rest_of_cells(self, at: np.ndarray, styles: set[int]) -> tuple[np.ndarray, np.ndarray]:
        """Style (-1: not wanted) and type (`_TYPE`) of each cell; each distinct text behind an address is parsed once."""
        ends = self.at[self.cell + 1]
        alike = self._alike(at, ends - at)
        style, kind, empty = np.empty(len(at), np.int64), np.empty(len(at), np.uint8), np.empty(len(at), bool)
        for first in (alike == np.arange(len(at))).nonzero()[0].tolist():
            rest = _REST_OF_CELL.fullmatch(self.xml, int(at[first]), int(ends[first]))
            if not rest:
                raise NotPlain("an unusual attribute")
            given = int(rest[1]) if rest[1] else -1
            style[first], kind[first], empty[first] = (
                given if given in styles else -1,
                _TYPE[rest[2] or b"n"],
                bool(rest[3]),
            )
        after = self.tag[self.cell + 1]
        if (empty[alike] != ((after == fast_tags.CELL) | (after == fast_tags.ROW_END))).any():
            raise NotPlain("text in a cell")
        return style[alike], kind[alike]

    def _alike(self, at: np.ndarray, length: np.ndarray) -> np.ndarray:
        """For each text the position of an equal one, the same position for all equal texts."""
        if (length > _LONGEST_REST).any() or (length < 1).any():
            raise NotPlain("a long tag")
        first = self.words[at] & FIRST[np.minimum(length, 8)]
        second = self.words[at + 8] & FIRST[np.clip(length, 8, 16) - 8]
        third = self.words[at + 16] & FIRST[np.maximum(length, 16) - 16]
        mixed = first * np.uint64(0x9E3779B97F4A7C15) ^ second * np.uint64(0xC2B2AE3D27D4EB4F)
        mixed ^= third * np.uint64(0x165667B19E3779F9)
        bucket = (mixed >> np.uint64(64 - _BUCKETS)).astype(np.int64)
        last_in = np.empty(1 << _BUCKETS, np.int32)
        last_in[bucket] = np.arange(len(at))
        alike: np.ndarray = last_in[bucket]
        if any((part[alike] != part).any() for part in (first, second, third, length)):
            raise NotPlain("two kinds of tag in one bucket")
        return alike

    def _values(self, kind: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Index of the cell, begin and end of each value that is not blank."""
        index = self.cells_before[self.value] - 1
        begin, end = self.at[self.value] + 3, self.at[self.value + 1]
        if (kind[index] == ord("i")).any():
            raise NotPlain("a value where a text should be")
        filled, without = begin < end, self._positions(fast_tags.NO_VALUE, fast_tags.NO_VALUE_SPACED)
        if len(without) and not _MAY_BE_BLANK[kind[self.cells_before[without] - 1]].all():
            raise NotPlain("an empty value")
        if filled.all():
            return index, begin, end
        if not _MAY_BE_BLANK[kind[index[~filled]]].all():
            raise NotPlain("an empty value")
        return index[filled], begin[filled], end[filled]

    def _take(
        self,
        into: list[list[Triple]],
        place: Place,
        which: np.ndarray,
        begin: np.ndarray,
        end: np.ndarray,
        kind: pa.DataType,
    ) -> None:
        if which.any():
            numbers = fast_numbers.parsed(self.bytes, self.words, begin[which], end[which], kind)
            _put(into, self.bounds, place[0][which], place[1][which], numbers)

    def _take_booleans(
        self, into: list[list[Triple]], place: Place, which: np.ndarray, begin: np.ndarray, end: np.ndarray
    ) -> None:
        if not which.any():
            return
        digit = self.bytes[begin[which]]
        if (end[which] - begin[which] != 1).any() or (digit & 0xFE != ord("0")).any():
            raise NotPlain("an unusual boolean")
        _put(into, self.bounds, place[0][which], place[1][which], digit == ord("1"))

    def _take_inline(self, into: list[list[Triple]], place: Place, kind: np.ndarray) -> None:
        opened = self._positions(fast_tags.TEXT, fast_tags.TEXT_KEPT)
        if not len(opened):
            return
        index = self.cells_before[opened] - 1
        if (kind[index] != ord("i")).any():
            raise NotPlain("a text where a value should be")
        plain = self.tag[opened] == fast_tags.TEXT
        begin, end = self.at[opened] + np.where(plain, 3, len(fast_tags.KEPT)), self.at[opened + 1]
        place = place[0][index], place[1][index]
        self._take_texts(into, place, plain, begin, end, strips=True)
        self._take_texts(into, place, ~plain, begin, end, strips=False)

    def _take_texts(
        self,
        into: list[list[Triple]],
        place: Place,
        which: np.ndarray,
        begin: np.ndarray,
        end: np.ndarray,
        strips: bool,
    ) -> None:
        if which.any():
            decoded = texts(self.xml, self.words, begin[which], end[which], strips)
            _put(into, self.bounds, place[0][which], place[1][which], decoded)

    def _note(self, sheets: list[Cells], row: np.ndarray, column: np.ndarray, special: np.ndarray) -> None:
        """Record the offsets of errors and formulas, and the width of each sheet."""
        bounds = np.searchsorted(row, self.bounds).tolist()
        among = np.searchsorted(special, self.begins).tolist()
        for i, cells in enumerate(sheets):
            cells.width = max(cells.width, int(column[bounds[i] : bounds[i + 1]].max(initial=0)))
            offset = self.origin[i] - int(self.begins[i])
            cells.special += (special[among[i] : among[i + 1]] + offset).tolist()


def _put(
    into: list[list[Triple]],
    bounds: np.ndarray,
    row: np.ndarray,
    column: np.ndarray,
    value: np.ndarray,
    which: np.ndarray | slice = slice(None),
) -> None:
    """Add cells to their sheets, whose row numbers are between `bounds`."""
    row, column, value = row[which], column[which], value[which]
    if not len(row):
        return
    if len(into) == 1:
        into[0].append((row, column, value))
        return
    cuts = np.searchsorted(row, bounds).tolist()
    for i, cells in enumerate(into):
        part = slice(cuts[i], cuts[i + 1])
        if cuts[i] < cuts[i + 1]:
            cells.append((row[part] - bounds[i], column[part], value[part]))


def strings_used(cells: Cells) -> int:
    """The least number of shared strings for which all indexes are valid."""
    return max((int(index.max()) + 1 for _, _, index in cells.strings), default=0)


def rows_of(cells: Cells, strings: list[str | None]) -> list[Row]:
    """Rows from row 1 on, without trailing blanks. Blank `strings` at the end may be missing."""
    grid = np.full((cells.height, cells.width), None, object)
    for row, column, value in cells.numbers:
        grid[row, column] = value.astype(object)
    if cells.strings:
        shared = np.full(max(len(strings), strings_used(cells)), None, object)
        shared[: len(strings)] = strings
    for row, column, index in cells.strings:
        grid[row, column] = shared[index]
    for row, column, value in (*cells.texts, *cells.booleans):
        grid[row, column] = value.astype(object)
    rows: list[Row] = grid.tolist()
    for cells_of_row in rows:
        while cells_of_row and cells_of_row[-1] is None:
            cells_of_row.pop()
    return rows
