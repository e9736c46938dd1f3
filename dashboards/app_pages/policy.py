"""政策: the text, each measurable sentence tied to its indicator and state; what nothing measures."""

import streamlit as st

from dashboards import choice, data, figures, parts, policy_parts, safe

view = choice.view()
policy = next(row for row in data.policies(view.release) if row["id"] == view.policy)
rows = {row["indicator"]: row for row in figures.of_place(view, view.city)}
indicators = data.indicators(view.release, view.policy)
paragraphs = data.paragraphs(view.release, view.policy)

st.subheader(safe.markdown(policy["title"]), anchor=False)
st.caption(safe.markdown(f"{policy['issuer']} · {policy['published']}发布 · 考核至 {parts.month_text(policy['due'])}"))
only = st.segmented_control(
    "显示", ["全文", "有指标的段落", "没有指标的段落"], default="全文", required=True, label_visibility="collapsed"
)
policy_parts.text(paragraphs, indicators, rows, only)
