"""督办: tasks opened and closed by data alone, from short series of one county; and the papers that carry them."""

import io
from datetime import date

import pytest
from docx import Document
from python_calamine import CalamineWorkbook

from pipelines import months
from pipelines.edition import Release, county_tasks
from pipelines.edition.progress_rows import Task
from pipelines.reports import gather, task_bulletin
from pipelines.reports.county_notice import ROWS, notice, of_county, write_notices
from pipelines.reports.facts import Facts
from tests.reports import hostile

JUNE, DUE = date(2020, 6, 1), date(2020, 12, 1)


def line(*rows: tuple[str, int, int], due: date = DUE) -> list[dict]:
    """A county's series that ends in 2020-06: status, failing, unknown of each month."""
    first = months.add(JUNE, 1 - len(rows))
    return [
        {
            "indicator": "a", "name": "甲率", "clause": "五", "gap_unit": "个村", "county": "130523", "short": "内丘县", "month":
            months.add(first, n), "status": status, "due": due, "gap_failing": failing, "gap_unknown": unknown,
        }
        for n, (status, failing, unknown) in enumerate(rows)
    ]  # fmt: skip


def made(*rows: tuple[str, int, int], due: date = DUE) -> Task | None:
    return county_tasks._task(line(*rows, due=due), JUNE, [], [])


@pytest.mark.parametrize(
    ("rows", "state"),
    [
        ([("on_track", 9, 0), ("lagging", 9, 0)], "open"),
        ([("lagging", 9, 0), ("on_track", 5, 0)], "open"),  # on its way is not done
        ([("lagging", 9, 0), ("met", 0, 0)], "closed"),
        ([("lagging", 9, 0), ("unproven", 0, 9)], "unproven"),  # silence closes nothing
        ([("lagging", 9, 0), ("met", 0, 0), ("reversing", 2, 0)], "reopened"),
        ([("lagging", 9, 0), ("met", 0, 0), ("met", 0, 0)], "closed"),
    ],
)
def test_a_task_is_closed_by_data_alone_and_reopened_when_it_falls_back(rows, state):
    assert made(*rows)["state"] == state


@pytest.mark.parametrize("rows", [[("on_track", 9, 0)], [("starting", 9, 0)], [("unproven", 0, 9)], [("met", 0, 0)]])
def test_who_was_never_behind_has_no_task(rows):
    assert made(*rows) is None


@pytest.mark.parametrize(
    ("failing", "pace"),
    [(14, "even"), (15, "behind"), (13, "ahead"), (17, "behind")],
)
def test_pace_is_the_months_share_of_what_was_missing(failing, pace):
    # 16 missing in May, 8 months left: 2 in June
    assert made(("lagging", 16, 0), ("lagging", failing, 0), due=months.add(JUNE, 7))["pace"] == pace


def test_quota_is_rounded_up_and_what_was_done_is_told():
    task = made(("lagging", 16, 0), ("lagging", 14, 0))
    assert (task["quota"], task["done"], task["failing_before"]) == (3, 2, 16)
    assert task["due"] == date(2020, 12, 31) and task["opened"] == date(2020, 5, 1)


def test_after_the_due_month_a_task_is_overdue():
    assert made(("lagging", 5, 0), ("overdue", 5, 0), due=JUNE)["pace"] == "overdue"


def test_what_falls_back_this_month_did_not_stand_last_month():
    assert not made(("lagging", 9, 0), ("met", 0, 0), ("reversing", 2, 0))["stood"]
    assert made(("lagging", 9, 0), ("met", 0, 0))["stood"]
    assert not made(("on_track", 9, 0), ("lagging", 9, 0))["stood"]


def test_a_county_that_ended_has_no_task():
    assert county_tasks._task(line(("lagging", 5, 0))[:1], date(2020, 7, 1), [], []) is None


# ---- of an edition


@pytest.fixture(scope="module")
def late(june: Release) -> Release:
    return hostile.behind(june)


@pytest.fixture(scope="module")
def facts(late: Release) -> Facts:
    return gather(late)


def test_tasks_of_an_edition_name_their_very_units(late: Release, facts: Facts):
    assert len(facts.tasks) > 9 and any(task["units"] for task in facts.tasks)
    for task in facts.tasks:
        [row] = late.rows(
            "SELECT gap_failing, gap_unknown FROM figure WHERE indicator = ? AND unit = ? AND month = ? AND divisions = 'now'",
            [task["indicator"], task["county"], late.month],
        )
        if task["state"] != "closed":
            assert (task["failing"], task["unknown"]) == (row["gap_failing"] or 0, row["gap_unknown"] or 0)
            assert not task["units"] or len(task["units"]) >= task["failing"], task


def test_every_county_has_a_notice_of_its_own_and_a_workbook(late: Release, facts: Facts, tmp_path):
    paths = write_notices(late, tmp_path, date(2020, 8, 5))
    assert len(paths) == 2 * len(facts.counties)
    county = next(c for c in facts.counties if c["unit"] == "130523")
    paper = Document(io.BytesIO(notice(facts, county, date(2020, 8, 5))))
    words = "\n".join(p.text for p in paper.paragraphs)
    assert "关于内丘县城乡社区治理工作的督办通知" in words
    book = CalamineWorkbook.from_path(str(next(p for p in paths if "内丘县" in p.name and p.suffix == ".xlsx")))
    assert book.sheet_names == ["督办事项", "未达标单位", "待答复问题"]
    assert len(book.get_sheet_by_name("督办事项").to_python()) == 1 + len(of_county(facts, "130523"))
    assert all(len(table.rows) <= ROWS + 1 for table in paper.tables)


def test_the_bulletin_counts_every_county_with_tasks(facts: Facts):
    paper = Document(io.BytesIO(task_bulletin.build(facts)))
    standing = [task for task in facts.tasks if task["state"] != "closed"]
    rows = [[cell.text for cell in row.cells] for row in paper.tables[0].rows[1:]] if paper.tables else []
    assert sum(int(row[1]) for row in rows) == len(standing)
