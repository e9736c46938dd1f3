"""The board on a page: bullet bars, matrix and ranking with their links; where counties are many, those of greatest concern."""

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboards.charts import html_board, html_map, palette
from dashboards.charts.html_board import Link
from dashboards.charts.palette import Ink
from dashboards.components import spot_panel
from dashboards.components.common_parts import Said, href, said
from dashboards.components.header import View
from dashboards.queries import city, edition_data, figure_rows
from dashboards.queries.row_types import CountyRow, Outline, PlaceRow, StandingRow
from dashboards.queries.spot_row_types import SpotFigureRow
from dashboards.text import screen_wording
from dashboards.text.templates import show, show_rendered
from pipelines.edition.table_rows import CountyName

# a matrix of more counties cannot be read
MOST = 30


def headline_bars(
    rows: Sequence[PlaceRow], ink: Ink, first: int = 1, checks: Mapping[str, SpotFigureRow] | None = None
) -> None:
    """The bullet bars of indicators, numbered from `first`; `checks`: what a spot check says, by indicator."""
    signs = {indicator: spot_panel.mark(check) for indicator, check in (checks or {}).items()}
    proven = {code: proof for code, check in (checks or {}).items() if (proof := spot_panel.proven(check))}
    summary = "主要指标的现值、目标与还差的数：" + "；".join(
        f"{row['name']} {screen_wording.value(row)}" for row in rows
    )
    links = [
        Link(
            href("indicator", indicator=row["indicator"]),
            row["name"],
            str(number),
            screen_wording.target(row),
            signs.get(row["indicator"], ""),
        )
        for number, row in enumerate(rows, first)
    ]
    with st.container(key="bars"):
        show_rendered(html_board.bars(rows, links, summary, ink, proven))


def shown_counties(view: View) -> tuple[list[CountyName], dict[str, int], int]:
    """Counties that the matrix shows in the order of concern, how many indicators each is behind with, and how many counties there are."""
    known = {county["unit"]: county for county in edition_data.counties(view)}
    order = figure_rows.concern(view, MOST)
    ordered = [known[place["unit"]] for place in order if place["unit"] in known]
    if len(known) <= MOST:
        ordered += [county for county in known.values() if county not in ordered]
    return ordered, {place["unit"]: place["behind"] for place in order}, len(known)


def matrix(view: View, rows: Sequence[PlaceRow], ink: Ink, named: bool = False) -> None:
    """Counties × headline indicators; cells open county and indicator, names the county. `named`: with the indicators' names."""
    counties, behind, total = shown_counties(view)
    codes = tuple(county["unit"] for county in counties)
    # the common part of all addresses
    kept = href("county", county=None, indicator=None)
    cells = {(row["indicator"], row["place"]): _cell(row, kept) for row in figure_rows.matrix(view, codes)}
    links = {county["unit"]: Link(href("county", county=county["unit"]), county["short"]) for county in counties}
    indicators = {
        row["indicator"]: Link(href("indicator", indicator=row["indicator"]), row["name"]) if named else None
        for row in rows
    }
    summary = (
        "县市区与主要指标的矩阵：每格一个状态，颜色与符号并用，深色的高度是还差的比例。各县市区的文字说明在“县市区”页。"
    )
    with st.container(key="matrix_box"):
        show_rendered(html_board.matrix(cells, indicators, links, behind, summary, ink, counted=total == len(counties)))
        if total > len(counties):
            st.caption(
                f"共 {total} 个县市区，这里是最需关注的 {len(counties)} 个；其余在“指标”和“县市区”页按名称查找。"
            )


def _cell(row: CountyRow, kept: str) -> html_board.Cell:
    return html_board.cell(row, f"{kept}&county={row['place']}&indicator={row['indicator']}")


def ranking(view: View, indicator: str, known: Sequence[StandingRow], ink: Ink, summary: str) -> str:
    """HTML of counties of one indicator as bars, in the order of concern (`known`: `figure_rows.standings`)."""
    rows = figure_rows.ranking(view, indicator, tuple(row["place"] for row in known[:MOST]))
    links = [Link(href("county", county=row["place"], indicator=indicator), row["short"]) for row in rows]
    bars = html_board.ranking(rows, links, summary, ink)
    if len(known) <= MOST:
        return bars
    few = f"共 {len(known)} 个县市区，这里是最需关注的 {MOST} 个；其余在“县市区”页按名称查找，或在“指标”页下载全部。"
    return bars + said([Said(few, quiet=True)])


def county_map(view: View, indicator: str, name: str, outlines: Sequence[Outline], ink: Ink) -> None:
    """One indicator on the outlines of the counties, each of which opens its county."""
    marks = city.marks(view.release)
    places = (*(outline["code"] for outline in outlines), *marks)
    rows = {row["place"]: row for row in figure_rows.ranking(view, indicator, places)}
    links = {code: href("county", county=code, indicator=indicator) for code in rows}
    chosen = st.query_params.get("county")
    summary = f"各县市区地图：{name}。各县市区的数字另有排名列出。"
    with st.container(key="map"):
        show_rendered(html_map.county_map(outlines, rows, marks, links, ink, chosen, summary))


def printed(view: View, rows: Sequence[PlaceRow]) -> None:
    """The matrix as a table of signs, for paper: numbered like the bars above it, a column a county."""
    counties, _, _ = shown_counties(view)
    cells = figure_rows.matrix(view, tuple(county["unit"] for county in counties))
    signs = {(cell["indicator"], cell["place"]): palette.SIGNS[cell["status"]] for cell in cells}
    lines = [
        [str(number), *(signs.get((row["indicator"], county["unit"]), "") for county in counties)]
        for number, row in enumerate(rows, 1)
    ]
    with st.container(key="paper_matrix"):
        show("table.html", name="", heads=["", *(county["short"][:3] for county in counties)], rows=lines)
