"""Decisions of the city that change who is counted and how a county's sheet is read (semantics §1 Admission, §2 ticks and blanks)."""

from datetime import date
from decimal import Decimal

import pytest

from pipelines.archive import reference_in_force
from pipelines.archive.store import Archive
from pipelines.errors import Refusal
from pipelines.figures import as_now
from pipelines.intake import decisions, session
from pipelines.monthly import rebuild_editions
from pipelines.reference.reference_bundle import Reference
from tests import small_city
from tests.books import Office, figure, plain
from tests.intake.desk_of_an_office import answers

APRIL, MAY = date(2020, 4, 1), date(2020, 5, 1)
ZONE = "130571"
LI = "市局李某"


class OfficeOfTheDay(Office):
    """An office whose workbooks list the units of the roster in force, admitted ones too."""

    @property
    def reference(self) -> Reference:
        return reference_in_force.load(self.settings)


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    city = small_city.make(tmp_path_factory.mktemp("reach") / "reference", [ZONE])
    return small_city.measure_only(city, ("facility_rural",))


@pytest.fixture
def office(reference, tmp_path) -> OfficeOfTheDay:
    return OfficeOfTheDay(tmp_path / "data", reference)


def admit(office, name: str = "新河湾村委会") -> tuple[str, int]:
    """A village admitted from May: its code, and the decision's number."""
    town = next(unit.town_code for unit in office.units(MAY, ZONE) if unit.kind == "农村社区")
    event = decisions.admit(name, town, "农村社区", MAY, "区划批复", office.settings, LI)
    return event.body["code"], event.seq


def villages(office, month: date) -> int:
    return figure(office.release(month), "facility_rural", ZONE)["units"]


def test_an_admitted_unit_is_counted_from_its_month_until_the_decision_is_taken_back(office):
    office.send(APRIL, ZONE)
    before = villages(office, APRIL)
    code, seq = admit(office)
    report = office.send(MAY, ZONE)
    assert report.rows["held"] == 0 and report.rows["read"] == len(office.units(MAY, ZONE))
    release = office.release(MAY)
    assert figure(release, "facility_rural", ZONE)["units"] == before + 1
    assert figure(release, "facility_rural", ZONE, APRIL)["units"] == before
    assert release.rows("SELECT row_state FROM standing WHERE unit = ? AND month = ?", [code, MAY]) == [
        {"row_state": "accepted"}
    ]
    with session.writing(office.settings, "查看") as opened:
        assert as_now.key(opened, APRIL) != as_now.key(opened, MAY)
    decisions.withdraw(seq, "批复撤销", office.settings, LI)
    assert villages(office, MAY) == before


def test_a_row_sent_before_its_unit_was_admitted_counts_afterwards(office):
    elsewhere = OfficeOfTheDay(office.settings.data.parent / "elsewhere", office.settings.reference)
    code, _ = admit(elsewhere)
    path = elsewhere.workbook(MAY, ZONE)
    [report] = office.submit(path)
    assert report.rows["held"] == 1
    assert admit(office)[0] == code
    release = office.release(MAY)
    assert figure(release, "facility_rural", ZONE)["unknown"] == 0


def test_every_edition_is_made_again_with_the_units_that_were_admitted_then(office):
    office.send(APRIL, ZONE)
    first = office.run(APRIL)
    admit(office)
    office.send(MAY, ZONE)
    office.run(MAY)
    verdict = rebuild_editions.rebuild(office.settings)
    assert (verdict["agrees"], verdict["releases"], verdict["restored"]) == (True, 2, []), verdict
    assert first.new


def test_a_code_is_not_given_twice_even_after_a_withdrawal(office):
    code, seq = admit(office)
    with pytest.raises(Refusal):
        admit(office)
    decisions.withdraw(seq, "名称有误", office.settings, LI)
    again, _ = admit(office, "新河湾第二村委会")
    assert code[:9] == again[:9] and code != again


def test_a_habit_settled_once_changes_how_the_countys_sheets_are_read(office):
    ticked = {unit.code for unit in office.units(APRIL, ZONE)[::2]}
    report = office.send(
        APRIL, ZONE, lambda unit: {**plain(unit), "info_platform": "√" if unit.code in ticked else None}
    )
    [asked] = [finding for finding in report.findings if finding["code"] == "ticks_and_blanks"]
    assert denied(office, report.seq) == 0
    decisions.resolve(asked["id"], None, office.settings, LI, value="no")
    assert denied(office, report.seq) > 0
    later = office.send(MAY, ZONE, lambda unit: {**plain(unit), "info_platform": "√" if unit.code in ticked else None})
    assert "ticks_and_blanks" not in {finding["code"] for finding in later.findings}
    assert denied(office, later.seq) == denied(office, report.seq)
    decision = [event.seq for event in Archive(office.settings.archive).decisions() if event.kind == "resolve"]
    decisions.withdraw(decision[0], "该县另有说明", office.settings, LI)
    assert denied(office, later.seq) == 0


def denied(office, seq: int) -> int:
    """How many units of a submission are read as having said no."""
    with session.settled(office.settings, "查看") as opened:
        rows = opened.con.execute("SELECT count(*) FROM answer WHERE seq = ? AND NOT info_platform", [seq]).fetchall()
    return rows[0][0]


# ---- how a county's way of writing is read

NO_ANSWER = {"facility": None, "facility_area": None}


@pytest.mark.parametrize(
    ("code", "written", "value", "read"),
    [
        ("month_unclear", Decimal("2019.1"), "10", date(2019, 10, 1)),
        ("month_year_only", "2018年", "6月", date(2018, 6, 1)),
    ],
)
def test_months_without_their_month_are_settled_once_for_a_county(office, code, written, value, read):
    answers = lambda unit: {**plain(unit), "established": written}  # noqa: E731
    report = office.send(APRIL, ZONE, answers)
    asked = next(finding for finding in report.findings if finding["code"] == code)
    assert established(office, APRIL) == {None}
    event = decisions.resolve(asked["id"], None, office.settings, LI, value=value)
    assert event.body["key"] == f"{code}:established"
    assert established(office, APRIL) == {read}
    later = office.send(MAY, ZONE, answers)
    assert code not in {finding["code"] for finding in later.findings} and established(office, MAY) == {read}
    decisions.withdraw(event.seq, "认错了", office.settings, LI)
    assert (established(office, APRIL), established(office, MAY)) == ({None}, {None})


def established(office, month: date) -> set:
    return {value for _, _, value in answers(office, month, "established").values()}


def test_a_habit_is_read_in_one_of_the_ways_that_it_can_be(office):
    report = office.send(
        APRIL, ZONE, lambda unit: {**plain(unit), "established": Decimal("2019.1"), "population": 90_000}
    )
    by_code = {finding["code"]: finding["id"] for finding in report.findings}
    with pytest.raises(Refusal, match="“5”不是分不清的月份的读法；可写：1月、10月"):
        decisions.resolve(by_code["month_unclear"], None, office.settings, LI, value="5")
    with pytest.raises(Refusal, match="这个问题不是一种写法，不能用 --as 认定"):
        decisions.resolve(by_code["people_per_household"], None, office.settings, LI, value="否")


def test_figures_follow_a_habit_there_and_back(office):
    ticked = {unit.code for unit in office.units(APRIL, ZONE)[::2]}
    tick = lambda unit: {**plain(unit), **({"facility": "√"} if unit.code in ticked else NO_ANSWER)}  # noqa: E731
    report = office.send(APRIL, ZONE, tick)
    unknown = figure(office.release(APRIL), "facility_rural", ZONE)["unknown"]
    [asked] = [finding for finding in report.findings if finding["code"] == "ticks_and_blanks"]
    event = decisions.resolve(asked["id"], None, office.settings, LI, value="否")
    assert unknown > 10 and figure(office.release(APRIL), "facility_rural", ZONE)["unknown"] == 0
    decisions.withdraw(event.seq, "该县另有说明", office.settings, LI)
    assert figure(office.release(APRIL), "facility_rural", ZONE)["unknown"] == unknown


def test_a_decision_under_a_countys_earlier_code_is_followed_under_its_later_one(tmp_path):
    before, after = "130526", "130505"
    city = small_city.make(tmp_path / "reference", [before, after])
    office = OfficeOfTheDay(tmp_path / "data", small_city.measure_only(city, ("facility_rural",)))
    july, tick = date(2020, 7, 1), lambda unit: {**plain(unit), "established": Decimal("2019.1")}
    report = office.send(MAY, before, tick)
    office.send(july, after, tick)
    asked = next(finding for finding in report.findings if finding["code"] == "month_unclear")
    event = decisions.resolve(asked["id"], None, office.settings, LI, value="10")
    assert established(office, july) == {date(2019, 10, 1)}
    office.settings.warehouse.unlink()
    assert established(office, july) == {date(2019, 10, 1)}
    decisions.withdraw(event.seq, "认错了", office.settings, LI)
    assert established(office, july) == {None}
