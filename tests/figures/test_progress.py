"""The outlook of a series, the second opinion, and a pace that lies next to a threshold (semantics §6).

Verdicts on both sides of every edge are in `tests/specs/verdicts`, run by `test_verdict_cases_in_the_engine`.
"""

from datetime import date
from fractions import Fraction

import pytest

from pipelines import months
from pipelines.figures import figure_verdict, forecast

POLICY = "opinions-2018"
JANUARY, JUNE, DUE = date(2020, 1, 1), date(2020, 6, 1), date(2020, 12, 1)


@pytest.mark.parametrize(
    ("pace", "compared_with", "reaches"),
    [
        (Fraction(19, 20), 0.95, True),
        (Fraction(19, 20) - Fraction(1, 10**40), 0.95, False),  # in binary the same number
        (Fraction(3, 5), 0.6, True),
        (Fraction(3, 5) - Fraction(1, 10**40), 0.6, False),
        (Fraction(-1, 10**40), 0.0, False),
    ],
)
def test_a_pace_beside_a_threshold_stays_on_its_side(pace, compared_with, reaches):
    assert (figure_verdict._on_its_side(pace) >= compared_with) == reaches


def test_the_pace_at_both_ends_is_exact():
    # from 0 to 100 %: 50 or 60 of 100 units in half of the time
    assert figure_verdict._exact_paces(100, 50, 60, 100, 0, 1, 1_000_000, 1, 2) == (1, Fraction(6, 5))


# ---- outlook


@pytest.mark.parametrize(
    ("points", "wanted"),
    [
        ([(0, 1.0), (1, 3.0), (2, 5.0)], (2.0, 1.0)),  # a straight line is itself
        ([(0, 0.0), (1, 1.0), (2, 2.0), (3, 30.0), (4, 4.0)], (1.0, 0.0)),  # one odd month does not bend it
        ([(0, 0.0), (1, 1.0), (2, 4.0)], (2.0, 0.0)),  # slopes 1, 2, 3; at time 0: 0, −1, 0
        ([(0, 1.0)], None),
    ],
)
def test_theil_sen(points, wanted):
    assert forecast.theil_sen(points) == wanted


LAST = {"low": 50.0, "high": None}


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ((2.0, 40.0), date(2020, 11, 1)),  # five months of two points
        ((3.0, 40.0), date(2020, 10, 1)),  # in the fourth month: 52
        ((0.0, 40.0), None),
        ((-1.0, 40.0), None),
        ((1.0, 50.0), JUNE),
        ((0.001, 40.0), None),  # in 833 years
        (None, None),
    ],
)
def test_the_month_in_which_the_line_reaches_the_target(line, wanted):
    assert forecast._reaches(line, LAST, JUNE) == wanted


def test_recent_pace_is_units_a_month_over_three_months():
    points = [{"month": months.add(JANUARY, n)} for n in range(6)]
    assert forecast._recent_pace(points, JUNE, 30) == 10
    assert forecast._recent_pace(points[:-1], JUNE, 30) is None  # nothing known now
    assert forecast._recent_pace(points[3:], JUNE, 30) is None  # nothing known three months ago
    assert forecast._recent_pace(points, JUNE, None) is None  # no unit known both times


def test_needed_pace_spreads_the_gap_over_the_months_left():
    point = {"month": JUNE, "value": 40.0, "gap": 12, "low": 50.0, "high": None, "due": DUE}
    opinion = forecast._outlook((POLICY, "share", "city", "130500"), [point], JUNE, None)
    assert (opinion["needed_pace"], opinion["months_left"], opinion["slope"]) == (2.0, 6, None)


# ---- second opinion (Open SDG): R = CAGR(observed) / |CAGR(required)|


def test_double_in_half_of_the_time_what_should_double():
    # observed 10 → 20 in 5 years: 2^(1/5) − 1 = 0.1487; required 10 → 40 in 10: 4^(1/10) − 1 = 0.1487. R = 1
    opinion = forecast.open_sdg(10, 20, 40, 5, 10)
    assert opinion["ratio"] == pytest.approx(1)
    assert opinion["category"] == "substantial_progress"
    assert opinion["score"] == pytest.approx(7.1429 - 4.2857)


def test_lower_is_better_turns_the_sign():
    # 40 → 20 in 5 years, 10 asked in 10: both halve every five years
    opinion = forecast.open_sdg(40, 20, 10, 5, 10, lower_is_better=True)
    assert (opinion["ratio"], opinion["category"]) == (pytest.approx(1), "substantial_progress")
    worse = forecast.open_sdg(40, 50, 10, 5, 10, lower_is_better=True)
    assert worse["category"] == "deterioration" and worse["ratio"] < 0


@pytest.mark.parametrize(
    ("ratio", "category"),
    [
        (0.95, "substantial_progress"), (0.9499, "moderate_progress"), (0.6, "moderate_progress"),
        (0.5999, "limited_progress"), (0.0, "limited_progress"), (-0.0001, "deterioration"),
    ],
)  # fmt: skip
def test_open_sdg_thresholds(ratio, category):
    assert forecast.category_of(ratio) == category


@pytest.mark.parametrize(
    ("ratio", "score"),
    [
        (0.6, 7.1429 * 0.6 - 4.2857),  # all but 0
        (1.0, 2.8572),
        (1.3, 5.0),  # 7.1429 × 1.3 − 4.2857 = 5.00007
        (9.0, 5.0),
        (0.5999999, 4.1667 * 0.5999999 - 2.5),
        (0.0, -2.5),
        (-0.6, -5.0),  # 4.1667 × −0.6 − 2.5 = −5.00002
        (-40.0, -5.0),
    ],
)
def test_open_sdg_scores(ratio, score):
    assert forecast.score_of(ratio) == pytest.approx(score, abs=1e-9)
    assert abs(forecast.score_of(0.6)) < 0.0001


@pytest.mark.parametrize(("low", "current", "better"), [(False, 41, 40), (True, 9, 10)])
def test_a_reached_target_is_tested_first(low, current, better):
    for value in (current, better):
        opinion = forecast.open_sdg(0, value, 10 if low else 40, 5, 10, lower_is_better=low)
        assert (opinion["category"], opinion["score"], opinion["refused"]) == ("target_achieved", 5.0, None)


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ((0, 10, 40, 5, 10), "基期为 0，增长率没有意义"),
        ((-10, 10, 40, 5, 10), "基期、现值与目标的正负号不同，增长率没有意义"),
        ((10, -5, 40, 5, 10), "基期、现值与目标的正负号不同，增长率没有意义"),
        ((10, 20, 40, 0, 10), "只有基期一个月，或到期月不晚于基期"),
        ((10, 20, 40, 5, 0), "只有基期一个月，或到期月不晚于基期"),
        ((40, 20, 40, 5, 10), "基期等于目标，所需增长为 0"),
    ],
)
def test_open_sdg_is_refused_and_not_patched(case, why):
    opinion = forecast.open_sdg(*case)
    assert opinion == {"category": None, "ratio": None, "score": None, "refused": why}


def test_open_sdg_falls_to_nothing():
    """All lost: (0/10)^(1/5) − 1 = −1, against 4^(1/10) − 1 = 0.1487: R = −6.7, the score stops at −5."""
    opinion = forecast.open_sdg(10, 0, 40, 5, 10)
    assert opinion["ratio"] == pytest.approx(-1 / (4**0.1 - 1))
    assert (opinion["category"], opinion["score"]) == ("deterioration", -5.0)
