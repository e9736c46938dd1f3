"""What-if plans, as small tables that can be checked in the head."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from pipelines.edition import dataframes, what_if
from pipelines.edition.what_if import EQUAL, NEAREST, Place, city_reached, simulate, summary
from pipelines.errors import Refusal

HALF, ALL = Fraction(1, 2), Fraction(1)
MAY = date(2020, 5, 1)


def added(plan) -> list[list[int]]:
    """One list a month: units added, county by county."""
    return [list(rows["added"]) for _, rows in plan.groupby("month")]


def test_exactly_half_of_villages_lacks_none():
    assert Place("a", "甲", 5, 10).lacks(HALF) == 0


def test_one_village_short_of_half_lacks_one():
    assert Place("a", "甲", 4, 10).lacks(HALF) == 1


def test_half_of_an_odd_number_is_rounded_up_to_a_whole_village():
    assert Place("a", "甲", 0, 11).lacks(HALF) == 6


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        # 甲 lacks 2, 乙 lacks 6; four a month
        (NEAREST, [[2, 2], [0, 4]]),
        (EQUAL, [[2, 2], [0, 4]]),
    ],
)
def test_two_counties(order, expected):
    assert added(simulate([Place("a", "甲", 8, 10), Place("b", "乙", 4, 10)], ALL, MAY, Decimal(4), order)) == expected


def test_orders_differ_where_there_is_more_to_do_than_a_month_allows():
    start = [Place("a", "甲", 6, 10), Place("b", "乙", 0, 10)]
    assert added(simulate(start, ALL, MAY, Decimal(4), NEAREST))[0] == [4, 0]
    assert added(simulate(start, ALL, MAY, Decimal(4), EQUAL))[0] == [2, 2]


def test_nearest_first_finishes_its_first_county_sooner_and_both_end_together():
    start = [Place("a", "甲", 6, 10), Place("b", "乙", 0, 10)]
    plans = {order: simulate(start, ALL, MAY, Decimal(4), order) for order in what_if.ORDERS}
    reached = {order: summary(plan, start, ALL).set_index("name")["reached_in"] for order, plan in plans.items()}
    assert reached[NEAREST]["甲"] == date(2020, 6, 1) and reached[EQUAL]["甲"] == date(2020, 7, 1)
    assert plans[NEAREST]["month"].max() == plans[EQUAL]["month"].max() == date(2020, 9, 1)


def test_money_that_does_not_reach_for_one_more_is_kept():
    start = [Place("a", "甲", 8, 10, cost=Decimal(3))]
    plan = simulate(start, ALL, MAY, Decimal(2))
    assert added(plan) == [[0], [1], [1]]
    assert plan["spent"].sum() == 6


def test_the_city_is_done_before_all_counties_are():
    start = [Place("a", "甲", 9, 10), Place("b", "乙", 0, 10)]
    plan = simulate(start, HALF, MAY, Decimal(1), NEAREST)
    assert city_reached(plan, start, HALF) == date(2020, 6, 1)
    assert plan["month"].max() == date(2020, 10, 1)


def test_nothing_to_do_is_an_empty_plan():
    start = [Place("a", "甲", 10, 10)]
    plan = simulate(start, ALL, MAY, Decimal(1))
    assert plan.empty and city_reached(plan, start, ALL) is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"order": "random"}, "没有“random”这种次序"),
        ({"budget": Decimal(0)}, "都应大于 0"),
        ({"goal": "country"}, "没有“country”这种目标"),
    ],
)
def test_wrong_inputs_are_refused_with_the_repair(given, said):
    with pytest.raises(Refusal, match=said):
        simulate([Place("a", "甲", 0, 1)], ALL, MAY, **{"budget": Decimal(1), **given})


def test_counties_of_a_release_start_from_its_figures(may):
    start, target = what_if.places(may, "facility_rural")
    assert target == HALF
    [city] = dataframes.rows(may, "city", "facility_rural")
    # what is unknown is no work to be done: a plan starts from what is surely lacking
    assert sum(place.has for place in start) == city["numerator"] + city["unknown"]
    assert sum(place.of for place in start) == city["denominator"] + city["scope_unknown"]


@pytest.mark.parametrize("indicator", ["pilot_five", "certified_share", "nonsense"])
def test_what_cannot_be_planned_in_units_is_refused(may, indicator):
    with pytest.raises(Refusal):
        what_if.places(may, indicator)


def test_frames_give_the_grain_that_they_promise(may):
    assert not dataframes.figures(may, "county").duplicated(["indicator", "place"]).any()
    assert not dataframes.units(may).duplicated("unit").any()
    assert not dataframes.series(may, "facility_rural").duplicated("month").any()
    assert len(dataframes.answers(may, ["facility"])) == len(dataframes.units(may))
    assert set(dataframes.lineage(may, "pilot_five")["counts"]) <= {"yes", "no", "unknown", "scope_unknown"}


def test_unknown_names_are_refused_with_a_suggestion(may):
    with pytest.raises(Refusal, match="facility"):
        dataframes.answers(may, ["facilty"])
    with pytest.raises(Refusal, match="facility_rural"):
        dataframes.figures(may, indicator="facility_rurl")
    with pytest.raises(Refusal, match="是否为 130524"):
        dataframes.series(may, "facility_rural", "柏乡县")
    with pytest.raises(Refusal, match="它包含 2020-04 至 2020-05"):
        dataframes.figures(may, "county", month=date(2017, 5, 1))


def test_changes_add_up_by_place(june):
    table = dataframes.changes(june, date(2020, 5, 1), date(2020, 6, 1), "certified_share")
    known = table.dropna(subset=["before", "after"])
    parts = known[["register", "corrections", "boundary", "answers", "reporting"]].sum(axis=1)
    assert len(known) and parts.to_list() == pytest.approx((known["after"] - known["before"]).to_list())
    assert table["name"].str.len().min() > 1
