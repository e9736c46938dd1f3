"""Planning a spot check on the page: choose what is to be proven, see how many visits prove what, commit before the number exists."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import streamlit as st

from dashboards.components import spot_desk_panel
from dashboards.components.header import View
from dashboards.queries import edition_data
from dashboards.text import escape
from pipelines import months, settings
from pipelines.access.roles import Actor
from pipelines.edition import open_release, spot_planning
from pipelines.edition.spot_planning import Proposal, Wish
from pipelines.errors import Refusal
from pipelines.intake import spot_desk
from pipelines.verification import sentences

STRATA = {"auto": "由系统选", "one": "全市一层", "county": "按县分层（小县合并）"}
# one round of visits can check several indicators, but not more than anybody can keep track of
MOST = 6


def plan(view: View | None) -> None:
    """Choose indicators, see how many visits prove what, commit."""
    spot_desk_panel.tell_last()
    if view is None:
        st.info("还没有发布任何月份；发布后才能计划抽查。")
        return
    try:
        release = open_release(view.month, settings=settings.load())
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
        format_func=lambda option: escape.plain(shown[option]),
        max_selections=MOST,
        key="spot-indicators",
    )
    if not chosen:
        st.caption("选一项或几项；几项一起查，走访的是同一批社区（村）中抽到的，每项各自有 95% 的把握。")
        return
    proposals = _proposals(release, view.month, chosen)
    if proposals:
        _commit(release, proposals)


def _proposals(release, month: date, chosen: Sequence[str]) -> list[Proposal]:
    left, right = st.columns(2)
    strata = left.selectbox("怎样分层", list(STRATA), format_func=STRATA.__getitem__, key="spot-strata")
    visits = right.number_input(
        "一共能走访多少次（不填则用建议的）", min_value=1, value=None, step=1, key="spot-budget"
    )
    wish = Wish(month, chosen, strata=None if strata == "auto" else strata, budget=visits)
    try:
        proposals = _computed(release, wish)
    except Refusal as refused:
        st.error(escape.markdown(refused))
        return []
    return [_chosen(proposal, visits is not None) for proposal in proposals]


def _computed(release, wish: Wish) -> list[Proposal]:
    known = st.session_state.setdefault("spot-proposals", {})
    key = (release.label, wish.month, tuple(wish.indicators), wish.strata, wish.budget)
    if key not in known:
        with st.spinner("正在计算要走访多少个…"):
            known[key] = spot_planning.proposals(release, wish)
    return known[key]


def _chosen(proposal: Proposal, by_budget: bool) -> Proposal:
    """One claim: what it needs, its plans, and the one that is taken."""
    claim = proposal.claim
    with st.container(border=True):
        st.markdown(
            f"**{escape.markdown(proposal.name)}** 所报 {claim.reported:,} 个，目标需 {claim.required:,} 个；"
            f"{escape.markdown(sentences.margin(claim))}。"
        )
        options = {made.allowed: made for made in proposal.plans}
        if by_budget:
            if proposal.chosen is None:
                st.warning(f"预算不够，还缺 {proposal.missing:,} 次走访。")
            else:
                st.markdown(_plan_line(proposal, proposal.chosen.allowed))
            return proposal
        allowed = st.radio(
            "允许几个未能属实",
            list(options),
            index=list(options).index(proposal.recommended) if proposal.recommended in options else 0,
            format_func=lambda count: _plan_line(proposal, count),
            key=f"spot-allowed-{proposal.key}",
        )
        return spot_planning.choose(proposal, options.get(allowed))


def _plan_line(proposal: Proposal, allowed: int) -> str:
    made = next(each for each in proposal.plans if each.allowed == allowed)
    mark = "（建议）" if allowed == proposal.recommended else ""
    good = f"{float(100 * made.chance[1]):.0f}%"
    return f"走访 {made.visits} 个，{sentences.allowance(allowed)}{mark}；若每百个有 1 个不实，成功把握 {good}"


def _commit(release, proposals: Sequence[Proposal]) -> None:
    total = spot_planning.visits(proposals)
    st.markdown(f"**合计至多走访 {total} 次**（同一社区（村）被几项抽到的只去一次，实际会少些）。")
    with st.form("spot-commit"):
        st.markdown("**定下来**：号码须是以后才公布的，今天谁也不知道，这样谁也不能挑选。")
        left, right = st.columns(2)
        source = left.text_input("号码来源", placeholder=f"排列5；或 {spot_desk.DICE}", key="spot-source")
        issue = right.text_input("期号", placeholder="第2021001期", key="spot-issue")
        day = left.date_input("号码公布之日", months.today() + timedelta(days=1), key="spot-day")
        window = right.number_input("抽取后多少天内交回", 3, 30, 15, key="spot-window")
        groups = st.text_input(
            "检查组（几个组用顿号隔开；组员所在的县写在括号里，该组不查本县）", "市级抽查组", key="spot-groups"
        )
        by = spot_desk_panel.acting()
        if st.form_submit_button("定下名单（记入台账）", type="primary"):
            number = spot_desk.Number(source, issue, day)
            spot_desk_panel.act(lambda: _planned(release, proposals, number, groups, int(window), by))


def _planned(
    release, proposals: Sequence[Proposal], number: spot_desk.Number, groups: str, window: int, by: str | Actor
) -> str:
    counties = {name: code for code, name in edition_data.county_names(release).items()}
    terms = spot_desk.Terms(number, _groups(groups, counties), window)
    event = spot_desk.plan(release, proposals, terms, settings.load(), spot_desk_panel.named_by(by))
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
