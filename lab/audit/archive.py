"""What came in, in the order of the ledger, with what was withdrawn or waits for a locked month left out.

Followed are submissions, `approve`, `reopen` and `withdraw`. Events that cannot change a figure are passed over; every other kind is told
as not followed, because a figure may rest on it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.audit import dates

_NEUTRAL = {
    "gate",
    "retract",
    "month_over",
    "release",
    "explain",
    "accept",
    "ask",
    "dismiss",
    "spot_plan",
    "spot_draw",
    "spot_result",
    "spot_withdraw",
    "spot_close",
    "extend",
    "publish",
    "publicise",
}


@dataclass(frozen=True)
class Sent:
    """One submission: `path` is its bytes, `name` what the file was called."""

    seq: int
    name: str
    path: Path


def events(ledger: Path) -> Iterator[dict]:
    """Whole lines of the ledger; a torn one is passed over."""
    for line in ledger.read_text(encoding="utf-8").splitlines():
        if line.startswith("{") and line.endswith("}"):
            yield json.loads(line)


class Archive:
    """The archive of a data folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.events = list(events(folder / "ledger.jsonl"))

    def sent(self) -> list[Sent]:
        """Every submission in the order of the ledger, the withdrawn left out."""
        withdrawn = self._withdrawn()
        return [
            Sent(event["seq"], event["body"]["file"], self._object(event["body"]["sha256"]))
            for event in self.events
            if event["kind"] == "submission" and event["seq"] not in withdrawn
        ]

    def _object(self, digest: str) -> Path:
        return self.folder / "objects" / digest[:2] / digest

    def _withdrawn(self) -> set[int]:
        """Numbers taken back; a withdrawal may be taken back too."""
        back: set[int] = set()
        for event in reversed([event for event in self.events if event["kind"] == "withdraw"]):
            if event["seq"] not in back:
                back.add(int(event["body"]["seq"]))
        return back

    def waits(self, seq: int, month: int) -> bool:
        """Whether a submission came while its month was locked, and the month was not reopened since."""
        withdrawn = self._withdrawn()
        locked, waiting = False, False
        for event in self.events:
            if event["seq"] == seq:
                waiting = locked
            elif event["kind"] in ("approve", "reopen") and event["seq"] not in withdrawn and _is_of(event, month):
                locked = event["kind"] == "approve"
                waiting = waiting and locked
        return waiting

    def not_followed(self) -> list[str]:
        known = {"submission", "approve", "reopen", "withdraw", *_NEUTRAL}
        return [f"ledger {event['seq']}: {event['kind']}" for event in self.events if event["kind"] not in known]


def _is_of(event: dict, month: int) -> bool:
    return dates.month(event["body"]["month"]) == month


def workbooks(folder: Path) -> list[Sent]:
    """The workbooks of a folder, in the order of their paths: that is the order of arrival in the sample."""
    paths = sorted(
        path for path in folder.rglob("*") if path.suffix.lower() in (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
    )
    return [Sent(number, path.name, path) for number, path in enumerate(paths, 1)]
