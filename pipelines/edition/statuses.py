"""Statuses of figures: their Chinese names and the one order of concern that sorts every list (semantics §6)."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, TypeVar

from pipelines.figures.progress import STATUSES

NAMES: dict[str, str] = {**STATUSES, "starting": "起步期"}
# what needs attention first; a status that no verdict gives (no data, tracked, not applicable) stands where a reader looks for it
ORDER = (
    "overdue", "reversing", "off_track", "lagging", "unproven", "no_data", "starting", "on_track", "met", "tracked",
    "not_applicable",
)  # fmt: skip
BEHIND = ("overdue", "reversing", "off_track", "lagging")
# overdue and reversing are of the same concern
_RANK = {status: max(1, number) for number, status in enumerate(ORDER)}

Concern = tuple[int, Fraction, int, int, str]
Row = TypeVar("Row", bound=Mapping[str, Any])


def concern(row: Mapping[str, Any]) -> Concern:
    """Sort key of a figure, the greatest concern first: status, share of the needed units still missing, units missing, register's order.

    `row` has status, gap, numerator and position; `place` decides between places that are otherwise equal. Counted are the units known
    to lack it where the row says so (`gap_failing`), else all that are missing.
    """
    return _RANK[row["status"]], -missing_share(row), -_missing(row), row["position"], str(row.get("place", ""))


def missing_share(row: Mapping[str, Any]) -> Fraction:
    """The units missing as a share of the units that the target needs."""
    needed = Fraction(row["numerator"] or 0) + (row["gap"] or 0)
    return Fraction(_missing(row)) / needed if needed else Fraction(0)


def _missing(row: Mapping[str, Any]) -> int:
    known = row.get("gap_failing")
    return int(row["gap"] or 0) if known is None else int(known)


def by_concern(rows: Iterable[Row]) -> list[Row]:
    """The rows in the order of concern."""
    return sorted(rows, key=concern)
