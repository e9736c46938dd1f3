"""指标: the clause, the figure and its trend, the counties; the units that lack it and the rest when they are asked for."""

from functools import partial

import streamlit as st

from dashboards.charts import palette, plotly_charts
from dashboards.components import (
    board,
    chart_part,
    common_parts,
    header,
    indicator_panel,
    notes_panel,
    pins,
    spot_panel,
)
from dashboards.queries import edition_data, figure_rows
from dashboards.text import screen_wording
from dashboards.text.templates import beside_each_other, render, show_rendered

view = header.view()
ink = palette.ink()
known = edition_data.indicators(view.release, view.policy)
chosen = header.pick("indicator", "指标", common_parts.indicator_options(view), known[0]["indicator"], width=420)
indicator = next(row for row in known if row["indicator"] == chosen)
row = next((row for row in figure_rows.of_place(view, view.city) if row["indicator"] == chosen), None)
header.title(indicator["name"])
clause = indicator_panel.clause(view, indicator)
if row is None:
    show_rendered(clause)
    st.info("这个月份没有该指标的数字。")
    st.stop()

outlook = edition_data.outlook(view, chosen, view.city)
events = notes_panel.events(view, chosen)
marked = tuple(event.month for event in events)
counties = figure_rows.standings(view, chosen)
alt = f"{indicator['name']}逐月走势，现值 {screen_wording.value(row)}，目标 {screen_wording.target(row)}"
series = edition_data.series(view, chosen, view.city)
drawing = partial(plotly_charts.trend, series, indicator, view.divisions, view.month, outlook, ink, marked)
trend = chart_part.chart(view, ink, ("trend", chosen, marked), drawing, f"{indicator['name']}走势", alt)
about = [
    *notes_panel.listed(events),
    *indicator_panel.outlook(row, outlook),
    *indicator_panel.movement(indicator, edition_data.movement(view, chosen, view.city)),
]
ranking = board.ranking(view, chosen, counties, ink, f"各县市区{indicator['name']}排序")
show_rendered(
    clause
    + indicator_panel.standing(view, row, spot_panel.about_indicator(view, chosen, row))
    + indicator_panel.explained(view, indicator)
    + render("unit_links.html", intro="", links=[pins.toggle("indicator", "indicator", chosen)], more=0)
    + beside_each_other(
        common_parts.said(title="走势与目标") + trend + common_parts.said(about),
        common_parts.said(title="各县市区") + ranking,
    )
)

parts = {
    "lacking": "缺在哪里",
    "changed": "变了的社区（村）",
    **({"plan": "每月补多少、何时达标"} if indicator_panel.can_plan(view, indicator, row) else {}),
    **({"spot": "抽查"} if spot_panel.about_indicator(view, chosen, row) else {}),
    **({"note": "批注"} if notes_panel.may_keep() else {}),
    "files": "下载",
}
part = common_parts.section("indicator", parts)
if part == "lacking":
    indicator_panel.lacking(view, indicator, counties)
elif part == "changed":
    indicator_panel.changed_units(view, chosen)
elif part == "plan":
    indicator_panel.what_if(view, row)
elif part == "spot":
    spot_panel.of_indicator(view, chosen, row)
elif part == "note":
    notes_panel.kept(view, chosen, events)
elif part == "files":
    indicator_panel.counties_download(view, chosen, counties)
