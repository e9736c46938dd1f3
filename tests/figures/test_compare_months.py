"""Any two months compared from an opened release: exact parts, sums by county, and what is no number (semantics §7)."""

import json
import shutil
from datetime import date
from fractions import Fraction

import pytest
from click.testing import CliRunner

from pipelines.cli.commands import main
from pipelines.edition import Release
from pipelines.edition.compare_months import PARTS, compare
from pipelines.errors import Refusal
from tests import memory_city, small_city
from tests.figures.test_change_breakdown import BAIXIANG, a_village, but, steady, submit_all

APRIL, MAY, JUNE, JULY = (date(2020, month, 1) for month in (4, 5, 6, 7))
CITY = "130500"


@pytest.fixture(scope="module")
def city(plain_city, tmp_path_factory) -> memory_city.City:
    """April to July: in May a village builds, in June 任县 becomes 任泽区 and a county that was silent before reports."""
    made = memory_city.City(tmp_path_factory.mktemp("compared") / "data", plain_city)
    village = a_village(made, MAY, wants=lambda unit: not steady(unit)["facility"])
    for month in (APRIL, MAY, JUNE, JULY):
        answers = steady if month == APRIL else but(village, facility=True, facility_area=400)
        submit_all(made, month, answers, without=["130571"] if month < JUNE else [])
        edition = made.publish(month)
    made.decide("gate", month="2020-07", edition=int(edition.folder.name), how="person")
    return made


@pytest.fixture(scope="module")
def release(city) -> Release:
    return city.release(JULY)


def parts(row: dict) -> dict[str, Fraction]:
    return {name: Fraction(value) for name, value in row["parts"].items()}


def only(release, m1, m2, indicator, unit) -> dict:
    [row] = compare(release, m1, m2, indicator, unit)
    return row


@pytest.mark.parametrize(("m1", "m2"), [(APRIL, MAY), (APRIL, JULY), (MAY, JULY), (MAY, JUNE)])
def test_the_parts_add_up_exactly_for_every_figure_shares_and_ratios(release, m1, m2):
    rows = compare(release, m1, m2)
    assert len(rows) > 100
    for row in rows:
        assert sum(parts(row).values()) == Fraction(row["to"] or 0) - Fraction(row["from"] or 0), row
        if row["unit"] == CITY:
            for name in PARTS:
                assert sum(Fraction(county["parts"][name]) for county in row["counties"]) == parts(row)[name], (
                    row,
                    name,
                )


def test_a_village_that_built_is_work_between_months_that_are_not_neighbours(release):
    row = only(release, APRIL, JULY, "facility_rural", BAIXIANG)
    villages = release.rows(
        "SELECT denominator::INT AS n FROM figure WHERE indicator = 'facility_rural' AND unit = ? AND month = ? AND divisions = 'then'",
        [BAIXIANG, JULY],
    )[0]["n"]
    assert parts(row) == {**dict.fromkeys(PARTS, 0), "answers": Fraction(100, villages)}


def test_a_county_that_goes_on_whole_is_compared_with_itself(release):
    row = only(release, MAY, JUNE, "facility_rural", "130505")
    assert row["from"] == row["to"] is not None
    assert set(parts(row).values()) == {0}


def test_from_no_data_to_a_value_is_reporting(release):
    row = only(release, MAY, JUNE, "service_station", "130571")
    assert row["from"] is None
    assert parts(row) == {**dict.fromkeys(PARTS, 0), "reporting": Fraction(row["to"])}


def test_a_changed_register_moves_its_own_indicator_by_register(city, release, plain_city, tmp_path):
    stricter = shutil.copytree(plain_city, tmp_path / "stricter")
    small_city.replace(
        stricter / "policies" / "opinions-2018" / "register.yaml",
        "scope: is_rural, share: info_platform,", 'scope: is_rural, share: "info_platform AND facility",',
    )  # fmt: skip
    rows = compare(city.with_reference(stricter).release(JULY), MAY, JULY)
    assert {row["indicator"] for row in rows if parts(row)["register"]} == {"platform_rural"}
    kept = {(row["indicator"], row["unit"]): row["to"] for row in compare(release, MAY, JULY)}
    assert all(kept[row["indicator"], row["unit"]] == row["to"] for row in rows if row["indicator"] != "platform_rural")


@pytest.mark.parametrize(
    ("m1", "m2", "indicator", "unit"),
    [
        (JULY, APRIL, None, None),
        (MAY, date(2021, 1, 1), None, None),
        (APRIL, MAY, "facilty", None),
        (APRIL, MAY, None, "139999"),
    ],
)
def test_what_cannot_be_compared_is_refused(release, m1, m2, indicator, unit):
    with pytest.raises(Refusal):
        compare(release, m1, m2, indicator, unit)


def told_by(city, *arguments: str) -> str:
    done = CliRunner().invoke(main, ["--data", str(city.settings.data), "compare", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_command_tells_the_same(city, release):
    assert json.loads(told_by(city, "2020-04", "2020-07", "--json")) == compare(release, APRIL, JULY)


def test_the_command_tells_people_what_was_work(city, release):
    said = told_by(city, "2020-05", "2020-06", "--indicator", "service_station", "--unit", "130571")
    assert said.startswith("2020年5月至2020年6月（发布版 2020-07/1）\n")
    assert "无数据 → " in said and "报送 +" in said
