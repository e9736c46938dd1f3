"""Compute months in order, and only those whose fingerprint, a hash of all their inputs, has changed."""

import hashlib
import json
from collections.abc import Callable
from datetime import date

from pipelines import months
from pipelines.archive.month_state import Life
from pipelines.figures import as_now, effective_answers, figure_counts, last_reported, progress
from pipelines.figures.last_reported import Judged
from pipelines.system import program_version
from pipelines.warehouse.projection import Warehouse

Progress = Callable[[int, int, str], None]


def bring_up_to_date(warehouse: Warehouse, until: date, report: Progress | None = None) -> list[date]:
    """Compute every month with an answer in force, up to `until`, that is not current. Returns the months computed."""
    effective_answers.bring_up_to_date(warehouse)
    life = warehouse.life()
    for part in (figure_counts, progress):
        part.create(warehouse)
    span = effective_answers.answered_months(life, until)
    wanted = _fingerprints(warehouse, life, span)
    _forget(warehouse, effective_answers.answered_months(life))
    stale = _stale(warehouse, wanted)
    for done, month in enumerate(stale, 1):
        _compute(warehouse, month, span[: span.index(month)], wanted)
        if report:
            report(done, len(stale), months.label(month))
    return stale


def _compute(warehouse: Warehouse, month: date, earlier: list[date], wanted: dict[date, str]) -> None:
    """Compute the months before by a month's divisions, then its figures and verdicts. Killed, the month stays stale.

    In several transactions: the memory of a temporary table that is dropped is given back when its transaction ends.
    """
    if earlier:
        as_now.bring_up_to_date(warehouse, earlier, month, wanted)
    opened, basis = (earlier or [month])[0], as_now.key(warehouse, month)
    _note(warehouse, month, _UNFINISHED)
    effective_answers.load_rosters(warehouse, month)
    figure_counts.compute(warehouse, [month], basis)
    progress.compute(warehouse, [month], basis, "then", opened)
    last_reported.compute(warehouse, Judged(month, basis, "then", opened))
    _note(warehouse, month, wanted[month])


# the fingerprint of a month that is being computed: no month's inputs have it
_UNFINISHED = ""


def _forget(warehouse: Warehouse, answered: list[date]) -> None:
    """Figures of months without an answer in force, and the series that began or were met in them."""
    computed = fingerprints(warehouse, None)
    gone = [month for month in computed if month not in answered]
    if gone:
        with warehouse.transaction():
            for table in ("figure", "began", "met"):
                warehouse.con.execute(f"DELETE FROM {table} WHERE list_contains(?, month)", [gone])
            warehouse.con.execute(
                "DELETE FROM fingerprint WHERE what NOT IN ('answers', 'content') AND list_contains(?, month)", [gone]
            )


def _fingerprints(warehouse: Warehouse, life: Life, span: list[date]) -> dict[date, str]:
    rosters = warehouse.reference.rosters
    digests = warehouse.reference.digests | {"rosters": rosters.files_digest()}
    fixed = json.dumps([digests, program_version.digest(__name__)])
    marks, before = {}, hashlib.sha256(fixed.encode()).hexdigest()
    read_by = effective_answers.decisions_by_code(life, rosters)
    for month in span:
        inputs = [before, rosters.admitted_codes(month), effective_answers.inputs(life, month, read_by)]
        before = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
        marks[month] = before
    return marks


def _stale(warehouse: Warehouse, wanted: dict[date, str]) -> list[date]:
    rows = warehouse.con.execute("SELECT month, fingerprint FROM fingerprint WHERE what = 'then'").fetchall()
    known = dict(rows)
    return [month for month, fingerprint in wanted.items() if known.get(month) != fingerprint]


def _note(warehouse: Warehouse, month: date, fingerprint: str) -> None:
    with warehouse.transaction():
        warehouse.con.execute("DELETE FROM fingerprint WHERE month = ? AND what = 'then'", [month])
        warehouse.con.execute("INSERT INTO fingerprint VALUES (?, 'then', ?)", [month, fingerprint])


def fingerprints(warehouse: Warehouse, span: list[date] | None) -> dict[date, str]:
    """The fingerprints under which the months of a span (or all) were computed."""
    known = dict(warehouse.con.execute("SELECT month, fingerprint FROM fingerprint WHERE what = 'then'").fetchall())
    return known if span is None else {month: known.get(month, "") for month in span}
