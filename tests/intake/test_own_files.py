"""A county takes back what it sent, and nothing else; what it sees of its month is what stands now (issue J)."""

from datetime import date

import pytest

from pipelines.access.roles import Actor
from pipelines.edition import explain, feeds
from pipelines.errors import Refusal
from pipelines.intake import decisions, month_now
from tests import small_city
from tests.books import Office, but, plain, without

APRIL, MAY = date(2020, 4, 1), date(2020, 5, 1)
ZONE, OTHER = "130571", "130524"
WANG, ZHAO = Actor("王开发", "县级", (ZONE,)), Actor("赵柏乡", "县级", (OTHER,))
CITY, PLANNER = Actor("市局李某", "市级"), Actor("王规划", "规划")


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    city = small_city.make(tmp_path_factory.mktemp("own") / "reference", [ZONE, OTHER])
    return small_city.measure_only(city, ("facility_rural", "agency"))


@pytest.fixture
def office(reference, tmp_path) -> Office:
    return Office(tmp_path / "data", reference)


def test_a_county_takes_back_its_own_file_and_gives_it_back(office):
    sent = office.send(APRIL, ZONE)
    for stranger in (ZHAO, PLANNER):
        with pytest.raises(Refusal, match="不能"):
            decisions.withdraw(sent.seq, "错发", office.settings, stranger)
    taken = decisions.withdraw(sent.seq, "错发", office.settings, WANG)
    assert taken.by == "王开发" and month_now.submissions(office.settings, APRIL) == []
    decisions.withdraw(taken.seq, "没有错", office.settings, WANG)
    assert [row["seq"] for row in month_now.submissions(office.settings, APRIL, [ZONE])] == [sent.seq]
    assert month_now.submissions(office.settings, APRIL, [OTHER]) == []


def test_what_the_city_took_back_or_decided_is_not_the_countys(office):
    sent = office.send(APRIL, ZONE)
    taken = decisions.withdraw(sent.seq, "与来文不符", office.settings, CITY)
    with pytest.raises(Refusal, match="县级"):
        decisions.withdraw(taken.seq, "要回来", office.settings, WANG)
    granted = decisions.extend(APRIL, ZONE, office.settings, CITY, "停电", excuse=True)
    with pytest.raises(Refusal, match="县级"):
        decisions.withdraw(granted.seq, "不用了", office.settings, WANG)


def test_a_file_for_a_locked_month_may_be_taken_back_while_it_waits(office):
    office.send(APRIL, ZONE)
    decisions.approve(APRIL, office.settings, CITY)
    late = office.send(APRIL, ZONE, without(office.units(APRIL, ZONE)[0].name))
    assert [row["waiting"] for row in month_now.submissions(office.settings, APRIL, [ZONE])] == [True, False]
    decisions.withdraw(late.seq, "错发", office.settings, WANG)
    assert len(month_now.submissions(office.settings, APRIL, [ZONE])) == 1


def test_the_months_findings_are_those_of_what_stands_now(office):
    village = next(unit.name for unit in office.units(APRIL, ZONE) if unit.kind == "农村社区")
    office.send(APRIL, ZONE)
    office.run(APRIL)
    office.send(APRIL, ZONE, but(village, facility="否", population=90_000))
    office.send(APRIL, OTHER)
    codes = {row["code"]: row for row in month_now.findings(office.settings, APRIL, ZONE)}
    assert {"no_facility_no_area", "people_per_household"} <= codes.keys()
    assert (codes["people_per_household"]["severity"], codes["people_per_household"]["state"]) == ("warning", "open")
    decisions.waive(codes["people_per_household"]["id"], "核实过", MAY, office.settings, CITY)
    office.send(APRIL, ZONE, but(village, population=90_000))
    codes = {row["code"]: row["severity"] for row in month_now.findings(office.settings, APRIL, ZONE)}
    assert codes["people_per_household"] == "note" and "no_facility_no_area" not in codes


# ---- where an answer of 表2 stands


def test_an_answer_of_a_record_put_together_names_the_file_and_cell_in_which_it_stands(office):
    first = office.send(APRIL, ZONE, plain, {"agency": "是", "towns": 3})
    second = office.send(APRIL, ZONE, plain, {"towns": 4, "agency": None})
    release = office.release(APRIL)
    [unit] = [unit for unit in explain(release, "agency", APRIL)["units"] if unit["unit"] == ZONE]
    answer = unit["answer"]["agency"]
    assert (answer["value"], answer["raw"], answer["file"]) == (True, "是", first.file)
    there = feeds(release, first.file, answer["cell"], answer["sheet"])
    assert there["value"] == "True" and {figure["indicator"] for figure in there["figures"]} == {"agency"}
    blank = feeds(release, second.file, answer["cell"], answer["sheet"])
    assert (blank["value"], blank["raw"], blank["figures"]) == (None, None, [])


def test_a_lent_record_names_its_files_too(office):
    first = office.send(APRIL, ZONE, plain, {"agency": "是", "towns": 3})
    office.send(APRIL, ZONE, plain, {"towns": 4})
    office.send(MAY, ZONE)
    [unit] = [unit for unit in explain(office.release(MAY), "agency", MAY)["units"] if unit["unit"] == ZONE]
    answer = unit["answer"]["agency"]
    assert (answer["file"], answer["raw"], answer["carried_from"]) == (first.file, "是", "2020-04")
