"""What is in force: the archive's events folded into the state of every month.

A month is open, approved (locked) or reopened. A submission for a locked month waits until the month is reopened. Of the
submissions in force the latest of a county and month supersedes the earlier ones. A fold over events in the order of the
ledger: the same events give the same state, whenever it is computed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from pipelines import months
from pipelines.archive.edition_gate import Editions
from pipelines.archive.store import Archive, Event
from pipelines.errors import Refusal


class Received(NamedTuple):
    """What reading a submission told of it: all that the fold needs to know. `county` and `month` are null when refused."""

    seq: int
    county: str | None
    month: date | None
    refused: bool


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
class MonthState:
    """One month. `approved` is the event that locks it; null while open."""

    month: date
    approved: Event | None = None
    history: list[Event] = field(default_factory=list)
    effective: dict[str, int] = field(default_factory=dict)
    waiting: list[Received] = field(default_factory=list)

    @property
    def state(self) -> str:
        if self.approved:
            return "approved"
        return "reopened" if self.history else "open"


@dataclass
class Life:
    """Everything in force after the last event folded."""

    months: dict[date, MonthState] = field(default_factory=dict)
    waivers: list[Waiver] = field(default_factory=list)
    resolutions: dict[str, dict[str, str]] = field(default_factory=dict)
    releases: list[Event] = field(default_factory=list)
    editions: Editions = field(default_factory=Editions)
    withdrawn: dict[int, Event] = field(default_factory=dict)
    extensions: dict[tuple[date, str], Event] = field(default_factory=dict)
    status: dict[int, str] = field(default_factory=dict)

    def month(self, month: date) -> MonthState:
        return self.months.setdefault(month, MonthState(month))

    def effective(self, month: date) -> dict[str, int]:
        """County code → seq of the submission in force, in the month."""
        return self.months[month].effective if month in self.months else {}

    @property
    def reported(self) -> list[date]:
        """Months with at least one submission in force, in order."""
        return sorted(month for month, state in self.months.items() if state.effective)

    def waived(self, month: date) -> dict[str, Waiver]:
        """Waivers in force in a month, by finding id. A waiver holds to the end of its month `until`."""
        return {waiver.finding: waiver for waiver in self.waivers if month <= waiver.until}


def fold(decisions: Iterable[Event], received: Iterable[Received]) -> Life:
    """The state after all `decisions` (events that are no submissions) and all submissions `received`, both in the order of the ledger.

    Errors: `Refusal` for an event of a kind that this program does not know: to pass it over could change a figure.
    """
    life, rest = Life(), iter(received)
    reading = next(rest, None)
    for event in decisions:
        check_known(event)
        while reading and reading.seq < event.seq:
            _submission(life, reading)
            reading = next(rest, None)
        _HANDLERS[event.kind](life, event)
    while reading:
        _submission(life, reading)
        reading = next(rest, None)
    return life


def editions(archive: Archive) -> Editions:
    """The editions as the ledger has them now. Reads no submission and needs no warehouse."""
    return fold(archive.decisions(), []).editions


def check_known(event: Event) -> None:
    """Errors: `Refusal` when a newer program has written the event."""
    if event.kind not in _HANDLERS and event.kind != "submission":
        raise Refusal(
            f"台账第 {event.seq} 号事件(“{event.kind}”)由更新版本的程序写成,本程序不认识,未作任何改动;请改用更新版本的程序"
        )


def _submission(life: Life, reading: Received) -> None:
    if reading.refused or reading.month is None or reading.county is None:
        life.status[reading.seq] = "refused"
        return
    state = life.month(reading.month)
    if state.approved:
        state.waiting.append(reading)
        life.status[reading.seq] = "waiting"
    else:
        _take(life, state, reading)


def _take(life: Life, state: MonthState, reading: Received) -> None:
    earlier = state.effective.get(reading.county)
    if earlier is not None:
        life.status[earlier] = "superseded"
    state.effective[reading.county] = reading.seq
    life.status[reading.seq] = "effective"


def _approve(life: Life, event: Event) -> None:
    state = life.month(months.parse(event.body["month"]))
    state.approved = event
    state.history.append(event)


def _reopen(life: Life, event: Event) -> None:
    state = life.month(months.parse(event.body["month"]))
    state.approved = None
    state.history.append(event)
    for reading in state.waiting:
        _take(life, state, reading)
    state.waiting.clear()


def _waive(life: Life, event: Event) -> None:
    body = event.body
    life.waivers.append(
        Waiver(event.seq, body["finding"], body["why"], months.parse(body["until"]), event.by, event.at)
    )


def _resolve(life: Life, event: Event) -> None:
    life.resolutions.setdefault(event.body["county"], {})[event.body["key"]] = event.body["unit"]


def _release(life: Life, event: Event) -> None:
    life.releases.append(event)
    life.editions.fold(event)


def _gate_or_retract(life: Life, event: Event) -> None:
    life.editions.fold(event)


def _extend(life: Life, event: Event) -> None:
    life.extensions[months.parse(event.body["month"]), event.body["county"]] = event


def _too_costly(life: Life, event: Event) -> None:
    """Decided when the submission was first read (`pipelines.answers.read_failure`): its reading says that it is refused."""


_HANDLERS: dict[str, Callable[[Life, Event], None]] = {
    "approve": _approve,
    "reopen": _reopen,
    "waive": _waive,
    "resolve": _resolve,
    "release": _release,
    "gate": _gate_or_retract,
    "retract": _gate_or_retract,
    "too_costly": _too_costly,
    "extend": _extend,
}
