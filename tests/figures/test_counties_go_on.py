"""A county that goes on whole under another code keeps its 表2, what rules compare with and what was decided on it; a unit admitted between
two editions has the reports of its county read again (semantics §1).
"""

import shutil
from datetime import date

import pytest

from pipelines import months
from pipelines.figures import as_now
from pipelines.reference import reference_bundle
from pipelines.reference.roster import Admission
from pipelines.template import Answered, LastAnswers, template_workbook
from pipelines.warehouse import arrow_rows
from tests import books, memory_city, small_city

APRIL, MAY, JUNE, JULY, AUGUST = (date(2020, month, 1) for month in (4, 5, 6, 7, 8))
BEFORE, AFTER = "130526", "130505"  # 任县, from 2020-06 任泽区
RULE = '  - {id: towns_steady, severity: warning, form: county, expect: "towns = prev.towns", message: 街道(乡镇)总数与上月不同}\n'


def plain(unit) -> dict:
    return {"households": 200, "facility": True, "facility_area": 300}


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = small_city.make(tmp_path_factory.mktemp("go-on") / "reference", [BEFORE, AFTER, "130571"])
    form = folder / "form.yaml"
    form.write_text(form.read_text(encoding="utf-8").rstrip("\n") + "\n" + RULE, encoding="utf-8")
    return small_city.measure_only(folder, ("agency", "facility_rural"))


@pytest.fixture
def city(reference, tmp_path) -> memory_city.City:
    """任县 tells its 表2 in May; as 任泽区 it tells of its villages only."""
    made = memory_city.City(tmp_path / "data", reference)
    made.submit(MAY, BEFORE, plain, {"agency": True, "towns": 8})
    for month in (JUNE, JULY, AUGUST):
        made.submit(month, AFTER, plain)
    return made


def agency(release, month: date) -> tuple[int, int, int]:
    row = books.figure(release, "agency", AFTER, month)
    return row["yes"], row["unknown"], row["carried"]


def test_its_own_sheet_is_lent_for_two_months_and_no_longer(city):
    release = city.release(AUGUST)
    assert [agency(release, month) for month in (JUNE, JULY, AUGUST)] == [(1, 0, 1), (1, 0, 1), (0, 1, 0)]


def test_its_record_is_compared_with_the_one_before(city):
    city.submit(JUNE, AFTER, plain, {"agency": True, "towns": 4})
    asked = city.release(JUNE).rows("SELECT county FROM finding WHERE code = 'towns_steady'")
    assert asked == [{"county": AFTER}]


def test_its_next_form_comes_with_its_last_answers(reference):
    last = LastAnswers(MAY, counties=Answered({BEFORE: 0}, [MAY], {"agency": ["是"]}))
    followed = template_workbook._followed(last, reference_bundle.load(reference).rosters, JUNE)
    assert followed.counties.place == {AFTER: 0}


def read_again(city: memory_city.City) -> list[tuple[str, str]]:
    """County and month of the submissions that a sync reads."""
    submissions, form = [], city.reference.form

    def read(events, _):
        for event in events:
            reading = city.readings[event.seq]
            submissions.append((reading.county, months.key(reading.month)))
            yield event, arrow_rows.tables(form, event, reading)

    city.store.sync(read)
    return submissions


def test_what_was_decided_under_its_old_code_is_read_under_the_new_one(city):
    city.sync()
    city.decide("resolve", county=BEFORE, key="某村", unit="130526100201", why="核对")
    assert read_again(city) == [(BEFORE, "2020-05"), *((AFTER, f"2020-0{month}") for month in (6, 7, 8))]


def test_what_a_kill_left_unread_is_read_by_the_next_sync(city):
    city.sync()
    city.decide("resolve", county=BEFORE, key="某村", unit="130526100201", why="核对")

    def killed(events, _):
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        city.store.sync(killed)
    assert len(read_again(city)) == 4
    assert read_again(city) == []


def test_an_admission_has_only_its_countys_reports_read_again_from_its_month_on(city):
    town = next(unit.town_code for unit in city.units(JUNE, AFTER) if unit.kind == "农村社区")
    city.submit(JUNE, "130571", plain)
    city.sync()
    before = city.store.reference
    body = {"code": f"{town}399", "name": "新河湾村委会", "town": town, "kind": "农村社区", "from": "2020-07"}
    city.store.reference = before.with_admissions([Admission.of(body)])
    assert read_again(city) == [(AFTER, "2020-07"), (AFTER, "2020-08")]
    assert read_again(city) == []
    city.store.reference = before
    assert read_again(city) == [(AFTER, "2020-07"), (AFTER, "2020-08")]


def test_divisions_are_others_where_the_reviewed_kind_of_a_unit_is_another(reference, tmp_path):
    unit = next(unit for unit in reference_bundle.load(reference).rosters.units(MAY) if unit.kind == "城镇社区")
    reviewed = shutil.copytree(reference, tmp_path / "reviewed")
    entry = f'overrides:\n  - {{code: "{unit.code}", kind: 城市社区, reason: 城中街道, from: 2020-05}}'
    small_city.replace(reviewed / "kinds.yaml", "overrides: []", entry)
    plain, dated = (
        memory_city.City(tmp_path / name, folder).store for name, folder in (("a", reference), ("b", reviewed))
    )
    assert as_now.key(plain, APRIL) == as_now.key(plain, MAY)
    assert as_now.key(dated, APRIL) != as_now.key(dated, MAY)
