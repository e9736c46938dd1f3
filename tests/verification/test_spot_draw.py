"""Drawing: the worked seed and order, and that nobody can choose (§4, §9)."""

import random
from collections import Counter

import pytest

from pipelines.errors import Refusal
from pipelines.verification.draw import Drawn, assign, draw, order, seed, value
from tests.verification import spot_sample as sample

SEED = seed("ab" * 32, "cd" * 32, 7, value("排列5", "第2021001期", "12345"))
UNITS = [f"1305241012{i:02}@2016" for i in range(12)]


def test_the_worked_draw():
    assert value("排列5", "2021001", "12345") == "排列5 2021001 12345"
    assert SEED == "2f4b6804227c1d83e2c5030d4e6b9e4ecfc329e7e5fe498c412c511c6840be66"
    assert [uid[10:12] for uid in order(SEED, UNITS)] == [
        "00",
        "06",
        "03",
        "05",
        "02",
        "10",
        "01",
        "08",
        "07",
        "04",
        "09",
        "11",
    ]


def test_a_unit_that_is_taken_away_leaves_the_order_of_the_others():
    whole = order(SEED, UNITS)
    for gone in UNITS:
        assert order(SEED, [uid for uid in UNITS if uid != gone]) == [uid for uid in whole if uid != gone]


def test_the_order_does_not_depend_on_the_order_of_the_input():
    assert order(SEED, reversed(UNITS)) == order(SEED, UNITS)


@pytest.mark.parametrize("part", range(4))
def test_every_part_of_the_seed_changes_it(part):
    parts = ["ab" * 32, "cd" * 32, 7, "排列5 2021001 12345"]
    parts[part] = 8 if part == 2 else "ef" * 32
    assert seed(*parts) != SEED


@pytest.mark.parametrize("parts", [("", "1", "2"), ("排列5", " ", "2"), ("排列5", "1", "1 2"), ("排\n列", "1", "2")])
def test_a_number_that_could_be_read_in_two_ways_is_refused(parts):
    with pytest.raises(Refusal, match="中间没有空格"):
        value(*parts)


def test_each_claim_takes_the_lowest_tickets_of_its_own_units():
    wide, narrow = draw(SEED, {"x": UNITS}, [5]), draw(SEED, {"y": UNITS[3:9]}, [2])
    assert wide[0].visits == tuple(order(SEED, UNITS)[:5])
    assert narrow[0].visits == tuple(uid for uid in order(SEED, UNITS) if uid in UNITS[3:9])[:2]
    assert UNITS[6] in wide[0].visits and UNITS[6] in narrow[0].visits


def test_a_larger_plan_is_a_longer_prefix_of_the_same_order():
    small, large = draw(SEED, {"x": UNITS}, [3])[0], draw(SEED, {"x": UNITS}, [8])[0]
    assert isinstance(small, Drawn)
    assert large.visits[:3] == small.visits


def test_a_plan_for_more_units_than_there_are_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="13 of 12"):
        draw(SEED, {"x": UNITS}, [13])
    with pytest.raises(ValueError, match="cannot be drawn"):
        draw(SEED, {"x": [*UNITS, UNITS[0]]}, [3])


def test_two_claims_of_the_sample_come_to_some_129_villages():
    facility = [f"u{i:04}" for i in range(2612)]
    pilot = facility[: sample.BOTH] + [f"v{i:04}" for i in range(343 - sample.BOTH)]
    sizes = []
    for number in range(1, 201):
        drawn = seed("ab" * 32, "cd" * 32, number, "排列5 2021001 12345")
        [wide], [narrow] = draw(drawn, {"": facility}, [124]), draw(drawn, {"": pilot}, [10])
        sizes.append(len({*wide.visits, *narrow.visits}))
    assert round(sum(sizes) / 200) == 129
    assert min(sizes) >= 124 and max(sizes) <= 134


def test_nobody_inspects_his_own_county_and_the_work_is_even():
    counties = [f"1305{i:02}" for i in range(19)]
    for trial in range(50):
        groups = {f"第{i}组": counties[random.Random(trial).randrange(19)] if i else None for i in range(4)}
        made = assign(f"{SEED}{trial}", groups, counties)
        assert list(made) == counties
        assert all(groups[group] != county for county, group in made.items())
        load = Counter(made.values())
        assert max(load.values()) - min(load.values()) <= 2


def test_groups_take_the_counties_by_lot():
    groups = {"甲组": "130502", "乙组": "130503", "丙组": None}
    made = assign(SEED, groups, ["130502", "130503", "130524"])
    assert sorted(made.values()) == ["丙组", "乙组", "甲组"]
    assert {assign(f"{i}", groups, ["130502", "130503", "130524"])["130524"] for i in range(40)} == set(groups)


def test_a_county_that_nobody_may_inspect_is_refused():
    with pytest.raises(Refusal, match="没有可以检查 130502 的组"):
        assign(SEED, {"甲组": "130502"}, ["130502", "130503"])
