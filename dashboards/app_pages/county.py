"""县市区: one county on one printable page."""

import streamlit as st

from dashboards import board, choice, county_parts, figures, looks, parts, records, safe

view = choice.view()
ink = looks.ink()
options = parts.county_options(view)
county = choice.pick("county", "县市区", options, next(iter(options), None), width=240)
rows = figures.of_place(view, county)
main = [row for row in rows if row["headline"]]
report = records.report(view.release, view.month, county)
near = county_parts.near_done_rows(view, county)
found = records.findings(view.release, view.month, county)

st.subheader(f"{safe.markdown(options[county])} · {parts.month_text(view.month)}", anchor=False)
with st.container(key="verdict"):
    parts.verdict(view, main, [], where=options[county] + ":")
    county_parts.report_line(report, view)
with st.container(key="screen_only"):
    with st.container(key="board", horizontal=True, gap="small"):
        board.headline_bars(main, ink)
        with st.container(key="matrix_box"):
            county_parts.all_indicators(rows, options[county], view)
    st.markdown("**主要指标只差一两项的社区(村)**")
    county_parts.near_done(view, county, near)
    st.markdown("**报送与问题**")
    county_parts.submissions(view, county)
    county_parts.findings(found)
    st.caption("打印本页得到一页简报:全部指标、位次、差距、只差一项的社区(村)、报送和问题。")
with st.container(key="paper_only"):
    county_parts.on_paper(view, rows, near, found, county)
