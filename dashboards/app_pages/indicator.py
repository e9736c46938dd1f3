"""指标: the clause, the figure and its trend, the counties, and the units that lack it."""

from functools import partial

import streamlit as st

from dashboards.charts import palette, plotly_charts
from dashboards.components import board, common_parts, header, indicator_panel, notes_panel, pins, spot_panel
from dashboards.queries import edition_data, figure_rows
from dashboards.text import screen_wording

view = header.view()
ink = palette.ink()
known = edition_data.indicators(view.release, view.policy)
chosen = header.pick("indicator", "指标", common_parts.indicator_options(view), known[0]["indicator"], width=420)
indicator = next(row for row in known if row["indicator"] == chosen)
row = next((row for row in figure_rows.of_place(view, view.city) if row["indicator"] == chosen), None)
header.title(indicator["name"])
indicator_panel.clause(view, indicator)
if row is None:
    st.info("这个月份没有该指标的数字。")
    st.stop()
indicator_panel.standing(row, edition_data.short_names(view))
indicator_panel.moved_in_words(view, chosen)
indicator_panel.explained(view, indicator)
pins.toggle("indicator", "indicator", chosen)

left, right = st.columns([1.15, 1], gap="large")
with left:
    st.subheader("走势与目标", anchor=False)
    outlook = edition_data.outlook(view, chosen, view.city)
    alt = f"{indicator['name']}逐月走势，现值 {screen_wording.value(row)}，目标 {screen_wording.target(row)}"
    series = edition_data.series(view, chosen, view.city)
    events = notes_panel.events(view, chosen)
    marked = tuple(event.month for event in events)
    drawing = partial(plotly_charts.trend, series, indicator, view.divisions, view.month, outlook, ink, marked)
    common_parts.chart(view, ink, ("trend", chosen, marked), drawing, f"{indicator['name']}走势", alt)
    notes_panel.listed(events)
    notes_panel.record(view, chosen)
    indicator_panel.outlook(row, outlook)
    indicator_panel.movement(view, indicator, edition_data.movement(view, chosen, view.city))
    if indicator["is_share"] and indicator["counted"] == "community" and indicator["low"] is not None:
        indicator_panel.what_if(view, row)
with right:
    st.subheader("各县市区", anchor=False)
    counties = figure_rows.standings(view, chosen)
    board.ranking(view, chosen, counties, ink, f"各县市区{indicator['name']}排序")
    indicator_panel.counties_download(view, chosen, counties)

spot_panel.of_indicator(view, chosen, row)

st.subheader("缺在哪里", anchor=False)
indicator_panel.lacking(view, indicator, counties)
