"""Figures of a release as the command line and the notebooks give them: exact decimal strings, every level."""

from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal

from pipelines import months
from pipelines.edition.figure_types import Figure
from pipelines.edition.open_edition import Release, Row
from pipelines.errors import Refusal
from pipelines.reference.strict_yaml import suggest

LEVELS = ("city", "county", "town", "community")
# 28 significant digits, the same on every machine
_EXACT = Context(prec=28, rounding=ROUND_HALF_UP)


def figures(
    release: Release,
    month: date | None = None,
    level: str | None = None,
    unit: str | None = None,
    indicator: str | None = None,
    policy: str | None = None,
    now: bool = False,
) -> list[Figure]:
    """Figures as dicts with the keys of `shequ figures --json`, one per indicator and unit, in register order.

    `level` defaults to city, county and town. `now` reads earlier months by the divisions of the release's month.
    Errors: `Refusal` for a month outside the release, an unknown level, unit or indicator.
    """
    month = month or release.month
    _check(release, month, level, indicator, policy)
    policy = policy or release.rows("SELECT id FROM policy LIMIT 1")[0]["id"]
    rows = _units(release, month, policy, unit, indicator) if level == "community" else []
    if level != "community":
        rows = _places(release, month, level, unit, indicator, policy, now)
    if not rows and unit:
        raise Refusal(f"{months.label(month)}没有代码为 {unit} 的单位{f'({level})' if level else ''}")
    return [_public(row, release) for row in rows]


def _check(release: Release, month: date, level: str | None, indicator: str | None, policy: str | None) -> None:
    if months.key(month) not in release.manifest["months"]:
        span = f"{release.manifest['months'][0]} 至 {release.manifest['months'][-1]}"
        raise Refusal(f"发布版 {release.label} 没有 {months.key(month)} 的数字；它包含 {span}")
    if level is not None and level not in LEVELS:
        raise Refusal(f"没有 {level} 级；可用：{'、'.join(LEVELS)}")
    known = [row["indicator"] for row in release.rows("SELECT indicator FROM indicator")]
    if indicator is not None and indicator not in known:
        raise Refusal(f"没有指标 {indicator}{suggest(indicator, known)}")
    policies = [row["id"] for row in release.rows("SELECT id FROM policy")]
    if policy is not None and policy not in policies:
        raise Refusal(f"没有政策 {policy}；现有：{'、'.join(policies)}")


def _places(
    release: Release, month: date, level: str | None, unit: str | None, indicator: str | None, policy: str, now: bool
) -> list[Row]:
    table, names = ("figure_now", _NAMES_NOW) if now else ("figure_all", _NAMES_THEN)
    return release.rows(
        f"""
        SELECT f.*, coalesce(n.name, $city) AS name, i.factor, i.is_share FROM {table} AS f
        JOIN indicator AS i USING (policy, indicator)
        LEFT JOIN ({names}) AS n ON (n.month, n.level, n.unit) = (f.month, f.level, f.unit)
        WHERE f.month = $month AND f.policy = $policy
          AND ($level IS NULL OR f.level = $level) AND ($unit IS NULL OR f.unit = $unit)
          AND ($indicator IS NULL OR f.indicator = $indicator)
        ORDER BY i.position, f.level, f.unit
        """,
        {"month": month, "policy": policy, "level": level, "unit": unit, "indicator": indicator, "city": release.manifest.get("city", "")},
    )  # fmt: skip


_NAMES_THEN = """
    SELECT DISTINCT month, 'county' AS level, county_code AS unit, county AS name FROM standing
    UNION SELECT DISTINCT month, 'town', town_code, town FROM standing
"""
# by later divisions a place has its name of the release's month
_NAMES_NOW = """
    SELECT month, level, unit, name FROM (SELECT DISTINCT month FROM standing), (
        SELECT DISTINCT 'county' AS level, county_code AS unit, county AS name FROM unit
        UNION SELECT DISTINCT 'town', town_code, town FROM unit)
"""


def _units(release: Release, month: date, policy: str, unit: str | None, indicator: str | None) -> list[Row]:
    """Community-level figures from the units' states: a unit counts 1 or 0 of 1."""
    wanted = release.rows(
        "SELECT * FROM indicator WHERE policy = $policy AND counted = 'community' AND ($i IS NULL OR indicator = $i) ORDER BY position",
        {"policy": policy, "i": indicator},
    )
    figures_of_units = []
    for row in wanted:
        name = row["indicator"]
        parts = "NULL AS n, NULL AS d" if row["is_share"] else f'"n:{name}" AS n, "d:{name}" AS d'
        for unit_row in release.rows(
            f"""SELECT s.unit, st.name, s.carried, s."{name}" AS state, {parts} FROM "state-{policy}" AS s
                JOIN standing AS st USING (month, unit) WHERE s.month = $month AND ($unit IS NULL OR s.unit = $unit) ORDER BY 1""",
            {"month": month, "unit": unit},
        ):
            figures_of_units.append(_unit_figure(row, unit_row, month))
    return figures_of_units


def _unit_figure(indicator: Row, unit_row: Row, month: date) -> Row:
    """A unit's own figure: of a share 1 or 0 of 1, of a ratio its own two answers."""
    state, share = unit_row["state"], indicator["is_share"]
    unknown, scope_unknown = int(state in (3, 4)), int(state == 4)
    numerator = Decimal(state == 1) if share else unit_row["n"] or Decimal(0)
    denominator = Decimal(state in (1, 2, 3)) if share else unit_row["d"] or Decimal(0)
    counted = state in (1, 2, 3) if share else state == 1
    status = _unit_status(indicator, state, month)
    judged = share and status not in ("not_applicable", "no_data", "tracked")
    return {
        "indicator": indicator["indicator"], "month": month, "level": "community", "unit": unit_row["unit"], "name": unit_row["name"],
        "is_share": share, "factor": indicator["factor"], "numerator": numerator, "denominator": denominator,
        "unknown": unknown, "scope_unknown": scope_unknown, "failing": int(state == 2) if share else None,
        "carried": int(unit_row["carried"] and counted), "target": indicator["goal"], "status": status,
        "if_low": status if judged else None, "if_high": status if judged else None, "if_last": None,
        "value": None if state in (0, 3, 4) or not denominator else 0.0, **_unit_gap(indicator, state),
    }  # fmt: skip


def _unit_gap(indicator: Row, state: int) -> Row:
    """The gap of a single unit: 1 where its answer lacks the indicator or is not known."""
    counted = indicator["is_share"] and indicator["low"] is not None and indicator["high"] is None and state != 0
    if not counted:
        return {"gap": None, "gap_failing": None, "gap_unknown": None}
    failing, unknown = int(state == 2), int(state in (3, 4))
    return {"gap": failing + unknown, "gap_failing": failing, "gap_unknown": unknown}


def _unit_status(indicator: Row, state: int, month: date) -> str:
    """The status of a single unit, which has no pace: met, not met, or not known."""
    if state in (0, 3, 4):
        return "not_applicable" if state == 0 else "no_data"
    if indicator["goal"] is None or not indicator["is_share"] or (indicator["judged"] and month.month != 12):
        return "tracked"
    if state == 1:
        return "met"
    return "overdue" if month >= indicator["goal_due"] else "off_track"


def _public(row: Row, release: Release) -> Figure:
    """A figure under the keys of `shequ figures --json`; of an edition of an older format without keys that it lacks."""
    factor, numerator, denominator = row["factor"], row["numerator"], row["denominator"]
    share_unknown = row["unknown"] - row["scope_unknown"] if row["is_share"] else 0
    whole = denominator + (row["scope_unknown"] if row["is_share"] else 0)
    bounded, known = row["is_share"] and denominator, denominator - share_unknown
    return {
        "indicator": row["indicator"],
        "month": months.key(row["month"]),
        "level": row["level"],
        "unit": row["unit"],
        "name": row["name"],
        "value": None if row["value"] is None else _quotient(factor, numerator, denominator),
        "known": _quotient(factor, numerator, known) if known else None,
        "lower": _quotient(factor, numerator, whole) if bounded else None,
        "upper": _quotient(factor, numerator + row["unknown"], whole) if bounded else None,
        "numerator": _plain(numerator),
        "denominator": _plain(denominator),
        "unknown": row["unknown"],
        "failing": row.get("failing"),
        "carried": row.get("carried"),
        "target": row.get("target"),
        "status": row["status"],
        "if_low": row.get("if_low"),
        "if_high": row.get("if_high"),
        "if_last": row.get("if_last"),
        "gap": row.get("gap"),
        "gap_failing": row.get("gap_failing"),
        "gap_unknown": row.get("gap_unknown"),
        "edition": release.label,
    }


def _quotient(factor: int, numerator: Decimal, denominator: Decimal) -> str:
    exact = _EXACT.divide(Decimal(factor) * Decimal(numerator), Decimal(denominator))
    return f"{exact.normalize():f}" if exact else "0"


def _plain(number: Decimal) -> int | str:
    """A whole sum as an integer, another as its exact decimal text."""
    return int(number) if number == int(number) else f"{number.normalize():f}"
