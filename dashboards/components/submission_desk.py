"""The clerk's desk: check and submit workbooks, see what came in. Every action goes through `pipelines.intake`."""

import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from dashboards import signin
from dashboards.components import clerk, common_parts, county_panel
from dashboards.components.header import View
from dashboards.queries import board_rows, submission_rows
from dashboards.text import escape, screen_wording
from dashboards.text.templates import show
from pipelines import months, settings
from pipelines.access import roles
from pipelines.access.roles import Actor
from pipelines.errors import Refusal
from pipelines.intake import file_names, judge, month_now, outcome, reporting_status, submit_files
from pipelines.intake.month_report import Arrived, MonthKept, RefusedFile
from pipelines.system import locks

TYPES = ["xlsx", "xlsm", "xls", "xlsb", "ods", "et", "csv"]


# ---- sending


@dataclass
class Dropped:
    """A file on the desk of a session: it stays there, whichever room is looked at, until it is put away."""

    name: str
    content: bytes
    seen: judge.Preview | None = None
    refused: str = ""
    sent: tuple[outcome.Report, bytes | None, str] | None = None


def upload() -> None:
    """Drop workbooks; each is a card: what was read, every finding, its receipt, and the button that sends it."""
    st.markdown("把填好的报表拖进来，可以一次几份：先看读到了什么、哪里有问题，确认后再报送。**点了“报送”才会计入。**")
    turn = st.session_state.setdefault("desk_turn", 0)
    key = f"drop-{turn}"
    st.file_uploader(
        "报表",
        type=TYPES,
        accept_multiple_files=True,
        label_visibility="collapsed",
        key=key,
        on_change=_take,
        args=(key,),
    )
    st.caption(f"可用格式：{'、'.join(TYPES)}；每个文件不超过 {submit_files.LARGEST // 2**20} MB。")
    desk = _desk()
    if not desk:
        return
    by = clerk.person()
    above = st.container(horizontal=True)
    for digest, dropped in reversed(list(desk.items())):
        _card(digest, dropped, by)
    with above:
        _together(desk, by)


def _together(desk: dict[str, Dropped], by: str | Actor) -> None:
    """Buttons for all cards at once: send the usable ones, put away those sent."""
    ready = [item for item in desk.values() if item.seen and not item.seen.report.refused and item.sent is None]
    sent = [digest for digest, item in desk.items() if item.sent]
    if len(ready) > 1 and st.button(f"报送全部 {len(ready)} 份", key="submit-all", type="primary", disabled=not by):
        with st.status("正在报送…") as shown:
            for number, dropped in enumerate(ready, 1):
                shown.update(label=f"正在报送第 {number}/{len(ready)} 份：{dropped.name}")
                _submitted(dropped, by)
        if all(dropped.sent for dropped in ready):
            st.rerun()
    if len(sent) > 1 and st.button(f"收起已报送的 {len(sent)} 份", key="away-all"):
        for digest in sent:
            del desk[digest]
        st.rerun()


def _submitted(dropped: Dropped, by: str | Actor) -> None:
    dropped.sent = _tried(partial(_submit, by=by), dropped.name, dropped.content)
    st.session_state["files sent"] = True


def _desk() -> dict[str, Dropped]:
    """The session's files by their hash."""
    return st.session_state.setdefault("desk", {})


def _take(key: str) -> None:
    """Move dropped files to the desk and empty the drop area. The same bytes are one card."""
    for file in st.session_state[key] or ():
        content = file.getvalue()
        _desk().setdefault(hashlib.sha256(content).hexdigest(), Dropped(file.name, content))
    st.session_state["desk_turn"] += 1


def _card(digest: str, dropped: Dropped, by: str | Actor) -> None:
    with st.container(border=True, key=f"card-{digest[:12]}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{escape.markdown(dropped.name)}**", width="stretch")
            if st.button("收起这份" if dropped.sent else "不报了", key=f"away-{digest}", type="tertiary"):
                del _desk()[digest]
                st.rerun()
        if dropped.seen is None and not dropped.refused:
            _look(dropped)
        if dropped.refused:
            st.error(escape.markdown(dropped.refused))
        if dropped.seen is not None:
            _outcome(dropped.seen.report, folded=dropped.sent is not None)
            _send(digest, dropped, dropped.seen, by)


def _send(digest: str, dropped: Dropped, seen: judge.Preview, by: str | Actor) -> None:
    """The button to send, the outcome, and the receipt; before sending, that of the check."""
    with st.container(horizontal=True, vertical_alignment="center"):
        usual: Literal["primary", "secondary"] = "secondary" if seen.report.refused else "primary"
        if dropped.sent is None and st.button("报送", key=f"submit-{digest}", type=usual, disabled=not by):
            _submitted(dropped, by)
            if dropped.sent:
                st.rerun()
        message, content, name = "下载回执（尚未报送，标出问题的报表）", seen.receipt_bytes, seen.receipt_name
        if dropped.sent and dropped.sent[1]:
            message, content, name = "下载回执（标出问题的报表）", dropped.sent[1], dropped.sent[2]
        st.download_button(
            message, content, file_name=name, key=f"receipt-{digest}-{bool(dropped.sent)}", on_click="ignore"
        )
    if dropped.sent:
        _acknowledge(dropped.sent[0])
    elif not by:
        st.caption("填写经办人后可以报送。")


def _acknowledge(report: outcome.Report) -> None:
    message = f"收件号 {report.seq}：{report.state_in_words}。"
    more = " 下次计算后进入各页的数字。" if report.state in ("effective", "superseded") else ""
    (st.warning if report.refused else st.success)(escape.markdown(message) + more)


def _look(dropped: Dropped) -> None:
    """The preview of a file, computed once."""
    try:
        with st.spinner("正在读取…"):
            dropped.seen = _in_folder(_previewed, dropped.name, dropped.content)
    except Refusal as refused:
        dropped.refused = str(refused)


def _previewed(place: Path) -> judge.Preview:
    """The preview of a file that the person may send; of another, it would compare with another county's answers."""
    seen = submit_files.preview(place.read_bytes(), place.name, settings.load())
    report = seen.report
    roles.require(
        signin.actor(), "submit", settings.load(), county=report.county, file=report.file, sha256=report.sha256
    )
    return seen


def _submit(place: Path, by: str | Actor) -> tuple[outcome.Report, bytes | None, str]:
    """Submit the file: its report, and its receipt with its name unless another task keeps it from being read."""
    with st.spinner("正在存档…"):
        report = submit_files.submit([place], settings.load(), by=by)[0]
        try:
            written = submit_files.write_receipts([report], settings.load(), place.parent / "receipts", wait=0.5)[0]
        except locks.Busy:
            return report, None, ""
        return report, written.read_bytes(), written.name


def _tried(action: Callable[[Path], Any], name: str, content: bytes) -> Any:
    """Run an action on the file, and show a refusal."""
    try:
        return _in_folder(action, name, content)
    except Refusal as refused:
        st.error(escape.markdown(refused))
        return None


def _in_folder(action: Callable[[Path], Any], name: str, content: bytes) -> Any:
    """Run an action on the file, stored under its own name in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="shequ-") as folder:
        place = Path(folder) / file_names.last_part(name)
        place.write_bytes(content)
        return action(place)


def _outcome(report: outcome.Report, folded: bool = False) -> None:
    """What was read and what is new in it, in sentences; then every finding, to be unfolded where the file was sent already."""
    rows = report.rows
    counts = Counter(finding["severity"] for finding in report.findings)
    message = f"{_whose(report.county, report.month)}：读到 {rows['read']} 行"
    if not report.refused:
        message += f"，{rows['accepted']} 行可以计入，{rows['held']} 行因错误暂不计入"
    message += f"；{counts['error']} 处错误，{counts['warning']} 处需核实，{counts['note']} 处提示。"
    if report.refused:
        st.error(escape.markdown("整个文件无法计入。" + message))
    else:
        (st.warning if counts["error"] else st.success)(escape.markdown(message))
        news = f"与本月已收到的相比：新报 {rows['new']} 个，改动 {rows['changed']} 个，未变 {rows['unchanged']} 个"
        st.caption(news + f"；文件里没有、沿用此前所报的 {rows['kept']} 个。")
    for said in filter(None, (report.waits, report.other_month)):
        st.caption(escape.markdown(said))
    with st.expander(f"问题 {len(report.findings)} 件") if folded and report.findings else st.container():
        finding_cards(report)


# findings that a card lists; the receipt has all
LISTED = 60
_ORDER = {"error": 0, "warning": 1, "note": 2}


def finding_cards(report: outcome.Report) -> None:
    """Findings one below the other, the gravest first: for any width of screen."""
    findings, units = report.findings, board_rows.unit_names(report.month, report.county)
    if not findings:
        st.caption("没有发现问题。")
        return
    names = outcome.kind_names(settings.load().reference)
    ordered = sorted(findings, key=lambda finding: _ORDER[finding["severity"]])
    lines = [
        {
            **county_panel.finding_line(finding),
            "grave": finding["severity"],
            "named": units.get(finding["unit"] or "", finding["unit"]),
            "kind": names.get(finding["code"], finding["code"]),
        }
        for finding in ordered[:LISTED]
    ]
    show("findings.html", lines=lines, more=len(ordered) - len(lines))


def _whose(county: str | None, month: str | None) -> str:
    """`柏乡县 · 2019年6月`. Without a month no county is looked for: it is not said to be unknown."""
    if not month:
        return f"{county} · 月份不明" if county else "月份不明"
    known = month_now.counties(settings.load(), months.parse(month))
    return f"{known.get(county or '', county or '县市区不明')} · {months.label(months.parse(month))}"


# ---- looking


def state(view: View | None) -> None:
    """Who has reported, as published and at this moment, and what was found."""
    if view is None:
        st.info("还没有发布任何月份；收到的报表见下。")
    else:
        common_parts.reporting(submission_rows.reports(view.release, view.month, 200))
        reports_download(view)
    live(view)
    if view is not None:
        findings(view)


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
    """What is found in all that has come in for the month until now, of all counties or one: of those that the person may see."""
    if signin.counties() == []:
        st.caption("问题清单要登录后才能看。")
        return
    st.markdown(f"**{common_parts.month_text(view.month)}的问题**（此刻收到的报表）")
    options = {"": "全部县市区", **common_parts.county_options(view)}
    county = st.selectbox(
        "县市区", list(options), format_func=lambda code: options[code], width=240, label_visibility="collapsed"
    )
    rows = submission_rows.findings_now(view.release, view.month, county or None, 3000 if county else 300)
    if rows and rows[0]["findings"] > len(rows):
        st.caption(f"共 {rows[0]['findings']} 个，这里是最重的 {len(rows)} 个；在上面选一个县市区看它的全部。")
    county_panel.findings(rows)


def live(view: View | None) -> None:
    """What is not in the edition yet: what was read, what was refused and why, what waits, which task runs. Waits for nobody."""
    place, as_of = settings.load(), view.release.manifest["as_of"] if view else 0
    st.markdown(f"**此刻**（{'这一版之后' if view else '至今'}收到的，尚未进入各页的数字）")
    states = reporting_status.unpublished(place, as_of)
    news = reporting_status.news(place, max([as_of, *(state["as_of"] for state in states)]))
    if running := news["running"]:
        since = screen_wording.day(running["since"])
        st.info(escape.markdown(f"正在运行：{running['doing']}，始于 {since}。这期间可以照常报送，报表先存档。"))
    read, refused = _counted(states, as_of), _refused(states, as_of)
    sentences = [f"读到 {read} 份新报表" if read else "没有新读到的报表"]
    sentences += [f"{refused} 份未被采用"] if refused else []
    if signin.counties() is None:
        _arrived(news["arrived"])
    sentences += [f"{len(news['arrived'])} 份已存档、待读取"] if news["arrived"] else []
    sentences += [f"收件箱里还有 {len(news['inbox'])} 个文件未接收" if news["inbox"] else "收件箱是空的"]
    st.caption("；".join(sentences) + "。")


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


def _may_see(county: str | None) -> bool:
    own = signin.counties()
    return own is None or county in own


def _counted(states: list[MonthKept], as_of: int) -> int:
    """Show the reports that are read but in no edition yet, by county; returns how many."""
    lines = [
        {**row, "month": _label(state), "told": "已读取，待下次计算", "when": screen_wording.day(row["at"])}
        for state in states
        for row in state["counties"]
        if (row["seq"] or 0) > as_of and _may_see(row["code"])
    ]
    if lines:
        common_parts.table(lines, LIVE)
    return len(lines)


def _refused(states: list[MonthKept], as_of: int) -> int:
    """Show the files that could not be used, each with its reason; returns how many."""
    lines = [
        {**row, "name": _county_of(state, row["county"]), "when": screen_wording.day(row["at"]), "reason": _reason(row)}
        for state in states
        for row in state["refused"]
        if row["seq"] > as_of and _may_see(row["county"])
    ]
    if lines:
        common_parts.lines(lines, REFUSED)
    return len(lines)


def _label(state: MonthKept) -> str:
    return common_parts.month_text(months.parse(state["month"]))


def _county_of(state: MonthKept, code: str | None) -> str:
    return next((county["name"] for county in state["counties"] if county["code"] == code), "不明")


def _reason(row: RefusedFile) -> str:
    """The first finding, without its code and without the file's name, which has a column of its own."""
    said = (row["why"] or "见回执").split("】", 1)[-1]
    return said.removeprefix(f"文件“{row['file']}”：")


def _arrived(arrived: list[Arrived]) -> None:
    if arrived:
        lines = [{**row, "when": screen_wording.day(row["at"])} for row in arrived]
        common_parts.table(lines, {"seq": "收件号", "file": "文件", "by": "经办", "when": "收到"})
