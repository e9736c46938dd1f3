"""Whose workbook it is, of which month, which sheets count: and the refusals that say what disagrees (bad-inputs 14–27)."""

import shutil
from datetime import date

import pytest

from pipelines.answers import match_unit
from tests.answers import sheets_of_a_form as pages
from tests.answers.test_reading_cells import patched_with_openpyxl, poke

UNITS = pages.units_of("130524")[:6]
NAME = "柏乡县2019年6月.xlsx"


def page(**changes) -> pages.Page:
    made = pages.page(UNITS, 1)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def read(made: pages.Page, name: str = NAME, **options):
    return pages.reading(pages.book(made), name, **options)


@pytest.mark.parametrize(
    "name",
    [
        "柏乡县2019年6月.xlsx",
        "柏乡2019-06.xlsx",
        "201906柏乡县.xlsx",
        "柏乡县_2019.6.xlsx",
        "柏乡县2019年06月(更正).xlsx",
        "柏乡县二〇一九年六月.xlsx",
        "柏乡县2019年1-6月.xlsx",
        "柏乡县2019年6月20190703.xlsx",
        "2019 年 6 月 柏乡县.xlsx",
    ],
)
def test_county_and_month_from_the_file_name(name):
    reading = read(page(title="城乡社区基本情况表", record_rows=[]), name)
    assert (reading.county, reading.month, reading.refused) == ("130524", pages.MONTH, False)


@pytest.mark.parametrize(
    "title",
    [
        "柏乡县2019年6月城乡社区基本情况表",
        "2019年6月柏乡县社区表",
        "柏乡县社区基本情况表(2019年6月份)",
        "柏乡县社区基本情况表(截至2019年6月30日)",
    ],
)
def test_county_and_month_from_the_title(title):
    reading = read(page(title=title, record_rows=[]), "上报.xlsx")
    assert (reading.county, reading.month) == ("130524", pages.MONTH)


def test_the_filling_date_is_no_month():
    reading = read(page(title="柏乡县社区表", record_rows=[]), "柏乡县.xlsx")
    assert "month_unknown" in pages.codes(reading) and reading.refused


def test_months_that_disagree_are_quoted():
    reading = read(page(), "柏乡县2019年7月.xlsx")
    (finding,) = [f for f in reading.findings if f.code == "month_conflict"]
    assert (
        reading.refused
        and "2019年6月" in finding.message
        and "文件名“柏乡县2019年7月.xlsx”为2019年7月" in finding.message
    )


def test_counties_that_disagree_are_quoted():
    reading = read(page(), "临城县2019年6月.xlsx")
    (finding,) = [f for f in reading.findings if f.code == "county_conflict"]
    assert reading.refused and "临城县" in finding.message and "柏乡县" in finding.message


def test_a_county_that_nobody_names_is_taken_from_the_codes():
    made = page(title="2019年6月社区表", record_rows=[])
    data = patched_with_openpyxl(made, lambda sheet: sheet.__setitem__("A2", None))
    reading = pages.reading(data, "2019年6月.xlsx")
    assert reading.county == "130524" and "county_by_codes" in pages.codes(reading)


def test_a_county_that_is_nowhere_said_is_refused():
    made = page(title="2019年6月社区表", record_rows=[])
    made.column("code").values = [None] * len(UNITS)
    data = patched_with_openpyxl(made, lambda sheet: sheet.__setitem__("A2", None))
    assert "county_unknown" in pages.codes(pages.reading(data, "2019年6月.xlsx"))


@pytest.mark.parametrize(
    ("month", "today", "code"),
    [
        ("2019年6月", date(2019, 5, 31), "month_future"),
        ("2019年6月", date(2019, 6, 30), "month_future"),
        ("2019年6月", date(2019, 7, 1), None),
        ("2018年6月", pages.TODAY, "month_before_policy"),
        ("2018年7月", pages.TODAY, None),
    ],
)
def test_months_outside_the_bounds_are_read_and_asked_about(month, today, code):
    reading = read(page(title=f"柏乡县{month}社区表", record_rows=[]), f"柏乡县{month}.xlsx", today=today)
    assert pages.codes(reading) & {"month_future", "month_before_policy"} == ({code} if code else set())
    assert not reading.refused and reading.month is not None


def test_a_month_before_the_first_roster_is_refused():
    reading = read(page(title="柏乡县2015年6月社区表", record_rows=[]), "柏乡县2015年6月.xlsx")
    assert "month_before_roster" in pages.codes(reading) and reading.refused


def marks(**pairs):
    return [("_shequ", [[key, value] for key, value in pairs.items()])]


def test_marks_of_the_template_are_believed():
    made = page(title="表", record_rows=[], others=marks(form_version="2018.1", county="130524", month="2019-06"))
    reading = read(made, "上报.xlsx")
    assert (reading.county, reading.month, reading.form_version, reading.refused) == (
        "130524",
        pages.MONTH,
        "2018.1",
        False,
    )
    assert "other_sheet" not in pages.codes(reading)


def test_last_months_file_with_a_new_title_and_name_counts_with_a_warning():
    made = page(others=marks(form_version="2018.2", county="130524", month="2019-05"))
    reading = read(made)
    assert (reading.county, reading.month, reading.refused) == ("130524", pages.MONTH, False)
    assert {f.code for f in reading.findings if f.severity != "note"} == {"mark_differs", "units_missing"}
    assert pages.answers_of(reading) == pages.meant_by(made)


def test_another_countys_template_counts_where_all_that_is_seen_agrees():
    reading = read(page(others=marks(form_version="2018.2", county="130525", month="2019-06")))
    assert (reading.county, reading.refused) == ("130524", False) and "mark_differs" in pages.codes(reading, "warning")


def test_marks_do_not_decide_between_a_title_and_a_file_name_that_contradict_each_other():
    reading = read(page(others=marks(form_version="2018.2", county="130524", month="2019-06")), "柏乡县2019年7月.xlsx")
    assert reading.refused and "month_conflict" in pages.codes(reading)


def test_an_unknown_version_of_the_form_is_refused():
    reading = read(page(others=marks(form_version="1999.1", county="130524", month="2019-06")))
    assert "form_unknown" in pages.codes(reading) and reading.refused


def test_a_workbook_is_read_by_the_version_of_its_marks():
    """2018.1 had six questions less in 表2: they were not asked, and so are not missing."""
    older = pages.form().of_version("2018.1")
    asked = [[n, f.label, f.unit, None, None] for n, f in enumerate(older.county, 1)]
    made = page(record_rows=asked, others=marks(form_version="2018.1", county="130524", month="2019-06"))
    reading = read(made)
    assert reading.form_version == "2018.1" and not reading.refused
    assert "labels_missing" not in pages.codes(reading)


def test_a_workbook_without_marks_is_read_by_the_version_in_force_when_it_came():
    older = pages.form().of_version("2018.1")
    asked = [[n, f.label, f.unit, None, None] for n, f in enumerate(older.county, 1)]
    reading = read(page(record_rows=asked), received_under="2018.1")
    assert not pages.codes(reading) & {"labels_missing"}
    marked = page(record_rows=asked, others=marks(form_version="2018.1", county="130524", month="2019-06"))
    assert read(marked, received_under="2018.1").form_version == "2018.1"


def test_a_workbook_without_marks_that_has_all_questions_of_an_earlier_version_and_no_later_one_is_read_by_it():
    older = pages.form().of_version("2018.1")
    asked = [[n, f.label, f.unit, None, None] for n, f in enumerate(older.county, 1)]
    reading = read(page(record_rows=asked))
    assert (reading.form_version, pages.codes(reading) & {"labels_missing"}) == ("2018.1", set())


@pytest.mark.parametrize("change", ["one more", "one less"])
def test_with_a_later_question_or_without_an_earlier_one_the_rest_is_missing(change):
    form = pages.form()
    older = [field for field in form.county if field.id in form.of_version("2018.1").county.by_id]
    fields = [*older, form.county["four_sync"]] if change == "one more" else older[:-1]
    reading = read(page(record_rows=[[n, f.label, f.unit, None, None] for n, f in enumerate(fields, 1)]))
    assert reading.form_version == form.version and "labels_missing" in pages.codes(reading, "warning")


def test_old_names_of_a_county_are_understood():
    later = [unit for unit in pages.rosters().units(date(2020, 12, 1)) if unit.county_code == "130505"][:6]
    made = pages.page(later, 1)
    made.title, made.record_rows = "任县2020年12月社区表", []
    reading = read(made, "任泽区2020年12月.xlsx")
    assert (reading.county, reading.refused) == ("130505", False)


def test_the_record_of_a_county_that_goes_on_may_state_its_old_code_and_name():
    later = [unit for unit in pages.rosters().units(date(2020, 12, 1)) if unit.county_code == "130505"][:6]
    made = pages.page(later, 1)
    made.title = "任泽区2020年12月社区表"
    for row in made.record_rows:
        row[:] = [{"130505": "130526", "任泽区": "任县"}.get(cell, cell) for cell in row]
    made.record_rows = [row for row in made.record_rows if not any("2019年6月" in str(cell) for cell in row)]
    reading = read(made, "任泽区2020年12月.xlsx")
    assert reading.record is not None and not reading.record.held
    assert "record_of_other_county" not in pages.codes(reading)


def test_a_county_that_was_split_has_no_heir():
    """邢台县 was divided between 襄都区 and 信都区 in 2020-06: a table in its name is nobody's."""
    later = [unit for unit in pages.rosters().units(date(2020, 12, 1)) if unit.county_code == "130503"][:6]
    made = pages.page(later, 1)
    made.title, made.record_rows = "邢台县2020年12月社区表", []
    reading = read(made, "上报.xlsx")
    assert (reading.county, reading.refused) == (None, True)
    assert pages.codes(reading, "error") & {"county_unknown", "county_conflict"}


def test_what_was_decided_for_a_county_is_remembered_under_its_new_code():
    earlier = next(unit for unit in pages.units_of("130526") if unit.kind == "农村社区")
    now = pages.rosters().code_in(earlier.code, date(2020, 12, 1))
    later = [unit for unit in pages.rosters().units(date(2020, 12, 1)) if unit.county_code == "130505"]
    place = next(i for i, unit in enumerate(later) if unit.code == now)
    made = pages.page(later, 1)
    made.title, made.record_rows = "任泽区2020年12月社区表", []
    poke(made, "code", place, None)
    poke(made, "name", place, "某某村")
    key = match_unit.key(None, "某某村", later[place].town)
    reading = read(made, "任泽区2020年12月.xlsx", resolutions={"130526": {key: earlier.code}})
    assert reading.community.unit[place] == now and not reading.community.held[place]


# -- sheets and columns -----------------------------------------------------------------------------------------------


def second(made: pages.Page) -> list:
    return [("备份", pages.grid(made)[0])]


def test_a_copy_that_says_the_same_is_no_contradiction():
    made = page()
    made.others = second(made)
    reading = read(made)
    assert not reading.refused and pages.answers_of(reading) == pages.meant_by(made)


def test_two_tables_that_contradict_each_other_are_refused_with_the_places():
    made = page()
    made.others = second(made)
    row = next(row for row in made.others[0][1] if row and row[0] == UNITS[2].code)
    row[4] = 19_999
    reading = read(made)
    (finding,) = reading.findings
    assert finding.code == "sheets_contradict" and reading.refused
    assert "“Sheet1”E6为" in finding.message and "“备份”E6为“19999”" in finding.message


def test_an_empty_copy_of_the_form_is_no_candidate():
    made = page()
    made.others = [("空表", pages.grid(made)[0][:3])]
    assert not read(made).refused


def test_two_records_that_contradict_each_other_are_refused_with_the_places():
    made = page()
    made.others = [("表2副本", [list(row) for row in made.record_rows])]
    same = read(made)
    assert same.record is not None and "sheets_set_aside" in pages.codes(same, "note")
    made.others[0][1][-1][3] = "否" if made.record_rows[-1][3] == "是" else "是"
    reading = read(made)
    (finding,) = reading.findings
    assert finding.code == "two_county_sheets" and reading.refused and "“表2副本”D" in finding.message


def test_a_workbook_without_the_record_is_accepted():
    reading = read(page(record_rows=[]))
    assert "no_county_sheet" in pages.codes(reading, "warning") and reading.record is None and not reading.refused


def test_a_workbook_without_the_table_is_refused():
    made = page()
    made.columns, made.inserted = made.columns[:2], {}
    reading = read(made)
    assert "no_community_sheet" in pages.codes(reading) and reading.refused


def test_a_table_without_rows_is_refused():
    made = page()
    made.units, made.columns = [], made.columns
    rows = [["柏乡县2019年6月"], [column.header[0] for column in made.columns]]
    made = pages.Page([], {}, [], others=[("表1", rows)])
    import io

    import xlsxwriter

    buffer = io.BytesIO()
    workbook = xlsxwriter.Workbook(buffer)
    pages._put(workbook.add_worksheet("表1"), rows)
    workbook.close()
    reading = pages.reading(buffer.getvalue(), NAME)
    assert "no_units" in pages.codes(reading) and reading.refused


def test_two_columns_for_one_field_are_refused():
    made = page()
    made.columns[10].header = ["户数"]
    reading = read(made)
    assert pages.at(reading, "column_twice") == ["E3,K3"] and reading.refused


@pytest.mark.parametrize("field_id", ["code", "name", "kind", "households"])
def test_a_missing_required_column_is_refused(field_id):
    made = page()
    made.columns = [column for column in made.columns if column.question.id != field_id]
    reading = read(made)
    assert [f.field for f in reading.findings if f.code == "required_column_missing"] == [field_id] and reading.refused


def test_a_missing_optional_column_is_a_warning():
    made = page()
    made.columns = [column for column in made.columns if column.question.id != "staff"]
    reading = read(made)
    assert "columns_missing" in pages.codes(reading, "warning") and "staff" not in reading.community.values


def test_an_unknown_column_is_named_with_the_nearest_label_and_not_read():
    made = page()
    made.column("staff").header = ["专职社区工作人员数"]
    reading = read(made)
    (finding,) = [f for f in reading.findings if f.code == "unknown_column"]
    assert "专职社区工作者数" in finding.message and "staff" not in reading.community.values


def test_our_own_column_of_ticks_in_a_workbook_that_lost_its_marks_is_no_unknown_one():
    made = page()
    made.columns.append(pages.Column(None, ["核对\n已核对"], ["√"] * 6, [None] * 6))
    assert "unknown_column" not in pages.codes(read(made))


def test_a_column_without_header_is_reported():
    made = page()
    made.columns.append(pages.Column(None, [], list(range(6)), [None] * 6))
    assert "column_without_header" in pages.codes(read(made), "warning")


def test_a_column_of_telephone_numbers_is_reported():
    made = page()
    made.columns.append(pages.Column(None, ["联络"], [f"1380013800{i}" for i in range(6)], [None] * 6))
    reading = read(made)
    assert pages.at(reading, "personal_data") == ["BS3"] and "13800138001" not in str(reading)


@pytest.mark.parametrize(
    ("field_id", "header"),
    [
        ("facility_area", "综合服务设施面积(亩)"),
        ("facility_area", "综合服务设施面积(万元)"),
        ("member_pay", "成员年人均报酬(元/月)"),
    ],
)
def test_a_unit_of_another_quantity_refuses_the_column(field_id, header):
    made = page()
    made.column(field_id).header = [header]
    reading = read(made)
    assert [f.field for f in reading.findings if f.code == "unit_of_other_quantity"] == [field_id]
    assert field_id not in reading.community.values and not reading.refused


def test_a_conversion_is_noted():
    made = page()
    made.column("work_fund").header = ["社区工作经费(元)"]
    reading = read(made)
    assert pages.at(reading, "unit_converted") == ["BC3"]


def test_a_unit_line_above_the_table_holds_for_money():
    from decimal import Decimal

    made = pages.page(pages.units_of("130503")[:6], 1)
    made.above = [[None, None, "金额单位:元"]]
    column = made.column("work_fund")
    meant = column.values
    column.values = [None if value is None else float(Decimal(repr(value)) * 10000) for value in meant]
    reading = read(made, "桥西区2019年6月.xlsx")
    assert reading.community.values["work_fund"] == [None if v is None else Decimal(repr(v)) for v in meant]
    assert pages.at(reading, "unit_line") == ["C3"]


def test_hidden_rows_columns_and_sheets_are_read_and_noted():
    made = page(hidden_rows=[1, 2], hidden_columns=[4])
    data = patched_with_openpyxl(made, lambda sheet: setattr(sheet, "sheet_state", "hidden"))
    reading = pages.reading(data)
    assert {"hidden_rows", "hidden_columns", "hidden_sheet"} <= pages.codes(reading, "note")
    assert len(reading.community.row) == 6 and not reading.refused


def test_other_sheets_are_noted():
    reading = read(page(others=[("底稿", [["甲", 1]])]))
    assert [f.sheet for f in reading.findings if f.code == "other_sheet"] == ["底稿"]


# -- 表2 --------------------------------------------------------------------------------------------------------------


def record_with(change) -> tuple:
    made = page()
    change(made.record_rows)
    return made, read(made)


def test_a_bad_answer_in_the_record_is_an_error_at_its_cell():
    def change(rows):
        rows[4][3] = "待定"

    _, reading = record_with(change)
    assert (
        pages.at(reading, "not_a_flag") == ["D5"]
        and reading.record.values["agency"] is None
        and not reading.record.held
    )


def test_a_record_of_another_county_is_held():
    def change(rows):
        rows[2][3] = "130525"

    _, reading = record_with(change)
    assert pages.at(reading, "record_of_other_county") == ["D3"] and reading.record.held and not reading.refused


def test_a_record_in_the_name_of_another_county_is_held():
    def change(rows):
        rows[3][3] = "临城县"

    _, reading = record_with(change)
    assert pages.at(reading, "record_of_other_county") == ["D4"] and reading.record.held


def test_a_label_twice_leaves_the_record_out():
    made, reading = record_with(lambda rows: rows.append(list(rows[5])))
    assert (
        pages.at(reading, "label_twice") == [f"B6,B{len(made.record_rows)}"]
        and reading.record is None
        and not reading.refused
    )


def test_a_missing_required_label_leaves_the_record_out():
    _, reading = record_with(lambda rows: rows.pop(2))
    assert "required_label_missing" in pages.codes(reading, "error") and reading.record is None


def test_missing_and_unknown_labels_are_reported():
    def change(rows):
        rows[6][1] = "制定社区承担工作事项清单"

    _, reading = record_with(change)
    assert {"labels_missing", "unknown_label"} <= pages.codes(reading, "warning")
    assert pages.at(reading, "unknown_label") == ["B7"]


def two_columns(heads: tuple[str, str], kept: int | None = None):
    """表2 with its values twice, under these heads; of the second column the first so many."""

    def change(rows):
        _, head, *body = rows
        head[3:4] = heads
        for number, row in enumerate(body):
            row.insert(4, row[3] if kept is None or number < kept else None)

    return record_with(change)[1]


def test_which_of_two_columns_of_values_is_read_is_said_unless_its_head_says_so():
    (finding,) = [f for f in two_columns(("甲", "乙")).findings if f.code == "values_beside"]
    assert finding.severity == "warning" and "取自D列；E列也填了内容" in finding.message
    assert "values_beside" not in pages.codes(two_columns(("填报值", "乙")), "warning")
    assert "values_beside" not in pages.codes(two_columns(("甲", "乙"), kept=2), "warning")


def test_money_that_only_some_counties_share_is_ignored_elsewhere():
    def change(rows):
        next(row for row in rows if "社区建设经费市级财政承担额" in row)[3] = 30

    made, reading = record_with(change)
    number = next(n for n, row in enumerate(made.record_rows, 1) if row[3:4] == [30])
    assert pages.at(reading, "not_applicable") == [f"D{number}"] and reading.record.values["city_funds"] is None


def test_nothing_raises_on_what_is_no_workbook():
    for data in (b"", b"hello", b"PK\x03\x04", bytes(range(256))):
        reading = pages.reading(data)
        assert reading.refused and reading.findings[0].severity == "error"


def test_invented_answers_are_told_from_their_title():
    made = pages.page(pages.units_of("130524")[:5])
    made.title = f"示例数据 {made.title}"
    assert pages.at(pages.reading(pages.book(made)), "sample_data") == [None]


def test_a_question_that_the_month_does_not_ask_is_left_out_with_a_note(tmp_path):
    folder = tmp_path / "reference"
    folder.mkdir()
    for path in pages.REFERENCE.glob("*.yaml"):
        shutil.copy(path, folder)
    form = folder / "form.yaml"
    line = "{id: shelter,           label: 应急避难场所, "
    assert line in form.read_text()
    form.write_text(form.read_text().replace(line, f"{line}since: 2019-07, "))
    dated = pages.read_workbook.read_workbook(
        pages.book(page()), NAME, pages.forms.load(folder), pages.rosters(), today=pages.TODAY, first_month=pages.FIRST
    )
    [said] = [f for f in dated.findings if f.code == "not_asked"]
    assert (said.severity, said.found) == ("note", "应急避难场所")
    assert "shelter" not in dated.community.values and not dated.refused
    assert "columns_missing" not in {f.code for f in dated.findings}
