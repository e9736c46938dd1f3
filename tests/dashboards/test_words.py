"""What is said of a figure: counts beside percentages, gaps in work, dates as people write them."""

from datetime import date

import pytest

from dashboards.text import screen_wording
from tests.dashboards.rows import a_row


def test_a_percentage_never_stands_without_its_counts():
    assert screen_wording.value_with_parts(a_row()) == "45.7%（2,274/4,977）"


def test_a_gap_is_told_in_work():
    assert screen_wording.gap(a_row()) == "还差 215 个村"
    assert screen_wording.gap(a_row(gap=0)) == ""


@pytest.mark.parametrize(("more", "said"), [(18, "+18"), (-2, "−2"), (0, "持平"), (None, "")])
def test_a_change_is_told_in_units(more, said):
    assert screen_wording.change(a_row(more=more)) == said


def test_what_is_not_known_is_told_with_both_ends():
    assert screen_wording.bounds(a_row()) == "实际在 45.0% 与 47.0% 之间（90 个未报或待核实）"
    assert screen_wording.bounds(a_row(unknown=0)) == ""


@pytest.mark.parametrize(
    ("month", "said"),
    [
        (date(2020, 6, 1), "距 2020年底还有 184 天。"),
        (date(2020, 12, 1), "2020年底已到期。"),
        (date(2021, 1, 1), "2020年底到期，已过 31 天。"),
    ],
)
def test_the_days_until_the_due_date(month, said):
    assert screen_wording.countdown(date(2020, 12, 1), month) == said


def test_no_value_says_why():
    assert screen_wording.value(a_row(shown=None, status="no_data")) == "无数据"
    assert screen_wording.value(a_row(shown=None, status="not_applicable")) == "不适用"


def test_nothing_is_urgent_when_all_is_reached():
    assert screen_wording.laggards([a_row(status="met", gap=0)]) == ""


def test_the_most_urgent_come_first():
    rows = [a_row(name="甲", status="lagging", gap=900), a_row(name="乙", status="overdue", gap=1)]
    assert screen_wording.laggards(rows) == "最要紧的：乙还差 1 个村；甲还差 900 个村。"


def test_who_has_not_reported_is_named():
    rows = [{"name": "新河县", "seq": None}, {"name": "柏乡县", "seq": 4}]
    assert screen_wording.reported(rows) == "1/2 个县市区已报；未报：新河县。"


def test_the_first_month_is_not_called_normal():
    row = a_row(status="on_track", base_month=date(2020, 6, 1))
    assert screen_wording.sign(row) == "○ 起点月，尚不能判断快慢"
    counts = [{"status": "on_track", "name": "进度正常", "indicators": 3, "total": 3}]
    assert screen_wording.verdict(counts, None, row["month"], 3) == "3 项主要指标：3 项在起点月，尚不能判断快慢。"
    assert (
        screen_wording.verdict(counts, None, row["month"], 1)
        == "3 项主要指标：2 项进度正常，1 项在起点月，尚不能判断快慢。"
    )


def a_report(**more) -> dict:
    report = {"name": "柏乡县", "month": date(2020, 6, 1), "seq": 4, "received_at": "2020-07-05T23:00:00+08:00"}
    due = {"due": DUE, "usual_due": DUE, "caveat": None}
    return {**report, **due, "errors": 0, "refused": 0, "waiting": 0, **more}


# the 5th is a Sunday
DUE = date(2020, 7, 6)


def test_a_report_on_the_due_day_is_in_time_and_one_on_the_next_is_late():
    assert screen_wording.reported_state(a_report(received_at="2020-07-06T23:00:00+08:00")) == "已报"
    assert screen_wording.reported_state(a_report(received_at="2020-07-07T00:10:00+08:00")) == "已报，迟 1 天"
    extended = a_report(received_at="2020-07-07T00:10:00+08:00", due=date(2020, 7, 8))
    assert screen_wording.reported_state(extended) == "已报"
    assert screen_wording.reported_state(a_report(seq=None, due=None)) == "本月免报"
    assert screen_wording.reported_state(a_report(received_at="2026-07-06T00:10:00+08:00")) == "已报（事后补录）"
    assert screen_wording.reported_state(a_report(seq=None)) == "未报"
    assert screen_wording.reported_state(a_report(seq=None, refused=1)) == "报过，文件无法计入"
    assert screen_wording.reported_state(a_report(seq=None, waiting=1)) == "报过，等重开后生效"


def test_who_is_to_be_chased_is_named_with_the_day_it_was_due():
    rows = [a_report(errors=3), a_report(name="新河县", seq=None)]
    assert screen_wording.to_chase(rows) == "应于 2020年7月6日前报送。请催报：新河县。有错误待改正：柏乡县（3 处）。"
    rows += [a_report(name="广宗县", seq=None, due=date(2020, 7, 9)), a_report(name="宁晋县", seq=None, due=None)]
    assert screen_wording.to_chase(rows) == (
        "应于 2020年7月6日前报送。请催报：新河县、广宗县（延至7月9日）。本月免报：宁晋县。有错误待改正：柏乡县（3 处）。"
    )
