"""Value, bounds, status and gap of every tally, and the pace towards the target (semantics §5 and §6).

Comparisons with a target are made on integers and decimals. The pace is computed in binary; wherever that comes near a threshold
it is decided again with exact fractions, so that one village short is one village short.
"""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pyarrow as pa

from pipelines import months
from pipelines.indicators.figures import MICRO
from pipelines.policy.register import Indicator, Register
from pipelines.warehouse import Warehouse

STATUSES = {
    "met": "已达标",
    "unproven": "待核实",
    "overdue": "逾期未达标",
    "on_track": "进度正常",
    "lagging": "进度偏慢",
    "off_track": "严重滞后",
    "reversing": "倒退",
    "tracked": "仅监测",
    "no_data": "无数据",
    "not_applicable": "不适用",
}
# Targets are held in ten-thousandths; the register's gate refuses finer ones.
SCALE = 10_000
ON_TRACK, LAGGING = Fraction(95, 100), Fraction(60, 100)
# Binary pace is trusted only when it is at least this far from a threshold.
_NEAR = 1e-6

TARGETS = pa.schema(
    [
        ("policy", pa.string()),
        ("indicator", pa.string()),
        ("is_share", pa.bool_()),
        ("factor", pa.int64()),
        # bounds of the target in ten-thousandths
        ("low", pa.int64()),
        ("high", pa.int64()),
        ("target", pa.string()),
        ("due", pa.date32()),
        ("december", pa.bool_()),
        ("base_month", pa.date32()),
        ("base_value", pa.decimal128(18, 4)),
        ("gap_unit", pa.string()),
    ]
)


def targets(registers: tuple[Register, ...]) -> pa.Table:
    """One row per policy and indicator: what is needed to judge its figures."""
    rows = [_target(register.policy.id, indicator) for register in registers for indicator in register]
    return pa.Table.from_pylist(rows, schema=TARGETS)


def _target(policy: str, indicator: Indicator) -> dict:
    target, base = indicator.target, indicator.baseline
    return {
        "policy": policy,
        "indicator": indicator.id,
        "is_share": indicator.is_share,
        "factor": indicator.factor,
        "low": _scaled(target and target.low),
        "high": _scaled(target and target.high),
        "target": target and target.label,
        "due": target and target.due,
        "december": indicator.judged == "december",
        "base_month": base and months.parse(base.month),
        "base_value": base and base.value,
        "gap_unit": indicator.gap_unit,
    }


def _scaled(bound: Decimal | None) -> int | None:
    return None if bound is None else int(bound * SCALE)


def create(warehouse: Warehouse) -> None:
    """`figure`, one row per policy, indicator, month, divisions, level and unit above community; and `trail`.

    `trail` has one row per series and month: where it began and whether it was ever met, up to and with that month. It makes the
    cost of a month independent of how many came before.
    """
    warehouse.con.execute(
        """
        CREATE TABLE IF NOT EXISTS figure (
            policy VARCHAR, indicator VARCHAR, month DATE, divisions VARCHAR, level VARCHAR, unit VARCHAR,
            value DOUBLE, lower DOUBLE, upper DOUBLE, shown VARCHAR, numerator DECIMAL(38,6), denominator DECIMAL(38,6),
            unknown BIGINT, scope_unknown BIGINT, carried BIGINT, answered BIGINT, target VARCHAR, due DATE, status VARCHAR,
            gap BIGINT, pace DOUBLE, base_month DATE, base_value DOUBLE)
        """
    )
    warehouse.con.execute(
        """
        CREATE TABLE IF NOT EXISTS trail (
            month DATE, divisions VARCHAR, policy VARCHAR, indicator VARCHAR, level VARCHAR, unit VARCHAR,
            first_month DATE, first_yes HUGEINT, first_scope HUGEINT, met_before BOOLEAN)
        """
    )


def compute(warehouse: Warehouse, month: date, divisions: str = "then") -> None:
    """Write `figure` and `trail` of a month from its `tally` and the trail of the month before (months go in order)."""
    con = warehouse.con
    load_targets(warehouse)
    for table in ("figure", "trail"):
        con.execute(f"DELETE FROM {table} WHERE month = ? AND divisions = ?", [month, divisions])
    parameters = {"month": month, "divisions": divisions, "before": months.add(month, -1)}
    con.execute(f"CREATE OR REPLACE TEMP TABLE judged AS {JUDGED}", parameters)
    _decide_exactly(warehouse)
    con.execute(f"INSERT INTO figure BY NAME SELECT {_PUBLISHED} FROM judged")
    con.execute(f"INSERT INTO trail BY NAME {_TRAIL}", parameters)


def load_targets(warehouse: Warehouse) -> None:
    """The temporary table `target`: what is needed to judge an indicator's figures."""
    warehouse.con.register("declared_target", targets(warehouse.reference.registers))
    warehouse.con.execute("CREATE OR REPLACE TEMP TABLE target AS SELECT * FROM declared_target")
    warehouse.con.unregister("declared_target")


# A month counts for the trail when it has a value, and, of what is judged in December, when it is one.
_TRAIL = """
    WITH counted AS (SELECT * FROM judged WHERE value IS NOT NULL AND (NOT december OR month(month) = 12)),
    before AS (SELECT * EXCLUDE (month) FROM trail WHERE month = $before AND divisions = $divisions)
    SELECT $month::DATE AS month, $divisions AS divisions, policy, indicator, level, unit,
           coalesce(before.first_month, counted.month) AS first_month,
           CASE WHEN before.first_month IS NULL THEN counted.yes ELSE before.first_yes END AS first_yes,
           CASE WHEN before.first_month IS NULL THEN counted.scope ELSE before.first_scope END AS first_scope,
           coalesce(before.met_before, FALSE) OR coalesce(counted.meets, FALSE) AS met_before
    FROM (SELECT * EXCLUDE (met_before, first_month, first_yes, first_scope, divisions) FROM counted) AS counted
    FULL JOIN before USING (policy, indicator, level, unit)
"""


# HUGEINT millionths back to decimals; 31 + 7 digits are all that DECIMAL holds.
_DECIMAL = "{}::DECIMAL(31,0) * 0.000001::DECIMAL(7,6)"
_PUBLISHED = f"""
    policy, indicator, month, divisions, level, unit, value, lower, upper, shown,
    {_DECIMAL.format("yes")} AS numerator, {_DECIMAL.format("scope")} AS denominator,
    (share_unknown + scope_unknown) AS unknown, scope_unknown, carried, answered, target, due, status, gap, pace,
    base_month, base_value
"""


_JUDGED = """
    WITH measured AS ({measured}),
    past AS (SELECT * EXCLUDE (month, divisions) FROM trail WHERE month = $before AND divisions = $divisions),
    started AS (
        SELECT measured.*, past.first_month, past.first_yes, past.first_scope, coalesce(past.met_before, FALSE) AS met_before,
               coalesce(declared_month, past.first_month, month) AS base_month,
               coalesce(declared_value, factor * past.first_yes::DOUBLE / nullif(past.first_scope, 0)::DOUBLE, value) AS base_value
        FROM measured LEFT JOIN past USING (policy, indicator, level, unit)
    ),
    paced AS (
        SELECT *, CASE WHEN base_value > high / {scale}.0 THEN high / {scale}.0 ELSE coalesce(low, high) / {scale}.0 END::DOUBLE AS goal,
               date_diff('day', last_day(base_month), last_day(month)) AS elapsed,
               date_diff('day', last_day(base_month), last_day(due)) AS allowed
        FROM started
    ),
    timed AS (
        SELECT *, CASE WHEN elapsed > 0 AND allowed > 0 AND value IS NOT NULL AND goal <> base_value
                       THEN ((value - base_value) / (goal - base_value)) / (elapsed::DOUBLE / allowed) END AS pace
        FROM paced
    )
    SELECT *, {gap} AS gap, {shown} AS shown, {status} AS status FROM timed
"""


_MEASURED = f"""
    SELECT *, CASE WHEN scope > 0 AND NOT (is_share AND share_unknown * {MICRO} = scope)
                   THEN factor * yes::DOUBLE / scope::DOUBLE END AS value,
           CASE WHEN is_share AND scope > 0 THEN factor * yes::DOUBLE / whole::DOUBLE END AS lower,
           CASE WHEN is_share AND scope > 0 THEN factor * most::DOUBLE / whole::DOUBLE END AS upper,
           {{meets}} AS meets, {{value_meets}} AS value_meets
    FROM (
        SELECT tally.*, is_share, factor, low, high, target, due, december, gap_unit,
               target.base_month AS declared_month, target.base_value AS declared_value,
               scope + CASE WHEN is_share THEN scope_unknown * {MICRO} ELSE 0 END AS whole,
               yes + CASE WHEN is_share THEN (share_unknown + scope_unknown) * {MICRO} ELSE 0 END AS most
        FROM tally JOIN target USING (policy, indicator) WHERE month = $month AND divisions = $divisions
    )
"""


def _reaches(lowest: str, highest: str, whole: str) -> str:
    """SQL: the target holds for both ends, in whole numbers. Null bounds do not bind; no target is never reached."""
    return (
        f"(target IS NOT NULL AND scope > 0 AND NOT (is_share AND share_unknown * {MICRO} = scope)"
        f" AND coalesce({SCALE}::HUGEINT * factor * {lowest} >= low * {whole}, TRUE)"
        f" AND coalesce({SCALE}::HUGEINT * factor * {highest} <= high * {whole}, TRUE))"
    )


_MEASURED = _MEASURED.format(meets=_reaches("yes", "most", "whole"), value_meets=_reaches("yes", "yes", "scope"))

# A ratio between two bounds has its numerator in its denominator as a rule: no count of further units would be true of it.
_GAP = f"""
    CASE WHEN target IS NULL OR whole = 0 OR (NOT is_share AND low IS NOT NULL AND high IS NOT NULL) THEN NULL
         ELSE greatest(
            coalesce((low * whole - {SCALE}::HUGEINT * factor * yes + {SCALE}::HUGEINT * {MICRO} * factor - 1)
                     // ({SCALE}::HUGEINT * {MICRO} * factor), 0),
            coalesce(({SCALE}::HUGEINT * factor * most - high * whole + {SCALE}::HUGEINT * {MICRO} * factor - 1)
                     // ({SCALE}::HUGEINT * {MICRO} * factor), 0), 0) END
"""
# half up to one decimal, from the exact sums
_SHOWN = """
    CASE WHEN value IS NOT NULL THEN ((20::HUGEINT * factor * yes + scope) // (2 * scope) // 10) || '.'
                                     || ((20::HUGEINT * factor * yes + scope) // (2 * scope) % 10) END
"""
_STATUS = f"""
    CASE WHEN scope = 0 AND scope_unknown = 0 AND (is_share OR share_unknown = 0 OR answered > 0) THEN 'not_applicable'
         WHEN value IS NULL THEN 'no_data'
         WHEN target IS NULL OR (december AND month(month) <> 12) THEN 'tracked'
         WHEN meets THEN 'met'
         WHEN value_meets THEN 'unproven'
         WHEN month >= due THEN 'overdue'
         WHEN met_before THEN 'reversing'
         WHEN base_month = month THEN 'on_track'
         WHEN base_value >= low / {SCALE}.0 AND coalesce(base_value <= high / {SCALE}.0, TRUE) THEN 'reversing'
         WHEN low IS NULL AND base_value <= high / {SCALE}.0 THEN 'reversing'
         WHEN pace < 0 THEN 'reversing'
         WHEN pace >= 0.95 THEN 'on_track'
         WHEN pace >= 0.60 THEN 'lagging'
         ELSE 'off_track' END
"""


JUDGED = _JUDGED.format(measured=_MEASURED, gap=_GAP, shown=_SHOWN, status=_STATUS, scale=SCALE)


# A value that is exactly the base's has a pace of 0, and its status is right as it stands: most of what is next to a threshold.
_UNMOVED = "coalesce(status = 'off_track' AND declared_value IS NULL AND TRY(yes * first_scope = first_yes * scope), FALSE)"


def _decide_exactly(warehouse: Warehouse) -> None:
    """Correct the few statuses whose binary pace lies next to a threshold, with fractions."""
    rows = warehouse.con.execute(
        f"""
        SELECT rowid, status, factor, yes, scope, first_yes, first_scope, declared_value, low, high, elapsed, allowed, value, base_value
        FROM judged
        WHERE status IN ('on_track', 'lagging', 'off_track', 'reversing') AND NOT met_before AND pace IS NOT NULL
          AND (least(abs(pace), abs(pace - 0.95), abs(pace - 0.6)) < {_NEAR} AND NOT {_UNMOVED} OR abs(goal - base_value) < 0.001)
        """
    ).fetchall()
    for rowid, status, *sums in rows:
        exact = exact_status(*sums[:10])
        # nearly all stand as they are: an update each would cost seconds
        if exact != status:
            warehouse.con.execute("UPDATE judged SET status = ? WHERE rowid = ?", [exact, rowid])


def exact_status(factor, yes, scope, first_yes, first_scope, declared, low, high, elapsed, allowed) -> str:
    """Status by pace in exact arithmetic. Sums in any common unit; bounds in ten-thousandths; days."""
    value = Fraction(factor * yes, scope)
    base = Fraction(declared) if declared is not None else Fraction(factor * first_yes, first_scope)
    low, high = (None if bound is None else Fraction(bound, SCALE) for bound in (low, high))
    goal = high if low is None or (high is not None and base > high) else low
    reached = (low is None or base >= low) and (high is None or base <= high)
    if reached:
        return "reversing"
    pace = (value - base) / (goal - base) / Fraction(elapsed, allowed)
    if pace < 0:
        return "reversing"
    return "on_track" if pace >= ON_TRACK else "lagging" if pace >= LAGGING else "off_track"
