"""An office that plans, draws and works off lists: real workbooks, filled in as inspectors do, through the one door."""

import io
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

from openpyxl import load_workbook

from pipelines.edition import open_release, spot_planning
from pipelines.edition.spot_planning import Wish
from pipelines.intake import spot_desk, spot_visit_lists, submit_files
from pipelines.intake.outcome import Report
from pipelines.months import SHANGHAI
from pipelines.verification import list_workbook
from pipelines.verification.spot_lists import SpotList
from pipelines.verification.visit_list import COLUMNS, Task, VisitList
from tests.books import Office

MONTH = date(2020, 4, 1)
PLANNED, DAY = datetime(2020, 5, 2, 9, tzinfo=SHANGHAI), datetime(2020, 5, 5, 9, tzinfo=SHANGHAI)
VISITED = date(2020, 5, 6)
FACILITY = "facility_rural"
COUNTY = "130524"
Fill = Callable[[Task], Mapping[str, object] | None]


def at(days: int) -> datetime:
    """So many days after the draw."""
    return DAY + timedelta(days=days)


def planned(
    office: Office, allowed: int | None = None, strata: str | None = None, day: datetime = DAY, **terms: object
) -> int:
    """A list of the facility's share, planned three days before the day of its number (5 May); its number."""
    release = open_release(MONTH, settings=office.settings)
    proposals = spot_planning.proposals(release, Wish(MONTH, [FACILITY], allowed=allowed, strata=strata))
    number, moment = spot_desk.Number("排列5", "第2020101期", day.date()), day - timedelta(days=3)
    event = spot_desk.plan(release, proposals, spot_desk.Terms(number, **terms), office.settings, "李某", moment)
    return event.body["list"]


def drawn(office: Office, digits: str = "12345", day: datetime = DAY, **asked: object) -> SpotList:
    return spot_desk.make_draw(planned(office, day=day, **asked), digits, "体彩网", office.settings, "李某", day)


def filled(visits: VisitList, fill: Fill, folder: Path, name: str = "") -> Path:
    """The group's workbook with `fill(task)` in the cells of each row; None leaves a row blank."""
    book = load_workbook(io.BytesIO(list_workbook.build(visits)))
    by_code = {(task.code, task.subject): task for task in visits.tasks}
    column = {title.id: number for number, title in enumerate(COLUMNS, 1)}
    for sheet in book.worksheets:
        for row in range(4, sheet.max_row + 1):
            task = by_code.get((sheet.cell(row, column["code"]).value, sheet.cell(row, column["subject"]).value))
            for id, value in ((task and fill(task)) or {}).items():
                sheet.cell(row, column[id]).value = value
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (name or f"{visits.file_name}第{len(list(folder.iterdir()))}次.xlsx")
    book.save(path)
    return path


def says(result: str, **cells: object) -> dict[str, object]:
    """What an inspector writes in a row."""
    answer = {"result": result, "evidence": "Z-01", "inspector": "王某", "days": VISITED.isoformat()}
    return {**answer, **cells}


def all_so(task: Task) -> dict[str, object]:
    return says("属实")


def but(code: str, result: str, **cells: object) -> Fill:
    """Everything as reported, one unit otherwise."""
    return lambda task: says(result, **cells) if task.code == code else says("属实")


def only(code: str, result: str, **cells: object) -> Fill:
    """One unit's row alone."""
    return lambda task: says(result, **cells) if task.code == code else None


def send(office: Office, spot_list: SpotList, fill: Fill, when: datetime, name: str = "") -> Report:
    """The list filled in and sent: its workbooks are those of the list as it stands now."""
    [visits] = spot_visit_lists.visit_lists(spot_desk.named(office.settings, spot_list.number))
    path = filled(visits, fill, office.sent, name)
    return submit_files.submit([path], office.settings, by="测试", now=when)[0]


def now_of(office: Office, spot_list: SpotList) -> SpotList:
    return spot_desk.named(office.settings, spot_list.number)


def result_of(office: Office, spot_list: SpotList) -> dict:
    lists = {each.number: each for each in spot_desk.all_lists(office.settings)}
    return spot_desk.result(lists[spot_list.number], lists, at(40).date())
