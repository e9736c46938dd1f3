"""The order of concern (semantics §6) of indicators and counties, in Python and in SQL. In print, places that differ by code alone share a number."""

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any, TypeVar

from pipelines import months
from pipelines.edition.open_edition import Release
from pipelines.edition.progress_rows import ConcernedPlace
from pipelines.edition.statuses import BEHIND
from pipelines.figures.progress import CONCERN

Concern = tuple[int, Fraction, int, int, str]
Row = TypeVar("Row", bound=Mapping[str, Any])


def concern(row: Mapping[str, Any]) -> Concern:
    """Sort key of a figure, the greatest concern first.

    `row` has status, gap, numerator and position; `place` decides between places that are otherwise equal. The missing units are those known
    to lack it (`gap_failing`) where the row has that, else the whole gap.
    """
    return (
        CONCERN.get(row["status"], len(CONCERN)),
        -missing_share(row),
        -_missing(row),
        row["position"],
        str(row.get("place", "")),
    )


def missing_share(row: Mapping[str, Any]) -> Fraction:
    """The units missing as a share of the units that the target needs."""
    needed = row.get("needed")
    needed = Fraction(row["numerator"] or 0) + (row["gap"] or 0) if needed is None else Fraction(needed)
    return Fraction(_missing(row)) / needed if needed else Fraction(0)


def _missing(row: Mapping[str, Any]) -> int:
    known = row.get("gap_failing")
    return int(row["gap"] or 0) if known is None else int(known)


def by_concern(rows: Iterable[Row]) -> list[Row]:
    """The rows in the order of concern."""
    return sorted(rows, key=concern)


# no place where nobody is behind (in the first months nothing is judged), or where fewer than nine tenths of the counties have data
_PLACED = """
    SELECT unit, applicable::BIGINT AS applicable, behind::BIGINT AS behind, rank, (count_if(applicable > 0) OVER ())::BIGINT AS placed,
           CASE WHEN applicable > 0 AND max(behind) OVER () > 0 AND 10 * count_if(applicable > 0) OVER () >= 9 * count(*) OVER ()
                THEN rank() OVER (PARTITION BY applicable > 0 ORDER BY behind / nullif(applicable, 0)::DOUBLE, missing) END::BIGINT AS place
    FROM {concern} WHERE policy = $policy AND divisions = $divisions AND level = 'county' AND month = {month}
"""


def places(release: Release, policy: str, month: date | None = None, divisions: str = "now") -> list[ConcernedPlace]:
    """Every county of a month in the order of concern, by the divisions of the release's month or (`then`) of its own. Grain: one county."""
    month = month or release.month
    before, roster = months.add(month, -1), release.month if divisions == "now" else month
    return release.rows_as(
        ConcernedPlace,
        f"""
        WITH now AS ({_PLACED.format(concern=release.at("concern", month), month="$month")}),
             old AS ({_PLACED.format(concern=release.at("concern", before), month="$before")})
        SELECT unit, coalesce(c.short, unit) AS short, now.applicable, now.behind, now.rank, now.place, now.placed,
               old.behind AS behind_before, old.place AS place_before
        FROM now LEFT JOIN ({COUNTY_NAMES}) AS c USING (unit) LEFT JOIN old USING (unit) ORDER BY now.rank
        """,
        {"policy": policy, "month": month, "before": before, "divisions": divisions, "roster": roster},
    )


# counties by the roster of a month
COUNTY_NAMES = "SELECT unit, short FROM place WHERE level = 'county' AND month = $roster"


__all__ = ["BEHIND", "ConcernedPlace", "by_concern", "concern", "missing_share", "places"]
