"""What reports read below the counties: whether there are many towns, and names of units that lack an indicator."""

from collections.abc import Sequence
from typing import cast

from pipelines.edition.table_rows import LackingUnit
from pipelines.reports.facts import Facts
from pipelines.reports.list_limits import MANY_TOWNS


def many_towns(facts: Facts) -> bool:
    """Whether there are more towns than a workbook can list with every indicator."""
    [row] = facts.release.rows("SELECT count(DISTINCT town_code) AS towns FROM unit")
    return row["towns"] > MANY_TOWNS


def lacking(facts: Facts, indicators: Sequence[str], most: int) -> dict[str, list[LackingUnit]]:
    """By indicator, the units known to lack it, by code: at most `most` + 1, so that the caller sees whether there are more."""
    units: dict[str, list[LackingUnit]] = {indicator: [] for indicator in indicators}
    if not units:
        return units
    columns = ", ".join(f'"{indicator}"' for indicator in indicators)
    # `min` with a number keeps only so many: a country has millions
    rows = facts.release.rows(
        f"""
        WITH first AS (
            SELECT indicator, unnest(min(struct_pack(county_code := u.county_code, unit := u.unit), $most), recursive := true)
            FROM (UNPIVOT (FROM {facts.release.of_month(f"state-{facts.policy['id']}", facts.month)} WHERE month = $month)
                  ON {columns} INTO NAME indicator VALUE state) AS s
            JOIN unit AS u USING (unit) WHERE s.state = 2 GROUP BY indicator)
        SELECT indicator, u.county_code, u.county, u.town, u.unit, u.name FROM first JOIN unit AS u USING (unit)
        ORDER BY u.county_code, u.unit
        """,
        {"month": facts.month, "most": most + 1},
    )
    for row in rows:
        units[row.pop("indicator")].append(cast(LackingUnit, row))
    return units
