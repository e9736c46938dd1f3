"""The board: bullet bars and the matrix of counties, and bars of the counties of one indicator; where counties are many, the worst."""

import streamlit as st

from dashboards.charts import html_board, palette, plotly_charts
from dashboards.charts.palette import Ink
from dashboards.components.common_parts import anchor
from dashboards.components.header import View
from dashboards.queries import edition_data, figure_rows
from dashboards.text import escape, screen_wording

# a matrix of more counties cannot be read: beyond, those that want attention most
MOST = 30


def headline_bars(rows: list[dict], ink: Ink) -> None:
    """The bullet bars: one drawing, which the style lays out for wide screens, phones and paper."""
    told = "主要指标的现值、目标与差距：" + "；".join(f"{row['name']} {screen_wording.value(row)}" for row in rows)
    names = [
        anchor("indicator", str(n), row["name"], screen_wording.target(row), _opens(row))
        for n, row in enumerate(rows, 1)
    ]
    with st.container(key="bars"):
        st.html(html_board.bars(rows, names, told, ink))


def _opens(row: dict) -> dict[str, str]:
    return {"indicator": row["indicator"]}


def shown_counties(view: View) -> tuple[list[dict], int]:
    """Counties that the matrix shows, and how many there are: all of them, or those that want attention most."""
    known = edition_data.counties(view)
    if len(known) <= MOST:
        return known, len(known)
    worst = figure_rows.attention(view, palette.ATTENTION, MOST)
    order = {code: n for n, code in enumerate(worst)}
    return sorted((c for c in known if c["unit"] in order), key=lambda c: order[c["unit"]]), len(known)


def matrix(view: View, rows: list[dict], ink: Ink) -> None:
    """Counties × headline indicators. A cell opens the county with the indicator chosen; a name opens the county."""
    counties, total = shown_counties(view)
    cells = figure_rows.matrix(view, tuple(county["unit"] for county in counties))
    indicators = [row["indicator"] for row in rows]
    told = "县市区与主要指标的矩阵：每格一个状态，颜色与符号并用。各县市区的文字说明在“县市区”页。"
    names = [anchor("county", "", county["short"], "", {"county": county["unit"]}) for county in counties]
    with st.container(key="matrix_box"):
        st.html(html_board.matrix(cells, indicators, counties, names, told, ink))
        if total > len(counties):
            st.caption(f"共 {total} 个县市区，这里是最需关注的 {len(counties)} 个；其余在“指标”和“县市区”页按名称查找。")


def ranking(view: View, indicator: str, known: list[dict], ink: Ink, told: str) -> None:
    """Counties of one indicator (`known`: `figures.standings`) as bars; of a country's, those that want attention most."""
    order = known if len(known) <= MOST else plotly_charts.worst_first(known)[:MOST]
    found = {row["place"]: row for row in figure_rows.ranking(view, indicator, tuple(row["place"] for row in order))}
    shown = [found[row["place"]] for row in order]
    names = [anchor("county", "", row["short"], "", {"county": row["place"], "indicator": indicator}) for row in shown]
    with st.container(key="ranking"):
        st.html(html_board.ranking(shown, names, told, ink))
    if len(known) > MOST:
        st.caption(
            f"共 {len(known)} 个县市区，这里是最需关注的 {MOST} 个；其余在“县市区”页按名称查找，或在“指标”页下载全部。"
        )


def on_map(view: View, indicator: str, outlines: list[dict]) -> dict[str, dict]:
    """code → figure of the counties that the map shows."""
    places = (*(shape["code"] for shape in outlines), *edition_data.BESIDE)
    return {row["place"]: row for row in figure_rows.ranking(view, indicator, places)}


def printed(view: View, rows: list[dict]) -> None:
    """The matrix as a table of signs, for paper: numbered like the bars above it, a column a county."""
    counties, _ = shown_counties(view)
    cells = figure_rows.matrix(view, tuple(county["unit"] for county in counties))
    signs = {(cell["indicator"], cell["place"]): palette.SIGNS[cell["status"]] for cell in cells}
    head = _cells("th", ["", *(county["short"][:3] for county in counties)])
    lines = [
        _cells("td", [str(n), *(signs.get((row["indicator"], county["unit"]), "") for county in counties)])
        for n, row in enumerate(rows, 1)
    ]
    with st.container(key="paper_matrix"):
        st.html(f"<table>{head}{''.join(lines)}</table>")


def _cells(tag: str, texts: list[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape.markup(text)}</{tag}>' for text in texts)}</tr>"
