"""The person at the desk, and what a decision looks like: made, said, its opposite beside it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import streamlit as st

from dashboards import signin
from dashboards.text import escape
from pipelines import settings
from pipelines.access import roles
from pipelines.access.roles import Actor
from pipelines.errors import Refusal
from pipelines.intake import answer_matters, signature


def person() -> str | Actor:
    """Who works here: the person signed in; on the local machine the name that is typed once a session."""
    actor = signin.actor()
    if actor.role != roles.LOCAL:
        st.caption(f"经办人：{escape.markdown(actor.name)}（{actor.role}）")
        return actor
    typed = st.text_input(
        "经办人",
        st.session_state.get("clerk", ""),
        placeholder="本人姓名，填一次即可",
        max_chars=40,
        width=240,
        key="by",
    )
    st.session_state["clerk"] = typed.strip()
    return typed.strip()


def named(by: str | Actor) -> str | Actor:
    """Errors: `Refusal` where nobody is named."""
    if not by:
        raise Refusal("请先填写经办人")
    return by


def name(by: str | Actor, action: str) -> str:
    """The name under which another process works, once the person's right is checked."""
    return signature.person(roles.require(named(by), action, settings.load()))


def show_done() -> None:
    """What was decided before the page was drawn anew."""
    if done := st.session_state.pop("decided", None):
        st.success(escape.markdown(done))
    if left := st.session_state.pop("not decided", None):
        st.warning(escape.markdown(left))


def decided(action: Callable[[], object], said: str | Callable[[], str], stays_on_month: bool = False) -> None:
    """A decision made, shown after the page was drawn anew; or why it was refused. `stays_on_month`: it makes no other edition current."""
    try:
        with st.spinner("正在记入档案…"):
            action()
    except Refusal as refused:
        st.error(escape.markdown(refused))
    else:
        _anew(said if isinstance(said, str) else said(), stays_on_month)


def decided_each(about: Mapping[str, str], decide: Callable[[str], Any], said: str) -> None:
    """One decision about several matters (id → what it is about), of which those that are refused are named with the reason."""

    def all_of_them() -> None:
        shown = st.empty()
        outcome = answer_matters.of_each(_counted(list(about), shown), decide)
        if not outcome.events:
            raise Refusal("；".join(dict.fromkeys(outcome.refused.values())))
        if outcome.refused:
            refused = "；".join(f"{about[matter]}（{why}）" for matter, why in outcome.refused.items())
            st.session_state["not decided"] = f"另有 {len(outcome.refused)} 件没有办成：{refused}。"
        done.append(f"{len(outcome.events)} 件" if len(about) > 1 else "")

    done: list[str] = []
    decided(all_of_them, lambda: done[0] + said)


def _counted(ids: list[str], shown: Any) -> Iterator[str]:
    """Yield the ids, showing the progress where there are several."""
    for number, matter in enumerate(ids, 1):
        if len(ids) > 1:
            shown.caption(f"第 {number}/{len(ids)} 件")
        yield matter


def works(
    label: str, key: str, work: Callable[[], Iterator[str]], said: str, stays_on_month: bool = False, **look: Any
) -> None:
    """A button that starts heavy work of another process; pressed again before that is done it starts nothing. `look`: of `st.button`."""
    if not st.button(label, key=key, **look):
        return
    place = st.empty()
    try:
        _follow(work, said, place)
    except Refusal as refused:
        place.error(escape.markdown(refused))
    else:
        _anew(said, stays_on_month)


def _follow(work: Callable[[], Iterator[str]], said: str, place: Any) -> None:
    """The work's progress in sight until it is done; other sessions and readers go on meanwhile. A second press ends the drawing of
    the page, and follows the work that the first one began."""
    going = st.session_state.setdefault("going", {})
    with place.status("正在准备…") as shown:
        line = next(going[said], None) if said in going else None
        if line is None:
            going[said] = work()
            line = next(going[said], None)
        while line is not None:
            shown.update(label=f"{line}。可以离开本页，任务会继续。")
            line = next(going[said], None)


def _anew(said: str, stays_on_month: bool) -> None:
    st.session_state["decided"] = said
    st.session_state.pop("open_matter", None)
    if not stays_on_month:
        # the edition shown may be another one now, which need not have the month that the address names
        st.query_params.pop("month", None)
        st.session_state.pop("chosen-month", None)
    st.rerun()


def with_reason(
    label: str, key: str, action: Callable[[str], object], said: str | Callable[[], str], stays_on_month: bool = False
) -> None:
    """A decision that needs nothing but a reason."""
    with st.popover(label, key=f"{key}-pop"):
        why = st.text_input("理由", max_chars=200, key=f"{key}-why")
        if st.button(f"确认{label}", key=key):
            decided(lambda: action(why), said, stays_on_month)


def works_with_reason(label: str, key: str, work: Callable[[str], Iterator[str]], said: str) -> None:
    """The same of one that another process makes."""
    with st.popover(label, key=f"{key}-pop"):
        why = st.text_input("理由", max_chars=200, key=f"{key}-why")
        works(f"确认{label}", key, lambda: work(why), said)
