"""Where each series began and when it was first met: what a month's pace needs of the months before (semantics §6).

| table | one row per |
|---|---|
| `began` | policy, divisions, indicator, level and unit whose series has a value: the first month of it, with its sums |
| `first_met` | policy, divisions, indicator, level and unit that was ever met: the first month of it |

A series begins once, so that a month costs the same however many came before. What holds before a month is read from the rows of the
months before it; so an earlier month can be computed again, and those after it follow in order. Months that are computed at once look
back at each other.
"""

from collections.abc import Iterable
from datetime import date

from pipelines.figures.measure import Kind, measured, series
from pipelines.warehouse.projection import Warehouse, among

_KEY = "policy VARCHAR, divisions VARCHAR, indicator VARCHAR, level VARCHAR, unit VARCHAR, month DATE"


def create(warehouse: Warehouse) -> None:
    """The tables of this module, where they are not there yet."""
    warehouse.con.execute(f"CREATE TABLE IF NOT EXISTS began ({_KEY}, yes HUGEINT, scope HUGEINT)")
    warehouse.con.execute(f"CREATE TABLE IF NOT EXISTS first_met ({_KEY})")


def forget(warehouse: Warehouse, span: list[date], divisions: str) -> None:
    """Nothing began or was first met in these months."""
    for table in ("began", "first_met"):
        warehouse.con.execute(f"DELETE FROM {table} WHERE month IN {among(span)} AND divisions = ?", [divisions])


def load(warehouse: Warehouse, span: list[date], kind: Kind, divisions: str, policy: str) -> None:
    """Temporary `share_series` or `ratio_series`: what was counted in these months, and what holds before each: `first_month`,
    `first_yes`, `first_scope` (null before it begins) and `met_before`.
    """
    told = _PAST.format(series=series(kind), big=kind.number)
    if len(span) > 1:
        columns = ", ".join(kind.columns)
        told = _WITHIN.format(measured=measured(kind, told), columns=columns)
    parameters = {"policy": policy, "divisions": divisions, "first": span[0]}
    warehouse.con.execute(f"CREATE OR REPLACE TEMP TABLE {kind.name}_series AS {told}", parameters)


_PAST = """
    SELECT series.*, began.month AS first_month, began.yes::{big} AS first_yes, began.scope::{big} AS first_scope,
           first_met.month IS NOT NULL AS met_before
    FROM ({series}) AS series
    LEFT JOIN (SELECT * FROM began WHERE policy = $policy AND divisions = $divisions AND month < $first) AS began
         USING (indicator, level, unit)
    LEFT JOIN (SELECT * FROM first_met WHERE policy = $policy AND divisions = $divisions AND month < $first) AS first_met
         USING (indicator, level, unit)
"""
_WITHIN = """
    SELECT month, level, unit, indicator, {columns},
           coalesce(first_month, min(CASE WHEN begins THEN month END) OVER earlier) AS first_month,
           coalesce(first_yes, first_value(CASE WHEN begins THEN yes END IGNORE NULLS) OVER earlier) AS first_yes,
           coalesce(first_scope, first_value(CASE WHEN begins THEN scope END IGNORE NULLS) OVER earlier) AS first_scope,
           met_before OR coalesce(bool_or(meets AND judged) OVER earlier, FALSE) AS met_before
    FROM (SELECT *, value IS NOT NULL AND judged AS begins FROM ({measured}))
    WINDOW earlier AS (PARTITION BY indicator, level, unit ORDER BY month ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
"""


def advance(warehouse: Warehouse, found: Iterable[Kind], divisions: str, policy: str) -> None:
    """Write which series begin in the months loaded, and which are met for the first time."""
    parameters = {"policy": policy, "divisions": divisions}
    for kind in found:
        told = measured(kind, f"SELECT * FROM {kind.name}_series")
        warehouse.con.execute(f"INSERT INTO began BY NAME {_BEGINS.format(measured=told)}", parameters)
        warehouse.con.execute(f"INSERT INTO first_met BY NAME {_FIRST_MET.format(measured=told)}", parameters)


_BEGINS = """
    SELECT policy, $divisions AS divisions, indicator, level, unit, month, yes, scope
    FROM ({measured}) WHERE first_month IS NULL AND value IS NOT NULL AND judged
"""
_FIRST_MET = """
    SELECT policy, $divisions AS divisions, indicator, level, unit, month
    FROM ({measured}) WHERE NOT met_before AND meets AND judged
"""
