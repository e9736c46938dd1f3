"""大屏: the overview for a projector. Pages turn by themselves until the screen is touched; our script maps keys to the buttons."""

import streamlit as st

from dashboards.charts import palette
from dashboards.components import header, wall_panel
from dashboards.queries import edition_data

view = header.view()
st.session_state.setdefault("wall_page", 0)
st.session_state.setdefault("wall_stopped", False)


def touched() -> None:
    st.session_state["wall_stopped"] = not st.session_state["wall_stopped"]


def turn(by: int) -> None:
    st.session_state["wall_page"] += by
    # the page that was asked for is shown, not the one after it
    st.session_state["wall_seen"] = False


@st.fragment(run_every=None if st.session_state["wall_stopped"] else wall_panel.SECONDS)
def turning() -> None:
    if not st.session_state["wall_stopped"] and st.session_state.get("wall_seen"):
        st.session_state["wall_page"] += 1
    st.session_state["wall_seen"] = True
    newest, _ = edition_data.newest()
    if "edition" not in st.query_params and newest and newest.label != view.release.label:
        # a newer edition: the header changes too
        st.rerun()
    wall_panel.show_page(view, st.session_state["wall_page"], palette.ink(), st.session_state["wall_stopped"])


turning()
with st.container(key="wall_buttons", horizontal=True, horizontal_alignment="center"):
    st.button("上一页", key="wall_back", on_click=turn, args=(-1,))
    st.button("继续" if st.session_state["wall_stopped"] else "停住", key="wall_stop", on_click=touched)
    st.button("下一页", key="wall_next", on_click=turn, args=(1,))
