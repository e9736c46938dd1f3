"""What is recorded of a returned list, and what is held back with which words (§5)."""

from datetime import date, datetime

import pytest

from pipelines.verification.spot_findings import KINDS
from tests.verification import spot_list as lists
from tests.verification.spot_list import FILLED, LABELS, TASKS, codes, marked, returned, row, sheet


def _only(back):
    assert back.answers == []
    (finding,) = back.findings
    return finding.cell, finding.message


def test_rows_that_are_filled_in_are_recorded_and_blank_ones_are_open():
    back = returned(sheet(row(TASKS[0]), row(TASKS[1], result="否", note="未挂牌"), row(TASKS[2], result="")))
    assert codes(back) == []
    assert [(answer.uid, answer.claim, answer.result, answer.cell) for answer in back.answers] == [
        ("130524101200@2016", "facility_rural", "属实", "I4"),
        ("130524101200@2016", "pilot_share", "不属实", "I5"),
    ]
    assert back.answers[0].days == (date(2021, 1, 5),)
    assert back.blank == 1


@pytest.mark.parametrize(
    ("word", "known", "unknown"),
    [
        ("属实", "属实", "有"), ("是", "属实", "有"), ("√", "属实", "有"), ("符合", "属实", "有"), ("有", "属实", "有"),
        ("不属实", "不属实", "无"), ("否", "不属实", "无"), ("×", "不属实", "无"), ("不 符", "不属实", "无"), ("无", "不属实", "无"),
        ("未能核实", "未能核实", "未能核实"), ("无法核实", "未能核实", "未能核实"),
    ],
)  # fmt: skip
def test_words_for_a_result(word, known, unknown):
    filled = {"result": word, "days": "2021-01-05、2021-01-08"}
    back = returned(sheet(row(TASKS[0], **filled), row(TASKS[4], **filled)))
    assert [answer.result for answer in back.answers] == [known, unknown]


def test_another_word_is_an_error_at_its_cell():
    assert _only(returned(sheet(row(TASKS[0], result="基本属实")))) == (
        "I4",
        "【spot_choice】文件“回收.xlsx”工作表“柏乡县”单元格 I4：结果为“基本属实”，应为属实、不属实、未能核实。请改正；还没有去的请留空。",
    )


def test_a_row_that_is_not_on_the_list():
    cell, message = _only(returned(sheet(row(TASKS[0], number="99", code="130524101299", unit="新村委会"))))
    assert cell == "E4"
    assert message.endswith(
        "单元格 E4：代码“130524101299”新村委会不在 7 号名单上，结果没有记录。请只填写名单上的行；代码改动过的，请改回。"
    )


def test_a_unit_that_is_asked_about_something_else():
    _, message = _only(returned(sheet(row(TASKS[2], subject=lists.PILOT))))
    assert "代码“130524101203”南街村委会（农村社区建设试点占比）不在 7 号名单上" in message


@pytest.mark.parametrize(
    ("changed", "cell", "words"),
    [
        ({"reported": "否"}, "G4", "所报为“否”（名单上为“是”），与发出的名单不同"),
        ({"code": "130524101299"}, "E4", "代码为“130524101299”（名单上为“130524101203”），与发出的名单不同"),
        ({"code": ""}, "E4", "代码为“”（名单上为“130524101203”）"),
        ({"code": "130503101205"}, "D4", "单位为“南街村委会”（名单上为“西庞村委会”）"),
    ],
)
def test_a_row_that_was_altered(changed, cell, words):
    where, message = _only(returned(sheet(row(TASKS[2], **changed))))
    assert (where, words in message) == (cell, True), message


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ("2021-01-01", "检查日期 2021-01-01 早于抽取之日 2021-01-02"),
        ("2021-01-16", "检查日期 2021-01-16 还没有到"),
        ("", "没有检查日期"),
        ("上周", "检查日期“上周”读不出日期"),
        ("2021-01-35", "检查日期“2021-01-35”读不出日期"),
        ("2021-01-05、去过", "读不出日期"),
        ("2020-12-30、2021-01-05", "早于抽取之日"),
    ],
)
def test_a_day_that_cannot_be(days, words):
    cell, message = _only(returned(sheet(row(TASKS[0], days=days))))
    assert (cell, words in message) == ("L4", True), message


@pytest.mark.parametrize(
    "days",
    [
        "2021-01-05",
        "2021/1/5",
        "2021.1.5",
        "2021年1月5日",
        "20210105",
        "２０２１－０１－０５",
        datetime(2021, 1, 5),
        date(2021, 1, 5),
        44201.0,
    ],
)
def test_days_as_they_are_written(days):
    assert returned(sheet(row(TASKS[0], days=days))).answers[0].days == (date(2021, 1, 5),)


def test_the_day_of_the_draw_and_today_are_good():
    back = returned(sheet(row(TASKS[0], days="2021-01-02"), row(TASKS[2], days="2021-01-15")))
    assert codes(back) == [] and len(back.answers) == 2


def test_two_answers_for_one_row_are_both_held():
    back = returned(sheet(row(TASKS[0])), sheet(row(TASKS[0], result="不属实"), name="另一张"))
    assert back.answers == []
    assert codes(back) == ["spot_twice", "spot_twice"]
    assert (
        "东街村委会（农村社区综合服务设施覆盖率）在 “柏乡县”I4、“另一张”I4 都有结果，且内容不同"
        in back.findings[0].message
    )


def test_the_same_answer_twice_is_one_answer():
    back = returned(sheet(row(TASKS[0]), row(TASKS[0])))
    assert codes(back) == [] and len(back.answers) == 1


def test_a_result_that_changes_needs_a_reason():
    earlier = {(TASKS[0].uid, TASKS[0].claim): "属实"}
    assert (
        "结果由“属实”改为“不属实”，说明为空"
        in _only(returned(sheet(row(TASKS[0], result="不属实")), earlier=earlier))[1]
    )
    assert codes(returned(sheet(row(TASKS[0], result="不属实", note="复核后更正")), earlier=earlier)) == []
    assert codes(returned(sheet(row(TASKS[0])), earlier=earlier)) == []


@pytest.mark.parametrize(
    ("name", "words"), [("13800138000", "可能是电话"), ("王 138-0013-8000", "可能是电话"), ("王" * 21, "有 21 个字")]
)
def test_an_inspector_is_a_name_or_a_number(name, words):
    cell, message = _only(returned(sheet(row(TASKS[0], inspector=name))))
    assert (cell, words in message, "13800138000" in message) == ("K4", True, False)


@pytest.mark.parametrize(
    ("task", "filled", "code", "words"),
    [
        (TASKS[3], {"evidence": ""}, "spot_evidence", "单元格 J4：没有证据编号"),
        (TASKS[3], {"result": "未能核实"}, "spot_one_visit", "单元格 L4：结果为未能核实，只写了 1 个日期"),
        (TASKS[0], {}, "spot_own_county", "单元格 I4：第一组来自柏乡县，却检查本县的单位"),
    ],
)
def test_questions_leave_the_answer_counting(task, filled, code, words):
    back = returned(sheet(row(task, **filled)), marked())
    assert (codes(back), len(back.answers)) == ([code], 1)
    assert words in back.findings[0].message
    assert back.findings[0].severity == "warning"


def test_a_second_day_may_stand_in_the_note():
    back = returned(sheet(row(TASKS[3], result="未能核实", evidence="", note="2021年1月8日再去，仍无人")), marked())
    assert codes(back) == []
    assert back.answers[0].days == (date(2021, 1, 5),)


def test_columns_in_any_order_with_other_labels_and_a_repeated_header():
    swapped = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 12, 11, 10]
    labels = [LABELS[i] for i in swapped]
    labels[labels.index("结果")], labels[labels.index("说明")] = "9. 核查结果（属实/不属实）", "备注"
    made = [[row(task)[i] for i in swapped] for task in TASKS[:2]]
    back = returned(sheet(made[0], labels, made[1], labels=labels))
    assert codes(back) == [] and [answer.cell for answer in back.answers] == ["B4", "B6"]


def test_without_what_is_asked_a_unit_with_one_row_is_known():
    labels = [label for label in LABELS if label != "核查事项"]
    rows = [[cell for label, cell in zip(LABELS, row(task), strict=True) if label != "核查事项"] for task in TASKS[:3]]
    back = returned(sheet(*rows, labels=labels))
    assert [answer.uid for answer in back.answers] == ["130524101203@2016"]
    assert codes(back) == ["spot_row", "spot_row"]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([label.replace("检查日期", "时间") for label in LABELS], "缺少“检查日期”列"),
        ([label.replace("说明", "结果") for label in LABELS], "“结果”有两列"),
        (["甲", "乙"], "没有找到抽查名单的表头"),
    ],
)
def test_a_header_that_cannot_be_read(labels, words):
    cell, message = _only(returned(sheet(row(TASKS[0]), labels=labels)))
    assert cell is None and words in message


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"list": "6"}, "这是 6 号名单。整个文件没有记录"),
        ({"plan": "ef" * 32}, "这是 7 号名单的另一次抽取。整个文件没有记录"),
    ],
)
def test_a_list_of_another_draw_is_not_recorded(changed, words):
    _, message = _only(returned(sheet(row(TASKS[0])), marked(**changed)))
    assert words in message


def test_a_cover_without_a_table_is_passed_over():
    back = returned(lists.Sheet("封面", [["抽查工作说明"]]), sheet(row(TASKS[0])))
    assert codes(back) == [] and len(back.answers) == 1


def test_a_code_that_came_as_a_number_or_with_blanks():
    back = returned(sheet(row(TASKS[2], code=130524101203.0), row(TASKS[3], code="130503 101 205")))
    assert [answer.uid for answer in back.answers] == ["130524101203@2016", "130503101205@2016"]


def test_short_rows_and_notes_below_the_table_are_no_trouble():
    back = returned(sheet(row(TASKS[2]), [], ["填表人："], [None] * 13))
    assert codes(back) == [] and len(back.answers) == 1 and back.blank == 0


def test_a_result_without_a_code_is_not_lost_silently():
    assert codes(returned(sheet([""] * 8 + list(FILLED.values())))) == ["spot_row"]


def test_every_kind_of_finding_is_raised_here():
    """The messages above cover the kinds; none is left that nobody can get."""
    from pathlib import Path

    source = Path(__file__).parents[2] / "pipelines" / "verification" / "returned.py"
    assert all(f'"{code}"' in source.read_text(encoding="utf-8") for code in KINDS)
