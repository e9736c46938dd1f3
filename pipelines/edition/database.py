"""`release.duckdb`: the small database inside an edition, with the tables that pages and reports read.

Besides the tables of `ready_tables` and `analysis_tables` it holds the declarations at the time when the edition was made:

| table | one row per |
|---|---|
| `policy` | policy that judges the release's month |
| `indicator` | policy, indicator: clause, quote, formula, target |
| `field` | part of the form, field: its label, type, unit |
| `status` | status that a figure may have, with its Chinese name |
| `paragraph` | policy, paragraph of its text, with its clause |
| `sentence` | policy, sentence of its text, with what measures it |
| `rollup` | policy, total of a county that an indicator uses: the field added up |

and the tables of `city_facts`.
"""

import hashlib
import os
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines import months
from pipelines.archive.finding_state import Waiver
from pipelines.edition import analysis_tables, city_facts, closed_periods, ready_tables
from pipelines.figures.progress import STATUSES
from pipelines.reference.form import Form
from pipelines.reference.policy.register import Indicator, Register
from pipelines.warehouse.arrow_rows import load
from pipelines.warehouse.projection import Warehouse


def build_database(warehouse: Warehouse, releases: Path, folder: Path, manifest: dict[str, Any]) -> dict[str, str]:
    """Build `release.duckdb` and the databases of closed periods from the month tables: file name → SHA-256."""
    con, span = warehouse.con, [months.parse(key) for key in manifest["months"]]
    # everything read from the warehouse comes first: afterwards it may change
    with warehouse.unmoved():
        analysis_tables.prepare(warehouse, releases, folder, span[-1], span)
    target = str(folder / "release.duckdb").replace("'", "''")
    con.execute(f"ATTACH '{target}' AS release ({closed_periods.ATTACHED})")
    try:
        with warehouse.transaction():
            for name, table in {
                **_declared(warehouse, span[-1]),
                **city_facts.tables(warehouse.reference.folder, span),
            }.items():
                load(con, table, f"CREATE TABLE release.{name} AS SELECT * FROM incoming")
        waivers = warehouse.life().all_waivers
        _ready(warehouse, folder, manifest, waivers)
        files = closed_periods.put(warehouse, releases / "objects", folder, manifest, waivers)
        analysis_tables.write(warehouse)
        # FORCE waits while the other thread's connection reads the catalogue
        con.execute("FORCE CHECKPOINT release")
    finally:
        con.execute("DETACH release")
    return {**files, "release.duckdb": _digest_of(folder)}


def _ready(warehouse: Warehouse, folder: Path, manifest: dict[str, Any], waivers: list[Waiver]) -> None:
    """Write the tables of the open period and of the edition's own month."""
    source = closed_periods.split(manifest["months"])[-1].source(folder)
    towns = f"month = DATE '{manifest['month']}-01'"
    series = ready_tables.series(source, "release", waivers, towns)
    closed_periods.write(warehouse, "release", {**series, **ready_tables.own(source)})


def _declared(warehouse: Warehouse, month: date) -> dict[str, pa.Table]:
    reference = warehouse.reference
    registers = [r.in_month(month) for r in reference.registers if month >= r.since]
    return {
        "policy": pa.Table.from_pylist([_policy(register) for register in registers]),
        "indicator": pa.Table.from_pylist(
            [_indicator(r.policy.id, position, i) for r in registers for position, i in enumerate(r)], schema=_INDICATOR
        ),
        "field": pa.Table.from_pylist(_fields(reference.form), schema=_FIELD),
        "status": pa.Table.from_pylist(
            [{"status": k, "name": v, "position": i} for i, (k, v) in enumerate(STATUSES.items())]
        ),
        "rollup": pa.Table.from_pylist(
            [{"policy": r.policy.id, "rollup": k, "field": v.sum} for r in registers for k, v in r.rollups.items()],
            schema=_ROLLUP,
        ),
        "sentence": pa.Table.from_pylist([row for r in registers for row in _sentences(r)], schema=_SENTENCE),
        "paragraph": pa.Table.from_pylist(
            [{"policy": r.policy.id, **_public(p)} for r in registers for p in r.text.paragraphs]
        ),
    }


_ROLLUP = pa.schema([(name, pa.string()) for name in ("policy", "rollup", "field")])
_SENTENCE = pa.schema(
    [
        ("policy", pa.string()),
        ("paragraph", pa.int64()),
        ("number", pa.int64()),
        ("clause", pa.string()),
        ("heading", pa.bool_()),
        ("text", pa.string()),
        ("indicators", pa.list_(pa.string())),
    ]
)


def _sentences(register: Register) -> list[dict[str, Any]]:
    """Every sentence of the policy, with the indicators whose quote is in it; the list is empty where no indicator measures it."""
    rows = []
    for paragraph in register.text.paragraphs:
        of_clause = [i for i in register if i.clause == paragraph.clause]
        for number, sentence in enumerate(paragraph.sentences):
            measured = [i.id for i in of_clause if i.quote in sentence]
            sentences = {
                "paragraph": paragraph.number,
                "number": number,
                "clause": paragraph.clause,
                "heading": paragraph.heading,
            }
            rows.append({"policy": register.policy.id, **sentences, "text": sentence, "indicators": measured})
    return rows


def _public(item: object) -> dict[str, Any]:
    return {key: value for key, value in item.__dict__.items() if not key.startswith("_")}


def _policy(register: Register) -> dict[str, Any]:
    return {**register.policy.model_dump(), "since": register.since, "due": register.due}


_TEXTS = (
    "policy",
    "indicator",
    "name",
    "clause",
    "quote",
    "wording",
    "unit",
    "counted",
    "binding_level",
    "judged",
    "breakdown",
)
_MORE = ("reading", "unverified", "goal", "scope_sql", "share_sql", "numerator_sql", "denominator_sql", "gap_unit")
_INDICATOR = pa.schema(
    [(name, pa.string()) for name in (*_TEXTS, *_MORE)]
    + [("headline", pa.bool_()), ("is_share", pa.bool_()), ("factor", pa.int64()), ("position", pa.int64())]
    + [("low", pa.float64()), ("high", pa.float64()), ("goal_due", pa.date32()), ("fields", pa.list_(pa.string()))]
)


def _indicator(policy: str, position: int, i: Indicator) -> dict[str, Any]:
    ratio, target = i.entry.ratio, i.target
    return {
        "policy": policy, "indicator": i.id, "name": i.name, "clause": i.clause, "quote": i.quote, "wording": i.wording,
        "unit": i.unit, "counted": i.of, "binding_level": i.level, "judged": i.judged, "breakdown": i.breakdown, "reading": i.reading,
        "unverified": i.unverified, "goal": target and target.label, "scope_sql": i.entry.scope, "share_sql": i.entry.share,
        "numerator_sql": ratio and ratio.numerator, "denominator_sql": ratio and ratio.denominator, "gap_unit": i.gap_unit,
        "headline": i.headline, "is_share": i.is_share, "factor": i.factor, "position": position,
        "low": _float(target.low if target else None), "high": _float(target.high if target else None),
        "goal_due": target and target.due, "fields": list(i.fields),
    }  # fmt: skip


def _float(bound: Decimal | None) -> float | None:
    return None if bound is None else float(bound)


_FIELD = pa.schema(
    [(n, pa.string()) for n in ("part", "field", "label", "type", "unit", "group", "applies", "help")]
    + [("position", pa.int64())]
)


def _fields(form: Form) -> list[dict[str, Any]]:
    return [
        {"part": part.id, "field": f.id, "label": f.label, "type": f.type, "unit": f.unit, "group": f.group,
         "applies": f.applies, "help": f.help, "position": n}
        for part in (form.community, form.county) for n, f in enumerate(part)
    ]  # fmt: skip


def _digest_of(folder: Path) -> str:
    """SHA-256 of the detached database; no connection has it open."""
    path = folder / "release.duckdb"
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    path.chmod(0o440)
    return digest
