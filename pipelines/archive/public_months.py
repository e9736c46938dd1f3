"""政务公开: which edition of a month citizens are shown. The last `publicise` counts; withdrawn or retracted, the month shows nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from pipelines import months
from pipelines.archive import month_state, released_editions
from pipelines.archive.store import Event


@dataclass(frozen=True)
class PublicMonth:
    """A month of which an edition was ever publicised.

    `decisions`: every one to publicise it, the withdrawn among them, the oldest first. `down`: the withdrawal (also of the release) or
    retraction that took the last one back, None while it is public. `newer`: what released a later edition of the month that is not
    publicised yet. `approved`: the month's approval.
    """

    month: date
    decisions: tuple[Event, ...]
    down: Event | None
    newer: Event | None
    approved: Event | None

    @property
    def edition(self) -> str:
        """`2020-06/2`: the edition last publicised."""
        return released_editions.label(self.decisions[-1])

    @property
    def mark(self) -> list[int]:
        """Ledger numbers of all that the page depends on; it stays the same while the page does."""
        parts = (*self.decisions, self.down, self.newer, self.approved)
        return [event.seq if event else 0 for event in parts]


def fold(events: Iterable[Event]) -> dict[date, PublicMonth]:
    """What citizens are shown of each month, in order of months. `events`: the decisions of the ledger."""
    known = list(events)
    life, given = month_state.fold(known, []), dict[date, list[Event]]()
    for event in known:
        if event.kind == "publicise":
            given.setdefault(months.parse(event.body["month"]), []).append(event)
    gates = {released_editions.label(event): event for event in known if event.kind == "gate"}
    return {month: _public(life, gates, month, tuple(decisions)) for month, decisions in sorted(given.items())}


def _public(
    life: month_state.Life, gates: Mapping[str, Event], month: date, decisions: tuple[Event, ...]
) -> PublicMonth:
    name = released_editions.label(decisions[-1])
    down = _down(life, gates, decisions[-1])
    shown = life.editions.shown(months.key(month))
    newest = shown[-1] if shown else name
    later = released_editions.order(newest) > released_editions.order(name)
    newer = life.editions.released[newest] if later and not down else None
    return PublicMonth(month, decisions, down, newer, life.month(month).approved)


def _down(life: month_state.Life, gates: Mapping[str, Event], last: Event) -> Event | None:
    """What took a month's page back: of the decision itself, of its edition, or of the edition's release."""
    name = released_editions.label(last)
    if last.seq in life.withdrawn or name in life.editions.retracted:
        return life.withdrawn.get(last.seq) or life.editions.retracted[name]
    return None if name in life.editions.released else life.withdrawn[gates[name].seq]
