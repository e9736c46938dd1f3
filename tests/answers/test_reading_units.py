"""Which unit a row is about, and what happens to rows that are no unit, two units, or another county's (bad-inputs 28–30)."""

from datetime import date

import pytest

from pipelines.answers import match_unit, name_variants
from tests.answers import sheets_of_a_form as pages
from tests.answers.test_reading_cells import poke

UNITS = pages.units_of("130524")[:6]
MONTH_AFTER = date(2020, 12, 1)


def index():
    return match_unit.county_index(pages.rosters(), pages.MONTH, "130524")


def test_a_known_code_with_its_name_is_the_unit():
    unit = UNITS[0]
    assert match_unit.match(index(), unit.code, unit.name, unit.town, {}) == match_unit.Outcome(unit.code)


@pytest.mark.parametrize(
    "name", ["前三里村委会", "前三里村民委员会", "前三里村", "前三里", " 前三里 村委会", "前三里村村委会"]
)
def test_usual_variants_of_a_name_find_it(name):
    outcome = match_unit.match(index(), None, name, "柏乡镇", {})
    assert outcome.unit == "130524100201" and outcome.by_name


@pytest.mark.parametrize("name", ["前三里居委会", "前三里社区居委会", "前三", "前三裡村委会", "后三里村委会前"])
def test_other_names_do_not(name):
    assert match_unit.match(index(), None, name, "柏乡镇", {}).unit is None


def test_a_community_and_a_village_of_one_name_are_two_bodies():
    assert not name_variants.same("东关居委会", "东关村委会")
    assert name_variants.same("东关社区", "东关社区居民委员会")


def test_a_name_that_stands_twice_in_the_county_needs_its_town():
    month_units = pages.rosters().units(pages.MONTH)
    seen: dict[tuple, list] = {}
    for unit in month_units:
        seen.setdefault((unit.county_code, unit.name), []).append(unit)
    twins = next(units for units in seen.values() if len({u.town_code for u in units}) == 2 and len(units) == 2)
    county = match_unit.county_index(pages.rosters(), pages.MONTH, twins[0].county_code)
    assert match_unit.match(county, None, twins[0].name, twins[0].town, {}).unit == twins[0].code
    assert match_unit.match(county, None, twins[0].name, twins[1].town, {}).unit == twins[1].code
    assert match_unit.match(county, None, twins[0].name, None, {}).finding == "unit_ambiguous"


def test_a_name_of_another_town_is_a_question():
    outcome = match_unit.match(index(), None, "前三里村委会", "内步乡", {})
    assert (outcome.unit, outcome.finding) == (None, "unit_unknown_name")


def row_errors(field_id: str, value: object) -> tuple:
    made = pages.page(UNITS, 1)
    cell = poke(made, field_id, 2, value)
    return cell, pages.reading(pages.book(made))


@pytest.mark.parametrize(
    ("code", "finding"),
    [
        ("130503001031", "unit_foreign"),
        ("130524999299", "unit_unknown"),
        ("130524100999", "unit_unknown"),
        ("130524100202", "code_name_conflict"),
    ],
)
def test_a_code_that_is_not_this_unit_holds_the_row(code, finding):
    made = pages.page(pages.units_of("130524")[2:8], 1)
    cell = poke(made, "code", 2, code)
    reading = pages.reading(pages.book(made))
    assert pages.at(reading, finding) == [cell]
    assert reading.community.held == [False, False, True, False, False, False]


def test_an_abolished_code_holds_the_row():
    now = {unit.code for unit in pages.units_of("130524")}
    old = next(
        code
        for code in sorted(pages.rosters().known_codes())
        if code[:6] == "130524" and code not in now and "200" <= code[9:] < "400"
    )
    cell, errors = row_errors("code", old)
    assert pages.at(errors, "unit_not_in_month") == [cell] and errors.community.held[2]


def test_a_statistical_look_alike_is_no_unit():
    county, code = next(
        (c[:6], c) for c in sorted(pages.rosters().known_codes()) if c[9:] >= "400" and pages.units_of(c[:6])
    )
    made = pages.page(pages.units_of(county)[:8], 1)
    cell = poke(made, "code", 2, code)
    reading = pages.reading(pages.book(made), "2019年6月.xlsx")
    assert pages.at(reading, "unit_not_surveyed") == [cell] and reading.community.held[2]


def test_a_shifted_name_column_is_noticed_in_every_row():
    made = pages.page(UNITS, 1)
    column = made.column("name")
    column.values = [column.values[-1], *column.values[:-1]]
    reading = pages.reading(pages.book(made))
    assert len(pages.at(reading, "code_name_conflict")) == len(UNITS) and all(reading.community.held)


def test_a_name_that_nobody_has_is_asked_about_and_counts_by_its_code():
    cell, errors = row_errors("name", "新河湾村委会")
    assert pages.at(errors, "name_differs") == [cell] and not any(errors.community.held)


def test_another_town_is_asked_about():
    cell, errors = row_errors("town", "内步乡")
    assert pages.at(errors, "town_differs") == [cell] and not any(errors.community.held)


def test_missing_codes_are_found_by_name_and_warned_of_once():
    made = pages.page(UNITS, 1)
    for i in (1, 3):
        poke(made, "code", i, None)
    reading = pages.reading(pages.book(made))
    assert pages.at(reading, "matched_by_name") == ["A5,A7"] and "matched_by_name" in pages.codes(reading, "warning")
    assert reading.community.unit == [unit.code for unit in UNITS] and not any(reading.community.held)


DAMAGED = ["1.30524E+11", "13052410020", "1305241002011", "待补", "#REF!"]


@pytest.mark.parametrize("code", DAMAGED)
def test_a_damaged_code_beside_a_name_that_identifies_the_unit_is_a_warning_and_the_row_counts(code):
    cell, errors = row_errors("code", code)
    assert pages.at(errors, "code_damaged_named") == [cell] and pages.codes(errors, "error") == set()
    assert errors.community.unit[2] == UNITS[2].code and not errors.community.held[2]
    [said] = [f for f in errors.findings if f.code == "code_damaged_named"]
    assert (said.unit, said.found, said.expected) == (UNITS[2].code, code, UNITS[2].code)
    assert (
        f"区划代码的值为“{code}”，应为12位数字；已按名称认定为{UNITS[2].name}（{UNITS[2].code}），该行照常计入。"
        in said.message
    )


@pytest.mark.parametrize("code", DAMAGED)
def test_a_damaged_code_beside_a_name_that_does_not_is_one_error_and_the_row_is_held(code):
    made = pages.page(UNITS, 1)
    cell = poke(made, "code", 2, code)
    poke(made, "name", 2, "石家壮村委会")
    reading = pages.reading(pages.book(made))
    assert [(f.code, f.cell) for f in reading.findings if f.severity == "error"] == [("code_damaged", cell)]
    assert reading.community.held[2] and reading.community.unit[2] is None
    assert "石家庄村委会（130524100203）" in next(f.message for f in reading.findings if f.code == "code_damaged")


def test_nothing_is_said_of_damaged_codes_in_a_file_that_names_no_month():
    """Without a month there is no roster that could say which unit the name means."""
    made = pages.page(UNITS, 1)
    poke(made, "code", 2, "1.30524E+11")
    made.title, made.record_rows = "柏乡县城乡社区基本情况表", []
    reading = pages.reading(pages.book(made), "柏乡县.xlsx")
    assert reading.refused and "month_unknown" in pages.codes(reading) and "code_damaged" not in pages.codes(reading)


def test_a_code_that_lost_a_digit_is_not_taken_for_a_telephone_number():
    """130 5241 0020 could be one; an identity number in the column of codes is struck out all the same."""
    _, errors = row_errors("code", "13052410020")
    assert errors.community.raw["code"][2] == "13052410020"
    _, errors = row_errors("code", "130524199001011234")
    assert errors.community.raw["code"][2] == "***"
    assert "130524199001011234" not in "".join(f.message for f in errors.findings)


def test_a_column_of_damaged_codes_is_one_warning():
    units = pages.units_of("130524")[:30]
    made = pages.page(units, 1)
    made.column("code").values = ["1.30524E+11"] * len(units)
    reading = pages.reading(pages.book(made))
    [said] = [f for f in reading.findings if f.field == "code"]
    assert (said.code, said.severity) == ("code_column_damaged", "warning")
    assert "有 30 行的区划代码不是12位数字（如 1.30524E+11）" in said.message
    assert reading.community.unit == [unit.code for unit in units] and not any(reading.community.held)


def test_a_damaged_code_in_the_county_record_holds_the_record():
    made = pages.page(UNITS, 1)
    next(row for row in made.record_rows if "县（市、区）代码" in row)[3] = "1305"
    reading = pages.reading(pages.book(made))
    assert (
        "county_code_damaged" in pages.codes(reading, "error")
        and reading.record.held
        and not any(reading.community.held)
    )


@pytest.mark.parametrize(
    "name",
    [
        "柏乡县柏乡镇前三里村委会",
        "邢台市柏乡县柏乡镇前三里村",
        "柏乡镇前三里村民委员会",
        "柏乡县前三里村委会",
        "前三里(村委会)",
        "柏乡镇前三里（村民委员会）",
        "前三里村（村委会）",
    ],
)
@pytest.mark.parametrize("town", ["柏乡镇", None])
def test_city_county_and_town_before_a_name_and_a_body_in_brackets_are_taken_off(name, town):
    outcome = match_unit.match(index(), None, name, town, {})
    assert (outcome.unit, outcome.by_name) == ("130524100201", True)
    assert match_unit.match(index(), "130524100201", name, town, {}).finding is None


@pytest.mark.parametrize("name", ["固城店镇前三里村委会", "临城县前三里村委会", "柏乡前三里村委会", "前三里(卫生室)"])
def test_another_town_or_county_before_a_name_or_another_body_is_not(name):
    assert match_unit.match(index(), None, name, "柏乡镇", {}).unit is None


def test_an_unknown_name_without_code_is_an_open_question_with_candidates():
    made = pages.page(UNITS, 1)
    poke(made, "code", 2, None)
    cell = poke(made, "name", 2, "石家壮村委会")
    reading = pages.reading(pages.book(made))
    assert pages.at(reading, "unit_unknown_name") == [cell] and reading.community.held[2]
    assert "石家庄村委会（130524100203）" in next(f.message for f in reading.findings if f.code == "unit_unknown_name")


def test_an_answered_question_is_remembered():
    made = pages.page(UNITS, 1)
    poke(made, "code", 2, None)
    poke(made, "name", 2, "石家壮村委会")
    key = match_unit.key(None, "石家壮村委会", UNITS[2].town)
    reading = pages.reading(pages.book(made), resolutions={UNITS[2].code[:6]: {key: UNITS[2].code}})
    assert reading.community.unit[2] == UNITS[2].code and pages.codes(reading, "error") == set()


def test_a_row_without_code_and_name_is_held():
    made = pages.page(UNITS, 1)
    cell = poke(made, "code", 2, None)
    poke(made, "name", 2, None)
    reading = pages.reading(pages.book(made))
    assert pages.at(reading, "unit_missing") == [cell] and reading.community.held[2]


def test_the_same_unit_twice_with_the_same_answers_counts_once():
    made = pages.page([*UNITS, UNITS[1]], 1)
    for column in made.columns:
        column.values[-1] = column.values[1]
    reading = pages.reading(pages.book(made))
    assert pages.at(reading, "unit_repeated") == ["A5,A10"]
    assert reading.community.unit == [unit.code for unit in UNITS] and not any(reading.community.held)


def test_the_same_unit_twice_with_different_answers_counts_for_neither():
    made = pages.page([*UNITS, UNITS[1]], 1)
    for column in made.columns:
        column.values[-1] = column.values[1]
    poke(made, "households", 6, 77)
    reading = pages.reading(pages.book(made))
    assert pages.at(reading, "unit_twice") == ["A5,A10"]
    assert reading.community.held == [False, True, False, False, False, False, True]


def test_missing_units_are_listed_once():
    reading = pages.reading(pages.book(pages.page(UNITS, 1)))
    (finding,) = [f for f in reading.findings if f.code == "units_missing"]
    assert "121 个社区（村）有 115 个没有填报" in finding.message


def test_a_whole_county_gives_no_finding_about_units():
    reading = pages.reading(pages.book(pages.page(pages.units_of("130524"), 1)))
    assert reading.findings == [] and len(reading.community.row) == 121


def test_the_wrong_county_is_one_finding_for_the_file():
    made = pages.page(pages.units_of("130533"), 1)
    made.title = "柏乡县2019年6月城乡社区基本情况表"
    made.units, made.record_rows = [pages.units_of("130524")[0], *made.units[1:]], []
    reading = pages.reading(pages.book(made))
    assert reading.refused and reading.county is None
    assert [f.code for f in reading.findings if f.code in ("codes_of_other_county", "unit_foreign")] == [
        "codes_of_other_county"
    ]


@pytest.mark.parametrize(("sums", "warned"), [(0, False), (1, True)])
def test_totals_that_disagree_with_their_parts_are_asked_about(sums, warned):
    made = pages.page(UNITS, 1)
    total = sum(made.meant[unit.code]["households"] for unit in UNITS) + sums
    made.inserted[len(UNITS)] = [[None, "合计", None, None, total]]
    reading = pages.reading(pages.book(made))
    assert pages.at(reading, "total_differs") == (["E10"] if warned else [])
    assert len(reading.community.row) == len(UNITS)


@pytest.mark.parametrize(
    "label", ["小计", "合 计", "总计:", "柏乡镇小计", "全县合计", "其中:农村社区", "柏乡镇", "合计(6个)", "平均"]
)
def test_rows_of_totals_are_no_units(label):
    made = pages.page(UNITS, 1)
    made.inserted[3] = [[None, label, None, None, 1]]
    assert pages.reading(pages.book(made)).community.unit == [unit.code for unit in UNITS]


@pytest.mark.parametrize(("sums", "warned"), [(0, False), (1, True)])
def test_a_row_of_bare_numbers_is_a_total(sums, warned):
    made = pages.page(UNITS, 1)
    total = sum(made.meant[unit.code]["households"] for unit in UNITS) + sums
    made.inserted[len(UNITS)] = [[None, None, None, None, total]]
    reading = pages.reading(pages.book(made))
    assert len(reading.community.row) == len(UNITS)
    assert pages.at(reading, "total_differs") == (["E10"] if warned else [])


def test_codes_of_towns_are_no_units():
    made = pages.page(UNITS, 1)
    made.inserted[3] = [["130524100000", "柏乡镇", None, None, 1], ["130524100", "柏乡镇", None, None, 1]]
    assert pages.reading(pages.book(made)).community.unit == [unit.code for unit in UNITS]


@pytest.mark.parametrize(
    "row",
    [
        ["柏乡镇"],
        ["以下为山区村"],
        [None, "柏乡镇"],
        ["注:以上为平原村"],
        ["统计用区划代码", "社区(村)名称", "所属街道(乡镇)", "社区类型"],
    ],
)
def test_headings_and_remarks_between_rows_are_no_units(row):
    made = pages.page(UNITS, 1)
    made.inserted[3] = [row]
    reading = pages.reading(pages.book(made))
    assert reading.community.unit == [unit.code for unit in UNITS] and pages.codes(reading, "error") == set()
