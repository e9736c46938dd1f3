"""What reports read below the counties: figures of towns, and names of units that lack an indicator."""

from typing import Any, cast

from pipelines.edition.table_rows import LackingUnit
from pipelines.reports.facts import Facts
from pipelines.reports.list_limits import MANY_TOWNS, TOWNS_SHOWN


def towns(facts: Facts) -> list[dict[str, Any]]:
    """Figures of towns with names of county and town. Grain: indicator and town; of very many towns those that lack most."""
    if not many_towns(facts):
        return facts.release.rows(_TOWNS.format(more="ORDER BY i.position, f.unit"), [facts.policy["id"], facts.month])
    # one indicator at a time: a country has millions of such rows, more than a reader's memory
    more = f"AND f.indicator = ? ORDER BY f.gap DESC NULLS LAST, f.value NULLS LAST, f.unit LIMIT {TOWNS_SHOWN}"
    towns: list[dict[str, Any]] = []
    for item in facts.items:
        rows = facts.release.rows(_TOWNS.format(more=more), [facts.policy["id"], facts.month, item.id])
        towns += sorted(rows, key=lambda row: row["unit"])
    return towns


_TOWNS = """
    SELECT f.indicator, n.county, n.town, f.unit, f.shown, f.value, f.lower, f.upper, f.numerator, f.denominator,
    f.unknown, f.scope_unknown, f.carried, f.status, f.gap, f.known_shown, f.gap_failing, f.gap_unknown
    FROM figure AS f
    JOIN (SELECT DISTINCT town_code, town, county FROM unit) AS n ON n.town_code = f.unit
    JOIN indicator AS i USING (policy, indicator)
    WHERE f.policy = ? AND f.divisions = 'then' AND f.level = 'town' AND f.month = ? {more}
"""


def many_towns(facts: Facts) -> bool:
    """Whether there are more towns than a workbook can list with every indicator."""
    [row] = facts.release.rows("SELECT count(DISTINCT town_code) AS towns FROM unit")
    return row["towns"] > MANY_TOWNS


def lacking(facts: Facts, indicator: str, most: int) -> list[LackingUnit]:
    """Units known to lack an indicator, by code: at most `most` + 1, so that the caller sees whether there are more."""
    rows = facts.release.rows(
        f"""
        SELECT u.county_code, u.county, u.town, u.unit, u.name FROM "state-{facts.policy["id"]}" AS s JOIN unit AS u USING
        (unit) WHERE s.month = ? AND s."{indicator}" = 2 ORDER BY u.county_code, u.unit LIMIT ?
        """,
        [facts.month, most + 1],
    )
    return cast(list[LackingUnit], rows)
