"""Why figures moved in any month of a release: the tables `movement` and `movement_unit`, which a release holds of its own month alone.

Of another month they are read from that month's own edition where both months' answers are the same in it; else they are computed from
the release's month tables. Computed ones compare both months as this release has them: register and corrections have no part in them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import duckdb

from pipelines import months
from pipelines.edition import edition_folders, register_from_edition
from pipelines.edition.compare_months import load_month
from pipelines.edition.open_edition import Release, open_folder
from pipelines.figures import change_breakdown
from pipelines.figures.change_breakdown import Compared
from pipelines.warehouse import projection

Query = Callable[..., list[dict[str, Any]]]
# what sentences read beside the movement; of the figures both months of the city
_BESIDE = {
    "indicator": "SELECT * FROM indicator WHERE policy = $policy",
    "county": "SELECT unit, name, short FROM place WHERE level = 'county' AND month = $month",
    "unit": "SELECT unit, name, county FROM standing WHERE month = $month",
    "figure": "SELECT * FROM figure WHERE policy = $policy AND level = 'city' AND month IN ($month, $before)",
}


def is_known(release: Release, month: date) -> bool:
    """Whether a month and the one before are in the release, with the tables that its movement is read or computed from."""
    before = months.key(months.add(month, -1))
    if month == release.month:
        return {"movement", "movement_unit"} <= _tables(release)
    return {months.key(month), before} <= set(release.manifest["months"]) and "standing" in _tables(release)


def total(parts: Iterable[Mapping[str, Any]]) -> float:
    """What a figure's parts add up to, in its unit."""
    return float(sum(part["change"] for part in parts))


def _tables(release: Release) -> set[str]:
    return {row["table_name"] for row in release.rows("SELECT table_name FROM information_schema.tables")}


@contextmanager
def query(release: Release, policy: str, month: date, indicators: Sequence[str] | None = None) -> Iterator[Query]:
    """A function for SQL on `movement` and tables of one known month against the month before; `indicators`: those computed."""
    if month == release.month:
        yield release.rows
        return
    if (own := _own_edition(release, policy, month)) is not None:
        with own:
            yield own.rows
        return
    with _computed(release, policy, month, indicators) as con:
        yield lambda sql, parameters=None: _rows(con, sql, parameters)


def _own_edition(release: Release, policy: str, month: date) -> Release | None:
    """The newest edition of the month, if it judges and counts the same of this month and the one before."""
    folder = edition_folders.latest_edition(release.folder.parent.parent, month)
    if folder is None or folder == release.folder:
        return None
    own = open_folder(folder)
    if is_known(own, month) and _judged(own, policy, month) == _judged(release, policy, month):
        return own
    own.close()
    return None


def _judged(release: Release, policy: str, month: date) -> list[object]:
    """What the answers and states of a month and the one before hold, as hashes."""
    tables = ("standing", "county_standing", f"state-{policy}", f"county_state-{policy}")
    keys = (months.key(months.add(month, -1)), months.key(month))
    return [release.series.get(table, {}).get(key, {}).get("content") for table in tables for key in keys]


def _rows(con: duckdb.DuckDBPyConnection, sql: str, parameters: Any) -> list[dict[str, Any]]:
    answer = con.execute(sql, parameters or [])
    names = [column[0] for column in answer.description]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def _computed(
    release: Release, policy: str, month: date, indicators: Sequence[str] | None
) -> duckdb.DuckDBPyConnection:
    con, earlier, asked = projection.connect(":memory:"), months.add(month, -1), register_from_edition.form(release)
    register = register_from_edition.register(release, policy, asked)
    if indicators is not None:
        register = replace(register, indicators=tuple(item for item in register if item.id in indicators))
    before, after = (
        load_month(con, name, release, of, register) for name, of in (("earlier", earlier), ("later", month))
    )
    city = release.rows("SELECT any_value(unit) AS code FROM figure WHERE level = 'city'")[0]["code"]
    change_breakdown.create_empty(con)
    change_breakdown.add(con, Compared(register, asked, city, earlier, before, before, after, False))
    for table, sql in _BESIDE.items():
        _copy(con, release, table, sql, {"policy": policy, "month": month, "before": earlier})
    return con


def _copy(con: duckdb.DuckDBPyConnection, release: Release, table: str, sql: str, named: dict[str, Any]) -> None:
    used = {name: value for name, value in named.items() if f"${name}" in sql}
    with release.con.cursor() as cursor:
        rows = cursor.sql(sql, params=used).to_arrow_table()
    con.register("incoming", rows)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * FROM incoming")
    con.unregister("incoming")
