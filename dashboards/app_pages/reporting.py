"""报送: who has reported; send a workbook and see at once what was read; decide, and take back."""

import streamlit as st

from dashboards import signin
from dashboards.components import common_parts, decision_desk, header, submission_desk
from dashboards.queries import submission_rows

view = st.session_state.get("view")
ROOMS = {"state": "报送情况", "upload": "上传报表", "decide": "审定、发布、撤回"}
# whether a county's person may do it at all is asked for one of its counties
own = next(iter(signin.actor().counties), None)
if not signin.may("submit", own):
    ROOMS.pop("upload")
if not signin.may("approve"):
    ROOMS.pop("decide")
room = header.tabs("room", "内容", ROOMS, "state" if view or "upload" not in ROOMS else "upload")
if room == "upload":
    submission_desk.upload()
elif room == "decide":
    decision_desk.decide()
else:
    if view is None:
        st.info("还没有发布任何月份；收到的报表见下。")
    else:
        common_parts.reporting(submission_rows.reports(view.release, view.month, 200))
        submission_desk.reports_download(view)
    submission_desk.live(view)
    if view is not None:
        submission_desk.findings(view)
