"""What may stand in a cell, and what is said at which cell when it cannot be read (bad-inputs 31–43, semantics §2)."""

from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pytest

from pipelines.answers import flag_words, parse_value
from pipelines.answers.parse_value import Asked, Bad
from pipelines.workbook import address
from tests.answers import sheets_of_a_form as pages

FORM = pages.form().community
UNITS = pages.units_of("130524")[:6]
URBAN = pages.units_of("130503")[:6]


def parsed(field_id: str, raw: object, asked: Asked = parse_value.PLAIN) -> object:
    result = parse_value.parse(raw, FORM[field_id], asked)
    return result.code if isinstance(result, Bad) else result


@pytest.mark.parametrize(
    "raw",
    [
        "是",
        "有",
        "√",
        "✓",
        "☑",
        "■",
        "V",
        "ｖ",
        "Yes",
        "ＴＲＵＥ",
        "对",
        "具备",
        "已建",
        "已建成",
        "已成立",
        "已制定",
        "已完成",
        "达标",
        "1",
        1.0,
        "y",
        " 是\n",
        "ü",
        "\uf0fc",
        "\uf052",
        "■有 □无",
        "□无 ■有",
        "☑是☐否",
        "有■无□",
        "(√)是 ( )否",
    ],
)
def test_flags_that_mean_yes(raw):
    assert parsed("facility", raw) is True


@pytest.mark.parametrize(
    "raw",
    [
        "否",
        "无",
        "×",
        "✗",
        "☒",
        "☐",
        "□",
        "X",
        "x",
        "No",
        "false",
        "错",
        "不具备",
        "未建",
        "未成立",
        "未制定",
        "未完成",
        "未达标",
        "0",
        0.0,
        "N",
        "\u3000无",
        "û",
        "\uf0a8",
        "□有 ■无",
        "☐是 ☑否",
    ],
)
def test_flags_that_mean_no(raw):
    assert parsed("facility", raw) is False


@pytest.mark.parametrize("raw", [None, "", "-", "—", "/", "——", "/", " \u200b"])
@pytest.mark.parametrize(
    "field_id",
    ["facility", "population", "facility_area", "work_fund", "satisfaction", "established", "property_service"],
)
def test_ways_of_not_answering(field_id, raw):
    assert parsed(field_id, raw) is None


SAYS_YES = [
    "是", "有", "√", "✓", "☑", "■", "V", "Y", "YES", "TRUE", "1", "对", "具备", "已建", "已建成", "已成立", "已制定", "已完成", "达标",
]  # fmt: skip
SAYS_NO = [
    "否", "无", "×", "✗", "☒", "☐", "□", "X", "N", "NO", "FALSE", "0", "错", "不具备", "未建", "未成立", "未制定", "未完成", "未达标",
]  # fmt: skip


def test_the_words_of_the_contract_and_no_others_are_flags():
    assert set(SAYS_YES) == flag_words.YES and set(SAYS_NO) == flag_words.NO


@pytest.mark.parametrize(("words", "value"), [(SAYS_YES, True), (SAYS_NO, False)])
def test_flags_in_either_case_and_width(words, value):
    wide = [word.translate({n: n + 0xFEE0 for n in range(33, 127)}) for word in words]
    written = [*words, *map(str.lower, words), *map(str.title, words), *wide, *map(str.lower, wide)]
    assert {word: parsed("facility", word) for word in written} == dict.fromkeys(written, value)


@pytest.mark.parametrize(
    "raw",
    [
        "待定",
        "同上",
        "详见附件",
        "?",
        "2",
        2.0,
        "部分",
        "正在建",
        "是/否",
        0.5,
        "没有",
        "已达标",
        "不达标",
        "未建成",
        "✔",
        "✘",
        "✅",
        "⬜",
        "是。",
        "\\",
    ],
)
def test_anything_else_is_no_flag(raw):
    assert parsed("facility", raw) == "not_a_flag"


@pytest.mark.parametrize("raw", ["☑是 ☑否", "□有 □无", "是( ) 否( )"])
def test_a_pair_with_both_or_neither_ticked_is_an_error(raw):
    assert parsed("facility", raw) == "flag_pair_unclear"


@pytest.mark.parametrize("raw", ["○", "●"])
def test_circles_are_asked_about(raw):
    assert parsed("facility", raw) == "flag_unclear"


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("120", 120),
        ("１２０", 120),
        ("1,200", 1200),
        ("1，200", 1200),
        ("3人", 3),
        ("3 人", 3),
        ("+5", 5),
        ("5.0", 5),
        (7.0, 7),
        (7, 7),
        ("无", 0),
        (0.0, 0),
        ("\u00a012 ", 12),
        ("3名", 3),
    ],
)
def test_counts_that_are_read(raw, value):
    assert parsed("population", raw) == value


@pytest.mark.parametrize(
    "raw",
    [
        "约30",
        "20多",
        "20-30",
        "三十",
        "3左右",
        "?",
        "待定",
        "同上",
        "详见附件",
        "1,20",
        "12,00",
        "1.2.3",
        "3户",
        "1e3",
        "12..",
        date(2019, 6, 1),
        datetime(2019, 6, 1, 3),
    ],
)
def test_counts_that_are_no_numbers(raw):
    assert parsed("population", raw) == "not_a_number"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (2.5, "not_whole"),
        ("2.5", "not_whole"),
        (-3.0, "negative"),
        ("-3", "negative"),
        (99999999.0, "too_big"),
        (100001.0, "too_big"),
    ],
)
def test_counts_out_of_range(raw, code):
    assert parsed("population", raw) == code


def test_the_largest_plausible_count_is_read():
    assert parsed("population", 100000.0) == 100000


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (0.1, Decimal("0.1")),
        ("120㎡", Decimal(120)),
        ("120m²", Decimal(120)),
        ("120平方米", Decimal(120)),
        (620.5, Decimal("620.5")),
        (0.30000000000000004, Decimal("0.3")),
        ("1,234.5", Decimal("1234.5")),
    ],
)
def test_numbers_are_exact(raw, value):
    assert parsed("facility_area", raw) == value


def test_numbers_in_another_unit_than_the_column_are_refused():
    assert parsed("facility_area", "120元") == "not_a_number"
    assert parsed("work_fund", "5000元") == "not_a_number"
    assert parsed("work_fund", "7.5万元") == Decimal("7.5")


def test_the_unit_of_the_header_converts_exactly():
    assert parsed("work_fund", 75000.0, Asked(Decimal("0.0001"), "元")) == Decimal("7.5")
    assert parsed("work_fund", "75000元", Asked(Decimal("0.0001"), "元")) == Decimal("7.5")
    assert parsed("work_fund", "7.5万元", Asked(Decimal("0.0001"), "元")) == "not_a_number"
    assert parsed("facility_area", 3.0, Asked(Decimal(100), "百m2")) == 300


@pytest.mark.parametrize(
    "raw",
    [
        "2019-06",
        "2019.6",
        "2019年6月",
        "2019年06月",
        "201906",
        "2019/6/1",
        "2019-06-30",
        "2019年6月1日",
        "２０１９年６月",
        "2019.06",
        2019.6,
        201906.0,
        date(2019, 6, 30),
        datetime(2019, 6, 1),
        43617.0,
        "2019-06-01 00:00:00",
    ],
)
def test_months_that_are_read(raw):
    assert parsed("established", raw) == date(2019, 6, 1)


@pytest.mark.parametrize(("raw", "month"), [("2019.10", 10), ("2019.1", 1), (2019.11, 11), (2019.12, 12), (2019.2, 2)])
def test_months_with_a_point(raw, month):
    assert parsed("established", raw) == date(2019, month, 1)


def test_2019_1_as_a_number_is_asked_about():
    assert parsed("established", 2019.1) == "month_unclear"


def test_serial_numbers_follow_the_date_system_of_the_workbook():
    assert parsed("established", 42155.0, Asked(date1904=True)) == date(2019, 6, 1)


@pytest.mark.parametrize("raw", ["2019", 2019.0, "2019年", "2003年"])
def test_a_bare_year_is_asked_about(raw):
    assert parsed("established", raw) == "month_year_only"


@pytest.mark.parametrize(
    ("raw", "asked"), [("2018.1", "month_unclear"), ("2018.10", date(2018, 10, 1)), ("2018.2", date(2018, 2, 1))]
)
def test_in_text_formats_a_lost_zero_is_asked_about(raw, asked):
    assert parsed("established", raw, Asked(untyped=True)) == asked


@pytest.mark.parametrize("raw", ["6月", "2019-13", "去年", "19.6", "2019-06-45", 3.0])
def test_months_that_are_none(raw):
    assert parsed("established", raw) == "not_a_month"


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (92.5, Decimal("92.5")),
        ("92.5%", Decimal("92.5")),
        ("60%", Decimal(60)),
        (0.0, Decimal(0)),
        (100.0, Decimal(100)),
        ("0.6%", Decimal("0.6")),
    ],
)
def test_percentages_that_are_read(raw, value):
    assert parsed("satisfaction", raw) == value


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (0.6, "percent_unclear"),
        ("0.6", "percent_unclear"),
        (100.1, "too_big"),
        (-1.0, "negative"),
        ("高", "not_a_number"),
    ],
)
def test_percentages_that_are_not(raw, code):
    assert parsed("satisfaction", raw) == code


CODE = "130524100201"


@pytest.mark.parametrize(
    "raw",
    [
        CODE,
        130524100201.0,
        f"'{CODE}",
        f" {CODE} ",
        "１３０５２４１００２０１",
        f"{CODE}000",
        "130524 100201",
        f'="{CODE}"',
        f"{CODE}.0",
    ],
)
def test_codes_of_which_nothing_was_lost(raw):
    assert parsed("code", raw) == CODE


@pytest.mark.parametrize(
    "raw",
    [
        "1.30524E+11",
        "1.30524e+11",
        130524000000.0,
        "13052410020",
        "1305241002011",
        f"{CODE}123",
        "无",
        1.305241e10,
        f"{CODE}(新)",
    ],
)
def test_codes_of_which_something_was_lost(raw):
    assert parsed("code", raw) == "code_damaged"


@pytest.mark.parametrize("raw", ["城市社区", " 城市 社区", "1.城市社区"])
def test_choices_are_matched_after_normalisation(raw):
    assert parsed("kind", raw) == "城市社区"


@pytest.mark.parametrize("raw", ["城市", "农村", "社区", 1.0])
def test_choices_are_never_guessed(raw):
    assert parsed("kind", raw) == "not_a_choice"


def test_text_keeps_what_is_written_and_rare_characters():
    assert parsed("name", "𠙶家庄村委会") == "𠙶家庄村委会"
    assert parsed("name", "<script>alert(1)</script>") == "<script>alert(1)</script>"
    assert parsed("name", "=HYPERLINK(1)\t甲") == "=HYPERLINK(1) 甲"
    assert parsed("name", 5.0) == "5"
    assert parsed("name", "长" * 32767) == "text_too_long"
    assert parsed("name", True) == "not_text"


# -- at their cells ---------------------------------------------------------------------------------------------------


def poke(made: pages.Page, field_id: str, i: int, value: object, style: str | None = None) -> str:
    """Puts a value into the i-th unit's cell and says its address."""
    index = next(n for n, column in enumerate(made.columns, 1) if column.question and column.question.id == field_id)
    made.columns[index - 1].values[i], made.columns[index - 1].formats[i] = value, style
    _, _, positions = pages.grid(made)
    return address.cell(positions[i] + 1, index)


AT_CELLS = [
    ("households", "约300", "not_a_number", True),
    ("households", None, "required_missing", True),
    ("households", 2.5, "not_whole", True),
    ("households", -3, "negative", True),
    ("households", 99999999, "too_big", True),
    ("population", "20-30", "not_a_number", False),
    ("facility", "待定", "not_a_flag", False),
    ("facility", "○", "flag_unclear", False),
    ("kind", "农村", "not_a_choice", True),
    ("property_service", "业主自己", "not_a_choice", False),
    ("established", "6月", "not_a_month", False),
    ("established", 2019.1, "month_unclear", False),
    ("satisfaction", 0.6, "percent_unclear", False),
    ("name", True, "not_text", True),
    ("name", "长" * 300, "text_too_long", True),
    ("name", "", "required_missing", True),
]


@pytest.mark.parametrize(("field_id", "value", "code", "held"), AT_CELLS, ids=[f"{f}-{c}" for f, _, c, _ in AT_CELLS])
def test_a_bad_answer_is_an_error_at_its_cell(field_id, value, code, held):
    made = pages.page(UNITS, 1)
    cell = poke(made, field_id, 2, value)
    reading = pages.reading(pages.book(made))
    assert pages.at(reading, code) == [cell]
    assert [f.severity for f in reading.findings if f.code == code] == ["error"]
    assert reading.community.held == [i == 2 and held for i in range(len(UNITS))]
    if field_id not in ("code", "name"):
        assert reading.community.values[field_id][2] is None


def test_an_unreadable_optional_answer_leaves_the_rest_of_the_row():
    made = pages.page(UNITS, 1)
    poke(made, "population", 2, "约30")
    got, meant = pages.answers_of(pages.reading(pages.book(made))), pages.meant_by(made)
    assert got[UNITS[2].code] == meant[UNITS[2].code] | {"population": None}


def test_a_number_that_means_true_is_not_taken_for_a_boolean():
    made = pages.page(UNITS, 1)
    poke(made, "grids", 1, 1)
    cell = poke(made, "grids", 2, True)
    reading = pages.reading(pages.book(made))
    assert pages.at(reading, "not_a_number") == [cell]
    assert reading.community.values["grids"][1] == 1


def patched_with_openpyxl(made: pages.Page, change) -> bytes:
    """The page with something that only a spreadsheet program writes."""
    import io

    workbook = openpyxl.load_workbook(io.BytesIO(pages.book(made)))
    change(workbook[made.sheet])
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("error", ["#REF!", "#N/A", "#DIV/0!", "#NAME?", "#VALUE!"])
def test_an_error_value_is_never_a_blank(error):
    made = pages.page(UNITS, 1)

    def change(sheet):
        sheet["F5"].value, sheet["F5"].data_type = error, "e"

    reading = pages.reading(patched_with_openpyxl(made, change))
    assert pages.at(reading, "error_value") == ["F5"]
    assert reading.community.values["population"][1] is None
    assert [f.found for f in reading.findings if f.code == "error_value"] == [error]


def test_a_formula_without_value_is_an_error():
    made = pages.page(UNITS, 1)

    def change(sheet):
        sheet["E5"].value = "=1+1"

    reading = pages.reading(patched_with_openpyxl(made, change))
    assert pages.at(reading, "formula_without_value") == ["E5"]
    assert reading.community.held[1] and "required_missing" not in pages.codes(reading)


def test_a_merged_answer_is_an_error_at_each_of_its_cells():
    made = pages.page(UNITS, 1)
    reading = pages.reading(patched_with_openpyxl(made, lambda sheet: sheet.merge_cells("E5:E6")))
    assert pages.at(reading, "merged_answer") == ["E5", "E6"]
    assert reading.community.held[1:3] == [True, True]


def test_a_town_below_another_is_not_filled_down_without_a_merge():
    made = pages.page(UNITS, 1)
    poke(made, "town", 2, None)
    assert pages.reading(pages.book(made)).community.values["town"][2] is None


def test_a_percent_format_makes_a_fraction_a_percentage():
    made = pages.page(UNITS, 1)
    poke(made, "satisfaction", 2, 0.925, "0.0%")
    poke(made, "satisfaction", 3, 1, "0%")
    reading = pages.reading(pages.book(made))
    assert reading.community.values["satisfaction"][2:4] == [Decimal("92.5"), Decimal(100)]
    assert reading.community.raw["satisfaction"][2] == "92.5%"


def test_a_whole_column_of_bare_fractions_is_one_question():
    made = pages.page(UNITS, 1)
    for i in range(len(UNITS)):
        cell = poke(made, "satisfaction", i, 0.9 if i else 1)
    reading = pages.reading(pages.book(made))
    column = cell.rstrip("0123456789")
    assert pages.at(reading, "percent_column_unclear") == [",".join(f"{column}{row}" for row in range(4, 10))]
    assert "percent_unclear" not in pages.codes(reading)
    assert reading.community.values["satisfaction"] == [None] * len(UNITS)


def test_answers_that_do_not_apply_are_ignored_with_a_warning():
    made = pages.page(UNITS, 1)
    cell = poke(made, "work_fund", 2, 7.5)
    for i, empty in enumerate(["-", "/", "不涉及"], 3):
        poke(made, "work_fund", i, empty)
    reading = pages.reading(pages.book(made))
    assert pages.at(reading, "not_applicable") == [cell]
    assert pages.codes(reading, "error") == set()
    assert reading.community.values["work_fund"] == [None] * len(UNITS)


def test_a_whole_column_that_does_not_apply_is_one_warning():
    made = pages.page(pages.units_of("130524")[:30], 1)
    for i in range(30):
        poke(made, "owners_committee", i, "无")
    reading = pages.reading(pages.book(made))
    assert len(pages.at(reading, "not_applicable_column")) == 1 and "not_applicable" not in pages.codes(reading)


def test_a_month_after_the_report_is_asked_about():
    made = pages.page(UNITS, 1)
    cell = poke(made, "established", 2, "2020-01")
    reading = pages.reading(pages.book(made))
    assert pages.at(reading, "month_after_report") == [cell]
    assert reading.community.values["established"][2] == date(2020, 1, 1)


def test_telephone_numbers_in_a_name_are_not_stored():
    made = pages.page(UNITS, 1)
    cell = poke(made, "town", 2, "柏乡镇 13800138000")
    reading = pages.reading(pages.book(made))
    assert pages.at(reading, "personal_answer") == [cell]
    assert "13800138000" not in str(reading)
    assert reading.community.raw["town"][2] == "柏乡镇 ***"


def test_numbers_in_an_answer_that_cannot_be_read_are_neither_told_nor_stored():
    made = pages.page(UNITS, 1)
    poke(made, "households", 2, "问张某13800138000")
    poke(made, "facility", 3, "是,证件130502199001011234")
    reading = pages.reading(pages.book(made))
    assert reading.community.raw["households"][2] == "问张某***"
    assert reading.community.raw["facility"][3] == "是,证件***"
    assert "13800138000" not in str(reading) and "130502199001011234" not in str(reading)


def test_messages_are_whole_sentences_with_their_place():
    made = pages.page(UNITS, 1)
    poke(made, "households", 2, "约300")
    reading = pages.reading(pages.book(made))
    error = next(f for f in reading.findings if f.severity == "error")
    assert error.message == (
        "【not_a_number】文件“柏乡县2019年6月.xlsx”工作表“Sheet1”单元格 E6：“居民户数”的值为“约300”，应为0 至 20000 的整数。请填写确切的数字；整行暂不计入。"
    )
    assert (error.row, error.field, error.unit, error.found) == (6, "households", UNITS[2].code, "约300")


def test_what_was_met_before_is_worked_out_once_and_a_bad_answer_never_kept(monkeypatch):
    monkeypatch.setattr(parse_value, "_MOST_REMEMBERED", 3)
    asked = []
    known = parse_value.Remembered(lambda raw: asked.append(raw) or (parse_value.Bad("x", "") if raw < 0 else raw + 1))
    assert [known[raw] for raw in (1.0, 2.0, 1.0)] == [2.0, 3.0, 2.0]
    assert asked == [1.0, 2.0]
    with pytest.raises(parse_value.Unread):
        known[-1.0]
    assert -1.0 not in known
    assert [known[raw] for raw in (3.0, 4.0, 1.0)] == [4.0, 5.0, 2.0]
    assert len(known) <= 3
