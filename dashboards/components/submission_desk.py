"""The clerk's desk: check and submit workbooks, see what came in. Every action goes through `pipelines.intake`."""

import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from dashboards import signin
from dashboards.components import common_parts, county_panel
from dashboards.components.header import View
from dashboards.queries import edition_data, submission_rows
from dashboards.text import escape, screen_wording
from pipelines import months, settings
from pipelines.access import roles
from pipelines.access.roles import Actor
from pipelines.errors import Refusal
from pipelines.intake import file_names, judge, outcome, reporting_status, submit_files
from pipelines.system import locks

TYPES = ["xlsx", "xlsm", "xls", "xlsb", "ods", "et", "csv"]
STATES = {
    "effective": "已接收并生效",
    "superseded": "已接收；已有更新的报表生效",
    "refused": "已存档，但无法计入：请按下面的问题改正后重报",
    "waiting": "已接收；该月已审定，等重开后生效",
    "early": "已接收，先存着：该月还没有结束，等结束后计入；月份如有笔误，请在“审定、发布、撤回”里撤回，改正后重报",
    "question": "已接收，先存着：该月早于政策开始执行的月份，须经市里认可才计入",
    "withdrawn": "已撤回",
    "received": "已存档，等当前任务结束后读取；不用重报",
    "known": "以前收到过同样的文件，不重复计入",
}


# ---- sending


def upload() -> None:
    """Drop a workbook, see what was read and every finding at its cell, then submit it."""
    st.markdown("把填好的报表拖进来：先看读到了什么、哪一格有问题，确认后再提交。**只有点了“提交”才会计入。**")
    files = st.file_uploader("报表", type=TYPES, accept_multiple_files=True, label_visibility="collapsed")
    st.caption(f"可用格式：{'、'.join(TYPES)}；每个文件不超过 {submit_files.LARGEST // 2**20} MB。")
    by = _person()
    for file in files:
        _one(file.name, file.getvalue(), by)


def _one(name: str, content: bytes, by: str | Actor) -> None:
    """One file: what was read of it, what is wrong, its receipt, and the button."""
    key = hashlib.sha256(content).hexdigest()
    with st.container(border=True):
        st.markdown(f"**{escape.markdown(name)}**")
        seen = _previewed(key, name, content)
        if seen is None:
            return
        _told(seen.report)
        sent = st.session_state.get(f"sent-{key}")
        if sent is None and st.button("提交", key=f"submit-{key}", type="primary", disabled=not by):
            sent = st.session_state[f"sent-{key}"] = _tried(partial(_submit, by=by), name, content)
        if sent is None and not by:
            st.caption("填写经办人后可以提交。")
        _receipt(seen, sent, key)


def _receipt(seen: judge.Preview, sent: tuple[outcome.Report, bytes | None, str] | None, key: str) -> None:
    """The county's own workbook with the faulty cells marked: before submitting that of the check, afterwards the final one."""
    told, content, name = "下载回执（预览，标出问题的报表）", seen.receipt_bytes, seen.receipt_name
    if sent:
        report, final, final_name = sent
        _acknowledge(report)
        told, content, name = "下载回执（标出问题的报表）", final or content, final_name if final else name
    st.download_button(told, content, file_name=name, key=f"receipt-{key}-{bool(sent)}", on_click="ignore")


def _acknowledge(report: outcome.Report) -> None:
    """What became of a submitted file."""
    state = "early" if any(found["code"] == "month_future" for found in report.findings) else report.state
    told = f"收件号 {report.seq}：{STATES.get(state, state)}。"
    st.success(escape.markdown(told) + " 下次计算后进入各页的数字。")


def _previewed(key: str, name: str, content: bytes) -> judge.Preview | None:
    """Report and receipt of a file, made once a session."""
    known = st.session_state.setdefault("previewed", {})
    if key not in known:
        with st.spinner("正在读取…"):
            known[key] = _tried(
                lambda place: _own(submit_files.preview(content, place.name, settings.load())), name, content
            )
    return known[key]


def _own(seen: judge.Preview) -> judge.Preview:
    """The preview, if the file is one that the person may send: else it would compare with another county's answers."""
    report = seen.report
    roles.require(
        signin.actor(), "submit", settings.load(), county=report.county, file=report.file, sha256=report.sha256
    )
    return seen


def _person() -> str | Actor:
    """Who sends: the person signed in; on the local machine the name that is typed."""
    person = signin.actor()
    if person.role != roles.LOCAL:
        st.caption(f"经办人：{escape.markdown(person.name)}（{person.role}）")
        return person
    return st.text_input("经办人", placeholder="姓名或单位，随报表存档", max_chars=40, width=320, key="sends").strip()


def _submit(place: Path, by: str | Actor) -> tuple[outcome.Report, bytes | None, str]:
    """The file submitted: its report, and its receipt with its name; no receipt while another task keeps it from being read."""
    with st.spinner("正在存档和计算…"):
        report = submit_files.submit([place], settings.load(), by=by)[0]
        try:
            written = submit_files.write_receipts([report], settings.load(), place.parent / "receipts", wait=0.5)[0]
        except locks.Busy:
            return report, None, ""
        return report, written.read_bytes(), written.name


def _tried(action: Callable[[Path], Any], name: str, content: bytes) -> Any:
    """Something done with the file under its own name, in a folder of its own; a refusal is shown."""
    with tempfile.TemporaryDirectory(prefix="shequ-") as folder:
        place = Path(folder) / file_names.last_part(name)
        place.write_bytes(content)
        try:
            return action(place)
        except Refusal as refused:
            st.error(escape.markdown(refused))
            return None


def _told(report: outcome.Report) -> None:
    """What was read, in a sentence; then each finding at its cell."""
    county = _name(report.county, report.month)
    month = months.label(months.parse(report.month)) if report.month else "月份不明"
    counts = Counter(finding["severity"] for finding in report.findings)
    told = f"{county} · {month}：读到 {report.rows['read']} 个单位，{report.rows['accepted']} 个可以计入"
    told += f"，{report.rows['held']} 个因错误暂不计入"
    told += f"；{counts['error']} 处错误，{counts['warning']} 处需核实，{counts['note']} 处提示。"
    if report.refused:
        st.error(escape.markdown("整个文件无法计入。" + told))
    elif counts["error"]:
        st.warning(escape.markdown(told))
    else:
        st.success(escape.markdown(told))
    county_panel.findings([{**found, "file": report.file} for found in report.findings], key=report.sha256[:12])


def _name(county: str | None, month: str | None) -> str:
    view: View | None = st.session_state.get("view")
    found = edition_data.county_names(view.release) if view else {}
    return found.get(county or "", county or "县市区不明")


# ---- looking


def reports_download(view: View) -> None:
    """All counties of the month as a file."""
    _, counties = submission_rows.reported(view.release, view.month)
    name = f"reports-{view.month:%Y-%m}.csv"
    columns = {"county": "代码", **common_parts.REPORT_COLUMNS}
    common_parts.download(
        lambda: [common_parts.report_line(row) for row in submission_rows.all_reports(view.release, view.month)],
        counties,
        columns,
        name,
    )


def findings(view: View) -> None:
    """The month's findings, of all counties or one: of those that the person may see."""
    if signin.counties() == []:
        st.caption("问题清单要登录后才能看。")
        return
    st.markdown(f"**{common_parts.month_text(view.month)}的问题**")
    options = {"": "全部县市区", **common_parts.county_options(view)}
    county = st.selectbox(
        "县市区", list(options), format_func=lambda code: options[code], width=240, label_visibility="collapsed"
    )
    found = submission_rows.findings(view.release, view.month, county or None, 3000 if county else 300)
    if found and found[0]["findings"] > len(found):
        st.caption(f"共 {found[0]['findings']} 个，这里是最重的 {len(found)} 个；在上面选一个县市区看它的全部。")
    county_panel.findings(found)


def live(view: View | None) -> None:
    """What is not in the edition yet: what was read, what was refused and why, what waits, which task runs. Waits for nobody."""
    place, as_of = settings.load(), view.release.manifest["as_of"] if view else 0
    st.markdown(f"**此刻**（{'这一版之后' if view else '至今'}收到的，尚未进入各页的数字）")
    states = reporting_status.unpublished(place, as_of)
    found = reporting_status.news(place, max([as_of, *(state["as_of"] for state in states)]))
    if running := found["running"]:
        since = screen_wording.day(running["since"])
        st.info(escape.markdown(f"正在运行：{running['doing']}，始于 {since}。这期间可以照常报送，报表先存档。"))
    read, refused = _counted(states, as_of), _refused(states, as_of)
    told = [f"读到 {read} 份新报表" if read else "没有新读到的报表"]
    told += [f"{refused} 份未被采用"] if refused else []
    if signin.counties() is None:
        _arrived(found["arrived"])
    told += [f"{len(found['arrived'])} 份已存档、待读取"] if found["arrived"] else []
    told += [f"收件箱里还有 {len(found['inbox'])} 个文件未接收" if found["inbox"] else "收件箱是空的"]
    st.caption(";".join(told) + "。")


LIVE = {
    "month": "月份",
    "name": "县市区",
    "told": "状态",
    "units": "应报单位",
    "read": "读到",
    "accepted": "计入",
    "held": "暂不计入",
    "errors": "错误",
    "warnings": "需核实",
    "when": "收到",
    "file": "文件",
}
REFUSED = {"seq": "收件号", "name": "县市区", "file": "文件", "when": "收到", "reason": "未被采用的原因"}


def _own_counties(rows: list[dict], name: str) -> list[dict]:
    own = signin.counties()
    return rows if own is None else [row for row in rows if row[name] in own]


def _counted(states: list[dict], as_of: int) -> int:
    """What was read of the reports that no edition has yet, by county; how many there are."""
    lines = [
        {**row, "month": _label(state), "told": "已读取，待下次计算", "when": screen_wording.day(row["at"])}
        for state in states
        for row in _own_counties(state["counties"], "code")
        if (row["seq"] or 0) > as_of
    ]
    if lines:
        common_parts.table(lines, LIVE)
    return len(lines)


def _refused(states: list[dict], as_of: int) -> int:
    """Files that could not be used, each with the whole reason; how many there are."""
    lines = [
        {**row, "name": _county_of(state, row["county"]), "when": screen_wording.day(row["at"]), "reason": _reason(row)}
        for state in states
        for row in _own_counties(state["refused"], "county")
        if row["seq"] > as_of
    ]
    if lines:
        common_parts.lines(lines, REFUSED)
    return len(lines)


def _label(state: dict) -> str:
    return common_parts.month_text(months.parse(state["month"]))


def _county_of(state: dict, code: str | None) -> str:
    return next((county["name"] for county in state["counties"] if county["code"] == code), "不明")


def _reason(row: dict) -> str:
    """The first finding, without its code and without the file's name, which has a column of its own."""
    said = (row["why"] or "见回执").split("】", 1)[-1]
    return said.removeprefix(f"文件“{row['file']}”:")


def _arrived(arrived: list[dict]) -> None:
    """What is in the archive and not read yet."""
    if arrived:
        lines = [{**row, "when": screen_wording.day(row["at"])} for row in arrived]
        common_parts.table(lines, {"seq": "收件号", "file": "文件", "by": "经办", "when": "收到"})
