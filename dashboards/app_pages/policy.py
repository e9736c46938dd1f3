"""政策: the text by paragraph, with the indicators that measure it and their state."""

import streamlit as st

from dashboards.components import common_parts, header, policy_panel
from dashboards.queries import edition_data, figure_rows
from dashboards.text import escape

view = header.view()
policy = next(row for row in edition_data.policies(view.release) if row["id"] == view.policy)
rows = {row["indicator"]: row for row in figure_rows.of_place(view, view.city)}
indicators = edition_data.indicators(view.release, view.policy)
paragraphs = edition_data.paragraphs(view.release, view.policy)

st.subheader(escape.markdown(policy["title"]), anchor=False)
st.caption(
    escape.markdown(f"{policy['issuer']} · {policy['published']}发布 · 考核至 {common_parts.month_text(policy['due'])}")
)
only = st.segmented_control(
    "显示", ["全文", "有指标的段落", "没有指标的段落"], default="全文", required=True, label_visibility="collapsed"
)
policy_panel.text(paragraphs, indicators, rows, only)
