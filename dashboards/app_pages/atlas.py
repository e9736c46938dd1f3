"""地图: where it goes well, on the real outlines. Clicking a county opens it."""

from functools import partial

import streamlit as st

from dashboards.charts import palette, plotly_charts
from dashboards.components import board, common_parts, header
from dashboards.queries import edition_data, figure_rows
from dashboards.text import screen_wording

view = header.view()
ink = palette.ink()
options = common_parts.indicator_options(view)
indicator = header.pick("indicator", "指标", options, next(iter(options)), width=420)
rows = figure_rows.standings(view, indicator)
after = view.roster_month >= edition_data.REFORM
outlines = edition_data.outlines(after)
by_place = board.on_map(view, indicator, outlines)
left, right = st.columns([1.25, 1], gap="large")
with left:
    told = f"各县市区地图：{options[indicator]}"
    chosen = st.query_params.get("county")
    drawing = partial(plotly_charts.outline_map, outlines, by_place, edition_data.BESIDE, chosen, ink, 720)
    picked = None
    if outlines:
        figure = common_parts.drawn(view, ink, ("map", indicator, chosen), drawing)
        picked = common_parts.chart(figure, "map", told, select=True)
    else:
        st.info("基础数据中没有区划边界（boundaries/），地图从略；各县市区见右侧排名。")
    if picked:
        common_parts.go("county", county=picked if isinstance(picked, str) else picked[0], indicator=indicator)
with right:
    counted = common_parts.statuses(rows)
    st.markdown(f"**{counted}**")
    board.ranking(view, indicator, plotly_charts.worst_first(rows), ink, "县市区，最需关注的在前")
st.caption(
    ("2020年6月起的区划。" if after else "2020年6月以前的区划。")
    + "点县名看该县市区。开发区没有公开的边界，以方块标在襄都（桥东）旁。"
    + f"图例：{screen_wording.legend()}"
)
