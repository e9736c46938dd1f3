"""Whether a figure fell among the units in scope and known in both months, which distinguishes 倒退 from a wider scope (semantics §6).

A share below its target fell where more of them turned from met to not met than the reverse; above a target that is a limit (at_most, the
upper end of a band), where more turned the other way. A ratio fell where that of these units alone is farther from the target.
"""

from decimal import Decimal
from fractions import Fraction

from pipelines.figures.figure_counts import of
from pipelines.figures.measure import SCALE, Kind
from pipelines.reference.policy.register import Indicator, Register
from pipelines.warehouse.projection import Warehouse, among, scalar


def find(
    warehouse: Warehouse, kind: Kind, register: Register, candidates: str, basis: str, assumed: bool = False
) -> None:
    """Temporary `fell`, one row per month, indicator, level and unit of the candidates that fell if they are now `below` the target,
    or `above` it.

    `assumed`: the present states are those of the temporary `state` and `county_state`, not those that were counted.
    `candidates` is SQL with these columns, `since` (the earlier month), `factor`, and the target's `low` and `high` in ten-thousandths.
    """
    con = warehouse.con
    con.execute(_FELL)
    con.execute(f"CREATE OR REPLACE TEMP TABLE candidate AS {candidates}")
    looked = [month for (month,) in con.execute(_MONTHS).fetchall()]
    for table, counted in (("state", "community"), ("county_state", "county")):
        indicators = [i for i in of(register, counted) if i.is_share == kind.share]
        if indicators and scalar(con, _ANY, [[i.id for i in indicators]]):
            kept = f"(SELECT * FROM {table}_{kind.number} WHERE month IN {among(looked)} AND divisions = '{basis}')"
            _compare(warehouse, kind, _pairs(kind, indicators, kept, f"temp.{table}" if assumed else "state"))


_FELL = """
    CREATE OR REPLACE TEMP TABLE fell (month DATE, indicator VARCHAR, level VARCHAR, unit VARCHAR, below BOOLEAN, above BOOLEAN)
"""
_MONTHS = "SELECT month FROM candidate UNION SELECT since FROM candidate ORDER BY 1"
_ANY = "SELECT count(*) FROM candidate WHERE list_contains(?, indicator)"


def _compare(warehouse: Warehouse, kind: Kind, pairs: str) -> None:
    con = warehouse.con
    if kind.share:
        con.execute(f"INSERT INTO fell {_TURNED.format(pairs=pairs)}")
        return
    rows = con.execute(_SUMS.format(pairs=pairs)).fetchall()
    if farther := [row[:4] for row in rows if _is_farther(*row[4:])]:
        con.executemany("INSERT INTO fell VALUES (?, ?, ?, ?, TRUE, TRUE)", farther)


def _pairs(kind: Kind, indicators: list[Indicator], states: str, present: str) -> str:
    """SQL: every unit of every candidate's place with its state as it was and as it is, and of a ratio both parts."""
    listed = ", ".join(f"('{i.id}', {position})" for position, i in enumerate(indicators, 1))
    places = " UNION ALL ".join(_PLACE.format(level=level, inside=inside) for level, inside in _INSIDE.items())
    pairs = [f"{_list(indicators, '', when)} AS {when}_state" for when in ("old", "new")]
    if not kind.share:
        pairs += [f"{_list(indicators, f'{p}:', when)} AS {when}_{p}" for when in ("old", "new") for p in "nd"]
    return f"""
        WITH state AS MATERIALIZED {states}, listed(indicator, position) AS (VALUES {listed}), place AS ({places})
        SELECT place.* EXCLUDE (uid, position), {", ".join(pairs)} FROM place
        JOIN {present} AS new ON new.month = place.month AND new.uid = place.uid
        JOIN state AS old ON old.month = place.since AND old.uid = place.uid"""


_INSIDE = {"city": "", "county": "AND state.county = candidate.unit", "town": "AND state.town = candidate.unit"}
_PLACE = """
    SELECT candidate.*, position, state.uid FROM candidate JOIN listed USING (indicator)
    JOIN state ON state.month = candidate.month {inside} WHERE candidate.level = '{level}'
"""


def _list(indicators: list[Indicator], part: str, when: str) -> str:
    return "[" + ", ".join(f'{when}."{part}{i.id}"' for i in indicators) + "][position]"


_TURNED = """
    SELECT month, indicator, level, unit, lost > won AS below, won > lost AS above FROM (
        SELECT month, indicator, level, unit, count_if(new_state = 2) AS lost, count_if(new_state = 1) AS won
        FROM ({pairs}) WHERE old_state IN (1, 2) AND new_state IN (1, 2) AND old_state <> new_state GROUP BY ALL
    ) WHERE lost <> won
"""
_SUMS = """
    SELECT month, indicator, level, unit, any_value(factor), any_value(low), any_value(high), sum(old_n), sum(old_d), sum(new_n), sum(new_d)
    FROM ({pairs}) WHERE old_state = 1 AND new_state = 1 GROUP BY month, indicator, level, unit
"""


def _is_farther(factor: int, low: int | None, high: int | None, *sums: Decimal) -> bool:
    """Whether a ratio is farther outside its target than it was. `sums`: numerator and denominator then, and now."""
    old_n, old_d, new_n, new_d = map(Fraction, sums)
    if not old_d or not new_d:
        return False
    return _distance(low, high, factor * new_n / new_d) > _distance(low, high, factor * old_n / old_d)


def _distance(low: int | None, high: int | None, value: Fraction) -> Fraction:
    below = Fraction(low, SCALE) - value if low is not None else Fraction(0)
    above = value - Fraction(high, SCALE) if high is not None else Fraction(0)
    return max(below, above, Fraction(0))
