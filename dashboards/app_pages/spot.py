"""抽查: what was proven by visits; for the city: plan, draw, hand out, send back."""

import streamlit as st

from dashboards import signin
from dashboards.components import header, spot_desk_panel, spot_plan_panel
from dashboards.text import escape
from pipelines.verification import sentences

view = st.session_state.get("view")
st.markdown("".join(escape.markdown(sentence) for sentence in sentences.IN_THREE_SENTENCES))
may_decide = signin.may("spot")
ROOMS = {"lists": "各次抽查", "plan": "计划一次抽查", "back": "交回结果"}
if not may_decide:
    ROOMS = {"lists": ROOMS["lists"]}
room = header.tabs("room", "内容", ROOMS, "lists")
if room == "plan":
    spot_plan_panel.plan(view)
elif room == "back":
    spot_desk_panel.send_back()
else:
    spot_desk_panel.lists(may_decide)
