"""One list of what waits for somebody, whatever is published: it ends when it is mended, answered, settled or dismissed."""

from datetime import date

import openpyxl
import pytest

from pipelines.errors import Refusal
from pipelines.intake import answer_matters, decisions, submit_files
from tests import small_city
from tests.books import Office, but, plain

APRIL, MAY = date(2020, 4, 1), date(2020, 5, 1)
ZONE = "130571"
LI = "市局李某"
MANY = {"households": 200, "population": 90_000}


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    city = small_city.make(tmp_path_factory.mktemp("matters") / "reference", [ZONE])
    return small_city.measure_only(city, ("facility_rural",))


@pytest.fixture
def office(reference, tmp_path) -> Office:
    return Office(tmp_path / "data", reference)


@pytest.fixture
def village(office) -> str:
    return next(unit.name for unit in office.units(APRIL, ZONE) if unit.kind == "农村社区")


def listed(office, kind: str | None = None) -> list[tuple[str, str]]:
    """(kind, state) of the matters, or of those of a kind."""
    kinds = [(m["kind"], m["state"]) for m in answer_matters.matters(office.settings)]
    return [matter for matter in kinds if kind in (None, matter[0])]


def questionable(office, village: str, month: date = APRIL) -> str:
    """Send a row with a warning; the finding's id."""
    report = office.send(month, ZONE, but(village, **MANY), {"agency": "是", "towns": 3})
    [warning] = [f for f in report.findings if f["code"] == "people_per_household"]
    return warning["id"]


def test_a_file_that_names_no_county_is_a_matter_with_a_receipt_until_it_is_dismissed(office, tmp_path):
    path = tmp_path / "报表.xlsx"
    path.write_bytes(b"PK\x03\x04 no workbook")
    [report] = office.submit(path)
    [receipt] = submit_files.write_receipts([report], office.settings, tmp_path / "receipts")
    assert receipt.stat().st_size > 1000
    office.send(APRIL, ZONE)
    office.run(APRIL)
    assert ("no_county", "open") in listed(office), "发布不使它消失"
    [matter] = [m for m in answer_matters.matters(office.settings) if m["kind"] == "no_county"]
    decision = answer_matters.dismiss(matter["id"], "不是报表", office.settings, LI)
    assert listed(office, "no_county") == [("no_county", "dismissed")]
    decisions.withdraw(decision.seq, "要处理", office.settings, LI)
    assert listed(office, "no_county") == [("no_county", "open")]


def test_what_repeats_is_one_matter_and_opens_again_when_it_comes_back_after_its_dismissal(office, tmp_path):
    path = tmp_path / "报表.xlsx"
    for number in range(2):
        path.write_bytes(b"PK\x03\x04 no workbook %d" % number)
        office.submit(path)
    [matter] = answer_matters.matters(office.settings)
    answer_matters.dismiss(matter["id"], "不是报表", office.settings, LI)
    path.write_bytes(b"PK\x03\x04 no workbook again")
    office.submit(path)
    assert [(m["id"], m["state"]) for m in answer_matters.matters(office.settings)] == [(matter["id"], "open")]


def test_an_unknown_unit_is_open_until_it_is_resolved(office, village):
    report = office.send(APRIL, ZONE, but(village, code=None, name="红旗新村"))
    [question] = [f for f in report.findings if f["code"] == "unit_unknown_name"]
    assert ("unknown_unit", "open") in listed(office)
    unit = next(unit for unit in office.units(APRIL, ZONE) if unit.name == village)
    decisions.resolve(question["id"], unit.code, office.settings, LI)
    assert listed(office, "unknown_unit") == []


def test_a_held_row_is_a_matter_until_it_is_mended_by_a_file_of_that_row_alone(office, village):
    office.send(APRIL, ZONE, but(village, facility="否"))
    assert listed(office, "held_row") == [("held_row", "open")]
    office.send(APRIL, ZONE, lambda unit: plain(unit) if unit.name == village else None)
    assert listed(office, "held_row") == []


def test_an_explained_warning_is_accepted_and_stays_quiet_until_the_value_changes(office, village):
    finding = questionable(office, village)
    assert listed(office, "warning") == [("warning", "open")]
    answer_matters.explain(finding, "外来务工人员集中居住，派出所登记数", office.settings, "县局王某")
    assert listed(office, "warning") == [("warning", "explained")]
    answer_matters.ask(finding, "请附登记表", office.settings, LI)
    assert listed(office, "warning") == [("warning", "open")]
    answer_matters.explain(finding, "登记表已报，见附件", office.settings, "县局王某")
    accepted = answer_matters.accept(finding, office.settings, LI)
    assert listed(office, "warning") == [("warning", "settled")]
    again = office.send(MAY, ZONE, but(village, **MANY))
    assert [f["severity"] for f in again.findings if f["id"] == finding] == ["note"]
    changed = office.send(MAY, ZONE, but(village, **MANY | {"population": 80_000}))
    assert [f["severity"] for f in changed.findings if f["unit"] and f["severity"] == "warning"] == ["warning"]
    decisions.withdraw(accepted.seq, "登记表不对", office.settings, LI)
    assert ("warning", "explained") in listed(office)


@pytest.fixture(scope="module")
def asked(reference, tmp_path_factory) -> tuple[Office, str]:
    """An office with a question that nobody has answered, and the question; what is refused leaves it so."""
    office = Office(tmp_path_factory.mktemp("asked") / "data", reference)
    return office, questionable(office, next(u.name for u in office.units(APRIL, ZONE) if u.kind == "农村社区"))


@pytest.mark.parametrize("phrase", ["核实无误", "情况属实。", "无", " "])
def test_a_stock_phrase_is_no_explanation(asked, phrase):
    office, finding = asked
    with pytest.raises(Refusal, match="没有说明情况"):
        answer_matters.explain(finding, phrase, office.settings, "县局王某")
    assert listed(office, "warning") == [("warning", "open")]


def test_an_unexplained_warning_cannot_be_accepted(asked):
    office, finding = asked
    with pytest.raises(Refusal, match="还没有情况说明"):
        answer_matters.accept(finding, office.settings, LI)


def test_the_same_waiver_twice_is_one_event(office, village):
    finding = questionable(office, village)
    first, second = (decisions.waive(finding, "核实过", MAY, office.settings, LI) for _ in range(2))
    assert first == second
    assert listed(office, "warning") == [("warning", "settled")]
    decisions.withdraw(first.seq, "不豁免了", office.settings, LI)
    assert listed(office, "warning") == [("warning", "open")]


def test_an_admitted_unit_gets_a_code_of_its_own(office):
    town = office.units(APRIL, ZONE)[0].town_code
    event = decisions.admit("新风社区", town, "城市社区", APRIL, "新设立", office.settings, LI)
    assert event.body["code"] not in {unit.code for unit in office.units(APRIL, ZONE)} and len(event.body["code"]) == 12
    with pytest.raises(Refusal, match="已有“新风社区”"):
        decisions.admit("新风社区", town, "城市社区", APRIL, "新设立", office.settings, LI)


def test_a_county_is_given_time_or_excused(office):
    event = decisions.extend(APRIL, ZONE, office.settings, LI, "停电", until=date(2020, 5, 12))
    assert event.body["until"] == "2020-05-12"
    with pytest.raises(Refusal, match="二者取其一"):
        decisions.extend(APRIL, ZONE, office.settings, LI, "停电")
    with pytest.raises(Refusal, match="2020-05-06 不晚于2020年4月原定的截止日 2020-05-06，不是延期"):
        decisions.extend(APRIL, ZONE, office.settings, LI, "停电", until=date(2020, 5, 6))


def test_a_remark_on_the_roster_waits_for_the_city_until_it_says_what_was_done(office):
    path = office.workbook(APRIL, ZONE)
    book = openpyxl.load_workbook(path)
    book["备注"]["B4"], book["备注"]["C4"] = "东汪村", "5月更名为东汪社区"
    book.save(path)
    office.submit(path)
    [remark] = [m for m in answer_matters.matters(office.settings) if m["kind"] == "roster_remark"]
    assert (remark["state"], remark["county"]) == ("open", ZONE) and "5月更名为东汪社区" in remark["message"]
    answer_matters.dismiss(remark["id"], "新版名册已改", office.settings, LI)
    assert [m["state"] for m in answer_matters.matters(office.settings) if m["id"] == remark["id"]] == ["dismissed"]
