"""The counties' notices (督办通知) by mail, for those who release: who can be reached, and sending all of them at once."""

import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import streamlit as st

from dashboards import signin
from dashboards.components import clerk, month_steps
from dashboards.text import escape
from pipelines import months, settings
from pipelines.access.roles import Actor
from pipelines.intake import month_now
from pipelines.notify import dispatch
from pipelines.serving import background_runs
from pipelines.settings import Settings


def send(month: date, by: str | Actor) -> None:
    """The buttons, with the counties that have no address; nothing for who may not."""
    if not signin.may("publish"):
        return
    place = settings.load()
    names, known = month_now.counties(place, month), dispatch.known(place).counties
    reached = [code for code in names if code in known]
    with st.expander("发送各县督办通知"):
        if reached:
            st.caption("每县一份通知（docx）和附表（xlsx），按该月最新的发布版；每版每县只发一次。")
            work = ["tasks", "send", "--month", months.key(month)]
            clerk.works(
                f"发送（{len(reached)} 个县有联系地址）",
                "send-notices",
                lambda: background_runs.command(place, *work, "--by", clerk.name(by, "publish"), doing="正在生成通知"),
                f"{months.label(month)}各县督办通知已写好，随即发出。",
                type="primary",
            )
        if without := [name for code, name in names.items() if code not in known]:
            st.caption(
                escape.markdown(
                    f"没有联系地址，须另行送达：{'、'.join(without)}。地址写在 data/contacts.yaml，由运行维护人员填写。"
                )
            )
        told = f"{months.label(month)}的通报和各县督办通知已生成，请在“发送各县督办通知”里下载。"
        clerk.works("生成通报和各县通知（下载）", "make-notices", lambda: _make(place, month), told)
        if (made := st.session_state.get("notices")) and made[0] == month:
            name = f"督办通知{months.label(month)}.zip"
            load = signin.exporting(lambda: made[1], name, 0)
            st.download_button(f"下载 {name}", load, file_name=name, key="load-notices", on_click="ignore")


def _make(place: Settings, month: date) -> Iterator[str]:
    """The circular (通报) and every county's notice, kept for the session."""
    with tempfile.TemporaryDirectory(prefix="shequ-") as folder:
        work = ("tasks", "--month", months.key(month), "--out", folder)
        yield from background_runs.command(place, *work, doing="正在生成通知")
        st.session_state["notices"] = (month, month_steps.zipped(sorted(Path(folder).iterdir())))
