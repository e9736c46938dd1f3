"""Where each series began and when it met its target: what a month's verdict needs of the months before (semantics §6).

| table | one row per |
|---|---|
| `began` | policy, divisions, indicator, level, unit and month in which a series begins: the first with 90 % known, and its known sums |
| `met` | policy, divisions, indicator, target, level, unit and month in which the figure met that target at both ends |

A series is read by one roster (`divisions`, see `as_now.key`). A month looks up its start and its last success instead of reading the
months before, so it costs the same however many there are; an earlier month can be computed again, and those after it follow in order.
Months that are computed together look back at each other. An indicator that reads a `year` answer begins again each January.
"""

from datetime import date

from pipelines.figures.measure import Kind, filled, measured, series
from pipelines.warehouse.projection import Warehouse, among

_KEY = "policy VARCHAR, divisions VARCHAR, indicator VARCHAR, level VARCHAR, unit VARCHAR, month DATE"


def create(warehouse: Warehouse) -> None:
    """The tables of this module, where they are not there yet."""
    warehouse.con.execute(f"CREATE TABLE IF NOT EXISTS began ({_KEY}, yes HUGEINT, scope HUGEINT)")
    warehouse.con.execute(f"CREATE TABLE IF NOT EXISTS met ({_KEY}, number INTEGER)")


def forget(warehouse: Warehouse, span: list[date], divisions: str) -> None:
    """No series begins in these months or meets its target."""
    for table in ("began", "met"):
        warehouse.con.execute(f"DELETE FROM {table} WHERE month IN {among(span)} AND divisions = ?", [divisions])


def load(warehouse: Warehouse, span: list[date], kind: Kind, divisions: str, policy: str) -> None:
    """Temporary `share_series` or `ratio_series`: figures with baseline (`base_*`, null before it) and `last_met`."""
    past = _PAST.replace("<measured>", measured(kind, series(kind)))
    query = filled(_WITHIN if len(span) > 1 else _ALONE, kind).replace("<past>", filled(past, kind))
    parameters = {"policy": policy, "divisions": divisions, "first": span[0]}
    warehouse.con.execute(f"CREATE OR REPLACE TEMP TABLE {kind.name}_series AS {query}", parameters)


# Of 100 units in scope at least this many must be known for a month to be a baseline.
_BASELINE_KNOWN = 90
_SAME_SEASON = "(NOT yearly OR year({month}) = year(measured.month))"
_PAST = f"""
    SELECT measured.*, began.month AS began_month, began.yes::<big> AS began_yes, began.scope::<big> AS began_scope,
           earlier.month AS met_month, CASE WHEN yearly THEN year(measured.month) ELSE 0 END AS season,
           judged AND known IS NOT NULL AND 100 * known_units >= {_BASELINE_KNOWN} * units AS begins
    FROM (<measured>) AS measured
    LEFT JOIN (
        SELECT indicator, level, unit, max(month) AS month, arg_max(yes, month) AS yes, arg_max(scope, month) AS scope
        FROM began WHERE policy = $policy AND divisions = $divisions AND month < $first GROUP BY ALL) AS began
         ON (began.indicator, began.level, began.unit) = (measured.indicator, measured.level, measured.unit)
            AND {_SAME_SEASON.format(month="began.month")}
    LEFT JOIN (
        SELECT indicator, level, unit, number, max(month) AS month
        FROM met WHERE policy = $policy AND divisions = $divisions AND month < $first GROUP BY ALL) AS earlier
         ON (earlier.indicator, earlier.level, earlier.unit, earlier.number)
            = (measured.indicator, measured.level, measured.unit, measured.number)
            AND {_SAME_SEASON.format(month="earlier.month")}
"""
_NEW = "began_month IS NULL AND begins"
_ALONE = f"""
    SELECT *, CASE WHEN {_NEW} THEN month ELSE began_month END AS base_month,
           CASE WHEN {_NEW} THEN yes ELSE began_yes END AS base_yes,
           CASE WHEN {_NEW} THEN known_scope ELSE began_scope END AS base_scope, met_month AS last_met
    FROM (<past>)
"""
_FIRST = "first_value(CASE WHEN begins THEN {0} END IGNORE NULLS) OVER until_now"
_WITHIN = f"""
    SELECT *, coalesce(began_month, {_FIRST.format("month")}) AS base_month,
           CASE WHEN began_month IS NULL THEN {_FIRST.format("yes")} ELSE began_yes END AS base_yes,
           CASE WHEN began_month IS NULL THEN {_FIRST.format("known_scope")} ELSE began_scope END AS base_scope,
           coalesce(max(CASE WHEN meets AND judged THEN month END) OVER before_now, met_month) AS last_met
    FROM (<past>)
    WINDOW until_now AS (PARTITION BY indicator, level, unit, season ORDER BY month ROWS UNBOUNDED PRECEDING),
           before_now AS (PARTITION BY indicator, level, unit, season, number ORDER BY month
                          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
"""


def advance(warehouse: Warehouse, kind: Kind, divisions: str, policy: str) -> None:
    """Note which series begin in the months loaded, and which targets their figures meet: later targets too."""
    parameters = {"policy": policy, "divisions": divisions}
    warehouse.con.execute(f"INSERT INTO began BY NAME {_BEGINS.format(name=kind.name)}", parameters)
    counted = f"SELECT month, level, unit, indicator, {', '.join(kind.columns)} FROM {kind.name}_series"
    met = _MET.format(measured=measured(kind, counted, "starts IS NOT NULL"))
    warehouse.con.execute(f"INSERT INTO met BY NAME {met}", parameters)


_BEGINS = """
    SELECT $policy AS policy, $divisions AS divisions, indicator, level, unit, month, yes, known_scope AS scope
    FROM {name}_series WHERE base_month = month
"""
_MET = """
    SELECT policy, $divisions AS divisions, indicator, level, unit, month, number FROM ({measured}) WHERE meets AND judged
"""
