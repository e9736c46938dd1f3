"""Decides which messages the state of an installation calls for, and writes them to the outbox. The current time is an argument."""

import json
from datetime import date, datetime

from pipelines import months
from pipelines.archive import month_state, released_editions
from pipelines.archive.store import Archive, write_durably
from pipelines.edition import open_release
from pipelines.errors import Refusal
from pipelines.intake import answer_matters, month_now
from pipelines.intake.open_matters import Matter
from pipelines.months import SHANGHAI
from pipelines.notify import due_dates, matter_messages, messages, reporting_state
from pipelines.notify.contacts import Contacts
from pipelines.notify.messages import Message
from pipelines.notify.outbox import Outbox, contacts_of
from pipelines.reports.facts import gather
from pipelines.reports.overall_verdict import tally
from pipelines.settings import Settings
from pipelines.system.durable_files import read_json


def remind(settings: Settings, now: datetime) -> list[Message]:
    """Write today's reminders about the month that has ended to the outbox; returns them."""
    today = now.astimezone(SHANGHAI).date()
    month = due_dates.in_question(today)
    due = set(month_now.of(settings, month).due.values())
    if not any(due_dates.occasion(day, today) for day in due):
        return []
    reminders = messages.reminders(reporting_state.of_month(settings, month, today), known(settings))
    post(settings, reminders)
    return reminders


def releases(settings: Settings, after: int) -> int:
    """Write a message for each edition released after event `after` of the ledger; returns the last event seen."""
    archive = Archive(settings.archive)
    last = archive.last_seq()
    known_editions = month_state.editions(archive)
    for event in archive.decisions(after=after, until=last):
        if event.kind not in ("gate", "release") or event.body.get("gated"):
            continue
        made = known_editions.made[released_editions.label(event)]
        month, edition = months.parse(event.body["month"]), event.body["edition"]
        sentence = verdict(settings, month, edition)
        post(settings, [messages.published(month, edition, made.body["kind"], sentence, known(settings))])
    return last


def matters(settings: Settings, now: datetime) -> list[Message]:
    """Write messages about matters newly open or explained to the outbox; returns them. Takes no lock."""
    place, waiting = settings.data / "outbox" / "matters.json", answer_matters.kept(settings)
    notified = read_json(place)
    fresh = matter_messages.news(waiting, notified)
    states = {m["id"]: m["state"] for m in waiting if m["state"] in ("open", "explained")}
    if states == notified:
        return []
    written = matter_messages.written(fresh, _county_names(settings, fresh), known(settings), now)
    post(settings, written)
    # after the messages: when killed in between they are written again, under the same keys, and not sent twice
    write_durably(place, json.dumps(states).encode())
    return written


def _county_names(settings: Settings, fresh: list[Matter]) -> dict[str, str]:
    keys = sorted({matter["month"] for matter in fresh if matter["month"]})
    return {code: name for key in keys for code, name in month_now.counties(settings, months.parse(key)).items()}


def remind_now(settings: Settings, month: date, counties: list[str], now: datetime) -> tuple[list[str], list[str]]:
    """Remind missing counties at a person's request: names of those reminded (once a day), and of those without an address."""
    standing = reporting_state.of_month_as_kept(settings, month, now.astimezone(SHANGHAI).date())
    asked = [county for county in standing.missing if county[0] in counties]
    written = {county[1]: messages.reminder(standing, county, known(settings)) for county in asked}
    post(settings, [message for message in written.values() if message])
    return [name for name, m in written.items() if m], [name for name, m in written.items() if not m]


def write_to_county(settings: Settings, month: date, county: str, sentence: str, by: str, now: datetime) -> bool:
    """Queue a mail to the county with the city clerk's remark on its report. False where the county has no address."""
    name = month_now.counties(settings, month).get(county, county)
    message = matter_messages.returned((county, name), months.label(month), sentence, by, known(settings), now)
    post(settings, [message] if message else [])
    return message is not None


def verdict(settings: Settings, month: date, edition: int) -> str:
    """One sentence per policy: how many headline indicators have which status; the refusal where the edition does not open."""
    try:
        opened = open_release(month, edition, settings=settings)
    except Refusal as refusal:
        return str(refusal)
    with opened as release:
        policies = [row["id"] for row in release.rows("SELECT id FROM policy ORDER BY since")]
        facts = [gather(release, policy) for policy in policies]
        return "\n".join(f"{f.policy['title']}：{tally(f).text}" for f in facts)


def post(settings: Settings, outgoing: list[Message]) -> None:
    """Write messages to the outbox; `pipelines.serving.network_process` sends them."""
    outbox(settings).put(outgoing, known(settings))


def outbox(settings: Settings) -> Outbox:
    return Outbox(settings.data / "outbox")


def known(settings: Settings) -> Contacts:
    """The contacts; none while the file cannot be read (`shequ health` says so)."""
    return contacts_of(settings)
