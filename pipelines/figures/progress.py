"""Value, bounds, status and gap of every count, and the pace towards the target (semantics §5 and §6).

Comparisons with a target are made on integers and decimals. The pace is computed in binary; wherever that comes near a threshold
it is decided again with exact fractions, so that one village short is one village short.
"""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pyarrow as pa

from pipelines import months
from pipelines.figures import series_start
from pipelines.figures.figure_counts import MICRO
from pipelines.figures.measure import DECIMAL, SCALE, Kind, filled, kinds, measured
from pipelines.reference.policy.register import Indicator, Register
from pipelines.warehouse.projection import Warehouse, among, scalar

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
    """A target's bound in ten-thousandths."""
    return None if bound is None else int(bound * SCALE)


def create(warehouse: Warehouse) -> None:
    """`figure`, one row per policy, indicator, month, divisions, level and unit above community; and the trail of the series."""
    warehouse.con.execute(
        """
        CREATE TABLE IF NOT EXISTS figure (
            policy VARCHAR, indicator VARCHAR, month DATE, divisions VARCHAR, level VARCHAR, unit VARCHAR,
            value DOUBLE, lower DOUBLE, upper DOUBLE, shown VARCHAR, numerator DECIMAL(38,6), denominator DECIMAL(38,6),
            unknown BIGINT, scope_unknown BIGINT, carried BIGINT, answered BIGINT, target VARCHAR, due DATE, status VARCHAR,
            gap BIGINT, pace DOUBLE, base_month DATE, base_value DOUBLE)
        """
    )
    series_start.create(warehouse)


def compute(warehouse: Warehouse, span: list[date], divisions: str = "then") -> None:
    """Write `figure` and the trail of these months from what `figures` counted and the trail before them (months go in order)."""
    load_targets(warehouse)
    warehouse.con.execute(f"DELETE FROM figure WHERE month IN {among(span)} AND divisions = ?", [divisions])
    series_start.forget(warehouse, span, divisions)
    for number, register in enumerate(warehouse.reference.registers):
        if since := [month for month in span if month >= register.since]:
            _judge(warehouse, since, divisions, number, register)


def load_targets(warehouse: Warehouse) -> None:
    """The temporary table `target`: what is needed to judge an indicator's figures."""
    warehouse.con.register("declared_target", targets(warehouse.reference.registers))
    warehouse.con.execute("CREATE OR REPLACE TEMP TABLE target AS SELECT * FROM declared_target")
    warehouse.con.unregister("declared_target")


def _judge(warehouse: Warehouse, span: list[date], divisions: str, number: int, register: Register) -> None:
    """The figures of a policy, its shares and its ratios.

    A table of a row an indicator and unit is judged and stored on all cores, one of wide rows on one only.
    """
    con, policy, found = warehouse.con, register.policy.id, list(kinds(number, register))
    parameters = {"divisions": divisions, "policy": policy}
    for kind in found:
        series_start.load(warehouse, span, kind, divisions, policy)
        judged = FIGURES.replace("<measured>", measured(kind, f"SELECT * FROM {kind.name}_series"))
        con.execute(f"INSERT INTO figure BY NAME {filled(judged, kind)}", parameters)
    _decide_exactly(warehouse, span, parameters, found)
    series_start.advance(warehouse, found, divisions, policy)
    for kind in found:
        con.execute(f"DROP TABLE temp.{kind.name}_series")


_GOAL = (
    f"CASE WHEN base_value > high / {SCALE}.0 THEN high / {SCALE}.0 ELSE coalesce(low, high) / {SCALE}.0 END::DOUBLE"
)
_JUDGED = """
    WITH measured AS (<measured>),
    started AS (
        SELECT *, coalesce(declared_month, first_month, month) AS base_month,
               coalesce(declared_value, factor * first_yes::DOUBLE / nullif(first_scope, 0)::DOUBLE, value) AS base_value
        FROM measured
    ),
    paced AS (
        SELECT *, {goal} AS goal,
               date_diff('day', last_day(base_month), last_day(month)) AS elapsed,
               date_diff('day', last_day(base_month), last_day(due)) AS allowed
        FROM started
    ),
    timed AS (
        SELECT *, CASE WHEN elapsed > 0 AND allowed > 0 AND value IS NOT NULL AND goal <> base_value
                       THEN ((value - base_value) / (goal - base_value)) / (elapsed::DOUBLE / allowed) END AS pace
        FROM paced
    )
    SELECT policy, indicator, month, $divisions AS divisions, level, unit, value, lower, upper, {shown} AS shown,
           {numerator} AS numerator, {denominator} AS denominator, (share_unknown + scope_unknown) AS unknown, scope_unknown, carried,
           answered, target, due, {status} AS status, {gap} AS gap, pace, base_month, base_value
    FROM timed
"""

# A ratio between two bounds has its numerator in its denominator as a rule: no count of further units would be true of it.
_GAP = f"""
    CASE WHEN target IS NULL OR whole = 0 OR (NOT <share> AND low IS NOT NULL AND high IS NOT NULL) THEN NULL
         ELSE greatest(
            coalesce((low * whole - {SCALE} * factor * yes + {SCALE} * <micro> * factor - 1) // ({SCALE} * <micro> * factor), 0),
            coalesce(({SCALE} * factor * most - high * whole + {SCALE} * <micro> * factor - 1) // ({SCALE} * <micro> * factor), 0),
            0) END
"""
# half up to one decimal, from the exact sums
_SHOWN = """
    CASE WHEN value IS NOT NULL THEN ((20 * factor * yes + scope) // (2 * scope) // 10) || '.'
                                     || ((20 * factor * yes + scope) // (2 * scope) % 10) END
"""
_STATUS = f"""
    CASE WHEN scope = 0 AND scope_unknown = 0 AND (<share> OR share_unknown = 0 OR answered > 0) THEN 'not_applicable'
         WHEN value IS NULL THEN 'no_data'
         WHEN target IS NULL OR NOT judged THEN 'tracked'
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


FIGURES = _JUDGED.format(
    goal=_GOAL, gap=_GAP, shown=_SHOWN, status=_STATUS, numerator=DECIMAL.format("yes"), denominator=DECIMAL.format("scope"),
)  # fmt: skip


# Figures whose binary pace lies next to a threshold. A value that is exactly the base's has a pace of 0, and its status is right as it
# stands: most of what is next to one. Shares of equal value are equal fractions; of ratios it is looked at below.
_NEXT_TO = f"""
    WITH paced AS (
        SELECT month, indicator, level, unit, is_share, status, factor, numerator, denominator, t.base_value AS declared, low, high,
               value, pace,
               f.base_value, date_diff('day', last_day(f.base_month), last_day(month)) AS elapsed,
               date_diff('day', last_day(f.base_month), last_day(f.due)) AS allowed
        FROM figure AS f JOIN target AS t USING (policy, indicator)
        WHERE month IN <months> AND divisions = $divisions AND policy = $policy AND pace IS NOT NULL
          AND status IN ('on_track', 'lagging', 'off_track', 'reversing')
    )
    SELECT * EXCLUDE (value, base_value, pace) FROM paced
    WHERE least(abs(pace), abs(pace - 0.95), abs(pace - 0.6)) < {_NEAR}
          AND NOT (is_share AND status = 'off_track' AND declared IS NULL AND value = base_value)
       OR abs({_GOAL} - base_value) < 0.001
"""
_BEGAN = """
    SELECT month, indicator, level, unit, first_yes::HUGEINT AS first_yes, first_scope::HUGEINT AS first_scope, met_before
    FROM {name}_series
"""
_WITH_FIRST = f"""
    SELECT month, indicator, level, unit, status, factor, yes, scope, first_yes, first_scope, declared, low, high, elapsed, allowed
    FROM (
        SELECT near.*, first_yes, first_scope, met_before, CASE WHEN is_share THEN 1 ELSE {MICRO} END AS scale,
               (numerator * scale)::HUGEINT AS yes, (denominator * scale)::HUGEINT AS scope
        FROM near JOIN (<began>) AS began USING (month, indicator, level, unit)
    )
    WHERE NOT met_before
      AND NOT coalesce(status = 'off_track' AND declared IS NULL AND TRY(yes * first_scope = first_yes * scope), FALSE)
"""


def _decide_exactly(warehouse: Warehouse, span: list[date], parameters: dict, found: list[Kind]) -> None:
    """Correct the few statuses whose binary pace lies next to a threshold, with fractions."""
    con = warehouse.con
    con.execute(f"CREATE OR REPLACE TEMP TABLE near AS {_NEXT_TO.replace('<months>', among(span))}", parameters)
    if not scalar(con, "SELECT count(*) FROM near"):
        return
    began = " UNION ALL ".join(_BEGAN.format(name=kind.name) for kind in found)
    near = con.execute(_WITH_FIRST.replace("<began>", began)).fetchall()
    exact = [(*row[:4], exact_status(*row[5:])) for row in near]
    wrong = [now for row, now in zip(near, exact, strict=True) if now[4] != row[4]]
    if wrong:
        names = ("months", "indicators", "levels", "units", "statuses")
        con.execute(_CORRECT, parameters | dict(zip(names, map(list, zip(*wrong, strict=True)), strict=True)))


_CORRECT = """
    UPDATE figure SET status = exact.status
    FROM (SELECT unnest($months::DATE[]) AS month, unnest($indicators::VARCHAR[]) AS indicator, unnest($levels::VARCHAR[]) AS level,
                 unnest($units::VARCHAR[]) AS unit, unnest($statuses::VARCHAR[]) AS status) AS exact
    WHERE figure.divisions = $divisions AND figure.policy = $policy
      AND (figure.month, figure.indicator, figure.level, figure.unit) = (exact.month, exact.indicator, exact.level, exact.unit)
"""


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
