"""The audit log (`data/audit/audit.jsonl`): sign-ins, sign-outs, refusals, exports; append-only, hash-chained. The law requires twelve months."""

from collections.abc import Iterator
from datetime import datetime

from pipelines.archive.ledger import Event, audit_ledger
from pipelines.settings import Settings

KINDS = {
    "sign_in": "登录",
    "sign_out": "退出",
    "unknown": "无权人员",
    "refused": "拒绝",
    "export": "导出",
    "backup": "备份",
    "restore": "恢复",
    "rehearsal": "恢复演练",
}


def note(settings: Settings, kind: str, by: str, now: datetime | None = None, /, **body: object) -> Event:
    """Write one event durably. Text is cut to 500 characters: much of it comes from outside."""
    cut = {key: value[:500] if isinstance(value, str) else value for key, value in body.items() if value is not None}
    return audit_ledger(settings).append(kind, cut, by[:200], now)


def since(settings: Settings, day: str = "") -> Iterator[Event]:
    """Events from a day (`YYYY-MM-DD`) on, in order."""
    return (event for event in audit_ledger(settings).events() if event.at[:10] >= day)


def line(event: Event) -> str:
    """One event as a line for people, without control characters."""
    facts = " ".join(f"{key}={value}" for key, value in event.body.items())
    text = f"{event.at[:19].replace('T', ' ')} {KINDS.get(event.kind, event.kind)} {event.by} {facts}"
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
