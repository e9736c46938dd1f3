"""Why a figure moved: each part tells its own cause and no other, and the parts add up to the change (semantics §7)."""

import random
import shutil
from datetime import date
from itertools import pairwise
from zlib import crc32

import pytest

from pipelines import months
from pipelines.figures.change_breakdown import PARTS
from tests import memory_city, small_city
from tests.figures import answer_tables

APRIL, MAY, JUNE = (date(2020, month, 1) for month in (4, 5, 6))
BAIXIANG = "130524"


def luck(unit, salt="") -> int:
    """0 … 99, the same for a unit under every code that it has had."""
    return crc32(f"{unit.uid}{salt}".encode()) % 100


def steady(unit) -> dict:
    """A unit's answers: the same in every month, under every code."""
    has = luck(unit) < 60
    return {
        "households": 200, "facility": has, "facility_area": 300 if has else None,
        "info_platform": luck(unit, "p") < 40, "service_station": luck(unit, "s") < 70,
        "social_workers": luck(unit, "w") % 3, "work_fund": luck(unit, "f") % 12,
        "pilot": luck(unit, "v") < 6, "pilot_type": "传统农村", "pilot_eligible": luck(unit, "v") < 9,
    }  # fmt: skip


RECORD = {"average_wage": 50000, "agency": True, "towns": 10, "town_platforms": 4}


def submit_all(city: memory_city.City, month: date, answers=steady, without=()) -> None:
    for county in city.reference.rosters.counties(month):
        if county.code not in without:
            city.submit(month, county.code, answers, RECORD)


def moved(release, **where) -> dict[str, float]:
    """part → change, of one figure."""
    rows = release.rows("SELECT part, change FROM movement WHERE indicator = $indicator AND unit = $unit", where)
    return {row["part"]: row["change"] for row in rows}


def opened(release, indicator: str = "facility_rural") -> list[dict]:
    """The units behind a movement, with their state (1 yes, 2 no, 3 unknown) before and after."""
    columns = 'unit, part, "before", "after"'
    return release.rows(f"SELECT {columns} FROM movement_unit WHERE indicator = ? ORDER BY unit", [indicator])


def causes(release) -> set[str]:
    """The parts by which any figure of the release moved."""
    return {row["part"] for row in release.rows("SELECT DISTINCT part FROM movement WHERE change <> 0")}


def a_village(city: memory_city.City, month: date, county: str = BAIXIANG, wants=lambda unit: True):
    return next(unit for unit in city.units(month, county) if unit.kind == "农村社区" and wants(unit))


def but(village, **changed):
    """Everybody as always, one unit with other answers."""
    return lambda unit: {**steady(unit), **changed} if unit.uid == village.uid else steady(unit)


# shares and ratios of units, of town communities only, of counties, of what a county's units add up to; the last test has all
KINDS = (
    "facility_rural", "platform_rural", "service_station", "facility_area_per_100", "social_workers_per_community", "work_fund_city",
    "pilot_five", "agency", "town_platform",
)  # fmt: skip


@pytest.fixture(scope="module")
def some_figures(plain_city, tmp_path_factory):
    """The plain city, in which one indicator of each kind is measured."""
    return small_city.measure_only(shutil.copytree(plain_city, tmp_path_factory.mktemp("some") / "reference"), KINDS)


@pytest.fixture(scope="module")
def in_april(some_figures, tmp_path_factory) -> memory_city.City:
    """All counties have reported April, and it is published."""
    made = memory_city.City(tmp_path_factory.mktemp("april") / "data", some_figures)
    submit_all(made, APRIL)
    made.publish(APRIL)
    return made


@pytest.fixture
def city(in_april, tmp_path) -> memory_city.City:
    return in_april.copy(tmp_path / "data")


def test_the_same_answers_again_move_nothing(city):
    submit_all(city, MAY)
    release = city.release(MAY)
    assert causes(release) == set()
    assert release.rows("SELECT * FROM movement_unit") == []
    assert moved(release, indicator="facility_rural", unit="130500") == dict.fromkeys(PARTS, 0)


def test_a_village_that_built_its_facility_moves_by_answers(city):
    village = a_village(city, MAY, wants=lambda unit: not steady(unit)["facility"])
    submit_all(city, MAY, but(village, facility=True, facility_area=400))
    release = city.release(MAY)
    villages = sum(unit.kind == "农村社区" for unit in city.units(MAY, BAIXIANG))
    assert causes(release) == {"answers"}
    assert moved(release, indicator="facility_rural", unit=BAIXIANG)["answers"] == pytest.approx(100 / villages)
    assert opened(release) == [{"unit": village.code, "part": "answers", "before": 2, "after": 1}]


def test_a_village_that_says_for_the_first_time_moves_by_reporting(some_figures, tmp_path):
    city = memory_city.City(tmp_path, some_figures)
    village = a_village(city, APRIL, wants=lambda unit: steady(unit)["facility"])
    submit_all(city, APRIL, lambda unit: None if unit.uid == village.uid else steady(unit))
    city.publish(APRIL)
    submit_all(city, MAY)
    release = city.release(MAY)
    assert causes(release) == {"reporting"}
    assert opened(release) == [{"unit": village.code, "part": "reporting", "before": 3, "after": 1}]


def test_a_county_that_falls_silent_moves_nothing_while_it_is_carried(city):
    submit_all(city, MAY, without=[BAIXIANG])
    release = city.release(MAY)
    assert causes(release) == set()


def test_a_county_that_stays_silent_moves_by_reporting_when_its_answers_age_out(city):
    for month in (MAY, JUNE):
        submit_all(city, month, without=[BAIXIANG])
    july = months.add(JUNE, 1)
    submit_all(city, july, without=[BAIXIANG])
    city.publish(JUNE)
    release = city.release(july)
    assert causes(release) == {"reporting"}
    gone = release.rows("SELECT DISTINCT county, part, \"after\" FROM movement_unit WHERE indicator = 'facility_rural'")
    assert gone == [{"county": BAIXIANG, "part": "reporting", "after": 3}]


def test_a_correction_of_the_earlier_month_is_told_as_such(city):
    village = a_village(city, APRIL, wants=lambda unit: steady(unit)["facility"])
    corrected = but(village, facility=False, facility_area=None)
    city.submit(APRIL, BAIXIANG, corrected, RECORD)
    submit_all(city, MAY, corrected)
    release = city.release(MAY)
    assert causes(release) == {"correction"}
    assert moved(release, indicator="facility_rural", unit=BAIXIANG)["correction"] < 0
    assert moved(release, indicator="platform_rural", unit=BAIXIANG)["correction"] == 0
    assert opened(release) == [{"unit": village.code, "part": "correction", "before": 1, "after": 2}]


def test_a_changed_definition_moves_its_own_indicator_by_register_and_no_other(city, some_figures, tmp_path):
    stricter = shutil.copytree(some_figures, tmp_path / "stricter")
    small_city.replace(
        stricter / "policies" / "opinions-2018" / "register.yaml",
        "scope: is_rural, share: info_platform,", 'scope: is_rural, share: "info_platform AND facility",',
    )  # fmt: skip
    submit_all(city, MAY)
    release = city.with_reference(stricter).release(MAY)
    assert causes(release) == {"register"}
    touched = release.rows("SELECT DISTINCT indicator FROM movement WHERE change <> 0")
    assert touched == [{"indicator": "platform_rural"}]
    lost = [u for u in city.reference.rosters.units(APRIL) if u.kind == "农村社区" and steady(u)["info_platform"]]
    lost = [u.code for u in lost if not steady(u)["facility"]]
    assert [row["unit"] for row in opened(release, "platform_rural")] == lost
    assert {row["part"] for row in opened(release, "platform_rural")} == {"register"}


def test_a_change_of_divisions_alone_is_told_as_boundary(split_city, tmp_path):
    reference = small_city.measure_only(shutil.copytree(split_city, tmp_path / "reference"), KINDS)
    city = memory_city.City(tmp_path / "data", reference)
    known = {unit.uid for unit in city.reference.rosters.units(MAY)}
    submit_all(city, MAY)
    city.publish(MAY)
    submit_all(city, JUNE, lambda unit: steady(unit) if unit.uid in known else None)
    release = city.release(JUNE)
    assert causes(release) == {"boundary"}
    assert moved(release, indicator="facility_rural", unit="130503")["boundary"] != 0
    assert release.rows("SELECT * FROM movement_unit WHERE part <> 'boundary'") == []


def test_every_change_at_once_adds_up_for_every_figure(plain_city, tmp_path):
    """Gaps, late counties, a correction and the boundary: each chain runs from the figure published to the new one."""
    city, dice = memory_city.City(tmp_path, plain_city), random.Random(20)
    compared, before = 0, None
    for month in (APRIL, MAY, JUNE):
        for county in city.reference.rosters.counties(month):
            if dice.random() < 0.8:
                tell_anything(city, month, county.code, dice)
        if before:
            tell_anything(city, months.add(month, -1), BAIXIANG, dice)
        release = city.release(month)
        if before:
            compared += chains_hold(before, release)
        before = release
    assert compared > 300


def tell_anything(city, month, county, dice) -> None:
    form = city.reference.form
    rows = {
        unit.code: answer_tables.row(form, unit, dice) for unit in city.units(month, county) if dice.random() < 0.95
    }
    city.submit(month, county, lambda unit: rows.get(unit.code), answer_tables.record(form, dice))


VALUES = """
    SELECT policy, indicator, level, unit, value, numerator, denominator FROM figure
    WHERE month = ? AND divisions = 'then' AND level IN ('city', 'county') AND value IS NOT NULL
"""


def values(release) -> dict[tuple, float]:
    rows = release.rows(VALUES, [release.month])
    return {(row["policy"], row["indicator"], row["level"], row["unit"]): row["value"] for row in rows}


def chains_hold(before, release) -> int:
    first, last = values(before), values(release)
    if release.month == JUNE:  # 任县 goes on as 任泽区
        first = {(*key, {"130526": "130505"}.get(unit, unit)): value for (*key, unit), value in first.items()}
    chains: dict[tuple, dict[str, dict]] = {}
    for row in release.rows("SELECT * FROM movement"):
        chains.setdefault((row["policy"], row["indicator"], row["level"], row["unit"]), {})[row["part"]] = row
    assert chains.keys() == first.keys() | last.keys()
    for key, parts in chains.items():
        links = [parts[part] for part in PARTS]
        assert links[0]["before"] == first.get(key) and links[-1]["after"] == last.get(key), key
        assert all(a["after"] == b["before"] for a, b in pairwise(links)), key
        assert all(link["change"] == (link["after"] or 0) - (link["before"] or 0) for link in links), key
        if key not in first or key not in last:
            assert sum((link["before"] is None) != (link["after"] is None) for link in links) == 1, key
    return len(chains)
