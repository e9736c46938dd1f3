"""Open matters by the file that they are about: what is wrong, what was said to it, its receipt, and what may be done."""

import re
from collections.abc import Callable

import streamlit as st

from dashboards import signin
from dashboards.components import clerk, month_steps
from dashboards.queries import board_rows
from dashboards.text import escape, screen_wording
from pipelines import months, settings
from pipelines.access.roles import Actor
from pipelines.intake import answer_matters, decisions, file_names, month_now, outcome, stored_files
from pipelines.intake.matter_remedies import TO_DO
from pipelines.intake.open_matters import KIND_NAMES, Matter
from pipelines.monthly import gate, month_decisions

# of more matters of one cause the rest is shown on demand
FIRST = 5
_QUOTED = re.compile(r"“([^”]{2,60})”")
# what is settled once for a county: code of the finding → how it may be read
HABITS: dict[str, dict[str, str]] = {
    "ticks_and_blanks": {"否": "空白就是“否”", "未填": "空白就是没有填"},
    **{code: {str(n): f"一律读作 {n} 月" for n in range(1, 13)} for code in ("month_unclear", "month_year_only")},
}


def cards(matters: list[Matter], names: dict[str, str], by: str | Actor, place: str) -> None:
    """Matters under their files. `names`: county code → name; `place` tells several lists of a page apart."""
    told = board_rows.said(matters)
    for seq, found in board_rows.by_file(matters).items():
        with st.container(border=True, key=f"{place}-file-{seq}"):
            _file(found[0], names, by)
            for cause, group in board_rows.by_cause(found):
                _group(f"{place}-{seq}-{cause}-{board_rows.step(group[0])}", group, told, by)


def _group(key: str, group: list[Matter], told: dict[str, list[dict]], by: str | Actor) -> None:
    """Matters of one cause: their number, the first ones, the rest on demand."""
    if len(group) > 1:
        st.markdown(f"{_kind(group[0], '').rstrip('：')} {len(group)} 件")
    for matter in group if st.session_state.get(f"all-{key}") else group[:FIRST]:
        _matter(matter, told.get(matter["id"], []), by, headed=len(group) > 1)
    more = len(group) - FIRST if not st.session_state.get(f"all-{key}") else 0
    if more > 0 and st.button(f"显示其余 {more} 件同类的", key=f"more-{key}", type="tertiary"):
        st.session_state[f"all-{key}"] = True
        st.rerun()


def _file(matter: Matter, names: dict[str, str], by: str | Actor) -> None:
    """The file's line: whose, when, its receipt, its original, its withdrawal."""
    county = names.get(matter["county"] or "", "看不出县（市、区）")
    month = months.label(months.parse(matter["month"])) if matter["month"] else "月份不明"
    with st.container(horizontal=True, vertical_alignment="center"):
        when = screen_wording.day(matter["since"])
        st.markdown(
            f"**{escape.markdown(county)} {month}** {escape.markdown(matter['file'])} "
            f":gray[第 {matter['seq']} 号 · {when}]"
        )
        files(matter["seq"], matter["county"], matter["file"])
        if signin.may("submit", matter["county"]):
            withdrawal(matter["seq"], by)


def files(seq: int, county: str | None, file: str) -> None:
    """Receipt and original of a submission, made at the click."""
    if not signin.may("units", county):
        return
    made = {
        "回执": (stored_files.receipt, f"回执-{seq}.xlsx"),
        "原件": (stored_files.original, file_names.last_part(file)),
    }
    for label, (make, name) in made.items():
        st.download_button(
            label, _made(make, seq), file_name=name, key=f"{label}-{seq}", on_click="ignore", type="tertiary"
        )


def _made(make: Callable, seq: int) -> Callable[[], bytes]:
    place = settings.load()
    return lambda: make(seq, place)[0]


def withdrawal(seq: int, by: str | Actor) -> None:
    """Take back a submission or a decision; a withdrawal is taken back in the list of decisions."""
    clerk.with_reason(
        "撤回",
        f"withdraw-{seq}",
        lambda why: month_decisions.withdraw(seq, why, settings.load(), clerk.named(by)),
        lambda: f"第 {seq} 号已撤回。下次计算后进入各页的数字。{_empty()}",
    )


def _empty() -> str:
    """Where the current edition's month has no report any more."""
    empty = gate.current_without_reports(settings.load())
    return f"当前版 {empty} 所在的月份已没有有效报表：请在该月的“发布”里收回。" if empty else ""


def _matter(matter: Matter, told: list[dict], by: str | Actor, headed: bool = False) -> None:
    """One matter: what, what was said, and its first action; the others open below it. `headed`: its kind stands above it."""
    key = matter["id"]
    with st.container(horizontal=True, vertical_alignment="center", key=f"matter-{key}"):
        with st.container(width="stretch"):
            said = _about(matter) + screen_wording.without_sheet(matter["message"])
            st.markdown(escape.markdown(said) if headed else f"{_kind(matter, said)} {escape.markdown(said)}")
            for row in told:
                who = "县里说明" if row["kind"] == "explain" else "市里追问"
                st.caption(escape.markdown(f"{who}（{row['by']}，{screen_wording.day(row['at'])}）：{row['text']}"))
        if _accepts(matter) and st.button("采纳", key=f"accept-{key}", type="primary"):
            clerk.decided(
                lambda: answer_matters.accept(key, settings.load(), clerk.named(by)),
                "已采纳。下次计算后进入各页的数字。",
            )
        if st.button("收起" if st.session_state.get("open_matter") == key else "处理", key=f"settle-{key}"):
            st.session_state["open_matter"] = None if st.session_state.get("open_matter") == key else key
            st.rerun()
    if st.session_state.get("open_matter") == key:
        _settle(matter, by)


def _about(matter: Matter) -> str:
    """The unit that a matter is about: `柏乡镇 前三里村委会，`."""
    unit = matter.get("unit")
    name = board_rows.unit_names(matter["month"], matter["county"]).get(unit) if unit else None
    return f"{name}，" if name else ""


def _kind(matter: Matter, said: str) -> str:
    """A word with a colour, and the finding's name where its message does not begin with it."""
    colour = {"returned": "red", "explained": "blue", "questions": "orange"}[board_rows.step(matter)]
    word = "县里已说明" if matter["state"] == "explained" else KIND_NAMES[matter["kind"]]
    names = outcome.kind_names(settings.load().reference)
    what = names.get(board_rows.code(matter), "")
    return f":{colour}[**{word}**]" + (f" {escape.markdown(what)}：" if what and what not in said else "")


def _accepts(matter: Matter) -> bool:
    return signin.may("waive") and (matter["state"] == "explained" or matter["kind"] == "month_question")


# ---- what may be done

ACTIONS = {
    "explain": "说明情况", "resolve": "认定是哪个单位", "admit": "增设为新单位", "habit": "一次认定这种写法", "ask": "追问", "waive": "豁免",
    "return": "退回给县里", "reopen": "重开该月", "dismiss": "不予处理",
}  # fmt: skip


def actions(matter: Matter) -> list[str]:
    """What the person may do about a matter, the likeliest first."""
    kind, found = matter["kind"], []
    if kind == "warning" and signin.may("submit", matter["county"]):
        found.append("explain")
    if not signin.may("waive"):
        return found
    if kind == "unknown_unit":
        found += ["resolve", "admit"] if matter["month"] and matter["county"] else []
    if kind == "roster_remark":
        found.append("admit")
    if board_rows.code(matter) in HABITS:
        found.insert(0, "habit")
    if kind in ("warning", "month_question"):
        found.append("ask")
    if kind == "warning":
        found.append("waive")
    if kind == "waiting_report" and month_now.of(settings.load(), months.parse(matter["month"] or "")).approved:
        found.append("reopen")
    if matter["county"]:
        found.append("return")
    if kind == "held_row":
        # last: what could not be read cannot be waived
        found.append("waive")
    return [*found, "dismiss"]


def _settle(matter: Matter, by: str | Actor) -> None:
    """The form of one matter: what to do, the sentence or choice that it needs."""
    known = actions(matter)
    with st.container(border=True, key="settling"):
        st.caption(TO_DO[matter["kind"]])
        if not known:
            return
        action = st.segmented_control(
            "怎么办",
            known,
            default=known[0],
            format_func=ACTIONS.__getitem__,
            required=True,
            key=f"action-{matter['id']}",
        )
        _FORMS[str(action)](matter, by)


def _sentence(matter: Matter, by: str | Actor, what: str, button: str, action: Callable[[str], object], said: str):
    text = st.text_area(what, max_chars=500, height=80, key=f"text-{matter['id']}")
    if st.button(button, key=f"do-{matter['id']}", type="primary"):
        clerk.decided(lambda: action(text), said)


def _explain(matter: Matter, by: str | Actor) -> None:
    _sentence(
        matter, by, "情况说明", "提交说明",
        lambda text: answer_matters.explain(matter["id"], text, settings.load(), clerk.named(by)), "已记下情况说明，待市里采纳。",
    )  # fmt: skip


def _ask(matter: Matter, by: str | Actor) -> None:
    _sentence(
        matter, by, "问什么", "追问",
        lambda text: answer_matters.ask(matter["id"], text, settings.load(), clerk.named(by)), "已追问，县里在报送页和回执里看到。",
    )  # fmt: skip


def _dismiss(matter: Matter, by: str | Actor) -> None:
    _sentence(
        matter, by, "理由", "不予处理",
        lambda why: answer_matters.dismiss(matter["id"], why, settings.load(), clerk.named(by)), "已注明不予处理；再来时重新打开。",
    )  # fmt: skip


def _waive(matter: Matter, by: str | Actor) -> None:
    month = months.parse(matter["month"] or "")
    later = [months.add(month, count) for count in range(13)]
    until = st.selectbox("有效至", later, 3, format_func=months.label, width=200, key=f"until-{matter['id']}")
    _sentence(
        matter, by, "理由（随数字一起公布）", "豁免",
        lambda why: decisions.waive(matter["id"], why, until, settings.load(), clerk.named(by)),
        "已豁免。下次计算后进入各页的数字。",
    )  # fmt: skip


def _resolve(matter: Matter, by: str | Actor) -> None:
    units = board_rows.candidates(matter, months.parse(matter["month"] or ""))
    unit = st.selectbox(
        "是名册中的哪个单位（名称相近的在前，可输入名称查找）",
        list(units),
        format_func=units.__getitem__,
        key=f"unit-{matter['id']}",
    )
    if st.button("认定", key=f"do-{matter['id']}", type="primary"):
        clerk.decided(
            lambda: decisions.resolve(matter["id"], unit, settings.load(), clerk.named(by)),
            f"已认定为{units[unit]}，以后照此办理。",
        )


def _habit(matter: Matter, by: str | Actor) -> None:
    ways = HABITS[board_rows.code(matter)]
    value = st.radio(
        "本县的这种写法", list(ways), format_func=ways.__getitem__, horizontal=True, key=f"as-{matter['id']}"
    )
    if st.button("认定，以后照此办理", key=f"do-{matter['id']}", type="primary"):
        clerk.decided(
            lambda: decisions.resolve(matter["id"], None, settings.load(), clerk.named(by), value),
            f"已认定：{ways[value]}。以后照此办理。",
        )


def _admit(matter: Matter, by: str | Actor) -> None:
    named = _QUOTED.search(screen_wording.without_place(matter["message"]))
    month_steps.admit(
        months.parse(matter["month"] or ""),
        matter["county"] or "",
        by,
        f"admit-{matter['id']}",
        named[1] if named else "",
    )


def _return(matter: Matter, by: str | Actor) -> None:
    month = months.parse(matter["month"]) if matter["month"] else None
    if month and matter["county"]:
        month_steps.send_back(month, matter["county"], matter["seq"], by, f"back-{matter['id']}")


def _reopen(matter: Matter, by: str | Actor) -> None:
    month_steps.reopen(months.parse(matter["month"] or ""), by)


_FORMS: dict[str, Callable[[Matter, str | Actor], None]] = {
    "explain": _explain, "ask": _ask, "dismiss": _dismiss, "waive": _waive, "resolve": _resolve, "habit": _habit, "admit": _admit,
    "return": _return, "reopen": _reopen,
}  # fmt: skip
