"""Statuses of figures: their Chinese names and the one order of concern that sorts every list (semantics §6)."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, TypeVar

from pipelines.figures.progress import CONCERN
from pipelines.figures.progress import STATUSES as NAMES

__all__ = ["BEHIND", "NAMES", "ORDER", "by_concern", "concern", "missing_share"]

# for legends and counts, in the order of concern; statuses without a verdict stand where a reader looks for them
ORDER = (
    "overdue", "reversing", "off_track", "lagging", "unproven", "no_data", "starting", "on_track", "met", "tracked",
    "not_applicable",
)  # fmt: skip
BEHIND = ("overdue", "reversing", "off_track", "lagging")

Concern = tuple[int, Fraction, int, int, str]
Row = TypeVar("Row", bound=Mapping[str, Any])


def concern(row: Mapping[str, Any]) -> Concern:
    """Sort key of a figure, the greatest concern first: status, share of the needed units still missing, units missing, register's order.

    `row` has status, gap, numerator and position; `place` decides between places that are otherwise equal. Counted are the units known
    to lack it where the row says so (`gap_failing`), else all that are missing.
    """
    return (
        CONCERN.get(row["status"], len(CONCERN)),
        -missing_share(row),
        -_missing(row),
        row["position"],
        str(row.get("place", "")),
    )


def missing_share(row: Mapping[str, Any]) -> Fraction:
    """The units missing as a share of the units that the target needs."""
    needed = row.get("needed")
    needed = Fraction(row["numerator"] or 0) + (row["gap"] or 0) if needed is None else Fraction(needed)
    return Fraction(_missing(row)) / needed if needed else Fraction(0)


def _missing(row: Mapping[str, Any]) -> int:
    known = row.get("gap_failing")
    return int(row["gap"] or 0) if known is None else int(known)


def by_concern(rows: Iterable[Row]) -> list[Row]:
    """The rows in the order of concern."""
    return sorted(rows, key=concern)
