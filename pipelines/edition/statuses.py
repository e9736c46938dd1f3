"""Statuses of figures: their Chinese names, their order in legends, and which of them are behind (semantics §6)."""

from pipelines.figures.progress import STATUSES as NAMES

__all__ = ["BEHIND", "NAMES", "ORDER", "below_base"]

# for legends and counts, in the order of concern, with statuses without a verdict in between
ORDER = (
    "overdue", "reversing", "off_track", "lagging", "unproven", "no_data", "starting", "on_track", "met", "tracked",
    "not_applicable",
)  # fmt: skip
BEHIND = ("overdue", "reversing", "off_track", "lagging")


def below_base(status: str, pace: float | None) -> str:
    """Said of 严重滞后 with a negative pace: were the same units worse, it would be 倒退 (semantics §6). Empty of anything else."""
    if status != "off_track" or pace is None or pace >= 0:
        return ""
    return "低于起点，系新设单位、范围或报送变化所致，同样的单位没有变差"
