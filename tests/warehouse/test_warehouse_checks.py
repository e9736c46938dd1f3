"""Which months a run looks at, and what stops it or is only reported: for the command line and for Dagster alike."""

from datetime import date

import pytest

from pipelines.errors import Refusal
from pipelines.figures import update
from pipelines.monthly import monthly_run
from pipelines.warehouse import warehouse_checks
from tests import memory_city, small_city
from tests.figures.test_change_breakdown import RECORD, steady

MAY, JUNE = date(2019, 5, 1), date(2019, 6, 1)
COUNTY = "130524"


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    made = small_city.make(tmp_path_factory.mktemp("reference"), [COUNTY])
    return small_city.measure_only(made, ["facility_rural", "facility_urban"])


@pytest.fixture
def city(reference, tmp_path) -> memory_city.City:
    """Two months of one county, computed."""
    made = memory_city.City(tmp_path / "data", reference)
    for month in (MAY, JUNE):
        made.submit(month, COUNTY, steady, RECORD)
    computed(made)
    return made


def none(unit) -> dict:
    """Nobody has what most had."""
    return {**steady(unit), "facility": False, "facility_area": None}


def computed(city: memory_city.City) -> None:
    city.sync()
    update.bring_up_to_date(city.store, JUNE)


def spoil(city: memory_city.City, month: date) -> None:
    """A figure of the month twice."""
    city.store.con.execute(
        "INSERT INTO figure SELECT * FROM figure WHERE month = ? AND level = 'city' LIMIT 1", [month]
    )


def failed(city: memory_city.City, *wanted: date) -> list[str]:
    verdicts = [
        verdict for stage in warehouse_checks.STAGES for verdict in warehouse_checks.examine(city.store, stage, wanted)
    ]
    return [verdict.check.name for verdict in verdicts if not verdict.holds]


def test_a_month_computed_and_never_looked_at_is_looked_at_whichever_is_wanted(city):
    spoil(city, MAY)
    assert "key_figure" in failed(city, JUNE)
    # and until it is mended, again
    assert "key_figure" in failed(city, JUNE)


def test_a_month_found_right_is_looked_at_again_when_it_is_wanted_or_computed_anew(city):
    assert failed(city) == []
    spoil(city, MAY)
    assert failed(city, JUNE) == []
    assert "key_figure" in failed(city, MAY)
    city.submit(MAY, COUNTY, none, RECORD)
    computed(city)
    spoil(city, MAY)
    assert "key_figure" in failed(city, JUNE)


def test_what_only_a_county_can_mend_is_told_and_stops_nothing(city):
    city.submit(JUNE, COUNTY, none, RECORD)
    computed(city)
    warned: list[str] = []
    monthly_run.checked(city.store, JUNE, warned.append)
    (warning,) = warned
    assert warning.startswith("opinions-2018：县和全市的数字与上月相比没有突变：有 ") and "2019-06 facility_" in warning


def test_what_blocks_is_refused_with_what_where_and_what_to_do(city):
    spoil(city, JUNE)
    with pytest.raises(Refusal, match=r"检查未通过，未发布：表 figure .*有 1 处不符（.*2019-06-01.*shequ rebuild"):
        monthly_run.checked(city.store, JUNE)


@pytest.mark.parametrize(
    ("check", "statement"),
    [
        ("roster_standing", "DELETE FROM standing WHERE unit = (SELECT min(unit) FROM standing)"),
        ("complete_opinions_2018", "DELETE FROM figure WHERE level = 'county'"),
        ("sums_opinions_2018", "UPDATE figure SET numerator = numerator + 1 WHERE level = 'county'"),
        ("bounds_opinions_2018", "UPDATE figure SET lower = value + 1 WHERE level = 'city' AND value IS NOT NULL"),
        ("key_answer", "INSERT INTO answer SELECT * FROM answer LIMIT 1"),
        ("reported_counties", "UPDATE submission SET county = '130525'"),
    ],
)
def test_each_kind_of_offence_is_found(city, check, statement):
    city.store.con.execute(statement)
    city.store._lives.clear()
    assert check in failed(city, MAY, JUNE)


def test_an_indicator_owes_no_figure_before_or_after_the_months_in_which_it_is_in_force(tmp_path):
    folder = small_city.make(tmp_path / "reference", [COUNTY])
    small_city.measure_only(folder, ["facility_rural", "facility_urban"])
    register = folder / "policies" / "opinions-2018" / "register.yaml"
    small_city.replace(register, "{id: facility_rural,", "{id: facility_rural, since: 2019-06,")
    small_city.replace(register, "{id: facility_urban,", "{id: facility_urban, until: 2019-05,")
    made = memory_city.City(tmp_path / "data", folder)
    for month in (MAY, JUNE):
        made.submit(month, COUNTY, steady, RECORD)
    computed(made)
    assert failed(made, MAY, JUNE) == []
    made.store.con.execute("DELETE FROM figure WHERE month = ? AND indicator = 'facility_rural'", [JUNE])
    assert failed(made, JUNE) == ["complete_opinions_2018"]
