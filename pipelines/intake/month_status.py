"""What was in force at the end of the last settling, in files: for whoever asks while another task writes.

    keep(opened)              after every settling: what changed is written
    read(data, month)         the state of a month as last kept; None where nothing is known of it
    since(data, seq)          the states of the months that submissions later than `seq` belong to
    rows_in_force(data, month)  which units have an accepted row, and the hash of its answers: for previews
    unreplaced(data)          whether a submission is known to be the last of its county and month: for the receiver
    matters(data)             everything that waits for somebody

`data/live.json` names a file for each month, `data/live/<month>-<mark>.json`; the mark is of all that the month's state follows from, so a
file never changes and an unchanged month is not written again. `live.json` is written last, in one step: who reads it finds months of one
moment. All of it is a projection: without it, or with a part of it damaged, the next settling writes it anew.
"""

import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TypedDict

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import months
from pipelines.archive.month_state import Life, MonthState
from pipelines.figures import effective_answers
from pipelines.intake import open_matters
from pipelines.intake.open_matters import Matter
from pipelines.reference.reference_bundle import Reference
from pipelines.system import program_version
from pipelines.system.durable_files import write_durably
from pipelines.warehouse.projection import Warehouse

# How often a reader looks again when a month was replaced under its hands.
_TRIES = 3


class CountyLine(TypedDict):
    """One county of a month. `seq` is the last submission that counts, `seqs` all of them, oldest first; numbers are of units.

    `state`: effective | missing. `held` are units whose rows are all held, and rows whose unit is not known.
    """

    code: str
    name: str
    state: str
    seq: int | None
    seqs: list[int]
    units: int
    read: int
    accepted: int
    held: int
    errors: int
    warnings: int
    file: str | None
    at: str | None


class RefusedFile(TypedDict):
    """A file that could not be used. `why` is the first reason, in Chinese."""

    seq: int
    file: str
    county: str | None
    at: str
    why: str | None


class MonthReport(TypedDict):
    """A month as it is told: open | approved | reopened; `waiting` are ledger numbers of submissions that wait.

    `last` are the submissions of which nothing has taken the place.
    """

    month: str
    state: str
    counties: list[CountyLine]
    waiting: list[int]
    refused: list[RefusedFile]
    last: list[int]


# ---- reading: takes no lock


def read(data: Path, month: date | None = None) -> dict | None:
    """The state of a month (default: the latest reported) with `as_of`, the last ledger number that it takes account of."""
    for _ in range(_TRIES):
        head = _head(data)
        key = months.key(month) if month else head["latest"]
        if key not in head["months"]:
            return None
        if (found := _month(data, key, head)) is not None:
            return found
    return None


def known_months(data: Path) -> list[str]:
    """Months of which anything was kept, in order."""
    return sorted(_head(data)["months"])


def as_of(data: Path) -> int:
    """The last ledger number that was taken account of; 0 where nothing was kept."""
    return _head(data)["as_of"]


def since(data: Path, seq: int) -> list[dict]:
    """States of the months to which a submission later than `seq` belongs, in order."""
    head = _head(data)
    keys = [key for key, named in sorted(head["months"].items()) if named["last"] > seq]
    return [found for key in keys if (found := _month(data, key, head)) is not None]


def rows_in_force(data: Path, month: date) -> pa.Table | None:
    """county, unit, answers (hash) of every unit with an accepted row in the month, as last kept; None where nothing is known."""
    named = _head(data)["months"].get(months.key(month))
    if named:
        with suppress(OSError, pa.ArrowInvalid):
            return pq.read_table(io.BytesIO(_rows_place(data, months.key(month), named["mark"]).read_bytes()))
    return None


def unreplaced(data: Path) -> Callable[[int], int | None]:
    """See `pipelines.archive.receive`."""

    def until(seq: int) -> int | None:
        head = _head(data)
        if seq > head["as_of"]:
            return seq
        kept = (_month(data, key, head) or {} for key in sorted(head["months"], reverse=True))
        # what an earlier version kept does not say it: the bytes are then archived anew, which changes nothing
        return head["as_of"] if any(seq in month.get("last", ()) for month in kept) else None

    return until


def matters(data: Path) -> list[Matter]:
    """Everything that waits for somebody, as last kept."""
    with suppress(OSError, ValueError):
        return json.loads((data / "matters.json").read_text(encoding="utf-8"))
    return []


def _head(data: Path) -> dict:
    """What `live.json` says; nothing where it is missing, damaged or not ours."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        head = json.loads((data / "live.json").read_text(encoding="utf-8"))
        return {name: head[name] for name in ("as_of", "origin", "latest", "months")}
    return {"as_of": 0, "origin": None, "latest": None, "months": {}}


def _month(data: Path, key: str, head: dict) -> dict | None:
    place = _place(data, key, head["months"][key]["mark"])
    try:
        return {**json.loads(place.read_text(encoding="utf-8")), "as_of": head["as_of"]}
    except OSError:
        return None
    except ValueError:
        with suppress(OSError):
            place.unlink()  # damaged: the next settling finds it missing
        return None


def _place(data: Path, key: str, mark: str) -> Path:
    return data / "live" / f"{key}-{mark}.json"


def _rows_place(data: Path, key: str, mark: str) -> Path:
    return data / "live" / f"{key}-{mark}.parquet"


# ---- keeping: under the writer's lock


def keep(opened: Warehouse) -> None:
    """Write what changed. A disk that takes nothing hinders nobody: the files then say of how long ago they are."""
    with suppress(OSError):
        _keep(opened, opened.archive.root.parent)


def _keep(opened: Warehouse, data: Path) -> None:
    before, applied = _head(data), opened.applied()
    computed = dict(
        opened.con.execute(
            "SELECT month, fingerprint FROM fingerprint WHERE what = 'answers' ORDER BY month"
        ).fetchall()
    )
    origin = _digest([applied, *computed.values()])
    if before["origin"] == origin and all(_whole(data, key, known) for key, known in before["months"].items()):
        return
    life, refused = opened.life(), _refused(opened)
    named: dict[str, dict] = {}
    for month in sorted({*life.months, *refused}):
        key, state = months.key(month), life.months.get(month) or MonthState(month)
        told = refused.get(month, [])
        mark = _mark(computed.get(month), state, told)
        known = before["months"].get(key)
        if known is None or known["mark"] != mark or not _whole(data, key, known):
            _keep_rows(opened, data, month, mark)
            known = _write(data, key, mark, month_state(opened, life, month, told))
        named[key] = known
    latest = months.key(life.reported[-1]) if life.reported else None
    write_durably(data / "matters.json", _json(open_matters.collect(opened, life)))
    write_durably(data / "live.json", _json({"as_of": applied, "origin": origin, "latest": latest, "months": named}))
    _sweep(data, named)


def _whole(data: Path, key: str, named: dict) -> bool:
    try:
        return _place(data, key, named["mark"]).stat().st_size == named["size"]
    except OSError:
        return False


def _write(data: Path, key: str, mark: str, state: dict) -> dict:
    text = _json(state)
    write_durably(_place(data, key, mark), text)
    return {"mark": mark, "size": len(text), "last": max(state["last"], default=0)}


def _keep_rows(opened: Warehouse, data: Path, month: date, mark: str) -> None:
    answers = effective_answers.answers_hash(opened.reference.form.community)
    rows = opened.con.sql(
        f"SELECT unit[:6] AS county, unit, {answers} AS answers FROM standing WHERE month = ? AND row_state = 'accepted'",
        params=[month],
    ).to_arrow_table()
    sink = io.BytesIO()
    pq.write_table(rows, sink)
    write_durably(_rows_place(data, months.key(month), mark), sink.getvalue())


def _sweep(data: Path, named: dict[str, dict]) -> None:
    wanted = {place(data, key, entry["mark"]) for key, entry in named.items() for place in (_place, _rows_place)}
    for place in (data / "live").glob("????-??-*"):
        if place not in wanted:
            place.unlink(missing_ok=True)


def _json(found: object) -> bytes:
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()


def _mark(computed: str | None, state: MonthState, refused: list[dict]) -> str:
    """Of all that the state of a month follows from. `computed` stands for submissions in force, decisions, roster and program."""
    waiting = [reading.seq for reading in state.pending]
    return _digest([computed, state.state, sorted(state.effective.items()), waiting, refused])


def _digest(told: list) -> str:
    return hashlib.sha256(json.dumps([program_version.digest(__name__), told]).encode()).hexdigest()[:16]


# ---- the state of a month


def month_state(opened: Warehouse, life: Life, month: date, refused: list[RefusedFile] | None = None) -> MonthReport:
    """Who has reported, what of it counts, what waits, what was refused. `refused` where the caller has looked already."""
    state = life.months.get(month) or MonthState(month)
    told = _refused(opened).get(month, []) if refused is None else refused
    counted = life.counted(month)
    lines = _lines(opened, month, counted, sorted(life.waived(month)))
    return {
        "month": months.key(month),
        "state": state.state,
        "counties": _counties(opened.reference, month, counted, lines),
        "waiting": [reading.seq for reading in state.pending],
        # what a county has sent again in order since is no news, nor what was taken back
        "refused": [one for one in told if _is_news(one, counted, life)],
        "last": _last(life, state, told),
    }


def _is_news(one: RefusedFile, counted: dict[str, list[int]], life: Life) -> bool:
    return life.status[one["seq"]] == "refused" and max(counted.get(one["county"] or "", [0])) < one["seq"]


def _last(life: Life, state: MonthState, refused: list[RefusedFile]) -> list[int]:
    """Submissions that are the last of their county, in force or waiting, with those that only repeat them, and refused ones."""
    waiting = {reading.county: reading.seq for reading in state.pending}
    last = {*waiting.values(), *(seqs[-1] for seqs in state.effective.values())}
    repeated = {seq for seq, first in life.repeats.items() if first in last}
    return sorted(last | repeated | {one["seq"] for one in refused})


def nothing(reference: Reference, month: date) -> MonthReport:
    """The state of a month of which nothing has come in."""
    counties = _counties(reference, month, {}, {})
    return {
        "month": months.key(month), "state": "open", "counties": counties, "waiting": [], "refused": [], "last": [],
    }  # fmt: skip


def _counties(
    reference: Reference, month: date, counted: dict[str, list[int]], lines: dict[str, dict]
) -> list[CountyLine]:
    units = Counter(unit.county_code for unit in reference.rosters.units(month))
    counties = reference.rosters.counties(month)
    return [_county(county, units[county.code], counted.get(county.code, []), lines) for county in counties]


_NOTHING = {"read": 0, "accepted": 0, "held": 0, "errors": 0, "warnings": 0, "file": None, "at": None}


def _county(county, units: int, seqs: list[int], lines: dict[str, dict]) -> CountyLine:
    return {
        "code": county.code,
        "name": county.name,
        "state": "effective" if seqs else "missing",
        "seq": seqs[-1] if seqs else None,
        "seqs": seqs,
        "units": units,
        **(lines[county.code] if seqs else _NOTHING),
    }


def _lines(opened: Warehouse, month: date, counted: dict[str, list[int]], waived: list[str]) -> dict[str, dict]:
    """What counts of each county's submissions, and what is wrong: a finding that the city accepted is neither error nor question."""
    found = opened.con.execute(
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
    names = [column[0] for column in found.description]
    lines = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {line.pop("county"): line for line in lines}


def _refused(opened: Warehouse) -> dict[date, list[RefusedFile]]:
    """Month → files that could not be used, with the first reason. One whose month is not known stands with the month that had ended."""
    rows = opened.con.execute(
        """
        SELECT month, seq, file, county, received_at, (
            SELECT arg_min(message, number) FROM finding WHERE finding.seq = submission.seq AND severity = 'error')
        FROM submission WHERE refused OR county IS NULL OR month IS NULL ORDER BY seq
        """
    ).fetchall()
    found: dict[date, list[RefusedFile]] = {}
    for month, seq, file, county, at, why in rows:
        told = {"seq": seq, "file": file, "county": county, "at": at, "why": why}
        found.setdefault(month or months.add(date.fromisoformat(f"{at[:7]}-01"), -1), []).append(told)
    return found
