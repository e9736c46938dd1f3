"""What a prefilled template of the largest county costs beside a blank one, and how many cells counties touch in it.

    python -m lab.benchmarks.bench_template

The template of the largest county of a month (表1, 表2, guide, remarks, hidden copy), written blank and with the sample's answers of the
month before, in turns; medians of CPU time. Cells touched: as `cells_touched` counts them in the sample's workbooks of that month, every
answer of 表1 that differs from the prefilled one, every tick, and the line that confirms the rest; the median over the counties that use
the template.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from lab.benchmarks.bench_reading import reference
from lab.benchmarks.cells_touched import touched
from lab.benchmarks.measured import Measured
from pipelines import months, template
from pipelines.sample import prefilled_forms
from pipelines.sample.write_samples import Sample
from pipelines.template import Answered, LastAnswers

MONTH = date(2019, 6, 1)
PREFILLED, CELLS = 1.3, 500


def measure(quick: bool) -> list[Measured]:
    known = reference()
    sample = Sample(known.form, known.rosters)
    population = sample.world.population(MONTH)
    county = max(population.slices, key=lambda code: len(population.slices[code]))
    last = last_answers(sample, county)
    with tempfile.TemporaryDirectory() as folder:

        def write(answers: LastAnswers | None) -> None:
            template.write_templates(known.form, known.rosters, MONTH, Path(folder), county, last=answers)

        blank, filled = in_turns(lambda: write(None), lambda: write(last), 3 if quick else 9)
    what = f"template of the largest county ({len(population.slices[county])} units), prefilled"
    return [
        Measured("K", what, 1000 * filled, "ms CPU", PREFILLED, 1000 * blank, "blank"),
        cells(sample),
    ]


def last_answers(sample: Sample, county: str) -> LastAnswers:
    """The sample's answers of the month before, of one county's units, as they stand in cells."""
    population, before = sample.world.population(MONTH), sample.moment(months.add(MONTH, -1))
    rows, form = population.slices[county], sample.form.in_month(MONTH)
    units = [population.units[row] for row in rows]
    last = prefilled_forms.last_month(sample.form, MONTH, population.units, before.of.units, sample.answers(before))
    given = prefilled_forms.prefill(form, units, rows, last, {}).units
    uids = {unit.uid: given.place[unit.code] for unit in units if unit.code in given.place}
    return LastAnswers(last.month, Answered(uids, given.since, given.columns), Answered({}, [], {}))


def in_turns(one: Callable[[], None], other: Callable[[], None], times: int) -> tuple[float, float]:
    """Medians of the CPU seconds of two tasks that take turns; the first turn is not counted."""
    costs: tuple[list[float], list[float]] = ([], [])
    for turn in range(times + 1):
        for task, cost in zip((one, other), costs, strict=True):
            began = time.process_time()
            task()
            if turn:
                cost.append(time.process_time() - began)
    return statistics.median(costs[0]), statistics.median(costs[1])


def cells(sample: Sample) -> Measured:
    counts = [count for _, data in sample.workbooks(MONTH) if (count := touched(data))]
    answers = round(statistics.median(given for _, given in counts))
    what = f"cells that a county touches in {months.key(MONTH)}, median of {len(counts)} prefilled workbooks of {answers:,} answers"
    return Measured("K", what, statistics.median(typed for typed, _ in counts), "cells", CELLS)


if __name__ == "__main__":
    for line in measure(False):
        print(line, line.ratio, line.met)
