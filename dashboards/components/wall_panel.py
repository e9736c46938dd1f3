"""The pages of the projector view: large, few words, readable from six metres."""

import streamlit as st

from dashboards.charts import bullet_bars, plotly_charts
from dashboards.charts.palette import Ink
from dashboards.components import board, common_parts
from dashboards.components.header import View
from dashboards.queries import edition_data, figure_rows
from dashboards.text import escape, screen_wording

SECONDS = 15
_EACH = 9


def show(view: View, page: int, ink: Ink, stopped: bool) -> None:
    """One page: verdict and bars in turn, then counties, then the map of what lags most."""
    rows = figure_rows.of_place(view, view.city, headline=True)
    # numbered as in the matrix of counties
    named = [{**row, "name": f"{n} {row['name']}"} for n, row in enumerate(rows, 1)]
    halves = [named[start : start + _EACH] for start in range(0, len(rows), _EACH)]
    pages = [*[lambda half=half: _bars(half, ink) for half in halves], lambda: _counties(view, rows, ink)]
    number = page % len(pages)
    with st.container(key="wall"):
        counts = figure_rows.verdict(view, view.city)
        starting = len(list(filter(screen_wording.starting, rows)))
        st.markdown(f"**{escape.markdown(screen_wording.verdict(counts, view.due, view.month, starting))}**")
        pages[number]()
        state = "已停住，点一下继续" if stopped else f"每 {SECONDS} 秒翻一页，点一下停住"
        st.caption(f"第 {number + 1}/{len(pages)} 页 · {state}")


def _bars(rows: list[dict], ink: Ink) -> None:
    told = "主要指标：" + "；".join(f"{row['name']} {screen_wording.value(row)}" for row in rows)
    common_parts.chart(bullet_bars.bars(rows, ink, size=25, row=76), "wall_bars", told)


def _counties(view: View, rows: list[dict], ink: Ink) -> None:
    left, right = st.columns([1, 1.25], gap="large")
    with left:
        worst = plotly_charts.worst_first([row for row in rows if row["gap"]])[0]
        st.markdown(escape.markdown(f"{worst['name']}：{screen_wording.value(worst)}，{screen_wording.gap(worst)}"))
        shapes = edition_data.outlines(view.roster_month >= edition_data.REFORM)
        found = board.on_map(view, worst["indicator"], shapes)
        common_parts.chart(
            plotly_charts.outline_map(shapes, found, edition_data.BESIDE, None, ink, 770),
            "wall_map",
            f"地图：{worst['name']}",
        )
    with right:
        counties, _ = board.shown_counties(view)
        cells = figure_rows.matrix(view, tuple(county["unit"] for county in counties))
        names = [row["indicator"] for row in rows]
        common_parts.chart(
            plotly_charts.matrix(cells, names, counties, ink, 41), "wall_matrix", "县市区与主要指标的矩阵"
        )
