"""docs/bad-inputs.md holds every row, each with tests that exist; and the rows that no other test shows."""

import re
import shutil
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from pipelines import reports
from pipelines.archive.store import Archive
from pipelines.edition import open_release
from pipelines.errors import Refusal
from pipelines.intake import collect_inbox, reporting_status, session, submit_files
from pipelines.warehouse.projection import SetAside
from tests import small_city
from tests.books import Office, but

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "bad-inputs.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([ABD])(\d+) \|(.*)\|$", PAGE, re.MULTILINE)
APRIL, COUNTY = date(2020, 4, 1), "130571"


def test_no_row_of_the_lists_is_missing():
    wanted = [(part, str(n)) for part, last in (("A", 55), ("B", 74), ("D", 4)) for n in range(1, last + 1)]
    assert [(part, number) for part, number, _ in ROWS] == wanted


def test_every_row_says_what_happens_and_names_tests_that_exist():
    tests = {name for path in (ROOT / "tests").rglob("*.py") for name in _tests(path)}
    for part, number, row in ROWS:
        what, happens, named = (cell.strip() for cell in re.split(r"(?<!\\)\|", row))
        assert what and happens and named, f"{part}{number}"
        assert re.fullmatch(r"(`test_\w+` ?)+", named), f"{part}{number}: {named}"
    assert set(re.findall(r"`(test_\w+)`", PAGE)) - tests == set()


def _tests(path: Path) -> list[str]:
    return re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def city(tmp_path_factory) -> Path:
    reference = small_city.make(tmp_path_factory.mktemp("city") / "reference", [COUNTY])
    return small_city.measure_only(reference, ("facility_rural",))


@pytest.fixture
def office(city, tmp_path) -> Office:
    return Office(tmp_path / "data", city)


def test_a_broken_rule_names_both_cells(office):
    village = next(unit for unit in office.units(APRIL, COUNTY) if unit.kind == "农村社区")
    path = office.workbook(APRIL, COUNTY, but(village.name, facility="否"))
    [report] = office.submit(path)
    [finding] = [f for f in report.findings if f["code"] == "no_facility_no_area"]
    sheet = openpyxl.load_workbook(path)[finding["sheet"]]
    assert [sheet[cell].value for cell in finding["cell"].split(",")] == ["否", 300]
    assert f"单元格 {finding['cell'].replace(',', '、')}" in finding["message"] and report.rows["held"] == 1


def test_a_file_above_the_door_is_refused_before_it_is_read(office):
    office.sent.mkdir()
    large = office.sent / "大.xlsx"
    with large.open("wb") as file:
        file.truncate(500 << 20)
    good = office.workbook(APRIL, COUNTY)
    for way in (lambda *paths: submit_files.check(paths, office.settings), office.submit):
        before, refused, after = way(good, large, office.sent / "没有.xlsx")
        assert (before.refused, refused.refused, refused.seq, after.refused) == (False, True, None, True)
        assert re.search(r"文件“大.xlsx”有 500 MB，超过上限 64 MB，未接收", refused.findings[0]["message"])
        assert "找不到文件" in after.findings[0]["message"]
    assert before.state == "effective", "好的那份不受影响"
    with pytest.raises(Refusal, match="超过上限 64 MB"):
        submit_files.preview(bytes(65 << 20), "大.xlsx", office.settings)
    assert Archive(office.settings.archive).last_seq() == 1


SPOILED = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "foreign": lambda path: path.write_bytes(b"SQLite format 3\0" * 1000),
    "empty": lambda path: path.write_bytes(b""),
    "gone": lambda path: path.unlink(),
}


def test_a_spoiled_warehouse_is_made_again_from_the_archive(office):
    office.send(APRIL, COUNTY)
    first = office.run(APRIL)
    for name, spoil in SPOILED.items():
        spoil(office.settings.warehouse)
        try:
            again = office.run(APRIL)
        except SetAside:  # met while it was read: the next run builds it
            again = office.run(APRIL)
        assert (again.new, again.number) == (False, first.number), name


def test_a_report_that_cannot_be_written_leaves_the_old_ones(office, monkeypatch):
    office.send(APRIL, COUNTY)
    office.run(APRIL)
    release, folder = open_release(settings=office.settings), office.sent / "reports"
    before = {path: path.read_bytes() for path in reports.write_reports(release, folder)}
    for path in before:
        path.write_bytes(b"old")

    def no_font(facts, variant):
        raise Refusal("缺少字体")

    monkeypatch.setattr(reports.tables_xlsx, "build", no_font)
    with pytest.raises(Refusal, match="缺少字体"):
        reports.write_reports(release, folder)
    assert {path.read_bytes() for path in before} == {b"old"} and len(list(folder.iterdir())) == len(before)


def test_a_file_refused_in_the_inbox_stays_there_and_is_listed(office):
    office.settings.inbox.mkdir(parents=True)
    with (office.settings.inbox / "大.xlsx").open("wb") as file:
        file.truncate(65 << 20)
    shutil.copy(office.workbook(APRIL, COUNTY), office.settings.inbox)
    with session.writing(office.settings, "测试") as opened:
        assert collect_inbox.collect(opened, office.settings) == [1]
    assert reporting_status.status(office.settings)["inbox"] == ["大.xlsx"]
    assert Archive(office.settings.archive).last_seq() == 1
