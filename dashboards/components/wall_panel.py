"""The pages of the projector view: large and with few words, readable from six metres."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from dashboards.charts.palette import Ink
from dashboards.components import board, common_parts
from dashboards.components.header import View
from dashboards.queries import city, edition_sentences, figure_rows, spot_rows
from dashboards.queries.row_types import PlaceRow
from dashboards.text import escape, screen_wording
from dashboards.text.templates import show, show_rendered

SECONDS = 15
_BARS_PER_PAGE = 9


def show_page(view: View, page: int, ink: Ink, stopped: bool) -> None:
    """One page: the bars in turn, the counties in the matrix, and a map of the indicator of greatest concern."""
    rows = figure_rows.in_order(figure_rows.of_place(view, view.city, headline=True))
    pages = _pages(view, rows, ink)
    number = page % len(pages)
    with st.container(key="wall"):
        st.markdown(f"**{escape.markdown(common_parts.verdict_sentence(view, rows))}**")
        pages[number]()
    state = "已停住" if stopped else f"每 {SECONDS} 秒翻一页"
    show("wall_foot.html", page=number + 1, pages=len(pages), state=state, back=common_parts.href("overview"))


def _pages(view: View, rows: Sequence[PlaceRow], ink: Ink) -> list[Callable[[], None]]:
    checks = spot_rows.figures(view, view.city)
    bars = [
        partial(board.headline_bars, rows[start : start + _BARS_PER_PAGE], ink, first=start + 1, checks=checks)
        for start in range(0, len(rows), _BARS_PER_PAGE)
    ]
    outlines = city.outlines(view.release, view.roster_month)
    mapped = [partial(_map, view, rows[0], ink)] if rows and outlines else []
    return [*bars, partial(_counties, view, rows, ink), *mapped]


def _counties(view: View, rows: Sequence[PlaceRow], ink: Ink) -> None:
    st.markdown(escape.markdown(edition_sentences.who_lags(view)))
    board.matrix(view, rows, ink, named=True)


def _map(view: View, worst: PlaceRow, ink: Ink) -> None:
    gap = screen_wording.gap(worst)
    st.markdown(
        escape.markdown(f"{worst['name']}：{screen_wording.value_with_known(worst)}{f'，{gap}' if gap else ''}")
    )
    left, right = st.columns([1.4, 1], gap="large")
    with left:
        board.county_map(view, worst["indicator"], worst["name"], city.outlines(view.release, view.roster_month), ink)
    with right:
        known = [row for row in figure_rows.standings(view, worst["indicator"]) if row["status"] != "not_applicable"]
        show_rendered(board.ranking(view, worst["indicator"], known, ink, "各县市区，最需关注的在前"))
