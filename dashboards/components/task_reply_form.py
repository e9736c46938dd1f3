"""What counties reply to their tasks, with the form for those who may reply; a reply closes nothing."""

from collections.abc import Sequence

import streamlit as st

from dashboards import signin
from dashboards.components import clerk
from dashboards.text import escape, screen_wording
from pipelines import settings
from pipelines.access.roles import Actor
from pipelines.edition.progress_rows import Task
from pipelines.intake import answer_tasks, decisions


def show(standing: Sequence[Task], by: str | Actor) -> None:
    """The replies to the tasks shown that the person may see, and the form for those that the person may reply to."""
    seen = [task for task in standing if signin.may("units", task["county"])]
    own = [task for task in seen if signin.may("submit", task["county"])]
    if own:
        _form(own, by)
    if replied := [task for task in seen if task["replies"]]:
        st.subheader("县里答复", anchor=False)
        for task in replied:
            _replies(task, by)


def _form(own: Sequence[Task], by: str | Actor) -> None:
    with st.expander("答复督办事项", expanded=False):
        st.caption("写明采取了什么措施、何时完成。答复不销号，事项只由以后月份的数据销号；再次答复的，前一次仍可看到。")
        number = st.selectbox(
            "事项",
            range(len(own)),
            format_func=lambda n: f"{own[n]['short']}　{own[n]['name']}",
            key="reply-task",
        )
        task = own[number]
        # an empty field again once the reply stands
        field = f"reply-{task['county']}-{task['indicator']}-{len(task['replies'])}"
        text = st.text_area("办理情况", max_chars=500, height=80, key=field)
        if st.button("提交答复", key="reply", type="primary"):
            clerk.decided(
                lambda: answer_tasks.reply(task["county"], task["indicator"], text, settings.load(), clerk.named(by)),
                f"已记下{task['short']}对“{task['name']}”的答复。",
            )


def _replies(task: Task, by: str | Actor) -> None:
    st.markdown(f"**{escape.markdown(task['short'])}　{escape.markdown(task['name'])}**")
    for reply in task["replies"]:
        with st.container(horizontal=True, vertical_alignment="center"):
            who = f"{reply['by']}，{screen_wording.day(reply['at'])}"
            st.markdown(escape.markdown(f"{who}：{reply['text']}"), width="stretch")
            if signin.may("reopen"):
                _withdrawal(reply["seq"], by)


def _withdrawal(seq: int, by: str | Actor) -> None:
    clerk.with_reason(
        "撤回",
        f"withdraw-{seq}",
        lambda why: decisions.withdraw(seq, why, settings.load(), clerk.named(by)),
        f"第 {seq} 号已撤回，可用 shequ withdraw 恢复。",
    )
