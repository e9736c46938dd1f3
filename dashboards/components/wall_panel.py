"""The pages of the projector view: large and with few words, readable from six metres."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from dashboards.charts import plotly_charts
from dashboards.charts.palette import Ink
from dashboards.components import board, common_parts
from dashboards.components.header import View
from dashboards.queries import city, figure_rows, spot_rows
from dashboards.queries.row_types import PlaceRow
from dashboards.text import escape, screen_wording

SECONDS = 15
_BARS_PER_PAGE = 9


def show(view: View, page: int, ink: Ink, stopped: bool) -> None:
    """One page: the bars in turn, then the counties with a map of the indicator of greatest concern."""
    rows = figure_rows.of_place(view, view.city, headline=True)
    pages = _pages(view, rows, ink)
    number = page % len(pages)
    with st.container(key="wall"):
        st.markdown(f"**{escape.markdown(common_parts.verdict_sentence(view, rows))}**")
        pages[number]()
        state = "已停住，点一下继续" if stopped else f"每 {SECONDS} 秒翻一页，点一下停住"
        st.caption(f"第 {number + 1}/{len(pages)} 页 · {state}")


def _pages(view: View, rows: Sequence[PlaceRow], ink: Ink) -> list[Callable[[], None]]:
    checks = spot_rows.figures(view, view.city)
    bars = [
        partial(board.headline_bars, rows[start : start + _BARS_PER_PAGE], ink, first=start + 1, checks=checks)
        for start in range(0, len(rows), _BARS_PER_PAGE)
    ]
    return [*bars, partial(_counties, view, rows, ink)]


def _counties(view: View, rows: Sequence[PlaceRow], ink: Ink) -> None:
    left, right = st.columns([1, 1.25], gap="large")
    with left:
        _map(view, min(rows, key=lambda row: (row["concern"] is None, row["concern"])), ink)
    with right:
        board.matrix(view, rows, ink)


def _map(view: View, worst: PlaceRow, ink: Ink) -> None:
    gap = screen_wording.gap(worst)
    st.markdown(
        escape.markdown(f"{worst['name']}：{screen_wording.value_with_known(worst)}{f'，{gap}' if gap else ''}")
    )
    outlines = city.outlines(view.release, view.roster_month)
    if outlines:
        figures = board.on_map(view, worst["indicator"], outlines)
        drawing = plotly_charts.outline_map(outlines, figures, city.marks(view.release), None, ink, 770)
        common_parts.chart(drawing, "wall_map", f"地图：{worst['name']}")
