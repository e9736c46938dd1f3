"""Submissions that exceeded a resource limit; the decision is recorded so that a rebuild repeats it.

Whether a limit is exceeded depends on the machine, and figures must not: the first outcome is noted in the ledger (`too_costly`). Where a
smaller machine fails on a submission that a release counts, that is refused and nothing is decided.
"""

from dataclasses import asdict, dataclass
from typing import Any

from pipelines.answers import findings
from pipelines.answers.findings import Kind
from pipelines.answers.read_workbook import Reading
from pipelines.archive.store import Archive, Event
from pipelines.errors import Refusal
from pipelines.settings import Limits

KIND = "too_costly"
FAULT = "fault"
_WHY = {
    "memory": "内存上限 {memory} MB",
    "cpu": "处理器时间上限 {cpu} 秒",
    "wall": "读取时间上限 {wall} 秒",
    "died": "读取程序因它中止",
}


@dataclass(frozen=True)
class Costly:
    """A file that was not read. `why`: memory, cpu, wall, died; or `fault`, an error of our program, which is not noted in the ledger."""

    why: str
    limits: Limits

    def reading(self, file: str, sha256: str, kinds: dict[str, Kind]) -> Reading:
        """The reading of the file: refused."""
        report = findings.Report(file, kinds)
        if self.why == FAULT:
            report.add("reader_fault")
        else:
            report.add(KIND, found=self.why, text=_WHY[self.why].format(**asdict(self.limits)))
        return Reading(file, sha256, refused=True, findings=report.findings)


def noted(body: dict[str, Any]) -> Costly:
    """The failure recorded in the ledger."""
    return Costly(body["why"], Limits(**body["limits"]))


def decided(archive: Archive, after: int) -> dict[int, Costly]:
    """Failures noted in the ledger for submissions later than `after`, by seq."""
    return {e.body["submission"]: noted(e.body) for e in archive.decisions(after=after) if e.kind == KIND}


def note(archive: Archive, event: Event, outcome: Costly, first: bool) -> None:
    """Write the outcome of a first reading down. Errors: `Refusal` for a submission that was readable before."""
    if not first or any(
        decision.kind == "release" and decision.body["as_of"] >= event.seq
        for decision in archive.decisions(after=event.seq)
    ):
        why = _WHY[outcome.why].format(**asdict(outcome.limits))
        raise Refusal(
            f"第 {event.seq} 号文件“{event.body['file']}”先前读得出，这次没有读出（{why}）；"
            "请在内存充足、不忙的机器上，或提高读取上限（SHEQU_READ_MEMORY、SHEQU_READ_CPU、SHEQU_READ_WALL）后再试"
        )
    archive.append(KIND, {"submission": event.seq, "why": outcome.why, "limits": asdict(outcome.limits)})
