"""Ranks as ranges, and which counties are alike."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from dashboards.queries.edition_data import counties, many


def ranges(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """place → `3` or `3–6` among counties of one share, the highest value first.

    A range spans the ranks that a place could have if it and each other one had one unit more or less: with few units a rank says
    little. Places without a value have none; of a ratio the ranks are single, equal values share one.
    """
    known = [row for row in rows if row["shown"] is not None]
    spans = {row["place"]: _span(row) for row in known}
    ranks_of = {}
    for place, (low, high) in spans.items():
        others = [span for other, span in spans.items() if other != place]
        best = 1 + len([other_low for other_low, _ in others if other_low > high])
        worst = 1 + len([other_high for _, other_high in others if other_high > low])
        ranks_of[place] = str(best) if best == worst else f"{best}–{worst}"
    return ranks_of


def _span(row: Mapping[str, Any]) -> tuple[Fraction, Fraction]:
    """The value with one unit less and one unit more."""
    if not row["is_share"] or not row["denominator"]:
        value = Fraction(str(row["value"]))
        return value, value
    has, of = Fraction(row["numerator"]), Fraction(row["denominator"])
    return max(Fraction(0), has - 1) / of, min(of, has + 1) / of


_ALIKE = 3


def alike(view, county: str) -> list[str]:
    """A county and those most like it: of its type, then by the number of units."""
    known = {row["unit"] for row in counties(view)}
    sizes = many(
        view.release,
        """SELECT r.county AS unit, r.units, c.type FROM report AS r LEFT JOIN county AS c ON c.unit = r.county
           WHERE r.month = $month ORDER BY r.county""",
        month=view.roster_month,
    )
    own = next((row for row in sizes if row["unit"] == county), None)
    if own is None:
        return [county]
    others = [row for row in sizes if row["unit"] in known and row["unit"] != county]
    others.sort(key=lambda row: (row["type"] != own["type"], abs(row["units"] - own["units"]), row["unit"]))
    return [county, *(row["unit"] for row in others[:_ALIKE])]
