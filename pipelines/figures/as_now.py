"""Earlier months read by later divisions (semantics §1, §6): place, kind and county of the later roster, the month's own answers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import date
from hashlib import sha256

import pyarrow as pa

from pipelines.figures import figure_counts, last_reported, progress
from pipelines.figures.last_reported import Judged
from pipelines.warehouse.arrow_rows import load
from pipelines.warehouse.projection import Warehouse, among


def key(warehouse: Warehouse, month: date) -> str:
    """Name of the divisions of a month: two months with the same key are counted by the same roster."""
    rosters = warehouse.reference.rosters
    attributes = [(c.code, c.municipal_district, c.shared_funding) for c in rosters.counties(month)]
    divisions = [*attributes, *rosters.reviewed_kinds(month), *rosters.admitted_codes(month)]
    return f"now:{rosters.edition(month).year}:{hash_of(divisions)}"


def hash_of(attributes: Sequence[object]) -> str:
    """Eight hex digits of the counties' attributes, the reviewed kinds and the admitted units, for the name of the divisions."""
    return sha256(repr(attributes).encode()).hexdigest()[:8]


def stored_as(warehouse: Warehouse, month: date, divisions: str) -> str:
    """Under which `divisions` the figures of a month by these divisions are stored: its own ones as `then`."""
    return "then" if key(warehouse, month) == divisions else divisions


def bring_up_to_date(warehouse: Warehouse, span: list[date], later: date, fingerprints: dict[date, str]) -> str:
    """Figures of `span` by the divisions of a later month, where they differ from the month's own; returns their name."""
    name = key(warehouse, later)
    known = dict(warehouse.con.execute("SELECT month, fingerprint FROM fingerprint WHERE what = ?", [name]).fetchall())
    stale = [m for m in span if known.get(m) != fingerprints[m] and key(warehouse, m) != name]
    for batch in _batches(warehouse, stale):
        warehouse.con.execute(f"DELETE FROM fingerprint WHERE month IN {among(batch)} AND what = ?", [name])
        load_later_divisions(warehouse, batch, later)
        figure_counts.compute(warehouse, batch, name)
        progress.compute(warehouse, batch, name, name, span[0])
        for month in batch:
            last_reported.compute(warehouse, Judged(month, name, name, span[0]))
        rows = [[month, name, fingerprints[month]] for month in batch]
        with warehouse.transaction():
            warehouse.con.executemany("INSERT INTO fingerprint VALUES (?, ?, ?)", rows)
    return name


# Units of all months that are counted at once: a city's months of six years, one month of a country.
_AT_ONCE = 400_000


def _batches(warehouse: Warehouse, stale: list[date]) -> Iterator[list[date]]:
    """Months in order, in batches that fit in memory: planning a query costs more than a city's rows."""
    rosters = warehouse.reference.rosters
    size = max(1, _AT_ONCE // max((rosters.table(month).num_rows for month in stale), default=1))
    yield from (stale[first : first + size] for first in range(0, len(stale), size))


def load_later_divisions(warehouse: Warehouse, span: list[date], later: date) -> None:
    """Temporary `unit` and `county`: the units of each month by the divisions of a later month."""
    con, rosters = warehouse.con, warehouse.reference.rosters
    for name, table in (
        ("placed", _by_month(span, lambda month: rosters.as_of(month, later))),
        ("then_unit", _by_month(span, rosters.table)),
        ("now_unit", rosters.table(later)),
        ("now_county", _by_month(span, lambda month: rosters.county_table(later))),
    ):
        load(con, table, f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM incoming")
    con.execute(_UNIT)
    con.execute(_COUNTY)


def _by_month(span: list[date], table_of: Callable[[date], pa.Table]) -> pa.Table:
    """The tables of these months in one, each row with its `month`."""
    tables = [(month, table_of(month)) for month in span]
    return pa.concat_tables(
        [
            table.append_column("month", pa.repeat(pa.scalar(month, pa.date32()), table.num_rows))
            for month, table in tables
        ]
    )


# A 居委会 that has no successor of its own takes the kind that the present status of its county and its town gives it.
_UNIT = """
    CREATE OR REPLACE TEMP TABLE unit AS
    SELECT placed.month, placed.code, then_unit.name, placed.town_code, placed.town, placed.county_code, placed.county,
           coalesce(now_unit.kind, CASE WHEN then_unit.kind <> '农村社区' AND (now_county.municipal_district
                                             OR now_county.type = '县级市' AND placed.town_code[7:9] BETWEEN '001' AND '099')
                                        THEN '城市社区' ELSE then_unit.kind END) AS kind,
           placed.uid, coalesce(now_county.municipal_district, then_unit.municipal_district) AS municipal_district,
           coalesce(now_county.shared_funding, then_unit.shared_funding) AS shared_funding,
           coalesce(now_county.has_villages, then_unit.has_villages) AS has_villages,
           placed.code AS answered_as, then_unit.county_code AS county_answered_as
    FROM placed JOIN then_unit USING (month, code)
    LEFT JOIN now_unit ON now_unit.code = placed.to_code
    LEFT JOIN now_county ON now_county.code = placed.county_code AND now_county.month = placed.month
"""
# A county that did not exist yet answers through the one that nearly all of its units come from, if that one has ended.
_COUNTY = """
    CREATE OR REPLACE TEMP TABLE county AS
    WITH came AS (
        SELECT month, county_code AS code, county_answered_as AS source, count(*) AS units,
               sum(count(*)) OVER (PARTITION BY month, county_code) AS together
        FROM unit WHERE county_code IS NOT NULL GROUP BY 1, 2, 3
    ),
    known AS (SELECT DISTINCT month, county_code AS code, TRUE AS there FROM then_unit)
    SELECT now_county.*, CASE WHEN there THEN code ELSE came.source END AS answered_as
    FROM now_county LEFT JOIN known USING (month, code)
    LEFT JOIN (SELECT * FROM came WHERE units >= 0.9 * together AND source NOT IN (SELECT code FROM now_county)) AS came
         USING (month, code)
"""


def reconciliation(warehouse: Warehouse, earlier: date, later: date) -> list[dict[str, object]]:
    """Units before + created − abolished ± moved = units after, by county and for the city (grain: one county)."""
    rosters = warehouse.reference.rosters
    first, last = rosters.edition(earlier).year, rosters.edition(later).year
    return [asdict(balance) for balance in rosters.reconcile(first, last)] if first != last else []
