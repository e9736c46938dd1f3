"""When an edition is released, by whichever way, and how it is taken back (semantics §4, Gate and Edition; issue J)."""

import shutil
from datetime import date, datetime, timedelta

import dagster as dg
import docx
import pytest
from click.testing import CliRunner

from pipelines.archive import month_state
from pipelines.archive.store import Archive
from pipelines.cli.commands import main
from pipelines.definitions import build_defs
from pipelines.edition import edition_folders, open_release, publish
from pipelines.edition.edition_folders import read_manifest
from pipelines.errors import Refusal
from pipelines.intake import decisions, month_now, session
from pipelines.monthly import gate, month_decisions, monthly_run, overdue, papers, rebuild_editions
from pipelines.months import SHANGHAI
from pipelines.serving import background_runs
from pipelines.settings import Settings
from tests import small_city
from tests.books import Office, but, figure, without, without_papers

APRIL, MAY, JULY = date(2020, 4, 1), date(2020, 5, 1), date(2020, 7, 1)
ONE, OTHER = "130571", "130524"
# 5 May 2020 ends a holiday, so April is due on the 6th
BEFORE, AFTER = (datetime(2020, 5, 7, *clock, tzinfo=SHANGHAI) for clock in ((5, 59), (6, 0)))


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference") / "reference"
    return small_city.measure_only(small_city.make(folder, [ONE, OTHER]), ("facility_rural", "platform_rural"))


@pytest.fixture(scope="module")
def published(reference, tmp_path_factory) -> Office:
    """April and May of one county of two, run: their publication times are long past."""
    office = Office(tmp_path_factory.mktemp("office") / "data", reference)
    for month in (APRIL, MAY):
        office.send(month, ONE)
        office.run(month, with_papers=True)
    return office


@pytest.fixture
def office(published, tmp_path) -> Office:
    shutil.copytree(published.settings.data, tmp_path / "data")
    return Office(tmp_path / "data", published.settings.reference)


@pytest.fixture
def no_papers():
    """For a test that looks at none."""
    with without_papers():
        yield


def village(office: Office) -> str:
    return next(unit.name for unit in office.units(APRIL, ONE) if unit.kind == "农村社区")


def opened_by(office: Office, month: date, now: datetime) -> str | None:
    with session.settled(office.settings, "测试") as opened:
        return gate.opened_by(opened, month, now)


def make_working(office: Office) -> list[str]:
    """What the inbox does with a batch."""
    with session.settled(office.settings, "测试") as opened:
        return [edition.label for edition in monthly_run.publish_working(opened, office.settings)]


# ---- what opens the gate


def test_the_gate_opens_at_the_publication_time_however_few_reported(office):
    assert (opened_by(office, APRIL, BEFORE), opened_by(office, APRIL, AFTER)) == (None, "by_time")


def test_the_gate_opens_when_every_unit_has_an_accepted_row_and_not_one_before(office):
    missing = office.units(APRIL, OTHER)[0].name
    office.send(APRIL, OTHER, without(missing))
    assert opened_by(office, APRIL, BEFORE) is None
    office.send(APRIL, OTHER)
    assert opened_by(office, APRIL, BEFORE) == "all_reported"


def test_an_excused_county_is_not_waited_for_until_that_is_taken_back(office):
    event = decisions.extend(APRIL, OTHER, office.settings, "李某", "受灾", excuse=True)
    assert opened_by(office, APRIL, BEFORE) == "all_reported"
    decisions.withdraw(event.seq, "已报", office.settings, "李某")
    assert opened_by(office, APRIL, BEFORE) is None


def test_a_month_with_lent_answers_only_is_never_released_by_time(office):
    later = datetime(2030, 1, 1, tzinfo=SHANGHAI)
    assert (opened_by(office, date(2020, 6, 1), later), opened_by(office, MAY, later)) == (None, "by_time")
    with pytest.raises(Refusal, match="2020年6月没有任何有效报表，不予成版"):
        office.run(date(2020, 6, 1))


# ---- working editions


def test_what_the_inbox_makes_is_a_working_edition_until_a_run(office):
    office.send(MAY, ONE, but(village(office), facility="否", facility_area=None))
    assert make_working(office) == ["2020-05/2"]
    assert (office.current, open_release(edition="working", settings=office.settings).label) == (
        "2020-05/1",
        "2020-05/2",
    )
    now = month_now.of(office.settings, MAY)
    assert (now.released, now.working) == ("2020-05/1", "2020-05/2")
    assert (office.run(MAY).new, office.current) == (False, "2020-05/2")


def test_a_batch_in_which_no_figure_changed_makes_no_edition(office):
    office.send(MAY, ONE, but(village(office), households=201))
    assert make_working(office) == []


def test_what_came_in_after_the_tick_waits_for_the_next_one(office):
    office.send(MAY, ONE, but(village(office), facility="否", facility_area=None))
    make_working(office)
    now = datetime.now(SHANGHAI)
    assert overdue.owed(office.settings, now - timedelta(days=1)) == {}
    assert list(overdue.owed(office.settings, now + timedelta(days=1))) == [MAY]


@pytest.mark.usefixtures("no_papers")
def test_a_slip_into_a_much_later_month_costs_nothing_between_and_stays_off_the_screen(office):
    slip = date(2023, 9, 1)
    report = office.send(slip, ONE)
    assert make_working(office) == ["2023-09/1"]
    assert office.current == "2020-05/1"
    months = read_manifest(office.settings.releases / "2023-09" / "1")["months"]
    assert months == ["2020-04", "2020-05", "2020-06", "2020-07", "2023-09"], "无人填报、也无从沿用的月份不算"
    assert gate.current_without_reports(office.settings) is None
    month_decisions.release(slip, office.settings, "李某")
    month_decisions.withdraw(report.seq, "月份写错", office.settings, "李某")
    assert gate.current_without_reports(office.settings) == "2023-09/1"
    assert month_now.known_months(office.settings) == [APRIL, MAY, slip], "在那里收回"
    month_decisions.retract("2023-09/1", "月份写错", office.settings, "李某")
    assert (gate.current_without_reports(office.settings), office.current) == (None, "2020-05/1")
    assert open_release(edition="working", settings=office.settings).label == "2020-05/1"
    assert office.run().label == "2020-05/1"


# ---- by hand, and back


@pytest.mark.usefixtures("no_papers")
def test_a_person_releases_and_takes_back_and_what_stood_before_is_current_again(office):
    office.send(MAY, ONE, but(village(office), facility="否", facility_area=None))
    make_working(office)
    month_decisions.release(MAY, office.settings, "李某")
    assert office.current == "2020-05/2"
    with pytest.raises(Refusal, match=r"2020-05/2 已于 .* 发布，无需再发布"):
        month_decisions.release(MAY, office.settings, "李某")
    event = month_decisions.retract("2020-05/2", "数字有误", office.settings, "李某")
    assert (office.current, office.run(MAY).new, office.current) == ("2020-05/1", False, "2020-05/1")
    month_decisions.withdraw(event.seq, "没有错", office.settings, "李某")
    assert office.current == "2020-05/2"


@pytest.mark.usefixtures("no_papers")
def test_without_any_release_left_nothing_is_current_and_it_is_said(office):
    for name in ("2020-05/1", "2020-04/1"):
        month_decisions.retract(name, "重来", office.settings, "李某")
    with pytest.raises(Refusal, match="还没有发布任何月份"):
        open_release(settings=office.settings)
    with pytest.raises(Refusal, match="现有数据与已收回的 2020-05/1 相同；请先更正，或撤回“收回”"):
        month_decisions.approve(MAY, office.settings, "李某")
    assert month_now.of(office.settings, MAY).state == "open"


@pytest.mark.parametrize("by", ["", "  ", "root", "daemon"])
def test_a_decision_bears_a_persons_name(office, by):
    for decide in (
        lambda: month_decisions.release(MAY, office.settings, by),
        lambda: month_decisions.retract("2020-05/1", "x", office.settings, by),
        lambda: month_decisions.approve(MAY, office.settings, by),
    ):
        with pytest.raises(Refusal, match="姓名"):
            decide()


# ---- corrections of older months


def test_a_correction_of_an_older_month_reaches_the_current_edition_by_a_run_of_that_month(office):
    office.send(APRIL, ONE, but(village(office), facility="否", facility_area=None))
    assert office.run(APRIL).label == "2020-04/2"
    assert office.current == "2020-05/2"
    corrected = figure(open_release(settings=office.settings), "facility_rural", ONE, APRIL)
    assert corrected["yes"] == corrected["units"] - 1


def by_command(settings: Settings) -> None:
    done = CliRunner(env={"SHEQU_REFERENCE": str(settings.reference)}).invoke(
        main, ["--data", str(settings.data), "run", "--month", "2020-04"]
    )
    assert done.exit_code == 0, done.output


def by_page(settings: Settings) -> None:
    for _ in background_runs.run_month(settings, APRIL, "李某"):
        pass


def by_dagster(settings: Settings) -> None:
    """The timetable's job, in this process."""
    with dg.instance_for_test() as instance:
        job = build_defs(settings).resolve_job_def("monthly")
        assert job.execute_in_process(instance=instance, tags={"dagster/partition": "2020-04"}).success


def test_a_correction_of_an_older_month_is_the_same_by_command_page_and_timetable(office, tmp_path, monkeypatch):
    # what the page does in a process of its own is done in this one
    monkeypatch.setattr(background_runs, "command", lambda settings, *words: iter([by_command(settings)]))
    office.send(APRIL, ONE, but(village(office), facility="否", facility_area=None))
    there = {}
    for way in (by_command, by_page, by_dagster):
        copy = Office(shutil.copytree(office.settings.data, tmp_path / way.__name__), office.settings.reference)
        way(copy.settings)
        current = edition_folders.current(copy.settings.releases)
        papers = sorted(path.name for path in (current / "reports").iterdir())
        made = month_state.editions(Archive(copy.settings.archive)).shown()
        corrected = figure(open_release(settings=copy.settings), "facility_rural", ONE, APRIL)
        assert corrected["yes"] == corrected["units"] - 1, way
        there[way] = (copy.current, read_manifest(current)["digest"], papers, made)
    assert there[by_command][0] == "2020-05/2"
    assert there[by_command][3] == ["2020-04/1", "2020-04/2", "2020-05/1", "2020-05/2"]
    assert there[by_command] == there[by_page] == there[by_dagster]


# ---- approval


def stamp(office: Office, folder) -> str:
    (paper,) = folder.glob("*.docx")
    return "\n".join(paragraph.text for paragraph in docx.Document(paper).paragraphs)


def test_approval_makes_the_edition_of_all_that_came_in_releases_it_and_stamps_its_papers(office):
    office.send(MAY, ONE, but(village(office), facility="否", facility_area=None))
    month_decisions.approve(MAY, office.settings, "市局李某", "其余停电")
    assert office.current == "2020-05/2"
    folder = edition_folders.current(office.settings.releases) / "reports"
    assert "由市局李某审定" in stamp(office, folder)


def test_papers_are_issued_anew_when_a_month_is_approved_and_reopened_and_earlier_ones_are_kept(office):
    edition = edition_folders.current(office.settings.releases)
    digest = read_manifest(edition)["digest"]
    month_decisions.approve(MAY, office.settings, "市局李某", "其余停电")
    month_decisions.reopen(MAY, "县里更正", office.settings, "市局李某")
    assert (office.current, read_manifest(edition)["digest"]) == ("2020-05/1", digest)
    said = [stamp(office, edition / "reports" / place) for place in ("earlier/1", "earlier/2", ".")]
    assert ["审定。" in text and "由市局李某审定" in text for text in said] == [False, True, False]
    assert "由市局李某重开，原因：县里更正。" in said[2]
    assert open_release(settings=office.settings).manifest["states"]["2020-05"] == "reopened"
    excused = month_decisions.extend(MAY, OTHER, office.settings, "市局李某", "受灾", excuse=True)
    assert "经批准本月免报" in stamp(office, edition / "reports")
    month_decisions.withdraw(excused.seq, "已报", office.settings, "市局李某")
    assert "经批准本月免报" not in stamp(office, edition / "reports")


def test_papers_are_issued_anew_with_a_note_on_their_month_and_without_it_when_it_is_withdrawn(office):
    edition = edition_folders.current(office.settings.releases)
    noted = decisions.annotate(MAY, "市长批示:年底前补齐。", office.settings, "市局李某")
    assert papers.behind(office.settings, edition) and "市长批示" not in stamp(office, edition / "reports")
    papers.issue_latest(office.settings, [MAY])
    assert "本月批示和事件：市长批示：年底前补齐（市局李某" in stamp(office, edition / "reports")
    decisions.annotate(APRIL, "上月的事", office.settings, "市局李某")
    assert not papers.behind(office.settings, edition), "别的月份的批注与本月的报告无关"
    month_decisions.withdraw(noted.seq, "记错月份", office.settings, "市局李某")
    said = [stamp(office, edition / "reports" / place) for place in ("earlier/1", "earlier/2", ".")]
    assert ["市长批示" in text for text in said] == [False, True, False]
    assert not papers.behind(office.settings, edition)


@pytest.mark.usefixtures("no_papers")
def test_a_reopening_taken_back_takes_its_correction_from_the_screen_and_another_brings_it_back(office):
    month_decisions.approve(MAY, office.settings, "市局李某", "其余停电")
    mistake = month_decisions.reopen(MAY, "误点", office.settings, "市局李某")
    office.send(MAY, ONE, but(village(office), facility="否", facility_area=None))
    assert (office.run(MAY).label, office.current) == ("2020-05/2", "2020-05/2")
    month_decisions.withdraw(mistake.seq, "误点", office.settings, "市局李某")
    assert office.current == "2020-05/1"
    edition = office.run(MAY)
    assert (edition.label, edition.new, office.current) == ("2020-05/1", False, "2020-05/1")
    month_decisions.reopen(MAY, "县里更正", office.settings, "市局李某")
    edition = office.run(MAY)
    assert (edition.label, edition.new, office.current) == ("2020-05/3", True, "2020-05/3")
    assert rebuild_editions.rebuild(office.settings)["agrees"]


@pytest.mark.usefixtures("no_papers")
def test_a_county_that_need_not_report_is_not_missing_from_an_approval(office):
    decisions.extend(MAY, OTHER, office.settings, "市局李某", "受灾", excuse=True)
    assert "missing" not in month_decisions.approve(MAY, office.settings, "市局李某").body
    assert month_decisions.approve(APRIL, office.settings, "市局李某").body["missing"] == [OTHER]


# ---- rebuild


@pytest.mark.usefixtures("no_papers")
def test_a_rebuild_from_the_archive_alone_follows_releases_and_retractions(office):
    office.send(MAY, ONE, but(village(office), facility="否", facility_area=None))
    office.run(MAY)
    month_decisions.retract("2020-05/2", "数字有误", office.settings, "李某")
    shutil.rmtree(office.settings.releases)
    shutil.rmtree(office.settings.warehouse.parent)
    verdict = rebuild_editions.rebuild(office.settings)
    assert verdict["agrees"], verdict
    assert (verdict["releases"], office.current) == (3, "2020-05/1")
    with session.settled(office.settings, "测试") as opened:
        assert publish(opened, office.settings, MAY).label == "2020-05/2"
    assert office.current == "2020-05/1"
    assert Archive(office.settings.archive).verify() == []
