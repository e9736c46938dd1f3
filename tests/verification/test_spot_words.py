"""The exact words that people read of a check (§3, §6)."""

from datetime import date
from fractions import Fraction

import pytest

from pipelines.verification import sentences
from pipelines.verification.estimate import Factor, Visits, factor, judge
from pipelines.verification.reported_claim import Claim
from tests.verification import spot_sample as sample

DECEMBER = date(2020, 12, 1)


def _said(claim: Claim, planned: int, refuted: int, open_: int = 0) -> str:
    visits = [Visits("全市", claim.reported, planned, planned - refuted - open_, refuted, open_)]
    return sentences.result(judge(claim, visits), visits, DECEMBER, 3)


@pytest.mark.parametrize(
    ("claim", "tally", "said"),
    [
        (
            sample.FACILITY, (124, 1, 1),
            "已报 2,612 个。抽查 124 个：属实 122、不属实 1、未能核实 1。有 95% 的把握：真有的不少于 2,484 个（50.0%），"
            "达到目标所需的 2,484 个。（2020-12，3 号名单）",
        ),
        (
            sample.FACILITY, (59, 1),
            "已报 2,612 个。抽查 59 个：属实 58、不属实 1、未能核实 0。有 95% 的把握：真有的不少于 2,411 个（48.5%），"
            "不到目标所需的 2,484 个，尚不能证明达标。（2020-12，3 号名单）",
        ),
        (
            sample.PLATFORM, (90, 9),
            "已报 289 个。抽查 90 个：属实 81、不属实 9、未能核实 0。有 95% 的把握：真有的不少于 244 个（51.9%），"
            "最多 273 个（58.1%），不到目标所需的 282 个，抽查证明未达标。（2020-12，3 号名单）",
        ),
        (
            sample.AT_MOST, (33, 0),
            "已报没有的 85 个。抽查 33 个：属实 33、不属实 0、未能核实 0。有 95% 的把握：真没有的不少于 80 个（80.0%），"
            "即占比不高于 20.0%，达到目标所需的 80 个。（2020-12，3 号名单）",
        ),
    ],
)  # fmt: skip
def test_the_sentence_of_a_list(claim, tally, said):
    assert _said(claim, *tally) == said


def test_a_list_for_estimate():
    visits = [Visits("全市", 2612, 124, 122, 1, 1)]
    said = sentences.estimate(judge(sample.FACILITY, visits), visits, DECEMBER, 4)
    assert said.endswith("未能核实 1。只作估计：估计值 52.2%。（2020-12，4 号名单）")
    visits = [Visits("全市", 2612, 2, 0, 0, 2)]
    assert "只作估计：无法估计。" in sentences.estimate(judge(sample.FACILITY, visits), visits, DECEMBER, 4)


def test_the_words_of_the_statuses():
    assert [sentences.status(status) for status in ("unchecked", "proven", "unsupported")] == [
        "已达标（未经抽查）",
        "已达标（经抽查核实）",
        "抽查不支持达标",
    ]
    short = judge(sample.PLATFORM, [Visits("全市", 289, 90, 89, 0, 1)])
    wrong = judge(sample.PLATFORM, [Visits("全市", 289, 90, 81, 9)])
    assert sentences.status("unsupported", short) == "抽查不支持达标（尚不能证明）"
    assert sentences.status("unsupported", wrong) == "抽查不支持达标（抽查证明未达标）"
    assert sentences.still_holds(DECEMBER) == "已达标（2020-12 抽查核实，仍成立）"


def test_notes_beside_a_claim():
    assert sentences.margin(sample.PLATFORM) == "再有 8 个不实即不达标"
    assert sentences.not_met(Claim(100, 45, Fraction(50))) == "所报已不达标（差 5 个），没有可核实的达标结论"
    assert sentences.progress(3, 12, 124) == "3 号名单抽查中 12/124"
    assert sentences.undrawn(date(2021, 1, 2)) == "应于 1 月 2 日抽取，未抽取"


def test_a_factor_shows_its_counts_and_its_interval():
    visits = Visits("130503", 227, 11, 10, 1, 0, 1)
    assert (
        sentences.factor(visits, Factor(Fraction(11, 12), Fraction(5947, 10000), Fraction(9956, 10000)))
        == "11/12（59%—100%）"
    )
    nothing = Visits("130503", 227, 3, 0, 0, 3)
    assert sentences.factor(nothing, factor(nothing)) == "—"


def test_the_interval_of_noes_is_shown_as_that_of_the_share():
    assert sentences.interval(judge(sample.AT_MOST, [Visits("全市", 85, 33, 33, 0)])) == "双侧区间 15.0%—22.0%"
    assert sentences.interval(judge(sample.FACILITY, [Visits("全市", 2612, 124, 122, 1, 1)])) == "双侧区间 49.6%—52.6%"


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (Fraction(1, 2), "0.5%"),
        (Fraction(5995, 100), "60.0%"),
        (Fraction(59949, 1000), "59.9%"),
        (Fraction(200, 3), "66.7%"),
    ],
)
def test_shares_are_rounded_half_up(share, shown):
    assert sentences.percent(share) == shown


def test_no_half_width_punctuation_stands_beside_chinese():
    texts = [
        *sentences.STATUS.values(),
        sentences.RATIO,
        sentences.EACH_ITS_OWN,
        _said(sample.PLATFORM, 90, 9),
        sentences.not_met(Claim(9, 1, Fraction(50))),
    ]
    for text in texts:
        assert not set("();:?!") & set(text)


def test_other_lists_are_told_in_the_sentence():
    claim = Claim(200, 120, Fraction(55), unknown=10)
    yes, no, unknown = [Visits("是", 120, 60, 58, 2)], [Visits("否", 70, 30, 27, 3)], [Visits("不明", 10, 9, 6, 3)]
    said = sentences.result(judge(claim, yes, no, unknown), yes, DECEMBER, 3, no, unknown)
    assert "未能核实 0。另抽查报“无”的 30 个：实有 3 个。另抽查未报的 9 个：实有 3 个。有 95% 的把握" in said
