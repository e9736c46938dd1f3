"""Released editions (semantics §4, Gate), folded from the ledger. A `release` without `gated` is of an older program and counts as released."""

from dataclasses import dataclass, field

from pipelines.archive.store import Event


def label(event: Event) -> str:
    """`2020-06/2`: the edition that an event of the kinds release, gate and retract is about."""
    return f"{event.body['month']}/{event.body['edition']}"


def order(name: str) -> tuple[str, int]:
    """Editions in order: by month, then by number."""
    month, number = name.split("/")
    return month, int(number)


@dataclass
class Editions:
    """Editions by name: the events that made, released and retracted them (also by withdrawing the decision that opened the month)."""

    made: dict[str, Event] = field(default_factory=dict)
    released: dict[str, Event] = field(default_factory=dict)
    retracted: dict[str, Event] = field(default_factory=dict)

    def fold(self, event: Event) -> None:
        """Apply an event of the kinds release, gate and retract."""
        name = label(event)
        if event.kind == "retract":
            self.retracted[name] = event
            return
        if event.kind == "release":
            self.made[name] = event
        if event.kind == "gate" or not event.body.get("gated"):
            self.released[name] = event

    def retracted_by_hand(self, name: str) -> bool:
        """Whether a person took this very edition back."""
        return name in self.retracted and self.retracted[name].kind == "retract"

    def shown(self, month: str | None = None) -> list[str]:
        """Released and not retracted editions (of a month `2020-06`), in order."""
        return [name for name in self.usable(month) if name in self.released]

    def usable(self, month: str | None = None) -> list[str]:
        """All that are not retracted (of a month), in order: working editions are among them."""
        names = (name for name in self.made if name not in self.retracted)
        return sorted((name for name in names if month is None or name.startswith(f"{month}/")), key=order)

    @property
    def current(self) -> str | None:
        """The newest released month's newest edition."""
        return next(reversed(self.shown()), None)
