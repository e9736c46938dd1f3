"""From a submission to its receipt: archive, warehouse, earlier tries (issue B, point 5)."""

from datetime import date
from functools import cache
from pathlib import Path

import openpyxl
import pytest

from pipelines.figures import figure_counts, progress
from pipelines.intake import decisions, outcome, receipts, session, submit_files
from pipelines.reference import reference_bundle
from pipelines.settings import REPOSITORY, Settings
from tests.answers import sheets_of_a_form as pages

UNITS = pages.units_of("130524")
NAME = "柏乡县2019年6月.xlsx"


def workbook(**values: list) -> bytes:
    """The whole county, honest and short, with these answers of the first units put wrong."""
    made = pages.page(UNITS)
    keep = {"code", "name", "town", "kind", "households", "population", "committee_members", "local_members", "grids"}
    for column in made.columns:
        if column.question.id not in keep:
            column.values = [None] * len(UNITS)
    made.column("households").values = [300 + i for i in range(len(UNITS))]
    made.column("population").values = [901 + 3 * i for i in range(len(UNITS))]
    made.column("committee_members").values = [7] * len(UNITS)
    made.column("local_members").values = [5] * len(UNITS)
    made.column("grids").values = [3] * len(UNITS)
    for field, given in values.items():
        made.column(field).values[: len(given)] = given
    return pages.book(made)


def send(city: Settings, folder: Path, data: bytes, name: str = NAME) -> tuple[outcome.Report, Path]:
    path = folder / name
    path.write_bytes(data)
    reports = submit_files.submit([path], city, by="县里")
    (made,) = submit_files.write_receipts(reports, city, folder / "receipts")
    return reports[0], made


def top(path: Path) -> str:
    sheet = openpyxl.load_workbook(path)["问题清单"]
    return "\n".join(
        " ".join(str(v) for v in row if v is not None) for row in sheet.iter_rows(max_row=7, values_only=True)
    )


def states(path: Path) -> dict[str, str]:
    rows = list(openpyxl.load_workbook(path)["问题清单"].iter_rows(min_row=9, values_only=True))
    return {row[4]: row[2] for row in rows if row[0] and row[1] == "错误"}


@pytest.fixture(scope="module", autouse=True)
def quick():
    """The reference data is read once, and the month's figures are not what is looked at here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reference_bundle, "load", cache(reference_bundle.load))
        for module in (figure_counts, progress):
            patch.setattr(module, "compute", lambda *_: None)
        yield


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """A county's month, told once: three tries, the same file again, a waiver, an approval, a file too late."""
    folder = tmp_path_factory.mktemp("story")
    city = Settings(folder / "data", REPOSITORY / "data" / "reference")
    wrong = workbook(local_members=[5, 9])
    tries = [
        workbook(households=["约300"], local_members=[5, 9], grids=["?"]),
        workbook(households=["约400"], grids=[3, "?"]),
    ]
    sent = [send(city, folder, data) for data in (*tries, wrong, wrong)]
    report = sent[2][0]
    rule = next(finding for finding in report.findings if finding["severity"] == "error")
    decisions.waive(rule["id"], "一人在外", date(2019, 12, 1), city, by="市局")
    waived = submit_files.write_receipts([report], city, folder / "waived")
    decisions.approve(date(2019, 6, 1), city, by="市局")
    late = send(city, folder, workbook(households=["约300"], local_members=[9]))
    return city, sent, waived[0], late


def test_receipts_are_named_by_county_month_and_try(story):
    _, sent, _, (_, late) = story
    assert [path.name for _, path in sent[:3]] == [f"柏乡县2019年6月_回执_第{n}次.xlsx" for n in (1, 2, 3)]
    assert late.name == "柏乡县2019年6月_回执_第4次.xlsx"


def test_tries_are_told_apart_for_answers_and_for_rules(story):
    (_, first), (_, second), (_, third), _ = story[1]
    assert states(first) == {"E4": None, "I5、H5": None, "U4": None} and "首次报送" in top(first)
    assert states(second) == {"E4": "仍未改", "U5": "新出现"} and "已改正 2" in top(second)
    assert states(third) == {"I5、H5": "又出现"} and "已改正 2" in top(third)


def test_the_top_tells_rows_and_what_became_of_the_file(story):
    report, path = story[1][0]
    assert report.rows.items() >= {"read": 121, "accepted": 119, "held": 2}.items()
    assert "结果：已接收。读到 121 行社区（村），计入 119 行，暂不计入 2 行。" in top(path)


def test_the_same_file_again_is_the_same_try(story):
    report, path = story[1][3]
    assert report.state == "known" and "此前已收到相同文件" in top(path) and "第3次报送" in top(path)


def test_waived_findings_are_said_to_be(story):
    assert "1 条已由市局豁免" in top(story[2])


def test_a_file_that_waits_is_judged_for_its_receipt(story):
    report, path = story[3]
    assert report.state == "waiting" and "本件待重开后计入。" in top(path)
    assert states(path) == {"E4": "又出现", "I4、H4": "新出现"}


def test_writing_receipts_changes_nothing(story, tmp_path):
    city, sent, _, (late, _) = story
    with session.writing(city, "核对") as opened:
        before = opened.con.execute("SELECT * FROM finding ORDER BY ALL").fetchall()
        receipts.write_receipts(opened, [sent[1][0], late], tmp_path)
        assert opened.con.execute("SELECT * FROM finding ORDER BY ALL").fetchall() == before


def test_a_receipt_does_not_depend_on_when_the_warehouse_was_built(story, tmp_path):
    city, _, _, (late, _) = story
    (before,) = submit_files.write_receipts([late], city, tmp_path / "before")
    city.warehouse.unlink()
    (after,) = submit_files.write_receipts([late], city, tmp_path / "after")
    assert after.read_bytes() == before.read_bytes()
