"""`datapackage.json`: an edition's month tables as a Frictionless Data Package, every column with its meaning."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from pipelines.edition.column_names import CODES, COLUMNS, SPOT
from pipelines.edition.statuses import UNIT_STATES
from pipelines.figures.progress import STATUSES
from pipelines.punctuation import full_width
from pipelines.reference.form import Field, Form
from pipelines.reference.policy.register import Register
from pipelines.reference.reference_bundle import Reference
from pipelines.system.durable_files import write_durably
from pipelines.verification import spot_tables

FILE = "datapackage.json"
_STATES = {str(state): name for state, name in UNIT_STATES.items()}
_TYPES = {"BOOLEAN": "boolean", "DATE": "date", "DOUBLE": "number", "VARCHAR": "string"}
_KEYS = {
    "standing": ["month", "unit"], "county_standing": ["month", "unit"], "state": ["month", "unit"], "county_state": ["month", "unit"],
    "figure": ["policy", "indicator", "month", "level", "unit"], "figure_now": ["policy", "indicator", "month", "level", "unit"],
    "finding": ["month", "id"], "submission": ["seq"],
}  # fmt: skip
_GRAINS = {
    "standing": ("每个社区（村）每月一行：属性、采用的答案、来源", "one row per community and month: attributes, answers, origin"),
    "county_standing": ("每个县每月一行：属性、采用的答案、原文", "one row per county and month: attributes, answers, raw text"),
    "evidence": ("每行报送一行：单元格中的原文", "one row per reported row: the text of its cells"),
    "source": ("每份报送的每个字段一行：所在工作表和列", "one row per submission and field: sheet and column"),
    "moved": ("不在第一张工作表上的答案一个一行", "one row per answer on another sheet than the first"),
    "county_source": ("来自另一份报送的县级答案一个一行", "one row per county answer from another submission"),
    "submission": ("每份报送一行", "one row per submission"),
    "finding": ("每个问题一行", "one row per finding"),
    "figure": ("每项指标、每月、每个市县乡一行，按当时区划", "one row per indicator, month and place, by the divisions of the month"),
    "figure_now": ("每项指标、每月、每个市县乡一行，按发布版当月区划", "one row per indicator, month and place, by the edition's divisions"),
    "state": ("每个社区（村）每月一行：各项指标的状态", "one row per community and month: its state for every indicator"),
    "spot_list": ("每份抽查名单一行", "one row per list of spot checks"),
    "spot_claim": ("每份名单每个结论一行", "one row per list and claim"),
    "spot_stratum": ("每份名单、每个结论、每层一行", "one row per list, claim and stratum"),
    "spot_unit": ("已结束的名单每个结论、每个应走访的单位一行", "one row per closed list, claim and unit to visit"),
    "spot_answer": ("已结束的名单每个记录的结果一行", "one row per result recorded for a closed list"),
    "figure_spot": ("每个被抽查的结论每月一行：抽查怎么说", "one row per checked claim and month: what the check says"),
    "county_state": ("每个县每月一行：各项县级指标的状态", "one row per county and month: its state for every indicator"),
}  # fmt: skip


def write(
    con: duckdb.DuckDBPyConnection, folder: Path, manifest: Mapping[str, Any], reference: Reference
) -> dict[str, str]:
    """The descriptor as a file in the edition's folder: file name → SHA-256. `manifest` names the tables of the whole series."""
    data = json.dumps(describe(con, folder, manifest, reference), ensure_ascii=False, indent=1, sort_keys=True).encode()
    write_durably(folder / FILE, data, mode=0o440)
    return {FILE: hashlib.sha256(data).hexdigest()}


def describe(
    con: duckdb.DuckDBPyConnection, folder: Path, manifest: Mapping[str, Any], reference: Reference
) -> dict[str, Any]:
    """The descriptor of the edition in `folder`, which has the month tables; the same for the same edition."""
    return {
        "profile": "data-package",
        "name": f"shequ-{manifest['month']}-{manifest['edition']}",
        "title": f"{manifest.get('city', '')}城乡社区治理进展 {manifest['month']} 第{manifest['edition']}版",
        "description": "各月的报送、采用的答案、指标数字和发现的问题。Reports, answers, figures and findings by month.",
        "created": manifest["published_at"],
        "version": f"{manifest['month']}/{manifest['edition']}",
        "resources": [
            _resource(con, folder, table, months, reference) for table, months in sorted(manifest["tables"].items())
        ],
    }


def _resource(
    con: duckdb.DuckDBPyConnection, folder: Path, table: str, months: Mapping[str, Any], reference: Reference
) -> dict[str, Any]:
    kind, _, policy = table.partition("-")
    chinese, english = _GRAINS[kind]
    paths = [f"tables/{table}/{month}.parquet" for month in sorted(months)]
    # columns are read from one file per set of columns: ten years have hundreds of files but few sets
    shapes = {
        entry.get("columns") or month: str(folder / "tables" / table / f"{month}.parquet")
        for month, entry in sorted(months.items())
    }
    columns = con.execute(
        "DESCRIBE SELECT * FROM read_parquet(?, union_by_name = true)", [list(shapes.values())]
    ).fetchall()
    register = next((r for r in reference.registers if r.policy.id == policy), None)
    keys = _KEYS.get(kind, [])
    fields = [_field(name, type_, kind, reference.form, register, name in keys) for name, type_, *_ in columns]
    key = {"primaryKey": keys} if keys else {}
    return {
        "name": re.sub(r"[^a-z0-9._-]", "-", table.lower()), "title": chinese, "description": english, "path": paths, "format": "parquet",
        "mediatype": "application/vnd.apache.parquet", "schema": {"fields": fields, **key, "missingValues": [""]},
    }  # fmt: skip


def _field(
    name: str, type_: str, kind: str, form: Form, register: Register | None, is_key: bool = False
) -> dict[str, Any]:
    chinese, english, unit, codes = _meaning(name, kind, form, register)
    descriptor: dict[str, Any] = {
        "name": name,
        "type": _type(type_, is_key),
        "title": full_width(chinese),
        "description": english,
    }
    if "INT" in type_ and not is_key:
        descriptor["whole"] = True
    if unit:
        descriptor["unit"] = unit
    if codes:
        # a number keeps its type; codes are listed with their meaning
        descriptor["categories"] = [{"value": int(k) if "INT" in type_ else k, "label": v} for k, v in codes.items()]
    return descriptor


def _type(sql: str, is_key: bool) -> str:
    """Frictionless type; nullable whole numbers are `number`, because it reads them as floats through pandas."""
    if "INT" in sql:
        return "integer" if is_key else "number"
    return _TYPES.get(sql, "number" if sql.startswith("DECIMAL") else "any")


def _meaning(
    name: str, kind: str, form: Form, register: Register | None
) -> tuple[str, str, str | None, dict[str, str]]:
    """Chinese, English, unit and codes of a column."""
    if kind in spot_tables.TABLES and name in SPOT:
        return *SPOT[name], None, {}
    if kind in ("state", "county_state") and register is not None:
        part, _, own = name.rpartition(":")
        if entry := next((i for i in register if i.id == own), None):
            words = {"n": ("分子：", "numerator of "), "d": ("分母：", "denominator of ")}.get(part, ("", "state for "))
            return f"{words[0]}{entry.name}", f"{words[1]}{entry.id}", None, {} if part else _STATES
    if name in COLUMNS and not (kind in ("standing", "county_standing", "evidence") and _asked(name, kind, form)):
        return *COLUMNS[name], None, CODES.get(name) or (STATUSES if name == "status" or name.startswith("if_") else {})
    prefix, _, own = name.rpartition(":")
    if field := _asked(own, kind, form):
        raw = {"raw": ("单元格原文：", "text of the cell: "), "reported": ("填报的：", "as reported: ")}.get(
            prefix, ("", "answer: ")
        )
        codes = {choice: choice for choice in field.choices} if not prefix else {}
        return f"{raw[0]}{field.label}", f"{raw[1]}{field.id}", field.unit, codes
    # a column of an older form or register, whose meaning is not known any more
    return name, name, None, {}


def _asked(name: str, kind: str, form: Form) -> Field | None:
    part = form.county if kind == "county_standing" else form.community
    return next((field for field in part if field.id == name), None)
