"""Plans: the worked numbers, and what a plan promises (§3, §9)."""

from decimal import Decimal
from fractions import Fraction

import pytest

from pipelines.verification import budget, plan
from pipelines.verification.estimate import Visits, judge
from pipelines.verification.plan import Place, by_county, plans, recommended, usual_strata
from pipelines.verification.reported_claim import Claim, alpha
from tests.verification import spot_sample as sample


def _visits(made: list[plan.Plan]) -> list[int]:
    return [offer.visits for offer in made[:6]]


@pytest.mark.parametrize(
    ("claim", "required", "slack"),
    [
        ("platform", 282, 7), ("facility", 2484, 128), ("pilot", 249, 94), ("small", 6, 3), ("three", 176, 24),
        ("at_most", 80, 5), ("whole", 470, 0),
    ],
)  # fmt: skip
def test_what_a_claim_needs(claim, required, slack):
    made = sample.ALL[claim]
    assert (made.required, made.slack, made.unmade_by) == (required, slack, slack + 1)


@pytest.mark.parametrize(
    ("claim", "visits"),
    [
        ("platform", [90, 135, 173, 205, 233, 257]), ("facility", [59, 93, 124, 152, 180, 206]),
        ("pilot", [10, 15, 21, 25, 30, 35]), ("small", [4, 6, 8, 9]), ("at_most", [33, 49, 62]), ("whole", [447]),
    ],
)  # fmt: skip
def test_visits_in_one_stratum(claim, visits):
    made = plans(sample.ALL[claim], sample.whole(sample.ALL[claim]), alpha())
    assert _visits(made)[: len(visits)] == visits


@pytest.mark.parametrize(
    ("claim", "counties", "strata", "pool", "visits"),
    [
        ("platform", sample.PLATFORM_BY_COUNTY, 12, Place("130523+130531+130533+130535+130571", 21), [96, 144, 179, 209, 238, 263]),
        ("facility", sample.FACILITY_BY_COUNTY, 19, None, [74, 105, 135, 163, 190, 220]),
        ("pilot", sample.PILOT_BY_COUNTY, 17, Place("130502+130524+130571", 16), [51, 51, 51, 51, 52, 53]),
    ],
)  # fmt: skip
def test_visits_by_county(claim, counties, strata, pool, visits):
    places = by_county(counties)
    assert len(places) == strata
    assert [place for place in places if "+" in place.id] == ([pool] if pool else [])
    assert _visits(plans(sample.ALL[claim], places, alpha())) == visits


def test_three_strata():
    made = plans(sample.THREE_STRATA, sample.THREE_PLACES, alpha())
    assert _visits(made)[:4] == [24, 37, 47, 59]
    assert made[1].per_stratum == (6, 9, 22)


def test_recommended_and_usual_strata():
    made = {}
    for name, counties in (
        ("platform", sample.PLATFORM_BY_COUNTY),
        ("facility", sample.FACILITY_BY_COUNTY),
        ("pilot", sample.PILOT_BY_COUNTY),
    ):
        claim = sample.ALL[name]
        places = usual_strata(claim, by_county(counties), sample.whole(claim)[0], alpha())
        offers = plans(claim, places, alpha())
        made[name] = (len(places), recommended(offers), offers[recommended(offers)].visits)
    assert made == {"platform": (12, 3, 209), "facility": (19, 2, 135), "pilot": (1, 0, 10)}


def test_a_target_of_everything_can_hardly_be_recommended():
    assert recommended(plans(sample.WHOLE, sample.whole(sample.WHOLE), alpha())) is None


def test_a_claim_that_is_not_met_has_no_plan():
    assert plans(Claim(100, 44, Fraction(50)), [Place("全市", 44)], alpha()) == []


@pytest.mark.parametrize(
    ("visits", "given", "missing"),
    [
        (300, {"pilot": (10, 0), "facility": (93, 1), "platform": (173, 2)}, {}),
        (150, {"pilot": (10, 0), "facility": (124, 2)}, {"platform": 74}),
        (9, {}, {"platform": 81, "facility": 50, "pilot": 1}),
    ],
)
def test_a_budget_is_shared(visits, given, missing):
    offers = {
        name: plans(sample.ALL[name], sample.whole(sample.ALL[name]), alpha())
        for name in ("platform", "facility", "pilot")
    }
    shares = budget.share(visits, offers)
    assert {name: (made.visits, made.allowed) for name, made in shares.plans.items()} == given
    assert shares.missing == missing


def test_claims_that_cost_the_same_come_in_the_order_of_the_register():
    offer = plans(sample.PILOT, sample.whole(sample.PILOT), alpha())
    assert list(budget.share(10, {"b": offer, "a": offer}).plans) == ["b"]


def test_small_counties_are_drawn_together():
    assert by_county({"3": 4, "1": 30, "2": 12, "4": 0}) == [Place("1", 30), Place("2+3", 16)]
    assert by_county({"1": 10, "2": 12}) == [Place("1", 10), Place("2", 12)]
    assert by_county({"2": 3, "1": 4}) == [Place("1+2", 7)]
    assert by_county({"1": 0}) == []


@pytest.mark.parametrize("name", ["platform", "facility", "small", "three", "at_most"])
def test_the_plan_and_the_result_agree_for_every_number_of_unconfirmed(name):
    claim = sample.ALL[name]
    layouts = [sample.whole(claim)]
    if name in ("platform", "facility"):
        layouts.append(by_county(getattr(sample, f"{name.upper()}_BY_COUNTY")))
    if name == "three":
        layouts = [sample.THREE_PLACES]
    for places in layouts:
        offers = plans(claim, places, alpha())
        for offer in offers:
            enough = max(other.allowed for other in offers if other.visits == offer.visits)
            for unconfirmed in range(min(offer.visits, enough + 4) + 1):
                result = judge(claim, _found(places, offer, unconfirmed))
                assert result.proven == (unconfirmed <= enough)


def _found(places: list[Place], offer: plan.Plan, refuted: int) -> list[Visits]:
    strata = []
    for place, visits in zip(places, offer.per_stratum, strict=True):
        here = min(refuted, visits)
        strata.append(Visits(place.id, place.size, visits, visits - here, here))
        refuted -= here
    return strata


def test_one_visit_fewer_would_not_do():
    for name in ("platform", "facility", "pilot", "small", "at_most", "whole"):
        claim = sample.ALL[name]
        for offer in plans(claim, sample.whole(claim), alpha()):
            if offer.visits > offer.allowed:
                short = Visits(
                    "全市", claim.reported, offer.visits - 1, offer.visits - 1 - offer.allowed, offer.allowed
                )
                assert not judge(claim, [short]).proven


def test_exactly_half_meets_a_target_of_half_and_one_fewer_does_not():
    assert Claim(100, 50, Fraction(50)).met
    assert not Claim(100, 49, Fraction(50)).met
    assert Claim(101, 51, Fraction(50)).slack == 0


def test_a_decimal_target_is_taken_exactly():
    assert Claim(1000, 300, Fraction(Decimal("29.95"))).required == 300
    assert Claim(1000, 701, Fraction(Decimal("29.95")), at_most=True).required == 701


def test_the_stratum_of_a_pooled_county_is_the_pool():
    assert plan.stratum_of([Place("1", 30), Place("2+3", 16)]) == {"1": "1", "2": "2+3", "3": "2+3"}


def test_an_allowed_number_above_the_slack_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="slack of 7"):
        plan.plan(sample.PLATFORM, sample.whole(sample.PLATFORM), 8, alpha())
