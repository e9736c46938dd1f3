"""The city's decisions about a month: each with who and why, each with its opposite beside it. Every action goes through the pipelines."""

from collections.abc import Callable
from datetime import date

import streamlit as st

from dashboards import signin
from dashboards.components import common_parts
from dashboards.queries import submission_rows
from dashboards.text import escape, screen_wording
from pipelines import months, settings
from pipelines.access import roles
from pipelines.access.roles import Actor
from pipelines.errors import Refusal
from pipelines.intake import answer_matters, decisions, gap_wording, month_now, open_matters, reporting_status
from pipelines.intake.month_now import MonthNow
from pipelines.monthly import month_decisions, monthly_run

KINDS = {
    "approve": "审定", "reopen": "重开", "gate": "发布", "retract": "收回", "withdraw": "撤回", "waive": "豁免",
    "resolve": "认定", "extend": "延期或免报", "admit": "增设单位", "explain": "情况说明", "accept": "采纳", "ask": "追问",
    "dismiss": "不予处理", "annotate": "批注",
}  # fmt: skip
HOW = {"approved": "已审定", "all_reported": "各县已报齐", "by_time": "已到发布时间", "by_person": "由人发布"}
# as many rows bear a button of their own
MOST = 30


def decide() -> None:
    """A month's state, editions, submissions, open matters and decisions, with everything that may be decided about them."""
    if done := st.session_state.pop("decided", None):
        st.success(escape.markdown(done))
    st.markdown("市里的决定。每一个都记下经办人、时间和理由，永久保留，并随数字一起公布；每一个都可以撤回。")
    by = _person()
    month = _month()
    if month is None:
        st.info("还没有收到任何报表；先在“上传报表”里收报表。")
        return
    now = submission_rows.now(month)
    state = reporting_status.kept(settings.load(), month)
    _state(now, state)
    left, middle, right = st.columns(3, gap="medium")
    with left:
        _editions(now, by)
    with middle:
        _approval(now, state, by)
    with right:
        _extension(now, by)
    _matters(month, by)
    _submissions(month, by)
    _decisions(now, by)


def _person() -> str | Actor:
    """Who decides: the person signed in; on the local machine the name that is typed."""
    person = signin.actor()
    if person.role != roles.LOCAL:
        st.caption(f"经办人：{escape.markdown(person.name)}（{person.role}）")
        return person
    return st.text_input("经办人", placeholder="本人姓名", max_chars=40, width=320, key="decides").strip()


def _month() -> date | None:
    """The month that is decided about: also one of which nothing is published yet. Default: the newest one that is over."""
    known = month_now.known_months(settings.load())[::-1]
    if not known:
        return None
    over = next((month for month in known if months.last_day(month) < date.today()), known[0])
    return st.selectbox("决定哪个月", known, known.index(over), format_func=months.label, width=200, key="decide_month")


def _state(now: MonthNow, state: dict) -> None:
    """Where the month stands: approval, editions, who reported, what waits, when it is released by itself."""
    arrived = len([county for county in state["counties"] if county["state"] == "effective"])
    said = [f"{submission_rows.APPROVAL[now.state]}，{arrived}/{len(state['counties'])} 个县（市、区）已报"]
    if now.released:
        how = HOW.get(now.editions.released[now.released].body.get("how", ""), "")
        said.append(f"已发布 {now.released}" + (f"（{how}）" if how else ""))
    if now.working:
        said.append(f"工作版 {now.working}，尚未发布")
    if not now.released:
        said.append(f"到 {now.publication:%Y-%m-%d %H:%M} 自动发布，此前可由人发布")
    if state["waiting"]:
        early = months.last_day(now.month) >= date.today()
        since = (
            f"该月还没有结束，自 {months.add(now.month, 1)} 起计入；月份如有笔误，请撤回"
            if early
            else "等重开或认可后计入"
        )
        said.append(f"{len(state['waiting'])} 份报表在等：{since}")
    if now.caveat:
        said.append(now.caveat)
    st.caption(escape.markdown("；".join(said) + "。"))


# ---- editions


def _editions(now: MonthNow, by: str | Actor) -> None:
    """Compute, release, take back."""
    with st.container(border=True):
        st.markdown(f"**成版、发布、收回 {months.label(now.month)}**")
        if st.button("重新计算", key="run", help="发布时间已过、已审定或各县报齐的，当即发布"):
            _decided(
                lambda: monthly_run.run(settings.load(), now.month, _who(by)), f"{months.label(now.month)}已重新计算。"
            )
        if now.working and st.button(f"发布 {now.working}", key="release", type="primary"):
            _decided(lambda: month_decisions.release(now.month, settings.load(), _who(by)), f"{now.working} 已发布。")
        if now.released:
            _with_reason(
                f"收回 {now.released}",
                "retract",
                lambda why: month_decisions.retract(now.released, why, settings.load(), _who(by)),
                f"{now.released} 已收回，此前发布的一版重新成为当前版。",
            )


def _approval(now: MonthNow, state: dict, by: str | Actor) -> None:
    """Approve a month, or open an approved one again."""
    with st.container(border=True):
        if now.approved:
            st.markdown(f"**重开 {months.label(now.month)}**")
            st.caption(escape.markdown(f"已于 {now.approved.at[:10]} 由{now.approved.by}审定；重开后等着的报表生效。"))
            _with_reason(
                "重开",
                "reopen",
                lambda why: month_decisions.reopen(now.month, why, settings.load(), _who(by)),
                f"{months.label(now.month)}已重开。",
            )
        else:
            _approve(now.month, state, by)


def _approve(month: date, state: dict, by: str | Actor) -> None:
    """Where something is lacking it is said first, and only who ticks that it is meant, with a reason, goes on."""
    lacking = gap_wording.lacking(decisions.lacking(state), state)
    with st.form("approve", border=False):
        st.markdown(f"**审定 {months.label(month)}**")
        st.caption("审定后该月锁定：再来的报表先存着，重开后才生效。")
        meant, why = True, ""
        if lacking:
            st.warning(escape.markdown("还缺：" + "；".join(lacking) + "。"))
            meant = st.checkbox("知道还缺这些，仍要审定")
            why = st.text_input("理由", max_chars=200, key="approve_why")
        if st.form_submit_button("审定"):
            _decided(
                lambda: month_decisions.approve(
                    month, settings.load(), _meant(by, meant, why, bool(lacking)), why.strip()
                ),
                f"{months.label(month)}已审定。",
            )


def _meant(by: str | Actor, meant: bool, why: str, lacking: bool) -> str | Actor:
    person = _who(by)
    if lacking and not (meant and why.strip()):
        raise Refusal("还有缺的：请勾选“仍要审定”并写明理由，或等补齐后再审定")
    return person


def _extension(now: MonthNow, by: str | Actor) -> None:
    """Give a county longer, or excuse it."""
    names = month_now.counties(settings.load(), now.month)
    with st.form("extend"):
        st.markdown(f"**延期或免报 {months.label(now.month)}**")
        county = st.selectbox("县（市、区）", list(names), format_func=names.get)
        excuse = st.checkbox("本月免报")
        until = st.date_input("延至", now.usual_due)
        why = st.text_input("理由", max_chars=200, key="extend_why")
        if st.form_submit_button("记下"):
            day = None if excuse else until
            _decided(
                lambda: decisions.extend(now.month, county, settings.load(), _who(by), why, day, excuse),
                f"{names[county]}{months.label(now.month)}{'免报' if excuse else f'延至 {until}'}。",
            )


# ---- what waits for somebody

ACTIONS = {
    "waive": "豁免（附理由和期限）", "accept": "采纳情况说明", "ask": "追问", "resolve": "认定是哪个单位", "dismiss": "不予处理",
}  # fmt: skip


def _matters(month: date, by: str | Actor) -> None:
    """The month's open matters and files without a month: one is chosen, and settled."""
    waiting = [m for m in answer_matters.kept(settings.load()) if m["month"] in (None, months.key(month))]
    waiting = [matter for matter in waiting if matter["state"] in ("open", "explained")]
    st.markdown(f"**待办事项**（{len(waiting)} 件）")
    if not waiting:
        return
    by_id = {matter["id"]: matter for matter in waiting}
    chosen = st.selectbox("选一件", list(by_id), format_func=lambda key: _matter_line(by_id[key]), key="matter")
    matter = by_id[chosen]
    st.caption(escape.markdown(f"{matter['file']}（第 {matter['seq']} 号）：{matter['message']}"))
    _settle(matter, month, by)


def _matter_line(matter: dict) -> str:
    kind, state = open_matters.KIND_NAMES[matter["kind"]], open_matters.STATE_NAMES[matter["state"]]
    return escape.plain(f"{kind}（{state}）{matter['county'] or ''} {matter['message'][:60]}")


def _settle(matter: dict, month: date, by: str | Actor) -> None:
    key, place = matter["id"], settings.load()
    action = st.segmented_control(
        "怎么办", list(ACTIONS), default="waive", format_func=ACTIONS.get, required=True, key="action"
    )
    with st.form(f"settle-{action}"):
        text = unit = until = ""
        if action == "resolve":
            units = month_now.units(place, month, matter["county"])
            unit = st.selectbox("单位", list(units), format_func=units.get)
        elif action != "accept":
            text = st.text_input("问什么" if action == "ask" else "理由", max_chars=200)
        if action == "waive":
            later = [months.add(month, count) for count in range(13)]
            until = st.selectbox("有效至", later, 3, format_func=months.label)
        does = {
            "waive": lambda: decisions.waive(key, text, until, place, _who(by)),
            "accept": lambda: answer_matters.accept(key, place, _who(by)),
            "ask": lambda: answer_matters.ask(key, text, place, _who(by)),
            "resolve": lambda: decisions.resolve(key, unit, place, _who(by)),
            "dismiss": lambda: answer_matters.dismiss(key, text, place, _who(by)),
        }[action]
        if st.form_submit_button("记下"):
            _decided(does, f"已{ACTIONS[action].split('（')[0]}。下次计算后进入各页的数字。")


# ---- what may be taken back


def _submissions(month: date, by: str | Actor) -> None:
    """Submissions in force or waiting, each with its withdrawal."""
    rows = month_now.submissions(settings.load(), month)
    with st.expander(f"{months.label(month)}的报送（{len(rows)} 份）"):
        for row in rows[:MOST]:
            waits = "，在等" if row["waiting"] else ""
            said = f"第 {row['seq']} 号 {row['county']}“{row['file']}”，{row['by']}，{screen_wording.day(row['at'])}{waits}"
            _withdrawal(row["seq"], said, by)
        if len(rows) > MOST:
            st.caption(f"只列最近 {MOST} 份；更早的用 shequ withdraw 编号 撤回。")


def _decisions(now: MonthNow, by: str | Actor) -> None:
    """The decisions of the month, the newest first, each with its opposite beside it."""
    st.markdown(f"**{months.label(now.month)}的决定**（{len(now.decisions)} 个）")
    for row in now.decisions[:MOST]:
        if row["in_force"]:
            _withdrawal(row["seq"], decision_line(row), by)
        else:
            st.markdown(f"~~{escape.markdown(decision_line(row))}~~ 已撤回")
    if len(now.decisions) > MOST:
        common_parts.table([{"line": decision_line(row)} for row in now.decisions[MOST:]], {"line": "更早的决定"})


def decision_line(row: dict) -> str:
    """`第 9 号 审定，市局李某，2020年7月8日 09:30：理由`."""
    about = [
        f"{row['month']}/{row['edition']}" if row["edition"] else "",
        row["county"] or "",
        row["finding"] or row["matter"] or "",
    ]
    about += [
        f"第 {row['of']} 号" if row["of"] else "",
        "免报" if row["excuse"] else "",
        f"至 {row['until']}" if row["until"] else "",
    ]
    what = " ".join(filter(None, (KINDS.get(row["kind"], row["kind"]), *about)))
    why = row["why"] or row["text"]
    return f"第 {row['seq']} 号 {what}，{row['by']}，{screen_wording.day(row['at'])}" + (f"：{why}" if why else "")


def _withdrawal(seq: int, said: str, by: str | Actor) -> None:
    text, button = st.columns([6, 1], vertical_alignment="center")
    text.markdown(escape.markdown(said))
    with button:
        _with_reason(
            "撤回",
            f"withdraw-{seq}",
            lambda why: month_decisions.withdraw(seq, why, settings.load(), _who(by)),
            f"第 {seq} 号已撤回。下次计算后进入各页的数字。",
        )


def _with_reason(label: str, key: str, action: Callable[[str], object], said: str) -> None:
    """A decision that needs nothing but a reason."""
    with st.popover(label):
        why = st.text_input("理由", max_chars=200, key=f"{key}-why")
        if st.button(f"确认{label}", key=key):
            _decided(lambda: action(why), said)


def _who(by: str | Actor) -> str | Actor:
    if not by:
        raise Refusal("请先填写经办人")
    return by


def _decided(action: Callable, said: str) -> None:
    """A decision made, shown after the page was drawn anew; or why it was refused."""
    try:
        with st.spinner("正在记入档案…"):
            action()
    except Refusal as refused:
        st.error(escape.markdown(refused))
    else:
        st.session_state["decided"] = said
        # the edition shown may be another one now, which need not have the month that the address names
        st.query_params.pop("month", None)
        st.session_state.pop("chosen-month", None)
        st.rerun()
