"""What became of the findings since the last try: new, still open, back again, mended.

Notes are for information and nothing to mend: they have no such state. A finding is the same while its id is, or while
the same question of the same unit has the same fault: who changes 约30 to 约40 has not mended it.
"""

from collections.abc import Iterable, Sequence

from pipelines.receipt.context import Try

NEW, OPEN, REOPENED = "新出现", "仍未改", "又出现"


def _key(finding: dict) -> tuple | None:
    unit, field = finding.get("unit"), finding.get("field")
    return (finding["code"], unit, field) if unit and field else None


def _known(findings: Iterable[dict]) -> set:
    found = list(findings)
    return {finding["id"] for finding in found} | {key for finding in found if (key := _key(finding))}


def _among(finding: dict, known: set) -> bool:
    return finding["id"] in known or _key(finding) in known


def states(findings: Sequence[dict], earlier: Sequence[Try]) -> list[str]:
    """One word a finding; empty words on the first try, when there is nothing to compare with."""
    if not earlier:
        return [""] * len(findings)
    seen = _known(finding for one in earlier for finding in one.findings)
    # between two tries that were read, a refused one says nothing about cells: nothing was mended in it
    last = _known(_last_read(earlier)) | _known(earlier[-1].findings)
    return [_state(f, last, seen) if f["severity"] != "note" else "" for f in findings]


def _state(finding: dict, last: set, seen: set) -> str:
    return OPEN if _among(finding, last) else REOPENED if _among(finding, seen) else NEW


def mended(findings: Sequence[dict], earlier: Sequence[Try], refused: bool) -> list[dict]:
    """Findings of the last try that are gone. In a refused file no cell was looked at: only file faults can be gone."""
    if not earlier:
        return []
    now = _known(findings)
    last = earlier[-1].findings if refused else [*_last_read(earlier), *_own(earlier)]
    gone = {f["id"]: f for f in last if not _among(f, now) and f["severity"] != "note"}
    return [f for f in gone.values() if not (refused and f.get("cell"))]


def _last_read(earlier: Sequence[Try]) -> Sequence[dict]:
    return next((one.findings for one in reversed(earlier) if not one.refused), ())


def _own(earlier: Sequence[Try]) -> Sequence[dict]:
    """What the last try adds where it was refused itself."""
    return earlier[-1].findings if earlier[-1].refused else ()
