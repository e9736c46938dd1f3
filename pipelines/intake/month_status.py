"""Cached month status, readable without the writer lock: files with what was in force at the end of the last settling.

`data/live.json` names a file for each month, `data/live/<month>-<mark>.json`; the mark is a hash of everything that the month's state
follows from, so a file never changes and an unchanged month is not written again. `live.json` is written last, in one step, so that the
months that it names belong together. All of it is a projection: a missing or damaged part is written again by the next settling.
"""

import hashlib
import io
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TypedDict

import pyarrow as pa

from pipelines import months
from pipelines.answers.findings import FindingRow
from pipelines.archive.month_state import Life, MonthState
from pipelines.figures import effective_answers
from pipelines.intake import month_report, open_matters
from pipelines.intake.month_report import MonthKept, MonthReport, RefusedFile
from pipelines.intake.open_matters import Matter
from pipelines.system import durable_files, program_version
from pipelines.system.durable_files import write_durably
from pipelines.warehouse.projection import Warehouse

# How often a reader tries again when a month's file was replaced between reading `live.json` and the file.
_TRIES = 3


class FindingKept(FindingRow):
    """A finding of a submission that counts, waits or was refused."""

    seq: int
    file: str
    county: str | None


class _Entry(TypedDict):
    """The file of a month: its mark and size, and the last submission that nothing has replaced."""

    mark: str
    size: int
    last: int


class _Head(TypedDict):
    """`live.json`: the last ledger number processed, a hash of its origin, the latest reported month, the entry of each month."""

    as_of: int
    origin: str | None
    latest: str | None
    months: dict[str, _Entry]


# ---- reading: takes no lock


def read(data: Path, month: date | None = None) -> MonthKept | None:
    """The state of a month (default: the latest reported); None where nothing was kept."""
    for _ in range(_TRIES):
        head = _head(data)
        key = months.key(month) if month else head["latest"]
        if key is None or key not in head["months"]:
            return None
        if (state := _month(data, key, head)) is not None:
            return state
    return None


def known_months(data: Path) -> list[str]:
    """Months of which anything was kept, in order."""
    return sorted(_head(data)["months"])


def as_of(data: Path) -> int:
    """The last ledger number that was processed; 0 where nothing was kept."""
    return _head(data)["as_of"]


def since(data: Path, seq: int) -> list[MonthKept]:
    """States of the months to which a submission later than `seq` belongs, in order."""
    head = _head(data)
    keys = [key for key, named in sorted(head["months"].items()) if named["last"] > seq]
    return [state for key in keys if (state := _month(data, key, head)) is not None]


def rows_in_force(data: Path, month: date) -> pa.Table | None:
    """county, unit, answers (hash) of every unit with an accepted row in the month, as last kept; None where nothing is known."""
    return _table(data, month, _rows_place)


def findings(data: Path, month: date) -> list[FindingKept]:
    """Findings of a month as last kept, errors first; the severity of one that the city accepted is note."""
    kept = _table(data, month, _findings_place)
    return kept.to_pylist() if kept is not None else []


def _table(data: Path, month: date, place: Callable[[Path, str, str], Path]) -> pa.Table | None:
    named = _head(data)["months"].get(months.key(month))
    if named:
        import pyarrow.parquet as pq

        # not `read_table`, which imports pandas
        with suppress(OSError, pa.ArrowInvalid):
            return pq.ParquetFile(io.BytesIO(place(data, months.key(month), named["mark"]).read_bytes())).read()
    return None


def unreplaced(data: Path) -> Callable[[int], int | None]:
    """For `pipelines.archive.receive`: submission → the ledger number up to which nothing has replaced it; None where it is replaced."""

    def until(seq: int) -> int | None:
        head = _head(data)
        if seq > head["as_of"]:
            return seq
        kept = (_month(data, key, head) for key in sorted(head["months"], reverse=True))
        # files of an earlier version lack `last`: the bytes are then archived again, which changes nothing
        return head["as_of"] if any(month and seq in month.get("last", ()) for month in kept) else None

    return until


def matters(data: Path) -> list[Matter]:
    """The open matters, as last kept."""
    with suppress(OSError, ValueError):
        return json.loads((data / "matters.json").read_text(encoding="utf-8"))
    return []


def _head(data: Path) -> _Head:
    """`live.json`; empty where it is missing, damaged or of another program."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        head = json.loads((data / "live.json").read_text(encoding="utf-8"))
        return {"as_of": head["as_of"], "origin": head["origin"], "latest": head["latest"], "months": head["months"]}
    return {"as_of": 0, "origin": None, "latest": None, "months": {}}


def _month(data: Path, key: str, head: _Head) -> MonthKept | None:
    place = _place(data, key, head["months"][key]["mark"])
    try:
        report: MonthReport = json.loads(place.read_text(encoding="utf-8"))
        return {**report, "as_of": head["as_of"]}
    except OSError:
        return None
    except ValueError:
        with suppress(OSError):
            place.unlink()  # damaged: the next settling writes it again
        return None


def _place(data: Path, key: str, mark: str) -> Path:
    return data / "live" / f"{key}-{mark}.json"


def _rows_place(data: Path, key: str, mark: str) -> Path:
    return data / "live" / f"{key}-{mark}.parquet"


def _findings_place(data: Path, key: str, mark: str) -> Path:
    return data / "live" / f"{key}-{mark}-findings.parquet"


# ---- keeping: under the writer's lock


def keep(opened: Warehouse) -> None:
    """Write what changed. On a disk that cannot be written the files of an earlier settling stay."""
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
    life, refused = opened.life(), month_report.refused_files(opened)
    named: dict[str, _Entry] = {}
    for month in sorted({*life.months, *refused}):
        key, state = months.key(month), life.months.get(month) or MonthState(month)
        unusable = refused.get(month, [])
        mark = _mark(computed.get(month), state, unusable)
        known = before["months"].get(key)
        if known is None or known["mark"] != mark or not _whole(data, key, known):
            report = month_report.month_state(opened, life, month, unusable)
            _keep_rows(opened, data, month, mark)
            _keep_findings(opened, life, data, month, mark, report)
            known = _write(data, key, mark, report)
        named[key] = known
    latest = months.key(life.reported[-1]) if life.reported else None
    write_durably(data / "matters.json", _json(open_matters.collect(opened, life)))
    write_durably(data / "live.json", _json({"as_of": applied, "origin": origin, "latest": latest, "months": named}))
    _sweep(data, named)


def _whole(data: Path, key: str, named: _Entry) -> bool:
    try:
        return _place(data, key, named["mark"]).stat().st_size == named["size"]
    except OSError:
        return False


def _write(data: Path, key: str, mark: str, state: MonthReport) -> _Entry:
    text = _json(state)
    write_durably(_place(data, key, mark), text)
    return {"mark": mark, "size": len(text), "last": max(state["last"], default=0)}


def _keep_rows(opened: Warehouse, data: Path, month: date, mark: str) -> None:
    answers = effective_answers.answers_hash(opened.reference.form.community)
    rows = opened.con.sql(
        f"SELECT unit[:6] AS county, unit, {answers} AS answers FROM standing WHERE month = ? AND row_state = 'accepted'",
        params=[month],
    ).to_arrow_table()
    _put_table(_rows_place(data, months.key(month), mark), rows)


def _keep_findings(opened: Warehouse, life: Life, data: Path, month: date, mark: str, report: MonthReport) -> None:
    sent = [(seq, county) for county, seqs in life.counted(month).items() for seq in seqs]
    sent += zip(report["waiting"], report["waits_of"], strict=True)
    sent += [(file["seq"], file["county"] or "") for file in report["refused"]]
    rows = open_matters.findings(opened, month, sent, sorted(life.waived(month)))
    _put_table(_findings_place(data, months.key(month), mark), rows)


def _put_table(place: Path, rows: pa.Table) -> None:
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(rows, sink)
    write_durably(place, sink.getvalue())


def _sweep(data: Path, named: dict[str, _Entry]) -> None:
    wanted = {place(data, key, entry["mark"]) for key, entry in named.items() for place in _PLACES}
    for place in (data / "live").glob("????-??-*"):
        if place not in wanted:
            place.unlink(missing_ok=True)
    durable_files.sweep(data / "live")


_PLACES = (_place, _rows_place, _findings_place)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _mark(computed: str | None, state: MonthState, refused: list[RefusedFile]) -> str:
    """Hash of what a month's state follows from. `computed` represents submissions in force, decisions, roster and program."""
    waiting = [reading.seq for reading in state.pending]
    return _digest([computed, state.state, sorted(state.effective.items()), waiting, refused])


def _digest(inputs: list[object]) -> str:
    return hashlib.sha256(json.dumps([program_version.digest(__name__), inputs]).encode()).hexdigest()[:16]
