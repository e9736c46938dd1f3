"""Decisions of people as rows, for the table `decision` of an edition and for papers and pages that tell of them as they are now."""

from collections.abc import Iterable

from pipelines.archive.store import Event


def decision_rows(events: Iterable[Event]) -> list[dict]:
    """The table `decision`: one row a decision, in the order of the ledger."""
    kinds = ("approve", "reopen", "waive", "resolve")
    return [_decision(event) for event in events if event.kind in kinds]


def _decision(event: Event) -> dict:
    told = {key: event.body.get(key) for key in ("month", "finding", "why", "until", "county", "unit")}
    return {"seq": event.seq, "at": event.at, "kind": event.kind, "by": event.by, **told}
