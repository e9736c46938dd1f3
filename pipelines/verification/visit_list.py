"""The list that a group takes along: its rows and columns, in a workbook and on paper, and read back from it (§5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pipelines import months
from pipelines.verification.tally import RESULTS, UNKNOWN_RESULTS

LOOK_AT = "现场查看，并看月末以前的材料"  # where the register says nothing
MARKS_SHEET = "_shequ"


@dataclass(frozen=True)
class Column:
    """A column of the list: its label, width in characters, and whether the inspector fills it in."""

    id: str
    label: str
    width: int
    filled: bool = False


COLUMNS = (
    Column("number", "序号", 5),
    Column("county", "县（市、区）", 12),
    Column("town", "乡镇（街道）", 12),
    Column("unit", "单位", 15),
    Column("code", "代码", 16),
    Column("subject", "核查事项", 16),
    Column("reported", "所报", 6),
    Column("look_at", "看什么", 18),
    Column("result", "结果", 9, True),
    Column("evidence", "证据编号", 11, True),
    Column("inspector", "检查人", 9, True),
    Column("days", "检查日期", 12, True),
    Column("note", "说明", 16, True),
)


@dataclass(frozen=True)
class Task:
    """A claim about a unit: `number` 序号, `subject` indicator's name, `unknown`: answered by 有 or 无."""

    number: str
    uid: str
    claim: str
    county_code: str
    county: str
    town: str
    unit: str
    code: str
    subject: str
    reported: str
    look_at: str = LOOK_AT
    unknown: bool = False

    @property
    def results(self) -> tuple[str, ...]:
        return UNKNOWN_RESULTS if self.unknown else RESULTS


@dataclass(frozen=True)
class VisitList:
    """Rows of one group of list `number`, as printed; `plan`: hash of the plan, `until`: last day, `remark`: on every page."""

    number: int
    plan: str
    group: str
    month: date
    drawn: date
    until: date
    tasks: Sequence[Task]
    remark: str = ""

    @property
    def title(self) -> str:
        return f"{months.label(self.month)}抽查名单（{self.number} 号）"

    @property
    def guide(self) -> str:
        """Instructions printed above the rows."""
        known = "、".join(RESULTS)
        unknown = "、".join(UNKNOWN_RESULTS)
        more = f"（所报不明的填{unknown}）" if any(task.unknown for task in self.tasks) else ""
        return (
            f"核查 {_day(months.last_day(self.month))}的情况。结果填{known}{more}。未能核实的，应在两天各去一次，写明两个日期。"
            f"每行填写证据编号（照片、材料的编号）、检查人和检查日期，不写电话和证件号码。请于{_day(self.until)}前交回。"
        )

    @property
    def file_name(self) -> str:
        return f"{self.title}{self.group}"

    @property
    def marks(self) -> dict[str, str]:
        """Hidden marks by which the returned workbook is recognised."""
        return {
            "shequ": "spot",
            "list": str(self.number),
            "plan": self.plan,
            "group": self.group,
            "month": months.key(self.month),
        }

    def by_county(self) -> dict[str, list[Task]]:
        """The rows by county code, in their order: a sheet and a page each."""
        parts: dict[str, list[Task]] = {}
        for task in self.tasks:
            parts.setdefault(task.county_code, []).append(task)
        return parts


def given(task: Task) -> list[str]:
    """The cells of a row; those that the inspector fills in are empty."""
    return ["" if column.filled else getattr(task, column.id) for column in COLUMNS]


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
