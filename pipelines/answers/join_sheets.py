"""表1 on several sheets as one table: one sheet a town, or blocks of columns over the same units (semantics §3).

The first sheet stays where it is; rows that others add come below its last row, columns that they add right of its last
column. So addresses on the first sheet are its own, and `Joined.spot` leads from the others to their own addresses.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from pipelines.answers import parse_value
from pipelines.answers.header_columns import Column, Table
from pipelines.answers.unit_rows import Body, classify
from pipelines.reference import labels
from pipelines.workbook import address
from pipelines.workbook.grid import Row

_IDENTITY = ("code", "name", "town", "kind")
_SHOWN = 5  # places that a refusal names
Key = tuple[str, str]


@dataclass
class Piece:
    """What one sheet gives: its rows and columns by their place on the joined table. All numbers are 1-based."""

    sheet: str
    rows: dict[int, int] = field(default_factory=dict)
    columns: dict[int, int] = field(default_factory=dict)
    added_rows: int = 0
    added_columns: int = 0


@dataclass
class Joined:
    """The table over all sheets. `places` are contradictions, in words; where there are any, nothing may be taken."""

    table: Table
    pieces: list[Piece] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    blocks: list[range] = field(default_factory=list)
    height: int = 0  # of the first sheet
    width: int = 0

    def spot(self, row: int, column: int) -> tuple[str, int, int]:
        """Sheet, row and column of an address on the joined table."""
        if row > self.height or column > self.width:
            for piece in self.pieces:
                if row in piece.rows and column in piece.columns:
                    return piece.sheet, piece.rows[row], piece.columns[column]
        return self.table.sheet.name, row, column

    def spots(self, sheet: str, cells: list[str]) -> tuple[str, list[str]]:
        """The addresses themselves: of those that are on several sheets, the ones on the first."""
        if sheet != self.table.sheet.name:
            return sheet, cells
        by_sheet: dict[str, list[str]] = {}
        for cell in cells:
            name, row, column = self.spot(*address.numbers(cell))
            by_sheet.setdefault(name, []).append(address.cell(row, column))
        return next(iter(by_sheet.items()))


def bodies(table: Table) -> Body:
    """The rows of a sheet while the county is not known yet."""
    return classify(table, lambda name: False, lambda name: False)


def unit_key(table: Table, row: Row) -> Key | None:
    """By what a unit is found again on another sheet: its code, else its name within its town."""
    code, name, town = (_text(table, row, name) for name in ("code", "name", "town"))
    digits = parse_value.code_digits(code)
    if len(digits) >= 12 and digits[:12].isdigit():
        return digits[:12], ""
    return (labels.fold(name), labels.fold(town)) if name else None


def _is_code(key: Key | None) -> bool:
    return key is not None and not key[1] and key[0].isdigit()


def _name_and_town(table: Table, row: Row) -> Key:
    return labels.fold(_text(table, row, "name")), labels.fold(_text(table, row, "town"))


def _text(table: Table, row: Row, name: str) -> str:
    column = table.columns.get(name)
    value = row[column.index - 1] if column and column.index <= len(row) else None
    return parse_value.shown(value) or ""


def join(tables: list[Table]) -> Joined:
    """Tables over units as one; the first gives the layout."""
    return _Joiner(tables[0]).run(tables[1:])


class _Joiner:
    def __init__(self, base: Table):
        source = base.sheet
        self.base = base
        self.sheet = replace(
            source, rows=[list(row) for row in source.rows], merges=list(source.merges), errors=dict(source.errors),
            unevaluated=set(source.unevaluated), percent={col: set(rows) for col, rows in source.percent.items()},
            mixed=True, numeric=None,
        )  # fmt: skip
        self.table = replace(base, sheet=self.sheet, columns=dict(base.columns))
        self.width = max((len(row) for row in source.rows), default=0)
        self.joined = Joined(self.table, height=len(source.rows), width=self.width)
        self.known: dict[Key, int] = {}
        # rows by name and town, and by name alone; None where several rows have it
        self.named: dict[Key, int | None] = {}
        for number in bodies(base).units:
            if key := unit_key(base, source.rows[number - 1]):
                self.known.setdefault(key, number)
            self._name(base, source.rows[number - 1], number)

    def run(self, others: Iterable[Table]) -> Joined:
        for other in others:
            self._add(other)
        return self.joined

    def _add(self, other: Table) -> None:
        piece = Piece(other.sheet.name)
        self.joined.pieces.append(piece)
        places = self._columns(other, piece)
        body, first = bodies(other), len(self.sheet.rows) + 1
        seen: set[int] = set()
        for number in sorted([*body.units, *(total.row for total in body.totals)]):
            key = unit_key(other, other.sheet.rows[number - 1])
            row = self._row_of(key, other, number) if key else None
            if row is None or row in seen:
                row = self._new_row(key)
                piece.added_rows += 1
            seen.add(row)
            piece.rows[row] = number
            self._fill(other, number, row, places)
        piece.columns = {place: column.index for column, place in places.values()}
        self._around(other, piece, places)
        self.joined.blocks.append(range(first, len(self.sheet.rows) + 1))

    def _name(self, table: Table, row: Row, number: int) -> None:
        name, town = _name_and_town(table, row)
        for key in {(name, town), (name, "")} if name else ():
            self.named[key] = None if self.named.get(key, number) != number else number

    def _row_of(self, key: Key, other: Table, number: int) -> int | None:
        """The row of a unit of another sheet: by its code; where one of the two rows has none, by a name that occurs there once."""
        if key in self.known:
            return self.known[key]
        name, town = _name_and_town(other, other.sheet.rows[number - 1])
        row = self.named.get((name, town if "town" in self.base.columns else ""))
        return row if row and (not _is_code(key) or not self._has_code(row)) else None

    def _has_code(self, row: int) -> bool:
        return _is_code(unit_key(self.table, self.sheet.rows[row - 1]))

    def _columns(self, other: Table, piece: Piece) -> dict[str, tuple[Column, int]]:
        """Where each column of another sheet is placed: under the same field, else on the right."""
        places = {}
        for name, column in other.columns.items():
            known = self.table.columns.get(name)
            if known is None:
                self.width += 1
                piece.added_columns += 1
                known = replace(column, index=self.width, sheet=other.sheet.name)
                self.table.columns[name] = known
            elif (known.factor, known.stated) != (column.factor, column.stated):
                self._contradict(
                    f"“{known.header}”（“{self.base.sheet.name}”{known.letter}列）与“{column.header}”（“{other.sheet.name}”{column.letter}列）单位不同"
                )
                continue
            places[name] = column, known.index
        return places

    def _new_row(self, key: Key | None) -> int:
        self.sheet.rows.append([])
        row = len(self.sheet.rows)
        if key:
            self.known[key] = row
        return row

    def _fill(self, other: Table, number: int, row: int, places: dict[str, tuple[Column, int]]) -> None:
        given, cells = other.sheet.rows[number - 1], self.sheet.rows[row - 1]
        for name, (column, place) in places.items():
            value = given[column.index - 1] if column.index <= len(given) else None
            if value is None or (isinstance(value, str) and parse_value.is_blank(labels.fold(value))):
                continue
            cells += [None] * (place - len(cells))
            before = cells[place - 1]
            if before is None or (isinstance(before, str) and parse_value.is_blank(labels.fold(before))):
                cells[place - 1] = value
            elif name not in _IDENTITY and not _same(before, value):
                sheet, *spot = self.joined.spot(row, place)
                here = f"“{sheet}”{address.cell(*spot)}为“{parse_value.shown(before)}”"
                there = f"“{other.sheet.name}”{address.cell(number, column.index)}为“{parse_value.shown(value)}”"
                self._contradict(f"{here}，{there}")

    def _contradict(self, text: str) -> None:
        self.joined.places.append(text)

    def _around(self, other: Table, piece: Piece, places: dict[str, tuple[Column, int]]) -> None:
        """Errors, percent formats and merges of another sheet, at the new places of its cells."""
        rows = {number: row for row, number in piece.rows.items()}
        columns = {column.index: place for column, place in places.values()}
        for (row, column), text in other.sheet.errors.items():
            if row in rows and column in columns:
                self.sheet.errors[rows[row], columns[column]] = text
        for row, column in other.sheet.unevaluated:
            if row in rows and column in columns:
                self.sheet.unevaluated.add((rows[row], columns[column]))
        for column, percents in other.sheet.percent.items():
            if column in columns:
                self.sheet.percent.setdefault(columns[column], set()).update(
                    rows[row] for row in percents if row in rows
                )
        for merge in other.sheet.merges:
            if merge.first_row in rows and merge.last_row in rows and merge.first_col in columns:
                last = columns.get(merge.last_col, columns[merge.first_col])
                self.sheet.merges.append(
                    replace(
                        merge,
                        first_row=rows[merge.first_row],
                        last_row=rows[merge.last_row],
                        first_col=columns[merge.first_col],
                        last_col=last,
                    )
                )


def _same(value: object, other: object) -> bool:
    """Whether two cells say the same: as they are shown, width and blanks apart."""
    return labels.fold(parse_value.shown(value) or "") == labels.fold(parse_value.shown(other) or "")


def described(joined: Joined) -> str:
    """Which sheet gave what, for the note."""
    base = joined.table.sheet.name
    parts = [f"“{base}”"]
    for piece in joined.pieces:
        given = [f"{piece.added_rows} 行"] if piece.added_rows else []
        given += [f"{piece.added_columns} 列，按区划代码（名称）对应"] if piece.added_columns else []
        parts.append(f"“{piece.sheet}”（{'、'.join(given) or '与前面的相同'}）")
    return "、".join(parts)


def contradictions(joined: Joined) -> str:
    """The first places that contradict each other."""
    more = f"；等 {len(joined.places)} 处" if len(joined.places) > _SHOWN else ""
    return "；".join(joined.places[:_SHOWN]) + more


def coded_rows(table: Table) -> list[int]:
    """Rows with the code of a unit."""
    return [
        number
        for number, row in enumerate(table.sheet.rows[table.last :], table.last + 1)
        if _is_code(unit_key(table, row))
    ]
