"""Workbooks as counties really send them: the shared collection of cases, each with what must come out of it.

The files lie beside the project (`../shared/cases`); where they do not, the kinds are held by `test_cases_made.py`.
"""

import io
from functools import cache
from pathlib import Path

import openpyxl
import pytest

from pipelines.answers.read_workbook import Reading
from pipelines.workbook.open_workbook import open_workbook
from tests.answers import sheets_of_a_form as pages

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "cases" / "workbooks"
COUNTY = "130524"
EQUAL = {
    "F00_correct.xlsx": 0, "F03_one_sheet_a_town.xlsx": 3, "F04_columns_on_two_sheets.xlsx": 3,
    "F06_default_password.xlsx": 1, "F07_space_in_v_silent.xlsx": 1, "F08_boxes.xlsx": 1, "F09_short_cells.xlsb": 3,
    "F10_sst_count_plus1.xls": 1, "F11_lower_case_refs.xlsx": 1, "F15_formula_to_blank_zero.xlsx": 3,
    "F16_newline_reference.xlsx": 1, "F18_two_months.xlsx": 2, "F20_county_town_prefix.xlsx": 2,
    "F22_styles_part_missing.xlsx": 1, "F26_xml2003.xls": 3, "F30_bytes_before_zip.xlsx": 1,
}  # fmt: skip
REFUSED = {
    "F13_title_19nian.xlsx": ("month_two_digits", "19年6月"),
    "F17_transposed.xlsx": ("transposed", "行列互换"),
    "F28_sylk.slk": ("unsupported_format", "SYLK"),
}
# written in the file as they stand for the sender: not what a unit is found by
AS_WRITTEN = {"code", "name", "town"}

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the shared cases do not lie beside the project")


@cache
def read(name: str) -> Reading:
    return pages.reading((FOLDER / name).read_bytes(), name)


def answers(reading: Reading) -> dict[str, dict[str, object]]:
    """The answers of each unit whose row is accepted."""
    rows = reading.community
    fields = [name for name in rows.values if name not in AS_WRITTEN]
    return {
        unit: {name: rows.values[name][i] for name in fields}
        for i, (unit, held) in enumerate(zip(rows.unit, rows.held, strict=True))
        if not held
    }


@pytest.mark.parametrize(("name", "most"), EQUAL.items())
def test_what_says_the_same_is_read_the_same(name, most):
    reading, right = read(name), read("F00_correct.xlsx")
    assert (reading.refused, reading.county, reading.month) == (False, COUNTY, pages.MONTH)
    assert len(reading.community.row) == 121 and not any(reading.community.held)
    assert answers(reading) == answers(right)
    assert reading.record.values == right.record.values and not reading.record.held
    assert len(reading.findings) <= most, [finding.message for finding in reading.findings]


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_one_finding_that_says_what_it_is(name):
    reading = read(name)
    code, words = REFUSED[name]
    assert reading.refused and [finding.code for finding in reading.findings] == [code]
    assert words in reading.findings[0].message


def test_a_month_that_lost_its_zero_is_unknown_and_asked_about_once_a_column():
    reading, right = answers(read("F01_csv_october.csv")), answers(read("F00_correct.xlsx"))
    asked = [finding for finding in read("F01_csv_october.csv").findings if finding.code == "month_unclear"]
    assert {finding.field for finding in asked} == {"established", "facility_built"} and len(asked) == 2
    assert {"有 18 处", "有 5 处"} == {word for word in ("有 18 处", "有 5 处") for f in asked if word in f.message}
    for unit, given in right.items():
        for name, value in given.items():
            lost = name in ("established", "facility_built") and value is not None and value.month in (1, 10)
            assert reading[unit][name] == (None if lost else value)


def test_ticks_without_crosses_are_yes_and_their_blanks_are_asked_about_once():
    reading, right = answers(read("F05_ticks_and_blanks.xlsx")), answers(read("F00_correct.xlsx"))
    (asked,) = read("F05_ticks_and_blanks.xlsx").findings
    assert asked.code == "ticks_and_blanks" and "空白" in asked.message
    for unit, given in right.items():
        assert reading[unit] == {name: None if value is False else value for name, value in given.items()}


def test_the_city_may_decide_once_that_a_blank_means_no():
    decided = {COUNTY: {"ticks_and_blanks:": "no"}}
    name = "F05_ticks_and_blanks.xlsx"
    reading = pages.reading((FOLDER / name).read_bytes(), name, resolutions=decided)
    assert not reading.findings
    given, right = answers(reading), answers(read("F00_correct.xlsx"))
    kinds = {name: question for name, question in pages.form().community.by_id.items() if question.type == "flag"}
    for unit, values in right.items():
        for field, value in values.items():
            if field in kinds and value is not None:
                # a column in which nothing is ticked says nothing
                assert given[unit][field] in (value, None)


def test_table_2_alone_counts_and_leaves_table_1_to_other_files():
    reading = read("F12_table2_alone.csv")
    assert (reading.refused, reading.county, reading.month, reading.community) == (False, COUNTY, pages.MONTH, None)
    assert reading.record.values == read("F00_correct.xlsx").record.values
    assert len(reading.findings) <= 2


def test_addresses_on_joined_sheets_are_those_of_the_sheets():
    rows = read("F03_one_sheet_a_town.xlsx").community
    last = len(rows.row) - 1
    assert rows.elsewhere[rows.row[last], "code"][0] == "内步乡" and rows.elsewhere[rows.row[last], "code"][1] == "A18"
    blocks = read("F04_columns_on_two_sheets.xlsx").community
    assert blocks.elsewhere[blocks.row[0], "video_coverage"] == ("表1-2", "D3")


@pytest.mark.parametrize(
    "name", ["F00_correct.xlsx", "F03_one_sheet_a_town.xlsx", "F07_space_in_v_silent.xlsx", "F18_two_months.xlsx"]
)
def test_a_second_reader_sees_the_same_texts_and_numbers(name):
    data = (FOLDER / name).read_bytes()
    other = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    for sheet in open_workbook(data, name).sheets:
        there = other[sheet.name]
        for row, cells in enumerate(sheet.rows, 1):
            for column, value in enumerate(cells, 1):
                seen = there.cell(row, column).value
                assert (None if seen == "" else seen) == value, (sheet.name, row, column)
