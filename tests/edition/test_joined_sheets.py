"""Answers of a 表1 that lies on several sheets lead to the sheet and cell where they stand, and from there to the figures."""

from datetime import date
from pathlib import Path

import openpyxl
import pytest

from pipelines.edition import explain, feeds
from pipelines.edition.open_edition import Release
from pipelines.errors import Refusal
from tests import small_city
from tests.books import Office

APRIL = date(2020, 4, 1)
ZONE = "130571"
SECOND = "第二片"


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Office:
    folder = tmp_path_factory.mktemp("joined")
    city = small_city.make(folder / "reference", [ZONE])
    return Office(folder / "data", small_city.measure_only(city, ("facility_rural",)))


def on_two_sheets(path: Path) -> tuple[str, int]:
    """The second half of the units on a sheet of its own. Returns the first sheet's name and the first row of units."""
    book = openpyxl.load_workbook(path)
    first = next(sheet for sheet in book if sheet.title.startswith("表1"))
    rows = [
        row
        for row in range(1, first.max_row + 1)
        if any(len(str(cell.value or "")) == 12 and str(cell.value).isdigit() for cell in first[row])
    ]
    half = len(rows) // 2
    second = book.copy_worksheet(first)
    second.title = SECOND
    second.delete_rows(rows[0], half)
    first.delete_rows(rows[half], len(rows) - half)
    book.save(path)
    return first.title, rows[0]


@pytest.fixture(scope="module")
def sent(office) -> tuple[str, str, int, Path]:
    path = office.workbook(APRIL, ZONE)
    return path.name, *on_two_sheets(path), path


@pytest.fixture(scope="module")
def release(office, sent) -> Release:
    [report] = office.submit(sent[-1])
    assert report.rows["held"] == 0 and report.rows["read"] == len(office.units(APRIL, ZONE)), report.findings
    return office.release(APRIL)


def test_every_answer_is_told_where_it_stands(release, sent):
    _, first, _, path = sent
    book = openpyxl.load_workbook(path)
    explained = explain(release, "facility_rural", APRIL, ZONE)["units"]
    sheets = {unit["answer"]["facility"]["sheet"] for unit in explained}
    assert sheets == {first, SECOND}
    for unit in explained:
        place = unit["answer"]["facility"]
        cell = book[place["sheet"]][place["cell"]]
        assert cell.value == "是"
        assert unit["unit"] in {str(value.value) for value in book[place["sheet"]][cell.row]}


def test_a_cell_of_a_later_sheet_leads_to_its_own_unit(release, sent):
    name, first, _, _ = sent
    explained = explain(release, "facility_rural", APRIL, ZONE)["units"]
    for sheet in (first, SECOND):
        unit = next(
            explained_unit for explained_unit in explained if explained_unit["answer"]["facility"]["sheet"] == sheet
        )
        place = unit["answer"]["facility"]
        lineage = feeds(release, name, place["cell"], sheet)
        assert (lineage["unit"], lineage["sheet"], lineage["field"]) == (unit["unit"], sheet, "facility")
        assert {figure["indicator"] for figure in lineage["figures"]} == {"facility_rural"}


def test_a_number_of_the_joined_table_is_no_cell_of_the_first_sheet(release, sent):
    name, first, _, _ = sent
    [last] = release.rows("SELECT max(row_no) AS row_no FROM moved WHERE field = 'facility'")
    [place] = release.rows("SELECT cell FROM source WHERE field = 'facility'")
    with pytest.raises(Refusal):
        feeds(release, name, f"{place['cell']}{last['row_no']}", first)
