"""What is said of a figure: counts beside percentages, gaps in work, dates as people write them."""

from datetime import date

import pytest

from dashboards import words
from tests.dashboards.rows import a_row


def test_a_percentage_never_stands_without_its_counts():
    assert words.value_with_parts(a_row()) == "45.7%(2,274/4,977)"


def test_a_gap_is_told_in_work():
    assert words.gap(a_row()) == "还差 215 个村"
    assert words.gap(a_row(gap=0)) == ""


@pytest.mark.parametrize(("more", "said"), [(18, "+18"), (-2, "−2"), (0, "持平"), (None, "")])
def test_a_change_is_told_in_units(more, said):
    assert words.change(a_row(more=more)) == said


def test_what_is_not_known_is_told_with_both_ends():
    assert words.bounds(a_row()) == "实际在 45.0% 与 47.0% 之间(90 个未报或待核实)"
    assert words.bounds(a_row(unknown=0)) == ""


@pytest.mark.parametrize(
    ("month", "said"),
    [
        (date(2020, 6, 1), "距 2020年底还有 184 天。"),
        (date(2020, 12, 1), "2020年底已到期。"),
        (date(2021, 1, 1), "2020年底到期,已过 31 天。"),
    ],
)
def test_the_days_until_the_due_date(month, said):
    assert words.countdown(date(2020, 12, 1), month) == said


def test_no_value_says_why():
    assert words.value(a_row(shown=None, status="no_data")) == "无数据"
    assert words.value(a_row(shown=None, status="not_applicable")) == "不适用"


def test_nothing_is_urgent_when_all_is_reached():
    assert words.laggards([a_row(status="met", gap=0)]) == ""


def test_the_most_urgent_come_first():
    rows = [a_row(name="甲", status="lagging", gap=900), a_row(name="乙", status="overdue", gap=1)]
    assert words.laggards(rows) == "最要紧的:乙还差 1 个村;甲还差 900 个村。"


def test_who_has_not_reported_is_named():
    rows = [{"name": "新河县", "seq": None}, {"name": "柏乡县", "seq": 4}]
    assert words.reported(rows) == "1/2 个县市区已报;未报:新河县。"


def test_a_value_that_only_rounds_to_the_target_says_so():
    assert words.rounded_up(a_row(value=49.98, shown="50.0"))
    assert not words.rounded_up(a_row(value=50.0, shown="50.0"))
    assert not words.rounded_up(a_row())
