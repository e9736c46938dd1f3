"""As then and as now around 2020-06, on the real units: no jump that is only a boundary, and none hidden (semantics §1)."""

from datetime import date

import pytest

from pipelines.edition import Release
from tests import memory_city
from tests.figures.test_change_breakdown import RECORD, steady

MAY, JUNE = date(2020, 5, 1), date(2020, 6, 1)
GONE = ("130521", "130526")  # 邢台县, 任县


@pytest.fixture(scope="module")
def city(split_city, tmp_path_factory) -> memory_city.City:
    return memory_city.City(tmp_path_factory.mktemp("city") / "data", split_city)


@pytest.fixture(scope="module")
def release(city) -> Release:
    """Every unit that there was in May says the same in May and in June; who is new in June says nothing."""
    known = {unit.uid for unit in city.reference.rosters.units(MAY)}
    for month in (MAY, JUNE):
        for county in city.reference.rosters.counties(month):
            city.submit(month, county.code, lambda unit: steady(unit) if unit.uid in known else None, RECORD)
    return city.release(JUNE)


def line(release: Release, divisions: str, indicator: str, unit: str) -> list[tuple[str, int, int]]:
    """(month, yes, units of known scope with an answer) of one series."""
    rows = release.rows(
        "SELECT strftime(month, '%m') AS month, numerator::INT AS yes, (denominator - unknown)::INT AS answered FROM figure "
        "WHERE divisions = ? AND indicator = ? AND unit = ? ORDER BY month",
        [divisions, indicator, unit],
    )
    return [(row["month"], row["yes"], row["answered"]) for row in rows]


@pytest.mark.parametrize("county", ["130502", "130503", "130505", "130571", "130524"])
def test_villages_as_now_do_not_jump_where_units_only_moved(release, city, county):
    before, after = line(release, "now", "facility_rural", county)
    abolished = [place for place in abolished_into(city, county) if place.kind == "农村社区"]
    assert before[1] - sum(steady(unit)["facility"] for unit in abolished) == after[1]
    assert before[2] - len(abolished) == after[2]


def abolished_into(city: memory_city.City, county: str) -> list:
    """Units of May that ended, and whose town is in the county now: as now they stand there until they end."""
    placed = city.reference.rosters.as_of(MAY, JUNE).to_pylist()
    ended = {row["code"] for row in placed if row["to_code"] is None and row["county_code"] == county}
    return [unit for unit in city.reference.rosters.units(MAY) if unit.code in ended]


def test_a_county_that_was_only_recoded_shows_one_series_as_now(release):
    """任县 became 任泽区: as now May is there, as then it is not."""
    before, after = line(release, "now", "facility_rural", "130505")
    assert before[1:] == after[1:]
    assert [month for month, *_ in line(release, "then", "facility_rural", "130505")] == ["06"]
    assert [month for month, *_ in line(release, "then", "facility_rural", "130526")] == ["05"]


@pytest.mark.parametrize("county", GONE)
def test_counties_that_are_gone_have_no_series_as_now(release, county):
    assert line(release, "now", "facility_rural", county) == []


def test_as_then_shows_the_jump_of_the_district_that_took_in_most_of_xingtai_county(release):
    (_, _, before), (_, _, after) = line(release, "then", "facility_rural", "130503")
    assert after - before > 400


def test_the_kind_follows_the_present_status_of_the_county(release, city):
    """任县's 居委会 were 城镇社区 in May; as now they are 城市社区 of 任泽区, in both months."""
    may, june = line(release, "now", "work_fund_city", "130505")
    assert may[2] == june[2] > 0
    assert line(release, "then", "work_fund_city", "130526") == [("05", 0, 0)]


def test_the_city_as_then_and_as_now_counts_the_same_units(release):
    then, now = (line(release, divisions, "service_station", "130500") for divisions in ("then", "now"))
    assert then == now


def test_a_village_that_became_a_community_is_one_in_both_months_as_now(release):
    """北郭庄村委会 became 北郭庄社区居民委员会: of 955 villages in May 954 are villages now."""
    then, now = (line(release, divisions, "facility_rural", "130500") for divisions in ("then", "now"))
    assert [answered for *_, answered in then] == [955, 954]
    assert [answered for *_, answered in now] == [954, 954]


def test_the_countys_own_answers_follow_a_county_that_was_recoded(release):
    assert line(release, "now", "agency", "130505") == [("05", 1, 1), ("06", 1, 1)]


def test_units_before_plus_created_less_abolished_plus_moved_is_units_after(release):
    rows = release.rows("SELECT * FROM reconciliation ORDER BY unit")
    assert [row["unit"] for row in rows] == [
        "130500",
        "130502",
        "130503",
        "130505",
        "130521",
        "130524",
        "130526",
        "130571",
    ]
    for row in rows:
        moved = row["moved_in"] - row["moved_out"]
        assert row["before"] + row["created"] - row["abolished"] + moved == row["after"], row
    city, *counties = rows
    for column in ("before", "created", "abolished", "after"):
        assert city[column] == sum(county[column] for county in counties), column


def test_the_reconciliation_names_what_happened_to_xingtai_county(release, city):
    [county] = release.rows("SELECT * FROM reconciliation WHERE unit = '130521'")
    assert (county["before"], county["after"]) == (len(city.units(MAY, "130521")), 0)
    assert county["moved_out"] + county["abolished"] == county["before"]


def test_the_month_before_is_compared_by_the_same_divisions_whichever_are_looked_at(release):
    """The month's own divisions are those of June: what 信都区 took in from 邢台县 is no change against May."""
    steps = "SELECT policy, indicator, level, unit, {} FROM step WHERE month = ? AND divisions = ? ORDER BY ALL"
    compared = steps.format("shown_before, status_before, numerator_before, denominator_before, points, more")
    then, now = release.rows(compared, [JUNE, "then"]), release.rows(compared, [JUNE, "now"])
    assert then == now
    [jump] = [row["more"] for row in then if (row["indicator"], row["unit"]) == ("facility_rural", "130503")]
    assert abs(jump) < 50
