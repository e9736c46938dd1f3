"""What is in force: the archive's events folded into the state of every month (docs/design.md). A pure function of events, without a clock."""

from bisect import insort
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from pipelines import months
from pipelines.archive import released_editions, withdrawals
from pipelines.archive.finding_state import Answered, State, Waiver
from pipelines.archive.released_editions import Editions
from pipelines.archive.store import Archive, Event
from pipelines.errors import Refusal

# the month in which an accepted explanation ends: it holds until the value changes
NO_END = date(9999, 12, 1)
# what may be taken back, and what people call it
WITHDRAWABLE = {
    "submission": "报送", "approve": "审定", "reopen": "重开", "waive": "豁免", "resolve": "认定", "withdraw": "撤回",
    "explain": "情况说明", "accept": "采纳", "ask": "追问", "dismiss": "不予处理", "admit": "增设单位", "extend": "延期或免报",
    "gate": "发布", "retract": "收回", "annotate": "批注", "publicise": "公开", "reply": "督办答复",
}  # fmt: skip


class Received(NamedTuple):
    """A submission that was read, as far as the fold uses it. `county` and `month` are null when refused; `on` is the day of receipt."""

    seq: int
    county: str | None
    month: date | None
    refused: bool
    sha256: str = ""
    on: date | None = None


@dataclass
class MonthState:
    """One month. `approved` is the event that locks it; null while open.

    `effective`: county → submissions in force, oldest first. `waiting` for the reopening, `early` for the month's end, `questioned`
    for somebody who accepts a month before the policy's first; `admitted` are the counties for which that was accepted.
    """

    month: date
    approved: Event | None = None
    history: list[Event] = field(default_factory=list)
    effective: dict[str, list[int]] = field(default_factory=dict)
    waiting: list[Received] = field(default_factory=list)
    early: list[Received] = field(default_factory=list)
    questioned: list[Received] = field(default_factory=list)
    over: bool = False
    admitted: set[str] = field(default_factory=set)

    @property
    def state(self) -> str:
        if self.approved:
            return "approved"
        return "reopened" if self.history else "open"

    @property
    def sequence(self) -> list[int]:
        """Every submission in force, in the order of the ledger."""
        return sorted(seq for seqs in self.effective.values() for seq in seqs)

    @property
    def pending(self) -> list[Received]:
        """Submissions that wait, for whatever reason, in the order of the ledger."""
        return sorted([*self.waiting, *self.early, *self.questioned])


@dataclass
class Life:
    """Everything in force after the last event folded.

    `status` of a submission: effective, superseded, waiting, question, refused, withdrawn, or repeated (the same bytes as the
    submission in force, `repeats`), or spot (of a spot check: `spots`). `withdrawn`: number of an event → the withdrawal. `continues`:
    id of a finding → the one that was decided on while the unit or county had another code (`warehouse.continued_findings`).
    `mistaken`: month, and from which event to which its approval or its reopening was in force that was taken back.
    """

    months: dict[date, MonthState] = field(default_factory=dict)
    waivers: list[Waiver] = field(default_factory=list)
    resolutions: dict[str, dict[str, str]] = field(default_factory=dict)
    habits: dict[str, dict[str, str]] = field(default_factory=dict)
    releases: list[Event] = field(default_factory=list)
    editions: Editions = field(default_factory=Editions)
    status: dict[int, str] = field(default_factory=dict)
    repeats: dict[int, int] = field(default_factory=dict)
    withdrawn: dict[int, Event] = field(default_factory=dict)
    answered: dict[str, Answered] = field(default_factory=dict)
    extensions: dict[tuple[date, str], Event] = field(default_factory=dict)
    admissions: list[Event] = field(default_factory=list)
    first_month: date | None = None
    digests: dict[int, str] = field(default_factory=dict)
    spots: list[Event] = field(default_factory=list)
    continues: dict[str, str] = field(default_factory=dict)
    mistaken: list[tuple[str, Event, Event]] = field(default_factory=list)

    def month(self, month: date) -> MonthState:
        """The state of a month, created empty where there is none yet."""
        return self.months.setdefault(month, MonthState(month))

    def effective(self, month: date) -> dict[str, list[int]]:
        """County code → submissions in force in the month, oldest first."""
        return self.months[month].effective if month in self.months else {}

    def counted(self, month: date) -> dict[str, list[int]]:
        """The same without submissions of which later ones have replaced every row."""
        lists = {c: [s for s in seqs if self.status[s] != "superseded"] for c, seqs in self.effective(month).items()}
        return {county: seqs for county, seqs in lists.items() if seqs}

    @property
    def reading_decisions(self) -> dict[str, dict[str, str]]:
        """What a county's files are read by: its resolved units, and its habits under `<code of the finding>:<field>`."""
        counties = {*self.resolutions, *self.habits}
        return {county: {**self.resolutions.get(county, {}), **self.habits.get(county, {})} for county in counties}

    @property
    def reported(self) -> list[date]:
        """Months with at least one submission in force, in order."""
        return sorted(month for month, state in self.months.items() if state.effective)

    def waived(self, month: date) -> dict[str, Waiver]:
        """Waivers in force in a month, by finding id. A waiver holds to the end of its month `until`."""
        return {waiver.finding: waiver for waiver in self.all_waivers if month <= waiver.until}

    @property
    def all_waivers(self) -> list[Waiver]:
        """The waivers that go on under a later code of the unit or county, as of that code's findings, and those decided on themselves."""
        decided: dict[str, list[Waiver]] = {}
        for waiver in self.waivers:
            decided.setdefault(waiver.finding, []).append(waiver)
        gone_on = [
            replace(waiver, finding=later)
            for later, earlier in self.continues.items()
            for waiver in decided.get(earlier, ())
            if not self._asked_again(later, waiver)
        ]
        return [*gone_on, *self.waivers]

    def _asked_again(self, finding: str, waiver: Waiver) -> bool:
        """Whether the city asked again under the later code, which ends an accepted explanation."""
        events = self.answered[finding].events if finding in self.answered else []
        return waiver.until == NO_END and any(event.kind == "ask" and event.seq > waiver.seq for event in events)

    def answer_to(self, finding: str) -> Answered | None:
        """What county and city answered to a finding, under its present codes or else under earlier ones."""
        return self.answered.get(finding) or self.answered.get(self.continues.get(finding, ""))

    @property
    def decided_on(self) -> set[str]:
        """Ids of the findings and matters on which anything was decided."""
        return {*self.answered, *(waiver.finding for waiver in self.waivers)}


def fold(
    decisions: Iterable[Event],
    received: Iterable[Received],
    first_month: date | None = None,
    superseded: Collection[int] = (),
) -> Life:
    """The state after all `decisions` (events that are no submissions) and all submissions `received`, both in the order of the ledger.

    `first_month`: the policy's; `superseded`: submissions of which no row counts any more.
    Errors: `Refusal` for an event of a kind that this program does not know: skipping it could change a figure.
    """
    events = list(decisions)
    for event in events:
        check_known(event)
    life = Life(withdrawn=withdrawals.in_force(events), first_month=first_month)
    life.mistaken = list(withdrawals.mistaken(events, life.withdrawn))
    rest = iter(received)
    reading = next(rest, None)
    for event in events:
        while reading and reading.seq < event.seq:
            _submission(life, reading)
            reading = next(rest, None)
        # an explanation that came with a submission goes with it
        if event.seq not in life.withdrawn and event.body.get("submission") not in life.withdrawn:
            _HANDLERS[event.kind](life, event)
    while reading:
        _submission(life, reading)
        reading = next(rest, None)
    for seq in superseded:
        if life.status.get(seq) == "effective":
            life.status[seq] = "superseded"
    return life


def editions(archive: Archive) -> Editions:
    """The editions as the ledger has them now. Reads no submission and needs no warehouse."""
    return fold(archive.decisions(), []).editions


def check_known(event: Event) -> None:
    """Errors: `Refusal` when a newer program has written the event."""
    if event.kind not in _HANDLERS and event.kind != "submission":
        raise Refusal(
            f"台账第 {event.seq} 号事件（“{event.kind}”）由更新版本的程序写成，本程序不认识，未作任何改动；请改用更新版本的程序"
        )


# ---- submissions


def _submission(life: Life, reading: Received) -> None:
    if reading.seq in life.withdrawn:
        life.status[reading.seq] = "withdrawn"
    elif reading.refused or reading.month is None or reading.county is None:
        life.status[reading.seq] = "refused"
    else:
        life.digests[reading.seq] = reading.sha256
        _place(life, life.month(reading.month), reading)


def _place(life: Life, state: MonthState, reading: Received) -> None:
    """Put a submission in force, or into the list in which it waits."""
    if life.first_month and state.month < life.first_month and reading.county not in state.admitted:
        state.questioned.append(reading)
        life.status[reading.seq] = "question"
    elif reading.on and state.month >= reading.on.replace(day=1) and not state.over:
        _wait(life, state.early, reading)
    elif state.approved:
        _wait(life, state.waiting, reading, state.effective.get(reading.county or "", []))
    else:
        _take(life, state, reading)


def _wait(life: Life, queue: list[Received], reading: Received, in_force: list[int] | None = None) -> None:
    before = [other.seq for other in queue if other.county == reading.county] or in_force or []
    if not _repeats(life, before, reading):
        queue.append(reading)
        life.status[reading.seq] = "waiting"


def _take(life: Life, state: MonthState, reading: Received) -> None:
    county = reading.county or ""  # never empty: what has no county is refused before
    seqs = state.effective.get(county, [])
    if not _repeats(life, [seq for seq in seqs if seq < reading.seq], reading):
        insort(state.effective.setdefault(county, []), reading.seq)
        life.status[reading.seq] = "effective"


def _repeats(life: Life, before: list[int], reading: Received) -> bool:
    """Whether the bytes are those of the submission before it: then it is the same submission."""
    if not before or not reading.sha256 or life.digests[before[-1]] != reading.sha256:
        return False
    life.status[reading.seq], life.repeats[reading.seq] = "repeated", before[-1]
    return True


def _month_over(life: Life, event: Event) -> None:
    state = life.month(months.parse(event.body["month"]))
    state.over = True
    early, state.early = state.early, []
    for reading in early:
        _place(life, state, reading)


# ---- the month


def _approve(life: Life, event: Event) -> None:
    state = life.month(months.parse(event.body["month"]))
    state.approved = event
    state.history.append(event)


def _reopen(life: Life, event: Event) -> None:
    state = life.month(months.parse(event.body["month"]))
    state.approved = None
    state.history.append(event)
    waiting, state.waiting = state.waiting, []
    for reading in waiting:
        _take(life, state, reading)


def _extend(life: Life, event: Event) -> None:
    life.extensions[months.parse(event.body["month"]), event.body["county"]] = event


def _admit(life: Life, event: Event) -> None:
    life.admissions.append(event)


# ---- findings and matters


def _waive(life: Life, event: Event) -> None:
    body = event.body
    waiver = Waiver(event.seq, body["finding"], body["why"], months.parse(body["until"]), event.by, event.at)
    if not any((w.finding, w.why, w.until) == (waiver.finding, waiver.why, waiver.until) for w in life.waivers):
        life.waivers.append(waiver)


def _resolve(life: Life, event: Event) -> None:
    body = event.body
    if "as" in body:
        life.habits.setdefault(body["county"], {})[body["key"]] = body["as"]
    else:
        life.resolutions.setdefault(body["county"], {})[body["key"]] = body["unit"]


def _answer(life: Life, key: str, state: State, event: Event) -> Answered:
    answered = life.answered.setdefault(key, Answered())
    answered.state = state
    answered.events.append(event)
    return answered


def _explain(life: Life, event: Event) -> None:
    _answer(life, event.body["finding"], "explained", event)


def _accept(life: Life, event: Event) -> None:
    """An accepted explanation is a waiver in the county's words. Of a month before the policy's first: its report counts."""
    finding = event.body["finding"]
    answered = _answer(life, finding, "settled", event)
    said = answered.explanation
    life.waivers.append(Waiver(event.seq, finding, said.body["text"] if said else "", NO_END, event.by, event.at))
    if "month" in event.body:
        state = life.month(months.parse(event.body["month"]))
        state.admitted.add(event.body["county"])
        questioned, state.questioned = state.questioned, []
        for reading in questioned:
            _place(life, state, reading)


def _ask(life: Life, event: Event) -> None:
    finding = event.body["finding"]
    _answer(life, finding, "open", event)
    life.waivers = [w for w in life.waivers if (w.finding, w.until) != (finding, NO_END)]


def _dismiss(life: Life, event: Event) -> None:
    _answer(life, event.body["matter"], "dismissed", event)


# ---- what the program notes


def _release(life: Life, event: Event) -> None:
    """An edition made while its month was open by a decision that was taken back since goes with that decision."""
    life.releases.append(event)
    month, editions = event.body["month"], life.editions
    locked = life.month(months.parse(month)).approved and editions.usable(month)
    editions.fold(event)
    for _, begin, end in (span for span in life.mistaken if locked and span[0] == month):
        if begin.seq < event.seq < end.seq:
            editions.retracted[released_editions.label(event)] = end


def _gate_or_retract(life: Life, event: Event) -> None:
    life.editions.fold(event)


def _spot(life: Life, event: Event) -> None:
    """`returned`: a submission that the reader refuses as a report, and which holds results of a spot check."""
    life.spots.append(event)
    if "returned" in event.body and event.body["returned"] not in life.withdrawn:
        life.status[event.body["returned"]] = "spot"


def _nothing(life: Life, event: Event) -> None:
    """Events folded elsewhere: a refused reading, withdrawals, notes, replies, publicised months."""


_HANDLERS: dict[str, Callable[[Life, Event], None]] = {
    "approve": _approve,
    "reopen": _reopen,
    "waive": _waive,
    "resolve": _resolve,
    "release": _release,
    **dict.fromkeys(("gate", "retract"), _gate_or_retract),
    **dict.fromkeys(("too_costly", "withdraw", "annotate", "publicise", "reply"), _nothing),
    "month_over": _month_over,
    "extend": _extend,
    "admit": _admit,
    "explain": _explain,
    "accept": _accept,
    "ask": _ask,
    "dismiss": _dismiss,
    **dict.fromkeys(("spot_plan", "spot_draw", "spot_result", "spot_withdraw", "spot_close"), _spot),
}
