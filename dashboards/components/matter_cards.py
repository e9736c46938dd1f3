"""Open matters by the file that they are about: what is wrong, what was said to it, its receipt, and what may be done."""

import re
from collections.abc import Callable
from typing import NamedTuple

import streamlit as st

from dashboards import signin
from dashboards.components import clerk, month_steps
from dashboards.queries import board_rows
from dashboards.text import escape, screen_wording
from pipelines import months, settings
from pipelines.access.roles import Actor
from pipelines.intake import answer_matters, decisions, file_names, month_now, outcome, stored_files
from pipelines.intake.matter_remedies import TO_DO
from pipelines.intake.month_now import Decision
from pipelines.intake.open_matters import KIND_NAMES, Matter
from pipelines.monthly import gate, month_decisions
from pipelines.settings import Settings

# matters of one cause that are shown at once; the rest is shown on demand
FIRST = 5
_QUOTED = re.compile(r"“([^”]{2,60})”")
# what is settled once for a county: code of the finding → how it may be read
HABITS: dict[str, dict[str, str]] = {
    "ticks_and_blanks": {"否": "空白就是“否”", "未填": "空白就是没有填"},
    "flag_word_unclear": {"是": "一律读作“是”", "否": "一律读作“否”"},
    "month_unclear": {str(n): f"一律读作 {n} 月" for n in (1, 10)},
    "month_year_only": {str(n): f"一律读作 {n} 月" for n in range(1, 13)},
}


def cards(matters: list[Matter], names: dict[str, str], by: str | Actor, place: str) -> None:
    """Matters under their files. `names`: county code → name; `place` tells several lists of a page apart."""
    answers = board_rows.said(matters)
    files_of = list(board_rows.by_file(matters).items())
    is_whole = st.session_state.get(f"whole-{place}")
    for seq, of_file in files_of if is_whole else files_of[:_FILES]:
        with st.container(border=True, key=f"{place}-file-{seq}"):
            _file(of_file[0], names, by)
            _send_back_whole(of_file, f"file-{place}-{seq}", by)
            for cause, group in board_rows.by_cause(of_file):
                _group(f"{place}-{seq}-{cause}-{board_rows.step(group[0])}", group, answers, by)
    more = 0 if is_whole else len(files_of) - _FILES
    if more > 0 and st.button(f"显示其余 {more} 份文件的", key=f"whole-of-{place}", type="tertiary"):
        st.session_state[f"whole-{place}"] = True
        st.rerun()


# files whose matters are drawn at once: each has half a dozen buttons
_FILES = 20


def _group(key: str, group: list[Matter], answers: dict[str, list[Decision]], by: str | Actor) -> None:
    """Matters of one cause: their number and what may be done about all of them, the first ones, the rest on demand."""
    if len(group) > 1:
        with st.container(horizontal=True, vertical_alignment="center", key=f"all-of-{key}"):
            st.markdown(f"{_kind(group[0], '').rstrip('：')} {len(group)} 件", width="stretch")
            _accept([matter for matter in group if _accepts(matter)], f"all-{key}", by)
            _opener(f"all-{key}", f"一并处理 {len(group)} 件")
        if st.session_state.get("open_matter") == f"all-{key}":
            _settle(group, f"all-{key}", by)
    for matter in group if st.session_state.get(f"rest-{key}") else group[:FIRST]:
        _matter(matter, answers.get(matter["id"], []), by, headed=len(group) > 1)
    more = len(group) - FIRST if not st.session_state.get(f"rest-{key}") else 0
    if more > 0 and st.button(f"显示其余 {more} 件同类的", key=f"more-{key}", type="tertiary"):
        st.session_state[f"rest-{key}"] = True
        st.rerun()


def _opener(key: str, label: str) -> None:
    """The button that opens a matter's actions; one is open at a time."""
    opened = st.session_state.get("open_matter") == key
    if st.button("收起" if opened else label, key=f"settle-{key}"):
        st.session_state["open_matter"] = None if opened else key
        st.rerun()


def _accept(group: list[Matter], key: str, by: str | Actor) -> None:
    """The button that accepts the county's explanation."""
    if group and st.button(f"采纳 {len(group)} 件" if len(group) > 1 else "采纳", key=f"accept-{key}", type="primary"):
        _decide(
            group, lambda matter_id: answer_matters.accept(matter_id, settings.load(), clerk.named(by)),
            "已采纳，各页当即写明；已出的报告在“6 发布”里更新。",
        )  # fmt: skip


def _decide(group: list[Matter], decide: Callable[[str], object], said: str) -> None:
    clerk.decided_each({matter["id"]: _called(matter) for matter in group}, decide, said)


def _called(matter: Matter) -> str:
    """What a matter is about, where several are spoken of: its unit, else its message."""
    return _about(matter).rstrip("，") or screen_wording.without_place(matter["message"])[:40]


def _file(matter: Matter, names: dict[str, str], by: str | Actor) -> None:
    """The file's line: whose, when, its receipt, its original, its withdrawal."""
    if matter["month"]:
        county = names.get(matter["county"] or "", "看不出县（市、区）")
        whose = f"{county} {months.label(months.parse(matter['month']))}"
    else:
        # no county is looked for where the month is not settled
        whose = names.get(matter["county"] or "", "看不出县（市、区）或月份")
    with st.container(horizontal=True, vertical_alignment="center"):
        when = screen_wording.day(matter["since"])
        st.markdown(
            f"**{escape.markdown(whose)}** {escape.markdown(matter['file'])} :gray[第 {matter['seq']} 号 · {when}]"
        )
        files(matter["seq"], matter["county"], matter["file"])
        if signin.may("submit", matter["county"]):
            withdrawal(matter["seq"], by)


def _send_back_whole(of_file: list[Matter], key: str, by: str | Actor) -> None:
    """The button that sends all matters of a file back at once, where they have several causes."""
    returnable = [matter for matter in of_file if "return" in actions(matter)]
    if len(board_rows.by_cause(returnable)) > 1:
        _opener(key, f"整份退回（{len(returnable)} 件）")
        if st.session_state.get("open_matter") == key:
            with st.container(border=True, key="settling"):
                _return(returnable, key, by)


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


def _made(make: Callable[[int, Settings], tuple[bytes, str]], seq: int) -> Callable[[], bytes]:
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
    """A sentence where the current edition's month has no report any more, else empty."""
    empty = gate.current_without_reports(settings.load())
    return f"当前版 {empty} 所在的月份已没有有效报表：请在该月的“发布”里收回。" if empty else ""


def _matter(matter: Matter, answers: list[Decision], by: str | Actor, headed: bool = False) -> None:
    """One matter: what, what was said, and its first action; the others open below it. `headed`: its kind stands above it."""
    key = matter["id"]
    with st.container(horizontal=True, vertical_alignment="center", key=f"matter-{key}"):
        with st.container(width="stretch"):
            said = _about(matter) + screen_wording.without_sheet(matter["message"])
            st.markdown(escape.markdown(said) if headed else f"{_kind(matter, said)} {escape.markdown(said)}")
            for row in answers:
                asked = "追问" if matter["kind"] in answer_matters.ANSWERED else "退回"
                who = "县里说明" if row["kind"] == "explain" else f"市里{asked}"
                st.caption(escape.markdown(f"{who}（{row['by']}，{screen_wording.day(row['at'])}）：{row['text']}"))
        if _accepts(matter):
            _accept([matter], key, by)
        _opener(key, "处理")
    if st.session_state.get("open_matter") == key:
        _settle([matter], key, by)


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
    kind, possible = matter["kind"], []
    if kind == "warning" and signin.may("submit", matter["county"]):
        possible.append("explain")
    if not signin.may("waive"):
        return possible
    if kind == "unknown_unit":
        possible += ["resolve", "admit"] if matter["month"] and matter["county"] else []
    if kind == "roster_remark":
        possible.append("admit")
    if board_rows.code(matter) in HABITS:
        possible.insert(0, "habit")
    if kind in ("warning", "month_question"):
        possible.append("ask")
    if kind == "warning":
        possible.append("waive")
    if kind == "waiting_report" and month_now.of(settings.load(), months.parse(matter["month"] or "")).approved:
        possible.append("reopen")
    if matter["county"]:
        possible.append("return")
    if kind == "held_row" and outcome.is_rule(board_rows.code(matter), settings.load().reference):
        # a broken rule: what could not be read cannot be waived
        possible.append("waive")
    return [*possible, "dismiss"]


# what is one decision for one matter only
_SINGLE = ("resolve", "admit", "habit", "reopen")
HABIT = "由市里为本县一次认定，以后的报表照此读；或由县里改正后重报。"


def _settle(group: list[Matter], key: str, by: str | Actor) -> None:
    """The form of one matter or of several of one cause: what to do, the sentence or choice that it needs."""
    known = [action for action in actions(group[0]) if len(group) == 1 or action not in _SINGLE]
    with st.container(border=True, key="settling"):
        st.caption(HABIT if known[:1] == ["habit"] else TO_DO[group[0]["kind"]])
        if not known:
            return
        action = st.segmented_control(
            "怎么办", known, default=known[0], format_func=ACTIONS.__getitem__, required=True, key=f"action-{key}"
        )
        if action in _SENTENCES:
            _sentence(group, key, by, _SENTENCES[str(action)])
        elif action == "waive":
            _waive(group, key, by)
        elif action == "return":
            _return(group, key, by)
        else:
            _OF_ONE[str(action)](group[0], by)


class _Sentence(NamedTuple):
    """A decision that needs a sentence: the label of its field, its button, what makes it, what is said once it is made."""

    what: str
    button: str
    decide: Callable[[str, str, Settings, str | Actor], object]
    said: str


_SENTENCES = {
    "explain": _Sentence("情况说明", "提交说明", answer_matters.explain, "已记下情况说明，待市里采纳。"),
    "ask": _Sentence("问什么", "追问", answer_matters.ask, "已追问，县里在报送页和回执里看到。"),
    "dismiss": _Sentence("理由", "不予处理", answer_matters.dismiss, "已注明不予处理；再来时重新打开。"),
}


def _sentence(group: list[Matter], key: str, by: str | Actor, sentence: _Sentence) -> None:
    text = st.text_area(sentence.what, max_chars=500, height=80, key=f"text-{key}")
    if st.button(sentence.button, key=f"do-{key}", type="primary"):
        _decide(group, lambda matter: sentence.decide(matter, text, settings.load(), clerk.named(by)), sentence.said)


def _waive(group: list[Matter], key: str, by: str | Actor) -> None:
    month = months.parse(group[0]["month"] or "")
    later = [months.add(month, count) for count in range(13)]
    until = st.selectbox("有效至", later, 3, format_func=months.label, width=200, key=f"until-{key}")

    def waive(matter: str, why: str, place: Settings, by: str | Actor) -> object:
        return decisions.waive(matter, why, until, place, by)

    _sentence(group, key, by, _Sentence("理由（随数字一起发布）", "豁免", waive, "已豁免。下次计算后进入各页的数字。"))


def _return(group: list[Matter], key: str, by: str | Actor) -> None:
    matter = group[0]
    month = months.parse(matter["month"]) if matter["month"] else None
    if month and matter["county"]:
        said = "\n".join(_about(each) + screen_wording.without_sheet(each["message"]) for each in group)
        month_steps.send_back(month, matter["county"], group, by, f"back-{key}", said)


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


def _reopen(matter: Matter, by: str | Actor) -> None:
    month_steps.reopen(months.parse(matter["month"] or ""), by)


_OF_ONE: dict[str, Callable[[Matter, str | Actor], None]] = {
    "resolve": _resolve, "habit": _habit, "admit": _admit, "reopen": _reopen,
}  # fmt: skip
