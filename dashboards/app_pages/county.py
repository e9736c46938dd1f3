"""县市区: one county on one printable page."""

import streamlit as st

from dashboards import choice, county_parts, data, looks, parts, records, safe, words

view = choice.view()
ink = looks.ink()
options = parts.county_options(view)
county = choice.pick("county", "县市区", options, next(iter(options), None), width=240)
rows = data.figures(view, county)
reports = [row for row in records.reports(view.release, view.month) if row["county"] == county]

st.subheader(f"{safe.markdown(options[county])} · {parts.month_text(view.month)}", anchor=False)
with st.container(key="verdict"):
    main = [row for row in rows if row["headline"]]
    parts.verdict(view, main, [], where=options[county] + ":")
    county_parts.report_line(reports, view)
left, right = st.columns([1.28, 1], gap="small")
with left:
    parts.headline_bars(main, ink)
with right:
    county_parts.all_indicators(rows, options[county], view)
st.markdown("**主要指标只差一两项的社区(村)**")
county_parts.near_done(view, county)
st.markdown("**报送与问题**")
county_parts.submissions(view, county)
st.caption(
    f"发布版 {view.release.label} · {words.day(view.release.manifest['published_at'])}发布 · 打印本页,第一页即一页简报。"
)
