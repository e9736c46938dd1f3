"""Earlier months read by later divisions: every unit followed to where it is now (semantics §1, §6).

An as-now reading counts a month's answers by another month's roster: place, kind and the county's attributes are those of the later
roster, the answers those of the month. A unit without a successor stays where its town went. So a series has no jump that is only
a boundary; the reconciliation of units is the roster's.
"""

from dataclasses import asdict
from datetime import date
from hashlib import sha256

from pipelines.indicators import figures, progress, standing
from pipelines.warehouse import Warehouse


def key(warehouse: Warehouse, month: date) -> str:
    """Name of the divisions of a month: two months with the same key are counted by the same roster."""
    rosters = warehouse.reference.rosters
    attributes = [(c.code, c.municipal_district, c.shared_funding) for c in rosters.counties(month)]
    return f"now:{rosters.edition(month).year}:{hash_of(attributes)}"


def hash_of(attributes: list) -> str:
    """Eight hex digits of the counties' attributes, for the name of the divisions."""
    return sha256(repr(attributes).encode()).hexdigest()[:8]


def bring_up_to_date(warehouse: Warehouse, span: list[date], fingerprints: dict[date, str]) -> str:
    """Figures of every month of `span` by the divisions of its last month. Returns the divisions' name."""
    name = key(warehouse, span[-1])
    known = dict(warehouse.con.execute("SELECT month, fingerprint FROM fingerprint WHERE what = ?", [name]).fetchall())
    for month in span:
        if known.get(month) != fingerprints[month]:
            with warehouse.transaction():
                _compute(warehouse, month, span[-1], name)
                warehouse.con.execute("DELETE FROM fingerprint WHERE month = ? AND what = ?", [month, name])
                warehouse.con.execute("INSERT INTO fingerprint VALUES (?, ?, ?)", [month, name, fingerprints[month]])
    return name


def _compute(warehouse: Warehouse, month: date, later: date, name: str) -> None:
    if key(warehouse, month) == name:
        standing.load_rosters(warehouse, month)
        figures.recount(warehouse, month)
    else:
        load_later_divisions(warehouse, month, later)
        figures.compute(warehouse, month, name)
    progress.compute(warehouse, month, name)


def load_later_divisions(warehouse: Warehouse, month: date, later: date) -> None:
    """Temporary `unit` and `county` of a month's units by the divisions of a later month."""
    con, rosters = warehouse.con, warehouse.reference.rosters
    for name, table in (
        ("placed", rosters.as_of(month, later)),
        ("then_unit", rosters.table(month)),
        ("now_unit", rosters.table(later)),
        ("now_county", rosters.county_table(later)),
    ):
        con.register("incoming", table)
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM incoming")
        con.unregister("incoming")
    con.execute(_UNIT)
    con.execute(_COUNTY)


# A 居委会 that has no successor of its own takes the kind that its county's present status gives it.
_UNIT = """
    CREATE OR REPLACE TEMP TABLE unit AS
    SELECT placed.code, then_unit.name, placed.town_code, placed.town, placed.county_code, placed.county,
           coalesce(now_unit.kind, CASE WHEN then_unit.kind <> '农村社区' AND now_county.municipal_district
                                        THEN '城市社区' ELSE then_unit.kind END) AS kind,
           placed.uid, coalesce(now_county.municipal_district, then_unit.municipal_district) AS municipal_district,
           coalesce(now_county.shared_funding, then_unit.shared_funding) AS shared_funding,
           coalesce(now_county.has_villages, then_unit.has_villages) AS has_villages,
           placed.code AS answered_as, then_unit.county_code AS county_answered_as
    FROM placed JOIN then_unit USING (code)
    LEFT JOIN now_unit ON now_unit.code = placed.to_code
    LEFT JOIN now_county ON now_county.code = placed.county_code
"""
# A county that did not exist yet answers through the one that nearly all of its units come from, if that one is gone.
_COUNTY = """
    CREATE OR REPLACE TEMP TABLE county AS
    WITH came AS (
        SELECT county_code AS code, county_answered_as AS source, count(*) AS units,
               sum(count(*)) OVER (PARTITION BY county_code) AS together
        FROM unit WHERE county_code IS NOT NULL GROUP BY 1, 2
    )
    SELECT now_county.*, CASE WHEN now_county.code IN (SELECT county_code FROM then_unit) THEN now_county.code
                              ELSE came.source END AS answered_as
    FROM now_county LEFT JOIN came ON came.code = now_county.code AND came.units >= 0.9 * came.together
         AND came.source NOT IN (SELECT code FROM now_county)
"""


def reconciliation(warehouse: Warehouse, earlier: date, later: date) -> list[dict]:
    """Units before + created − abolished ± moved = units after, by county and for the city (grain: one county)."""
    rosters = warehouse.reference.rosters
    first, last = rosters.edition(earlier).year, rosters.edition(later).year
    return [asdict(balance) for balance in rosters.reconcile(first, last)] if first != last else []
