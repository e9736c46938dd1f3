"""总览: are we on course, who lags, what changed, who has not reported."""

import streamlit as st

from dashboards import charts, choice, data, looks, parts, records, words

view = choice.view()
ink = looks.ink()
rows = data.figures(view, view.city, headline=True)
reports = records.reports(view.release, view.month)

with st.container(key="verdict"):
    parts.verdict(view, rows, reports)
if not rows:
    st.info("这个月份没有该政策的数字:政策自所定月份起才考核。请在上面另选月份。")
    st.stop()

left, right = st.columns([1.28, 1], gap="small")
with left:
    parts.headline_bars(rows, ink)
with right:
    cells, counties = data.matrix(view), data.counties(view)
    names = [row["indicator"] for row in rows]
    told = "县市区与主要指标的矩阵:每格一个状态,颜色与符号并用"
    picked = parts.chart(charts.matrix(cells, names, counties, ink), "matrix", told, select=True)
    if picked:
        parts.go("county", county=picked[1], indicator=picked[0])
st.caption(f"行号即左边的指标次序;点格子看该县市区。图例:{words.legend()}")

st.subheader("本月变化最大的县市区", anchor=False)
parts.moves(data.moved_most(view))
st.subheader("报送情况", anchor=False)
parts.reporting(reports)
