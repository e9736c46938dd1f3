"""Reports for months that are not over, that lie before the policy, or that are locked: they wait, say so, and come in by themselves."""

from datetime import date, datetime, timedelta

import pytest

from pipelines.answers import county_and_month
from pipelines.archive.store import Archive
from pipelines.intake import answer_matters, decisions, reporting_status, session, submit_files
from pipelines.monthly import rebuild_editions
from pipelines.months import SHANGHAI
from pipelines.workbook.grid import Sheet, Workbook
from tests import small_city
from tests.books import Office, but, plain
from tests.intake.desk_of_an_office import answers, standing

APRIL, MAY = date(2020, 4, 1), date(2020, 5, 1)
ZONE = "130571"
IN_MAY = datetime(2020, 5, 20, 9, tzinfo=SHANGHAI)
IN_JUNE = datetime(2020, 6, 1, 0, 1, tzinfo=SHANGHAI)
LI = "市局李某"


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    city = small_city.make(tmp_path_factory.mktemp("wait") / "reference", [ZONE])
    return small_city.measure_only(city, ("facility_rural",))


@pytest.fixture
def office(reference, tmp_path) -> Office:
    return Office(tmp_path / "data", reference)


def sent(office, path, now: datetime):
    [report] = submit_files.submit([path], office.settings, "测试", now=now)
    return report


def settled(office, now: datetime):
    with session.settled(office.settings, "测试", now=now) as opened:
        return opened.life()


def test_a_report_for_a_month_that_is_not_over_waits_and_says_from_when_it_counts(office):
    report = sent(office, office.workbook(MAY, ZONE), IN_MAY)
    assert (report.state, report.refused) == ("waiting", False)
    assert report.waits == "2020年5月还没有结束，本件自 2020-06-01 起计入；月份如有笔误，请撤回本件并改正后重报。"
    assert report.rows["accepted"] == report.rows["new"] == len(office.units(MAY, ZONE)), "等待时已整份判读"
    assert settled(office, IN_MAY).reported == []


def test_it_comes_into_force_by_itself_once_the_month_is_over(office):
    report = sent(office, office.workbook(MAY, ZONE), IN_MAY)
    assert settled(office, IN_JUNE - timedelta(minutes=2)).reported == []
    life = settled(office, IN_JUNE)
    assert life.effective(MAY) == {ZONE: [report.seq]}
    events = [event.kind for event in Archive(office.settings.archive).events()]
    settled(office, IN_JUNE + timedelta(days=1))
    assert [event.kind for event in Archive(office.settings.archive).events()] == events, "只记一次"


def test_figures_are_the_same_when_they_are_made_again(office):
    sent(office, office.workbook(APRIL, ZONE), IN_MAY)
    slip = sent(office, office.workbook(MAY, ZONE, lambda unit: plain(unit) | {"households": 300}), IN_MAY)
    office.run(APRIL)
    settled(office, IN_JUNE)
    office.run(MAY)
    taken = decisions.withdraw(slip.seq, "月份写错", office.settings, LI)
    office.run(APRIL)
    decisions.withdraw(taken.seq, "没有写错", office.settings, LI)
    assert rebuild_editions.rebuild(office.settings)["agrees"]


def test_a_month_before_the_policy_is_a_question_before_it_counts(office):
    old = date(2018, 5, 1)
    small_city.replace(office.edit("rosters/editions.yaml"), "2018-10-31", "2017-10-31")
    report = sent(office, office.workbook(old, ZONE), IN_JUNE)
    assert report.state == "question" and "须经市里采纳" in report.waits
    [matter] = [m for m in answer_matters.matters(office.settings, old) if m["kind"] == "month_question"]
    assert settled(office, IN_JUNE).reported == []
    answer_matters.accept(matter["id"], office.settings, LI)
    assert settled(office, IN_JUNE).reported == [old]
    assert "month_question" not in {m["kind"] for m in answer_matters.matters(office.settings, old)}


def test_any_other_month_that_is_over_counts_at_once(office):
    assert sent(office, office.workbook(date(2018, 11, 1), ZONE), IN_JUNE).state == "effective"


def test_a_late_file_for_a_locked_month_is_judged_in_full_while_it_waits(office):
    village = next(unit for unit in office.units(APRIL, ZONE) if unit.kind == "农村社区")
    office.send(APRIL, ZONE)
    decisions.approve(APRIL, office.settings, LI)
    before = standing(office)
    late = office.send(APRIL, ZONE, but(village.name, facility="否"))
    assert (late.state, late.waits) == ("waiting", "2020年4月已审定，本件待重开后计入。")
    assert (late.rows["held"], late.rows["unchanged"]) == (1, len(office.units(APRIL, ZONE)) - 1)
    assert "no_facility_no_area" in {finding["code"] for finding in late.findings}
    assert standing(office) == before
    assert reporting_status.status(office.settings, APRIL)["waiting"] == [late.seq]
    decisions.reopen(APRIL, "更正", office.settings, LI)
    assert answers(office, APRIL, "facility")[village.code] == ("accepted", APRIL, True), "有错的行不取代先前的"


def test_a_slip_into_the_far_future_computes_nothing(office):
    office.send(APRIL, ZONE)
    slip = sent(office, office.workbook(date(2036, 10, 1), ZONE), IN_MAY)
    assert slip.state == "waiting"
    with session.writing(office.settings, "测试") as opened:
        assert opened.con.execute("SELECT DISTINCT month FROM standing").fetchall() == [(APRIL,)]
    assert office.run().month == APRIL


@pytest.mark.parametrize("month", ["9999-12", "0001-01", "1999-12"])
def test_a_hidden_mark_of_a_month_beyond_all_calendars_is_no_statement(month):
    sheet = Sheet(county_and_month.MARKS, "very_hidden", [["month", month], ["prefilled", month]])
    marks = county_and_month.read_marks(Workbook("xlsx", [sheet]))
    assert (marks.month, marks.prefilled) == (None, None)
