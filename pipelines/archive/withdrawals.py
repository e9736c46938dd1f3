"""Withdrawals: which decisions are taken back, and what was in force because of them until then."""

from collections.abc import Iterable, Iterator

from pipelines.archive.store import Event


def in_force(events: Iterable[Event]) -> dict[int, Event]:
    """Number of each withdrawn event → the withdrawal in force. The latest first: a withdrawal may itself have been taken back."""
    taken_back: dict[int, Event] = {}
    for event in sorted((e for e in events if e.kind == "withdraw"), key=lambda e: -e.seq):
        if event.seq not in taken_back:
            taken_back[event.body["of"]] = event
    return taken_back


def mistaken(events: list[Event], withdrawn: dict[int, Event]) -> Iterator[tuple[str, Event, Event]]:
    """Month → spans of events in which it was open or locked by a decision taken back since; a withdrawal is such a decision too."""
    known = {event.seq: event for event in events}
    for seq in withdrawn.keys() & known.keys():
        root = known[seq]
        while root.kind == "withdraw" and root.body["of"] in known:
            root = known[root.body["of"]]
        if root.kind in ("approve", "reopen"):
            yield root.body["month"], known[seq], withdrawn[seq]
