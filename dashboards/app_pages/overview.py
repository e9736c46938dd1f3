"""总览: are we on course, who lags, what changed, who has not reported."""

import streamlit as st

from dashboards import board, choice, figures, looks, parts, records, words

view = choice.view()
ink = looks.ink()
rows = figures.of_place(view, view.city, headline=True)
reports = records.reports(view.release, view.month)

with st.container(key="verdict"):
    parts.verdict(view, rows, reports)
if not rows:
    st.info("这个月份没有该政策的数字:政策自所定月份起才考核。请在上面另选月份。")
    st.stop()

with st.container(key="board", horizontal=True, gap="small"):
    board.headline_bars(rows, ink)
    board.matrix(view, rows, ink)
st.caption(f"行号即左边的指标次序;点名称或格子看详情。图例:{words.legend()}")
moved = figures.moved_most(view)
with st.container(key="paper_only"):
    board.printed(view, rows)
    parts.moves_told(moved)
with st.container(key="screen_only"):
    st.subheader("本月变化最大的县市区", anchor=False)
    parts.moves(moved)
    st.subheader("报送情况", anchor=False)
    parts.reporting(reports, parts.lines)
