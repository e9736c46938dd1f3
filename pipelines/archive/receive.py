"""Bytes into the archive, without reading a workbook. The same bytes are one submission unless replaced, withdrawn or too costly to read before."""

import hashlib
from collections.abc import Callable
from datetime import datetime

from pipelines.archive import month_state
from pipelines.archive.store import Archive, Event
from pipelines.system import durable_files, locks

# Number of a submission → the last ledger number up to which nothing is known to have taken its place; None where something has.
Unreplaced = Callable[[int], int | None]


class Receiver:
    """Stores bytes in the archive; recognises those received before.

    `unreplaced` says how far a submission is known to be the last of its county and month. Of events later than that nothing is known
    yet: the bytes are then archived as another submission, and the fold finds out whether that changes anything. `form_version`, the
    version of the form in force, is noted with each submission.
    """

    def __init__(
        self,
        archive: Archive,
        by: str,
        unreplaced: Unreplaced,
        now: datetime | None = None,
        form_version: str | None = None,
    ):
        self.archive, self.by, self.unreplaced, self.now = archive, by, unreplaced, now
        self.noted = {"form": form_version} if form_version else {}
        self.seen: dict[str, int] = {}
        self.digests: dict[int, str] = {}
        self.last_change = self.read_to = 0

    def take(self, data: bytes, name: str) -> tuple[int, bool]:
        """(ledger number, whether the archive had the same bytes already). On disk when it returns."""
        digest = hashlib.sha256(data).hexdigest()
        with durable_files.refusing(f"接收“{name}”"), locks.hold(self.archive.root / "receive.lock", "接收文件"):
            self._catch_up()
            self.archive.put(data)
            if (known := self._standing(digest)) is not None:
                return known, True
            body = {"sha256": digest, "file": name, "size": len(data), **self.noted}
            event = self.archive.append("submission", body, self.by, self.now)
            if event.seq == self.read_to + 1:  # else another task has written between: the next look reads both
                self._note(event)
        return event.seq, False

    def _standing(self, digest: str) -> int | None:
        """The number of the submission with the same bytes, unless another has replaced it."""
        known = self.seen.get(digest)
        if known is None or known == self.last_change:
            return known
        until = self.unreplaced(known)
        return known if until is not None and self.last_change <= until else None

    def _catch_up(self) -> None:
        if not self.read_to:
            self.archive.sweep()
        if self.archive.last_seq() > self.read_to:
            for event in self.archive.events(after=self.read_to):
                self._note(event)

    def _note(self, event: Event) -> None:
        month_state.check_known(event)
        if event.kind == "submission":
            digest = event.body["sha256"]
            self.seen[digest], self.digests[event.seq], self.last_change = event.seq, digest, event.seq
        elif event.kind == "withdraw":
            self.last_change = event.seq
        elif event.kind == "too_costly":
            self.seen.pop(self.digests[event.body["submission"]], None)
        self.read_to = event.seq
