"""The pages of the projector view: large, few words, readable from six metres."""

import streamlit as st

from dashboards import board, bullets, charts, data, figures, parts, safe, words
from dashboards.choice import View
from dashboards.looks import Ink

SECONDS = 15
_EACH = 9


def show(view: View, page: int, ink: Ink, stopped: bool) -> None:
    """One page: verdict and bars in turn, then counties, then the map of what lags most."""
    rows = figures.of_place(view, view.city, headline=True)
    # numbered as in the matrix of counties
    named = [{**row, "name": f"{n} {row['name']}"} for n, row in enumerate(rows, 1)]
    halves = [named[start : start + _EACH] for start in range(0, len(rows), _EACH)]
    pages = [*[lambda half=half: _bars(half, ink) for half in halves], lambda: _counties(view, rows, ink)]
    number = page % len(pages)
    with st.container(key="wall"):
        counts = figures.verdict(view, view.city)
        starting = len(list(filter(words.starting, rows)))
        st.markdown(f"**{safe.markdown(words.verdict(counts, view.due, view.month, starting))}**")
        pages[number]()
        state = "已停住,点一下继续" if stopped else f"每 {SECONDS} 秒翻一页,点一下停住"
        st.caption(f"第 {number + 1}/{len(pages)} 页 · {state}")


def _bars(rows: list[dict], ink: Ink) -> None:
    told = "主要指标:" + ";".join(f"{row['name']} {words.value(row)}" for row in rows)
    parts.chart(bullets.bars(rows, ink, size=25, row=76), "wall_bars", told)


def _counties(view: View, rows: list[dict], ink: Ink) -> None:
    left, right = st.columns([1, 1.25], gap="large")
    with left:
        worst = charts.worst_first([row for row in rows if row["gap"]])[0]
        st.markdown(safe.markdown(f"{worst['name']}:{words.value(worst)},{words.gap(worst)}"))
        shapes = data.outlines(view.roster_month >= data.REFORM)
        found = board.on_map(view, worst["indicator"], shapes)
        parts.chart(charts.outline_map(shapes, found, data.BESIDE, None, ink, 770), "wall_map", f"地图:{worst['name']}")
    with right:
        counties, _ = board.shown_counties(view)
        cells = figures.matrix(view, tuple(county["unit"] for county in counties))
        names = [row["indicator"] for row in rows]
        parts.chart(charts.matrix(cells, names, counties, ink, 41), "wall_matrix", "县市区与主要指标的矩阵")
