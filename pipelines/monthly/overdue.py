"""What an unattended installation owes: months that have reports and no edition, and a reading of the archive now and then."""

import hashlib
import json
from datetime import date, datetime
from pathlib import Path

from pipelines import months
from pipelines.archive.store import SHANGHAI, Archive, write_durably
from pipelines.edition import edition_folders
from pipelines.intake import session
from pipelines.settings import Settings

# The monthly run's day; a month is owed once its own run has had an hour.
DAY, HOUR = 6, 7


def unpublished(settings: Settings, now: datetime) -> dict[date, str]:
    """Month → mark of the submissions in force, for months that are owed. Errors: `Refusal` while another writes."""
    with session.writing(settings, "核对应发布的月份", wait=0.0) as opened:
        session.settle(opened)
        life = opened.life()
        owed = [
            m for m in life.reported if is_over(m, now) and edition_folders.latest_edition(settings.releases, m) is None
        ]
        return {month: _mark(life.effective(month)) for month in owed}


def is_over(month: date, now: datetime) -> bool:
    """Whether the day of the month's run has passed."""
    following = months.add(month, 1)
    return now >= datetime(following.year, following.month, DAY, HOUR, tzinfo=SHANGHAI)


def _mark(effective: dict[str, list[int]]) -> str:
    return hashlib.sha256(json.dumps(sorted(effective.items())).encode()).hexdigest()[:12]


def verify(settings: Settings, now: datetime) -> list[str]:
    """Read the whole archive through; remembers when, and returns its faults in Chinese."""
    found = Archive(settings.archive).verify()
    told = {"at": now.isoformat(timespec="seconds"), "faults": found}
    write_durably(verified_at(settings), json.dumps(told, ensure_ascii=False).encode())
    return found


def verified_at(settings: Settings) -> Path:
    """Where the last reading of the archive is remembered."""
    return settings.data / "verified.json"
