"""Value, bounds, status and gap of every count, and the pace towards the target (semantics §5 and §6).

Comparisons with a target are made on integers and decimals. The pace is computed in binary; wherever that comes near a threshold
it is decided again with exact fractions, so that one village short is one village short.
"""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

import pyarrow as pa

from pipelines import months
from pipelines.indicators import trail
from pipelines.indicators.figures import CARRIED, MICRO, NO, SCOPE_UNKNOWN, SHARE_UNKNOWN, YES, lane, of
from pipelines.indicators.trail import SCALE, scaled
from pipelines.policy.register import Indicator, Register
from pipelines.warehouse import Warehouse, scalar

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
        "low": scaled(target and target.low),
        "high": scaled(target and target.high),
        "target": target and target.label,
        "due": target and target.due,
        "december": indicator.judged == "december",
        "base_month": base and months.parse(base.month),
        "base_value": base and base.value,
        "gap_unit": indicator.gap_unit,
    }


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
    trail.create(warehouse)


def compute(warehouse: Warehouse, month: date, divisions: str = "then") -> None:
    """Write `figure` and the trail of a month from what `figures` counted and the trail before it (months go in order)."""
    con = warehouse.con
    load_targets(warehouse)
    con.execute("DELETE FROM figure WHERE month = ? AND divisions = ?", [month, divisions])
    for number, register in enumerate(warehouse.reference.registers):
        if month >= register.since:
            trail.load_past(warehouse, month, divisions, number, register)
            _judge(warehouse, month, divisions, number, register)
            trail.advance(warehouse, month, divisions, number, register)


def load_targets(warehouse: Warehouse) -> None:
    """The temporary table `target`: what is needed to judge an indicator's figures."""
    warehouse.con.register("declared_target", targets(warehouse.reference.registers))
    warehouse.con.execute("CREATE OR REPLACE TEMP TABLE target AS SELECT * FROM declared_target")
    warehouse.con.unregister("declared_target")


def _judge(warehouse: Warehouse, month: date, divisions: str, number: int, register: Register) -> None:
    """The figures of a policy: of communities and of counties, shares and ratios.

    Shares are counted in units, ratios in millionths: whole numbers of eight bytes are much cheaper than those of sixteen.
    Temporary `series_<k>` holds a row an indicator and unit; a table of so many rows is judged and stored on all cores, one of
    wide rows on one only.
    """
    con, parameters = warehouse.con, {"month": month, "divisions": divisions, "policy": register.policy.id}
    sets = list(_chosen(register))
    for k, (prefix, chosen) in enumerate(sets):
        series = _series(f"{prefix}counted_{number}", f"{prefix}past_{number}", chosen)
        con.execute(f"CREATE OR REPLACE TEMP TABLE series_{k} AS {series}")
        con.execute(f"INSERT INTO figure BY NAME {_figures(k, chosen[0][1].is_share)}", parameters)
    _decide_exactly(warehouse, parameters, [chosen[0][1].is_share for _, chosen in sets])
    for k in range(len(sets)):
        con.execute(f"DROP TABLE temp.series_{k}")


def _figures(k: int, share: bool) -> str:
    series = f"SELECT *, {_FIRST[share]} FROM series_{k}"
    words = {"micro": "1::BIGINT", "big": "BIGINT"} if share else {"micro": f"{MICRO}::HUGEINT", "big": "HUGEINT"}
    return _fill(FIGURES, counts=_SHARES if share else _RATIOS, share=share, series=series, **words)


def _fill(template: str, **words) -> str:
    for word, value in words.items():
        template = template.replace(f"<{word}>", str(value))
    return template


def _chosen(register: Register) -> Iterator[tuple[str, list[tuple[int, Indicator]]]]:
    """Indicators that are all of communities or all of counties, all shares or all ratios, with their place in `met`."""
    for prefix, counted in (("", "community"), ("county_", "county")):
        indicators = list(enumerate(of(register, counted), 1))
        for share in (True, False):
            if chosen := [(place, i) for place, i in indicators if i.is_share == share]:
                yield prefix, chosen


def _series(counted: str, past: str, chosen: list[tuple[int, Indicator]]) -> str:
    """A row an indicator and unit: its counts, and how the series began."""
    lists = {"indicator": [f"'{i.id}'" for _, i in chosen], "packed": [f'"{i.id}"' for _, i in chosen]}
    parts = ("first",) if chosen[0][1].is_share else ("n", "d", "first_n", "first_d")
    lists |= {part: [f'"{part}:{i.id}"' for _, i in chosen] for part in parts}
    lists["first_month"] = [f'"month:{i.id}"' for _, i in chosen]
    lists["met_before"] = [f"coalesce(past.met[{place}], FALSE)" for place, _ in chosen]
    return f"SELECT level, unit, {_unnested(lists)} FROM {counted} LEFT JOIN {past} AS past USING (level, unit)"


def _unnested(lists: dict[str, list[str]]) -> str:
    return ", ".join(f"unnest([{', '.join(values)}]) AS {name}" for name, values in lists.items())


def _share_sums(packed: str, prefix: str) -> str:
    inside = " + ".join(lane(packed, number) for number in (YES, NO, SHARE_UNKNOWN))
    return f"{lane(packed, YES)} AS {prefix}yes, {inside} AS {prefix}scope"


_LANES = f"""
    {lane("packed", SHARE_UNKNOWN)} AS share_unknown, {lane("packed", SCOPE_UNKNOWN)} AS scope_unknown,
    {lane("packed", CARRIED)} AS carried, {lane("packed", YES)} AS answered
"""
_SHARES = f"SELECT *, {_LANES}, {_share_sums('packed', '')} FROM (<series>)"
_RATIOS = f"SELECT *, {_LANES}, n AS yes, d AS scope FROM (<series>)"
# how the series began, in the same units
_FIRST = {True: _share_sums("first", "first_"), False: "first_n AS first_yes, first_d AS first_scope"}

_GOAL = (
    f"CASE WHEN base_value > high / {SCALE}.0 THEN high / {SCALE}.0 ELSE coalesce(low, high) / {SCALE}.0 END::DOUBLE"
)
_VALUE = "CASE WHEN scope > 0 AND NOT (<share> AND share_unknown = scope) THEN factor * yes::DOUBLE / scope::DOUBLE END"
_JUDGED = """
    WITH counts AS (<counts>),
    measured AS ({measured}),
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


_MEASURED = """
    SELECT *, {value} AS value,
           CASE WHEN <share> AND scope > 0 THEN factor * yes::DOUBLE / whole::DOUBLE END AS lower,
           CASE WHEN <share> AND scope > 0 THEN factor * most::DOUBLE / whole::DOUBLE END AS upper,
           {meets} AS meets, {value_meets} AS value_meets
    FROM (
        SELECT counts.*, $month::DATE AS month, policy, factor::<big> AS factor, low::<big> AS low, high::<big> AS high, target,
               due, december, target.base_month AS declared_month, target.base_value AS declared_value,
               scope + CASE WHEN <share> THEN scope_unknown ELSE 0 END AS whole,
               yes + CASE WHEN <share> THEN share_unknown + scope_unknown ELSE 0 END AS most
        FROM counts JOIN target USING (indicator) WHERE policy = $policy
    )
"""


def _reaches(lowest: str, highest: str, whole: str) -> str:
    """SQL: the target holds for both ends, in whole numbers. Null bounds do not bind; no target is never reached."""
    return (
        "(target IS NOT NULL AND scope > 0 AND NOT (<share> AND share_unknown = scope)"
        f" AND coalesce({SCALE} * factor * {lowest} >= low * {whole}, TRUE)"
        f" AND coalesce({SCALE} * factor * {highest} <= high * {whole}, TRUE))"
    )


_MEASURED = _MEASURED.format(
    value=_VALUE, meets=_reaches("yes", "most", "whole"), value_meets=_reaches("yes", "yes", "scope")
)

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


# HUGEINT millionths back to decimals; 31 + 7 digits are all that DECIMAL holds.
_DECIMAL = "CASE WHEN <share> THEN {0}::DECIMAL(38,6) ELSE {0}::DECIMAL(31,0) * 0.000001::DECIMAL(7,6) END"
FIGURES = _JUDGED.format(
    measured=_MEASURED, goal=_GOAL, gap=_GAP, shown=_SHOWN, status=_STATUS, scale=SCALE,
    numerator=_DECIMAL.format("yes"), denominator=_DECIMAL.format("scope"),
)  # fmt: skip


def values(number: int, register: Register) -> Iterator[str]:
    """Queries over what `figures` counted: value and sums (yes, scope) of a policy's figures of counties and the city."""
    for prefix, chosen in _chosen(register):
        share = chosen[0][1].is_share
        lists = {"indicator": [f"'{i.id}'" for _, i in chosen], "packed": [f'"{i.id}"' for _, i in chosen]}
        lists |= {} if share else {part: [f'"{part}:{i.id}"' for _, i in chosen] for part in ("n", "d")}
        factors = " ".join(f"WHEN '{i.id}' THEN {i.factor}" for _, i in chosen)
        series = f"SELECT level, unit, {_unnested(lists)} FROM {prefix}counted_{number} WHERE level <> 'town'"
        counts = _fill(_SHARES if share else _RATIOS, series=series)
        yield f"""
            SELECT indicator, level, unit, {_fill(_VALUE, share=share)} AS value,
                   {_fill(_DECIMAL.format("yes"), share=share)}::DOUBLE AS yes,
                   {_fill(_DECIMAL.format("scope"), share=share)}::DOUBLE AS scope
            FROM (SELECT *, CASE indicator {factors} END AS factor FROM ({counts}))"""


# Figures whose binary pace lies next to a threshold. A value that is exactly the base's has a pace of 0, and its status is right as it
# stands: most of what is next to one. Shares of equal value are equal fractions; of ratios it is looked at below.
_NEXT_TO = f"""
    WITH paced AS (
        SELECT indicator, level, unit, is_share, status, factor, numerator, denominator, t.base_value AS declared, low, high, value, pace,
               f.base_value, date_diff('day', last_day(f.base_month), last_day(month)) AS elapsed,
               date_diff('day', last_day(f.base_month), last_day(f.due)) AS allowed
        FROM figure AS f JOIN target AS t USING (policy, indicator)
        WHERE month = $month AND divisions = $divisions AND policy = $policy AND pace IS NOT NULL
          AND status IN ('on_track', 'lagging', 'off_track', 'reversing')
    )
    SELECT * EXCLUDE (value, base_value, pace) FROM paced
    WHERE least(abs(pace), abs(pace - 0.95), abs(pace - 0.6)) < {_NEAR}
          AND NOT (is_share AND status = 'off_track' AND declared IS NULL AND value = base_value)
       OR abs({_GOAL} - base_value) < 0.001
"""
_BEGAN = """
    SELECT indicator, level, unit, first_yes::HUGEINT AS first_yes, first_scope::HUGEINT AS first_scope, met_before
    FROM (SELECT *, {first} FROM series_{k})
"""
_WITH_FIRST = f"""
    SELECT indicator, level, unit, status, factor, yes, scope, first_yes, first_scope, declared, low, high, elapsed, allowed
    FROM (
        SELECT near.*, first_yes, first_scope, met_before, CASE WHEN is_share THEN 1 ELSE {MICRO} END AS scale,
               (numerator * scale)::HUGEINT AS yes, (denominator * scale)::HUGEINT AS scope
        FROM near JOIN (<began>) AS began USING (indicator, level, unit)
    )
    WHERE NOT coalesce(met_before, FALSE)
      AND NOT coalesce(status = 'off_track' AND declared IS NULL AND TRY(yes * first_scope = first_yes * scope), FALSE)
"""


def _decide_exactly(warehouse: Warehouse, parameters: dict, shares: list[bool]) -> None:
    """Correct the few statuses whose binary pace lies next to a threshold, with fractions."""
    con = warehouse.con
    con.execute(f"CREATE OR REPLACE TEMP TABLE near AS {_NEXT_TO}", parameters)
    if not scalar(con, "SELECT count(*) FROM near"):
        return
    began = " UNION ALL ".join(_BEGAN.format(first=_FIRST[share], k=k) for k, share in enumerate(shares))
    near = con.execute(_fill(_WITH_FIRST, began=began)).fetchall()
    exact = [(*key, exact_status(*sums)) for *key, status, sums in ((*row[:4], row[4:]) for row in near)]
    told = {row[:3]: row[3] for row in near}
    wrong = [row for row in exact if row[3] != told[row[:3]]]
    if wrong:
        names = ("indicators", "levels", "units", "statuses")
        con.execute(_CORRECT, parameters | dict(zip(names, map(list, zip(*wrong, strict=True)), strict=True)))


_CORRECT = """
    UPDATE figure SET status = exact.status
    FROM (SELECT unnest($indicators::VARCHAR[]) AS indicator, unnest($levels::VARCHAR[]) AS level, unnest($units::VARCHAR[]) AS unit,
                 unnest($statuses::VARCHAR[]) AS status) AS exact
    WHERE figure.month = $month AND figure.divisions = $divisions AND figure.policy = $policy
      AND (figure.indicator, figure.level, figure.unit) = (exact.indicator, exact.level, exact.unit)
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
