"""The county's workbook: opened again with a library that did not write it, and read back by our own reader."""

import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from openpyxl.utils import get_column_letter

from pipelines import template
from pipelines.errors import Refusal
from pipelines.reference import labels
from pipelines.reference.form import Field, Form, Part
from pipelines.reference.roster import County, Unit
from pipelines.template import field_wording
from pipelines.template.last_answers import GIVEN, shown
from tests.answers import sheets_of_a_form as pages

MONTH = date(2019, 6, 1)


def place(code: str) -> County:
    return next(county for county in pages.rosters().counties(MONTH) if county.code == code)


def made(code: str = "130503", form: Form | None = None, units: list[Unit] | None = None, **options) -> bytes:
    table = template.blank_table(pages.units_of(code) if units is None else units)
    return template.build(form or pages.form(), place(code), MONTH, table, {}, **options)


def opened(data: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data))


@pytest.fixture(scope="module")
def book() -> openpyxl.Workbook:
    return opened(made())


@pytest.fixture(scope="module")
def sheet(book: openpyxl.Workbook):
    return book.worksheets[0]


def covering(sheet, address: str) -> list:
    return [check for check in sheet.data_validations.dataValidation if address in check.sqref]


def letter(field_id: str) -> str:
    ids = [field.id for field in pages.form().community]
    return get_column_letter(ids.index(field_id) + 1)


def row_of(kind: str, code: str = "130503") -> int:
    return 5 + next(i for i, unit in enumerate(pages.units_of(code)) if unit.kind == kind)


# -- what stands in it ------------------------------------------------------------------------------------------------


def test_every_header_is_known_by_its_label(sheet):
    for column, field in enumerate(pages.form().community, 1):
        text = labels.normalise(sheet.cell(4, column).value)
        bare = labels.split_remark(text)[0] if field.unit else text
        assert bare == labels.normalise(field.label)


def test_units_stand_in_the_headers_where_the_form_has_them():
    area = pages.form().community["facility_area"]
    assert field_wording.header(area) == "综合服务设施面积\n（㎡）"


def test_groups_are_merged_over_their_columns(sheet):
    merged = {str(cells): sheet[str(cells).split(":")[0]].value for cells in sheet.merged_cells.ranges}
    expected, column = {}, 1
    for name, fields in pages.form().community.groups:
        last = column + len(fields) - 1
        expected[f"{get_column_letter(column)}3:{get_column_letter(last)}3"] = name
        column = last + 1
    assert merged == expected


def test_the_months_own_units_are_filled_in_as_text(sheet):
    rows = [[sheet.cell(row, column).value for column in range(1, 5)] for row in range(5, 5 + 120)]
    assert rows == [[unit.code, unit.name, unit.town, unit.kind] for unit in pages.units_of("130503")]
    assert sheet["A5"].data_type == "s" and sheet["A5"].number_format == "@"


def test_title_panes_and_print_settings(sheet):
    assert sheet["A1"].value == "桥西区2019年6月城乡社区基本情况表"
    assert sheet["A2"].value == "填报单位：桥西区民政局"
    assert sheet.freeze_panes == "C5"
    assert sheet.print_title_rows == "$3:$4" and sheet.print_title_cols == "$A:$B"
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 8)
    assert "第 &P 页 共 &N 页" in sheet.oddFooter.right.text


def test_pages_break_between_groups(sheet):
    firsts, column = set(), 0
    for _, fields in pages.form().community.groups:
        firsts.add(column)
        column += len(fields)
    breaks = {item.id for item in sheet.col_breaks.brk}
    assert breaks and breaks <= firsts


def test_hidden_marks(book):
    marks = book["_shequ"]
    assert marks.sheet_state == "veryHidden"
    assert list(marks.iter_rows(values_only=True)) == [
        ("shequ", "survey"),
        ("form_version", "2018.2"),
        ("county", "130503"),
        ("month", "2019-06"),
    ]


def test_sheets_are_named_as_the_form_says(book):
    assert book.sheetnames == ["表1 城乡社区基本情况表", "表2 县(市、区)工作情况表", "填表说明", "备注", "_shequ"]


@pytest.mark.parametrize(
    ("title", "name"),
    [("表1 基本情况", "表1 基本情况"), ("表1:甲/乙[丙]", "表1 甲 乙 丙"), ("长" * 40, "长" * 31), ("'引'", "引")],
)
def test_a_title_becomes_a_name_that_excel_takes(title: str, name: str):
    assert template.sheet_name(title) == name


# -- checks -----------------------------------------------------------------------------------------------------------


def test_a_flag_has_a_drop_down(sheet):
    (check,) = covering(sheet, f"{letter('party_org')}5")
    assert (check.type, check.formula1) == ("list", '"是,否"')


def test_a_choice_has_its_choices(sheet):
    (check,) = covering(sheet, f"{letter('property_service')}5")
    assert check.formula1 == '"物业服务企业,居民自治管理,无"'


def test_a_count_is_whole_and_within_the_forms_maximum(sheet):
    (check,) = covering(sheet, f"{letter('households')}5")
    assert (check.type, check.formula1, check.formula2) == ("whole", "0", "20000")
    assert check.prompt == "整数，没有的填 0。范围：0 至 20000户"


def test_a_month_is_text_or_a_date(sheet):
    (check,) = covering(sheet, f"{letter('established')}5")
    assert check.type == "custom" and 'MID(G5,5,1)="-"' in check.formula1
    assert sheet[f"{letter('established')}5"].number_format == "@"


def test_what_does_not_apply_is_grey_and_takes_nothing(sheet):
    village, street = row_of("农村社区"), row_of("城市社区")
    for field, closed, open_ in (("work_fund", village, street), ("pilot", street, village)):
        (check,) = covering(sheet, f"{letter(field)}{closed}")
        assert (check.type, check.formula1, check.error) == ("custom", "FALSE", "本项不适用于该类社区（村），请留空。")
        assert sheet[f"{letter(field)}{closed}"].fill.fgColor.rgb == "FFD9D9D9"
        assert covering(sheet, f"{letter(field)}{open_}")[0].type in ("decimal", "list")
        assert sheet[f"{letter(field)}{open_}"].fill.fill_type is None


def test_required_cells_are_tinted_while_they_are_empty(sheet):
    blank = [cells for cells in sheet.conditional_formatting if cells.rules[0].type == "containsBlanks"]
    assert [f"{letter('households')}5" in cells.sqref for cells in blank] == [True]


def test_broken_rules_redden_the_cells_that_they_speak_of(sheet):
    formulas = {
        rule.formula[0]: str(cells.sqref)
        for cells in sheet.conditional_formatting
        for rule in cells.rules
        if rule.type == "expression"
    }
    part, whole = letter("certified_workers"), letter("social_workers")
    ranges = f"{whole}5:{whole}124 {part}5:{part}124"
    assert formulas[f"(ISNUMBER(${part}5))*(ISNUMBER(${whole}5))*(${part}5>${whole}5)"] == ranges


# -- 表2 and the guide ------------------------------------------------------------------------------------------------


def test_county_sheet_has_one_field_a_row(book):
    sheet = book.worksheets[1]
    assert [cell.value for cell in sheet[3]] == ["序号", "项目", "单位", "填报值", "备注"]
    rows = list(sheet.iter_rows(min_row=4, max_row=3 + len(pages.form().county.fields), max_col=4, values_only=True))
    assert [row[1] for row in rows] == [field.label for field in pages.form().county]
    assert rows[0][3] == "130503" and rows[1][3] == "桥西区"
    assert covering(sheet, "D6")[0].formula1 == '"是,否"'


def test_only_counties_that_share_the_cost_are_asked_for_it():
    shares, alone = opened(made("130503")).worksheets[1], opened(made("130524")).worksheets[1]
    cell = f"D{4 + list(pages.form().county.by_id).index('city_funds')}"
    assert shares[cell].fill.fill_type is None and covering(shares, cell)
    assert alone[cell].fill.fgColor.rgb == "FFD9D9D9" and not covering(alone, cell)


def test_the_guide_explains_every_field_and_every_rule(book):
    text = "\n".join(str(value) for row in book["填表说明"].iter_rows(values_only=True) for value in row if value)
    for part in (pages.form().community, pages.form().county):
        assert all(field.label in text for field in part)
    assert all(rule.message in text for rule in pages.form().rules)


# -- made from the form and from nothing else -------------------------------------------------------------------------


def with_question(form: Form, question: Field) -> Form:
    fields = (*form.community.fields, question.model_copy(update={"group": "新增内容"}))
    return Form(form.version, Part("community", form.community.sheet, fields), form.county, form.rules)


def test_a_new_question_appears_with_its_check_and_its_words():
    question = Field(id="chargers", label="充电桩数", type="count", unit="个", max=300, help="含共享充电桩")
    book = opened(made(form=with_question(pages.form(), question)))
    sheet, column = book.worksheets[0], get_column_letter(len(pages.form().community.fields) + 1)
    assert (sheet[f"{column}3"].value, sheet[f"{column}4"].value) == ("新增内容", "充电桩数\n（个）")
    assert covering(sheet, f"{column}5")[0].formula2 == "300"
    assert any("含共享充电桩" in str(row) for row in book["填表说明"].iter_rows(values_only=True))


def test_the_same_workbook_is_the_same_bytes():
    assert made() == made()


def test_a_name_that_looks_like_a_formula_stays_text():
    evil = ['=HYPERLINK("http://x")', "+cmd|' /C calc'!A0", "@SUM(1)", "<script>&", "a\tb\x07"]
    units = [
        Unit(u.code, name, u.town_code, u.town, u.county_code, u.county, u.kind, u.uid)
        for u, name in zip(pages.units_of("130503"), evil, strict=False)
    ]
    sheet = opened(made(units=units)).worksheets[0]
    cells = [sheet.cell(row, 2) for row in range(5, 10)]
    assert [cell.data_type for cell in cells] == ["s"] * 5
    assert [cell.value for cell in cells] == [*evil[:4], "a\tb_x0007_"]


def test_a_county_without_units_still_has_its_sheets():
    assert opened(made(units=[])).worksheets[0]["A4"].value == "统计用区划代码"


# -- and back ---------------------------------------------------------------------------------------------------------


def test_answers_come_back_as_they_were_given():
    units, form = pages.units_of("130503"), pages.form()
    given = {unit.code: answers_for(unit, number) for number, unit in enumerate(units)}
    table = template.blank_table(units)
    answered = {field.id: [shown(given[unit.code].get(field.id)) for unit in units] for field in form.community}
    table.columns |= {name: cells for name, cells in answered.items() if name not in GIVEN}
    workbook = template.build(form, place("130503"), MONTH, table, {"agency": shown(True), "towns": 7})
    reading = pages.reading(workbook, template.file_name("桥西区", MONTH))
    assert not reading.refused and (reading.county, reading.month) == ("130503", MONTH)
    assert reading.community.unit == [unit.code for unit in units]
    for field in (
        "party_org",
        "households",
        "facility_area",
        "facility_built",
        "work_fund",
        "satisfaction",
        "pilot_type",
    ):
        expected = [given[unit.code].get(field) for unit in units]
        assert reading.community.values[field] == expected, field
    assert (reading.record.values["agency"], reading.record.values["towns"]) == (True, 7)


def answers_for(unit: Unit, number: int) -> dict[str, object]:
    """Answers of every type that fit together."""
    rural = unit.kind == "农村社区"
    own = {"pilot": True, "pilot_type": "集镇中心村"} if rural else {"work_fund": Decimal("10.5")}
    return own | {
        "households": 500 + number,
        "party_org": number % 2 == 0,
        "facility": True,
        "facility_area": Decimal("320.5"),
        "facility_built": date(2019, 1 + number % 6, 1),
        "satisfaction": Decimal("92.5"),
    }


def test_a_blank_template_holds_every_row_back_for_what_is_required():
    reading = pages.reading(made(), "桥西区2019年6月.xlsx")
    assert not reading.refused and all(reading.community.held)


# -- several ----------------------------------------------------------------------------------------------------------


def test_one_workbook_a_county_or_only_the_one_asked_for(tmp_path):
    (path,) = template.write_templates(pages.form(), pages.rosters(), MONTH, tmp_path, "130524")
    assert path == tmp_path / "柏乡县2019年6月.xlsx"


def test_a_county_that_the_month_does_not_have_is_refused(tmp_path):
    with pytest.raises(
        Refusal, match="2020年6月的名册中没有县（市、区）“130521”；可用的有：130502 襄都区、130503 信都区、"
    ):
        template.write_templates(pages.form(), pages.rosters(), date(2020, 6, 1), tmp_path, "130521")
