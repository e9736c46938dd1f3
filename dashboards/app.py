"""The dashboard's entry: theme, header, and the way to the pages. `streamlit run dashboards/app.py`."""

import os
from pathlib import Path

# imported here: Plotly and Streamlit import it at their first table, and a second session would get it half imported
import pandas as pd  # noqa: F401
import streamlit as st

from dashboards import page_list, signin
from dashboards.charts import palette
from dashboards.components import header

LISTED = {
    page.file: st.Page(f"app_pages/{page.file}.py", title=page.title, url_path=page.address, default=not page.address)
    for page in page_list.PAGES
}

# what is submitted from here is for the owner and the group alone, whoever started the server
os.umask(0o027)
# a file of ours: an icon by name would be fetched from the network
st.set_page_config(page_title="社区治理进展", page_icon=Path(__file__).with_name("icon.svg"), layout="wide")
palette.dress()
person = signin.enter()
page = st.navigation(list(LISTED.values()), position="top")
signin.corner(person)
header.title(page.title)
header.begin()
st.session_state["view"] = header.header()
page.run()
header.complete_address(page.url_path)
