"""A month as the ledger has it at this moment: its decisions, its editions, its due days. Read beside an edition; waits for nobody."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from pipelines import months
from pipelines.archive import month_state
from pipelines.archive.edition_gate import Editions
from pipelines.archive.month_state import Life, MonthState
from pipelines.archive.store import Archive, Event
from pipelines.reference import reference_bundle
from pipelines.reference.reference_bundle import Reference
from pipelines.settings import Settings


@dataclass(frozen=True)
class MonthNow:
    """What was decided of a month until now.

    `state`: open | approved | reopened. `decisions` are those that concern it, the newest first, withdrawn ones among them.
    `usual_due` is the last day on which a report is in time, `due` that of each county that is not `excused`; `publication` is from
    when the month is released however few reported; `caveat` says in Chinese that holidays are not known.
    """

    month: date
    state: str
    approved: Event | None
    decisions: list[dict]
    editions: Editions
    usual_due: date
    due: dict[str, date]
    excused: set[str]
    publication: datetime
    caveat: str | None

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
    """The month as it stands. Errors: `Refusal` for a ledger that a newer program has written."""
    reference = reference_bundle.load(settings.reference)
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
    )


def newest_released(settings: Settings) -> date | None:
    """The month that everybody reads: that of the current edition; None before anything was released."""
    current = month_state.editions(Archive(settings.archive)).current
    return months.parse(current.split("/")[0]) if current else None


# ---- due days


def due_days(reference: Reference, life: Life, month: date) -> dict[str, date]:
    """County code → the last day on which its report of the month is in time: extended ones later; excused ones have none."""
    usual, free = reference.calendar.due_day(month), excused(life, month)
    until = {county: event.body.get("until") for county, event in _extensions(life, month).items()}
    codes = (county.code for county in reference.rosters.counties(month))
    return {code: date.fromisoformat(until[code]) if until.get(code) else usual for code in codes if code not in free}


def excused(life: Life, month: date) -> set[str]:
    """Counties that need not report the month."""
    return {county for county, event in _extensions(life, month).items() if event.body.get("excuse")}


def _extensions(life: Life, month: date) -> dict[str, Event]:
    return {county: event for (of_month, county), event in life.extensions.items() if of_month == month}


# ---- decisions

# events that no person decides
_NO_DECISIONS = ("release", "too_costly", "month_over")


def _decisions(events: list[Event], life: Life, month: date) -> Iterator[dict]:
    """Decisions about the month, the newest first, each with its number, who, when and whether it was withdrawn."""
    for event in reversed(events):
        if event.kind in _NO_DECISIONS or (event.kind == "gate" and event.body["how"] != "by_person"):
            continue
        if event.body.get("month") == months.key(month):
            told = {"seq": event.seq, "at": event.at, "kind": event.kind, "by": event.by}
            yield {**event.body, **told, "in_force": event.seq not in life.withdrawn}
