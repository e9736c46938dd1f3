"""What was in force at the end of the last settling, in files: for whoever asks while another task writes.

    keep(opened)              after every settling: what changed is written
    read(data, month)         the state of a month as last kept; None where nothing is known of it
    since(data, seq)          the states of the months that submissions later than `seq` belong to

`data/live.json` names a file for each month, `data/live/<month>-<mark>.json`; the mark is of all that the month's state follows from, so a
file never changes and an unchanged month is not written again. `live.json` is written last, in one step: who reads it finds months of one
moment. All of it is a projection: without it, or with a part of it damaged, the next settling writes it anew.
"""

import hashlib
import json
from collections import Counter
from contextlib import suppress
from datetime import date
from pathlib import Path

from pipelines import months
from pipelines.archive.month_state import Life, MonthState
from pipelines.reference.reference_bundle import Reference
from pipelines.system import program_version
from pipelines.system.durable_files import write_durably
from pipelines.warehouse.projection import Warehouse

# How often a reader looks again when a month was replaced under its hands.
_TRIES = 3


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


def as_of(data: Path) -> int:
    """The last ledger number that was taken account of; 0 where nothing was kept."""
    return _head(data)["as_of"]


def since(data: Path, seq: int) -> list[dict]:
    """States of the months to which a submission later than `seq` belongs, in order."""
    head = _head(data)
    keys = [key for key, named in sorted(head["months"].items()) if named["last"] > seq]
    return [found for key in keys if (found := _month(data, key, head)) is not None]


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


# ---- keeping: under the writer's lock


def keep(opened: Warehouse) -> None:
    """Write what changed. A disk that takes nothing hinders nobody: the files then say of how long ago they are."""
    with suppress(OSError):
        _keep(opened, opened.archive.root.parent)


def _keep(opened: Warehouse, data: Path) -> None:
    before, applied = _head(data), opened.applied()
    computed = dict(
        opened.con.execute("SELECT month, fingerprint FROM fingerprint WHERE what = 'then' ORDER BY month").fetchall()
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
            known = _write(data, key, mark, month_state(opened, life, month, told))
        named[key] = known
    latest = months.key(life.reported[-1]) if life.reported else None
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
    seqs = [county["seq"] or 0 for county in state["counties"]]
    seqs += [*state["waiting"], *(refused["seq"] for refused in state["refused"])]
    return {"mark": mark, "size": len(text), "last": max(seqs, default=0)}


def _sweep(data: Path, named: dict[str, dict]) -> None:
    wanted = {_place(data, key, entry["mark"]) for key, entry in named.items()}
    for place in (data / "live").glob("*.json"):
        if place not in wanted:
            place.unlink(missing_ok=True)


def _json(found: dict) -> bytes:
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()


def _mark(computed: str | None, state: MonthState, refused: list[dict]) -> str:
    """Of all that the state of a month follows from. `computed` stands for submissions in force, decisions, roster and program."""
    waiting = [reading.seq for reading in state.waiting]
    return _digest([computed, state.state, sorted(state.effective.items()), waiting, refused])


def _digest(told: list) -> str:
    return hashlib.sha256(json.dumps([program_version.digest(__name__), told]).encode()).hexdigest()[:16]


# ---- the state of a month


def month_state(opened: Warehouse, life: Life, month: date, refused: list[dict] | None = None) -> dict:
    """Who has reported, what of it counts, what waits, what was refused. `refused` where the caller has looked already."""
    state = life.months.get(month) or MonthState(month)
    told = _refused(opened).get(month, []) if refused is None else refused
    lines = _lines(opened, list(state.effective.values()), sorted(life.waived(month)))
    return {
        "month": months.key(month),
        "state": state.state,
        "counties": _counties(opened.reference, month, state.effective, lines),
        "waiting": [reading.seq for reading in state.waiting],
        # what a county has sent again in order since is no news
        "refused": [one for one in told if state.effective.get(one["county"], 0) < one["seq"]],
    }


def nothing(reference: Reference, month: date) -> dict:
    """The state of a month of which nothing has come in."""
    counties = _counties(reference, month, {}, {})
    return {"month": months.key(month), "state": "open", "counties": counties, "waiting": [], "refused": []}


def _counties(reference: Reference, month: date, effective: dict[str, int], lines: dict[int, dict]) -> list[dict]:
    units = Counter(unit.county_code for unit in reference.rosters.units(month))
    counties = reference.rosters.counties(month)
    return [_county(county, units[county.code], effective.get(county.code), lines) for county in counties]


def _county(county, units: int, seq: int | None, lines: dict[int, dict]) -> dict:
    nothing = {"read": 0, "accepted": 0, "held": 0, "errors": 0, "warnings": 0, "file": None, "at": None}
    told = {"code": county.code, "name": county.name, "state": "effective" if seq else "missing", "seq": seq}
    return {**told, "units": units, **(lines[seq] if seq else nothing)}


def _lines(opened: Warehouse, seqs: list[int], waived: list[str]) -> dict[int, dict]:
    """What was read of each submission, and what is wrong with it: a finding that the city accepted is neither error nor question."""
    # joined, not looked up in a list: a country has 2,900 submissions a month, and months of them lie in the tables
    found = opened.con.execute(
        """
        WITH wanted AS (SELECT unnest($seqs::BIGINT[]) AS seq),
        wrong AS (
            SELECT finding.* FROM finding SEMI JOIN wanted USING (seq) WHERE NOT list_contains($waived::VARCHAR[], id)
        ),
        bad AS (SELECT DISTINCT seq, row_no FROM wrong WHERE phase = 'rule' AND severity = 'error'),
        rows AS (
            SELECT a.seq, count(*) AS rows, count(*) FILTER (a.held OR bad.row_no IS NOT NULL) AS held
            FROM (SELECT seq, row_no, held FROM answer SEMI JOIN wanted USING (seq)) AS a LEFT JOIN bad USING (seq, row_no)
            GROUP BY a.seq
        ),
        counted AS (
            SELECT seq, count(*) FILTER (severity = 'error') AS errors, count(*) FILTER (severity = 'warning') AS warnings
            FROM wrong GROUP BY seq
        )
        SELECT seq, coalesce(rows, 0) AS read, coalesce(rows - held, 0) AS accepted, coalesce(held, 0) AS held,
               coalesce(errors, 0) AS errors, coalesce(warnings, 0) AS warnings, file, received_at AS at
        FROM submission SEMI JOIN wanted USING (seq) LEFT JOIN rows USING (seq) LEFT JOIN counted USING (seq)
        """,
        {"seqs": seqs, "waived": waived},
    )
    names = [column[0] for column in found.description]
    lines = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {line.pop("seq"): line for line in lines}


def _refused(opened: Warehouse) -> dict[date, list[dict]]:
    """Month → files that could not be used, with the first reason. One whose month is not known stands with the month that had ended."""
    rows = opened.con.execute(
        """
        SELECT month, seq, file, county, received_at, (
            SELECT arg_min(message, number) FROM finding WHERE finding.seq = submission.seq AND severity = 'error')
        FROM submission WHERE refused ORDER BY seq
        """
    ).fetchall()
    found: dict[date, list[dict]] = {}
    for month, seq, file, county, at, why in rows:
        told = {"seq": seq, "file": file, "county": county, "at": at, "why": why}
        found.setdefault(month or months.add(date.fromisoformat(f"{at[:7]}-01"), -1), []).append(told)
    return found
