"""大屏: the overview for a projector. Pages turn by themselves until the screen is touched."""

import streamlit as st

from dashboards.charts import palette
from dashboards.components import header, wall_panel
from dashboards.queries import edition_data

view = header.view()
st.session_state.setdefault("wall_page", 0)
st.session_state.setdefault("wall_stopped", False)


def touched() -> None:
    st.session_state["wall_stopped"] = not st.session_state["wall_stopped"]


@st.fragment(run_every=None if st.session_state["wall_stopped"] else wall_panel.SECONDS)
def turning() -> None:
    if not st.session_state["wall_stopped"] and st.session_state.get("wall_seen"):
        st.session_state["wall_page"] += 1
    st.session_state["wall_seen"] = True
    newest, _ = edition_data.newest()
    if "edition" not in st.query_params and newest and newest.label != view.release.label:
        # a newer edition: the header changes too
        st.rerun()
    wall_panel.show(view, st.session_state["wall_page"], palette.ink(), st.session_state["wall_stopped"])


with st.container(key="touch"):
    st.button("暂停或继续翻页", on_click=touched)
turning()
