"""Figures as pages show them. Each selection filters before it joins: a country has half a million figures of counties."""

from collections.abc import Callable
from typing import Any

from dashboards.queries.edition_data import many, rows
from dashboards.queries.row_types import ConcernRow, CountyRow, MovedRow, PlaceRow, StandingRow

_WANTED = "policy = $policy AND month = $month AND divisions = $divisions"


def _parameters(view, **more) -> dict[str, Any]:
    return {"policy": view.policy, "month": view.month, "divisions": view.divisions, **more}


_MEASURED = """i.name, i.unit, i.gap_unit, i.clause, i.headline, i.is_share, i.position, i.low, i.high, i.goal_due, i.judged, i.counted,
    f.* EXCLUDE (unit), f.unit AS place"""


def _figure(view, wanted: str) -> str:
    """Figures of the view's month with their indicators, as SQL; `wanted` is a condition on the figures."""
    figure = view.release.at("figure", view.month)
    return f"""SELECT {_MEASURED} FROM (SELECT * FROM {figure} WHERE {_WANTED} AND {wanted}) AS f
               JOIN indicator AS i USING (policy, indicator)"""


def _compared(view, wanted: str) -> str:
    """The same with the month before and their ranks."""
    return f"""
        SELECT f.*, s.shown_before, s.status_before, s.points, s.more, s.rank, s.ranked, s.concern, s.place_concern
        FROM ({_figure(view, wanted)}) AS f
        LEFT JOIN (SELECT * FROM {view.release.at("step", view.month)} WHERE {_WANTED} AND {wanted}) AS s
               ON (s.indicator, s.level, s.unit) = (f.indicator, f.level, f.place)"""


def of_place(view, place: str, headline: bool = False) -> list[PlaceRow]:
    """All (or the headline) indicators of the city or one county, in register order, with their series."""
    figures = _compared(view, "level <> 'town' AND unit = $place")
    return rows(
        view.release,
        f"""WITH f AS ({figures}) SELECT f.*, t.months, t."values" FROM f
            JOIN (SELECT * FROM trail WHERE policy = $policy AND divisions = $divisions AND unit = $place) AS t USING (indicator, level)
            WHERE f.headline OR NOT $headline ORDER BY f.position""",
        **_parameters(view, place=place, headline=headline),
    )


def in_order(rows: list[PlaceRow]) -> list[PlaceRow]:
    """Figures of one place in the order of concern."""
    return sorted(rows, key=lambda row: (row["concern"] is None, row["concern"], row["position"]))


def concern(view, most: int) -> list[ConcernRow]:
    """The counties of greatest concern, in its order."""
    return rows(
        view.release,
        f"""SELECT c.unit, p.short AS name, c.applicable, c.behind
            FROM (SELECT * FROM {view.release.at("concern", view.month)} WHERE {_WANTED} AND level = 'county') AS c
            JOIN (SELECT unit, short FROM place WHERE level = 'county' AND month = $roster) AS p ON p.unit = c.unit
            ORDER BY c.rank LIMIT $most""",
        **_parameters(view, roster=view.roster_month, most=most),
    )


def _of_counties(view, wanted: str, places: tuple[str, ...], figure: Callable[[Any, str], str] = _figure) -> str:
    """Figures of some counties with their names, as SQL."""
    among = f"unit IN ({', '.join(_quoted(place) for place in places) or 'NULL'})"
    return f"""
        WITH f AS ({figure(view, f"level = 'county' AND {among} AND {wanted}")})
        SELECT f.*, p.name AS county, p.short FROM f
        JOIN (SELECT unit, name, short FROM place WHERE level = 'county' AND month = $roster AND {among}) AS p ON p.unit = f.place"""


def _quoted(code: str) -> str:
    return "'" + code.replace("'", "''") + "'"


def matrix(view, places: tuple[str, ...]) -> list[CountyRow]:
    """Headline indicators of some counties."""
    headline = "indicator IN (SELECT indicator FROM indicator WHERE policy = $policy AND headline)"
    sql = f"{_of_counties(view, headline, places)} ORDER BY f.position, f.place"
    return rows(view.release, sql, **_parameters(view, roster=view.roster_month))


def standings(view, indicator: str) -> list[StandingRow]:
    """Every county of one indicator in the order of concern, with few columns: there may be thousands."""
    figure, step = (view.release.at(table, view.month) for table in ("figure", "step"))
    wanted = f"{_WANTED} AND level = 'county' AND indicator = $indicator"
    return many(
        view.release,
        f"""SELECT f.unit AS place, p.name AS county, f.status, f.shown, f.numerator, f.gap, f.gap_failing, f.gap_unknown, i.gap_unit,
                   i.unit, i.position
            FROM (SELECT * FROM {figure} WHERE {wanted}) AS f
            JOIN (SELECT unit, place_concern FROM {step} WHERE {wanted}) AS s ON s.unit = f.unit
            JOIN (SELECT unit, name FROM place WHERE level = 'county' AND month = $roster) AS p ON p.unit = f.unit
            JOIN indicator AS i ON (i.policy, i.indicator) = (f.policy, f.indicator)
            ORDER BY s.place_concern, f.unit""",
        **_parameters(view, indicator=indicator, roster=view.roster_month),
    )


def ranking(view, indicator: str, places: tuple[str, ...]) -> list[MovedRow]:
    """Some counties of one indicator in the order of concern, compared with the month before."""
    sql = f"{_of_counties(view, 'indicator = $indicator', places, _compared)} ORDER BY f.place_concern, f.place"
    return rows(view.release, sql, **_parameters(view, indicator=indicator, roster=view.roster_month))


def moved_most(view, most: int = 8) -> list[MovedRow]:
    """Counties' headline figures with the greatest step since the month before."""
    greatest = rows(
        view.release,
        f"""SELECT s.indicator, s.unit FROM {view.release.at("step", view.month)} AS s JOIN indicator AS i USING (policy, indicator)
            WHERE {_WANTED} AND level = 'county' AND i.headline AND i.is_share AND s.more <> 0
            ORDER BY abs(s.more) DESC, i.position, s.unit LIMIT $most""",
        **_parameters(view, most=most),
    )
    order = [(row["indicator"], row["unit"]) for row in greatest]
    indicators = ", ".join(_quoted(indicator) for indicator, _ in order) or "NULL"
    sql = _of_counties(view, f"indicator IN ({indicators})", tuple(place for _, place in order), _compared)
    figures = {
        (row["indicator"], row["place"]): row
        for row in rows(view.release, sql, **_parameters(view, roster=view.roster_month))
    }
    return [figures[key] for key in order if key in figures]
