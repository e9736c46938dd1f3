"""The city's desk of spot checks: choose the claims, commit before the number exists, draw, hand out, send back, correct."""

import io
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import streamlit as st

from dashboards import signin
from dashboards.text import escape
from pipelines import months, settings
from pipelines.access import roles
from pipelines.access.roles import Actor
from pipelines.errors import Refusal
from pipelines.intake import file_names, returned_lists, spot_desk, spot_visit_lists, submit_files
from pipelines.intake.outcome import Report
from pipelines.intake.spot_desk import ClaimResult, ListResult
from pipelines.monthly import month_decisions, republish_after_check
from pipelines.verification import sentences
from pipelines.verification.spot_lists import SpotList

TYPES = ["xlsx", "xlsm", "xls", "ods", "et", "csv"]


def tell_last() -> None:
    """What the last act has done."""
    if done := st.session_state.pop("spot-done", None):
        st.success(escape.markdown(done))


def acting() -> str | Actor:
    """Who acts: the person signed in; on the local machine the name that is typed."""
    person = signin.actor()
    if person.role != roles.LOCAL:
        st.caption(f"经办人：{escape.markdown(person.name)}（{person.role}）")
        return person
    return st.text_input("经办人", placeholder="姓名，记入台账", max_chars=40, width=240, key="spot-by").strip()


def named_by(by: str | Actor) -> str | Actor:
    """Errors: `Refusal` where nobody is named."""
    if not by:
        raise Refusal("请先填写经办人")
    return by


def act(action: Callable[[], str]) -> None:
    """An act of the desk, told after the page was drawn anew; or why it was refused."""
    try:
        with st.spinner("正在记入档案…"):
            said = action()
    except Refusal as refused:
        st.error(escape.markdown(refused))
    else:
        st.session_state["spot-done"] = said
        st.rerun()


# ---- every list


def lists(may_decide: bool) -> None:
    """Every list, the newest first: where it stands, what it proved, how it was drawn; its next step for the city."""
    tell_last()
    known_lists = spot_desk.all_lists(settings.load())
    if not known_lists:
        st.info(
            "还没有作过抽查。" + ("在“计划一次抽查”里选指标，看走访多少个社区（村）能证明什么。" if may_decide else "")
        )
        return
    by = acting() if may_decide else ""
    by_number = {spot_list.number: spot_list for spot_list in known_lists}
    for spot_list in known_lists:
        with st.container(border=True):
            _one(spot_list, by_number, by, may_decide)


def _one(spot_list: SpotList, known: Mapping[int, SpotList], by: str | Actor, may_decide: bool) -> None:
    today = months.today()
    result = spot_desk.result(spot_list, known, today)
    names = {claim.key: claim.name for claim in spot_list.claims.values()}
    st.markdown(f"**{spot_list.number} 号名单** 查{months.label(spot_list.month)}：{escape.markdown(result['note'])}")
    for key, claim in zip(names, result["claims"], strict=True):
        words = sentences.STATUS.get(
            claim["status"] or "", "只作估计" if claim.get("estimate") and claim["text"] else ""
        )
        st.markdown(escape.markdown(f"{names[key]}{f'：{words}' if words else ''}"))
        st.caption(escape.markdown(" ".join(filter(None, (claim["text"] or _aim(claim), claim["interval"])))))
    if may_decide:
        _next_step(spot_list, result, by)
    _behind(spot_list, whole=may_decide or spot_list.closing is not None)


def _aim(claim: ClaimResult) -> str:
    goal = f"所报 {claim['yes']:,} 个，目标需 {claim['required']:,} 个"
    return f"{goal}；走访 {claim['visits']} 个，{sentences.allowance(claim['allowed'])}。"


def _next_step(spot_list: SpotList, result: ListResult, by: str | Actor) -> None:
    if result["state"] in ("planned", "undrawn"):
        _to_draw(spot_list, result["state"], by)
    elif result["state"] in ("open", "closed"):
        _hand_out(spot_list, result)
        _files(spot_list, result, by)


def _to_draw(spot_list: SpotList, state: str, by: str | Actor) -> None:
    due = months.today() >= spot_list.course.day
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    with left, st.form(f"draw-{spot_list.number}"):
        st.caption(
            escape.markdown(
                f"号码：{spot_list.plan.body['source']} {spot_list.plan.body['issue']}，{spot_list.course.day} 公布"
            )
        )
        digits = st.text_input("公布的号码", key=f"digits-{spot_list.number}", disabled=not due)
        where = st.text_input("公布在哪里（掷骰的写两位在场人员）", key=f"where-{spot_list.number}", disabled=not due)
        if st.form_submit_button("抽取名单", disabled=not due):
            act(lambda: _drawn(spot_list, digits, where, by))
    if not due and state == "planned":
        with right, st.popover("撤回计划"):
            why = st.text_input("理由", key=f"spot-why-{spot_list.number}", max_chars=200)
            if st.button("确认撤回", key=f"spot-withdraw-{spot_list.number}"):
                act(lambda: _taken_back(spot_list, why, by))


def _drawn(spot_list: SpotList, digits: str, where: str, by: str | Actor) -> str:
    made = spot_desk.make_draw(spot_list.number, digits, where, settings.load(), named_by(by))
    return f"{spot_list.number} 号名单已抽取 {spot_desk.public_draw(made)['units']} 个单位；请下载名单交各组，{made.course.until} 前交回。"


def _taken_back(spot_list: SpotList, why: str, by: str | Actor) -> str:
    spot_desk.withdraw(spot_list.number, why, settings.load(), named_by(by))
    return f"{spot_list.number} 号名单的计划已撤回，记录永久保留。"


def _hand_out(spot_list: SpotList, result: ListResult) -> None:
    """The lists of all groups in one package; and the 候补 that became due."""
    if result["spares_due"] and result["state"] == "open":
        st.caption(f"有 {len(result['spares_due'])} 个候补要补走访，名单里已列在最后。")
    st.download_button(
        "下载名单（各组 xlsx 和 docx）",
        lambda: _package(spot_list),
        file_name=f"抽查名单{spot_list.number}号.zip",
        key=f"spot-list-{spot_list.number}",
        on_click="ignore",
    )


def _package(spot_list: SpotList) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in spot_visit_lists.files(
            spot_visit_lists.visit_lists(spot_list, spot_desk.remark(settings.load(), spot_list))
        ):
            package.writestr(name, data)
    return buffer.getvalue()


def _files(spot_list: SpotList, result: ListResult, by: str | Actor) -> None:
    """What came back, file by file; each may be taken back while the list is open."""
    if not spot_list.results:
        return
    with st.expander(f"交回的文件（{len(spot_list.results)} 份）"):
        for event in spot_list.results:
            late = "，逾期" if event.body["late"] else ""
            late += "，已撤回" if event.body["returned"] in spot_list.taken_back else ""
            text, button = st.columns([6, 1], vertical_alignment="center")
            text.markdown(
                escape.markdown(f"第 {event.body['returned']} 号“{event.body['file']}”，{event.at[:10]}{late}")
            )
            if result["state"] == "open" and not late:
                with button, st.popover("撤回"):
                    why = st.text_input("理由", key=f"back-why-{event.seq}", max_chars=200)
                    if st.button("确认撤回", key=f"back-{event.seq}"):
                        act(partial(_returned, event.body["returned"], why, by))


def _returned(seq: int, why: str, by: str | Actor) -> str:
    month_decisions.withdraw(seq, why, settings.load(), named_by(by))
    return f"第 {seq} 号交回的结果已撤回。"


def _behind(spot_list: SpotList, whole: bool) -> None:
    """Plan, draw and, where `whole`, everything to draw the list by hand: of an open list only for those who hand it out."""
    body = spot_list.plan.body
    with st.expander("计划与抽取的依据"):
        st.caption(
            escape.markdown(
                f"{spot_list.plan.by}于 {spot_list.plan.at[:16]} 计划，依据 {body['edition']}；{body['source']} {body['issue']}"
            )
        )
        if spot_list.draw is None:
            return
        st.caption(
            escape.markdown(
                f"{spot_list.draw.by}于 {spot_list.draw.at[:10]} 抽取；号码公布于 {spot_list.draw.body['published']}。"
            )
        )
        recomputed(spot_list, whole)


def recomputed(spot_list: SpotList, whole: bool) -> None:
    """Whether the ledger's number gives the list that is kept; where it is `whole`, what anybody needs to do the same by hand."""
    if spot_list.redrawn():
        st.caption("已由号码重新算出种子和次序，与台账一致。")
    else:
        st.error("重新算出的种子和次序与台账不一致，请报告管理员。")
    if not whole:
        st.caption("种子和次序在名单结束后列出，任何人都可以照样复算；此前只有办理人员看得到，以免走漏。")
        return
    st.caption(
        "种子是下面五行的 SHA-256；每个单位的签号是种子、逗号（半角）和单位编号连写的 SHA-256，从小到大即名单的次序。"
    )
    st.code(spot_desk.seed_text(spot_list), language=None)
    st.code(spot_list.draw.body["seed"] if spot_list.draw else "", language=None)


# ---- what comes back


def send_back() -> None:
    """Returned lists, read at once; recorded when the clerk says so."""
    tell_last()
    st.markdown(
        "把各组填好的名单拖进来：先看读到什么、哪一格有问题，确认后再记录。可以只交一部分；再交一次就是更正（结果不同的须在说明里写理由）。"
    )
    files = st.file_uploader(
        "填好的名单", type=TYPES, accept_multiple_files=True, label_visibility="collapsed", key="spot-files"
    )
    by = acting()
    for file in files:
        with st.container(border=True):
            _file(file.name, file.getvalue(), by)
    for event in returned_lists.unmatched(settings.load()):
        said = f"第 {event.body['returned']} 号“{event.body['file']}”（{event.at[:10]}）不能对应任何名单，已存档，没有记录。"
        st.caption(escape.markdown(said))


def _file(name: str, content: bytes, by: str | Actor) -> None:
    try:
        seen = submit_files.preview(content, name, settings.load()).report
    except Refusal as refused:
        st.error(escape.markdown(refused))
        return
    st.markdown(f"**{escape.markdown(name)}** {escape.markdown(seen.spot or '这不是抽查名单；报表请在“报送”里上传。')}")
    _findings(seen)
    if seen.spot and not seen.refused and st.button("记录", key=f"spot-record-{seen.sha256}", type="primary"):
        act(lambda: _recorded(name, content, by))


def _findings(seen: Report) -> None:
    for finding in seen.findings if seen.spot else ():
        shown = st.error if finding["severity"] == "error" else st.warning
        shown(escape.markdown(finding["message"]))


def _recorded(name: str, content: bytes, by: str | Actor) -> str:
    who = named_by(by)
    roles.require(who, "spot", settings.load())
    with tempfile.TemporaryDirectory(prefix="shequ-") as folder:
        place = Path(folder) / file_names.last_part(name)
        place.write_bytes(content)
        report = submit_files.submit([place], settings.load(), by=who if isinstance(who, str) else who.name)[0]
    made = republish_after_check.follow(settings.load(), who)
    published = f"名单已结束，{'、'.join(made)} 已加注抽查。" if made else ""
    return f"收件号 {report.seq}：{report.spot or '已存档'}。{published}"
