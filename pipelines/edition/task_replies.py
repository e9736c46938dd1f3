"""Replies of counties to their tasks (督办): events of the ledger that do not close a task (`pipelines.edition.county_tasks`)."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from pipelines.archive import reference_in_force
from pipelines.archive.month_state import Life
from pipelines.archive.store import Archive, Event
from pipelines.edition.progress_rows import Reply


def standing(events: Iterable[Event], life: Life, reference: Path, archive: Archive, month: date) -> list[Reply]:
    """Replies in force, oldest first; `county`: its code in `month`, replies of ended counties left out."""
    said = [event for event in events if event.kind == "reply" and event.seq not in life.withdrawn]
    if not said:
        return []
    rosters = reference_in_force.of_folder(reference, archive).rosters
    placed = ((event, rosters.county_in(event.body["county"], month)) for event in said)
    return [_reply(event, county) for event, county in placed if county]


def _reply(event: Event, county: str) -> Reply:
    body = event.body
    return Reply(
        seq=event.seq, county=county, indicator=body["indicator"], month=body["month"], text=body["text"], by=event.by, at=event.at
    )  # fmt: skip
