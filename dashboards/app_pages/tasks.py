"""督办: gaps of counties as tasks, this month's work against its share, the county's replies. Later data alone closes a task."""

from typing import Any

import streamlit as st

from dashboards import signin
from dashboards.components import clerk, common_parts, header, task_notices, task_reply_form
from dashboards.queries import submission_rows
from pipelines.edition import county_tasks as edition_tasks
from pipelines.edition.phrases import count, day
from pipelines.edition.progress_rows import Task

view = header.view()
listed = submission_rows.tasks(view.release, view.policy, view.month)
clerk.show_done()
counties = {task["county"]: task["short"] for task in listed}
asked = st.query_params.get("county")
chosen = st.selectbox(
    "县（市、区）",
    [None, *counties],
    index=[None, *counties].index(asked) if asked in counties else 0,
    format_func=lambda code: counties.get(code, "全部"),
)
standing = [task for task in listed if task["state"] != "closed" and chosen in (None, task["county"])]
closed = [task for task in listed if task["state"] == "closed" and chosen in (None, task["county"])]
again = len([task for task in standing if task["state"] == "reopened"])
st.markdown(
    f"督办事项 {len(standing)} 项" + (f"，其中反弹重开 {again} 项" if again else "") + f"；已办结 {len(closed)} 项。"
    "只计已报且未达标的社区（村）；只由以后月份的数据销号，回落的重新列入。"
)


def _row(task: Task) -> dict[str, Any]:
    return {
        **task,
        "progress": edition_tasks.PACES.get(task["pace"] or "") or edition_tasks.STATES[task["state"]],
        "due": day(task["due"]),
        # names of units are for those who may see them
        "which": _names(task) if signin.may("units", task["county"]) else "",
        "to_go": count(task["failing"]),
    }


def _names(task: Task) -> str:
    return "、".join(unit["name"] for unit in task["units"][:20]) + ("等" if len(task["units"]) > 20 else "")


COLUMNS = {
    "short": "县（市、区）",
    "name": "指标",
    "to_go": "未达标",
    "quota": "本月应完成",
    "done": "本月完成",
    "progress": "进度",
    "due": "期限",
    "which": "未达标的社区（村）",
}
if standing:
    common_parts.table([_row(task) for task in standing], COLUMNS, height=600)
else:
    st.info("没有督办事项。" if not closed else "督办事项已全部办结。")
works = signin.may("publish") or any(signin.may("submit", task["county"]) for task in standing)
by = clerk.person() if works else ""
task_reply_form.show(standing, by)
task_notices.send(view.month, by)
