"""Value, bounds, status and gap of every figure, compared in integers and decimals (semantics §5, §6): the table `figure`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import pyarrow as pa

from pipelines import months
from pipelines.figures import figure_counts, figure_verdict, series_start, turned_units
from pipelines.figures.measure import DECIMAL, GAPS, SCALE, Kind, filled, kinds
from pipelines.reference.form import Form
from pipelines.reference.policy.register import Indicator, Register, Target
from pipelines.reference.reference_bundle import Reference
from pipelines.warehouse.projection import Warehouse, among, scalar

STATUSES = {
    "met": "已达标",
    "unproven": "待核实",
    "overdue": "逾期未达标",
    "starting": "起步期",
    "on_track": "进度正常",
    "lagging": "进度偏慢",
    "off_track": "严重滞后",
    "reversing": "倒退",
    "tracked": "仅监测",
    "no_data": "无数据",
    "not_applicable": "不适用",
}
# The one order of concern (semantics §6); what is not judged comes last.
CONCERN = {
    "reversing": 0,
    "overdue": 0,
    "off_track": 1,
    "lagging": 2,
    "unproven": 3,
    "starting": 4,
    "on_track": 5,
    "met": 6,
}

TARGETS = pa.schema(
    [(name, pa.string()) for name in ("policy", "indicator")]
    # which of the indicator's targets, and the months in which it is the one in force
    + [
        ("number", pa.int32()),
        ("starts", pa.date32()),
        ("ends", pa.date32()),
        ("is_share", pa.bool_()),
        ("factor", pa.int64()),
    ]
    # bounds of the target in ten-thousandths
    + [("low", pa.int64()), ("high", pa.int64()), ("target", pa.string()), ("due", pa.date32())]
    # judged in December; begins again each January; the indicator's first month
    + [("december", pa.bool_()), ("yearly", pa.bool_()), ("since", pa.date32())]
    + [
        ("base_month", pa.date32()),
        ("base_value", pa.decimal128(18, 4)),
        ("gap_unit", pa.string()),
        ("position", pa.int32()),
    ]
)


def targets(reference: Reference) -> pa.Table:
    """One row per policy, indicator and target: what is needed to judge its figures, and the months for which that holds."""
    rows = [
        {"policy": register.policy.id, **row, "position": position}
        for register in reference.registers
        for position, indicator in enumerate(register)
        for row in _targets(indicator, begins_anew(indicator, register, reference.form))
    ]
    return pa.Table.from_pylist(rows, schema=TARGETS)


def begins_anew(indicator: Indicator, register: Register, form: Form) -> bool:
    """Whether the series begins again each January: it reads a `year` answer and is not judged in December."""
    return indicator.judged != "december" and any(
        _is_yearly(name, indicator.of, register, form) for name in indicator.fields
    )


def _is_yearly(name: str, counted: str, register: Register, form: Form) -> bool:
    """Whether an answer that an indicator of communities or counties reads is of a `year` question."""
    prefix, _, field = name.rpartition(".")
    if prefix == "rollup":
        return form.community[register.rollups[field].sum].period == "year"
    return form.part(prefix or counted)[field].period == "year"


def _targets(indicator: Indicator, yearly: bool) -> list[dict[str, object]]:
    base = indicator.baseline
    fixed = {
        "indicator": indicator.id, "is_share": indicator.is_share, "factor": indicator.factor,
        "december": indicator.judged == "december", "yearly": yearly, "since": indicator.since or date.min,
        "base_month": base and months.parse(base.month), "base_value": base and base.value, "gap_unit": indicator.gap_unit,
    }  # fmt: skip
    return [
        {**fixed, "number": number, "starts": starts, "ends": ends, **_bounds(target)}
        for number, (target, starts, ends) in enumerate(_in_force(indicator))
    ]


def _in_force(indicator: Indicator) -> list[tuple[Target | None, date, date]]:
    """The months in which an indicator is in force, span by span, each with its target (None where none is)."""
    first, last = indicator.since or date.min, indicator.until or date.max
    turns = {first} | {target.since for target in indicator.targets if target.since}
    turns |= {months.add(target.until, 1) for target in indicator.targets if target.until}
    starts = sorted(turn for turn in turns if first <= turn <= last)
    ends = [months.add(turn, -1) for turn in starts[1:]] + [last]
    return [(indicator.target_in(start), start, end) for start, end in zip(starts, ends, strict=True)]


def _bounds(target: Target | None) -> dict[str, object]:
    return {
        "low": _scaled(target.low if target else None),
        "high": _scaled(target.high if target else None),
        "target": target and target.label,
        "due": target and target.due,
    }


def _scaled(bound: Decimal | None) -> int | None:
    """A target's bound in ten-thousandths."""
    return None if bound is None else int(bound * SCALE)


def create(warehouse: Warehouse) -> None:
    """`figure`, one row per policy, indicator, month, divisions, level and unit above community; and what is kept of the series."""
    figure_counts.ensure(warehouse, "figure", [f"{name} {kind}" for name, kind in FIGURE.items()])
    series_start.create(warehouse)


# The columns of `figure`. `unknown` = share_unknown + scope_unknown; `answered`: units in state 1 (of a ratio: that answered both parts);
# `needed`: units that the target takes; `deciding`: codes of the counties whose units are unknown, most first; `last_met`: the last
# earlier month of the series that met the target at both ends.
FIGURE = {
    **dict.fromkeys(("policy", "indicator"), "VARCHAR"), "month": "DATE", **dict.fromkeys(("divisions", "level", "unit"), "VARCHAR"),
    **dict.fromkeys(("value", "known", "lower", "upper"), "DOUBLE"), **dict.fromkeys(("shown", "known_shown"), "VARCHAR"),
    **dict.fromkeys(("numerator", "denominator"), "DECIMAL(38,6)"),
    **dict.fromkeys(("unknown", "scope_unknown", "failing", "carried", "answered"), "BIGINT"), "target": "VARCHAR", "due": "DATE",
    **dict.fromkeys(("status", "if_low", "if_high", "if_last", "deciding"), "VARCHAR"),
    **dict.fromkeys(("needed", "gap", "gap_failing", "gap_unknown"), "BIGINT"), "pace": "DOUBLE", "base_month": "DATE",
    "base_value": "DOUBLE", "last_met": "DATE",
}  # fmt: skip


def compute(
    warehouse: Warehouse, span: list[date], basis: str = "then", divisions: str = "then", opened: date | None = None
) -> None:
    """Write `figure` of these months from what `figure_counts` counted, and what later months need of them (months go in order).

    `basis` names the roster that the series is read by, `divisions` is what the figures are stored under (`then`: the month's own);
    `opened` is the first month of the series (default: the first of `span`).
    """
    load_targets(warehouse)
    with warehouse.transaction():
        warehouse.con.execute(f"DELETE FROM figure WHERE month IN {among(span)} AND divisions = ?", [divisions])
        series_start.forget(warehouse, span, basis)
    for number, register in enumerate(warehouse.reference.registers):
        if since := [month for month in span if month >= register.since]:
            first = max(opened or since[0], register.since)
            _judge(warehouse, since, _Reading(basis, divisions, first), number, register)


@dataclass(frozen=True)
class _Reading:
    """By which roster a series is read, under which name its figures are stored, and its first month."""

    basis: str
    divisions: str
    opened: date


def load_targets(warehouse: Warehouse) -> None:
    """The temporary table `target`: what is needed to judge an indicator's figures."""
    warehouse.con.register("declared_target", targets(warehouse.reference))
    warehouse.con.execute("CREATE OR REPLACE TEMP TABLE target AS SELECT * FROM declared_target")
    warehouse.con.unregister("declared_target")


def _judge(warehouse: Warehouse, span: list[date], reading: _Reading, number: int, register: Register) -> None:
    """Judge and store a policy's figures: shares and ratios apart, because a narrow table is processed on all cores."""
    for kind in in_batches(warehouse, number, register):
        with drawn(warehouse, span, reading.basis, reading.opened, kind, register), warehouse.transaction():
            warehouse.con.execute(
                f"INSERT INTO figure BY NAME {filled(_FIGURES, kind)}", {"divisions": reading.divisions}
            )
            series_start.advance(warehouse, kind, reading.basis, register.policy.id)


# Figures that are drawn at once, of some 1,000 bytes each: all of a city's; of the country's, ten indicators.
_AT_ONCE = 500_000


def in_batches(warehouse: Warehouse, number: int, register: Register) -> Iterator[Kind]:
    """The policy's kinds, for as many of its indicators at once as fit in memory. Counts the towns of the temporary `unit`."""
    towns = scalar(warehouse.con, "SELECT count(*) FROM (SELECT DISTINCT month, town_code FROM unit)")
    size = max(1, _AT_ONCE // max(1, towns))
    for first in range(0, len(register.indicators), size):
        yield from kinds(number, replace(register, indicators=register.indicators[first : first + size]))


@contextmanager
def drawn(
    warehouse: Warehouse,
    span: list[date],
    basis: str,
    opened: date,
    kind: Kind,
    register: Register,
    assumed: bool = False,
) -> Iterator[None]:
    """In the block, temporary `drawn`: the measured figures of a kind with their verdicts, from what was counted and the months before.

    One row per month, indicator, level and unit: the columns of `share_series` or `ratio_series` (see `series_start.load`), base and
    pace at both ends, `status`, `if_low` and `if_high`. `assumed`: of units whose present states are only assumed (`turned_units`).
    """
    con = warehouse.con
    series_start.load(warehouse, span, kind, basis, register.policy.id)
    con.execute(f"CREATE OR REPLACE TEMP TABLE paced AS {figure_verdict.paced(kind)}", {"opened": opened})
    figure_verdict.settle_close_paces(warehouse, kind)
    turned_units.find(warehouse, kind, register, figure_verdict.CANDIDATES, basis, assumed)
    con.execute(f"CREATE OR REPLACE TEMP TABLE drawn AS {figure_verdict.drawn(kind)}")
    con.execute("DROP TABLE temp.paced")
    yield
    for table in ("drawn", f"{kind.name}_series"):
        con.execute(f"DROP TABLE temp.{table}")


# half up to one decimal, from the exact sums
_SHOWN = "((20 * factor * yes + {0}) // (2 * {0}) // 10) || '.' || ((20 * factor * yes + {0}) // (2 * {0}) % 10)"
# the counties whose units are unknown in a figure, most of them first
_DECIDING = """
    SELECT month, indicator, string_agg(unit, ',' ORDER BY share_unknown + scope_unknown DESC, unit) AS counties
    FROM drawn WHERE level = 'county' AND share_unknown + scope_unknown > 0 GROUP BY ALL
"""
_FIGURES = f"""
    SELECT policy, indicator, month, $divisions AS divisions, level, unit, value, known, lower, upper,
           CASE WHEN value IS NOT NULL THEN {_SHOWN.format("scope")} END AS shown,
           CASE WHEN known IS NOT NULL THEN {_SHOWN.format("known_scope")} END AS known_shown,
           {DECIMAL.format("yes")} AS numerator, {DECIMAL.format("scope")} AS denominator,
           share_unknown + scope_unknown AS unknown, scope_unknown, CASE WHEN <share> THEN failing END AS failing, carried, answered,
           target, due, status, if_low, if_high, NULL::VARCHAR AS if_last,
           CASE WHEN status <> 'unproven' THEN NULL WHEN level = 'city' THEN counties WHEN level = 'county' THEN unit END AS deciding,
           needed, gap, gap_failing, gap - gap_failing AS gap_unknown, pace, base_month, base_value, last_met
    FROM (SELECT *, {GAPS} FROM drawn) LEFT JOIN ({_DECIDING}) USING (month, indicator)
"""
