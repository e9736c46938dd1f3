"""A month is judged by what was in force in it: a target, an indicator or a rule that changes later leaves the months before as they were."""

from datetime import date
from pathlib import Path

import pytest

from pipelines.edition import Release
from tests import memory_city, small_city
from tests.figures.test_change_breakdown import BAIXIANG, luck, submit_all

APRIL, MAY, JUNE = (date(2020, month, 1) for month in (4, 5, 6))
REGISTER = Path("policies") / "opinions-2018" / "register.yaml"


def answers(unit) -> dict:
    """Some 60 of 100 have a facility; nobody tells its area, which the form's rule asks for."""
    return {"households": 200, "facility": luck(unit) < 60, "facility_area": None, "info_platform": luck(unit) < 40}


@pytest.fixture(scope="module")
def city(tmp_path_factory) -> Path:
    folder = small_city.make(tmp_path_factory.mktemp("dated") / "reference", [BAIXIANG])
    small_city.measure_only(folder, ("facility_rural", "platform_rural"))
    rule = "{id: facility_has_area,       severity: error,"
    small_city.replace(folder / "form.yaml", rule, f"{rule} since: 2020-06,")
    targets = "target: [{at_least: 10, by: 2020-05}, {at_least: 90, by: 2020-12}]"
    small_city.replace(
        folder / REGISTER, "share: facility, target: {at_least: 50, by: 2020-12}", f"share: facility, {targets}"
    )
    small_city.replace(folder / REGISTER, "{id: platform_rural,", "{id: platform_rural, since: 2020-05,")
    return folder


@pytest.fixture(scope="module")
def release(city, tmp_path_factory) -> Release:
    made = memory_city.City(tmp_path_factory.mktemp("judged") / "data", city)
    for month in (APRIL, MAY, JUNE):
        submit_all(made, month, answers)
    return made.release(JUNE)


def judged(release, indicator: str) -> dict[date, tuple[str, str]]:
    """Month → target and status of the city's figure."""
    rows = release.rows(
        "SELECT month, target, status FROM figure WHERE indicator = ? AND level = 'city' AND divisions = 'then'",
        [indicator],
    )
    return {row["month"]: (row["target"], row["status"]) for row in rows}


def test_each_month_is_judged_by_the_target_that_was_in_force(release):
    row = judged(release, "facility_rural")
    assert row[APRIL] == row[MAY] == ("≥10", "met")
    target, status = row[JUNE]
    assert target == "≥90" and status != "met"


def test_an_indicator_has_no_figures_before_it_is_in_force(release):
    assert set(judged(release, "platform_rural")) == {MAY, JUNE}


def test_a_rule_holds_rows_back_only_in_the_months_in_which_it_is_in_force(release):
    rows = release.rows("SELECT month, row_state, count(*) AS units FROM standing GROUP BY ALL")
    held = {row["month"] for row in rows if row["row_state"] == "held"}
    assert held == {JUNE}
