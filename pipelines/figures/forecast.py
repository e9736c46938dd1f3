"""Outlook of a series (Theil–Sen line through six months), and its progress by the Open SDG method (semantics §6)."""

from datetime import date
from itertools import combinations
from math import ceil
from statistics import median
from typing import TypedDict, cast

import pyarrow as pa

from pipelines import months
from pipelines.figures import as_now, figure_counts, progress
from pipelines.warehouse.projection import Warehouse

WINDOW = 6
RECENT = 3
HORIZON = 240  # months ahead at which "reaches" stops being worth saying

_KEYS = ("policy", "indicator", "level", "unit")
OUTLOOK = pa.schema(
    [(name, pa.string()) for name in _KEYS]
    + [
        ("slope", pa.float64()),
        ("value_at_due", pa.float64()),
        ("reaches", pa.date32()),
        ("recent_pace", pa.float64()),
    ]
    + [("needed_pace", pa.float64()), ("months_left", pa.int64()), ("sdg_category", pa.string())]
    + [("sdg_ratio", pa.float64()), ("sdg_score", pa.float64()), ("sdg_refused", pa.string())]
)


def table(warehouse: Warehouse, month: date) -> pa.Table:
    """One row per policy, indicator with a target, level (city, county) and unit: the outlook as of a month, on its as-now series.

    slope: a month, in the indicator's unit; reaches: month or null; recent_pace: units a month that came to meet a share over the last
    three months, less those that ceased to, of the units in scope and known both then and now: reports that arrive or go missing are no
    pace; needed_pace: units a month until the due month, of those that only work can add; sdg_*: the second opinion. A figure is
    drawn by what is known of it; one that begins again each January is due in its year's December.
    """
    progress.load_targets(warehouse)
    turned = _turned(warehouse, months.add(month, -RECENT), month)
    return pa.Table.from_pylist(
        [_outlook(keys, points, month, turned.get(keys)) for keys, points in _series(warehouse, month)], schema=OUTLOOK
    )


class Point(TypedDict):
    """One month of a series with a target, in the indicator's unit; `low` or `high` is the target's bound."""

    month: date
    value: float
    gap: int | None
    low: float | None
    high: float | None
    due: date


class Opinion(TypedDict):
    """A verdict by the Open SDG method, or the reason (`refused`) why the method gives none."""

    category: str | None
    ratio: float | None
    score: float | None
    refused: str | None


Keys = tuple[str, str, str, str]  # policy, indicator, level, unit


def _series(warehouse: Warehouse, month: date) -> list[tuple[Keys, list[Point]]]:
    """(policy, indicator, level, unit) of every figure with a target, and its values by month, December's only where it is judged in
    December, the year's where it begins again each January: of each series the first point and the last six, which is all that is
    looked at.

    Gathered in one pass, not sorted: ten years of a country's counties are thirty million points.
    """
    divisions, con = as_now.key(warehouse, month), warehouse.con
    seen = [m for (m,) in con.execute("SELECT DISTINCT month FROM figure WHERE month <= ?", [month]).fetchall()]
    own = [m for m in seen if as_now.stored_as(warehouse, m, divisions) == "then"]
    rows = con.execute(
        """
        SELECT policy, indicator, level, unit, arg_min(point, point.month), list_reverse(arg_max(point, point.month, $window))
        FROM (
            SELECT f.policy, f.indicator, f.level, f.unit, {
                       'month': f.month, 'value': f.known, 'gap': f.gap_failing,
                       'low': low / 10000.0::DOUBLE, 'high': high / 10000.0::DOUBLE,
                       'due': CASE WHEN yearly THEN make_date(year(f.month), 12, 1) ELSE f.due END} AS point
            FROM figure AS f JOIN target AS t
                 ON (t.policy, t.indicator) = (f.policy, f.indicator) AND f.month BETWEEN starts AND ends
            WHERE (f.divisions = $divisions OR f.divisions = 'then' AND list_contains($own, f.month)) AND f.month <= $month
              AND f.level IN ('city', 'county') AND f.target IS NOT NULL AND f.known IS NOT NULL
              AND (NOT december OR month(f.month) = 12) AND (NOT yearly OR year(f.month) = year($month)))
        GROUP BY policy, indicator, level, unit ORDER BY policy, indicator, level, unit
        """,
        {"divisions": divisions, "own": own, "month": month, "window": WINDOW},
    ).fetchall()
    return [(row[:4], [row[4], *row[5]] if row[4]["month"] < row[5][0]["month"] else row[5]) for row in rows]


def _turned(warehouse: Warehouse, earlier: date, month: date) -> dict[Keys, int]:
    """Units of shares that came to meet them less those that ceased, among units in scope and known both times."""
    con, divisions, turned = warehouse.con, as_now.key(warehouse, month), {}
    for number, register in enumerate(warehouse.reference.registers):
        if earlier < register.since:
            continue
        for table, counted in (("state", "community"), ("county_state", "county")):
            shares = [i.id for i in figure_counts.of(register, counted) if i.is_share]
            if shares:
                sql = _TURNED.format(table=f"{table}_{number}", sums=", ".join(map(_NET.format, shares)))
                for county, indicator, net in con.execute(sql, [month, earlier, divisions]).fetchall():
                    level, unit = ("county", county) if county else ("city", warehouse.reference.rosters.city.code)
                    turned[register.policy.id, indicator, level, unit] = int(net)
    return turned


_NET = 'sum(CASE WHEN old."{0}" IN (1, 2) AND new."{0}" IN (1, 2) THEN old."{0}" - new."{0}" END) AS "{0}"'
_TURNED = """
    UNPIVOT (
        SELECT new.county, {sums} FROM {table} AS new JOIN {table} AS old USING (uid)
        WHERE new.month = $1 AND old.month = $2 AND new.divisions = $3 AND old.divisions = $3
        GROUP BY GROUPING SETS ((new.county), ()))
    ON COLUMNS(* EXCLUDE county) INTO NAME indicator VALUE net
"""


def _outlook(keys: Keys, points: list[Point], month: date, turned: int | None) -> dict[str, object]:
    last = points[-1]
    line = theil_sen([(months.between(month, p["month"]), p["value"]) for p in points[-WINDOW:]])
    left = months.between(month, last["due"])
    return {
        **dict(zip(_KEYS, keys, strict=True)),
        "slope": line and line[0],
        "value_at_due": line and line[1] + line[0] * left,
        "reaches": _reaches(line, last, month),
        "recent_pace": _recent_pace(points, month, turned),
        "needed_pace": last["gap"] / left if left > 0 and last["gap"] is not None else None,
        "months_left": max(left, 0),
        **second_opinion(points),
    }


def theil_sen(points: list[tuple[float, float]]) -> tuple[float, float] | None:
    """(slope, value at time 0) of the Theil–Sen line; None for fewer than two moments. Sen (1968), J. Am. Stat. Assoc. 63."""
    slopes = [(y2 - y1) / (t2 - t1) for (t1, y1), (t2, y2) in combinations(points, 2)]
    if not slopes:
        return None
    slope = median(slopes)
    return slope, median(y - slope * t for t, y in points)


def _reaches(line: tuple[float, float] | None, last: Point, month: date) -> date | None:
    """The first month from this one on in which the line is at the target; None when it never is within the horizon."""
    if line is None:
        return None
    slope, now = line
    upwards, goal = _goal(last)
    if (now >= goal) if upwards else (now <= goal):
        return month
    if slope == 0 or (slope > 0) != upwards:
        return None
    ahead = ceil((goal - now) / slope - 1e-9)
    return months.add(month, ahead) if ahead <= HORIZON else None


def _recent_pace(points: list[Point], month: date, turned: int | None) -> float | None:
    """Units a month over the last three months; None where the series has no value then or now."""
    compared = {month, months.add(month, -RECENT)} <= {point["month"] for point in points}
    return turned / RECENT if compared and turned is not None else None


# ---- second opinion


def _goal(point: Point) -> tuple[bool, float]:
    """Whether the target is a lower bound, and the bound; the upper one where there is no lower."""
    if point["low"] is not None:
        return True, point["low"]
    return False, cast(float, point["high"])


def second_opinion(points: list[Point]) -> dict[str, object]:
    """The Open SDG verdict on a series, with the reason where the method refuses to give one."""
    first, last = points[0], points[-1]
    upwards, goal = _goal(last)
    observed = months.between(first["month"], last["month"]) / 12
    required = months.between(first["month"], last["due"]) / 12
    opinion = open_sdg(first["value"], last["value"], goal, observed, required, not upwards)
    return {f"sdg_{key}": value for key, value in opinion.items()}


def open_sdg(
    baseline: float,
    current: float,
    target: float,
    years_observed: float,
    years_required: float,
    lower_is_better: bool = False,
) -> Opinion:
    """Progress by the Open SDG method (≥ 2.4): `ratio`, `category`, `score`, or `refused` with the reason.

    R = CAGR(observed) / |CAGR(required)|, CAGR(a, b) = (a/b)^(1/years) − 1, times −1 where lower is better. A target that is
    reached is tested first. The method needs a growth rate, so a baseline of 0 or unlike signs are refused, not patched.
    """
    reached = current <= target if lower_is_better else current >= target
    if reached:
        return _opinion("target_achieved", score=5.0)
    if baseline == 0:
        return _opinion(refused="基期为 0，增长率没有意义")
    if baseline * target <= 0 or baseline * current < 0:
        return _opinion(refused="基期、现值与目标的正负号不同，增长率没有意义")
    if years_observed <= 0 or years_required <= 0:
        return _opinion(refused="只有基期一个月，或到期月不晚于基期")
    required = (target / baseline) ** (1 / years_required) - 1
    if required == 0:
        return _opinion(refused="基期等于目标，所需增长为 0")
    observed = ((current / baseline) ** (1 / years_observed) - 1) * (-1 if lower_is_better else 1)
    ratio = observed / abs(required)
    return _opinion(category_of(ratio), ratio, score_of(ratio))


def category_of(ratio: float) -> str:
    """Open SDG's four verdicts on a target that is not reached yet."""
    if ratio >= 0.95:
        return "substantial_progress"
    return "moderate_progress" if ratio >= 0.6 else "limited_progress" if ratio >= 0 else "deterioration"


def score_of(ratio: float) -> float:
    """−5 … 5, piecewise linear with 0 at a ratio of 0.6."""
    return min(7.1429 * ratio - 4.2857, 5.0) if ratio >= 0.6 else max(4.1667 * ratio - 2.5, -5.0)


def _opinion(
    category: str | None = None, ratio: float | None = None, score: float | None = None, refused: str | None = None
) -> Opinion:
    return {"category": category, "ratio": ratio, "score": score, "refused": refused}
