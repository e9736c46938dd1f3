"""Deciding what to tell from the state of an installation, and sending it. The clock is an argument; a failing sender fails nothing."""

from datetime import date, datetime

from pipelines import months
from pipelines.archive import edition_gate, month_state
from pipelines.archive.store import SHANGHAI, Archive
from pipelines.edition import open_release
from pipelines.errors import Refusal
from pipelines.intake import month_now
from pipelines.notify import due_dates, messages, reporting_state
from pipelines.notify.contacts import Contacts
from pipelines.notify.messages import Message
from pipelines.notify.outbox import Outbox, contacts_of, send_waiting
from pipelines.reports.facts import gather
from pipelines.reports.verdict import tally
from pipelines.settings import Settings


def remind(settings: Settings, now: datetime) -> list[Message]:
    """What is to be said today about the month that has ended; written down, not yet sent."""
    today = now.astimezone(SHANGHAI).date()
    month = due_dates.in_question(today)
    due = set(month_now.of(settings, month).due.values())
    if not any(due_dates.occasion(day, today) for day in due):
        return []
    reminders = messages.reminders(reporting_state.of_month(settings, month, today), known(settings))
    tell(settings, reminders)
    return reminders


def releases(settings: Settings, after: int) -> int:
    """Tell of the editions that were released after event `after` of the ledger, not of working ones; returns the last event seen."""
    archive = Archive(settings.archive)
    last = archive.last_seq()
    known_editions = month_state.editions(archive)
    for event in archive.decisions(after=after, until=last):
        if event.kind not in ("gate", "release") or event.body.get("gated"):
            continue
        made = known_editions.made[edition_gate.label(event)]
        month, edition = months.parse(event.body["month"]), event.body["edition"]
        sentence = verdict(settings, month, edition)
        tell(settings, [messages.published(month, edition, made.body["kind"], sentence, known(settings))])
    return last


def verdict(settings: Settings, month: date, edition: int) -> str:
    """How many leading indicators stand how, in one sentence a policy; what is wrong where the edition does not open."""
    try:
        release = open_release(month, edition, settings=settings)
    except Refusal as refusal:
        return str(refusal)
    try:
        policies = [row["id"] for row in release.rows("SELECT id FROM policy ORDER BY since")]
        told = [gather(release, policy) for policy in policies]
        return "\n".join(f"{f.policy['title']}:{tally([i.status for i in f.headline], f.statuses)}" for f in told)
    finally:
        release.close()


def tell(settings: Settings, found: list[Message]) -> None:
    """Write down messages, to be sent with the next `flush`."""
    outbox(settings).put(found, known(settings))


def flush(settings: Settings) -> tuple[int, list[str]]:
    """Send what waits: how many went, and what did not."""
    return send_waiting(settings)


def outbox(settings: Settings) -> Outbox:
    return Outbox(settings.data / "outbox")


def known(settings: Settings) -> Contacts:
    """The contacts; none while the file cannot be read (`shequ health` says so)."""
    return contacts_of(settings)
