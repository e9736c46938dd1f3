"""Words on a month, the same on the command line and the pages: its approval, its release, what it still lacks."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.intake.month_report import Gaps, MonthStatus, RefusedFile

APPROVAL = {"open": "未审定", "reopened": "未审定（已重开）", "approved": "已审定"}
# what opened the gate of a month
OPENED = {"approved": "已审定", "all_reported": "各县已报齐", "by_time": "已到发布时间", "by_person": "由人发布"}


def county_names(state: "MonthStatus") -> dict[str, str]:
    """County code → name."""
    return {county["code"]: county["name"] for county in state["counties"]}


def refusal(file: "RefusedFile", names: Mapping[str, str]) -> str:
    """`襄都区“x.xlsx”（第 9 号收件）：…`: a file that could not be used, and the first reason."""
    whose = names.get(file["county"], file["county"]) if file["county"] else "不知是哪个县（市、区）的"
    return f"{whose}“{file['file']}”（第 {file['seq']} 号收件）：{file['why'] or '见回执'}"


def lacking(gaps: "Gaps", state: "MonthStatus") -> list[str]:
    """The gaps of a month that is to be approved, a sentence each."""
    names, sentences = county_names(state), []
    if missing := gaps.get("missing"):
        sentences.append(f"{len(missing)} 个县（市、区）未报：{'、'.join(names[code] for code in missing)}")
    if refused := gaps.get("refused"):
        sentences.append(f"{len(refused)} 份报表未被采用，尚未改正重报")
    if unread := gaps.get("unread"):
        sentences.append(f"{len(unread)} 份报表已存档、尚未读取")
    if inbox := gaps.get("inbox"):
        sentences.append(f"收件箱中有 {len(inbox)} 个文件尚未接收：{'、'.join(inbox[:10])}")
    return sentences
