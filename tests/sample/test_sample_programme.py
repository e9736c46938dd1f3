"""The invented programme looks like a real one, and its true answers contradict nothing."""

from datetime import date

import duckdb
import numpy as np
import pandas as pd
import pytest

from pipelines import months
from pipelines.sample import county_record, writing_habits
from pipelines.sample.plausible_answers import NONE, TENTHS

URBAN, VILLAGE = 2, 2  # kinds below 2 are urban, 2 is 农村社区
DUE = date(2020, 12, 1)


def share(of: np.ndarray, among: np.ndarray) -> float:
    return 100 * float(of[among].mean())


@pytest.fixture(scope="module")
def due(invented):
    return invented.moment(DUE)


@pytest.mark.parametrize(
    ("field", "rural", "start", "end"),
    [
        ("info_platform", False, (12, 25), (57, 65)),
        ("info_platform", True, (5, 12), (33, 45)),
        ("facility", False, (70, 82), (95, 99.9)),
        ("facility", True, (18, 28), (50.5, 57)),
        ("pilot", True, (0.3, 2), (5.5, 8)),
        ("video_coverage", False, (40, 75), (90, 99.9)),
    ],
)
def test_shares_grow_from_a_start_to_an_end(invented, due, field, rural, start, end):
    for moment, (low, high) in ((invented.moment(date(2018, 8, 1)), start), (due, end)):
        among = (moment.of.kind == VILLAGE) == rural
        assert low <= share(moment[field] == 1, among) <= high


def test_targets_are_met_nearly_met_and_missed(due):
    village, urban = due.of.kind == VILLAGE, due.of.kind < URBAN
    assert share(due["facility"] == 1, village) > 50
    assert 95 < share(due["facility"] == 1, urban) < 100
    assert share(due["member_pay"] >= due.wages * 10, due.of.kind == 0) < 50


def test_counties_go_at_their_own_pace(due):
    shares = [share(due["info_platform"] == 1, positions) for positions in due.of.slices.values()]
    assert max(shares) - min(shares) > 25


def test_some_units_lose_what_they_had(invented):
    before, after = (invented.moment(month) for month in (date(2020, 6, 1), date(2020, 12, 1)))
    lost = (before["info_platform"] == 1) & (after["info_platform"] == 0)
    assert 3 <= lost.sum() < 60


def test_budgets_move_at_the_turn_of_the_year_only(invented):
    funds = [invented.moment(month)["work_fund"] for month in (date(2019, 1, 1), date(2019, 9, 1), date(2020, 1, 1))]
    assert (funds[0] == funds[1]).all() and funds[1].sum() != funds[2].sum()


def test_running_totals_grow_through_the_year_and_begin_again(invented):
    months_ = [invented.moment(month)["deliberations"] for month in months.parse_span("2019-10..2020-02")]
    assert (months_[1] >= months_[0]).all() and (months_[2] >= months_[1]).all()
    assert months_[3].sum() < months_[2].sum() / 3 and (months_[4] >= months_[3]).all()


def test_the_years_review_is_held_at_its_end(invented):
    assert invented.moment(date(2019, 10, 1))["annual_review"].sum() == 0
    assert 50 < share(invented.moment(date(2019, 12, 1))["annual_review"] == 1, slice(None)) < 90


def test_what_is_new_is_dated_after_the_programme_began(due):
    new = due.of.adoption("facility") > 0
    built = due["facility_built"]
    assert (built[new & (built != NONE)] > 2018 * 12 + 6).all() and (built[~new] <= 2018 * 12 + 6).all()
    assert (built <= DUE.year * 12 + DUE.month - 1).all()


def test_nothing_is_set_up_after_the_month_of_the_report(invented):
    for month in months.parse_span("2018-08..2020-12"):
        moment = invented.moment(month)
        assert moment["established"].max() <= month.year * 12 + month.month - 1


def test_a_village_keeps_its_answers_when_its_county_is_abolished(invented):
    before, after = (invented.moment(month) for month in (date(2020, 5, 1), date(2020, 6, 1)))
    old = {unit.uid: position for position, unit in enumerate(before.of.units) if unit.county_code == "130521"}
    moved = [(old[unit.uid], position) for position, unit in enumerate(after.of.units) if unit.uid in old]
    assert len(moved) > 500 and {after.of.units[p].county_code for _, p in moved} <= {"130502", "130503", "130571"}
    for field in ("facility_built", "committee_members", "households"):
        same = [abs(before[field][a] - after[field][b]) <= 0.01 * abs(before[field][a]) for a, b in moved]
        assert sum(same) > 0.96 * len(same)


@pytest.mark.parametrize("code", ["130505", "130506"])
def test_a_county_that_was_recoded_carries_on_its_record(invented, rosters, code):
    """Also where units were founded in it since (南和区)."""
    before = rosters.county_codes(code)[0]
    assert invented.world.population(date(2020, 6, 1)).county_origin[code] == before != code
    assert invented.world.population(date(2020, 5, 1)).county_origin[before] == before


def test_city_and_district_share_the_cost_three_to_seven_in_the_end(invented, form, rosters):
    population = invented.world.population(DUE)
    for place in rosters.counties(DUE):
        answers = county_record.answer(form.county, population, place, DUE)
        if place.shared_funding:
            assert 0.28 < answers["city_funds"] / (answers["city_funds"] + answers["district_funds"]) < 0.32
        else:
            assert answers["city_funds"] == NONE


@pytest.mark.parametrize("month", [date(2018, 8, 1), date(2019, 12, 1), date(2020, 6, 1), date(2025, 12, 1)])
def test_no_true_answer_breaks_a_rule_of_severity_error(invented, form, month):
    answers = typed(form.community, invented.moment(month))
    for rule in form.rules:
        if rule.severity == "error" and rule.form == "community":
            broken = duckdb.sql(f"SELECT count(*) FROM answers WHERE ({rule.expect}) IS FALSE").fetchall()[0][0]
            assert broken == 0, rule.id
    assert len(answers) > 5000


def typed(part, moment) -> pd.DataFrame:
    columns = {}
    for field in part:
        values = pd.Series(moment.answered(field))
        answered = values.where(values != NONE).astype("Float64")
        answered = answered / 10 if field.type in TENTHS else answered
        columns[field.id] = answered.astype("boolean") if field.type == "flag" else answered
    return pd.DataFrame(columns)


def test_every_answer_is_within_the_forms_maximum(due, form):
    for field in form.community:
        if field.max is not None:
            assert (due.answered(field) <= field.max * (10 if field.type in TENTHS else 1)).all(), field.id


def test_answers_stay_where_they_apply(due, form):
    for field in form.community:
        if field.applies == "urban":
            assert (due.answered(field)[due.of.kind == VILLAGE] == NONE).all()


def test_counties_write_in_different_ways(invented):
    habits = list(invented.habits.values())
    assert {habit.yes for habit in habits} == {"是", "√", "有"}
    assert {habit.layout for habit in habits} == {"template", *writing_habits.REWORKED}
    assert sum(habit.layout == "template" for habit in habits) > len(habits) / 2
