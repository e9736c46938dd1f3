"""The city's desk of spot checks: choose what is to be proven, commit before the number exists, draw, hand out, send back, correct.

Every list ever planned is shown to everybody with its draw; the units of an open list only to those who may hand it out.
"""

import io
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import streamlit as st

from dashboards import signin
from dashboards.components import common_parts
from dashboards.components.header import View
from dashboards.queries import edition_data
from dashboards.text import escape
from pipelines import months, settings
from pipelines.access import roles
from pipelines.access.roles import Actor
from pipelines.edition import spot_planning
from pipelines.edition.spot_planning import Proposal, Wish
from pipelines.errors import Refusal
from pipelines.intake import file_names, returned_lists, spot_desk, spot_tasks, submit_files
from pipelines.intake.outcome import Report
from pipelines.monthly import checked_editions, month_decisions
from pipelines.verification import sentences
from pipelines.verification.spot_lists import SpotList

TYPES = ["xlsx", "xlsm", "xls", "ods", "et", "csv"]
STRATA = {"auto": "由系统选", "one": "全市一层", "county": "按县分层（小县合并）"}
# several indicators at once are one walk through the villages; more than these nobody oversees
MOST = 6


def _said() -> None:
    if done := st.session_state.pop("spot-done", None):
        st.success(escape.markdown(done))


def _person() -> str | Actor:
    person = signin.actor()
    if person.role != roles.LOCAL:
        st.caption(f"经办人：{escape.markdown(person.name)}（{person.role}）")
        return person
    return st.text_input("经办人", placeholder="姓名，记入台账", max_chars=40, width=240, key="spot-by").strip()


def _who(by: str | Actor) -> str | Actor:
    if not by:
        raise Refusal("请先填写经办人")
    return by


def _done(action: Callable[[], str]) -> None:
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
    _said()
    found = spot_desk.all_lists(settings.load())
    if not found:
        st.info(
            "还没有作过抽查。" + ("在“计划一次抽查”里选指标，看走访多少个社区（村）能证明什么。" if may_decide else "")
        )
        return
    by = _person() if may_decide else ""
    by_number = {one.number: one for one in found}
    for one in found:
        with st.container(border=True):
            _one(one, by_number, by, may_decide)


def _one(one: SpotList, known: Mapping[int, SpotList], by: str | Actor, may_decide: bool) -> None:
    today = common_parts.today()
    told = spot_desk.result(one, known, today)
    names = {claim.key: claim.name for claim in one.claims.values()}
    st.markdown(f"**{one.number} 号名单** 查{months.label(one.month)}：{escape.markdown(told['note'])}")
    for key, claim in zip(names, told["claims"], strict=True):
        words = sentences.STATUS.get(
            claim["status"] or "", "只作估计" if claim.get("estimate") and claim["text"] else ""
        )
        st.markdown(escape.markdown(f"{names[key]}{f'：{words}' if words else ''}"))
        st.caption(escape.markdown(" ".join(filter(None, (claim["text"] or _aim(claim), claim["interval"])))))
    if may_decide:
        _next_step(one, told, by)
    _behind(one, whole=may_decide or one.closing is not None)


def _aim(claim: Mapping) -> str:
    visits = sum(stratum["planned"] for stratum in claim["strata"])
    return (
        f"所报 {claim['yes']:,} 个，目标需 {claim['required']:,} 个；走访 {visits} 个，"
        f"至多 {claim['allowed']} 个未能属实即证明达标。"
    )


def _next_step(one: SpotList, told: Mapping, by: str | Actor) -> None:
    """What is to be done with a list now."""
    if told["state"] in ("planned", "undrawn"):
        _to_draw(one, told["state"], by)
    elif told["state"] in ("open", "closed"):
        _hand_out(one, told)
        _files(one, told, by)


def _to_draw(one: SpotList, state: str, by: str | Actor) -> None:
    due = common_parts.today() >= one.course.day
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    with left, st.form(f"draw-{one.number}"):
        st.caption(escape.markdown(f"号码：{one.plan.body['source']} {one.plan.body['issue']}，{one.course.day} 公布"))
        digits = st.text_input("公布的号码", key=f"digits-{one.number}", disabled=not due)
        where = st.text_input("公布在哪里（掷骰的写两位在场人员）", key=f"where-{one.number}", disabled=not due)
        if st.form_submit_button("抽取名单", disabled=not due):
            _done(lambda: _drawn(one, digits, where, by))
    if not due and state == "planned":
        with right, st.popover("撤回计划"):
            why = st.text_input("理由", key=f"spot-why-{one.number}", max_chars=200)
            if st.button("确认撤回", key=f"spot-withdraw-{one.number}"):
                _done(lambda: _taken_back(one, why, by))


def _drawn(one: SpotList, digits: str, where: str, by: str | Actor) -> str:
    made = spot_desk.make_draw(one.number, digits, where, settings.load(), _who(by))
    return f"{one.number} 号名单已抽取 {spot_desk.public_draw(made)['units']} 个单位；请下载名单交各组，{made.course.until} 前交回。"


def _taken_back(one: SpotList, why: str, by: str | Actor) -> str:
    spot_desk.withdraw(one.number, why, settings.load(), _who(by))
    return f"{one.number} 号名单的计划已撤回，记录永久保留。"


def _hand_out(one: SpotList, told: Mapping) -> None:
    """The lists of all groups in one package; and the 候补 that became due."""
    if told["spares_due"] and told["state"] == "open":
        st.caption(f"有 {len(told['spares_due'])} 个候补要补走访，名单里已列在最后。")
    st.download_button(
        "下载名单（各组 xlsx 和 docx）",
        lambda: _package(one),
        file_name=f"抽查名单{one.number}号.zip",
        key=f"spot-list-{one.number}",
        on_click="ignore",
    )


def _package(one: SpotList) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in spot_tasks.files(spot_tasks.visit_lists(one, spot_desk.remark(settings.load(), one))):
            package.writestr(name, data)
    return buffer.getvalue()


def _files(one: SpotList, told: Mapping, by: str | Actor) -> None:
    """What came back, file by file; each may be taken back while the list is open."""
    if not one.results:
        return
    with st.expander(f"交回的文件（{len(one.results)} 份）"):
        for event in one.results:
            late = "，逾期" if event.body["late"] else ""
            text, button = st.columns([6, 1], vertical_alignment="center")
            text.markdown(
                escape.markdown(f"第 {event.body['submission']} 号“{event.body['file']}”，{event.at[:10]}{late}")
            )
            if told["state"] == "open":
                with button, st.popover("撤回"):
                    why = st.text_input("理由", key=f"back-why-{event.seq}", max_chars=200)
                    if st.button("确认撤回", key=f"back-{event.seq}"):
                        _done(lambda seq=event.body["submission"], why=why: _returned(seq, why, by))


def _returned(seq: int, why: str, by: str | Actor) -> str:
    month_decisions.withdraw(seq, why, settings.load(), _who(by))
    return f"第 {seq} 号交回的结果已撤回。"


def _behind(one: SpotList, whole: bool) -> None:
    """The plan's event and the draw; where it is `whole`, all that is needed to draw the same list by hand.

    Whoever has the seed has the list, so that of an open one is shown to those alone who hand it out.
    """
    body = one.plan.body
    with st.expander("计划与抽取的依据"):
        st.caption(
            escape.markdown(
                f"{one.plan.by}于 {one.plan.at[:16]} 计划，依据 {body['edition']}；{body['source']} {body['issue']}"
            )
        )
        if one.draw is None:
            return
        right = "已复算，与台账一致" if one.redrawn() else "复算与台账不一致，请报告管理员"
        st.caption(
            escape.markdown(
                f"{one.draw.by}于 {one.draw.at[:10]} 抽取；号码公布于 {one.draw.body['published']}。{right}。"
            )
        )
        if not whole:
            st.caption("种子和次序在名单结束后列出，任何人都可以照样复算；此前只有办理人员看得到，以免走漏。")
            return
        st.caption("种子是下面五行的 SHA-256；每个单位的签号是“种子,单位”的 SHA-256，从小到大即名单的次序。")
        st.code(spot_desk.seed_text(one), language=None)
        st.code(one.draw.body["seed"], language=None)


# ---- a plan


def plan(view: View | None) -> None:
    """Choose indicators, see how many visits prove what, commit."""
    _said()
    if view is None:
        st.info("还没有发布任何月份；发布后才能计划抽查。")
        return
    try:
        release = spot_planning.edition(settings.load(), view.month)
    except Refusal as refused:
        st.error(escape.markdown(refused))
        return
    known = {row["indicator"]: row for row in spot_planning.checkable(release, view.month)}
    met = [name for name, row in known.items() if row["status"] == "met"]
    st.markdown(
        f"查{months.label(view.month)}的所报（第 {release.edition} 版）。只有所报已达标的，才有可核实的达标结论。"
    )
    names = edition_data.indicators(release, view.policy)
    shown = {row["indicator"]: row["name"] for row in names if row["indicator"] in met}
    chosen = st.multiselect(
        "指标",
        list(shown),
        format_func=lambda one: escape.plain(shown[one]),
        max_selections=MOST,
        key="spot-indicators",
    )
    if not chosen:
        st.caption("选一项或几项；几项一起查，走访的是同一批社区（村）中抽到的，每项各自有 95% 的把握。")
        return
    found = _proposals(release, view.month, chosen)
    if found:
        _commit(release, found)


def _proposals(release, month: date, chosen: Sequence[str]) -> list[Proposal]:
    left, right = st.columns(2)
    strata = left.selectbox("怎样分层", list(STRATA), format_func=STRATA.get, key="spot-strata")
    visits = right.number_input(
        "一共能走访多少次（不填则用建议的）", min_value=1, value=None, step=1, key="spot-budget"
    )
    wish = Wish(month, chosen, strata=None if strata == "auto" else strata, budget=visits)
    try:
        found = _computed(release, wish)
    except Refusal as refused:
        st.error(escape.markdown(refused))
        return []
    return [_chosen(one, visits is not None) for one in found]


def _computed(release, wish: Wish) -> list[Proposal]:
    known = st.session_state.setdefault("spot-proposals", {})
    key = (release.label, wish.month, tuple(wish.indicators), wish.strata, wish.budget)
    if key not in known:
        with st.spinner("正在计算要走访多少个…"):
            known[key] = spot_planning.proposals(release, wish)
    return known[key]


def _chosen(one: Proposal, by_budget: bool) -> Proposal:
    """One claim: what it needs, its plans, and the one that is taken."""
    claim = one.claim
    with st.container(border=True):
        st.markdown(
            f"**{escape.markdown(one.name)}** 所报 {claim.reported:,} 个，目标需 {claim.required:,} 个；"
            f"{escape.markdown(sentences.margin(claim))}。"
        )
        options = {made.allowed: made for made in one.plans}
        if by_budget:
            if one.chosen is None:
                st.warning(f"预算不够，还缺 {one.missing:,} 次走访。")
            else:
                st.markdown(_plan_line(one, one.chosen.allowed))
            return one
        allowed = st.radio(
            "允许几个未能属实",
            list(options),
            index=list(options).index(one.recommended) if one.recommended in options else 0,
            format_func=lambda count: _plan_line(one, count),
            key=f"spot-allowed-{one.key}",
        )
        return spot_planning.choose(one, options.get(allowed))


def _plan_line(one: Proposal, allowed: int) -> str:
    made = next(each for each in one.plans if each.allowed == allowed)
    mark = "（建议）" if allowed == one.recommended else ""
    good = f"{float(100 * made.chance[1]):.0f}%"
    return f"走访 {made.visits} 个，至多 {allowed} 个未能属实即证明达标{mark}；若每百个有 1 个不实，成功把握 {good}"


def _commit(release, found: Sequence[Proposal]) -> None:
    total = sum(one.chosen.visits for one in found if one.chosen)
    st.markdown(f"**合计至多走访 {total} 次**（同一社区（村）被几项抽到的只去一次，实际会少些）。")
    with st.form("spot-commit"):
        st.markdown("**定下来**：号码须是以后才公布的，今天谁也不知道，这样谁也不能挑选。")
        left, right = st.columns(2)
        source = left.text_input("号码来源", placeholder=f"排列5；或 {spot_desk.DICE}", key="spot-source")
        issue = right.text_input("期号", placeholder="第2021001期", key="spot-issue")
        day = left.date_input("号码公布之日", common_parts.today() + timedelta(days=1), key="spot-day")
        window = right.number_input("抽取后多少天内交回", 3, 30, 15, key="spot-window")
        groups = st.text_input(
            "检查组（几个组用顿号隔开；组员所在的县写在括号里，该组不查本县）", "市级抽查组", key="spot-groups"
        )
        by = _person()
        if st.form_submit_button("定下名单（记入台账）", type="primary"):
            number = spot_desk.Number(source, issue, day)
            _done(lambda: _planned(release, found, number, groups, int(window), by))


def _planned(
    release, found: Sequence[Proposal], number: spot_desk.Number, groups: str, window: int, by: str | Actor
) -> str:
    counties = {name: code for code, name in edition_data.county_names(release).items()}
    terms = spot_desk.Terms(number, _groups(groups, counties), window)
    event = spot_desk.plan(release, found, terms, settings.load(), _who(by))
    return f"已定为 {event.body['list']} 号名单；{number.day} 公布号码后，在“各次抽查”里抽取。"


def _groups(text: str, counties: Mapping[str, str]) -> dict[str, str | None]:
    """`甲组（隆尧县）、乙组` as name → county code."""
    groups: dict[str, str | None] = {}
    for part in text.replace("，", "、").replace(",", "、").split("、"):
        name, _, county = part.strip().rstrip("）)").replace("(", "（").partition("（")
        if county and county not in counties:
            raise Refusal(f"检查组“{name}”所在的“{county}”不是本市的县（市、区）；请写全称，如 {next(iter(counties))}")
        if name:
            groups[name] = counties.get(county)
    return groups


# ---- what comes back


def send_back() -> None:
    """Returned lists, read at once; recorded when the clerk says so."""
    _said()
    st.markdown(
        "把各组填好的名单拖进来：先看读到什么、哪一格有问题，确认后再记录。可以只交一部分；再交一次就是更正（结果不同的须在说明里写理由）。"
    )
    files = st.file_uploader(
        "填好的名单", type=TYPES, accept_multiple_files=True, label_visibility="collapsed", key="spot-files"
    )
    by = _person()
    for file in files:
        with st.container(border=True):
            _file(file.name, file.getvalue(), by)
    for event in returned_lists.unmatched(settings.load()):
        said = f"第 {event.body['submission']} 号“{event.body['file']}”（{event.at[:10]}）不能对应任何名单，已存档，没有记录。"
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
        _done(lambda: _recorded(name, content, by))


def _findings(seen: Report) -> None:
    for finding in seen.findings if seen.spot else ():
        shown = st.error if finding["severity"] == "error" else st.warning
        shown(escape.markdown(finding["message"]))


def _recorded(name: str, content: bytes, by: str | Actor) -> str:
    who = _who(by)
    roles.require(who, "spot", settings.load())
    with tempfile.TemporaryDirectory(prefix="shequ-") as folder:
        place = Path(folder) / file_names.last_part(name)
        place.write_bytes(content)
        report = submit_files.submit([place], settings.load(), by=who if isinstance(who, str) else who.name)[0]
    made = checked_editions.follow(settings.load(), who)
    published = f"名单已结束，{'、'.join(made)} 已加注抽查。" if made else ""
    return f"收件号 {report.seq}：{report.spot or '已存档'}。{published}"
