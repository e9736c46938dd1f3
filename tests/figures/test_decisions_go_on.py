"""What was decided on a finding goes on when its unit and county get other codes, until the value changes (semantics §1, §4)."""

from datetime import date

import pytest

from pipelines.edition.decision_rows import explanation_rows
from pipelines.figures import effective_answers
from pipelines.intake import open_matters
from pipelines.warehouse import projection
from tests import memory_city, small_city

MAY, JUNE, JULY = (date(2020, month, 1) for month in (5, 6, 7))
BEFORE, AFTER = "130526", "130505"  # 任县, from 2020-06 任泽区
WARNING = '  - {id: many_households, severity: warning, expect: "households < 900", message: 户数过多}\n'


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = small_city.make(tmp_path_factory.mktemp("decided") / "reference", [BEFORE, AFTER])
    form = folder / "form.yaml"
    form.write_text(form.read_text(encoding="utf-8").rstrip("\n") + "\n" + WARNING, encoding="utf-8")
    return small_city.measure_only(folder, ("facility_rural",))


@pytest.fixture
def city(reference, tmp_path) -> memory_city.City:
    return memory_city.City(tmp_path / "data", reference)


def village(city: memory_city.City) -> tuple[str, str]:
    """A village's codes in May and in June."""
    code = next(unit.code for unit in city.units(MAY, BEFORE) if unit.kind == "农村社区")
    return code, city.reference.rosters.code_in(code, JUNE)


def answers(odd: dict[str, dict]):
    return lambda unit: {"households": 200, "facility": True, "facility_area": 300} | odd.get(unit.code, {})


def judge(city: memory_city.City) -> None:
    city.sync()
    effective_answers.bring_up_to_date(city.store)


def finding(city: memory_city.City, unit: str, month: date) -> str:
    """The id of the one finding on a unit's row."""
    judge(city)
    sql = "SELECT id FROM finding JOIN submission USING (seq) WHERE unit = ? AND month = ?"
    [(key,)] = city.store.con.execute(sql, [unit, month]).fetchall()
    return key


def row_state(city: memory_city.City, unit: str, month: date) -> str:
    judge(city)
    sql = "SELECT row_state FROM standing WHERE unit = ? AND month = ?"
    return projection.scalar(city.store.con, sql, [unit, month])


WRONG, OTHER = {"facility_area": None}, {"facility": False}  # both break a rule that holds the row


def waived_in_may(city: memory_city.City, later: dict) -> None:
    """A village's row is held in May and waived; in June the same village, recoded, answers `later`."""
    before, after = village(city)
    city.submit(MAY, BEFORE, answers({before: WRONG}))
    city.decide("waive", finding=finding(city, before, MAY), why="面积正在测绘", until="2020-12")
    city.submit(JUNE, AFTER, answers({after: later}))


def test_a_waiver_goes_on_over_a_recoding_until_it_is_taken_back(city):
    waived_in_may(city, WRONG)
    before, after = village(city)
    assert (row_state(city, before, MAY), row_state(city, after, JUNE)) == ("accepted", "accepted")
    # an id is made of the codes that stood in its month
    assert finding(city, before, MAY) != finding(city, after, JUNE)
    assert finding(city, after, JUNE) in city.store.life().waived(JUNE)
    [waiver] = [event for event in city.archive.decisions() if event.kind == "waive"]
    city.decide("withdraw", of=waiver.seq, why="误批")
    assert row_state(city, after, JUNE) == "held"


def test_it_ends_where_the_value_changes(city):
    waived_in_may(city, OTHER)
    assert row_state(city, village(city)[1], JUNE) == "held"


def test_it_holds_in_a_warehouse_made_again_from_the_archive(city, tmp_path):
    waived_in_may(city, WRONG)
    again = memory_city.City(tmp_path / "again", city.settings.reference)
    again.store.archive, again.readings = city.archive, city.readings
    assert row_state(again, village(city)[1], JUNE) == "accepted"


def matter(city: memory_city.City, key: str) -> dict:
    city.sync()
    return next(matter for matter in open_matters.collect(city.store, city.store.life()) if matter["id"] == key)


def test_an_accepted_explanation_goes_on_and_the_city_may_ask_again(city):
    before, after = village(city)
    city.submit(MAY, BEFORE, answers({before: {"households": 950}}))
    asked = finding(city, before, MAY)
    city.decide("explain", finding=asked, text="两个安置小区已入住")
    city.decide("accept", finding=asked)
    city.submit(JUNE, AFTER, answers({after: {"households": 950}}))
    later = finding(city, after, JUNE)
    assert later != asked
    assert (matter(city, later)["state"], matter(city, later)["explanation"]) == ("settled", "两个安置小区已入住")
    [said] = [row for row in explanation_rows(city.store.life()) if row["finding"] == later]
    assert (said["text"], said["state"]) == ("两个安置小区已入住", "settled")
    city.decide("ask", finding=later, text="安置小区在哪个村？")
    again = matter(city, later)
    assert (again["state"], again["question"]) == ("open", "安置小区在哪个村？")


def open_warnings(city: memory_city.City) -> list[dict]:
    city.sync()
    return [matter for matter in open_matters.collect(city.store, city.store.life()) if "户数过多" in matter["message"]]


def test_a_warning_that_comes_again_under_a_later_code_is_one_matter(city):
    before, after = village(city)
    city.submit(MAY, BEFORE, answers({before: {"households": 950}}))
    first = finding(city, before, MAY)
    [asked] = open_warnings(city)
    city.submit(JUNE, AFTER, answers({after: {"households": 950}}))
    later = finding(city, after, JUNE)
    [again] = open_warnings(city)
    assert first != later and (asked["id"], again["id"]) == (first, later)
    assert (again["county"], again["month"], again["unit"], again["state"]) == (AFTER, "2020-06", after, "open")
    assert again["since"] == asked["since"]
    city.decide("explain", finding=later, text="两个安置小区已入住")
    city.decide("accept", finding=later)
    assert [matter["state"] for matter in open_warnings(city)] == ["settled"]


def test_a_warning_of_another_value_under_a_later_code_is_a_matter_of_its_own(city):
    before, after = village(city)
    city.submit(MAY, BEFORE, answers({before: {"households": 950}}))
    city.submit(JUNE, AFTER, answers({after: {"households": 960}}))
    judge(city)
    assert [matter["month"] for matter in open_warnings(city)] == ["2020-05", "2020-06"]
