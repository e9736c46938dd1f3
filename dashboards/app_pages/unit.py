"""社区（村）: one unit, its answers over time, each with the cell where it stands."""

import streamlit as st

from dashboards import signin
from dashboards.charts import palette
from dashboards.components import header, spot_panel, unit_panel
from dashboards.queries import submission_rows
from dashboards.text import escape

view = header.view()
code = unit_panel.search(view)
unit = submission_rows.unit(view, code) if code else None
allowed = signin.counties()
if allowed is not None:
    own = "、".join(allowed)
    st.caption(f"您能看到的只有 {own} 的社区（村）。" if own else "社区（村）的答案要登录后才能看。")
if code and unit is None:
    st.warning(
        f"{escape.markdown(code)} 不在所选月份的名册中：可能已撤并或换了代码。请按名称查找，或在上面换一个月份。"
    )
if unit is None:
    st.caption(
        "在上面输入名称、代码的一部分或拼音首字母，点一个社区（村）。也可以从“指标”“县市区”和“缺口清单”页点进来。"
    )
    st.stop()

header.title(unit["name"])
st.subheader(
    f"{escape.markdown(unit['name'])}（{escape.markdown(unit['county'])} {escape.markdown(unit['town'])}）",
    anchor=False,
)
unit_panel.standing(view, unit)
unit_panel.findings(view, unit)
left, right = st.columns([1.25, 1], gap="large")
with left:
    st.markdown("**报了什么，写在哪一格**")
    unit_panel.answers(view, unit)
with right:
    st.markdown("**各项指标**")
    unit_panel.states(view, unit)
spot_panel.of_unit(view, unit["uid"], unit["county_code"])
st.markdown("**历月变化**")
unit_panel.history(view, unit)
st.caption(
    f"图例：{palette.SIGNS['met']} 达到 {palette.SIGNS['off_track']} 未达到 {palette.SIGNS['no_data']} 未填报 {palette.CARRIED} 沿用前月的答案"
)
