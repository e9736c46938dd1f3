"""Promises about the archive: verified weekly, backed up daily, restored for practice every quarter."""

import json
from datetime import datetime, timedelta

from pipelines.archive.ledger import Event, Ledger
from pipelines.archive.store import Archive
from pipelines.monthly import overdue
from pipelines.serving.promise import Promise
from pipelines.settings import Settings

VERIFIED_WITHIN = timedelta(days=8)
BACKED_UP_WITHIN = timedelta(days=2)
# a quarter and a week
REHEARSED_WITHIN = timedelta(days=99)


def verified(settings: Settings, now: datetime) -> Promise:
    """The archive was verified within `VERIFIED_WITHIN`, without faults."""
    place = overdue.verified_at(settings)
    if not place.exists():
        return _never("档案核对", settings, now, VERIFIED_WITHIN, "还没有核对过（每周一次，周日 3 时）")
    try:
        record = json.loads(place.read_text(encoding="utf-8"))
        at, faults = datetime.fromisoformat(record["at"]), list(record["faults"])
    except (ValueError, KeyError, TypeError):
        return Promise("档案核对", False, f"记录 {place.name} 已损坏；下次核对（周日 3 时）会重写，也可删去它")
    fresh, due = now - at <= VERIFIED_WITHIN, (at + VERIFIED_WITHIN).date()
    if faults:
        return Promise("档案核对", False, f"{len(faults)} 处损坏，如：{faults[0]}", due)
    says = f"上次核对 {record['at'][:16]}，完好" + ("" if fresh else "；已超过 8 天没有核对")
    return Promise("档案核对", fresh, says, due)


def backed_up(settings: Settings, now: datetime) -> Promise:
    """The last backup in the audit ledger is at most `BACKED_UP_WITHIN` old and whole."""
    event = last_event(settings, "backup")
    if event is None:
        return Promise("备份", False, "没有备份记录；请设置 SHEQU_BACKUP（另一磁盘上的文件夹），或运行 shequ backup")
    at = datetime.fromisoformat(event.at)
    due = (at + BACKED_UP_WITHIN).date()
    if not event.body.get("whole", True):
        return Promise("备份", False, f"上次备份 {event.at[:16]} 不完整；请运行 shequ backup 查看原因", due)
    fresh = now - at <= BACKED_UP_WITHIN
    return Promise("备份", fresh, f"上次备份 {event.at[:16]}" + ("" if fresh else "，已超过 2 天"), due)


def rehearsed(settings: Settings, now: datetime) -> Promise:
    """The backup was restored into an empty folder within `REHEARSED_WITHIN`, with the same figures."""
    event = last_event(settings, "rehearsal")
    if event is None:
        return _never(
            "恢复演练", settings, now, REHEARSED_WITHIN, "还没有演练过；请运行 shequ restore --rehearse 备份文件夹"
        )
    at = datetime.fromisoformat(event.at)
    due = (at + REHEARSED_WITHIN).date()
    if not event.body["agrees"]:
        return Promise("恢复演练", False, f"{event.at[:16]} 的演练没有通过：{event.body['message']}", due)
    fresh = now - at <= REHEARSED_WITHIN
    says = f"{event.at[:16]} 演练通过，{event.body['message']}"
    return Promise("恢复演练", fresh, says if fresh else f"上次演练 {event.at[:16]}，已超过一个季度", due)


def _never(name: str, settings: Settings, now: datetime, within: timedelta, says: str) -> Promise:
    """The promise where no record exists: broken once the archive is older than `within`."""
    first = next(iter(Archive(settings.archive).events()), None)
    due = (datetime.fromisoformat(first.at) if first else now) + within
    return Promise(name, now <= due, says, due.date())


def last_event(settings: Settings, kind: str) -> Event | None:
    """The last event of a kind in the audit ledger."""
    place = settings.data / "audit" / "audit.jsonl"
    events = [event for event in Ledger(place).events() if event.kind == kind] if place.exists() else []
    return events[-1] if events else None
