"""Further tables of an edition: outlook, changes of figures, decisions, editions.

Small tables of the release's own month, written into `release.duckdb`:

| table | one row per |
|---|---|
| `outlook` | policy, indicator with a target, divisions, city or county |
| `movement` | policy, indicator, city or county, part of the change since last month |
| `movement_unit` | policy, indicator, unit whose state changed, part of the change |
| `decision` | approval, reopening, waiver or resolved question in the ledger |
| `explanation` | finding that a county has explained: the explanation and the city's response |
| `edition` | edition of any month in the ledger |
| `reconciliation` | month at which the roster changed, county or city: units before, created, abolished, moved, after |
"""

import itertools
import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines import months
from pipelines.archive.store import Event
from pipelines.edition import edition_folders, month_tables
from pipelines.edition.decision_rows import EXPLANATION, decision_rows, explanation_rows
from pipelines.figures import as_now as later_divisions
from pipelines.figures import change_breakdown, forecast
from pipelines.figures.change_breakdown import Compared, MonthTables
from pipelines.reference.policy.register import Register
from pipelines.warehouse.arrow_rows import load
from pipelines.warehouse.projection import Warehouse


def prepare(warehouse: Warehouse, releases: Path, folder: Path, month: date, span: list[date]) -> None:
    """Make these tables as temporary ones, from the warehouse and the month tables in `folder`."""
    _outlook(warehouse, month)
    _movement(warehouse, releases, folder, month)
    decisions, life = list(warehouse.archive.decisions()), warehouse.life()
    in_force = (event for event in decisions if event.seq not in life.withdrawn)
    _keep(warehouse, "decision", pa.Table.from_pylist(decision_rows(in_force), schema=_DECISION))
    said = explanation_rows(life)
    _keep(warehouse, "explanation", pa.Table.from_pylist(said, schema=_EXPLANATION))
    _keep(warehouse, "edition", pa.Table.from_pylist(_editions(decisions), schema=_EDITION))
    reconciled = pa.Table.from_pylist(_reconciliations(warehouse, span), schema=_RECONCILIATION)
    _keep(warehouse, "reconciliation", reconciled)


def write(warehouse: Warehouse) -> None:
    """The temporary tables in the attached database `release`."""
    for name, order in _ORDER.items():
        by = f" ORDER BY {order}" if order else ""
        warehouse.con.execute(f"CREATE TABLE release.{name} AS SELECT * FROM temp.{name}{by}")
        warehouse.con.execute(f"DROP TABLE temp.{name}")


_ORDER = {
    "outlook": None,
    "movement": "policy, indicator, level, unit, part",
    "movement_unit": "policy, indicator, unit, part",
    "decision": None,
    "explanation": None,
    "edition": None,
    "reconciliation": None,
}


def _keep(warehouse: Warehouse, name: str, table: pa.Table) -> None:
    load(warehouse.con, table, f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM incoming")


def _outlook(warehouse: Warehouse, month: date) -> None:
    """The outlook of a month, computed on its as-now series for both divisions."""
    outlook = forecast.table(warehouse, month)
    names = [
        outlook.append_column("divisions", pa.array([name] * outlook.num_rows, pa.string())) for name in ("then", "now")
    ]
    _keep(warehouse, "outlook", pa.concat_tables(names))


def _movement(warehouse: Warehouse, releases: Path, folder: Path, month: date) -> None:
    before = months.add(month, -1)
    published = edition_folders.latest_edition(releases, before)
    change_breakdown.create_empty(warehouse.con)
    if published is None or not (folder / month_tables.file_name("standing", before)).exists():
        return
    digests = edition_folders.read_manifest(published)["reference"]
    for register in warehouse.reference.registers:
        name = f"register:{register.policy.id}"
        if before >= register.since and name in digests:
            redefined = digests[name] != warehouse.reference.digests[name]
            change_breakdown.add(warehouse.con, _compared(warehouse, register, published, folder, before, redefined))


def _compared(
    warehouse: Warehouse, register: Register, published: Path, folder: Path, before: date, redefined: bool
) -> Compared:
    policy, reference = register.policy.id, warehouse.reference
    first, second = (_places(edition, policy, before) for edition in (published, folder))
    # not corrected since: links to the same files
    same = all(place.exists() and place.samefile(other) for place, other in zip(first, second, strict=True))
    return Compared(
        register,
        reference.form,
        reference.rosters.city.code,
        before,
        _tables(second if same else first),
        _tables(second),
        _tables(_places(folder, policy, months.add(before, 1))),
        redefined,
    )


def _places(folder: Path, policy: str, month: date) -> list[Path]:
    names = ("standing", "county_standing", f"state-{policy}", f"county_state-{policy}")
    return [folder / month_tables.file_name(name, month) for name in names]


def _tables(places: list[Path]) -> MonthTables:
    quoted = (str(place).replace("'", "''") for place in places)
    return MonthTables(*(f"read_parquet('{place}')" for place in quoted))


_DECISION = pa.schema(
    [("seq", pa.int64())]
    + [(name, pa.string()) for name in ("at", "kind", "by", "month", "finding", "why", "until", "county", "unit")]
)

_EXPLANATION = pa.schema([(name, pa.string()) for name in EXPLANATION])

_EDITION = pa.schema(
    [
        ("month", pa.string()),
        ("edition", pa.int64()),
        ("kind", pa.string()),
        ("at", pa.string()),
        ("by", pa.string()),
        ("changes", pa.string()),
    ]
)


def _editions(events: list[Event]) -> list[dict[str, Any]]:
    return [
        {"month": e.body["month"], "edition": e.body["edition"], "kind": e.body["kind"], "at": e.at, "by": e.by,
         "changes": json.dumps(e.body.get("changes"), ensure_ascii=False) if e.body.get("changes") else None}
        for e in events if e.kind == "release"
    ]  # fmt: skip


_RECONCILIATION = pa.schema(
    [("month", pa.date32()), ("unit", pa.string()), ("name", pa.string())]
    + [(n, pa.int64()) for n in ("before", "created", "abolished", "moved_in", "moved_out", "after")]
)


def _reconciliations(warehouse: Warehouse, span: list[date]) -> list[dict[str, Any]]:
    rows = []
    for earlier, later in itertools.pairwise(span):
        for balance in later_divisions.reconciliation(warehouse, earlier, later):
            balances = {
                name: balance[name]
                for name in ("name", "before", "created", "abolished", "moved_in", "moved_out", "after")
            }
            rows.append({"month": later, "unit": balance["code"], **balances})
    return rows
