"""Months brought up to date, in order, and only those whose inputs changed.

A month's figures are a function of the submissions in force, the decisions, the roster, the registers, the program and of what stood
in the months before. All of that is hashed into the month's fingerprint; a month with the same fingerprint is not computed again.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import date

from pipelines import months
from pipelines.archive.month_state import Life
from pipelines.figures import as_now, effective_answers, figure_counts, last_reported, progress
from pipelines.system import program_version
from pipelines.warehouse.projection import Warehouse

Progress = Callable[[int, int, str], None]


def bring_up_to_date(warehouse: Warehouse, until: date, report: Progress | None = None) -> list[date]:
    """Compute every month from the first reported one to `until` that is not current. Returns the months computed."""
    life = warehouse.life()
    reported = [month for month in life.reported if month <= until]
    if not reported:
        return []
    for part in (effective_answers, figure_counts, progress):
        part.create(warehouse)
    span = months.span(reported[0], until)
    wanted = _fingerprints(warehouse, life, span)
    stale = _stale(warehouse, wanted)
    for done, month in enumerate(stale, 1):
        _compute(warehouse, month, span[: span.index(month)], life, wanted)
        if report:
            report(done, len(stale), months.label(month))
    return stale


def _compute(warehouse: Warehouse, month: date, earlier: list[date], life: Life, wanted: dict[date, str]) -> None:
    """A month's answers, the months before it by its divisions, and its figures with their verdicts. A kill leaves it stale."""
    with warehouse.transaction():
        effective_answers.evaluate(warehouse, month, life)
    if earlier:
        as_now.bring_up_to_date(warehouse, earlier, month, wanted)
    opened, basis = (earlier or [month])[0], as_now.key(warehouse, month)
    with warehouse.transaction():
        effective_answers.load_rosters(warehouse, month)
        figure_counts.compute(warehouse, [month], basis)
        progress.compute(warehouse, [month], basis, "then", opened)
        last_reported.compute(warehouse, month, basis, opened)
        _note(warehouse, month, wanted[month])


def _fingerprints(warehouse: Warehouse, life: Life, span: list[date]) -> dict[date, str]:
    reference = warehouse.reference
    shas = dict(warehouse.con.execute("SELECT seq, sha256 FROM submission").fetchall())
    fixed = json.dumps([reference.digests, program_version.digest(__name__)])
    marks, before = {}, hashlib.sha256(fixed.encode()).hexdigest()
    for month in span:
        inputs = [before, _inputs(life, month, shas)]
        before = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
        marks[month] = before
    return marks


def _inputs(life: Life, month: date, shas: dict[int, str]) -> list:
    effective = life.effective(month)
    return [
        months.key(month),
        [[county, seq, shas[seq], life.resolutions.get(county, {})] for county, seq in sorted(effective.items())],
        sorted(life.waived(month)),
    ]


def _stale(warehouse: Warehouse, wanted: dict[date, str]) -> list[date]:
    rows = warehouse.con.execute("SELECT month, fingerprint FROM fingerprint WHERE what = 'then'").fetchall()
    known = dict(rows)
    return [month for month, fingerprint in wanted.items() if known.get(month) != fingerprint]


def _note(warehouse: Warehouse, month: date, fingerprint: str) -> None:
    warehouse.con.execute("DELETE FROM fingerprint WHERE month = ? AND what = 'then'", [month])
    warehouse.con.execute("INSERT INTO fingerprint VALUES (?, 'then', ?)", [month, fingerprint])


def fingerprints(warehouse: Warehouse, span: list[date]) -> dict[date, str]:
    """The fingerprints under which the months of a span stand computed."""
    known = dict(warehouse.con.execute("SELECT month, fingerprint FROM fingerprint WHERE what = 'then'").fetchall())
    return {month: known.get(month) for month in span}
