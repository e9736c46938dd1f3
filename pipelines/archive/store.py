"""The archive: bytes under their SHA-256, events in the ledger; both on disk (fsync of file and folder) before a receipt, never rewritten."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.archive.ledger import GENESIS, Event, Ledger
from pipelines.errors import Refusal
from pipelines.system import durable_files
from pipelines.system.durable_files import sync_folder, write_durably

# Written into `archive/format`. A change that an older program would read wrongly takes the next number.
FORMAT = 1

__all__ = ["GENESIS", "Archive", "Event", "sync_folder", "write_durably"]


class Archive:
    """The archive in one folder. Reading needs no lock; appending takes one."""

    def __init__(self, root: Path):
        self.root = root
        self.ledger = root / "ledger.jsonl"
        self.objects = root / "objects"
        self._ledger = Ledger(self.ledger)

    def check_format(self) -> None:
        """Errors: `Refusal` when a newer program has written here. An archive without a mark is of the first format."""
        try:
            version = int((self.root / "format").read_text(encoding="ascii"))
        except FileNotFoundError:
            return
        except ValueError:
            raise Refusal(
                f"档案的格式标记无法识别（{self.root / 'format'}，应为 {FORMAT}）；请从备份恢复该文件"
            ) from None
        if version > FORMAT:
            raise Refusal(
                f"档案由更新版本的程序写成（格式 {version}，本程序只认识 {FORMAT}），未作任何改动；请改用更新版本的程序"
            )

    # ---- bytes

    def put(self, data: bytes) -> str:
        """Keep the bytes; returns their SHA-256. The same bytes twice are one object, which they mend if it was damaged."""
        self.check_format()
        digest = hashlib.sha256(data).hexdigest()
        if not is_right(self.path(digest), digest):
            write_durably(self.path(digest), data, mode=0o440)
        return digest

    def sweep(self) -> None:
        """Remove files half written when the writer was killed; their receipt was never confirmed."""
        for folder in self.objects.glob("[0-9a-f][0-9a-f]"):
            durable_files.sweep(folder)

    def path(self, digest: str) -> Path:
        """Place of an object by its SHA-256."""
        return self.objects / digest[:2] / digest

    def read(self, digest: str) -> bytes:
        """The bytes, checked against their name. Errors: `Refusal` when missing or altered."""
        try:
            data = self.path(digest).read_bytes()
        except FileNotFoundError:
            raise Refusal(f"档案缺少文件 {digest[:12]}…；请从备份恢复 {self.path(digest)}") from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise Refusal(f"档案文件 {digest[:12]}… 的内容已被改动，与其校验值不符；请从备份恢复 {self.path(digest)}")
        return data

    # ---- events

    def append(self, kind: str, body: dict[str, Any], by: str = "系统", now: datetime | None = None) -> Event:
        """Write one event and return it, once it is on disk."""
        self.check_format()
        if not self.ledger.exists():
            write_durably(self.root / "format", f"{FORMAT}\n".encode(), mode=0o440)
        return self._ledger.append(kind, body, by, now)

    def events(self, after: int = 0, until: int | None = None) -> Iterator[Event]:
        """Events in order, `after` < seq ≤ `until`. A broken chain is refused by `verify`, not here."""
        self.check_format()
        return self._ledger.events(after, until)

    def decisions(self, after: int = 0, until: int | None = None) -> Iterator[Event]:
        """Those events that are no submissions: what people decided, what was published. Few, and cheap to come by."""
        self.check_format()
        return self._ledger.events(after, until, besides="submission")

    def last_seq(self) -> int:
        """Number of the last event; 0 in an empty archive."""
        return self._ledger.last_seq()

    # ---- verification

    def verify(self) -> list[str]:
        """Every fault of the archive, in Chinese; empty when it is whole."""
        return [*self._ledger.verify(), *self._verify_objects()]

    def _verify_objects(self) -> Iterator[str]:
        for digest in sorted({digest for event in self.events() for digest in objects_of(event.body)}):
            try:
                self.read(digest)
            except Refusal as fault:
                yield str(fault)


def is_right(path: Path, digest: str) -> bool:
    """Whether the file exists and has this digest."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == digest
    except FileNotFoundError:
        return False


def objects_of(body: dict[str, Any]) -> list[str]:
    """The objects that an event's body refers to: a workbook, the reference data of an edition, a spot check's list or record."""
    return [body[key] for key in ("sha256", "bundle", "object") if body.get(key)]
