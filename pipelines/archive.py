"""The archive: what came in and what was decided, for ever.

Bytes stand under their SHA-256; events are lines of an append-only ledger (`pipelines.ledger`). Both are on disk (fsync of file
and folder) before anybody is told "received". Nothing here is ever rewritten.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pipelines.disk import sync_folder, write_durably
from pipelines.errors import Refusal
from pipelines.ledger import GENESIS, SHANGHAI, Event, Ledger

__all__ = ["GENESIS", "SHANGHAI", "Archive", "Event", "sync_folder", "write_durably"]


class Archive:
    """The archive in one folder. Reading needs no lock; appending takes one."""

    def __init__(self, root: Path):
        self.root = root
        self.ledger = root / "ledger.jsonl"
        self.objects = root / "objects"
        self._ledger = Ledger(self.ledger)

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
        return self._ledger.append(kind, body, by, now)

    def events(self, after: int = 0, until: int | None = None) -> Iterator[Event]:
        """Events in order, `after` < seq ≤ `until`. A broken chain is refused by `verify`, not here."""
        return self._ledger.events(after, until)

    def last_seq(self) -> int:
        return self._ledger.last_seq()

    # ---- verification

    def verify(self) -> list[str]:
        """Every fault of the archive, in Chinese; empty when it is whole."""
        return [*self._ledger.verify(), *self._verify_objects()]

    def _verify_objects(self) -> Iterator[str]:
        wanted = {e.body["sha256"] for e in self.events() if "sha256" in e.body}
        for digest in sorted(wanted):
            try:
                self.read(digest)
            except Refusal as fault:
                yield str(fault)
