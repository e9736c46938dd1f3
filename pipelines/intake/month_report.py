"""The state of a month: who has reported, what of it counts, what waits, what was refused."""

from collections import Counter
from datetime import date
from typing import TypedDict

from pipelines import months
from pipelines.archive.month_state import Life, MonthState
from pipelines.archive.store import Event
from pipelines.intake import open_matters
from pipelines.reference.reference_bundle import Reference
from pipelines.reference.roster.county_attributes import County
from pipelines.system.locks import Holder
from pipelines.warehouse.projection import Warehouse


class _Counts(TypedDict):
    """What was read of a county's submissions, and the file that came last."""

    read: int
    accepted: int
    held: int
    errors: int
    warnings: int
    file: str | None
    at: str | None


class CountyLine(_Counts):
    """One county of a month. `seq` is the last submission that counts, `seqs` all of them, oldest first; numbers are of units.

    `state`: effective | missing. `held` are units whose rows are all held, and rows whose unit is not known.
    """

    code: str
    name: str
    state: str
    seq: int | None
    seqs: list[int]
    units: int


class RefusedFile(TypedDict):
    """A file that could not be used. `why` is the first reason, in Chinese."""

    seq: int
    file: str
    county: str | None
    at: str
    why: str | None


class _Reporting(TypedDict):
    """`state`: open | approved | reopened; `waiting` are ledger numbers of submissions that wait, `waits_of` their counties.

    `last` are the submissions that no later one has replaced; `excused` are the counties that need not report.
    """

    state: str
    counties: list[CountyLine]
    waiting: list[int]
    waits_of: list[str]
    refused: list[RefusedFile]
    last: list[int]
    excused: list[str]


class MonthReport(_Reporting):
    """One month (YYYY-MM): who has reported, what of it counts, what waits, what was refused."""

    month: str


class MonthKept(MonthReport):
    """A month as last kept; `as_of` is the last ledger number that it includes."""

    as_of: int


class Arrived(TypedDict):
    """A submission in the archive that is not read yet."""

    seq: int
    file: str
    by: str
    at: str


class MonthStatus(_Reporting):
    """A month (None: none reported), and what came in since `as_of`: `inbox`, `unread`; `running`: the task that writes."""

    month: str | None
    as_of: int
    inbox: list[str]
    unread: list[Arrived]
    running: Holder | None


class Gaps(TypedDict, total=False):
    """What a month lacks that is to be approved: codes of counties, ledger numbers of files, names of files. No key is empty."""

    missing: list[str]
    refused: list[int]
    inbox: list[str]
    unread: list[int]


def excused(life: Life, month: date) -> set[str]:
    """Counties that need not report the month."""
    return {county for county, event in extensions(life, month).items() if event.body.get("excuse")}


def extensions(life: Life, month: date) -> dict[str, Event]:
    """County code → the decision that gives it longer for the month, or excuses it."""
    return {county: event for (of_month, county), event in life.extensions.items() if of_month == month}


def month_state(opened: Warehouse, life: Life, month: date, refused: list[RefusedFile] | None = None) -> MonthReport:
    """Who has reported, what of it counts, what waits, what was refused. `refused` where the caller has looked already."""
    state = life.months.get(month) or MonthState(month)
    unusable = refused_files(opened).get(month, []) if refused is None else refused
    counted = life.counted(month)
    lines = _lines(opened, month, counted, sorted(life.waived(month)))
    return {
        "month": months.key(month),
        "state": state.state,
        "counties": _counties(opened.reference, month, counted, lines),
        "waiting": [reading.seq for reading in state.pending],
        "waits_of": [reading.county or "" for reading in state.pending],
        "refused": [file for file in unusable if _is_unanswered(file, counted, life)],
        "last": _last(life, state, unusable),
        "excused": sorted(excused(life, month)),
    }


def _is_unanswered(file: RefusedFile, counted: dict[str, list[int]], life: Life) -> bool:
    """Whether a refused file was neither withdrawn nor followed by a usable one of its county."""
    return life.status[file["seq"]] == "refused" and max(counted.get(file["county"] or "", [0])) < file["seq"]


def _last(life: Life, state: MonthState, refused: list[RefusedFile]) -> list[int]:
    """Submissions that are the last of their county, in force or waiting, with those that only repeat them, and refused ones."""
    waiting = {reading.county: reading.seq for reading in state.pending}
    last = {*waiting.values(), *(seqs[-1] for seqs in state.effective.values())}
    repeated = {seq for seq, first in life.repeats.items() if first in last}
    return sorted(last | repeated | {file["seq"] for file in refused})


def nothing(reference: Reference, month: date) -> MonthReport:
    """The state of a month without submissions."""
    return {**NO_MONTH, "month": months.key(month), "counties": _counties(reference, month, {}, {})}


NO_MONTH: _Reporting = {
    "state": "open", "counties": [], "waiting": [], "waits_of": [], "refused": [], "last": [], "excused": [],
}  # fmt: skip


def _counties(
    reference: Reference, month: date, counted: dict[str, list[int]], lines: dict[str, _Counts]
) -> list[CountyLine]:
    units = Counter(unit.county_code for unit in reference.rosters.units(month))
    counties = reference.rosters.counties(month)
    return [_county(county, units[county.code], counted.get(county.code, []), lines) for county in counties]


_NOTHING: _Counts = {"read": 0, "accepted": 0, "held": 0, "errors": 0, "warnings": 0, "file": None, "at": None}


def _county(county: County, units: int, seqs: list[int], lines: dict[str, _Counts]) -> CountyLine:
    return {
        "code": county.code,
        "name": county.name,
        "state": "effective" if seqs else "missing",
        "seq": seqs[-1] if seqs else None,
        "seqs": seqs,
        "units": units,
        **(lines[county.code] if seqs else _NOTHING),
    }


def _lines(opened: Warehouse, month: date, counted: dict[str, list[int]], waived: list[str]) -> dict[str, _Counts]:
    """County → counts of rows, errors and warnings of its submissions; findings that the city accepted are not counted."""
    counts = opened.con.execute(
        f"""
        WITH sent AS (SELECT unnest($seqs::BIGINT[]) AS seq, unnest($counties::VARCHAR[]) AS county, $month::DATE AS month),
        wrong AS (
            SELECT county, count(*) FILTER (severity = 'error') AS errors, count(*) FILTER (severity = 'warning') AS warnings
            FROM ({open_matters.OPEN_FINDINGS}) WHERE NOT list_contains($waived::VARCHAR[], id) GROUP BY county),
        own AS (
            SELECT unit[:6] AS county, count(*) FILTER (row_state = 'accepted') AS accepted, count(*) FILTER (row_state = 'held') AS held
            FROM standing WHERE month = $month GROUP BY ALL),
        nameless AS (
            SELECT county, count(*) AS rows FROM answer JOIN sent USING (seq) WHERE unit IS NULL GROUP BY county),
        latest AS (SELECT county, max(seq) AS seq FROM sent GROUP BY county)
        SELECT county, coalesce(accepted, 0) + coalesce(held, 0) + coalesce(rows, 0) AS read, coalesce(accepted, 0) AS accepted,
               coalesce(held, 0) + coalesce(rows, 0) AS held, coalesce(errors, 0) AS errors, coalesce(warnings, 0) AS warnings,
               file, received_at AS at
        FROM latest JOIN (SELECT seq, file, received_at FROM submission) USING (seq)
        LEFT JOIN own USING (county) LEFT JOIN nameless USING (county) LEFT JOIN wrong USING (county)
        """,
        {
            "month": month,
            "seqs": [seq for seqs in counted.values() for seq in seqs],
            "counties": [county for county, seqs in counted.items() for _ in seqs],
            "waived": waived,
        },
    )
    return {
        county: {
            "read": read, "accepted": accepted, "held": held, "errors": errors, "warnings": warnings, "file": file, "at": at,
        }
        for county, read, accepted, held, errors, warnings, file, at in counts.fetchall()
    }  # fmt: skip


def refused_files(opened: Warehouse) -> dict[date, list[RefusedFile]]:
    """Month → files that could not be used, with the first reason. A file of unknown month is listed with the month before its receipt."""
    rows = opened.con.execute(
        """
        SELECT month, seq, file, county, received_at, (
            SELECT arg_min(message, number) FROM finding WHERE finding.seq = submission.seq AND severity = 'error')
        FROM submission WHERE refused OR county IS NULL OR month IS NULL ORDER BY seq
        """
    ).fetchall()
    by_month: dict[date, list[RefusedFile]] = {}
    for month, seq, file, county, at, why in rows:
        refused: RefusedFile = {"seq": seq, "file": file, "county": county, "at": at, "why": why}
        by_month.setdefault(month or months.add(date.fromisoformat(f"{at[:7]}-01"), -1), []).append(refused)
    return by_month
