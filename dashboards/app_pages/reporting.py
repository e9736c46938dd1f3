"""报送: who has reported; send a workbook and see at once what was read; approve, reopen, waive."""

import streamlit as st

from dashboards import signin
from dashboards.components import common_parts, submission_desk
from dashboards.queries import city, submission_rows

view = st.session_state.get("view")
ROOMS = {"state": "报送情况", "upload": "上传报表", "decide": "审核、退回、豁免"}
# whether a county's person may do it at all is asked for one of its counties
own = next(iter(signin.actor().counties), None)
if not signin.may("submit", own):
    ROOMS.pop("upload")
if not signin.may("approve"):
    ROOMS.pop("decide")
asked = st.query_params.get("room", "state" if view or "upload" not in ROOMS else "upload")
room = st.segmented_control(
    "内容",
    list(ROOMS),
    default=asked if asked in ROOMS else "state",
    format_func=lambda name: ROOMS[name],
    required=True,
    label_visibility="collapsed",
)
st.query_params["room"] = room
if room == "upload":
    submission_desk.upload()
elif room == "decide":
    submission_desk.decide(view)
else:
    if view is None:
        st.info("还没有发布任何月份；收到的报表见下。")
    else:
        due = city.due_day(view.release, view.month)
        common_parts.reporting(submission_rows.reports(view.release, view.month, 200), due)
        submission_desk.reports_download(view)
    submission_desk.live(view)
    if view is not None:
        submission_desk.findings(view)
