"""Notes on the time axis: instructions and events that people recorded, and the changes of the divisions. Each note is a decision."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import streamlit as st

from dashboards import signin
from dashboards.components import clerk, common_parts, month_papers
from dashboards.components.common_parts import Said
from dashboards.components.header import View
from dashboards.queries import city, submission_rows
from dashboards.text import escape, screen_wording
from pipelines import settings
from pipelines.access.roles import Actor
from pipelines.intake import decisions, month_now
from pipelines.intake.month_now import Note


class Event(NamedTuple):
    """Something that happened in a month, for the axis; `note` is what a person recorded, None for a change of the divisions."""

    month: date
    text: str
    note: Note | None = None


def events(view: View, indicator: str) -> list[Event]:
    """What happened in the release's months, the earliest first: changes of the divisions, notes on the month or on this indicator."""
    known = [Event(change["month"], change["text"]) for change in city.changes(view.release)]
    known += [
        Event(note.month, note.text, note) for note in submission_rows.notes() if note.indicator in (None, indicator)
    ]
    return sorted((event for event in known if event.month <= view.release.month), key=lambda event: event.month)


def listed(known: Sequence[Event]) -> list[Said]:
    """The events in words, numbered as on the axis; a note with who and when."""
    return [Said(_line(number, event), quiet=True) for number, event in enumerate(known, 1)]


def _line(number: int, event: Event) -> str:
    who = f"（{event.note.by}，{screen_wording.day(event.note.at)}）" if event.note else ""
    return f"{number}　{common_parts.month_text(event.month)}　{event.text}{who}"


def may_keep() -> bool:
    """Whether the person may record a note or withdraw one."""
    return signin.may("annotate") or signin.may("reopen")


def kept(view: View, indicator: str, known: Sequence[Event]) -> None:
    """A form for a note on the month shown, the notes that may be withdrawn, and the papers that do not say them yet."""
    clerk.show_done()
    by = clerk.person()
    if signin.may("annotate"):
        _record(view, indicator, by)
    if signin.may("reopen"):
        with st.container(key="notes"):
            for number, event in enumerate(known, 1):
                if event.note:
                    text, button = st.columns([6, 1], vertical_alignment="center")
                    text.caption(escape.markdown(_line(number, event)))
                    with button:
                        _withdrawal(event.note, by)
    now = month_now.of(settings.load(), view.month)
    newest = now.working or now.released
    if newest and signin.may("publish"):
        month_papers.behind(newest, by)


def _record(view: View, indicator: str, by: str | Actor) -> None:
    st.markdown(f"给{common_parts.month_text(view.month)}记一条批注")
    text = st.text_input("批注（批示、事件）", max_chars=200, key="annotation")
    alone = st.checkbox("只记在这项指标上", value=True, key="annotation-alone")
    if st.button("记入档案", key="annotate"):
        about = indicator if alone else None
        clerk.decided(
            lambda: decisions.annotate(view.month, text, settings.load(), clerk.named(by), about),
            "批注已记入档案。",
            stays_on_month=True,
        )


def _withdrawal(note: Note, by: str | Actor) -> None:
    clerk.with_reason(
        "撤回",
        f"withdraw-{note.seq}",
        lambda why: decisions.withdraw(note.seq, why, settings.load(), clerk.named(by)),
        "批注已撤回。",
        stays_on_month=True,
    )
