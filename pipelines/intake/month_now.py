"""The present state of a month by the ledger: decisions, editions, due days. Takes no lock."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, TypedDict, cast

from pipelines import months
from pipelines.archive import month_state, reference_in_force
from pipelines.archive.month_state import WITHDRAWABLE, Life, MonthState
from pipelines.archive.released_editions import Editions
from pipelines.archive.store import Archive, Event
from pipelines.intake import month_status
from pipelines.intake.month_report import excused, extensions
from pipelines.intake.month_status import FindingKept
from pipelines.intake.open_matters import Matter
from pipelines.reference import age
from pipelines.reference.form import KINDS
from pipelines.reference.reference_bundle import Reference
from pipelines.settings import Settings


@dataclass(frozen=True)
class MonthNow:
    """The decisions, editions and due days of a month until now.

    `state`: open | approved | reopened. `decisions` are those that concern it, the newest first, withdrawn ones among them.
    `usual_due` is the last day on which a report is in time, `due` that of each county that is not `excused`; from `publication` on
    the month is released however few have reported; `caveat` says in Chinese that holidays are not known, `caveats` how old the
    reference data are.
    """

    month: date
    state: str
    approved: Event | None
    decisions: list["Decision"]
    editions: Editions
    usual_due: date
    due: dict[str, date]
    excused: set[str]
    publication: datetime
    caveat: str | None
    caveats: list[str]

    @property
    def released(self) -> str | None:
        """The month's newest released edition."""
        return next(reversed(self.editions.shown(months.key(self.month))), None)

    @property
    def working(self) -> str | None:
        """The month's newest edition, where it is not released yet."""
        newest = next(reversed(self.editions.usable(months.key(self.month))), None)
        return newest if newest not in self.editions.released else None


def of(settings: Settings, month: date) -> MonthNow:
    """The present state of the month. Errors: `Refusal` for a ledger that a newer program has written."""
    reference = reference_in_force.load(settings)
    events = list(Archive(settings.archive).decisions())
    life = month_state.fold(events, [])
    state = life.months.get(month) or MonthState(month)
    return MonthNow(
        month=month,
        state=state.state,
        approved=state.approved,
        decisions=list(_decisions(events, life, month)),
        editions=life.editions,
        usual_due=reference.calendar.due_day(month),
        due=due_days(reference, life, month),
        excused=excused(life, month),
        publication=reference.calendar.publication_moment(month),
        caveat=reference.calendar.caveat(month),
        caveats=[caveat.says for caveat in age.caveats(reference, month)],
    )


def newest_released(settings: Settings) -> date | None:
    """The month that everybody reads: that of the current edition; None before anything was released."""
    current = month_state.editions(Archive(settings.archive)).current
    return months.parse(current.split("/")[0]) if current else None


def mark(settings: Settings) -> int:
    """The last ledger number: the cache key of everything in this module."""
    return Archive(settings.archive).last_seq()


def known_months(settings: Settings) -> list[date]:
    """Months of which anything has come in, was decided or made, in order."""
    life = month_state.fold(Archive(settings.archive).decisions(), [])
    made = {months.parse(name.split("/")[0]) for name in life.editions.made}
    came = {months.parse(key) for key in month_status.known_months(settings.data)}
    return sorted({*came, *life.months, *made, *(month for month, _ in life.extensions)})


def is_settled(settings: Settings) -> bool:
    """Whether a month status was ever kept: not on a shelf without data, nor right after a restore."""
    return month_status.as_of(settings.data) > 0


class Sent(TypedDict):
    """A submission that is in force or waits: of the county with this code and name."""

    seq: int
    code: str
    county: str
    file: str
    by: str
    at: str
    waiting: bool


def submissions(settings: Settings, month: date, counties: Collection[str] | None = None) -> list[Sent]:
    """Submissions of a month (of some counties, by code) that are in force or wait, the newest first."""
    state = month_status.read(settings.data, month)
    if state is None:
        return []
    whose = {seq: county["code"] for county in state["counties"] for seq in county["seqs"]}
    whose |= dict(zip(state["waiting"], state.get("waits_of", ()), strict=False))
    names = {county["code"]: county["name"] for county in state["counties"]}
    archive = Archive(settings.archive)
    rows: list[Sent] = []
    for seq in sorted({*whose, *state["waiting"]}, reverse=True):
        code = whose.get(seq, "")
        if counties is not None and code not in counties:
            continue
        event = next(archive.events(after=seq - 1, until=seq))
        rows.append({
            "seq": seq, "code": code, "county": names.get(code, ""), "file": event.body["file"], "by": event.by, "at": event.at,
            "waiting": seq in state["waiting"],
        })  # fmt: skip
    return rows


class FindingNow(FindingKept):
    """A finding with the state of its matter, the county's explanation and the city's question (null for notes)."""

    state: str | None
    explanation: str | None
    question: str | None


def findings(settings: Settings, month: date, county: str | None = None) -> list[FindingNow]:
    """Findings of the submissions of a month (of a county) until now, errors first."""
    matters = {matter["id"]: matter for matter in month_status.matters(settings.data)}
    kept = month_status.findings(settings.data, month)
    return [_with_matter(row, matters.get(row["id"] or "")) for row in kept if county in (None, row["county"])]


def _with_matter(row: FindingKept, matter: Matter | None) -> FindingNow:
    if matter is None:
        return {**row, "state": None, "explanation": None, "question": None}
    return {**row, "state": matter["state"], "explanation": matter["explanation"], "question": matter["question"]}


def units(settings: Settings, month: date, county: str | None) -> dict[str, str]:
    """Code → town and name of the roster's units of a county in a month, for a person to choose from."""
    roster = reference_in_force.load(settings).rosters.units(month)
    return {unit.code: f"{unit.town} {unit.name}" for unit in roster if unit.county_code == county}


# the kinds of units that may be admitted
UNIT_KINDS = KINDS["all"]


def towns(settings: Settings, month: date, county: str) -> dict[str, str]:
    """Code → name of the towns of a county in a month."""
    roster = reference_in_force.load(settings).rosters.units(month)
    return {unit.town_code: unit.town for unit in roster if unit.county_code == county}


def counties(settings: Settings, month: date) -> dict[str, str]:
    """Code → name of the counties of a month."""
    return {county.code: county.name for county in reference_in_force.load(settings).rosters.counties(month)}


# ---- due days


def due_days(reference: Reference, life: Life, month: date) -> dict[str, date]:
    """County code → the last day on which its report of the month is in time: extended ones later; excused ones have none."""
    usual, free = reference.calendar.due_day(month), excused(life, month)
    until = {county: event.body.get("until") for county, event in extensions(life, month).items()}
    codes = (county.code for county in reference.rosters.counties(month))
    return {code: date.fromisoformat(day) if (day := until.get(code)) else usual for code in codes if code not in free}


# ---- decisions

# kind → name: of decisions, and of the events of a spot check
DECISIONS = WITHDRAWABLE | {
    "spot_plan": "计划抽查", "spot_draw": "抽取抽查名单", "spot_result": "收到抽查结果", "spot_withdraw": "撤回抽查计划",
    "spot_close": "抽查名单结束",
}  # fmt: skip
# events that no person decides
_NO_DECISIONS = ("release", "too_costly", "month_over")
_Subject = TypedDict("_Subject", {
    "month": str | None, "edition": int | None, "county": str | None, "finding": str | None, "matter": str | None,
    "indicator": str | None, "unit": str | None, "key": str | None, "as": str | None, "name": str | None, "town": str | None,
    "from": str | None, "text": str | None, "until": str | None, "excuse": bool | None, "of": int | None, "why": str | None,
})  # fmt: skip


class Decision(_Subject):
    """A decision of a person, with the fields of its event (null where it has none). A spot check's is not `withdrawable` here."""

    seq: int
    at: str
    kind: str
    by: str
    in_force: bool
    withdrawable: bool


def decisions(settings: Settings) -> list[Decision]:
    """Every decision of a person until now, the newest first."""
    events = list(Archive(settings.archive).decisions())
    return list(_rows(events, month_state.fold(events, [])))


class Note(NamedTuple):
    """A note on a month; on one `indicator`, or on the month as such."""

    seq: int
    month: date
    text: str
    by: str
    at: str
    indicator: str | None


def notes(settings: Settings) -> list[Note]:
    """The notes in force, by month."""
    events = list(Archive(settings.archive).decisions())
    withdrawn = month_state.fold(events, []).withdrawn
    annotations = [
        Note(e.seq, months.parse(e.body["month"]), e.body["text"], e.by, e.at, e.body.get("indicator"))
        for e in events
        if e.kind == "annotate" and e.seq not in withdrawn
    ]
    return sorted(annotations, key=lambda note: (note.month, note.seq))


def _decisions(events: list[Event], life: Life, month: date) -> Iterator[Decision]:
    rows = list(_rows(events, life))
    about = {row["seq"] for row in rows if row["month"] == months.key(month)}
    for row in reversed(rows):
        if row["of"] in about:
            about.add(row["seq"])
    return (row for row in rows if row["seq"] in about)


def _rows(events: list[Event], life: Life) -> Iterator[Decision]:
    for event in reversed(events):
        if event.kind in _NO_DECISIONS or (event.kind == "gate" and event.body["how"] != "by_person"):
            continue
        yield {
            **cast(_Subject, {name: event.body.get(name) for name in _Subject.__annotations__}),
            "seq": event.seq, "at": event.at, "kind": event.kind, "by": event.by,
            "in_force": event.seq not in life.withdrawn, "withdrawable": event.kind in WITHDRAWABLE,
        }  # fmt: skip
