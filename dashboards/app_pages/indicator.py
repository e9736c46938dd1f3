"""指标: what is asked, how it goes, who holds the gap, and which units lack it."""

from functools import partial

import streamlit as st

from dashboards import board, charts, choice, data, detail, figures, looks, parts, words

view = choice.view()
ink = looks.ink()
known = data.indicators(view.release, view.policy)
chosen = choice.pick("indicator", "指标", parts.indicator_options(view), known[0]["indicator"])
indicator = next(row for row in known if row["indicator"] == chosen)
row = next((row for row in figures.of_place(view, view.city) if row["indicator"] == chosen), None)
detail.clause(indicator)
if row is None:
    st.info("这个月份没有该指标的数字。")
    st.stop()
detail.standing(row)

left, right = st.columns([1.15, 1], gap="large")
with left:
    st.subheader("走势与目标", anchor=False)
    outlook = data.outlook(view, chosen, view.city)
    told = f"{indicator['name']}逐月走势,现值 {words.value(row)},目标 {words.target(row)}"
    series = data.series(view, chosen, view.city)
    drawing = partial(charts.trend, series, indicator, view.divisions, view.month, outlook, ink)
    parts.chart(parts.drawn(view, ink, ("trend", chosen), drawing), "trend", told)
    detail.outlook(row, outlook)
    detail.movement(view, indicator, data.movement(view, chosen, view.city), row)
with right:
    st.subheader("各县市区", anchor=False)
    counties = figures.standings(view, chosen)
    board.ranking(view, chosen, counties, ink, f"各县市区{indicator['name']}排序")
detail.counties_download(view, chosen, counties)

st.subheader("缺在哪里", anchor=False)
detail.lacking(view, indicator, counties)
