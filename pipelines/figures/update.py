"""Months brought up to date, in order, and only those whose inputs changed.

A month's figures are a function of the submissions in force, the decisions, the roster, the registers, the program and of what stood
in the months before. All of that is hashed into the month's fingerprint; a month with the same fingerprint is not computed again.
"""

import hashlib
import itertools
import json
from collections.abc import Callable
from datetime import date

from pipelines import months
from pipelines.archive.month_state import Life
from pipelines.figures import effective_answers, figure_counts, progress
from pipelines.system import program_version
from pipelines.warehouse.projection import Warehouse

Progress = Callable[[int, int, str], None]


def bring_up_to_date(warehouse: Warehouse, until: date, report: Progress | None = None) -> list[date]:
    """Compute every month of the series up to `until` that is not current. Returns the months computed."""
    life = warehouse.life()
    span = series(life, until)
    if not span:
        return []
    for part in (effective_answers, figure_counts, progress):
        part.create(warehouse)
    wanted = _fingerprints(warehouse, life, span)
    stale = _stale(warehouse, wanted)
    before = {later: earlier for earlier, later in itertools.pairwise(span)}
    for done, month in enumerate(stale, 1):
        with warehouse.transaction():
            _bridge(warehouse, before.get(month), month)
            _compute(warehouse, month, life)
            _note(warehouse, month, wanted[month])
        if report:
            report(done, len(stale), months.label(month))
    return stale


def series(life: Life, until: date) -> list[date]:
    """The months up to `until` in which an answer stands: those with a submission in force, and those that it may be lent to."""
    lent = range(effective_answers.CARRY_MONTHS + 1)
    standing = {months.add(month, count) for month in life.reported for count in lent}
    return sorted(month for month in standing if month <= until)


def _bridge(warehouse: Warehouse, earlier: date | None, month: date) -> None:
    """Where months without answers lie before a month, the last answers that rules ask for are those of the month before them."""
    gap = months.add(month, -1)
    if earlier is None or earlier == gap:
        return
    for table in ("last_answer", "last_county_answer"):
        warehouse.con.execute(f"DELETE FROM {table} WHERE month = ?", [gap])
        copy = f"INSERT INTO {table} SELECT * REPLACE (DATE '{gap}' AS month) FROM {table} WHERE month = ?"
        warehouse.con.execute(copy, [earlier])


def _compute(warehouse: Warehouse, month: date, life: Life) -> None:
    effective_answers.evaluate(warehouse, month, life)
    figure_counts.compute(warehouse, [month])
    progress.compute(warehouse, [month])


def _fingerprints(warehouse: Warehouse, life: Life, span: list[date]) -> dict[date, str]:
    reference = warehouse.reference
    shas = dict(warehouse.con.execute("SELECT seq, sha256 FROM submission").fetchall())
    fixed = json.dumps([reference.digests, program_version.digest(__name__)])
    found, before = {}, hashlib.sha256(fixed.encode()).hexdigest()
    for month in span:
        inputs = [before, _inputs(life, month, shas)]
        before = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
        found[month] = before
    return found


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
