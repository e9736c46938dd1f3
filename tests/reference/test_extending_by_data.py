"""A question, an alias, a rule and an indicator more: files of reference data edited, no line of Python (issue A 1)."""

from datetime import date

import pytest
from openpyxl import load_workbook

from pipelines import months, template
from tests import small_city
from tests.books import Office, figure, plain

pytestmark = pytest.mark.slow

APRIL = date(2020, 4, 1)
COUNTY = "130571"
QUESTION = "        - {id: reading_room, label: 社区图书室, type: flag, aliases: [图书室, 农家书屋]}\n"
RULE = (
    '  - {id: room_needs_facility, severity: error, expect: "NOT reading_room OR facility", '
    "message: 无综合服务设施的不得填图书室}\n"
)
INDICATOR = (
    "  - {id: reading_rooms, headline: true, name: 农村社区图书室覆盖率, clause: 五, wording: promoted, "
    'quote: 完善村民中心功能, unit: "%", of: community, scope: is_rural, share: reading_room, '
    "target: {at_least: 50, by: 2020-12}}\n"
)


def insert_before(path, mark: str, line: str) -> None:
    small_city.replace(path, mark, line + mark)


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Office:
    folder = tmp_path_factory.mktemp("extended")
    reference = small_city.make(folder / "reference", [COUNTY])
    insert_before(reference / "form.yaml", "        - {id: info_platform, ", QUESTION)
    insert_before(reference / "form.yaml", "  - {id: kind_matches_roster, ", RULE)
    insert_before(reference / "policies/opinions-2018/register.yaml", "  - {id: village_centre, ", INDICATOR)
    return Office(folder / "data", reference)


def has_room(unit) -> dict:
    """Every other village has one; the first village claims one without a facility."""
    number = int(unit.code[-3:])
    given = {**plain(unit), "reading_room": "有" if number % 2 else "无"}
    return {**given, "facility": "否", "facility_area": None} if number == 201 else given


def rural(office) -> list:
    return [unit for unit in office.units(APRIL, COUNTY) if unit.kind == "农村社区"]


def test_the_question_stands_in_the_template(office, tmp_path):
    reference = office.reference
    [path] = template.write_templates(reference.form, reference.rosters, APRIL, tmp_path, COUNTY)
    sheet = load_workbook(path)[reference.form.community.sheet]
    assert "社区图书室" in {cell.value for row in sheet.iter_rows(max_row=8) for cell in row}


@pytest.fixture(scope="module")
def report(office):
    return office.send(APRIL, COUNTY, has_room)


@pytest.fixture(scope="module")
def release(office, report):
    return office.release(APRIL)


def test_the_rule_holds_a_row_back_and_names_the_cells(report, office):
    broken = [unit for unit in office.units(APRIL, COUNTY) if unit.code[-3:] == "201"]
    findings = [f for f in report.findings if f["code"] == "room_needs_facility"]
    assert {f["unit"] for f in findings} == {unit.code for unit in broken}
    assert "无综合服务设施的不得填图书室（社区图书室=是，综合服务设施=否）。" in findings[0]["message"]
    assert report.rows["held"] == len(broken)


def test_the_indicator_has_figures_at_every_level(release, office):
    villages = rural(office)
    rooms = [unit for unit in villages if int(unit.code[-3:]) % 2 and unit.code[-3:] != "201"]
    held = sum(unit.code[-3:] == "201" for unit in villages)
    for unit in (COUNTY, "130500"):
        shown = figure(release, "reading_rooms", unit)
        assert (shown["yes"], shown["units"], shown["unknown"]) == (len(rooms), len(villages), held)
    levels = release.rows("SELECT DISTINCT level FROM figure WHERE indicator = 'reading_rooms' ORDER BY level")
    assert [row["level"] for row in levels] == ["city", "county", "town"]


def test_the_indicator_is_shown_with_its_clause(release):
    [shown] = release.rows("SELECT clause, quote, goal, headline FROM indicator WHERE indicator = 'reading_rooms'")
    assert shown == {"clause": "五", "quote": "完善村民中心功能", "goal": "≥50", "headline": True}


def test_the_alias_is_read_from_a_reworked_sheet(office, report, tmp_path):
    path = office.workbook(months.add(APRIL, 1), COUNTY, plain)
    book = load_workbook(path)
    sheet = book[office.reference.form.community.sheet]
    [header] = [cell for row in sheet.iter_rows(max_row=8) for cell in row if cell.value == "社区图书室"]
    header.value = "农家书屋"
    for row in range(header.row + 1, header.row + 4):
        sheet.cell(row, header.column).value = "有"
    reworked = tmp_path / "改过表头.xlsx"
    book.save(reworked)
    [finding] = office.submit(reworked)
    assert not finding.refused
    assert "unknown_column" not in {f["code"] for f in finding.findings}
    release = office.release(months.add(APRIL, 1))
    known = release.rows("SELECT count(*) AS n FROM standing WHERE reading_room AND month = ?", [release.month])
    assert known[0]["n"] == 3
