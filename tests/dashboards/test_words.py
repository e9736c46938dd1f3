"""What is said of a figure: counts beside percentages, gaps in work, dates as people write them."""

from datetime import date

import pytest

from dashboards.text import change_wording, screen_wording, search_words
from tests.dashboards.rows import a_row


def test_a_percentage_never_stands_without_its_counts():
    assert screen_wording.value_with_parts(a_row(unknown=0)) == "45.7%（2,274/4,977）"
    assert screen_wording.value_with_parts(a_row()) == "45.7%（2,274/4,977；已报 46.5%，缺 90 个）"


def test_what_those_say_that_answered_stands_beside_the_value_where_something_is_unknown():
    assert screen_wording.value_with_known(a_row()) == "45.7%（已报 46.5%，缺 90 个）"
    assert screen_wording.value_with_known(a_row(unknown=0)) == "45.7%"
    # of a ratio the known value is the value
    assert screen_wording.value_with_known(a_row(is_share=False, unit="人")) == "45.7 人（缺 90 个）"
    # an edition of an older format does not have it
    assert screen_wording.value_with_known(a_row(known_shown=None)) == "45.7%（缺 90 个）"


def test_a_gap_is_told_in_work():
    assert screen_wording.gap(a_row()) == "还差 215 个村：125 个未达标，90 个未填报"
    assert screen_wording.gap(a_row(gap_failing=215, gap_unknown=0)) == "还差 215 个村"
    assert screen_wording.gap(a_row(gap_failing=0, gap_unknown=215)) == "还差 215 个村，均未填报"
    assert screen_wording.gap(a_row(gap_failing=None, gap_unknown=None)) == "还差 215 个村"
    assert screen_wording.gap(a_row(gap=0)) == ""


@pytest.mark.parametrize(("more", "said"), [(18, "+18"), (-2, "−2"), (0, "持平"), (None, "")])
def test_a_change_is_told_in_units(more, said):
    assert screen_wording.change(a_row(more=more)) == said


def test_what_is_not_known_is_told_with_both_ends():
    assert screen_wording.bounds(a_row()) == "实际在 45.0% 与 47.0% 之间（90 个未填报）"
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
    none = {"gap_unknown": 0}
    rows = [
        a_row(name="甲", status="lagging", gap=900, gap_failing=900, **none),
        a_row(name="乙", status="overdue", gap=1, gap_failing=1, **none),
    ]
    assert screen_wording.laggards(rows) == "最要紧的：乙还差 1 个村；甲还差 900 个村。"


def test_who_has_not_reported_is_named():
    rows = [{"name": "新河县", "seq": None}, {"name": "柏乡县", "seq": 4}]
    assert screen_wording.reported(rows) == "1/2 个县市区已报；未报：新河县。"


@pytest.mark.parametrize(
    ("units", "accepted", "carried", "said"),
    [
        (5437, 5437, 0, "全部单位有本月数据。"),
        (5437, 5435, 2, "99.9% 的单位有本月数据，沿用 2 个。"),
        (200, 199, 0, "99.5% 的单位有本月数据。"),
        (0, 0, 0, ""),
    ],
)
def test_how_many_units_the_month_rests_on(units, accepted, carried, said):
    assert screen_wording.covered({"units": units, "accepted": accepted, "carried": carried}) == said


@pytest.mark.parametrize(
    ("base", "said"),
    [
        (date(2020, 6, 1), "起步期（本月为基期，进度自第4个月起判定）"),
        (date(2020, 4, 1), "起步期（基期为2020年4月，进度自2020年7月起判定）"),
        (None, "起步期（尚无基期）"),
        # met at the start, and nothing fell
        (date(2019, 6, 1), "起步期"),
    ],
)
def test_the_first_months_say_from_when_the_pace_is_judged(base, said):
    assert screen_wording.status(a_row(status="starting", base_month=base)) == said


@pytest.mark.parametrize(
    ("status", "pace", "said"),
    [
        ("off_track", -0.01, "严重滞后（低于起点，系新设单位、范围或报送变化所致，同样的单位没有变差）"),
        ("off_track", 0.0, "严重滞后"),
        ("reversing", -0.01, "倒退"),
        ("off_track", None, "严重滞后"),
    ],
)
def test_a_negative_pace_though_nothing_fell_is_said(status, pace, said):
    assert screen_wording.status(a_row(status=status, pace=pace)) == said


def test_the_sentence_says_it_once_for_all_that_begin():
    rows = [a_row(status="starting", base_month=date(2020, 6, 1))] * 3
    assert screen_wording.verdict(rows, None, date(2020, 6, 1)) == (
        "3 项主要指标：3 项起步期（本月为基期，进度自第4个月起判定）。"
    )


UNPROVEN = {
    "status": "unproven",
    "if_last": "lagging",
    "if_low": "off_track",
    "if_high": "met",
    "deciding": "130582,130530",
}


def test_an_unproven_status_says_what_it_would_be_and_whose_answers_decide():
    row, names = a_row(**UNPROVEN, level="city"), {"130582": "沙河市"}
    assert screen_wording.status(row) == "待核实（按最近报送：进度偏慢；最低严重滞后，最高已达标）"
    assert screen_wording.deciding(row, names) == "缺沙河市、130530报表"
    assert screen_wording.deciding(row, names, most=1) == "缺沙河市等 2 个县市区报表"
    assert screen_wording.unproven([row, a_row()], names) == (
        "待核实：农村社区综合服务设施覆盖率（按最近报送：进度偏慢；最低严重滞后，最高已达标；缺沙河市、130530报表）。"
    )
    whose = screen_wording.deciders([row, a_row()], names)
    assert (
        screen_wording.verdict([row], None, row["month"], whose) == "1 项主要指标：1 项待核实（缺沙河市、130530报表）。"
    )
    own = a_row(**{**UNPROVEN, "deciding": "130582"})
    assert screen_wording.deciding(own, names) == "缺沙河市 90 个单位的填报"


def test_a_band_and_a_thin_ratio_say_why_they_are_not_proven():
    band = a_row(status="unproven", if_low="on_track", if_high="on_track")
    assert screen_wording.status(band) == "待核实（两端均为进度正常，其间不定）"
    lost = a_row(status="unproven", if_low="unproven", if_high="unproven", if_last="unproven")
    assert screen_wording.status(lost) == "待核实（起点不明）"
    assert (
        screen_wording.status({**lost, "if_high": "met"}) == "待核实（按最近报送：起点不明；最低起点不明，最高已达标）"
    )
    thin = a_row(status="unproven", is_share=False)
    assert screen_wording.status(thin) == "待核实（两项都填报的单位不足 95%）"


def test_a_county_says_what_it_gained_and_what_it_lost():
    def moved(name: str, gained: int, lost: int) -> dict:
        return {"name": name, "counties": [{"unit": "130502", "short": "襄都区", "gained": gained, "lost": lost}]}

    rows = [moved("甲率", 3, 0), moved("乙率", 21, 1), moved("丙率", 0, 2), moved("丁率", 1, 1)]
    assert change_wording.moved_in(rows, "130502") == "本月新增：乙率 20 个，甲率 3 个；减少：丙率 2 个。"
    assert change_wording.moved_in(rows, "130524") == "" == change_wording.moved_in([], "130502")
    beside = [{"unit": "130502", "reported": -5, "founded": 0, "boundary": 2}]
    assert change_wording.moved_in([{**rows[0], "beside": beside}], "130502") == (
        "本月新增：甲率 3 个；另因未报减少：甲率 5 个；另因区划和名册调整增加：甲率 2 个。"
    )
    founded = [{"unit": "130502", "reported": 6, "founded": 6, "boundary": 0}]
    assert change_wording.moved_in([{**rows[0], "beside": founded}], "130502") == (
        "本月新增：甲率 3 个；另因新设单位首次填报增加：甲率 6 个。"
    )
    silent = {"name": "甲率", "counties": [], "beside": beside[:1]}
    assert change_wording.moved_in([silent], "130502").startswith("因未报减少：甲率 5 个；另因")
    slipped = {"name": "甲率", "status_before": "on_track", "status": "lagging"}
    assert change_wording.slipped([slipped]) == "本月状态变差：甲率由进度正常变为进度偏慢。"


def test_what_does_not_apply_did_not_stay_the_same():
    assert screen_wording.change(a_row(status="not_applicable", shown=None, more=0)) == ""
    assert screen_wording.change(a_row(more=0)) == "持平"


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


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("南宫 东关", True),
        ("dg", True),
        ("ng dg", True),
        ("东关，nangong", False),
        ("dgc", True),
        ("xd", False),
        ("d", False),
    ],
)
def test_a_search_finds_words_and_initials_of_pinyin_in_any_order(text, matches):
    assert search_words.matches(text, "东关村委会", "南宫市") == matches


def test_a_character_with_several_readings_is_found_by_each():
    assert search_words.matches("cx", "长兴村") and search_words.matches("zx", "长兴村")
