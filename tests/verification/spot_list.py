"""A small list, and returned sheets made from it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from pipelines.verification.returned import Issued, Returned, Sheet, read
from pipelines.verification.visit_list import COLUMNS, Task, VisitList, given

PLAN = "cd" * 32
DRAWN, TODAY = date(2021, 1, 2), date(2021, 1, 15)
FACILITY, PILOT = "农村社区综合服务设施覆盖率", "农村社区建设试点占比"
TASKS = (
    Task("1", "130524101200@2016", "facility_rural", "130524", "柏乡县", "柏乡镇", "东街村委会", "130524101200", FACILITY, "是"),
    Task("2", "130524101200@2016", "pilot_share", "130524", "柏乡县", "柏乡镇", "东街村委会", "130524101200", PILOT, "是"),
    Task("3", "130524101203@2016", "facility_rural", "130524", "柏乡县", "柏乡镇", "南街村委会", "130524101203", FACILITY, "是"),
    Task("4", "130503101205@2016", "facility_rural", "130503", "信都区", "南大郭镇", "西庞村委会", "130503101205", FACILITY, "是"),
    Task("5", "130503101206@2016", "facility_rural", "130503", "信都区", "南大郭镇", "北庞村委会", "130503101206", FACILITY, "未报", unknown=True),
)  # fmt: skip
LIST = VisitList(7, PLAN, "第一组", date(2020, 12, 1), DRAWN, date(2021, 1, 17), TASKS, "示例数据")
ISSUED = Issued(7, PLAN, DRAWN, TASKS, {"第一组": "130524", "第二组": "130503"})
FILLED = {"result": "属实", "evidence": "Z-01", "inspector": "王某", "days": "2021-01-05"}
LABELS = [column.label for column in COLUMNS]


def row(task: Task, **cells: object) -> list[object]:
    """The task's row as it comes back, filled in unless said otherwise."""
    made = dict(zip((column.id for column in COLUMNS), given(task), strict=True))
    return list((made | FILLED | cells).values())


def sheet(*rows: Sequence[object], name: str = "柏乡县", labels: Sequence[object] = LABELS) -> Sheet:
    """Rows below the header in row 3."""
    return Sheet(name, [["抽查名单"], ["说明"], labels, *rows])


def marked(**changed: str) -> Sheet:
    return Sheet("_shequ", [list(pair) for pair in (LIST.marks | changed).items()])


def returned(*sheets: Sheet, issued: Issued = ISSUED, **changed: object) -> Returned:
    return read("回收.xlsx", sheets, replace(issued, **changed), TODAY)


def codes(back: Returned) -> list[str]:
    return [finding.code for finding in back.findings]
