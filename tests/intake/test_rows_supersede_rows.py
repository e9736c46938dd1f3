"""A later row takes the place of the unit's earlier one; what a file does not carry, or carries with an error, stays (semantics §4)."""

import random
from datetime import date

import pytest

from pipelines.intake import decisions, signature, submit_files
from tests import small_city
from tests.books import Office, but, plain, without
from tests.intake.desk_of_an_office import answers, county_answer, rows, standing

DECEMBER, JANUARY, FEBRUARY = date(2019, 12, 1), date(2020, 1, 1), date(2020, 2, 1)
APRIL, MAY, JUNE = (date(2020, month, 1) for month in (4, 5, 6))
ZONE = "130571"


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    city = small_city.make(tmp_path_factory.mktemp("rows") / "reference", [ZONE])
    return small_city.measure_only(city, ("facility_rural", "agency"))


@pytest.fixture
def office(reference, tmp_path) -> Office:
    return Office(tmp_path / "data", reference)


@pytest.fixture
def village(office) -> str:
    names = [unit.name for unit in office.units(APRIL, ZONE) if unit.kind == "农村社区"]
    return next(name for name in names if names.count(name) == 1)


def code(office, name: str) -> str:
    return next(unit.code for unit in office.units(APRIL, ZONE) if unit.name == name)


def only(*names: str, **changed):
    return lambda unit: plain(unit) | changed if unit.name in names else None


# ---- cuts and orders


def varied(unit) -> dict:
    return {"households": 100 + int(unit.code[-3:]), "facility": "是", "facility_area": 100 + int(unit.code[6:9])}


def figures(office) -> str:
    """The content of the month's figures, as the edition's manifest has it."""
    from pipelines.edition.edition_folders import read_manifest

    return read_manifest(office.run(APRIL).folder)["tables"]["figure"]["2020-04"]["content"]


@pytest.fixture(scope="module")
def whole(reference, tmp_path_factory) -> tuple[list[tuple], str]:
    """The county in one file: what stands, and the figures."""
    office = Office(tmp_path_factory.mktemp("whole") / "data", reference)
    office.send(APRIL, ZONE, varied, {"agency": "是", "towns": 3})
    return standing(office), figures(office)


@pytest.mark.parametrize("seed", range(4))
def test_files_of_any_cut_in_any_order_make_what_one_file_makes(office, whole, seed):
    chance = random.Random(seed)
    units = [unit.code for unit in office.units(APRIL, ZONE)]
    chance.shuffle(units)
    ends = sorted(chance.sample(range(1, len(units)), chance.randint(1, 4)))
    parts = [set(units[a:b]) for a, b in zip([0, *ends], [*ends, len(units)], strict=True)]
    # some units are sent twice, with the same answers
    parts[-1] |= set(chance.sample(units, 5))
    paths = [
        office.workbook(
            APRIL,
            ZONE,
            lambda u, part=part: varied(u) if u.code in part else None,
            {"agency": "是", "towns": 3} if n == 0 else None,
        )
        for n, part in enumerate(parts)
    ]
    chance.shuffle(paths)
    for path in paths:
        office.submit(path)
    assert (standing(office), figures(office)) == whole


# ---- a correction


def test_a_correction_of_one_row_is_told_before_and_after_and_leaves_the_others(office, village):
    before = office.send(APRIL, ZONE)
    assert before.rows["new"] == before.rows["accepted"] > 10 and before.rows["kept"] == 0
    path = office.workbook(APRIL, ZONE, only(village, households=777))
    wanted = {
        "read": 1,
        "accepted": 1,
        "held": 0,
        "new": 0,
        "changed": 1,
        "unchanged": 0,
        "kept": before.rows["accepted"] - 1,
    }
    [preview] = submit_files.check([path], office.settings)
    [report] = office.submit(path)
    assert preview.rows == report.rows == wanted
    stands = answers(office, APRIL, "households")
    assert stands.pop(code(office, village))[2] == 777
    assert {value for _, _, value in stands.values()} == {200}


def test_a_held_row_leaves_the_earlier_one_of_the_month_and_says_so(office, village):
    office.send(MAY, ZONE)
    report = office.send(MAY, ZONE, only(village, households=777, facility="否"))
    assert (report.rows["held"], report.rows["kept"]) == (1, len(office.units(MAY, ZONE)))
    assert any(f["code"] == "earlier_row_counts" and village in f["found"] for f in report.findings)
    assert answers(office, MAY, "households")[code(office, village)] == ("accepted", MAY, 200)
    office.send(MAY, ZONE, only(village, households=777))
    assert answers(office, MAY, "households")[code(office, village)] == ("accepted", MAY, 777)


def test_the_countys_record_is_put_together_answer_by_answer(office):
    office.send(APRIL, ZONE, plain, {"agency": "是", "towns": 3, "town_platforms": 2})
    office.send(APRIL, ZONE, plain, {"towns": 4})
    assert [county_answer(office, APRIL, ZONE, name) for name in ("agency", "towns", "town_platforms")] == [True, 4, 2]


def test_a_broken_rule_holds_the_record_as_it_was_sent_whole(office):
    office.send(APRIL, ZONE, plain, {"agency": "是", "towns": 3, "town_platforms": 2})
    report = office.send(APRIL, ZONE, plain, {"agency": "否", "towns": 2, "town_platforms": 5})
    assert any(f["severity"] == "error" and f["sheet"].startswith("表2") for f in report.findings)
    assert [county_answer(office, APRIL, ZONE, name) for name in ("agency", "towns", "town_platforms")] == [True, 3, 2]


def test_the_same_file_after_another_is_put_back_in_force_with_its_own_number(office, village):
    good = office.workbook(APRIL, ZONE)
    [first] = office.submit(good)
    other = office.send(APRIL, ZONE, but(village, households=777))
    [again] = office.submit(good)
    assert (again.state, again.seq) == ("effective", other.seq + 1) and again.sha256 == first.sha256
    assert again.rows["changed"] == 1
    assert answers(office, APRIL, "households")[code(office, village)][2] == 200
    assert office.submit(good)[0].seq == again.seq, "再发一次，仍是那一份"


# ---- taking back


def test_a_withdrawn_submission_is_as_if_it_had_never_come(office, reference, tmp_path, village):
    clean = Office(tmp_path / "clean", reference)
    for place in (clean, office):
        place.send(APRIL, ZONE)
    wrong = office.send(APRIL, ZONE, but(village, households=777))
    taken = decisions.withdraw(wrong.seq, "错发", office.settings, "市局李某")
    assert standing(office) == standing(clean)
    decisions.withdraw(taken.seq, "撤错了", office.settings, "市局李某")
    assert answers(office, APRIL, "households")[code(office, village)][2] == 777


def test_the_only_submission_of_a_month_withdrawn_leaves_nothing_of_the_month(office):
    office.send(APRIL, ZONE)
    slip = office.send(date(2019, 3, 1), ZONE)
    assert rows(office, "SELECT count(DISTINCT month) FROM standing") == [(4,)]
    decisions.withdraw(slip.seq, "月份写错", office.settings, "市局李某")
    assert rows(office, "SELECT DISTINCT month FROM standing") == [(APRIL,)]
    figures(office)
    assert rows(office, "SELECT DISTINCT month FROM figure") == [(APRIL,)]


def test_the_same_file_after_its_withdrawal_counts_again(office):
    path = office.workbook(APRIL, ZONE)
    [first] = office.submit(path)
    decisions.withdraw(first.seq, "错发", office.settings, "市局李某")
    [again] = office.submit(path)
    assert again.state == "effective" and again.seq > first.seq


def test_a_wrong_resolution_taken_back_gives_the_right_unit_its_rows_in_all_later_months(
    office, reference, tmp_path, village
):
    units = office.units(APRIL, ZONE)
    right = next(unit for unit in units if unit.name != village and unit.kind == "农村社区")
    strange = but(village, code=None, name="红旗新村")
    clean = Office(tmp_path / "clean", reference)
    for place in (clean, office):
        first = place.send(APRIL, ZONE, strange)
        place.send(MAY, ZONE, strange)
        place.send(JUNE, ZONE, strange)
    [question] = [f for f in first.findings if f["code"] == "unit_unknown_name"]
    wrong = decisions.resolve(question["id"], right.code, office.settings, "市局李某")
    states = rows(
        office,
        "SELECT row_state FROM standing WHERE uid = (SELECT any_value(uid) FROM standing WHERE unit = ?)",
        [right.code],
    )
    assert "accepted" not in {state for (state,) in states}, "同一单位有了两行"
    decisions.withdraw(wrong.seq, "认错了", office.settings, "市局李某")
    assert standing(office) == standing(clean)


def test_what_an_approved_month_rests_on_is_not_taken_back(office):
    sent = office.send(APRIL, ZONE)
    decisions.approve(APRIL, office.settings, "市局李某")
    with pytest.raises(decisions.Refusal, match="已审定，其报表不能撤回"):
        decisions.withdraw(sent.seq, "错发", office.settings, "市局李某")


@pytest.mark.parametrize(
    "name", ["", " ", "\u3000\u200b", "root", "Root", " ｒｏｏｔ ", "ro\u200bot", "123", "——", "系统", "Ｄａｇｓｔｅｒ"]
)
def test_a_decision_needs_a_persons_name(name):
    with pytest.raises(decisions.Refusal, match="姓名"):
        signature.person(name)


def test_a_name_is_kept_without_signs_that_cannot_be_seen():
    assert signature.person(" 市局\u200b李某\n（值班） ") == "市局李某 （值班）"


# ---- what is counted from 1 January


def test_a_years_answer_is_lent_within_the_year_and_not_across(office):
    meetings = lambda unit: plain(unit) | {"deliberations": 9}  # noqa: E731
    office.send(date(2019, 11, 1), ZONE, meetings)
    office.send(FEBRUARY, ZONE, without(office.units(FEBRUARY, ZONE)[0].name))
    office_unit = office.units(JANUARY, ZONE)[0].code
    assert answers(office, DECEMBER, "deliberations")[office_unit][2] == 9
    assert answers(office, JANUARY, "deliberations")[office_unit][2] is None
    assert answers(office, JANUARY, "households")[office_unit] == ("absent", date(2019, 11, 1), 200)
