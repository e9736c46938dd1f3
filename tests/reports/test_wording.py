"""The wording of the report, as small tables that an official can read: the case, and what is said."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from pipelines.edition import phrases
from pipelines.punctuation import full_width
from pipelines.reports import (
    changes,
    county_progress,
    docx_table,
    next_steps,
    overall_verdict,
    period_changes,
    questions,
    submission_facts,
    verdict,
)
from pipelines.reports.facts import _of_policy
from pipelines.reports.indicator_figures import tenth
from pipelines.reports.report_periods import MONTH, QUARTER, YEAR, of_month
from tests.reports.made import facts, figure, item


@pytest.mark.parametrize(
    ("month", "said"),
    [
        (date(2020, 5, 1), "距2020年底完成时限还有7个月。"),
        (date(2020, 11, 1), "距2020年底完成时限还有1个月。"),
        (date(2020, 12, 1), "2020年底的完成时限本月到期。"),
        (date(2021, 3, 1), "2020年底的完成时限已过3个月。"),
    ],
)
def test_term(month, said):
    assert overall_verdict.term(facts(month=month)).text == said


@pytest.mark.parametrize(
    ("statuses", "said"),
    [
        (
            ["met", "on_track", "met", "off_track"],
            "截至2020年5月底，4项主要指标中已达标2项，进度正常1项，严重滞后1项。",
        ),
        (["met", "met"], "截至2020年5月底，2项主要指标全部达标。"),
        (["no_data", "no_data"], "截至2020年5月底，2项主要指标均无数据。"),
        (["overdue"], "截至2020年5月底，1项主要指标均为“逾期未达标”。"),
        (["unproven", "no_data"], "截至2020年5月底，2项主要指标中待核实1项，无数据1项。"),
    ],
)
def test_tally(statuses, said):
    assert overall_verdict.tally(facts([item(status=status) for status in statuses])).text == said


def test_where_several_policies_judge_a_month_the_paper_names_its_own():
    items = [item(status="met"), item(status="on_track")]
    assert overall_verdict.tally(facts(items, several=True)).text.startswith(
        "截至2020年5月底，《实施意见》的2项主要指标中"
    )
    known = [{"id": "p", "title": "实施意见"}, {"id": "q", "title": "规划"}]
    said = ("《规划》的期限已于2020年12月届满", "名册较旧")
    assert _of_policy(said, known[0], known) == said[1:] and _of_policy(said, known[1], known) == said


def test_what_is_overdue_has_no_months_left():
    late = item(status="overdue", gap=20, yes=20, counties=[figure("overdue", gap=20, name="甲县")])
    outlook = {late.id: {"months_left": 11, "needed_pace": 20 / 11, "recent_pace": None}}
    said = next_steps.request(facts([late], month=date(2021, 1, 1), outlook=outlook), late).text
    assert said == "甲率还须完成20个村，请有关部门督促甲县（未达标20个）办理，明确完成时限。"


def test_reports_not_come_are_said_and_a_reopened_month_is_no_unapproved_one():
    few = facts(sent=("甲县",))
    assert "报送不足九成，全市进展不作判断，数据尚未审定" in overall_verdict.trust(few).text
    whole = facts()
    whole.release.manifest["states"] = {"2020-05": "reopened"}
    assert (
        "数据审定后又重开，尚未再次审定" in overall_verdict.trust(whole).text
        and "不足" not in overall_verdict.trust(whole).text
    )


def test_a_correction_says_the_values_whose_reports_and_who_reopened():
    known = facts([item("甲率", status="overdue")], decisions=[
        {"kind": "reopen", "month": "2020-05", "by": "张三", "at": "2020-06-08T09:00:00+08:00", "why": "更正"},
    ])  # fmt: skip
    turned = {
        "policy": "p", "indicator": known.items[0].id, "month": "2020-05", "before": "61.5", "after": "45.0", "status_before": "met",
        "status_after": "overdue",
    }  # fmt: skip
    added = [{"month": "2020-05", "county": "130501", "seq": 9, "file": "x"}]
    known.release.manifest.update(
        edition=2, kind="corrected", changes={"figures": [turned], "submissions_added": added}
    )
    assert changes.corrected(known).text == (
        "甲率由已达标（61.5%）改为逾期未达标（45.0%）。原因是乙县更正了报表，本月数据由张三于2020年6月8日重开。"
    )
    assert submission_facts.approvals(known) == ["2020年6月8日由张三重开，原因：更正。"]


def test_three_and_more_that_are_open_are_told_by_whose_reports_they_wait_for():
    several = [
        item(f"{n}率", "unproven", if_low="off_track", if_high="met", if_last="unproven", deciding="130500,130501")
        for n in "甲乙丙"
    ]
    said = questions._unproven(facts(several)).text
    assert said == "因甲县和乙县报送不全，甲率、乙率等3项尚不能下结论。建议限期补报，补报前不作结论。"
    assert "按最近报送" not in verdict.unproven(several[0], {})


def test_a_long_name_is_parted_at_a_word():
    assert (
        docx_table._in_two("成员报酬不低于当地平均工资的城市社区占比", 60, 3.18)
        == "成员报酬不低于当地平均工资的\n城市社区占比"
    )
    assert docx_table._in_two("城市社区公共服务综合信息平台覆盖率", 52, 3.18) == "城市社区公共服务综合信息平台\n覆盖率"
    assert docx_table._in_two("社区覆盖率", 60, 3.18) == "社区覆盖率"


def test_a_headline_without_a_target_is_not_counted_among_the_judged():
    items = [item(status="met"), item(status="lagging"), item(status="tracked", goal=None)]
    said = "截至2020年5月底，2项主要指标中已达标1项，进度偏慢1项。另有1项只作监测。"
    assert overall_verdict.tally(facts(items)).text == said


def test_notes_of_the_month_stand_in_the_paper_with_name_and_day():
    pay = item("报酬率")
    whole = facts([pay])
    whole.release.noted = [
        {"seq": 7, "text": "市长批示:抓紧办理。", "by": "张三", "at": "2020-06-02T09:00:00+08:00", "indicator": None},
        {"seq": 8, "text": "工资标准调整", "by": "李四", "at": "2020-06-03T09:00:00+08:00", "indicator": pay.id},
    ]
    said = "本月批示和事件：市长批示：抓紧办理（张三2020年6月2日记）；工资标准调整（报酬率，李四2020年6月3日记）。"
    assert submission_facts.notes(whole) == said and said in submission_facts.paragraph(whole)
    assert submission_facts.notes(facts([pay])) == ""


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"甲县": 9, "乙县": 7}, "甲县9项、乙县7项"),
        ({"甲县": 9, "乙县": 7, "丙县": 6}, "甲县9项、乙县7项"),
        ({"甲县": 9, "乙县": 7, "丙县": 7}, "甲县9项"),  # 丙县 is as bad as 乙县
        ({"甲县": 7, "乙县": 7, "丙县": 7}, "丙县、乙县等3个县（市、区）各7项"),
        ({}, ""),
    ],
)
def test_who_has_as_many_as_the_last_one_named_is_not_left_out(counts, said):
    assert phrases.most_of(counts, 2) == said


@pytest.mark.parametrize(
    ("part", "whole", "said"), [(5431, 5437, "99.9"), (4965, 5437, "91.3"), (9999, 10000, "99.9"), (7, 7, "100.0")]
)
def test_a_share_of_units_is_half_up_and_never_said_to_be_whole(part, whole, said):
    assert overall_verdict._share(part, whole) == said


def test_what_is_behind_its_baseline_though_nothing_fell_is_said():
    items = [
        item("甲率", "off_track", pace=-0.1),
        item("乙率", "off_track", pace=0.0),
        item("丙率", "reversing", pace=-0.1),
    ]
    assert (
        overall_verdict.lower(facts(items)).text
        == "第1项低于起点，系新设单位、范围或报送变化所致，同样的单位没有变差。"
    )
    assert overall_verdict.lower(facts(items[1:])) is None


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([item(status="met")], None),
        ([item(status="met"), item(status="tracked", goal=None)], None),
        ([item(status="met"), item(status="on_track")], "主要指标均未落后。"),
        ([item(status="on_track"), item(status="starting")], "已能判断的主要指标均未落后。"),
        ([item(status="starting")], None),
        ([item(status="lagging", gap=5)], "1项落后：甲率45.0%（还差5个村）。"),
        (
            [item(f"{n}率", "overdue", gap=gap) for n, gap in (("甲", 1), ("乙", 9), ("丙", 5), ("丁", 1200))],
            "4项未按期完成，较突出的是丁率45.0%（还差1,200个村）、乙率45.0%（还差9个村）、丙率45.0%（还差5个村）。",
        ),
        (
            [item("甲率", "overdue", gap=9), item("乙率", "lagging", gap=5)],
            "2项落后，其中1项未按期完成：甲率45.0%（还差9个村）、乙率45.0%（还差5个村）。",
        ),
    ],
)
def test_the_worst_come_first_with_what_they_lack(items, said):
    claim = overall_verdict.worst(facts(items))
    assert (claim and claim.text) == said


@pytest.mark.parametrize(
    ("gap", "unknown", "said"),
    [
        (20, 9, "甲率20.0%（已报22.0%，缺9个，还差20个村，其中11个未达标、9个未填报）"),
        (20, 30, "甲率20.0%（已报28.6%，缺30个，还差20个村，均未填报）"),
        (20, 0, "甲率20.0%（还差20个村）"),
    ],
)
def test_what_is_not_reported_is_told_apart_from_what_is_not_done(gap, unknown, said):
    assert verdict.shortfall(item(status="lagging", gap=gap, unknown=unknown, yes=20)) == said


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([item(before=figure())], None),
        ([item(status="met", before=figure("lagging"))], "状态好转的有甲率（进度偏慢变为已达标）。"),
        (
            [item(status="met", before=figure("lagging")), item("乙率", "reversing", before=figure("met"))],
            "状态好转的有甲率（进度偏慢变为已达标），变差的有乙率（已达标变为倒退）。",
        ),
        ([item(status="overdue", before=figure("lagging"))], None),  # the due day came: no change of work
        ([item(status="no_data", before=figure("met"))], None),
    ],
)
def test_which_statuses_turned(items, said):
    claim = changes.turned(facts(items))
    assert (claim and claim.text) == said


@pytest.mark.parametrize(
    ("sent", "carried", "said"),
    [
        (("甲县", "乙县", "丙县"), (), ""),
        (("甲县", "乙县"), ("丙县",), "丙县未报，沿用此前两个月内的数据。"),
        (("甲县", "乙县"), (), "丙县未报且无数据可沿用，按未填报计算。"),
        (("甲县",), ("乙县",), "乙县未报，沿用此前两个月内的数据，丙县未报且无数据可沿用，按未填报计算。"),
        ((), ("甲县",), "本月3个县（市、区）均未报送有效报表，以上数字沿用以前月份已报数据。"),
    ],
)
def test_who_reported(sent, carried, said):
    assert verdict.reported(facts(sent=sent, carried=carried)) == said


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ([None], "其中丙县经批准本月免报。"),
        (["2020-06-12"], "其中经批准丙县延至2020年6月12日报送。"),
        (["2020-06-12", None], "其中丙县经批准本月免报。"),
    ],
)
def test_a_county_that_is_excused_or_given_time_is_said_to_be(until, said):
    decided = [{"kind": "extend", "month": "2020-05", "county": "130502", "until": day} for day in until]
    other = {**decided[0], "month": "2020-04"}
    unsaid = "丙县未报且无数据可沿用，按未填报计算。"
    assert verdict.reported(facts(sent=("甲县", "乙县"), decisions=decided)) == unsaid + said
    assert verdict.reported(facts(sent=("甲县", "乙县"), decisions=[other])) == unsaid
    assert verdict.reported(facts(decisions=decided)) == "", "报了的不再说"


def test_a_county_without_a_judged_indicator_is_not_praised():
    early = item(status="starting", counties=[figure("starting", unit=f"13050{n}") for n in range(3)])
    assert not any(county_progress.claims(facts([early])))
    calm = item(status="on_track", counties=[figure("on_track", unit=f"13050{n}") for n in range(3)])
    assert county_progress.lagging(facts([calm])).text == "各县（市、区）主要指标均未落后。"


@pytest.mark.parametrize(
    ("worked", "said"),
    [
        ([{"unit": "130502", "indicators": 3}], "落后指标因工作减少的有丙县（5项减至2项，第3位升至第1位）。"),
        (
            [{"unit": "130502", "indicators": 2}],
            None,
        ),  # one of the three: its units fell silent, or it moved with a boundary
        ([], None),
    ],
)
def test_a_county_is_praised_only_for_units_that_got_there(worked, said):
    place = {"applicable": 6, "behind_before": None, "place_before": None, "placed": 3}
    places = (
        place | {"unit": "130500", "short": "甲县", "behind": 4, "rank": 1, "place": 3},
        place | {"unit": "130501", "short": "乙县", "behind": 3, "rank": 2, "place": 2},
        place
        | {
            "unit": "130502",
            "short": "丙县",
            "behind": 2,
            "rank": 3,
            "place": 1,
            "behind_before": 5,
            "place_before": 3,
        },
    )
    known = facts(places=places)
    known.release.rows = lambda *_: worked
    claim = county_progress.improved(known)
    assert (claim and claim.text) == said


def test_a_request_says_pace_needed_against_pace_who_and_where():
    entry = item(
        status="lagging",
        gap=20,
        counties=[figure("lagging", gap=gap, name=n) for n, gap in (("甲县", 3), ("乙县", 17))],
        yes=20,
        before=figure(),
    )
    known = facts([entry], outlook={entry.id: {"months_left": 7, "needed_pace": 20 / 7, "recent_pace": 4 / 3}})
    assert next_steps.request(known, entry).text == (
        "甲率今后7个月每月须新增3个（近3个月月均1.3个），请有关部门督促乙县（未达标17个）、甲县（3个）办理。"
    )


def test_counties_without_a_duty_are_named_in_the_request():
    seen = [
        figure("met", 1, 1, name="甲县"),
        figure("off_track", 0, 1, name="乙县"),
        figure("no_data", 0, 1, unknown=1, name="丙县"),
    ]
    entry = item(
        status="lagging", goal="≥100", gap_unit="个县（市、区）", gap=2, counties=seen, yes=1, scope=3, unknown=1
    )
    entry = replace(entry, counted="county")
    assert next_steps.request(facts([entry]), entry).text.endswith("，请有关部门督促乙县办理。")


@pytest.mark.parametrize(
    ("base", "said"),
    [
        (date(2020, 5, 1), "本月为基期，进度自第4个月起判定。"),
        (date(2020, 4, 1), "起步期的指标自2020年7月起判定进度。"),
        (date(2019, 4, 1), ""),
        (None, ""),
    ],
)
def test_the_first_months_say_from_when_the_pace_is_judged(base, said):
    assert verdict.starting([item(status="starting", base_month=base)], date(2020, 5, 1)) == said


def test_old_reference_data_is_told():
    said = "目前没有仍在期限内的政策：最后一项的期限已于2020年12月届满"
    assert verdict.caveats(facts(caveats=(said,))) == f"请注意：{said}。"
    assert verdict.caveats(facts()) == ""


@pytest.mark.parametrize(
    ("unit", "plain"),
    [("个村", "个村"), ("个社区（村）", "个社区、村"), ("个县（市、区）", "个县市区"), (None, "")],
)
def test_units_lose_their_brackets_inside_brackets(unit, plain):
    assert phrases.plain_unit(unit) == plain


@pytest.mark.parametrize(
    ("findings", "said"),
    [
        ((), ""),
        (
            ("error", "error", "warning"),
            "报表中发现错误2处、需核实1处，错误为甲县2处，已在回执中标注。",
        ),
        (("warning",), "报表中发现需核实1处，已在回执中标注。"),
        (("note",), ""),
    ],
)
def test_findings(findings, said):
    rows = tuple({"county": "130500", "severity": severity, "id": "x", "file": "f"} for severity in findings)
    assert submission_facts.quality(facts(findings=rows))[0].endswith(said)


def test_counties_with_as_many_errors_as_the_last_one_named_are_not_left_out():
    counties = [f"{n}县" for n in "甲乙丙丁"]
    errors = [{"county": f"13050{n}", "severity": "error", "id": "x", "file": "f"} for n in range(4)]
    assert (
        "错误较多的是丁县、丙县、乙县等4个县（市、区）各1处，"
        in submission_facts.quality(facts(counties=counties, findings=errors))[0]
    )


def test_waivers_and_approval_are_told_with_who_why_and_until_when():
    finding = {"id": "ab12", "county": "130500", "file": "甲县.xlsx", "cell": "E5", "severity": "warning"}
    waived = {
        "kind": "waive",
        "finding": "ab12",
        "why": "现场核实",
        "by": "李某",
        "until": "2020-08",
        "month": None,
        "at": "",
    }
    old = {**waived, "until": "2020-04"}
    lines = submission_facts.waivers(facts(waived={"ab12": finding}, decisions=(waived, old)))
    assert lines == ["生效的豁免有1项：甲县“甲县.xlsx”E5，理由：现场核实，由李某批准，有效至2020年8月。"]
    assert submission_facts.waivers(facts()) == []


def test_a_first_edition_has_no_correction():
    assert submission_facts.corrections(facts()) == [""]


def test_a_corrected_edition_says_what_changed():
    known = facts([item("甲率")])
    changes = {
        "submissions_added": [{"month": "2020-05", "county": "130501", "seq": 9, "file": "x"}],
        "figures": [
            {"policy": "p", "indicator": known.items[0].id, "month": "2020-05", "before": "44.0", "after": "45.0"}
        ],
        "reference": [],
    }
    known.release.manifest.update(edition=2, kind="corrected", changes=changes)
    assert submission_facts.corrections(known) == [
        "本版为2020年5月数据第2版（更正版）。与上一版相比，新采用2020年5月乙县报表。本月全市指标有变动的：甲率由44.0%改为45.0%。"
    ]


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (Fraction(1, 20), "0.1"),
        (Fraction(-1, 20), "-0.1"),
        (Fraction(1, 21), "0.0"),
        (Fraction(-1, 21), "0.0"),
        (Fraction(1199, 1000), "1.2"),
        (Fraction(0), "0.0"),
    ],
)
def test_tenths_are_half_up_from_the_exact_number(number, shown):
    assert str(tenth(number)) == shown


@pytest.mark.parametrize(
    ("plain", "set_"),
    [
        ("1,276个村,还差", "1,276个村\uff0c还差"),
        ("现值(45.7%):", "现值\uff0845.7%\uff09\uff1a"),
        ("AV15,AW15", "AV15,AW15"),
        ("2020-05/1", "2020-05/1"),
    ],
)
def test_print_has_full_width_marks(plain, set_):
    assert full_width(plain) == set_


@pytest.mark.parametrize(("number", "word"), [(1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (21, "二十一")])
def test_numerals(number, word):
    assert phrases.numeral(number) == word


def test_signs_and_lists():
    assert [phrases.signed(Decimal(n) if n else None) for n in ("1.2", "-0.3", "0.0", None)] == [
        "+1.2",
        "\u22120.3",
        "0.0",
        "—",
    ]
    assert phrases.listed(["甲", "乙", "丙"]) == "甲、乙和丙"
    assert phrases.listed(["甲", "乙", "丙"], 2, "项") == "甲、乙等3项"


@pytest.mark.parametrize(
    ("month", "variants"),
    [(date(2020, 5, 1), (MONTH,)), (date(2020, 6, 1), (MONTH, QUARTER)), (date(2020, 12, 1), (MONTH, QUARTER, YEAR))],
)
def test_every_month_has_its_paper_and_periods_have_theirs_beside_it(month, variants):
    assert of_month(month) == variants


def test_periods_have_names():
    assert [variant.period(date(2020, 6, 1)) for variant in (MONTH, QUARTER, YEAR)] == [
        "2020年6月",
        "2020年第二季度",
        "2020年",
    ]


@pytest.mark.parametrize(
    ("boundary", "said"),
    [
        ("0/1", "（工作进展+4.9、报送增减+1.1个百分点）"),
        ("-4/1", ""),
        ("1/100", "（工作进展+4.9、报送增减+1.1个百分点）"),
    ],
)
def test_parts_of_a_quarters_change_are_told_where_they_add_up_to_it(boundary, said):
    parts = {"register": "0/1", "corrections": "0/1", "boundary": boundary, "answers": "49/10", "reporting": "11/10"}
    share = item()
    assert period_changes._work(share, {share.id: {"parts": parts}}) == said
