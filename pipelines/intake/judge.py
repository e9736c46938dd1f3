"""Read and judge a file without storing anything: for `check` and previews."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from pipelines import months
from pipelines.answers.read_failure import Costly
from pipelines.archive.store import Archive, Event
from pipelines.errors import Refusal
from pipelines.figures import effective_answers
from pipelines.intake import outcome
from pipelines.intake.outcome import Report
from pipelines.reference.reference_bundle import Reference
from pipelines.reference.rules import previous_fields
from pipelines.settings import Settings
from pipelines.warehouse import projection
from pipelines.warehouse.arrow_rows import load
from pipelines.warehouse.projection import Warehouse
from pipelines.worker import worker_pool

if TYPE_CHECKING:
    from pipelines.edition.open_edition import Release

InForce = Callable[[date], pa.Table | None]


def check_bytes(
    data: bytes,
    name: str,
    reference: Reference,
    release: "Release | None",
    today: date,
    in_force: InForce | None = None,
    decided: dict[str, dict[str, str]] | None = None,
) -> Report:
    """One file's report. Never raises for what the file holds: a bad file is a refused report.

    `in_force`: month → county, unit and hash of the answers of every accepted row (`month_status.rows_in_force`). `decided`: what the
    city settled for each county about reading its files (`Life.reading_decisions`).
    """
    body = {"sha256": hashlib.sha256(data).hexdigest(), "file": name, "form": reference.form.version}
    event = Event(1, today.isoformat(), "submission", "", body, "")
    [(_, reading)] = worker_pool.read_each([(event, lambda: data)], reference, decided)
    checker = projection.in_memory(reference, Archive(Path("/nonexistent")))
    effective_answers.create(checker)
    checker.load_many([(event, checker.refused(event, reading) if isinstance(reading, Costly) else reading)])
    [(month, refused)] = checker.con.execute("SELECT month, refused FROM submission").fetchall()
    if not refused and month:
        _judge_alone(checker, month, release)
        _count_rows(checker, in_force(month) if in_force else None)
    report = outcome.report(checker, 1, name)
    report.other_month = outcome.other_month(report, today)
    return report


@dataclass(frozen=True)
class Preview:
    """The report and receipt that a file would get if it were submitted."""

    report: Report
    receipt_name: str
    receipt_bytes: bytes


def preview(data: bytes, report: Report, reference: Reference) -> Preview:
    """A report with the receipt that belongs to it."""
    from pipelines.intake import receipts

    receipt, receipt_name = receipts.preview(report, data, reference)
    return Preview(report, receipt_name, receipt)


def _judge_alone(checker: Warehouse, month: date, release: "Release | None") -> None:
    effective_answers.load_rosters(checker, month, _uids(checker.reference, month, release))
    effective_answers.select_rows(checker, [1])
    _remember_previous(checker, month, release)
    life = checker.life()
    effective_answers.judge(checker, month, life)


def _uids(reference: Reference, month: date, release: "Release | None") -> dict[str, str] | None:
    """Code → identity of the month's units: the code without a release; None where rosters must be compared."""
    if release is None:
        return {code: code for code in reference.rosters.codes(month)}
    known = map(months.parse, reversed(release.manifest["months"]))
    alike = next((other for other in known if reference.rosters.same_units(month, other)), None)
    if alike is None or release.manifest["reference"].get("rosters") != reference.digests["rosters"]:
        return None
    sql = f"SELECT unit, uid FROM {release.of_month('standing', alike)} WHERE month = ?"
    with release.con.cursor() as cursor:
        return dict(cursor.execute(sql, [alike]).fetchall())


def _count_rows(checker: Warehouse, in_force: pa.Table | None) -> None:
    """`row_count` of the file, its accepted rows compared with what is in force in the month."""
    # not `pa.array([], …)`, which imports pandas
    columns = {"county": pa.string(), "unit": pa.string(), "answers": pa.uint64()}
    nothing = pa.table({name: pa.nulls(0, kind) for name, kind in columns.items()})
    checker.con.register("in_force", in_force if in_force is not None else nothing)
    checker.con.execute(
        """
        INSERT INTO row_count BY NAME
        WITH own AS (
            SELECT accepted.unit, accepted.answers, before.answers AS earlier
            FROM accepted LEFT JOIN in_force AS before USING (unit)),
        read AS (SELECT count(*) AS read FROM answer)
        SELECT 1 AS seq, (SELECT month FROM submission) AS month, read, count(unit) AS accepted, read - count(unit) AS held,
               count(unit) FILTER (earlier IS NULL) AS new, count(*) FILTER (earlier <> answers) AS changed,
               count(*) FILTER (earlier = answers) AS unchanged,
               (SELECT count(*) FROM in_force WHERE county = (SELECT county FROM submission)
                AND unit NOT IN (SELECT unit FROM accepted)) AS kept, FALSE AS superseded
        FROM read LEFT JOIN own ON TRUE GROUP BY read
        """
    )
    checker.con.unregister("in_force")


def _remember_previous(checker: Warehouse, month: date, release: "Release | None") -> None:
    """The last accepted answers before the month, from the release: what `prev.*` in a rule means."""
    fields = previous_fields(checker.reference.rules)
    if release is None or not fields:
        return
    yearly, this_year = checker.reference.form.community.yearly, f"year(month) = {month.year}"
    columns = ", ".join(
        f'arg_max("{f}", month) FILTER ("{f}" IS NOT NULL AND {this_year if f in yearly else "TRUE"}) AS "{f}"'
        for f in fields
    )
    with release.con.cursor() as cursor:
        last = cursor.sql(
            f"SELECT ?::DATE AS month, uid, {columns} FROM standing WHERE row_state = 'accepted' AND month < ? GROUP BY uid",
            params=[months.add(month, -1), month],
        ).to_arrow_table()
    load(checker.con, last, "INSERT INTO last_answer BY NAME SELECT * FROM incoming")


def release_if_any(settings: Settings) -> "Release | None":
    """The current release; None where there is none or it does not open."""
    if not settings.releases.is_dir():
        return None
    from pipelines.edition.open_edition import open_release  # much, and a copy without releases needs none

    try:
        return open_release(settings=settings)
    except Refusal:
        return None
