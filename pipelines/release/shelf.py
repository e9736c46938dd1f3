"""The shelf on which releases stand: finding editions, the pointer to the current one, the small database inside each."""

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from pipelines import months
from pipelines.archive import write_durably
from pipelines.errors import Refusal
from pipelines.indicators.progress import STATUSES
from pipelines.policy.register import Register
from pipelines.release import ready
from pipelines.warehouse import Warehouse


def editions(shelf: Path, month: date | None = None) -> Iterator[Path]:
    """Folders of complete editions (those with a manifest), by month and number."""
    pattern = months.key(month) if month else "[0-9][0-9][0-9][0-9]-[0-9][0-9]"
    found = [path.parent for path in shelf.glob(f"{pattern}/*/manifest.json") if path.parent.name.isdigit()]
    yield from sorted(found, key=lambda folder: (folder.parent.name, int(folder.name)))


def latest_edition(shelf: Path, month: date) -> Path | None:
    return max(editions(shelf, month), key=lambda folder: int(folder.name), default=None)


def read_manifest(folder: Path) -> dict:
    """The manifest of an edition. Errors: `Refusal` when the folder is no complete edition."""
    try:
        return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Refusal(f"发布版 {folder.parent.name}/{folder.name} 不完整(缺少或损坏 manifest.json),不予打开") from error


def current(shelf: Path) -> Path | None:
    """The folder that `current` names, if it is there."""
    try:
        named = (shelf / "current").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    folder = shelf / named
    return folder if (folder / "manifest.json").exists() else None


def make_current(shelf: Path, folder: Path) -> None:
    """Point `current` at an edition, unless it names one of a later month. One atomic step."""
    now = current(shelf)
    if now is None or (now.parent.name, int(now.name)) <= (folder.parent.name, int(folder.name)):
        write_durably(shelf / "current", f"{folder.parent.name}/{folder.name}\n".encode(), mode=0o644)


def repair_current(shelf: Path) -> None:
    """Point `current` at the newest complete edition when it names none."""
    if current(shelf) is None:
        newest = max(editions(shelf), key=lambda f: (f.parent.name, int(f.name)), default=None)
        if newest is not None:
            make_current(shelf, newest)


# ---- the small database

def build_database(warehouse: Warehouse, folder: Path, manifest: dict) -> None:
    """`release.duckdb`: the ready-made tables that pages read, copied from the month tables of this edition."""
    con = warehouse.con
    target = str(folder / "release.duckdb").replace("'", "''")
    con.execute(f"ATTACH '{target}' AS release")
    try:
        for name, table in _declared(warehouse, months.parse(manifest["month"])).items():
            con.register("incoming", table)
            con.execute(f"CREATE TABLE release.{name} AS SELECT * FROM incoming")
            con.unregister("incoming")
        for name, query in ready.tables(folder, manifest["month"]).items():
            con.execute(f"CREATE TABLE release.{name} AS {query}")
        con.execute("CHECKPOINT release")
    finally:
        con.execute("DETACH release")


def _declared(warehouse: Warehouse, month: date) -> dict[str, pa.Table]:
    reference = warehouse.reference
    registers = [r for r in reference.registers if month >= r.since]
    return {
        "policy": pa.Table.from_pylist([_policy(register) for register in registers]),
        "indicator": pa.Table.from_pylist([row for register in registers for row in _indicators(register)], schema=_INDICATOR),
        "field": pa.Table.from_pylist(_fields(reference.form), schema=_FIELD),
        "status": pa.Table.from_pylist([{"status": k, "name": v, "position": i} for i, (k, v) in enumerate(STATUSES.items())]),
        "paragraph": pa.Table.from_pylist(
            [{"policy": r.policy.id, **_public(p)} for r in registers for p in r.text.paragraphs]
        ),
    }


def _public(item) -> dict:
    return {key: value for key, value in item.__dict__.items() if not key.startswith("_")}


def _policy(register: Register) -> dict:
    return {**register.policy.model_dump(), "since": register.since, "due": register.due}


_TEXTS = ("policy", "indicator", "name", "clause", "quote", "wording", "unit", "counted", "binding_level", "judged", "breakdown")
_MORE = ("reading", "unverified", "goal", "scope_sql", "share_sql", "numerator_sql", "denominator_sql", "gap_unit")
_INDICATOR = pa.schema(
    [(name, pa.string()) for name in (*_TEXTS, *_MORE)]
    + [("headline", pa.bool_()), ("is_share", pa.bool_()), ("factor", pa.int64()), ("position", pa.int64())]
    + [("low", pa.float64()), ("high", pa.float64()), ("goal_due", pa.date32()), ("fields", pa.list_(pa.string()))]
)


def _indicators(register: Register) -> list[dict]:
    return [_indicator(register.policy.id, position, i) for position, i in enumerate(register)]


def _indicator(policy: str, position: int, i) -> dict:
    ratio, target = i.entry.ratio, i.target
    return {
        "policy": policy, "indicator": i.id, "name": i.name, "clause": i.clause, "quote": i.quote, "wording": i.wording,
        "unit": i.unit, "counted": i.of, "binding_level": i.level, "judged": i.judged, "breakdown": i.breakdown, "reading": i.reading,
        "unverified": i.unverified, "goal": target and target.label, "scope_sql": i.entry.scope, "share_sql": i.entry.share,
        "numerator_sql": ratio and ratio.numerator, "denominator_sql": ratio and ratio.denominator, "gap_unit": i.gap_unit,
        "headline": i.headline, "is_share": i.is_share, "factor": i.factor, "position": position,
        "low": _float(target and target.low), "high": _float(target and target.high),
        "goal_due": target and target.due, "fields": list(i.fields),
    }  # fmt: skip


def _float(bound: Decimal | None) -> float | None:
    return None if bound is None else float(bound)


_FIELD = pa.schema(
    [(n, pa.string()) for n in ("part", "field", "label", "type", "unit", "group", "applies", "help")]
    + [("position", pa.int64())]
)


def _fields(form) -> list[dict]:
    return [
        {"part": part.id, "field": f.id, "label": f.label, "type": f.type, "unit": f.unit, "group": f.group,
         "applies": f.applies, "help": f.help, "position": n}
        for part in (form.community, form.county) for n, f in enumerate(part)
    ]  # fmt: skip


def database_digest(folder: Path) -> str:
    """SHA-256 of the detached database. It is open nowhere: reading it drops no lock."""
    path = folder / "release.duckdb"
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    path.chmod(0o440)
    return digest
