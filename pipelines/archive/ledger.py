"""An append-only ledger: a file of events, one a line, each with the hash of the line before it.

An event is on disk (fsync of file and folder) before `append` returns. A torn last line, left by a power cut, stays where it is and is
skipped, unless only its end is gone.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO

from pipelines.months import SHANGHAI
from pipelines.settings import Settings
from pipelines.system import locks
from pipelines.system.durable_files import sync_folder

GENESIS = "0" * 64


@dataclass(frozen=True)
class Event:
    """One line of the ledger. `seq` orders events, never `at` (clocks jump). `body` depends on `kind`."""

    seq: int
    at: str
    kind: str
    by: str
    body: dict[str, Any]
    prev: str

    @property
    def day(self) -> date:
        """The day of `at`."""
        return date.fromisoformat(self.at[:10])

    def line(self) -> str:
        return json.dumps(self.__dict__, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class Ledger:
    """The ledger in one file. Reading needs no lock; appending takes one, beside the file. `name` is what people call it."""

    def __init__(self, path: Path, name: str = "台账"):
        self.path = path
        self.name = name

    def append(self, kind: str, body: dict[str, Any], by: str = "系统", now: datetime | None = None) -> Event:
        """Write one event and return it, once it is on disk."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with locks.hold(self.path.with_suffix(".lock"), f"写入{self.name}"):
            tail, torn = self._tail()
            last = json.loads(tail) if tail else None
            event = Event(
                seq=last["seq"] + 1 if last else 1,
                at=(now or datetime.now(SHANGHAI)).isoformat(timespec="seconds"),
                kind=kind,
                by=by,
                body=body,
                prev=_hash(tail) if tail else GENESIS,
            )
            self._write_line(event.line(), torn)
        return event

    def _write_line(self, line: str, torn: bool) -> None:
        created = not self.path.exists()
        with self.path.open("ab") as file:
            # a torn tail becomes a line of its own, so that this event starts on a fresh one
            file.write((b"\n" if torn else b"") + line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if created:
            sync_folder(self.path.parent)

    def _tail(self) -> tuple[str | None, bool]:
        """The line of the last whole event, and whether the file ends in the middle of a line."""
        if not self.path.exists():
            return None, False
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            reach = 65536
            while True:
                file.seek(max(0, size - reach))
                data = file.read()
                lines = data.split(b"\n")
                torn = lines[-1] != b""
                complete = lines[(1 if size > reach else 0) :]
                last = next((line for line in reversed(complete) if _is_event(line)), None)
                if last:
                    return last.decode(), torn
                if size <= reach:
                    return None, torn
                reach *= 4

    def events(self, after: int = 0, until: int | None = None, besides: str | None = None) -> Iterator[Event]:
        """Events with `after` < seq ≤ `until` and kind not `besides` (skipped unparsed, since most are submissions)."""
        if not self.path.exists():
            return
        # as `Event.line` writes it; inside a text the quotes would be escaped
        passed = f'"kind":"{besides}"'.encode() if besides else None
        with self.path.open("rb") as file:
            self._seek(file, after)
            for line in file:
                event = None if passed and passed in line else _event(line)
                if event and event.kind != besides and event.seq > after and (until is None or event.seq <= until):
                    yield event

    def _seek(self, file: BinaryIO, after: int) -> None:
        """To the start of a line shortly before the first event later than `after`: numbers only rise."""
        low, high = 0, file.seek(0, os.SEEK_END) if after else 0
        while high - low > _NEAR:
            middle = (low + high) // 2
            file.seek(middle)
            file.readline()
            start = file.tell()
            first = next((event for line in file if (event := _event(line))), None)
            low, high = (start, high) if first and first.seq <= after else (low, middle)
        file.seek(low)

    def last_seq(self) -> int:
        """Number of the last event; 0 in an empty ledger."""
        tail, _ = self._tail()
        return json.loads(tail)["seq"] if tail else 0

    def verify(self) -> Iterator[str]:
        """Every fault of the chain, in Chinese; none when it is whole."""
        expected, prev = 1, GENESIS
        if not self.path.exists():
            return
        for number, raw in enumerate(self.path.read_bytes().split(b"\n"), 1):
            if not raw:
                continue
            if not _is_event(raw):
                yield f"{self.name}第 {number} 行残缺（写入时断电或被改动）；其后的事件不受影响"
                continue
            event = json.loads(raw)
            if event["seq"] != expected or event["prev"] != prev:
                yield (
                    f"{self.name}第 {number} 行（第 {event['seq']} 号）与前一行不相衔接："
                    "有事件被改动、删除或插入；请与备份核对"
                )
            expected, prev = event["seq"] + 1, _hash(raw.decode())


# bytes that are read rather than searched
_NEAR = 16_384


def _hash(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()


def _is_event(line: bytes) -> bool:
    return _fields(line) is not None


def _event(line: bytes) -> Event | None:
    """The event of a line; None for a torn or foreign line. A line that lost only its line end is whole."""
    fields = _fields(line.removesuffix(b"\n"))
    return Event(**fields) if fields else None


def _fields(line: bytes) -> dict[str, Any] | None:
    if not (line.startswith(b"{") and line.endswith(b"}")):
        return None
    try:
        fields: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    return fields if fields.keys() == _KEYS else None


_KEYS = {"seq", "at", "kind", "by", "body", "prev"}


def audit_ledger(settings: Settings) -> Ledger:
    """The ledger of who was let in or refused, and what was taken out."""
    return Ledger(settings.data / "audit" / "audit.jsonl", "审计日志")
