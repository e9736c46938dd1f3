"""Bytes into the archive: what came before is known again, whatever it is called.

The same bytes are one submission, with two exceptions, in which judging them again may end otherwise: a file that was too costly to
read, and one that was refused because its month lay ahead and is sent again in a later month.
"""

import hashlib
from collections.abc import Callable
from datetime import date, datetime

from pipelines.answers import read_failure
from pipelines.archive import month_state
from pipelines.archive.store import SHANGHAI, Archive, Event
from pipelines.intake import judge
from pipelines.reference.reference_bundle import Reference
from pipelines.system import durable_files, locks


class Receiver:
    """Takes bytes into the archive; knows what was received before, so that the same bytes are one submission.

    `reference` is asked only for a file that came in an earlier month already.
    """

    def __init__(self, archive: Archive, by: str, reference: Callable[[], Reference], now: datetime | None = None):
        self.archive, self.by, self.reference, self.now = archive, by, reference, now
        self.seen: dict[str, int] = {}
        self.sent: dict[int, tuple[str, date]] = {}
        self.read_to = 0

    def take(self, data: bytes, name: str) -> tuple[int, bool]:
        """(ledger number, whether the same bytes were there before). On disk when it returns."""
        digest = hashlib.sha256(data).hexdigest()
        with durable_files.refusing(f"接收“{name}”"):
            outdated = self._judged_too_early(digest, data, name)
            with locks.hold(self.archive.root / "receive.lock", "接收文件"):
                self._catch_up()
                self.archive.put(data)
                known = self.seen.get(digest)
                if known is not None and known != outdated:
                    return known, True
                event = self.archive.append(
                    "submission", {"sha256": digest, "file": name, "size": len(data)}, self.by, self.now
                )
                if event.seq == self.read_to + 1:  # else another task has written between: the next look reads both
                    self._note(event)
        return event.seq, False

    def _judged_too_early(self, digest: str, data: bytes, name: str) -> int | None:
        """The number under which the bytes were refused in an earlier month, because their own lay ahead of it."""
        if self.read_to == 0:
            self._catch_up()
        known = self.seen.get(digest)
        if known is None:
            return None
        day, today = self.sent[known][1], (self.now or datetime.now(SHANGHAI)).date()
        if (day.year, day.month) >= (today.year, today.month):
            return None
        found = judge.check_bytes(data, name, self.reference(), None, day).findings
        return known if any(finding["code"] == "month_future" for finding in found) else None

    def _catch_up(self) -> None:
        if self.archive.last_seq() > self.read_to:
            for event in self.archive.events(after=self.read_to):
                self._note(event)

    def _note(self, event: Event) -> None:
        month_state.check_known(event)
        if event.kind == "submission":
            self.seen[event.body["sha256"]] = event.seq
            self.sent[event.seq] = event.body["sha256"], date.fromisoformat(event.at[:10])
        elif event.kind == read_failure.KIND:
            # what was too costly to read may be sent again as it is: the machine may have been short of memory
            self.seen.pop(self.sent[event.body["submission"]][0], None)
        self.read_to = event.seq
