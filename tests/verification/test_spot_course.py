"""When a list may be withdrawn, drawn and closed, and which one decides (§3–§6, §8)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from pipelines.errors import Refusal
from pipelines.verification.course import Course, check_draw, check_plan, check_withdrawal, deciding

DAY = date(2021, 1, 2)
BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)
LIST = Course(3, DAY)
DRAWN = replace(LIST, drawn=DAY)


def test_the_states_of_a_list():
    assert [LIST.state(day) for day in (BEFORE, DAY, AFTER)] == ["planned", "planned", "undrawn"]
    assert replace(LIST, withdrawn=True).state(AFTER) == "withdrawn"
    assert DRAWN.state(DAY) == "open"
    assert replace(DRAWN, closed=True).state(AFTER) == "closed"


@pytest.mark.parametrize(
    ("day", "without_result", "closes"),
    [(DAY, 0, True), (date(2021, 1, 17), 1, False), (date(2021, 1, 18), 1, True), (DAY, 124, False)],
)
def test_a_list_closes_when_all_is_there_or_the_window_is_over(day, without_result, closes):
    assert DRAWN.may_close(day, without_result) == closes
    assert not LIST.may_close(day, without_result)


def test_the_first_list_whose_day_has_come_decides_even_undrawn():
    second = Course(4, date(2021, 1, 5), drawn=date(2021, 1, 5), closed=True)
    assert deciding([second, LIST], date(2021, 1, 20)) == LIST
    assert deciding([second, LIST], BEFORE) is None
    assert deciding([second, replace(LIST, withdrawn=True)], date(2021, 1, 20)) == second
    assert deciding([Course(5, DAY), LIST], AFTER) == LIST


@pytest.mark.parametrize(
    ("day", "window", "words"),
    [
        (DAY, 15, "不晚于计划之日"),
        (BEFORE, 15, "不晚于计划之日"),
        (AFTER, 2, "不在 3 至 30 天之内"),
        (AFTER, 31, "不在 3 至 30 天之内"),
    ],
)
def test_a_plan_needs_a_number_of_the_future_and_a_window(day, window, words):
    with pytest.raises(Refusal, match=words):
        check_plan(day, DAY, window)


@pytest.mark.parametrize("window", [3, 30])
def test_the_shortest_and_the_longest_window(window):
    assert check_plan(AFTER, DAY, window) is None


@pytest.mark.parametrize(
    ("course", "today", "words"),
    [
        (LIST, BEFORE, "要到 2021-01-02 才公布"),
        (DRAWN, AFTER, "不能再抽"),
        (replace(LIST, withdrawn=True), DAY, "已经撤回"),
    ],
)
def test_a_draw_out_of_time_is_refused(course, today, words):
    with pytest.raises(Refusal, match=words):
        check_draw(course, today)


def test_a_list_may_be_drawn_on_its_day_and_late():
    assert check_draw(LIST, DAY) is None
    assert check_draw(LIST, date(2021, 3, 1)) is None


@pytest.mark.parametrize(
    ("today", "why", "words"),
    [(DAY, "号码不合意", "已到，不能撤回"), (AFTER, "理由", "已到，不能撤回"), (BEFORE, " ", "须写明理由")],
)
def test_a_withdrawal_from_the_day_of_the_number_on_is_refused(today, why, words):
    with pytest.raises(Refusal, match=words):
        check_withdrawal(LIST, today, why)


def test_a_withdrawal_before_the_day_is_possible_once():
    assert check_withdrawal(LIST, BEFORE, "改期") is None
    with pytest.raises(Refusal, match="已经撤回"):
        check_withdrawal(replace(LIST, withdrawn=True), BEFORE, "改期")
