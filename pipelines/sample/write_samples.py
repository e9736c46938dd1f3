"""Sample workbooks on the real roster: invented answers, every sheet marked 示例数据."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from functools import cached_property
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from pipelines import months, template
from pipelines.errors import Refusal
from pipelines.reference.form import Form
from pipelines.reference.roster import KINDS, County, Rosters
from pipelines.sample import (
    county_record,
    growth,
    planted_faults,
    prefilled_forms,
    reporting_habits,
    sheet_layouts,
    writing_habits,
)
from pipelines.sample.plausible_answers import Moment
from pipelines.sample.population import Population, World
from pipelines.sample.prefilled_forms import LastMonth
from pipelines.sample.reporting_habits import Report
from pipelines.template import Table

WATERMARK = "示例数据"
_GIVEN = ("code", "name", "town")


class Sample:
    """The invented world of one seed, over a form and a roster; workbooks of any month on request."""

    def __init__(self, form: Form, rosters: Rosters, seed: int = 2018):
        self.form, self.rosters, self.seed = form, rosters, seed

    @cached_property
    def world(self) -> World:
        return World(self.rosters, self.seed)

    @cached_property
    def habits(self) -> dict[str, writing_habits.Habit]:
        return writing_habits.habits(self.seed, self.world.origins.counties)

    def reports(self, month: date) -> list[Report]:
        """The month's workbooks, with what goes missing left out."""
        origins = self.world.population(month).county_origin
        places = [(place, origins[place.code]) for place in self.rosters.counties(month)]
        return list(reporting_habits.reports(self.seed, month, places))

    def moment(self, month: date) -> Moment:
        """The month's true answers, of all units."""
        population = self.world.population(month)
        return Moment(self.form, population, month, county_record.wages(population, month))

    def workbooks(self, month: date) -> Iterator[tuple[Report, bytes]]:
        """The month's workbooks with their bytes."""
        moment = self.moment(month)
        answers = self.answers(moment)
        last = self._last_month(moment.of, month) if month > growth.START else None
        for report in self.reports(month):
            yield report, self._build(report, moment.of, answers, last)

    def _last_month(self, population: Population, month: date) -> LastMonth:
        before = self.moment(months.add(month, -1))
        return prefilled_forms.last_month(self.form, month, population.units, before.of.units, self.answers(before))

    def answers(self, moment: Moment) -> dict[str, np.ndarray]:
        """The month's answers by field, as given: without what does not apply or was forgotten."""
        asked = [field for field in self.form.community if field.id not in (*_GIVEN, "kind")]
        return {field.id: moment.answered(field) for field in asked}

    def _build(
        self, report: Report, population: Population, answers: dict[str, np.ndarray], last: LastMonth | None
    ) -> bytes:
        form, habit = self.form.in_month(report.month), self.habits[report.origin]
        rows = population.slices[report.place.code]
        table = self.table(population, rows, answers, habit)
        reworked, came, rest = habit.layout in writing_habits.REWORKED, None, None
        if last and not reworked:
            units = [population.units[row] for row in rows]
            came = prefilled_forms.prefill(form, units, rows, last, self._last_record(report))
            moved = prefilled_forms.keep_unmoved(table, form.community, rows, answers, last)
            rest = prefilled_forms.confirm(table, moved, self.seed, report)
        if report.remark != reporting_habits.CORRECTED:
            planted_faults.plant(table, self.form.community, self.seed, "faults", report.origin, report.month)
        cells = self._record(population, report.place, report.month, habit)
        if reworked:
            return sheet_layouts.build(
                form, report.place, report.month, table, cells, habit.layout, WATERMARK, report.with_record
            )
        return template.build(
            form, report.place, report.month, table, cells,
            watermark=WATERMARK, with_county=report.with_record, last=came, rest=rest, rest_of_record=prefilled_forms.REST,
        )  # fmt: skip

    def _last_record(self, report: Report) -> dict[str, object] | None:
        """The 表2 of the month before; None for a county that was not there."""
        before = months.add(report.month, -1)
        population = self.world.population(before)
        if report.place.code not in population.slices:
            return None
        values = county_record.answer(self.form.county, population, report.place, before)
        return prefilled_forms.last_record(self.form.in_month(report.month).county, values, report.month)

    def table(
        self, population: Population, rows: np.ndarray, answers: dict[str, np.ndarray], habit: writing_habits.Habit
    ) -> Table:
        """The rows of a county as it writes them, before anything goes wrong."""
        units = [population.units[row] for row in rows]
        columns = {name: [getattr(unit, name) for unit in units] for name in (*_GIVEN, "kind")}
        columns |= {
            field.id: writing_habits.cells(field, answers[field.id][rows], habit)
            for field in self.form.community
            if field.id in answers
        }
        if habit.closed:
            self._fill_closed(columns, habit.closed)
        return Table([unit.kind for unit in units], columns)

    def _fill_closed(self, columns: dict[str, list[Any]], word: str) -> None:
        for field in self.form.community:
            closed = {kind for kind in KINDS if not field.applies_to(kind)}
            if closed:
                pairs = zip(columns[field.id], columns["kind"], strict=True)
                columns[field.id] = [word if kind in closed else value for value, kind in pairs]

    def _record(
        self, population: Population, place: County, month: date, habit: writing_habits.Habit
    ) -> dict[str, object]:
        values = county_record.answer(self.form.county, population, place, month)
        return {field.id: writing_habits.cell(field, values[field.id], habit) for field in self.form.county}


def write_samples(
    form: Form,
    rosters: Rosters,
    span: list[date],
    out: Path,
    seed: int = 2018,
    processes: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Writes the workbooks of the months into `out/<month of arrival>/`; returns them in the order of arrival.

    A correction arrives in the same month and sorts behind its original; a late workbook arrives in the month after
    its own. `progress(months done, months in all)` is called after each month.
    """
    early = [month for month in span if month < growth.START]
    if early:
        raise Refusal(f"示例数据从{months.label(growth.START)}开始，没有{months.label(early[0])}；请改选以后的月份")
    written: list[str] = []
    for done, names in enumerate(_run(form, rosters, span, out, seed, processes), 1):
        written += names
        if progress:
            progress(done, len(span))
    return [out / name for name in sorted(written)]


def _run(form: Form, rosters: Rosters, span: list[date], out: Path, seed: int, processes: int) -> Iterator[list[str]]:
    if processes <= 1 or len(span) == 1:
        sample = Sample(form, rosters, seed)
        yield from (_write_month(sample, month, out) for month in span)
        return
    # A fresh interpreter each: forking a process in which Arrow or DuckDB run threads can hang.
    start = (form, rosters, seed)
    with ProcessPoolExecutor(processes, get_context("spawn"), initializer=_start, initargs=start) as pool:
        yield from pool.map(_write_month_here, span, [out] * len(span))


_here: Sample | None = None


def _start(form: Form, rosters: Rosters, seed: int) -> None:
    global _here
    _here = Sample(form, rosters, seed)


def _write_month_here(month: date, out: Path) -> list[str]:
    assert _here is not None
    return _write_month(_here, month, out)


def _write_month(sample: Sample, month: date, out: Path) -> list[str]:
    names = []
    for report, data in sample.workbooks(month):
        path = out / report.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        names.append(report.file)
    return names
