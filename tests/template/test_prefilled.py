"""A workbook that knows last month, filled in with another library and read back: what counts as this month's."""

import io
from datetime import date
from decimal import Decimal
from functools import cache

import openpyxl
import pytest

from pipelines import template
from pipelines.answers import county_and_month
from pipelines.answers.county_and_month import Marks
from pipelines.reference.roster import Unit
from pipelines.template import Answered, LastAnswers, last_answers, template_workbook
from tests.answers import sheets_of_a_form as pages

COUNTY, MONTH, BEFORE = "130524", date(2019, 6, 1), date(2019, 5, 1)
UNITS = pages.units_of(COUNTY)[:8]
TICKS, REST, REST_2 = len(list(pages.form().in_month(date(2019, 6, 1)).community)) + 1, "I2", "F2"
NAME = "柏乡县2019年6月.xlsx"


def place():
    return next(county for county in pages.rosters().counties(MONTH) if county.code == COUNTY)


def typed(field) -> object:
    values = {
        "flag": True,
        "count": 3,
        "number": Decimal("120.5"),
        "money": Decimal("10.000000"),
        "percent": Decimal("92.5"),
    }
    if field.type == "choice":
        return field.choices[0]
    return {**values, "month": date(2015, 3, 1), "text": "柏乡县", "code": COUNTY}[field.type]


def last(units: list[Unit] = UNITS, since: date = BEFORE) -> LastAnswers:
    """Every question answered alike by every unit, and 表2."""
    form = pages.form().in_month(MONTH)
    given = {f.id: last_answers.shown(typed(f)) for f in form.community if f.id not in last_answers.GIVEN}
    given |= {"households": 300, "population": 900, "committee_members": 5, "local_members": 3}
    columns = {name: [value] * len(units) for name, value in given.items()}
    record = {f.id: [last_answers.shown(typed(f))] for f in form.county if f.id not in ("county", "county_code")}
    return LastAnswers(
        BEFORE,
        Answered({unit.uid: i for i, unit in enumerate(units)}, [since] * len(units), columns),
        Answered({COUNTY: 0}, [since], record),
    )


def made(month: date = MONTH, known: LastAnswers | None = None, town: str | None = None, units=UNITS) -> bytes:
    order = template_workbook._Order(place(), units, town)
    return template_workbook._filled(pages.form().in_month(month), order, month, known or last())


@cache
def usual() -> bytes:
    return made()


def filled(data: bytes, *changes: tuple[str, object], sheet: int = 0, name: str = NAME, rename: str | None = None):
    """Read back after cells were filled in with openpyxl."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    for address, value in changes:
        book.worksheets[sheet][address] = value
    if rename:
        book.worksheets[0].title = rename
    out = io.BytesIO()
    book.save(out)
    return pages.reading(out.getvalue(), name)


def codes(outcome) -> list[str]:
    return sorted(outcome.community.unit)


def column(field_id: str) -> int:
    return [field.id for field in pages.form().in_month(MONTH).community].index(field_id) + 1


def at(field_id: str, row: int) -> str:
    return f"{openpyxl.utils.get_column_letter(column(field_id))}{row}"


def tick(row: int) -> tuple[str, str]:
    return f"{openpyxl.utils.get_column_letter(TICKS)}{row}", "√"


def test_last_months_answers_are_filled_in_with_a_tint_and_a_second_one_for_what_moves():
    sheet = openpyxl.load_workbook(io.BytesIO(usual())).worksheets[0]
    assert sheet[at("households", 5)].value == 300 and sheet[at("party_org", 5)].value == "是"
    tints = {sheet[at(name, 5)].fill.fgColor.rgb for name in ("households", "population", "satisfaction")}
    assert len(tints) == 1 and sheet[at("party_org", 5)].fill.fgColor.rgb not in tints


def test_only_code_name_town_and_kind_are_locked_and_there_is_no_password():
    sheet = openpyxl.load_workbook(io.BytesIO(usual())).worksheets[0]
    locked = [sheet.cell(5, i).protection.locked for i in range(1, TICKS + 1)]
    assert locked == [True] * 4 + [False] * (TICKS - 4)
    assert sheet.protection.sheet and sheet.protection.password is None


def test_a_workbook_in_which_nothing_was_done_counts_for_nothing():
    reading = filled(usual())
    assert not reading.refused and codes(reading) == [] and reading.record is None
    assert {"not_confirmed", "record_not_confirmed"} <= pages.codes(reading, "warning")
    assert "no_units" not in pages.codes(reading) and "units_missing" in pages.codes(reading)


def test_changed_and_ticked_rows_are_this_months_and_the_others_are_left_out():
    reading = filled(usual(), (at("households", 5), 301), tick(7))
    assert codes(reading) == sorted([UNITS[0].code, UNITS[2].code])
    (findings,) = [f for f in reading.findings if f.code == "prefilled"]
    assert "1 行有改动，1 行已核对，6 行既未改动也未核对" in findings.message


@pytest.mark.parametrize("word", ["是", "√", 1, True, "Yes", "已核对", "已核", "无变化", "没有变化", "✔"])
def test_a_row_and_the_rest_are_confirmed_in_any_word_that_says_so(word):
    assert codes(filled(usual(), (tick(7)[0], word))) == [UNITS[2].code]
    assert len(codes(filled(usual(), (REST, word)))) == len(UNITS)


@pytest.mark.parametrize("word", ["否", "×", 0, "有变化", "待核对"])
def test_any_other_word_confirms_nothing(word):
    assert codes(filled(usual(), (tick(7)[0], word), (REST, word))) == []


def test_the_line_for_the_rest_confirms_all_rows_and_that_of_the_record_its_answers():
    reading = filled(usual(), (REST, "是"))
    assert codes(reading) == sorted(unit.code for unit in UNITS) and reading.record is None
    assert filled(usual(), (REST_2, "是"), sheet=1).record is not None


def test_an_answer_written_another_way_is_no_change_and_an_unreadable_one_is():
    assert codes(filled(usual(), (at("party_org", 5), "√"), (at("households", 6), "300户"))) == []
    reading = filled(usual(), (at("volunteers", 5), "约300"), (at("party_org", 6), None))
    assert codes(reading) == sorted(unit.code for unit in UNITS[:2])


def test_one_answer_changed_in_the_record_makes_it_this_months():
    row = [field.id for field in pages.form().in_month(MONTH).county].index("average_wage") + 4
    assert filled(usual(), (f"D{row}", 61000), sheet=1).record is not None


def test_rows_may_be_sorted_and_sheets_renamed():
    book = openpyxl.load_workbook(io.BytesIO(usual()))
    sheet = book.worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=5, max_row=12)]
    for number, values in enumerate(reversed(rows), 5):
        for place_, value in enumerate(values, 1):
            sheet.cell(number, place_).value = value
    sheet[at("households", 5)] = 299
    sheet.title, book.worksheets[1].title = "六月", "全县"
    out = io.BytesIO()
    book.save(out)
    assert codes(pages.reading(out.getvalue(), NAME)) == [UNITS[-1].code]


def test_in_january_what_begins_anew_each_year_is_empty_and_has_to_be_filled_in():
    month = date(2020, 1, 1)
    sheet = openpyxl.load_workbook(io.BytesIO(made(month))).worksheets[0]
    assert sheet[at("drills", 5)].value is None and sheet[at("work_fund", 5)].value is None
    assert sheet[at("households", 5)].value == 300
    reading = filled(made(month), (at("drills", 5), 0), name="柏乡县2020年1月.xlsx")
    assert codes(reading) == [UNITS[0].code]


def test_last_months_file_with_a_new_title_is_read_as_one_without_marks():
    title = "柏乡县2019年7月城乡社区基本情况表"
    reading = filled(usual(), ("A1", title), sheet=0, name="柏乡县2019年7月.xlsx")
    assert "sheets_set_aside" in pages.codes(reading) and reading.record is None, "the other sheet still says June"
    book = openpyxl.load_workbook(io.BytesIO(usual()))
    book.worksheets[0]["A1"], book.worksheets[1]["A1"] = title, "柏乡县2019年7月工作情况表"
    out = io.BytesIO()
    book.save(out)
    reading = pages.reading(out.getvalue(), "柏乡县2019年7月.xlsx")
    assert reading.month == date(2019, 7, 1) and "mark_differs" in pages.codes(reading, "warning")
    assert codes(reading) == sorted(unit.code for unit in UNITS)


def test_a_county_that_puts_towns_on_sheets_of_their_own_confirms_each_by_itself():
    book = openpyxl.load_workbook(io.BytesIO(usual()))
    first, second = book.worksheets[0], book.copy_worksheet(book.worksheets[0])
    first.delete_rows(9, 4)
    second.delete_rows(5, 4)
    second[REST] = "是"
    first["A1"].value, second["A1"].value = first["A1"].value + "（东）", second["A1"].value + "（西）"
    first[tick(6)[0]] = "√"
    out = io.BytesIO()
    book.save(out)
    reading = pages.reading(out.getvalue(), NAME)
    assert "sheets_joined" in pages.codes(reading)
    assert codes(reading) == sorted([UNITS[1].code, *(unit.code for unit in UNITS[4:])])


def test_without_the_hidden_copy_every_answer_is_this_months():
    book = openpyxl.load_workbook(io.BytesIO(usual()))
    del book["_shequ_last"]
    out = io.BytesIO()
    book.save(out)
    assert codes(pages.reading(out.getvalue(), NAME)) == sorted(unit.code for unit in UNITS)


def test_a_town_has_a_workbook_of_its_own_which_misses_no_other_town(tmp_path):
    form, rosters = pages.form(), pages.rosters()
    paths = template.write_templates(form, rosters, MONTH, tmp_path, COUNTY, town=template.EACH_TOWN, last=last())
    towns = {unit.town for unit in pages.units_of(COUNTY)}
    assert {path.name for path in paths} == {f"柏乡县2019年6月（{town}）.xlsx" for town in towns}
    for path in paths:
        reading = pages.reading(path.read_bytes(), path.name)
        assert (reading.county, reading.month, reading.refused) == (COUNTY, MONTH, False)
        assert not {"units_missing", "no_county_sheet"} & pages.codes(reading)


@pytest.mark.parametrize("month", [date(2018, 9, 1), date(2019, 6, 1), date(2020, 7, 1)])
def test_a_town_that_is_named_like_a_county_is_not_taken_for_it(month):
    rosters = pages.rosters()
    names = {county.code: county.name for county in rosters.counties(month)}
    wrong = []
    for county, town in sorted({(unit.county_code, unit.town) for unit in rosters.units(month)}):
        said = county_and_month.collect(template.file_name(names[county], month, town), [], Marks(), rosters)
        if county_and_month.settle_county(said, lambda code: rosters.county_in(code, month))[0] != county:
            wrong.append((names[county], town))
    assert wrong == []


def test_what_the_county_says_of_the_roster_reaches_the_city():
    data = usual()
    book = openpyxl.load_workbook(io.BytesIO(data))
    book["备注"]["B4"], book["备注"]["C4"] = "东街社区", "已更名为东苑社区"
    out = io.BytesIO()
    book.save(out)
    reading = pages.reading(out.getvalue(), NAME)
    (findings,) = [f for f in reading.findings if f.code == "roster_remark"]
    assert findings.found == "东街社区：已更名为东苑社区" and findings.cell == "B4"


def test_the_formula_of_changed_cells_finds_the_copy_by_the_rows_code():
    book = openpyxl.load_workbook(io.BytesIO(usual()))
    (rule,) = [
        rule
        for rules in book.worksheets[0].conditional_formatting
        for rule in rules.rules
        if "shequ_last" in str(rule.formula)
    ]
    assert rule.formula[0].startswith('IF(ISNA(MATCH($A5&"*",shequ_last,0)),FALSE,LEFT(E5&"",12)<>')
    assert book.defined_names["shequ_last"].attr_text == "_shequ_last!$A$5:$A$12"
