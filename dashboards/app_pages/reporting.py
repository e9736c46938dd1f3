"""报送: the month as one board; send workbooks and see at once what was read; what waits; who has reported."""

import streamlit as st

from dashboards import signin
from dashboards.components import header, month_board, submission_desk

view = st.session_state.get("view")
ROOMS = {"board": "按月办理", "upload": "上传报表", "matters": "待办事项", "state": "报送情况"}
# whether a county's person may do it at all is asked for one of its counties
own = next(iter(signin.actor().counties), None)
if not signin.may("submit", own):
    ROOMS.pop("upload")
if not signin.may("approve"):
    ROOMS.pop("board")
if "upload" not in ROOMS:
    ROOMS.pop("matters")
room = header.tabs("room", "内容", ROOMS, next(iter(ROOMS)))
if room == "board":
    month_board.show()
elif room == "upload":
    submission_desk.upload()
elif room == "matters":
    month_board.matters()
else:
    submission_desk.state(view)
