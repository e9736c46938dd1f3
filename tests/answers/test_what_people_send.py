"""Kinds met in a third round of what people really send: a right value is read, anything else is asked about once and by its name."""

import io

import openpyxl
import pytest

from pipelines.answers import findings
from pipelines.workbook.grid import UNREADABLE
from tests.answers import sheets_of_a_form as pages
from tests.answers.test_cases_made import NAME, UNITS, made, right


def flags(page: pages.Page, yes: object, no: object) -> None:
    for column in page.columns:
        if column.question.type == "flag":
            column.values = [{"是": yes, "否": no}.get(value, value) for value in column.values]


@pytest.mark.parametrize(
    ("yes", "no"), [("✔", "✘"), ("✅", "❌"), ("是的", "不是"), ("有", "没有"), ("(√)", "(×)"), ("●", "○")]
)
def test_a_word_of_the_countys_own_for_yes_or_no_is_asked_about_once_and_settled_once(yes, no):
    page = made()
    flags(page, yes, no)
    reading = pages.reading(pages.book(page), NAME)
    asked = [finding for finding in reading.findings if finding.code == "flag_word_unclear"]
    own = [finding for finding in reading.findings if finding.code not in ("units_missing", "flag_word_unclear")]
    assert {finding.found for finding in asked} == {word for word in (yes, no) if word != "有"} and not own
    assert all(
        "暂按未填处理，各行其余照常计入" in finding.message and "一次认定" in finding.message for finding in asked
    )
    assert True not in flag_values(reading) or yes == "有"
    decided = {"130524": {f"flag_word_unclear:{yes}": "yes", f"flag_word_unclear:{no}": "no"}}
    right(pages.reading(pages.book(page), NAME, resolutions=decided), page, 0)


def flag_values(reading) -> set:
    names = {field.id for field in pages.form().community if field.type == "flag"}
    return {row[name] for row in pages.answers_of(reading).values() for name in names}


def test_a_word_that_stands_four_times_is_a_slip_at_each_of_its_cells():
    page = made()
    page.column("party_org").values[:4] = ["在建"] * 4
    reading = pages.reading(pages.book(page), NAME)
    assert len(pages.at(reading, "not_a_flag")) == 4 and "flag_word_unclear" not in pages.codes(reading)


def test_the_apostrophe_with_which_programs_mark_a_text_is_no_part_of_an_answer():
    page = made()
    for column in page.columns:
        if column.question.type not in ("text", "code"):
            column.values = [
                None if value is None else f"'{value:g}" if isinstance(value, float) else f"'{value}"
                for value in column.values
            ]
    right(pages.reading(pages.book(page), NAME), page, 0)


def test_a_title_of_another_month_over_the_only_table_is_refused_with_what_stands_where():
    page = made(title="柏乡县2018年6月城乡社区基本情况表")
    reading = pages.reading(pages.book(page), NAME)
    (finding,) = reading.findings
    assert reading.refused and finding.code == "month_conflict"
    assert "2018年6月" in finding.message and "2019年6月" in finding.message


def test_missing_required_columns_are_one_finding():
    page = made()
    for name, header in (("code", "编码"), ("households", "户数小计甲")):
        page.column(name).header = [header]
    reading = pages.reading(pages.book(page), NAME)
    (finding,) = [error for error in reading.findings if error.severity == "error"]
    assert "缺少必需的 2 列：统计用区划代码、居民户数" in finding.message and "改回标题即可" in finding.message


def test_of_a_refused_file_nothing_is_said_that_only_follows():
    for data, name in ((b"From: a@b\r\nSubject: x\r\n\r\nhello", "a.csv"), (b'{"a": [1, 2]}', "b.csv")):
        (finding,) = pages.reading(data, name).findings
        assert finding.code == "no_community_sheet"


def test_a_telephone_number_in_a_name_is_struck_out_and_the_column_stays():
    page = made()
    page.column("name").values[0] += " 13803190001"
    reading = pages.reading(pages.book(page), NAME)
    (finding,) = [personal for personal in reading.findings if personal.code == "personal_answer"]
    assert "13803190001" not in finding.message and "号码已遮去" in finding.message
    assert len(pages.answers_of(reading)) == len(UNITS)


def test_a_code_that_came_as_a_formula_without_a_result_is_called_blank():
    page = made()
    page.column("code").values = [f'="{unit.code}"' for unit in page.units]
    data = with_formulas(page)
    reading = pages.reading(data, NAME)
    said = [
        finding.message for finding in reading.findings if finding.code in ("code_column_damaged", "code_damaged_named")
    ]
    assert len(pages.answers_of(reading)) == len(UNITS) and all("（如 ）" not in text for text in said)


def with_formulas(page: pages.Page) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(pages.book(page)))
    out = io.BytesIO()
    for row in book.worksheets[0].iter_rows(max_col=1):
        row[0].data_type = "f" if str(row[0].value).startswith("=") else row[0].data_type
    book.save(out)
    return out.getvalue()


def test_no_remedy_tells_a_sender_to_delete_what_he_filled_in():
    allowed = ("删去密码",)
    texts = [text for kind in findings.load(pages.REFERENCE).values() for text in (kind.message, kind.remedy)]
    texts += [text for pair in UNREADABLE.values() for text in pair]
    for text in texts:
        for word in allowed:
            text = text.replace(word, "")
        assert not any(word in text for word in ("请删", "删去", "删除", "请只保留")), text


def test_the_mark_with_which_old_programs_end_a_text_is_no_cut():
    page = made(record_rows=[])
    reading = pages.reading(pages.csv_bytes(page) + b"\x1a", "柏乡县2019年6月.csv")
    assert "no_final_newline" not in pages.codes(reading) and len(pages.answers_of(reading)) == len(UNITS)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1 042", 1042),
        ("12\u00a0000", 12000),
        (" 89 ", 89),
        ("8 9", None),
        ("10 20", None),
        ("300 3", None),
        ("１ ２", None),
    ],
)
def test_a_blank_within_a_number_parts_thousands_and_nothing_else(text, read):
    page = made()
    page.column("population").values[0] = text
    reading = pages.reading(pages.book(page), NAME)
    assert pages.answers_of(reading)[UNITS[0].code]["population"] == read
    assert ("not_a_number" in pages.codes(reading)) == (read is None)
