"""What was decided about a finding or an open matter: waivers, and what county and city said."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from pipelines.archive.store import Event

State = Literal["open", "explained", "settled", "dismissed"]


@dataclass(frozen=True)
class Waiver:
    """A finding accepted by a person until a month's end, with the reason. `finding` is the finding's id."""

    seq: int
    finding: str
    why: str
    until: date
    by: str
    at: str


@dataclass
class Answered:
    """What county and city said about a finding or a matter. `events`: explanation, acceptance, question, dismissal, in order."""

    state: State = "open"
    events: list[Event] = field(default_factory=list)

    @property
    def explanation(self) -> Event | None:
        """The latest explanation."""
        return next((event for event in reversed(self.events) if event.kind == "explain"), None)

    @property
    def question(self) -> str | None:
        """What the city asks, where that was said last."""
        last = self.events[-1] if self.events else None
        return last.body["text"] if last and last.kind == "ask" else None
