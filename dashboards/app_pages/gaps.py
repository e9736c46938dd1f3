"""缺口清单: which units lack something, for the whole city or by county, town, kind and indicator."""

import streamlit as st

from dashboards.components import common_parts, gap_panel, header

view = header.view()
st.subheader(f"缺口清单 · {common_parts.month_text(view.month)}", anchor=False)
gap_panel.units(view, gap_panel.filters(view))
