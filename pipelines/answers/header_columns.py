"""Which rows are the header and which column is which field: found by meaning, never by position (semantics §3). Reports nothing."""

import re
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache

from pipelines.answers import measurement_units
from pipelines.reference import labels
from pipelines.reference.form import Field, Part, Vocabulary
from pipelines.workbook import address
from pipelines.workbook.grid import Row, Sheet

DEEPEST = 60  # a header that starts below this row is not looked for
TALLEST = 3  # header rows, a row of units or column numbers under them not counted
ENOUGH = 4  # labels that make a header
TRANSPOSED = 10  # so many labels of the form below each other mean that the table is transposed
_LABEL_COLUMNS, DEEPEST_LABEL = 6, 300
_TAIL = re.compile(r"(.+)[,/:;、-]([^,/:;、-]{1,4})")
_HINT = re.compile(
    r"(?:\(?(?:\d{1,3}|[甲乙丙丁戊A-Z]|[一二三四五六七八九十]{1,3}|-|—)\)?"
    r"|\(?(?:是/否|有/无|√/×|是或否|有或无|是否|有无|年月|年/月|选择|选填|文本|文字|代码|数值|整数|必填)\)?)"
)


@dataclass(frozen=True)
class Column:
    """The place of a field. An answer times `factor` is in the form's unit; `stated` is the unit that the header names."""

    index: int
    letter: str
    header: str
    factor: Decimal = Decimal(1)
    stated: str | None = None
    sheet: str | None = None  # where it is another sheet than the table's


@dataclass
class Table:
    """表1 as laid out on its sheet. Rows are 1-based, `first`..`last` is the header."""

    sheet: Sheet
    first: int
    last: int
    columns: dict[str, Column] = field(default_factory=dict)
    twice: dict[str, list[Column]] = field(default_factory=dict)
    wrong_unit: dict[str, Column] = field(default_factory=dict)
    unknown: list[Column] = field(default_factory=list)
    blocks: list[range] = field(default_factory=list)  # rows that other sheets gave, a range for each

    def missing(self, part: Part, required: bool) -> list[Field]:
        """Fields without a column, the required ones or the others."""
        return [f for f in part if f.required == required and f.id not in self.columns and f.id not in self.twice]


@dataclass(frozen=True)
class Match:
    """The header over a column: `remarks` of the label itself, `above` of the groups over it."""

    field: Field | None
    header: str
    remarks: tuple[str, ...] = ()
    above: tuple[str, ...] = ()


def find(sheet: Sheet, part: Part) -> Table | None:
    """The table of a sheet, or None where no header with at least `ENOUGH` of the form's labels is found."""
    seed = _seed(sheet, part.vocabulary)
    if seed is None:
        return None
    header = _Header(sheet, part.vocabulary, seed)
    first, last = header.extent()
    if header.count(first, last) < ENOUGH:
        return None
    return _table(sheet, header, first, last)


def is_transposed(sheet: Sheet, part: Part) -> bool:
    """Whether rows and columns are swapped: the labels of 表1, its code's among them, are below each other."""
    named = part.vocabulary.named
    for column in range(_LABEL_COLUMNS):
        texts = (row[column] for row in sheet.rows[:DEEPEST_LABEL] if column < len(row))
        fields = {name for text in texts if type(text) is str for name in named[text]}
        if len(fields) >= TRANSPOSED and fields & {"code", "name"}:
            return True
    return False


def _seed(sheet: Sheet, known: Vocabulary) -> int | None:
    """The first row (0-based) with the most labels. Stops soon after a plain header, so that bodies are not searched."""
    best, best_row, named = 0, None, known.named
    for index, row in enumerate(sheet.rows[:DEEPEST]):
        count = len({name for text in row if type(text) is str for name in named[text]})
        if count > best:
            best, best_row = count, index
        elif best >= 10 and best_row is not None and index > best_row + TALLEST:
            break
    return best_row if best >= 2 else None


class _Header:
    """The rows around the seed, with merged ranges filled. Row numbers are 0-based in here."""

    def __init__(self, sheet: Sheet, known: Vocabulary, seed: int):
        self.sheet, self.known, self.seed = sheet, known, seed
        self.low, self.high = max(0, seed - TALLEST), min(len(sheet.rows), seed + TALLEST + 2)
        self.width = max(len(row) for row in sheet.rows[self.low : self.high])
        self.rows = [list(row) + [None] * (self.width - len(row)) for row in sheet.rows[self.low : self.high]]
        self.wide: set[tuple[int, int]] = set()
        self._matches: dict[tuple[int, int], list[Match]] = {}
        self._fill()
        self.texts = [[_text(value) if type(value) is not str else value for value in row] for row in self.rows]

    def _fill(self) -> None:
        """A merged cell's text holds for the whole range: blanks are not guessed at, merges are read."""
        for merge in self.sheet.merges:
            top, bottom = merge.first_row - 1 - self.low, merge.last_row - 1 - self.low
            if bottom < 0 or top >= len(self.rows) or merge.first_col > self.width:
                continue
            text = self.sheet.value(merge.first_row, merge.first_col)
            for row in range(max(top, 0), min(bottom + 1, len(self.rows))):
                for column in range(merge.first_col - 1, min(merge.last_col, self.width)):
                    self.rows[row][column] = text
                    if merge.last_col > merge.first_col:
                        self.wide.add((row, column))

    def extent(self) -> tuple[int, int]:
        """First and last header row: the block around the seed that names the most fields, then rows that belong to it."""
        seed = self.seed
        if self.count(seed, seed) == self.width:
            return self._widened(seed, seed)
        blocks = [
            (first, last)
            for first in range(max(self.low, seed - TALLEST + 1), seed + 1)
            for last in range(seed, min(self.high, first + TALLEST))
            if not any(len(set(map(str, self._cells(row)))) <= 1 for row in range(first, seed))
        ]
        return self._widened(*max(blocks, key=lambda block: (self.count(*block), block[0] - block[1])))

    def _widened(self, first: int, last: int) -> tuple[int, int]:
        """The block with the group rows over it and the row of units or column numbers under it."""
        while first > self.low and last - first + 1 < TALLEST and self._is_group(first - 1):
            first -= 1
        while last + 1 < self.high and self._is_hint(last + 1):
            last += 1
        return first, last

    def count(self, first: int, last: int) -> int:
        """How many different fields the block names."""
        return len({match.field.id for match in self.matches(first, last) if match.field})

    def _cells(self, row: int) -> Row:
        return [value for value in self.rows[row - self.low] if value is not None and value != ""]

    def _is_group(self, row: int) -> bool:
        cells = self._cells(row)
        return len(set(map(str, cells))) >= 2 and any((row - self.low, c) in self.wide for c in range(self.width))

    def _is_hint(self, row: int) -> bool:
        """Units, column numbers or 是/否 under the labels."""
        cells = [labels.fold(_text(value)) for value in self._cells(row)]
        return bool(cells) and all(_is_hint(cell) for cell in cells)

    def matches(self, first: int, last: int) -> list[Match]:
        """The match of a block of header rows for each column."""
        if (first, last) not in self._matches:
            columns = zip(*self.texts[first - self.low : last + 1 - self.low], strict=True)
            self._matches[first, last] = [_match(self.known, texts) for texts in columns]
        return self._matches[first, last]

    def placed(self, first: int, last: int) -> list[tuple[Match, Column, Column | None]]:
        """`_placed` of each column of a block."""
        columns = zip(*self.texts[first - self.low : last + 1 - self.low], strict=True)
        return [_placed(self.known, number, texts) for number, texts in enumerate(columns, 1)]


@lru_cache(maxsize=1 << 14)
def _match(known: Vocabulary, column: tuple[str, ...]) -> Match:
    """The field over a column. The longest chain of header texts that is a label decides: 综合服务设施 / 面积."""
    texts = _stack(column)
    hints: list[str] = []
    while len(texts) > 1 and _is_hint(labels.fold(texts[-1])):
        hints.append(texts.pop())
    for start in range(len(texts)):
        own, above = " ".join(texts[start:]), _above(texts[:start])
        for reading, remarks in _readings("".join(map(labels.normalise, texts[start:]))):
            if reading in known.fields:
                return Match(known.fields[reading], own, (*remarks, *hints), above)
    return Match(None, " ".join(texts))


def _stack(column: tuple[str, ...]) -> list[str]:
    """The texts over a column from top to bottom, a text that is merged down once."""
    texts: list[str] = []
    for text in column:
        if text.strip() and (not texts or texts[-1] != text):
            texts.append(text)
    return texts


def _readings(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """A label's readings, and last the one without a unit that follows it after a comma or a slash."""
    readings = list(labels.readings(text))
    tail = _TAIL.fullmatch(readings[-1][0])
    if tail and tail[2] in measurement_units.UNITS:
        readings.append((tail[1], (tail[2], *readings[-1][1])))
    return readings


def _above(texts: list[str]) -> tuple[str, ...]:
    """Remarks of the groups over a label, nearest first: 经费保障(元) states the unit of its columns."""
    return tuple(remark for text in reversed(texts) for _, remarks in labels.readings(text)[-1:] for remark in remarks)


def _is_hint(folded: str) -> bool:
    return bool(_HINT.fullmatch(folded)) or measurement_units.is_list(folded.strip("()"))


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


@lru_cache(maxsize=1 << 12)
def _placed(known: Vocabulary, number: int, texts: tuple[str, ...]) -> tuple[Match, Column, Column | None]:
    """The headers over a column, the column, and the same with its factor: None where it measures another quantity."""
    match = _match(known, texts)
    column = Column(number, address.letter(number), match.header)
    return match, column, measured(column, match) if match.field else None


def _table(sheet: Sheet, header: _Header, first: int, last: int) -> Table:
    table = Table(sheet, first + 1, last + 1)
    by_field: dict[str, list[Column]] = {}
    for match, column, fitting in header.placed(first, last):
        if match.field is None:
            if match.header:
                table.unknown.append(column)
            continue
        by_field.setdefault(match.field.id, []).append(fitting or column)
        if fitting is None:
            table.wrong_unit[match.field.id] = column
    for field_id, columns in by_field.items():
        if len(columns) > 1:
            table.twice[field_id] = columns
        elif field_id not in table.wrong_unit:
            table.columns[field_id] = columns[0]
    return table


def measured(column: Column, match: Match) -> Column | None:
    """The column with its factor; None where its header has a unit of another quantity. A group's unit holds where it fits."""
    own = measurement_units.canonical(match.field.unit if match.field else None)
    if own is None:
        return column
    units = [unit for unit in map(measurement_units.find, match.remarks) if unit]
    above = [
        unit
        for unit in map(measurement_units.find, match.above)
        if unit and measurement_units.factor(unit, own) is not None
    ]
    if not units and not above:
        return column
    unit = (units or above)[0]
    factor = measurement_units.factor(unit, own)
    return replace(column, factor=factor, stated=unit) if factor is not None else None
