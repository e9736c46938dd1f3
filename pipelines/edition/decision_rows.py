"""Decisions as rows of the table `decision`, also for papers and pages that show the present ones."""

from collections.abc import Iterable
from datetime import date
from typing import Any, TypedDict

from pipelines import months
from pipelines.archive.finding_state import Answered
from pipelines.archive.month_state import Life
from pipelines.archive.store import Event

STATES_OF_EXPLANATIONS = {"explained": "待采纳", "settled": "已采纳", "open": "市里追问", "dismissed": "不予处理"}
# columns of the table `explanation`, all of them texts
EXPLANATION = ("finding", "text", "by", "at", "state", "question", "settled_by", "settled_at")


def decision_rows(events: Iterable[Event]) -> list[dict[str, Any]]:
    """The table `decision`: one row a decision, in the order of the ledger. Of `extend`, `until` is null where the county is excused."""
    kinds = ("approve", "reopen", "waive", "resolve", "extend")
    return [_decision(event) for event in events if event.kind in kinds]


def _decision(event: Event) -> dict[str, Any]:
    fields = {key: event.body.get(key) for key in ("month", "finding", "why", "until", "county", "unit")}
    return {"seq": event.seq, "at": event.at, "kind": event.kind, "by": event.by, **fields}


class Note(TypedDict):
    """A note of a person on a month (`indicator` null) or on an indicator in it: an instruction (批示), an event."""

    seq: int
    text: str
    by: str
    at: str
    indicator: str | None


def note_rows(events: Iterable[Event], life: Life, month: date) -> list[Note]:
    """The notes on a month that were not withdrawn, the oldest first."""
    return [
        Note(seq=event.seq, text=event.body["text"], by=event.by, at=event.at, indicator=event.body.get("indicator"))
        for event in events
        if event.kind == "annotate" and event.seq not in life.withdrawn and event.body["month"] == months.key(month)
    ]


def explanation_rows(life: Life) -> list[dict[str, Any]]:
    """The table `explanation`: one row a finding that a county explained. `state`: explained, settled, open (asked again: `question`), dismissed."""
    answers = {finding: life.answer_to(finding) for finding in sorted({*life.answered, *life.continues})}
    return [row for finding, answered in answers.items() if answered and (row := _explained(finding, answered))]


def _explained(finding: str, answered: Answered) -> dict[str, Any] | None:
    said, last = answered.explanation, answered.events[-1]
    if said is None:
        return None
    by_city = last if last.kind in ("accept", "ask", "dismiss") else None
    settled = (by_city.by, by_city.at) if by_city else (None, None)
    columns = (finding, said.body["text"], said.by, said.at, answered.state, answered.question, *settled)
    return dict(zip(EXPLANATION, columns, strict=True))
