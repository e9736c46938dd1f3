"""The dashboard's entry: theme, header, and the way to the pages. `streamlit run dashboards/app.py`."""

import os
from pathlib import Path

# Plotly and Streamlit import it when they first meet a table: while one session does, Plotly in another would take it half done
import pandas as pd  # noqa: F401
import streamlit as st

from dashboards import signin
from dashboards.charts import palette
from dashboards.components import header

PAGES = [
    st.Page("app_pages/overview.py", title="总览", default=True),
    st.Page("app_pages/indicator.py", title="指标", url_path="indicator"),
    st.Page("app_pages/atlas.py", title="地图", url_path="map"),
    st.Page("app_pages/county.py", title="县市区", url_path="county"),
    st.Page("app_pages/unit.py", title="社区（村）", url_path="unit"),
    st.Page("app_pages/reporting.py", title="报送", url_path="reporting"),
    st.Page("app_pages/tasks.py", title="督办", url_path="tasks"),
    st.Page("app_pages/policy.py", title="政策", url_path="policy"),
    st.Page("app_pages/quality.py", title="数据质量", url_path="quality"),
    st.Page("app_pages/guide.py", title="说明", url_path="guide"),
    st.Page("app_pages/wall.py", title="大屏", url_path="wall"),
]

# what is submitted from here is for the owner and the group alone, whoever started the server
os.umask(0o027)
# a file of ours: an icon by name would be fetched from the network
st.set_page_config(page_title="社区治理进展", page_icon=Path(__file__).with_name("icon.svg"), layout="wide")
palette.dress()
person = signin.enter()
page = st.navigation(PAGES, position="top")
signin.corner(person)
st.session_state["view"] = header.header()
page.run()
