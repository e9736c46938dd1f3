"""The wording of the report, as small tables that an official can read: the case, and what is said."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from pipelines.edition import phrases
from pipelines.punctuation import full_width
from pipelines.reports import submission_facts, verdict
from pipelines.reports.facts import tenth
from pipelines.reports.laggards import laggard
from pipelines.reports.variants import MONTH, QUARTER, YEAR, of_month
from tests.reports.made import NAMES, facts, figure, item

DUE = date(2020, 12, 1)


@pytest.mark.parametrize(
    ("month", "said"),
    [
        (date(2020, 5, 1), "截至2020年5月底，距《实施意见》2020年底的完成时限还有7个月。"),
        (date(2020, 11, 1), "截至2020年11月底，距《实施意见》2020年底的完成时限还有1个月。"),
        (date(2020, 12, 1), "2020年12月底是《实施意见》规定的完成时限。"),
        (date(2021, 3, 1), "截至2021年3月底，《实施意见》规定的完成时限（2020年底）已过3个月。"),
    ],
)
def test_deadline(month, said):
    assert verdict.deadline(month, DUE, "实施意见") == said


@pytest.mark.parametrize(
    ("statuses", "said"),
    [
        (["met", "on_track", "met", "off_track"], "4项主要指标中，已达标2项，进度正常1项，严重滞后1项。"),
        (["met", "met"], "2项主要指标全部达标。"),
        (["no_data", "no_data"], "2项主要指标均无数据。"),
        (["overdue"], "1项主要指标均为“逾期未达标”。"),
        (["unproven", "no_data"], "2项主要指标中，待核实1项，无数据1项。"),
    ],
)
def test_tally(statuses, said):
    assert verdict.tally(statuses, NAMES) == said


@pytest.mark.parametrize(
    ("status", "items", "said"),
    [
        ("met", [item(status="met")], ""),
        ("met", [item(status="met"), item(status="lagging")], "已达标的是甲率。"),
        ("lagging", [item(status="lagging", gap=5)], "进度偏慢的是甲率（现值45.0%，目标不低于50%，还差5个村）。"),
        (
            "lagging",
            [item(status="lagging", goal="≥100", gap=55)],
            "进度偏慢的是甲率（现值45.0%，目标100%，还差55个村）。",
        ),
        (
            "overdue",
            [item(f"{n}率", "overdue", gap=gap) for n, gap in (("甲", 1), ("乙", 9), ("丙", 5), ("丁", 1200))],
            "逾期未达标的是丁率（现值45.0%，目标不低于50%，还差1,200个村）、乙率（现值45.0%，目标不低于50%，还差9个村）、"
            "丙率（现值45.0%，目标不低于50%，还差5个村）等4项。",
        ),
        (
            "unproven",
            [
                item(
                    status="unproven",
                    unknown=10,
                    if_last="lagging",
                    if_low="off_track",
                    if_high="on_track",
                    deciding="130501,130502",
                )
            ],
            "待核实的是甲率（按最近报送：进度偏慢，最低严重滞后，最高进度正常，缺甲县和乙县报表）。",
        ),
        (
            "unproven",
            [item(status="unproven", unit="人", goal="≥1", deciding="130501")],
            "待核实的是甲率（两项都填报的单位不足95%，缺甲县报表）。",
        ),
        ("reversing", [item(status="met")], ""),
    ],
)
def test_who_stands_how(status, items, said):
    assert verdict.group(status, items, NAMES[status], {"130501": "甲县", "130502": "乙县"}) == said


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([item(before=figure())], "与上月相比，主要指标的状态没有变化。"),
        ([item(status="met", before=figure("lagging"))], "与上月相比，1项主要指标状态好转（甲率）。"),
        ([item(status="off_track", before=figure("lagging"))], "与上月相比，1项主要指标状态变差（甲率）。"),
        (
            [item(status="met", before=figure("lagging")), item("乙率", "reversing", before=figure("met"))],
            "与上月相比，1项主要指标状态好转（甲率），1项变差（乙率）。",
        ),
        (
            [item(status="overdue", before=figure("lagging"))],
            "",
        ),  # the due day came: said by the tally, no change of work
        ([item(status="no_data", before=figure("met"))], "与上月相比，主要指标的状态没有变化。"),
    ],
)
def test_steps(items, said):
    assert verdict.steps(items, "上月") == said


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([item(before=figure())], "各项主要指标数值与上月持平。"),
        ([item()], ""),
        ([item(before=figure(yes=40))], "提高较多的是甲率（提高5.0个百分点，增加5个村）。"),
        ([item(before=figure(yes=48))], "下降的是甲率（下降3.0个百分点，减少3个村）。"),
        # a smaller roster lifts the share without a further village: only what is true is said
        ([item(before=figure(yes=45, scope=120))], "提高较多的是甲率（提高7.5个百分点）。"),
        (
            [item(before=figure(yes=40), parts={"answers": 5.0})],
            "提高较多的是甲率（提高5.0个百分点，增加5个村，来自各单位情况变化）。",
        ),
        (
            [item(before=figure(yes=40), parts={"answers": 6.0, "reporting": -1.0, "boundary": 0.0})],
            "提高较多的是甲率（提高5.0个百分点，增加5个村，其中各单位情况变化使其提高6.0个百分点、报送增减使其下降1.0个百分点）。",
        ),
    ],
)
def test_movers(items, said):
    assert verdict.movers(items, "上月") == said


@pytest.mark.parametrize(
    ("sent", "carried", "said"),
    [
        (("甲县", "乙县", "丙县"), (), "3个县（市、区）全部报送。"),
        (("甲县", "乙县"), ("丙县",), "3个县（市、区）中2个已报送，丙县未报，沿用此前两个月内的数据。"),
        (("甲县", "乙县"), (), "3个县（市、区）中2个已报送，丙县未报且无数据可沿用，按未知计算。"),
        (
            ("甲县",),
            ("乙县",),
            "3个县（市、区）中1个已报送，乙县未报，沿用此前两个月内的数据，丙县未报且无数据可沿用，按未知计算。",
        ),
        ((), ("甲县",), "本月3个县（市、区）均未报送有效报表，以上数字沿用以前月份已报数据。"),
    ],
)
def test_who_reported(sent, carried, said):
    assert verdict.reported(facts(sent=sent, carried=carried)) == said


def test_all_met_is_one_calm_paragraph():
    told = verdict.overall(facts([item(status="met", before=figure("met"))]), "上月")
    assert told == (
        "截至2020年5月底，距《实施意见》2020年底的完成时限还有7个月。1项主要指标全部达标。"
        "与上月相比，主要指标的状态没有变化。各项主要指标数值与上月持平。3个县（市、区）全部报送。"
    )


def test_the_first_month_compares_with_nothing():
    assert "这是第一个有数据的月份，没有以前的数可比。" in verdict.overall(facts([item()], compared=None), "上月")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("甲县", 2, 0, 2, 0), ("乙县", 2, 0, 2, 0)], "2个县（市、区）主要指标全部达标。"),
        (
            [("乙县", 0, 2, 2, 0), ("甲县", 1, 0, 2, 0), ("丙县", 0, 0, 0, 0)],
            "达标较多的是甲县（1项）。滞后较多的是乙县（2项）。没有滞后指标的是甲县。没有数据的是丙县。",
        ),
        # 起步期 is no praise
        ([("任泽区", 0, 0, 2, 2), ("南和区", 0, 0, 2, 1)], ""),
        ([], ""),
    ],
)
def test_counties(rows, said):
    assert verdict.counties(rows, 2) == said


def test_a_laggard_names_the_counties_with_the_largest_gap_and_the_pace_needed():
    one = item(
        status="lagging",
        gap=20,
        counties=[figure("lagging", gap=gap, name=n) for n, gap in (("甲县", 3), ("乙县", 17))],
        yes=20,
    )
    known = facts([one], outlook={one.id: {"months_left": 7, "needed_pace": 20 / 7, "recent_pace": 1.5}})
    assert laggard(one, known) == (
        "甲率（进度偏慢）。现值20.0%（20/100），目标不低于50%，还差20个村。按同一目标衡量，有差距的县（市、区）是乙县（17个）和甲县（3个）。"
        "近3个月平均每月增加1.5个村，如期完成今后7个月平均每月需增加3个村。"
    )


@pytest.mark.parametrize(
    ("gap", "unknown", "said"),
    [
        (20, 9, "现值20.0%（20/100；已报22.0%，缺9个），目标不低于50%，还差20个村：11个未达标，9个未填报。"),
        (20, 30, "现值20.0%（20/100；已报28.6%，缺30个），目标不低于50%，还差20个村，均未填报。"),
        (20, 0, "现值20.0%（20/100），目标不低于50%，还差20个村。"),
    ],
)
def test_what_is_not_reported_is_told_apart_from_what_is_not_done(gap, unknown, said):
    one = item(status="lagging", gap=gap, unknown=unknown, yes=20)
    assert said in laggard(one, facts([one]))


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


def test_counties_that_have_not_done_a_duty_are_named_apart_from_those_that_are_silent():
    seen = [
        figure("met", 1, 1, name="甲县"),
        figure("off_track", 0, 1, name="乙县"),
        figure("no_data", 0, 1, unknown=1, name="丙县"),
    ]
    one = item(
        status="lagging", goal="≥100", gap_unit="个县（市、区）", gap=2, counties=seen, yes=1, scope=3, unknown=1
    )
    one.indicator["counted"] = "county"
    assert laggard(one, facts([one])).endswith("还差2个县市区：1个未达标，1个未填报。尚未做到的有乙县。丙县未报。")


@pytest.mark.parametrize(
    ("findings", "said"),
    [
        ((), "报表未发现错误和需核实的情况。"),
        (
            ("error", "error", "warning"),
            "报表中发现错误2处、需核实1处，错误较多的是甲县，已逐处标注退回，改正前不计入。",
        ),
        (("warning",), "报表中发现需核实1处，已逐处标注，核实前照常计入。"),
        (("note",), "报表未发现错误和需核实的情况。"),
    ],
)
def test_findings(findings, said):
    found = tuple({"county": "130500", "severity": severity, "id": "x", "file": "f"} for severity in findings)
    assert submission_facts.quality(facts(findings=found))[0].endswith(said)


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
    told = submission_facts.waivers(facts(waived={"ab12": finding}, decisions=(waived, old)))
    assert told == ["生效的豁免有1项：甲县“甲县.xlsx”E5，理由：现场核实，由李某批准，有效至2020年8月。"]
    assert submission_facts.waivers(facts()) == ["没有生效的豁免。"]


def test_a_first_edition_has_no_correction():
    assert submission_facts.corrections(facts()) == ["本月数据为首次发布，无更正。"]


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
    ("month", "variant", "period"),
    [
        (date(2020, 5, 1), MONTH, "2020年5月"),
        (date(2020, 6, 1), QUARTER, "2020年第二季度"),
        (date(2020, 12, 1), YEAR, "2020年"),
    ],
)
def test_each_month_has_its_variant(month, variant, period):
    assert of_month(month) is variant
    assert variant.period(month) == period
