"""Closed periods (past years, past quarters) of a release's series: a database each, shared by later editions, made again when its inputs change."""

import hashlib
import json
import os
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from pipelines import months
from pipelines.archive.finding_state import Waiver
from pipelines.archive.store import is_right
from pipelines.edition import month_tables, ready_tables, verify_files
from pipelines.edition.ready_tables import Source
from pipelines.system import durable_files, program_version
from pipelines.warehouse.projection import Warehouse, scalar

# small blocks, because the tables have a few hundred rows
ATTACHED = "BLOCK_SIZE 16384"
FOLDER = "periods"
# month tables that the tables of a period are made from
_FROM = ("figure", "figure_now", "standing", "county_standing", "submission", "finding")


@dataclass(frozen=True)
class Period:
    """Months of one period of a series, as keys, and the last month before them. `name`: `2019` or `2020-Q1`."""

    name: str
    keys: tuple[str, ...]
    before: str | None

    def source(self, folder: Path) -> Source:
        """The period's month tables in the folder of an edition."""
        return Source(folder, self.keys, self.before)


def split(keys: list[str]) -> list[Period]:
    """The months of a series by period, in order; the last period may be open."""
    periods: list[Period] = []
    for name, group in groupby(keys, key=lambda key: _period(key, keys[-1])):
        periods.append(Period(name, tuple(group), periods[-1].keys[-1] if periods else None))
    return periods


def _period(key: str, last: str) -> str:
    year, month = key.split("-")
    return year if year != last[:4] else f"{year}-Q{(int(month) + 2) // 3}"


def put(
    warehouse: Warehouse, store: Path, folder: Path, manifest: dict[str, Any], waivers: list[Waiver]
) -> dict[str, str]:
    """Put the databases of closed periods into an edition being built: file name → SHA-256. `release` is attached."""
    files = {}
    for period in split(manifest["months"])[:-1]:
        name = f"{FOLDER}/{period.name}.duckdb"
        files[name] = _stored(warehouse, store, folder, period, manifest, waivers)
        durable_files.link(_place(store, files[name]), folder / name)
    return files


def put_pages(store: Path, folder: Path, manifest: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """Put month tables of closed periods into files beside their databases; returns SHA-256 by name and the shorter manifest."""
    *closed, last = split(manifest["months"])
    files = {f"{FOLDER}/{period.name}.json": _page(store, _entries(manifest, period)) for period in closed}
    for name, digest in files.items():
        durable_files.link(_place(store, digest, "json"), folder / name)
    return files, {**manifest, "tables": _entries(manifest, last)}


def _entries(manifest: dict[str, Any], period: Period) -> dict[str, dict[str, dict[str, Any]]]:
    by_table = {
        table: {key: entries[key] for key in period.keys if key in entries}
        for table, entries in manifest["tables"].items()
    }
    return {table: entries for table, entries in by_table.items() if entries}


def _page(store: Path, entries: dict[str, Any]) -> str:
    data = json.dumps(entries, sort_keys=True, separators=(",", ":")).encode()
    digest = hashlib.sha256(data).hexdigest()
    place = _place(store, digest, "json")
    if not is_right(place, digest):
        durable_files.write_durably(place, data, mode=0o440)
    return digest


def _place(store: Path, digest: str, kind: str = "duckdb") -> Path:
    return store / digest[:2] / f"{digest}.{kind}"


def _stored(
    warehouse: Warehouse, store: Path, folder: Path, period: Period, manifest: dict[str, Any], waivers: list[Waiver]
) -> str:
    """The period's database in the store, named by the hash of its bytes; made where it is missing."""
    con = warehouse.con
    waivers = [waiver for waiver in waivers if months.key(waiver.until) >= period.keys[0]]
    mark = _mark(period, manifest, waivers)
    con.execute("CREATE TABLE IF NOT EXISTS period_made (mark VARCHAR, sha256 VARCHAR)")
    known: str | None = scalar(con, "SELECT sha256 FROM period_made WHERE mark = ?", [mark])
    if known and not verify_files.damaged(warehouse, {known: _place(store, known)}):
        return known
    made = _make(warehouse, store, period.source(folder), waivers)
    with warehouse.transaction():
        con.execute("DELETE FROM period_made WHERE mark = ?", [mark])
        con.execute("INSERT INTO period_made VALUES (?, ?)", [mark, made])
    return made


def _mark(period: Period, manifest: dict[str, Any], waivers: list[Waiver]) -> str:
    """Hash of the inputs of the period's tables and of the code that makes them."""
    keys = [*([period.before] if period.before else []), *period.keys]
    facts = [
        [table, key, manifest["tables"].get(table, {}).get(key, {}).get("content")] for table in _FROM for key in keys
    ]
    accepted = sorted([waiver.finding, str(waiver.until)] for waiver in waivers)
    made_by = program_version.digest(__name__)
    return hashlib.sha256(json.dumps([made_by, manifest["reference"], facts, accepted]).encode()).hexdigest()


def _make(warehouse: Warehouse, store: Path, source: Source, waivers: list[Waiver]) -> str:
    con, temporary = warehouse.con, store / f".period.{os.getpid()}.part"
    store.mkdir(parents=True, exist_ok=True)
    temporary.unlink(missing_ok=True)
    quoted = str(temporary).replace("'", "''")
    con.execute(f"ATTACH '{quoted}' AS closed ({ATTACHED})")
    try:
        write(warehouse, "closed", ready_tables.series(source, "closed", waivers))
        con.execute("FORCE CHECKPOINT closed")
    finally:
        con.execute("DETACH closed")
    digest = month_tables.bytes_digest(temporary)
    month_tables.keep(temporary, _place(store, digest))
    return digest


def write(warehouse: Warehouse, into: str, queries: dict[str, str]) -> None:
    """The tables of these queries in an attached database, in one transaction."""
    with warehouse.transaction():
        for name, query in queries.items():
            warehouse.con.execute(f"CREATE TABLE {into}.{name} AS {query}")
