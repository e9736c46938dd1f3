"""总览: are we on course, who lags, what changed, who has not reported."""

import streamlit as st

from dashboards.charts import palette
from dashboards.components import board, common_parts, header, pins, spot_panel
from dashboards.queries import figure_rows, spot_rows, submission_rows
from dashboards.text import escape
from dashboards.text.templates import show_rendered

view = header.view()
ink = palette.ink()
rows = figure_rows.in_order(figure_rows.of_place(view, view.city, headline=True))
reports = submission_rows.reports(view.release, view.month)

with st.container(key="verdict"):
    show_rendered(common_parts.verdict(view, rows, reports))
    common_parts.caveats(view)
    pins.followed(view)
if not rows:
    st.info("这个月份没有该政策的数字：政策自所定月份起才考核。请在上面另选月份。")
    st.stop()

with st.container(key="board", horizontal=True, gap="small"):
    board.headline_bars(rows, ink, checks=spot_rows.figures(view, view.city))
    board.matrix(view, rows, ink)
st.caption(f"都按需关注的次序排列；行号即左边的指标，格中深色的高度是还差的比例。图例：{palette.legend()}")
if checked := spot_panel.legend(view):
    st.caption(escape.markdown(f"抽查：{checked}"))
moved = figure_rows.moved_most(view)
with st.container(key="paper_only"):
    board.printed(view, rows)
    common_parts.moves_in_words(moved)
with st.container(key="screen_only"):
    st.subheader("本月变了什么", anchor=False)
    common_parts.moves(view, moved)
    st.subheader("报送情况", anchor=False)
    common_parts.reporting(reports, common_parts.lines)
