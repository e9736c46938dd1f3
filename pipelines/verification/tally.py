"""Counts of a stratum from the results of its units, and which results may still change (§4, §5)."""

from collections.abc import Mapping

from pipelines.verification.draw import Drawn
from pipelines.verification.estimate import Visits

CONFIRMED, REFUTED, OPEN = "属实", "不属实", "未能核实"
PRESENT, ABSENT = "有", "无"  # of a unit whose answer is unknown
RESULTS = (CONFIRMED, REFUTED, OPEN)
UNKNOWN_RESULTS = (PRESENT, ABSENT, OPEN)
_KNOWN = {CONFIRMED: CONFIRMED, ABSENT: CONFIRMED, REFUTED: REFUTED, PRESENT: REFUTED}
_RANK = {CONFIRMED: 2, OPEN: 1, REFUTED: 0}


def tally(stratum: Drawn, results: Mapping[str, str]) -> Visits:
    """A closed stratum's counts. `results` by uid; a planned unit without one counts as 未能核实."""
    planned = [_known(results.get(uid)) for uid in stratum.visits]
    spares = [_known(results.get(uid)) for uid in spares_due(stratum, results)]
    return Visits(
        stratum.id,
        len(stratum.order),
        stratum.planned,
        planned.count(CONFIRMED),
        planned.count(REFUTED),
        planned.count(OPEN),
        spares.count(CONFIRMED),
        spares.count(REFUTED),
    )


def spares_due(stratum: Drawn, results: Mapping[str, str]) -> list[str]:
    """The 候补 to be visited, in order: one for each planned unit that is 未能核实, and for each 候补 that is so too."""
    due: list[str] = []
    wanted = sum(results.get(uid) == OPEN for uid in stratum.visits)
    for uid in stratum.order[stratum.planned :]:
        if not wanted:
            break
        due.append(uid)
        wanted -= results.get(uid) != OPEN
    return due


def counts_after_closing(before: str | None, after: str, reported: bool = True) -> bool:
    """Whether a result that comes after the closing counts: only one that lowers a bound does.

    `reported`: of the list of the reported units, where 不属实 lowers; in the other lists 属实 and 无 do.
    """
    change = _RANK[_known(after)] - _RANK[_known(before)]
    return change < 0 if reported else change > 0


def _known(result: str | None) -> str:
    return _KNOWN.get(result or "", OPEN)
