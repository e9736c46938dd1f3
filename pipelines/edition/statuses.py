"""Names, in Chinese, of what tables hold as codes: statuses, states of units, levels, wordings, kinds of editions (semantics §6)."""

from pipelines.figures.progress import STATUSES as NAMES

__all__ = ["BEHIND", "EDITION_KINDS", "LEVELS", "NAMES", "ORDER", "UNIT_STATES", "WORDINGS", "below_base"]

# for legends and counts, in the order of concern, with statuses without a verdict in between
ORDER = (
    "overdue", "reversing", "off_track", "lagging", "unproven", "no_data", "starting", "on_track", "met", "tracked",
    "not_applicable",
)  # fmt: skip
BEHIND = ("overdue", "reversing", "off_track", "lagging")
# state of a unit for an indicator
UNIT_STATES: dict[int | None, str] = {0: "不适用", 1: "达到", 2: "未达到", 3: "未填报", 4: "未填报，不知是否适用"}
LEVELS = {"city": "全市", "county": "县（市、区）", "town": "乡镇（街道）", "community": "社区（村）"}
# how binding a clause is
WORDINGS = {"required": "应当（达到、确保、实现）", "strive": "力争", "promoted": "鼓励、推动、逐步"}
EDITION_KINDS = {"original": "发布", "corrected": "更正", "restated": "按新口径重算", "checked": "加注抽查"}


def below_base(status: str, pace: float | None) -> str:
    """Said of 严重滞后 with a negative pace: were the same units worse, it would be 倒退 (semantics §6). Empty of anything else."""
    if status != "off_track" or pace is None or pace >= 0:
        return ""
    return "低于起点，系新设单位、范围或报送变化所致，同样的单位没有变差"
