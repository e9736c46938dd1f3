"""What was decided about one finding: a waiver, and the answers of county and city."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from pipelines.archive.store import Event


@dataclass(frozen=True)
class Waiver:
    """A finding accepted by a person until a month's end, with the reason. `finding` is the finding's id."""

    seq: int
    finding: str
    why: str
    until: date
    by: str
    at: str


State = Literal["open", "explained", "settled", "dismissed"]


@dataclass
class Answered:
    """Answers of county and city to a finding or a matter. `events`: explanation, acceptance, question, dismissal, in order."""

    state: State = "open"
    events: list[Event] = field(default_factory=list)

    @property
    def explanation(self) -> Event | None:
        """The latest explanation."""
        return next((event for event in reversed(self.events) if event.kind == "explain"), None)

    @property
    def question(self) -> str | None:
        """The city's question, where it is the last answer."""
        last = self.events[-1] if self.events else None
        return last.body["text"] if last and last.kind == "ask" else None
