"""数据质量: coverage, what is carried or unknown, decisions, editions and what each changed."""

from functools import partial

import streamlit as st

from dashboards import choice, figures, looks, parts, quality_parts, records

view = choice.view()
st.subheader("覆盖:应报的单位,报了多少", anchor=False)
covered = records.coverage(view.release)
drawing = partial(quality_parts.coverage_chart, covered, looks.ink())
parts.chart(parts.drawn(view, looks.ink(), ("coverage",), drawing), "coverage", "各县市区逐月计入单位的比例")
quality_parts.coverage_extent(covered)
st.markdown("**本月未知或沿用最多的指标**")
quality_parts.unknown(figures.of_place(view, view.city))
st.markdown("**本月问题的种类**")
quality_parts.kinds(records.finding_counts(view.release, view.month), parts.county_options(view))
st.markdown("**名册变动的平衡(变动前 + 新设 − 撤销 + 划入 − 划出 = 变动后)**")
quality_parts.reconciliation(view)
st.markdown("**市里的决定(审核、退回、豁免、认定)**")
quality_parts.decisions(view)
st.markdown("**发布过的版本**")
quality_parts.editions(view)
