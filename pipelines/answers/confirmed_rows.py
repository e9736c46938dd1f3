"""Which answers of a prefilled workbook are this month's (semantics §4, Confirmed).

A row was changed where an answer differs from the workbook's hidden copy of what it was prefilled with; it was confirmed where it is
ticked, or where the sheet's line says so of all others. What is neither came from an earlier month and counts as that month's. 表2 is one
row. Texts that differ are compared as answers, so that √ for 是 or another way of writing a month changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pipelines.answers import flag_words, parse_value
from pipelines.answers.community_rows import CommunityRows
from pipelines.answers.county_and_month import MARKS, Marks
from pipelines.answers.county_sheet import CountyRecord
from pipelines.answers.header_columns import Table
from pipelines.answers.join_sheets import Joined
from pipelines.answers.parse_value import PLAIN, Bad, Remembered
from pipelines.reference.form import Field, Part
from pipelines.reference.labels import fold
from pipelines.reference.prefilled_marks import (
    LAST_SHEET,
    REST_OF_RECORD,
    REST_OF_ROWS,
    TICK,
    WIDTH,
    copied_rows,
    padded,
)
from pipelines.workbook.grid import Row, Sheet, Workbook

State = Literal["changed", "confirmed", "untouched"]
_GIVEN = ("code", "name", "town", "kind")
_RECORD_ROWS = 400
# besides the words for yes: what a person writes where the sheet asks whether the row was checked
_CHECKED = frozenset({TICK, "已核", "核对", "无变化", "没有变化", "✔", "✅"})
_PADDED = Remembered(padded)


@dataclass(frozen=True)
class LastMonth:
    """The hidden copy: what the workbook was prefilled with, as of `month`. `record` is None where 表2 was blank.

    `confirmed` are the rows of 表1 that are ticked or that the line for the rest confirms, where they were not changed.
    """

    month: date
    names: list[str]
    rows: Mapping[str, str]
    record: Mapping[str, object] | None
    confirmed: frozenset[int] = frozenset()


def last_month(workbook: Workbook, marks: Marks) -> LastMonth | None:
    """The copy of a prefilled workbook; None where it is none, or where the copy was removed."""
    sheets = {sheet.name: sheet for sheet in workbook.sheets}
    if marks.prefilled is None or LAST_SHEET not in sheets:
        return None
    names, rows = copied_rows([row[0] if row else None for row in sheets[LAST_SHEET].rows])
    record = {str(row[3]): row[4] if len(row) > 4 else None for row in sheets[MARKS].rows[:_RECORD_ROWS] if _holds(row)}
    return LastMonth(marks.prefilled, names, rows, record or None)


def _holds(row: Row) -> bool:
    return len(row) > 3 and row[3] is not None


# ---- 表1


def states(rows: CommunityRows, part: Part, bad: Mapping[str, Mapping[int, Bad]], last: LastMonth) -> list[State]:
    """State of every row; rows that equal the copy are compared whole, others cell by cell; units not in the copy are changed."""
    asked = [q for q in part if q.id in rows.raw and q.id in last.names and q.id not in _GIVEN]
    starts = [last.names.index(question.id) * WIDTH for question in asked]
    places = [slice(start, start + WIDTH) for start in starts]
    runs = _runs(places)
    copies = [last.rows.get(unit or "") for unit in rows.unit]
    columns = [map(_PADDED.__getitem__, rows.raw[question.id]) for question in asked]
    result: list[State] = []
    for i, (copy, *cells) in enumerate(zip(copies, *columns, strict=True)):
        if copy is None:
            result.append("changed")
            continue
        differ = "".join(cells) != "".join(map(copy.__getitem__, runs))
        for question, place, cell in zip(asked, places, cells, strict=True) if differ else ():
            if cell != copy[place] and _is_changed(rows, part, bad, question, i, copy[place].strip()):
                result.append("changed")
                break
        else:
            result.append("confirmed" if rows.row[i] in last.confirmed else "untouched")
    return result


def _runs(places: list[slice]) -> list[slice]:
    """The same parts of a copied row, neighbours together."""
    runs: list[slice] = []
    for place in places:
        start = runs.pop().start if runs and runs[-1].stop == place.start else place.start
        runs.append(slice(start, place.stop))
    return runs


def _is_changed(
    rows: CommunityRows, part: Part, bad: Mapping[str, Mapping[int, Bad]], question: Field, i: int, then: str
) -> bool:
    """Whether a cell's answer differs from `then`, the text of the copy."""
    if (rows.raw[question.id][i] or "") == then:
        return False
    if i in bad.get(question.id, {}):
        return True
    try:
        return bool(parse_value.remembered(part, question)[then or None] != rows.values[question.id][i])
    except parse_value.Unread:
        return True


def confirmed(table: Table, pieces: Sequence[Table], joined: Joined | None) -> frozenset[int]:
    """Rows of 表1 that are confirmed; where it is on several sheets, each by its own sheet."""
    if joined is None:
        return frozenset(_confirmed_on(table))
    sheets = {piece.sheet.name: _confirmed_on(piece) for piece in pieces}
    numbers = set(sheets.get(table.sheet.name, ()))
    for piece in joined.pieces:
        numbers |= {row for row, number in piece.rows.items() if number in sheets[piece.sheet]}
    return frozenset(numbers)


def _confirmed_on(table: Table) -> set[int]:
    rows = range(table.last + 1, len(table.sheet.rows) + 1)
    if is_rest_confirmed(table.sheet, table.first, REST_OF_ROWS):
        return set(rows)
    place = next((column.index - 1 for column in table.unknown if fold(column.header).endswith(TICK)), None)
    if place is None:
        return set()
    return {n for n in rows if place < len(row := table.sheet.rows[n - 1]) and _is_yes(row[place])}


def is_rest_confirmed(sheet: Sheet, first: int, words: str) -> bool:
    """Whether the line above the table confirms everything that was not changed; `first` is the header's first row."""
    wanted = fold(words)
    for row in sheet.rows[: max(first - 1, 0)]:
        for place, value in enumerate(row):
            if isinstance(value, str) and (text := fold(value)).startswith(wanted):
                inside = text[len(wanted) :].lstrip(":")
                beside = next((other for other in row[place + 1 :] if other not in (None, "")), None)
                return _is_yes(inside or beside)
    return False


def _is_yes(value: object) -> bool:
    text = fold(parse_value.shown(value) or "").upper()
    return text in flag_words.YES or text in _CHECKED


# ---- 表2


def is_record_untouched(record: CountyRecord, sheet: Sheet, first: int, part: Part, last: LastMonth) -> bool:
    """Whether 表2 was prefilled, and neither changed nor confirmed."""
    if last.record is None or is_rest_confirmed(sheet, first, REST_OF_RECORD):
        return False
    asked = [field for field in part if field.id in last.record and field.id in record.raw]
    return not any(_differs(field, record, last.record[field.id]) for field in asked)


def _differs(field: Field, record: CountyRecord, before: object) -> bool:
    then, now = parse_value.shown(before), record.raw[field.id]
    if (then or "") == (now or ""):
        return False
    readable = record.values[field.id] is not None or now is None or parse_value.is_blank(now)
    return not readable or parse_value.parse(before, field, PLAIN) != record.values[field.id]
