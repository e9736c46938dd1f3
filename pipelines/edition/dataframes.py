"""A release's figures, units, answers, findings and lineage as DataFrames, for planners.

Read-only, like the release. Every function says the grain of what it returns and the unit of its numbers. Decimals
become floats here, for showing and drawing; exact values come from `release.rows` and `pipelines.edition.figure_list`.
"""

from datetime import date
from fractions import Fraction

import pandas as pd

from pipelines import months
from pipelines.edition.compare_months import compare
from pipelines.edition.explain_figure import explain
from pipelines.edition.open_edition import Release, Row
from pipelines.errors import Refusal
from pipelines.reference.strict_yaml import suggest


def policy_of(release: Release, policy: str | None = None) -> str:
    """The id of a policy: the one named, else the newest in force. Errors: `Refusal` for an unknown one."""
    known = [row["id"] for row in release.rows("SELECT id FROM policy ORDER BY since")]
    if policy is not None and policy not in known:
        raise Refusal(f"没有政策 {policy}；现有：{'、'.join(known)}")
    return policy or known[-1]


def indicators(release: Release, policy: str | None = None) -> pd.DataFrame:
    """Indicators in the register's order. Grain: indicator. `low`, `high`: bounds of the target in the indicator's `unit`."""
    return release.query("SELECT * FROM indicator WHERE policy = ? ORDER BY position", [policy_of(release, policy)])


def rows(
    release: Release,
    level: str = "city",
    indicator: str | None = None,
    month: date | None = None,
    divisions: str = "then",
    policy: str | None = None,
) -> list[Row]:
    """Figures with names and targets as dicts, for the dashboard's charts.

    Grain: indicator and place (`place`: code; `county`, `short`: its names) in one month (default: the release's).
    Errors: `Refusal` for an unknown indicator or level, and for a month that the edition does not have.
    """
    _known(release, indicator, level)
    _has(release, month)
    return release.rows(
        """
        WITH name AS (SELECT DISTINCT ON (unit) * FROM place WHERE month <= $roster ORDER BY unit, month DESC)
        SELECT i.name, i.unit, i.gap_unit, i.clause, i.headline, i.is_share, i.position, i.low, i.high, i.goal_due,
        i.judged, i.counted, f.* EXCLUDE (unit), f.unit AS place, s.shown_before, s.status_before, s.points, s.more,
        s.rank, s.ranked, s.concern, s.place_concern,
               coalesce(n.name, $city) AS county, coalesce(n.short, $city) AS short, t.months, t."values"
        FROM figure AS f JOIN indicator AS i USING (policy, indicator)
        LEFT JOIN step AS s ON (s.policy, s.indicator, s.divisions, s.level, s.unit, s.month)
                             = (f.policy, f.indicator, f.divisions, f.level, f.unit, f.month)
        LEFT JOIN (SELECT * FROM trail WHERE policy = $policy AND divisions = $divisions AND level = $level) AS t
               ON (t.indicator, t.unit) = (f.indicator, f.unit)
        LEFT JOIN name AS n ON n.unit = f.unit
        WHERE f.policy = $policy AND f.divisions = $divisions AND f.level = $level AND f.month = $month
          AND ($indicator IS NULL OR f.indicator = $indicator)
        ORDER BY i.position, f.unit
        """,
        {
            "policy": policy_of(release, policy), "divisions": divisions, "level": level, "indicator": indicator,
            "month": month or release.month,
            "roster": month if month and divisions == "then" else release.month, "city": release.manifest.get("city")
            or "全市",
        },
    )  # fmt: skip


def figures(
    release: Release,
    level: str = "city",
    indicator: str | None = None,
    month: date | None = None,
    divisions: str = "then",
    policy: str | None = None,
) -> pd.DataFrame:
    """Figures of one month. Grain: indicator and place.

    `value` (proven), `known` (of those that answered), `lower`, `upper` in the indicator's `unit`; `numerator` and
    `denominator` are units (of a share) or sums of answers (of a ratio); `unknown`, `failing`, `carried` and the gap
    with its two parts are whole units. `shown` is the value as it is printed.
    """
    frame = pd.DataFrame(rows(release, level, indicator, month, divisions, policy))
    frame = frame.drop(columns=[c for c in ("months", "values") if c in frame])
    kinds = {**dict.fromkeys(_WHOLE, "Int64"), **dict.fromkeys(("numerator", "denominator"), "float64")}
    return frame.astype({name: kind for name, kind in kinds.items() if name in frame})


_WHOLE = (
    "unknown", "scope_unknown", "failing", "carried", "answered", "needed", "gap", "gap_failing", "gap_unknown", "rank", "ranked",
    "concern", "place_concern",
)  # fmt: skip


def series(
    release: Release, indicator: str, place: str = "", divisions: str = "then", policy: str | None = None
) -> pd.DataFrame:
    """One indicator over time. Grain: month. `place`: county code, empty for the city. Errors: `Refusal` for an unknown one."""
    _known(release, indicator, "city")
    _is_place(release, place)
    return release.query(
        """
        SELECT month, value, known, lower, upper, shown, numerator, denominator, unknown, carried, status, if_low, if_high, if_last,
               gap, gap_failing, gap_unknown FROM figure
        WHERE policy = ? AND indicator = ? AND divisions = ? AND level <> 'town'
          AND (unit = ? OR (? = '' AND level = 'city'))
        ORDER BY month
        """,
        [policy_of(release, policy), indicator, divisions, place, place],
    )


def units(release: Release, month: date | None = None) -> pd.DataFrame:
    """Roster and source of answers. Grain: unit of the month. `row_state`, `answered_in` (month of the answers), `carried`."""
    _has(release, month)
    columns = "unit, uid, name, kind, town_code, town, county_code, county, row_state, answered_in, carried"
    return release.query(f"SELECT {columns} FROM standing WHERE month = ? ORDER BY unit", [month or release.month])


def answers(release: Release, fields: list[str], month: date | None = None) -> pd.DataFrame:
    """Answers that count. Grain: unit of the month, a column a field, in the unit of table `field`. Errors: `Refusal`."""
    _has(release, month)
    known = [row["field"] for row in release.rows("SELECT field FROM field WHERE part = 'community'")]
    for name in fields:
        if name not in known:
            raise Refusal(f"调查表没有字段 {name}{suggest(name, known)}")
    wanted = "".join(f', "{name}"' for name in fields)
    columns = f"unit, name AS unit_name, kind AS unit_kind, town, county{wanted}"
    return release.query(f"SELECT {columns} FROM standing WHERE month = ? ORDER BY unit", [month or release.month])


def findings(release: Release, month: date | None = None) -> pd.DataFrame:
    """Findings of the workbooks in force. Grain: finding; `cell` is an address as the sender sees it."""
    _has(release, month)
    return release.query(
        "SELECT * FROM finding_all WHERE month = ? ORDER BY seq, phase, number", [month or release.month]
    )


def coverage(release: Release) -> pd.DataFrame:
    """Reporting. Grain: month and county. `units` of the roster: `accepted`, `held`, `carried`, `missing` (whole units)."""
    return release.query("SELECT * FROM coverage ORDER BY month, county")


def lineage(release: Release, indicator: str, unit: str | None = None, month: date | None = None) -> pd.DataFrame:
    """From a figure to its cells. Grain: unit in scope and answer. `raw`: text of the cell; `counts`: yes, no or unknown."""
    explained = explain(release, indicator, month, unit)
    lines = [
        {"unit": row["unit"], "name": row["name"], "counts": row["counts"], "field": field, **answer}
        for row in explained["units"]
        for field, answer in row["answer"].items()
    ]
    return pd.DataFrame(lines)


def changes(release: Release, earlier: date, later: date, indicator: str, policy: str | None = None) -> pd.DataFrame:
    """Why an indicator moved between two months. Grain: city or county. The parts add up to after − before, in its unit."""
    names = {
        row["unit"]: row["name"]
        for row in release.rows("SELECT DISTINCT ON (unit) unit, name FROM place ORDER BY unit, month DESC")
    }
    rows = [
        {
            "place": row["unit"],
            "name": names.get(row["unit"], release.manifest.get("city") or "全市"),
            "before": row["from"] and float(Fraction(row["from"])),
            "after": row["to"] and float(Fraction(row["to"])),
            **{part: float(Fraction(change)) for part, change in row["parts"].items()},
        }
        for row in compare(release, earlier, later, indicator, policy=policy)
    ]
    return pd.DataFrame(rows)


def chart_series(release: Release, indicator: str, place: str = "") -> list[Row]:
    """Both readings of a series as dicts, for the dashboard's chart of a trend. Grain: divisions and month."""
    _known(release, indicator, "city")
    _is_place(release, place)
    return release.rows(
        "SELECT * FROM figure WHERE indicator = ? AND level <> 'town' AND (unit = ? OR (? = '' AND level = 'city')) "
        "ORDER BY divisions DESC, month",
        [indicator, place, place],
    )


def _has(release: Release, month: date | None) -> None:
    known = release.manifest["months"]
    if month is not None and months.key(month) not in known:
        raise Refusal(f"发布版 {release.label} 没有 {months.key(month)} 的数据；它包含 {known[0]} 至 {known[-1]}")


def _is_place(release: Release, place: str) -> None:
    """Errors: `Refusal` for anything but the code of the city or a county, naming the code where a name is given."""
    known = release.rows(
        "SELECT DISTINCT unit, name, short FROM place UNION SELECT DISTINCT unit, '', '' FROM figure WHERE level = 'city'"
    )
    codes = {row["unit"] for row in known}
    if place and place not in codes:
        meant = next((row["unit"] for row in known if place in (row["name"], row["short"])), None)
        hint = f"；是否为 {meant}？" if meant else suggest(place, sorted(codes))
        raise Refusal(f"没有代码为“{place}”的县（市、区）{hint}")


def _known(release: Release, indicator: str | None, level: str) -> None:
    if level not in ("city", "county", "town"):
        raise Refusal(f"没有 {level} 级；可用：city、county、town")
    names = [row["indicator"] for row in release.rows("SELECT indicator FROM indicator")]
    if indicator is not None and indicator not in names:
        raise Refusal(f"没有指标 {indicator}{suggest(indicator, names)}")


__all__ = [
    "answers", "changes", "chart_series", "coverage", "figures", "findings", "indicators", "lineage", "months", "policy_of",
    "rows", "series", "units",
]  # fmt: skip
