"""The life of a month from file to edition, told with real workbooks of one small county (semantics §4)."""

from datetime import date

import pytest

from pipelines import months
from pipelines.archive.store import Archive
from pipelines.edition import edition_folders
from pipelines.edition.edition_folders import read_manifest
from pipelines.errors import Refusal
from pipelines.intake import decisions
from tests import books, small_city
from tests.books import Office, but, figure, plain, without

MARCH, APRIL, MAY, JUNE, JULY = (date(2020, month, 1) for month in (3, 4, 5, 6, 7))
COUNTY = "130571"
FINDING = "link_needs_platform"  # 未建信息平台的不得填三级平台对接: severity error
RECORD = {"agency": "是", "towns": 3, "town_platforms": 2}


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    city = small_city.make(tmp_path_factory.mktemp("zone") / "reference", ["130571", "130524"])
    return small_city.measure_only(city, ("facility_rural", "platform_rural", "platform_linked", "agency"))


@pytest.fixture
def office(reference, tmp_path) -> Office:
    return Office(tmp_path / "data", reference)


@pytest.fixture(scope="module")
def april_sent(reference, tmp_path_factory) -> Office:
    """The county's file for April has been sent."""
    office = Office(tmp_path_factory.mktemp("reported") / "data", reference)
    office.send(APRIL, COUNTY)
    return office


@pytest.fixture
def reported(april_sent, tmp_path) -> Office:
    """A copy that a test may change: the county has reported April."""
    return april_sent.copy(tmp_path / "data")


@pytest.fixture(scope="module")
def april_published(april_sent, tmp_path_factory) -> Office:
    office = april_sent.copy(tmp_path_factory.mktemp("published") / "data")
    office.run(APRIL)
    return office


@pytest.fixture
def published(april_published, tmp_path) -> Office:
    """A copy that a test may change: April's edition is published."""
    return april_published.copy(tmp_path / "data")


@pytest.fixture(scope="module")
def villages(april_sent) -> list[str]:
    """Names of villages that stand once in the county."""
    names = [unit.name for unit in april_sent.units(MARCH, COUNTY) if unit.kind == "农村社区"]
    return [name for name in names if names.count(name) == 1]


def facilities(release, month=None) -> tuple[int, int]:
    """(villages with a facility, villages) of the county."""
    row = figure(release, "facility_rural", COUNTY, month)
    return row["yes"], row["units"]


def codes(report) -> list[str]:
    return [finding["code"] for finding in report.findings]


# ---- resubmission


def test_the_same_bytes_twice_are_one_submission(office):
    path = office.workbook(APRIL, COUNTY)
    first, second = office.submit(path, path)
    assert (first.state, second.state) == ("effective", "known")
    assert second.seq == first.seq
    assert len([e for e in Archive(office.settings.archive).events() if e.kind == "submission"]) == 1


def test_a_later_submission_leaves_in_force_what_it_does_not_carry_and_says_so(reported, villages):
    later = reported.send(APRIL, COUNTY, without(villages[0]))
    [kept] = [f for f in later.findings if f["code"] == "units_kept"]
    assert villages[0] in kept["found"]
    assert later.rows["kept"] == 1 and later.rows["unchanged"] == later.rows["accepted"]
    release = reported.release(APRIL)
    assert figure(release, "facility_rural", COUNTY)["unknown"] == 0
    states = release.rows("SELECT status FROM submission ORDER BY seq")
    assert [row["status"] for row in states] == ["effective", "effective"]


def test_a_submission_of_which_every_row_is_replaced_is_superseded(reported):
    reported.send(APRIL, COUNTY, lambda unit: plain(unit) | {"households": 201})
    states = reported.release(APRIL).rows("SELECT status FROM submission ORDER BY seq")
    assert [row["status"] for row in states] == ["superseded", "effective"]


def test_what_a_later_submission_changed_is_told(reported, villages):
    later = reported.send(APRIL, COUNTY, but(villages[0], facility="否", facility_area=None))
    [finding] = [f for f in later.findings if f["code"] == "answers_changed"]
    assert villages[0] in finding["found"]


# ---- locked and reopened


def test_a_locked_month_lets_a_submission_wait_and_a_reopening_brings_it_in(reported, villages):
    before = facilities(reported.release(APRIL))
    decisions.approve(APRIL, reported.settings, "市局李某")
    late = reported.send(APRIL, COUNTY, but(villages[0], facility="否", facility_area=None))
    assert late.state == "waiting"
    kept = reported.run(APRIL)
    assert (kept.number, kept.new) == (1, False)
    decisions.reopen(APRIL, "县里更正", reported.settings, "市局李某")
    corrected = reported.run(APRIL)
    assert (corrected.number, corrected.new) == (2, True)
    manifest = read_manifest(corrected.folder)
    assert manifest["kind"] == "corrected"
    assert [item["file"] for item in manifest["changes"]["submissions_added"]] == [late.file]
    changed = {item["indicator"] for item in manifest["changes"]["figures"]}
    assert "facility_rural" in changed and "platform_rural" not in changed
    after = facilities(books.open_folder(corrected.folder))
    assert after == (before[0] - 1, before[1])


def test_the_edition_before_stays_as_it_was(reported, villages):
    first = reported.run(APRIL)
    before = facilities(books.open_folder(first.folder))
    reported.send(APRIL, COUNTY, but(villages[0], facility="否", facility_area=None))
    reported.run(APRIL)
    assert facilities(books.open_folder(first.folder)) == before
    assert read_manifest(first.folder)["kind"] == "original"


def test_a_reopening_without_a_reason_is_refused(office):
    with pytest.raises(Refusal, match="请写明理由"):
        decisions.reopen(APRIL, "  ", office.settings, "市局李某")


def test_who_decided_what_and_why_is_published(reported):
    decisions.approve(APRIL, reported.settings, "市局李某")
    decisions.reopen(APRIL, "县里更正", reported.settings, "市局王某")
    listed = reported.release(APRIL).rows('SELECT kind, "by", why FROM decision ORDER BY seq')
    assert listed == [
        {"kind": "approve", "by": "市局李某", "why": None},
        {"kind": "reopen", "by": "市局王某", "why": "县里更正"},
    ]


# ---- restated, and what is current


def test_a_changed_register_makes_a_restated_edition(published):
    small_city.replace(
        published.edit("policies/opinions-2018/register.yaml"),
        "scope: is_rural, share: facility, target: {at_least: 50", "scope: is_rural, share: facility, target: {at_least: 60",
    )  # fmt: skip
    manifest = read_manifest(published.run(APRIL).folder)
    assert (manifest["edition"], manifest["kind"]) == (2, "restated")
    assert manifest["changes"]["reference"] == ["register:opinions-2018"]


def test_a_correction_of_an_older_month_reaches_the_current_edition_and_does_not_take_its_place(published, villages):
    published.send(MAY, COUNTY)
    published.run(MAY)
    published.send(APRIL, COUNTY, but(villages[0], facility="否", facility_area=None))
    assert published.run(APRIL).number == 2
    assert published.current == "2020-05/2"


def test_a_correction_of_an_older_month_flows_into_the_next_edition_of_an_open_later_month(reported, villages):
    reported.send(MAY, COUNTY)
    first = facilities(reported.release(MAY), APRIL)
    reported.send(APRIL, COUNTY, but(villages[0], facility="否", facility_area=None))
    edition = reported.run(MAY)
    assert facilities(books.open_folder(edition.folder), APRIL) == (first[0] - 1, first[1])
    assert read_manifest(edition.folder)["changes"]["months"] == ["2020-04", "2020-05"]


def test_an_approved_older_month_keeps_its_figures_in_later_editions(reported, villages):
    april = facilities(reported.release(APRIL))
    decisions.approve(APRIL, reported.settings, "市局李某")
    small_city.replace(
        reported.edit("policies/opinions-2018/register.yaml"),
        "scope: is_rural, share: facility, target: {at_least: 50",
        'scope: is_rural, share: "facility_area > 300", target: {at_least: 50',
    )
    reported.send(MAY, COUNTY)
    release = reported.release(MAY)
    assert facilities(release, MAY)[0] == 0
    assert facilities(release, APRIL) == april


# ---- waivers


def linked(name: str, area: int = 300):
    """A row that an error rule holds back: linked without a platform."""
    return but(name, platform_linked="是", info_platform="否", facility_area=area)


def waived(office, name: str, until: date) -> str:
    report = office.send(MARCH, COUNTY, linked(name))
    [finding] = [f for f in report.findings if f["code"] == FINDING]
    assert report.rows["held"] == 1
    decisions.waive(finding["id"], "现场核实", until, office.settings, "市局李某")
    return finding["id"]


def test_a_waiver_lifts_a_row_that_an_error_rule_held(office, villages):
    waived(office, villages[0], APRIL)
    release = office.release(MARCH)
    assert figure(release, "facility_rural", COUNTY)["unknown"] == 0
    [decision] = release.rows('SELECT kind, "by", why, until FROM decision')
    assert decision == {"kind": "waive", "by": "市局李某", "why": "现场核实", "until": "2020-04"}
    [row] = release.rows("SELECT errors FROM report WHERE month = ? AND county = ?", [MARCH, COUNTY])
    assert row["errors"] == 0, "认可了的问题在发布版中也不再算错误"


def test_a_waived_finding_stays_quiet_in_the_next_month_while_the_value_stays(office, villages):
    waived(office, villages[0], APRIL)
    # another answer of the same row is not what was waived
    report = office.send(APRIL, COUNTY, linked(villages[0], area=400))
    assert (report.rows["held"], report.errors) == (0, 0)


def test_a_waiver_ends_after_its_month(office, villages):
    waived(office, villages[0], APRIL)
    report = office.send(MAY, COUNTY, linked(villages[0]))
    assert (report.rows["held"], report.errors) == (1, 1)
    assert figure(office.release(MAY), "platform_linked", COUNTY)["yes"] == 0


def test_a_waiver_does_not_cover_another_value(office, villages):
    first = waived(office, villages[0], JULY)
    report = office.send(APRIL, COUNTY, but(villages[0], platform_linked="是", info_platform="否", subcommittees=3))
    assert [f["id"] for f in report.findings if f["code"] == FINDING] == [first]
    other = office.send(APRIL, COUNTY, linked(villages[1]))
    assert other.rows["held"] == 1


def test_what_cannot_be_read_cannot_be_waived(office, villages):
    report = office.send(APRIL, COUNTY, but(villages[0], facility="大概有"))
    [finding] = [f for f in report.findings if f["severity"] == "error"]
    message = f"问题 {finding['id']} 是读不出或认不出的内容，不能豁免，只能改正后重报"
    with pytest.raises(Refusal, match=message):
        decisions.waive(finding["id"], "无妨", APRIL, office.settings, "市局李某")


# ---- an open question about a unit


def renamed(name: str):
    """The unit is written without code and under a name that the roster does not have."""
    return but(name, code=None, name="红旗新村")


def test_an_open_unit_is_resolved_once_and_known_the_next_month(office, villages):
    unit = next(u for u in office.units(APRIL, COUNTY) if u.name == villages[0])
    report = office.send(APRIL, COUNTY, renamed(villages[0]))
    [question] = [f for f in report.findings if f["code"] == "unit_unknown_name"]
    assert figure(office.release(APRIL), "facility_rural", COUNTY)["unknown"] == 1
    decisions.resolve(question["id"], unit.code, office.settings, "市局李某")
    release = office.release(APRIL)
    assert (release.edition, figure(release, "facility_rural", COUNTY)["unknown"]) == (2, 0)
    again = office.send(MAY, COUNTY, renamed(villages[0]))
    assert "unit_unknown_name" not in codes(again)
    assert again.rows["held"] == 0


def test_a_unit_of_another_county_is_no_answer_to_an_open_question(office, villages):
    report = office.send(APRIL, COUNTY, renamed(villages[0]))
    [question] = [f for f in report.findings if f["code"] == "unit_unknown_name"]
    foreign = office.units(APRIL, "130524")[0].code
    with pytest.raises(Refusal, match=f"{foreign} 不是该县2020年4月名册中的单位；请核对代码"):
        decisions.resolve(question["id"], foreign, office.settings, "市局李某")


# ---- carried forward


def test_answers_are_carried_for_two_months_and_no_longer(office):
    office.send(MARCH, COUNTY)
    office.send(JUNE, "130524")
    release = office.release(JUNE)
    march, april, may, june = (figure(release, "facility_rural", COUNTY, month) for month in (MARCH, APRIL, MAY, JUNE))
    every = march["units"]
    assert (march["yes"], march["carried"]) == (every, 0)
    assert (april["yes"], april["carried"]) == (every, every)
    assert (may["yes"], may["carried"]) == (every, every)
    assert (june["yes"], june["carried"], june["unknown"], june["status"]) == (0, 0, june["units"], "no_data")


def test_a_row_accepted_with_a_gap_keeps_its_gap(office, villages):
    office.send(MARCH, COUNTY)
    office.send(APRIL, COUNTY, but(villages[0], facility=None, facility_area=None))
    row = figure(office.release(APRIL), "facility_rural", COUNTY)
    assert (row["unknown"], row["carried"]) == (1, 0)


def test_a_held_row_lends_the_month_before(office, villages):
    office.send(MARCH, COUNTY)
    office.send(APRIL, COUNTY, linked(villages[0]))
    row = figure(office.release(APRIL), "facility_rural", COUNTY)
    assert (row["unknown"], row["carried"]) == (0, 1)


def test_a_workbook_without_the_countys_own_sheet_counts_for_its_communities(office):
    report = office.send(MARCH, COUNTY)
    assert not report.refused
    release = office.release(MARCH)
    assert figure(release, "agency", COUNTY)["status"] == "no_data"
    assert facilities(release)[0] > 0


def test_the_countys_own_sheet_is_carried_for_two_months(office):
    office.send(MARCH, COUNTY, plain, RECORD)
    for month in (APRIL, MAY, JUNE):
        office.send(month, COUNTY)
    release = office.release(JUNE)
    rows = [figure(release, "agency", COUNTY, month) for month in months.span(MARCH, JUNE)]
    assert [(f["yes"], f["carried"]) for f in rows] == [(1, 0), (1, 1), (1, 1), (0, 0)]


def test_nothing_new_makes_no_new_edition(reported):
    first, second = reported.run(APRIL), reported.run(APRIL)
    assert (first.new, second.new, second.number) == (True, False, 1)
    assert len(list(edition_folders.editions(reported.settings.releases))) == 1
