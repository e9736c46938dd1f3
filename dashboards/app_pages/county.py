"""县市区: one county: its verdict, the indicator that the reader came for, its main indicators; the rest when it is asked for."""

import streamlit as st

from dashboards.charts import palette
from dashboards.components import board, common_parts, county_panel, header, pins, spot_panel
from dashboards.queries import edition_data, figure_rows, spot_rows, submission_rows
from dashboards.text.templates import render, show_rendered

PARTS = {"all": "全部指标", "near": "只差一两项的社区（村）", "sent": "报送与问题", "sheet": "一页简报（打印用）"}

view = header.view()
options = common_parts.county_options(view)
county = header.pick("county", "县市区", options, next(iter(options), None), width=240)
name, asked = options[county], st.query_params.get("indicator")
rows = figure_rows.of_place(view, county)
main = figure_rows.in_order([row for row in rows if row["headline"]])
checks = spot_rows.figures(view, county)
parts = PARTS | ({"spot": "抽查"} if spot_panel.is_checked(view, county) else {})

header.title(name)
report = county_panel.report_line(submission_rows.report(view.release, view.month, county), view)
title = f"{name} · {common_parts.month_text(view.month)}"
verdict = common_parts.verdict(view, main, [], where=f"{name}：", title=title, more=[report])
# the sheet is shown as it is printed
if st.query_params.get("part") != "sheet":
    links = [pins.toggle("county", "county", county), *county_panel.waiting(county)]
    verdict += render("unit_links.html", intro="", links=links, more=0)
    verdict += county_panel.focus(view, next((row for row in rows if row["indicator"] == asked), None), name)
    verdict += common_parts.explained(submission_rows.explained(view.release, view.month, county))
    show_rendered(verdict)
    board.headline_bars(main, palette.ink(), checks=checks)
else:
    show_rendered(verdict)
part = common_parts.section("county", parts)
if part == "all":
    county_panel.all_indicators(rows, name, view)
elif part == "near":
    county_panel.near_done(county, edition_data.near_done(view, county))
elif part == "sent":
    county_panel.submissions(view, county)
    county_panel.findings(submission_rows.findings(view.release, view.month, county))
elif part == "spot":
    spot_panel.of_county(view, county)
elif part == "sheet":
    near, findings = edition_data.near_done(view, county), submission_rows.findings(view.release, view.month, county)
    county_panel.on_paper(view, rows, near, findings, county)
