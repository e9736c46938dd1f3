"""Months due for publication, and the periodic archive check."""

import hashlib
import json
from datetime import date, datetime, timedelta
from pathlib import Path

from pipelines import months
from pipelines.archive.store import Archive, write_durably
from pipelines.intake import session
from pipelines.monthly import gate
from pipelines.reference.working_days import Calendar
from pipelines.settings import Settings
from pipelines.warehouse.projection import Warehouse

# time that the scheduled run has before a month counts as missed
GRACE = timedelta(hours=1)


def missed(settings: Settings, now: datetime) -> dict[date, str]:
    """Months that the last tick of the schedule should have released and, an hour later, has not; as `owed`."""
    with session.settled(settings, "核对应发布的月份", wait=0.0) as opened:
        return _owed(opened, last_tick(opened.reference.calendar, now - GRACE))


def owed(settings: Settings, tick: datetime) -> dict[date, str]:
    """Month → hash of its reports, where the gate is open and the released edition lacks some. Errors: `Refusal` while a task writes."""
    with session.settled(settings, "核对应发布的月份", wait=0.0) as opened:
        return _owed(opened, tick)


def last_tick(calendar: Calendar, now: datetime) -> datetime:
    """The last publication time of day that has passed."""
    tick = datetime.combine(now.astimezone(calendar.zone).date(), calendar.publication_time, calendar.zone)
    return tick if tick <= now else tick - timedelta(days=1)


def _owed(opened: Warehouse, tick: datetime) -> dict[date, str]:
    received = dict(opened.con.execute("SELECT seq, received_at FROM submission").fetchall())
    marks = {}
    for month in opened.life().reported:
        before = [seq for seq in opened.life().months[month].sequence if datetime.fromisoformat(received[seq]) <= tick]
        if before and _is_news(opened, month, max(before)) and gate.opened_by(opened, month, tick):
            marks[month] = hashlib.sha256(json.dumps(before).encode()).hexdigest()[:12]
    return marks


def _is_news(opened: Warehouse, month: date, seq: int) -> bool:
    """Whether a submission is in no released or retracted edition of the month."""
    editions, key = opened.life().editions, months.key(month)
    known = [*editions.shown(key), *(name for name in editions.retracted if name.startswith(f"{key}/"))]
    if any(editions.made[name].body["as_of"] >= seq for name in known):
        return False
    # an approved month keeps its edition
    return not (opened.life().month(month).approved and editions.shown(key))


def verify(settings: Settings, now: datetime) -> list[str]:
    """Verify the whole archive and note the time; returns its faults in Chinese."""
    faults = Archive(settings.archive).verify()
    note = {"at": now.isoformat(timespec="seconds"), "faults": faults}
    write_durably(verified_at(settings), json.dumps(note, ensure_ascii=False).encode())
    return faults


def verified_at(settings: Settings) -> Path:
    """The file that notes the time of the last verification of the archive."""
    return settings.data / "verified.json"
