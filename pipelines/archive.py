"""The archive: what came in and what was decided, for ever.

Bytes stand under their SHA-256; events are lines of an append-only ledger, each with the hash of the line before it, so that a
line changed or lost is noticed. Both are on disk (fsync of file and folder) before anybody is told "received". Nothing here is
ever rewritten; a torn last line, left by a power cut, stays where it is and is passed over.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines import locks
from pipelines.errors import Refusal

SHANGHAI = ZoneInfo("Asia/Shanghai")
GENESIS = "0" * 64


@dataclass(frozen=True)
class Event:
    """One line of the ledger. `seq` orders events, never `at` (clocks jump). `body` depends on `kind`."""

    seq: int
    at: str
    kind: str
    by: str
    body: dict
    prev: str

    def line(self) -> str:
        return json.dumps(self.__dict__, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class Archive:
    """The archive in one folder. Reading needs no lock; appending takes one."""

    def __init__(self, root: Path):
        self.root = root
        self.ledger = root / "ledger.jsonl"
        self.objects = root / "objects"

    # ---- bytes

    def put(self, data: bytes) -> str:
        """Keep the bytes; returns their SHA-256. The same bytes twice are one object."""
        digest = hashlib.sha256(data).hexdigest()
        place = self.path(digest)
        if not place.exists():
            write_durably(place, data, mode=0o440)
        return digest

    def path(self, digest: str) -> Path:
        return self.objects / digest[:2] / digest

    def read(self, digest: str) -> bytes:
        """The bytes, checked against their name. Errors: `Refusal` when missing or altered."""
        try:
            data = self.path(digest).read_bytes()
        except FileNotFoundError:
            raise Refusal(f"档案缺少文件 {digest[:12]}…;请从备份恢复 {self.path(digest)}") from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise Refusal(f"档案文件 {digest[:12]}… 的内容已被改动,与其校验值不符;请从备份恢复 {self.path(digest)}")
        return data

    # ---- events

    def append(self, kind: str, body: dict, by: str = "系统", now: datetime | None = None) -> Event:
        """Write one event and return it, once it is on disk."""
        self.root.mkdir(parents=True, exist_ok=True)
        with locks.hold(self.root / "ledger.lock", "写入台账"):
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
        created = not self.ledger.exists()
        with self.ledger.open("ab") as file:
            # a torn tail becomes a line of its own, so that this event starts on a fresh one
            file.write((b"\n" if torn else b"") + line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if created:
            sync_folder(self.root)

    def _tail(self) -> tuple[str | None, bool]:
        """The last whole event's line, and whether torn bytes follow it."""
        if not self.ledger.exists():
            return None, False
        with self.ledger.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            reach = 65536
            while True:
                file.seek(max(0, size - reach))
                data = file.read()
                lines = data.split(b"\n")
                torn = lines.pop() != b""
                whole = [line for line in lines[(1 if size > reach else 0) :] if _is_event(line)]
                if whole:
                    return whole[-1].decode(), torn
                if size <= reach:
                    return None, torn
                reach *= 4

    def events(self, after: int = 0, until: int | None = None) -> Iterator[Event]:
        """Events in order, `after` < seq ≤ `until`. A broken chain is refused by `verify`, not here."""
        if not self.ledger.exists():
            return
        with self.ledger.open("rb") as file:
            for line in file:
                if line.endswith(b"\n") and _is_event(line.rstrip(b"\n")):
                    event = Event(**json.loads(line))
                    if event.seq > after and (until is None or event.seq <= until):
                        yield event

    def last_seq(self) -> int:
        tail, _ = self._tail()
        return json.loads(tail)["seq"] if tail else 0

    # ---- verification

    def verify(self) -> list[str]:
        """Every fault of the archive, in Chinese; empty when it is whole."""
        return [*self._verify_chain(), *self._verify_objects()]

    def _verify_chain(self) -> Iterator[str]:
        expected, prev = 1, GENESIS
        if not self.ledger.exists():
            return
        for number, raw in enumerate(self.ledger.read_bytes().split(b"\n"), 1):
            if not raw:
                continue
            if not _is_event(raw):
                yield f"台账第 {number} 行残缺(写入时断电或被改动);其后的事件不受影响"
                continue
            event = json.loads(raw)
            if event["seq"] != expected or event["prev"] != prev:
                yield f"台账第 {number} 行(第 {event['seq']} 号)与前一行不相衔接:有事件被改动、删除或插入;请与备份核对"
            expected, prev = event["seq"] + 1, _hash(raw.decode())

    def _verify_objects(self) -> Iterator[str]:
        wanted = {e.body["sha256"] for e in self.events() if "sha256" in e.body}
        for digest in sorted(wanted):
            try:
                self.read(digest)
            except Refusal as fault:
                yield str(fault)


def _hash(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()


def _is_event(line: bytes) -> bool:
    if not (line.startswith(b"{") and line.endswith(b"}")):
        return False
    try:
        return {"seq", "at", "kind", "by", "body", "prev"} == json.loads(line).keys()
    except ValueError:
        return False


def write_durably(place: Path, data: bytes, mode: int = 0o640) -> None:
    """Bytes at `place` whole or not at all: temporary name, fsync, rename, fsync of the folder."""
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_name(f".{place.name}.{os.getpid()}.part")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.chmod(mode)
    temporary.replace(place)
    sync_folder(place.parent)


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
