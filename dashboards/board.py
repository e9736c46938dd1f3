"""The picture beside the verdict: bullet bars and the matrix, with links laid over where the names stand.

Names are links of the page, not words of the drawing: the keyboard reaches them, a screen reader reads them, a click opens the room.
"""

import streamlit as st

from dashboards import bullets, charts, data, looks, safe, words
from dashboards.choice import View
from dashboards.looks import Ink
from dashboards.parts import chart, drawn, go, links

# a matrix of more counties cannot be read: beyond, those that want attention most
MOST = 30
# so wide that all words have room on a projector, and that paper can take it smaller
WIDE = 1040


def headline_bars(view: View, rows: list[dict], ink: Ink) -> None:
    """The bullet bars, in a wide and a narrow drawing of which the style shows the one that fits."""
    what = (rows[0]["place"],)
    wide = drawn(view, ink, ("bars", *what), lambda: bullets.bars(rows, ink, named=False))
    narrow = drawn(view, ink, ("bars_narrow", *what), lambda: bullets.bars_narrow(rows, ink))
    told = "主要指标的现值、目标与差距:" + ";".join(f"{row['name']} {words.value(row)}" for row in rows)
    with st.container(key="bars"):
        with st.container(key="bars_wide"):
            picked = chart(wide, "bars_drawn", told, select=True, width=WIDE)
        with st.container(key="bars_narrow"):
            picked = chart(narrow, "bars_phone", told, select=True) or picked
        with st.container(key="bar_names"):
            links("indicator", [_named(str(n), row) for n, row in enumerate(rows, 1)])
    if picked:
        go("indicator", indicator=_one(picked))


def _named(number: str, row: dict) -> tuple[str, str, str, dict[str, str]]:
    return number, row["name"], words.target(row), {"indicator": row["indicator"]}


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
    names = [row["indicator"] for row in rows]
    figure = drawn(view, ink, ("matrix",), lambda: charts.matrix(cells, names, counties, ink, named=False))
    told = "县市区与主要指标的矩阵:每格一个状态,颜色与符号并用。各县市区的文字说明在“县市区”页。"
    with st.container(key="matrix_box"), st.container(key="matrix_sheet"):
        picked = chart(figure, "matrix", told, select=True)
        with st.container(key="matrix_names"):
            links("county", [("", county["short"], "", {"county": county["unit"]}) for county in counties])
    if total > len(counties):
        st.caption(f"共 {total} 个县市区,这里是最需关注的 {len(counties)} 个;其余在“指标”和“县市区”页按名称查找。")
    if picked:
        go("county", county=picked[1], indicator=picked[0])


def ranking(view: View, rows: list[dict], ink: Ink, key: str, told: str) -> str | None:
    """Counties of one indicator as bars; of a country's, those that want attention most. The code that was clicked."""
    shown = rows if len(rows) <= MOST else charts.worst_first(rows)[:MOST]
    what = (key, *((row["indicator"], row["place"]) for row in shown))
    picked = chart(drawn(view, ink, what, lambda: bullets.ranking(shown, ink)), key, told, select=True)
    if len(rows) > MOST:
        st.caption(
            f"共 {len(rows)} 个县市区,这里是最需关注的 {MOST} 个;其余在“县市区”页按名称查找,或在“指标”页下载全部。"
        )
    return _one(picked) if picked else None


def printed(view: View, rows: list[dict]) -> None:
    """The matrix as a table of signs, for paper: numbered like the bars above it, a column a county."""
    counties, _ = shown_counties(view)
    cells = data.matrix(view, tuple(county["unit"] for county in counties))
    signs = {(cell["indicator"], cell["place"]): looks.SIGNS[cell["status"]] for cell in cells}
    head = _cells("th", ["", *(county["short"][:3] for county in counties)])
    lines = [
        _cells("td", [str(n), *(signs.get((row["indicator"], county["unit"]), "") for county in counties)])
        for n, row in enumerate(rows, 1)
    ]
    with st.container(key="paper_matrix"):
        st.html(f"<table>{head}{''.join(lines)}</table>")


def _cells(tag: str, texts: list[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{safe.markup(text)}</{tag}>' for text in texts)}</tr>"
