"""地图: one indicator on the outlines of the counties, and the counties in the order of concern."""

import streamlit as st

from dashboards.charts import palette
from dashboards.components import board, common_parts, header, indicator_panel
from dashboards.queries import city, figure_rows
from dashboards.text.templates import show_rendered

view = header.view()
ink = palette.ink()
options = common_parts.indicator_options(view)
indicator = header.pick("indicator", "指标", options, next(iter(options)), width=420)
rows = figure_rows.standings(view, indicator)
outlines = city.outlines(view.release, view.roster_month)
left, right = st.columns([1.1, 1], gap="large")
with left:
    if outlines:
        board.county_map(view, indicator, options[indicator], outlines, ink)
    else:
        st.info("基础数据中没有这个月的区划边界（city.yaml），地图从略；各县市区见右侧排名。")
with right:
    st.markdown(f"**{common_parts.counted_statuses(rows)}**")
    show_rendered(board.ranking(view, indicator, rows, ink, "县市区，最需关注的在前"))
about = city.about_map(view.release, view.roster_month) if outlines else ""
st.caption(f"{about}点一块地看该县市区。图例：{palette.legend()}")
if (code := next((row["place"] for row in rows), None)) and indicator_panel.has_towns(view, indicator):
    st.subheader("街道（乡镇）", anchor=False)
    st.caption("街道（乡镇）没有公开的边界，在这里按县市区列出。")
    county = header.pick("county", "县市区", common_parts.county_options(view), code, width=240)
    indicator_panel.towns(view, indicator, county)
