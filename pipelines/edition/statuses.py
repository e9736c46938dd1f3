"""Statuses of figures: their Chinese names, their order in legends, and which of them are behind (semantics §6)."""

from pipelines.figures.progress import STATUSES as NAMES

__all__ = ["BEHIND", "NAMES", "ORDER"]

# for legends and counts, in the order of concern, with statuses without a verdict in between
ORDER = (
    "overdue", "reversing", "off_track", "lagging", "unproven", "no_data", "starting", "on_track", "met", "tracked",
    "not_applicable",
)  # fmt: skip
BEHIND = ("overdue", "reversing", "off_track", "lagging")
