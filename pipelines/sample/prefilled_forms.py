"""Workbooks that came prefilled with last month's answers, as counties fill them in: what did not move is left unchanged, what moved is
typed over in the county's own way, and the rest is confirmed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from pipelines import months
from pipelines.reference.form import Form, Part
from pipelines.reference.prefilled_marks import TICK, TICKED
from pipelines.reference.roster import Unit
from pipelines.sample import keyed_random, writing_habits
from pipelines.sample.plausible_answers import NONE
from pipelines.sample.reporting_habits import Report
from pipelines.template import Answered, Prefilled, Table
from pipelines.template.last_answers import GIVEN

TEMPLATE = writing_habits.Habit("是", "否", "{0}-{1:02}", "template", None, False)
_TICKING, _FORGOTTEN = 0.2, 0.01  # counties that tick row by row; rows that they forget
REST = "是"


@dataclass(frozen=True)
class LastMonth:
    """The month before, answered as it was given: by field an entry per unit of this month, `NONE` where there was none."""

    month: date
    known: np.ndarray  # whether the unit existed
    answers: Mapping[str, np.ndarray]


def last_month(
    form: Form, month: date, now: Sequence[Unit], then: Sequence[Unit], answers: Mapping[str, np.ndarray]
) -> LastMonth:
    """Last month's answers in the order of this month's units; in January without what begins again each year."""
    place = {unit.uid: i for i, unit in enumerate(then)}
    places = np.array([place.get(unit.uid, -1) for unit in now])
    known = places >= 0
    anew = form.community.yearly if month.month == 1 else ()
    moved = {name: np.where(known & (name not in anew), values[places], NONE) for name, values in answers.items()}
    return LastMonth(months.add(month, -1), known, moved)


def prefill(
    form: Form, units: Sequence[Unit], rows: np.ndarray, last: LastMonth, record: Mapping[str, object] | None
) -> Prefilled:
    """What a county's workbook came with; `record` is last month's 表2 as cells."""
    known = [i for i, row in enumerate(rows.tolist()) if last.known[row]]
    kept = rows[known]
    columns = {}
    for field in form.community:
        if field.id in last.answers and field.id not in GIVEN:
            cells = writing_habits.cells(field, last.answers[field.id][kept], TEMPLATE)
            outside = {kind for kind in {unit.kind for unit in units} if not field.applies_to(kind)}
            columns[field.id] = [
                None if units[i].kind in outside else cell for i, cell in zip(known, cells, strict=True)
            ]
    place = {units[i].code: n for n, i in enumerate(known)}
    return Prefilled(last.month, Answered(place, [last.month] * len(known), columns), record)


def keep_unmoved(
    table: Table, part: Part, rows: np.ndarray, now: Mapping[str, np.ndarray], last: LastMonth
) -> set[int]:
    """Leave cells whose answer is last month's as prefilled; returns the positions of rows in which something moved."""
    moved: set[int] = set(np.flatnonzero(~last.known[rows]).tolist())
    for field in part:
        if field.id not in last.answers or field.id in GIVEN:
            continue
        values = now[field.id][rows]
        same = values == last.answers[field.id][rows]
        moved |= set(np.flatnonzero(~same).tolist())
        cells = writing_habits.cells(field, values, TEMPLATE)
        table.columns[field.id] = [
            old if is_same else new
            for old, new, is_same in zip(cells, table.columns[field.id], same.tolist(), strict=True)
        ]
    return moved


def confirm(table: Table, moved: set[int], seed: int, report: Report) -> str | None:
    """Ticks of the rows in which nothing moved, or the answer of the line that confirms them all; a few ticks are forgotten."""
    ticking = keyed_random.chance(seed, "ticks", report.origin) < _TICKING
    if not ticking or report.is_due:
        return REST
    chances = (keyed_random.chance(seed, "forgot", report.origin, report.month, i) for i in range(len(table)))
    table.columns[TICK] = [None if i in moved or chance < _FORGOTTEN else TICKED for i, chance in enumerate(chances)]
    return None


def last_record(part: Part, values: Mapping[str, int | str], month: date) -> dict[str, object]:
    """Last month's 表2 as cells; in January without what begins again each year."""
    return {
        field.id: None
        if month.month == 1 and field.period == "year"
        else writing_habits.cell(field, values[field.id], TEMPLATE)
        for field in part
        if field.id in values
    }
