"""数据质量: coverage, carried and unknown answers, findings, decisions, spot checks, editions."""

import streamlit as st

from dashboards.charts import palette
from dashboards.components import common_parts, header, quality_panel, spot_panel
from dashboards.queries import figure_rows, submission_rows

view = header.view()
st.subheader("覆盖：应报的单位，报了多少", anchor=False)
covered = submission_rows.coverage(view.release)
quality_panel.coverage(covered, palette.ink())
quality_panel.coverage_extent(covered)
st.markdown("**本月未填报或沿用最多的指标**")
quality_panel.unknown(figure_rows.of_place(view, view.city))
st.markdown("**本月问题的种类**")
quality_panel.kinds(submission_rows.finding_counts(view.release, view.month), common_parts.county_options(view))
st.markdown("**名册变动的平衡（变动前 + 新设 − 撤销 + 划入 − 划出 = 变动后）**")
quality_panel.reconciliation(view)
st.markdown("**市里的决定（审定、重开、豁免、认定）**")
quality_panel.decisions(view)
st.markdown("**抽查（历次名单，撤回的、未抽取的都在内）**")
spot_panel.every_list(view)
st.markdown("**发布过的版本**")
quality_panel.editions(view)
