"""State of findings since the last submission: new, still open, recurred, corrected. The same id, or the same fault of a unit's question, is one."""

from collections.abc import Iterable, Sequence

from pipelines.answers.findings import FindingRow
from pipelines.receipt.context import Try

# a finding by its id, or by code, unit and field
Key = str | tuple[str, str, str] | None
NEW, OPEN, REOPENED = "新出现", "仍未改", "又出现"


def _key(finding: FindingRow) -> Key:
    unit, field = finding.get("unit"), finding.get("field")
    return (finding["code"], unit, field) if unit and field else None


def _known(findings: Iterable[FindingRow]) -> set[Key]:
    return {key for finding in findings for key in (finding["id"], _key(finding)) if key}


def _among(finding: FindingRow, known: set[Key]) -> bool:
    return finding["id"] in known or _key(finding) in known


def states(findings: Sequence[FindingRow], earlier: Sequence[Try]) -> list[str]:
    """A word for each finding; empty on the first submission."""
    if not earlier:
        return [""] * len(findings)
    seen = _known(finding for submission in earlier for finding in submission.findings)
    # a refused submission has no findings of cells, so the last one that was read is compared too
    last = _known(_last_read(earlier)) | _known(earlier[-1].findings)
    return [_state(f, last, seen) if f["severity"] != "note" else "" for f in findings]


def _state(finding: FindingRow, last: set[Key], seen: set[Key]) -> str:
    return OPEN if _among(finding, last) else REOPENED if _among(finding, seen) else NEW


def mended(findings: Sequence[FindingRow], earlier: Sequence[Try], refused: bool) -> list[FindingRow]:
    """Findings of the last submission that are gone; of a refused file only those about the file, because its cells were not read."""
    if not earlier:
        return []
    now = _known(findings)
    last = earlier[-1].findings if refused else [*_last_read(earlier), *_own(earlier)]
    gone = {f["id"]: f for f in last if not _among(f, now) and f["severity"] != "note"}
    return [f for f in gone.values() if not (refused and f.get("cell"))]


def _last_read(earlier: Sequence[Try]) -> Sequence[FindingRow]:
    return next((submission.findings for submission in reversed(earlier) if not submission.refused), ())


def _own(earlier: Sequence[Try]) -> Sequence[FindingRow]:
    """The findings of the last submission where it was refused."""
    return earlier[-1].findings if earlier[-1].refused else ()
