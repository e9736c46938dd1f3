"""The picture beside the verdict: bullet bars and the matrix, with links laid over where the names stand.

Names are links of the page, not words of the drawing: the keyboard reaches them, a screen reader reads them, a click opens the room.
"""

import streamlit as st

from dashboards import bullets, charts, data, looks, safe, words
from dashboards.choice import View
from dashboards.looks import Ink
from dashboards.parts import chart, go, link

# a matrix of more counties cannot be read: beyond, those that want attention most
MOST = 30
# so wide that all words have room on a projector, and that paper can take it smaller
WIDE = 1040


def headline_bars(rows: list[dict], ink: Ink) -> None:
    """The bullet bars, in a wide and a narrow drawing of which the style shows the one that fits."""
    told = "主要指标的现值、目标与差距:" + ";".join(f"{row['name']} {words.value(row)}" for row in rows)
    with st.container(key="bars"):
        with st.container(key="bars_wide"):
            picked = chart(bullets.bars(rows, ink, named=False), "bars_drawn", told, select=True, width=WIDE)
        with st.container(key="bars_narrow"):
            picked = chart(bullets.bars_narrow(rows, ink), "bars_phone", told, select=True) or picked
        with st.container(key="bar_names"):
            for row in rows:
                link("indicator", row["name"], words.target(row), indicator=row["indicator"])
    if picked:
        go("indicator", indicator=_one(picked))


def _one(picked) -> str:
    return picked if isinstance(picked, str) else picked[0]


def shown_counties(view: View) -> tuple[list[dict], int]:
    """Counties that the matrix shows, and how many there are: all of them, or those that want attention most."""
    known = data.counties(view)
    if len(known) <= MOST:
        return known, len(known)
    worst = data.attention(view, looks.ATTENTION, MOST)
    order = {code: n for n, code in enumerate(worst)}
    return sorted((c for c in known if c["unit"] in order), key=lambda c: order[c["unit"]]), len(known)


def matrix(view: View, rows: list[dict], ink: Ink) -> None:
    """Counties × headline indicators. A cell opens the county with the indicator chosen; a name opens the county."""
    counties, total = shown_counties(view)
    cells = data.matrix(view, tuple(county["unit"] for county in counties))
    told = "县市区与主要指标的矩阵:每格一个状态,颜色与符号并用。各县市区的文字说明在“县市区”页。"
    with st.container(key="matrix_box"), st.container(key="matrix_sheet"):
        picked = chart(
            charts.matrix(cells, [row["indicator"] for row in rows], counties, ink, named=False),
            "matrix",
            told,
            select=True,
        )
        with st.container(key="matrix_names", horizontal=True, gap=None):
            for county in counties:
                link("county", county["short"], county=county["unit"])
    if total > len(counties):
        st.caption(f"共 {total} 个县市区,这里是最需关注的 {len(counties)} 个;其余在“指标”和“县市区”页按名称查找。")
    if picked:
        go("county", county=picked[1], indicator=picked[0])


def printed(view: View, rows: list[dict]) -> None:
    """The matrix as a table of signs, for paper: numbered like the bars above it, a column a county."""
    counties, _ = shown_counties(view)
    cells = data.matrix(view, tuple(county["unit"] for county in counties))
    signs = {(cell["indicator"], cell["place"]): looks.SIGNS[cell["status"]] for cell in cells}
    titles = {county["unit"]: safe.markdown(county["short"][:3]) for county in counties}
    lines = [
        {"": str(n), **{title: signs.get((row["indicator"], unit), "") for unit, title in titles.items()}}
        for n, row in enumerate(rows, 1)
    ]
    with st.container(key="paper_matrix"):
        st.table(lines, border="horizontal", hide_index=True)
