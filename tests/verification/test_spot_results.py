"""Results: the worked numbers, and what only counts in one direction (§2, §4–§6, §9)."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from pipelines.verification import later_months, tally
from pipelines.verification.draw import Drawn
from pipelines.verification.estimate import PROVEN, UNSUPPORTED, Visits, factor, judge
from pipelines.verification.plan import by_county, plan
from pipelines.verification.reported_claim import Claim, alpha
from tests.verification import spot_sample as sample


def _one(claim: Claim, planned: int, refuted: int, open_: int = 0) -> list[Visits]:
    return [Visits("全市", claim.reported, planned, planned - refuted - open_, refuted, open_)]


def _by_county(claim: Claim, counties: dict[str, int], allowed: int, refuted: list[str]) -> list[Visits]:
    places = by_county(counties)
    visits = plan(claim, places, allowed, alpha()).per_stratum
    return [
        Visits(place.id, place.size, n, n - refuted.count(place.id), refuted.count(place.id))
        for place, n in zip(places, visits, strict=True)
    ]


FACILITY_COUNTY = _by_county(sample.FACILITY, sample.FACILITY_BY_COUNTY, 2, ["130503", "130533"])
PLATFORM_COUNTY = _by_county(sample.PLATFORM, sample.PLATFORM_BY_COUNTY, 1, ["130502"])
THREE = [Visits("a", 30, 6, 6, 0), Visits("b", 50, 9, 9, 0), Visits("c", 120, 22, 21, 1)]
WORKED = {
    "facility 124": (sample.FACILITY, _one(sample.FACILITY, 124, 1, 1), 2484, "50.0101", 2466, 2611, "52.1595", PROVEN),
    "facility 59": (sample.FACILITY, _one(sample.FACILITY, 59, 1), 2411, "48.5404", 2377, 2610, "51.6958", UNSUPPORTED),
    "facility by county": (sample.FACILITY, FACILITY_COUNTY, 2485, "50.0302", 2466, 2609, "51.7737", PROVEN),
    "platform 90": (sample.PLATFORM, _one(sample.PLATFORM, 90, 0), 282, "60.0000", 280, 289, "61.4894", PROVEN),
    "platform open": (
        sample.PLATFORM,
        _one(sample.PLATFORM, 90, 0, 1),
        276,
        "58.7234",
        274,
        289,
        "61.4894",
        UNSUPPORTED,
    ),
    "platform 9": (sample.PLATFORM, _one(sample.PLATFORM, 90, 9), 244, "51.9149", 241, 273, "55.3404", UNSUPPORTED),
    "platform by county": (sample.PLATFORM, PLATFORM_COUNTY, 282, "60.0000", 280, 288, "61.0426", PROVEN),
    "pilot 10": (sample.PILOT, _one(sample.PILOT, 10, 0), 256, "5.1540", 239, 343, "6.9056", PROVEN),
    "three strata": (sample.THREE_STRATA, THREE, 176, "55.0000", 172, 199, "60.7955", PROVEN),
}


@pytest.mark.parametrize("name", WORKED)
def test_worked_results(name):
    claim, strata, lower, share, low, high, corrected, expected = WORKED[name]
    result = judge(claim, strata)
    assert (result.lower_count, result.low95_count, result.high95_count) == (lower, low, high)
    assert (f"{float(result.lower):.4f}", f"{float(result.corrected):.4f}") == (share, corrected)
    assert result.proven == (expected == PROVEN)
    assert result.disproven == (name == "platform 9")


def test_lists_of_noes_and_of_unknown_units_share_the_error():
    claim = Claim(200, 120, Fraction(55), unknown=10)
    result = judge(claim, [Visits("是", 120, 60, 58, 2)], [Visits("否", 70, 30, 27, 3)])
    assert (result.lower_count, result.low95_count, result.high95_count) == (112, 111, 145)
    assert (result.lower, result.corrected, result.proven) == (56, Fraction(123, 2), True)


def test_a_visited_list_of_unknown_units_takes_their_place_in_the_upper_count():
    claim = Claim(200, 120, Fraction(55), unknown=10)
    asked = judge(claim, [Visits("是", 120, 60, 58, 2)], unknown=[Visits("不明", 10, 10, 6, 3, 1)])
    silent = judge(claim, [Visits("是", 120, 60, 58, 2)])
    assert asked.high95_count == 120 - 2 + 4
    assert asked.corrected == Fraction(100, 200) * (116 + 10 * Fraction(3, 9))
    assert silent.high95_count == 120 - 2 + 10


@pytest.mark.parametrize(
    ("strata", "id", "rate", "low", "high"),
    [
        (FACILITY_COUNTY, "130503", Fraction(10, 11), "0.5947", "0.9956"),
        (PLATFORM_COUNTY, "130502", Fraction(19, 20), "0.8095", "0.9762"),
    ],
)
def test_the_verification_factor_of_a_county(strata, id, rate, low, high):
    made = factor(next(visits for visits in strata if visits.id == id))
    assert (made.value, f"{float(made.low):.4f}", f"{float(made.high):.4f}") == (rate, low, high)


def test_replacements_count_in_the_estimate_and_in_no_bound():
    plain = _one(sample.PLATFORM, 90, 0, 2)[0]
    rich = replace(plain, spare_confirmed=1, spare_refuted=1)
    before, after = judge(sample.PLATFORM, [plain]), judge(sample.PLATFORM, [rich])
    assert (before.lower_count, before.high95_count) == (after.lower_count, after.high95_count)
    assert after.corrected == Fraction(100 * 289 * 89, 90 * 470)
    assert (factor(plain).low, factor(plain).high) == (factor(rich).low, factor(rich).high)


def test_a_stratum_in_which_nothing_was_verified_has_no_estimate():
    result = judge(sample.THREE_STRATA, [THREE[0], THREE[1], Visits("c", 120, 22, 0, 0, 22)])
    assert result.corrected is None
    assert factor(Visits("c", 120, 22, 0, 0, 22)).value is None


def test_results_must_add_up_to_the_planned_units():
    with pytest.raises(ValueError, match="do not add up"):
        Visits("全市", 289, 90, 88, 1)


STRATUM = Drawn("1305", tuple("abcdefg"), 3)


def test_blanks_of_a_closed_list_are_not_verified():
    visits = tally.tally(STRATUM, {"a": "属实", "b": "不属实"})
    assert (visits.size, visits.planned, visits.confirmed, visits.refuted, visits.open) == (7, 3, 1, 1, 1)


def test_a_replacement_is_due_for_each_unit_that_could_not_be_verified_in_order():
    results = {"a": "未能核实", "b": "属实", "c": "未能核实"}
    assert tally.spares_due(STRATUM, results) == ["d", "e"]
    assert tally.spares_due(STRATUM, {**results, "d": "未能核实"}) == ["d", "e", "f"]


def test_a_replacement_that_was_chosen_does_not_count():
    visits = tally.tally(STRATUM, {"a": "未能核实", "b": "属实", "c": "属实", "d": "不属实", "g": "属实"})
    assert (visits.spare_confirmed, visits.spare_refuted) == (0, 1)


def test_of_an_unknown_unit_a_thing_that_is_there_counts_as_refuted():
    visits = tally.tally(STRATUM, {"a": "有", "b": "无", "c": "未能核实"})
    assert (visits.refuted, visits.confirmed, visits.open) == (1, 1, 1)


@pytest.mark.parametrize(
    ("before", "after", "counts"),
    [
        ("属实", "不属实", True), ("属实", "未能核实", True), (None, "不属实", True), ("未能核实", "不属实", True),
        ("不属实", "属实", False), (None, "属实", False), ("属实", "属实", False), (None, "未能核实", False),
    ],
)  # fmt: skip
def test_after_the_closing_only_what_lowers_a_bound_counts(before, after, counts):
    assert tally.counts_after_closing(before, after) == counts


def test_after_the_closing_of_a_list_of_unknown_units_only_an_absence_counts():
    assert tally.counts_after_closing("有", "无", reported=False)
    assert not tally.counts_after_closing("无", "有", reported=False)


CHECKED = date(2020, 12, 1)


def test_of_a_later_edition_or_month_only_what_may_have_been_true_is_lost():
    population = ["a", "b", "c"]
    assert later_months.standing(60, population, {"a", "c", "d"}) == 59
    assert later_months.standing(60, population, {"a", "d", "e"}) == 58, "what is new adds nothing"
    assert later_months.standing(60, population, {"a", "d"}, refuted={"b", "a"}) == 59, "b was not among the true ones"


@pytest.mark.parametrize(
    ("month", "speaks"),
    [(date(2021, 12, 1), True), (date(2022, 1, 1), False), (CHECKED, True), (date(2020, 11, 1), False)],
)
def test_a_check_is_good_for_twelve_months(month, speaks):
    assert later_months.speaks(CHECKED, month) == speaks
