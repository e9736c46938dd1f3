"""县市区: one county on one printable page."""

import streamlit as st

from dashboards.charts import palette
from dashboards.components import board, common_parts, county_panel, header, pins, spot_panel
from dashboards.queries import edition_data, figure_rows, spot_rows, submission_rows
from dashboards.text import escape

view = header.view()
ink = palette.ink()
options = common_parts.county_options(view)
county = header.pick("county", "县市区", options, next(iter(options), None), width=240)
rows = figure_rows.of_place(view, county)
main = figure_rows.in_order([row for row in rows if row["headline"]])
own_report = submission_rows.report(view.release, view.month, county)
near = edition_data.near_done(view, county)
findings = submission_rows.findings(view.release, view.month, county)

header.title(options[county])
st.subheader(f"{escape.markdown(options[county])} · {common_parts.month_text(view.month)}", anchor=False)
with st.container(key="verdict"):
    common_parts.verdict(view, main, [], where=options[county] + "：")
    county_panel.report_line(own_report, view)
with st.container(key="screen_only"):
    pins.toggle("county", "county", county)
    asked = st.query_params.get("indicator")
    with st.container(key="focus"):
        county_panel.focus(view, next((row for row in rows if row["indicator"] == asked), None), options[county])
    with st.container(key="board", horizontal=True, gap="small"):
        board.headline_bars(main, ink, checks=spot_rows.figures(view, county))
    common_parts.explained(submission_rows.explained(view.release, view.month, county))
    county_panel.all_indicators(rows, options[county], view)
    st.markdown("**主要指标只差一两项的社区（村）**")
    county_panel.near_done(county, near)
    spot_panel.of_county(view, county)
    st.markdown("**报送与问题**")
    county_panel.submissions(view, county)
    county_panel.findings(findings)
    st.caption("打印本页得到一页简报：全部指标、位次、差距、只差一项的社区（村）、报送和问题。")
with st.container(key="paper_only"):
    county_panel.on_paper(view, rows, near, findings, county)
