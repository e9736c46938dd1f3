"""Each kind of mistake, made and taken back: afterwards the figures are those of an installation where it never happened (issue J)."""

import shutil
from datetime import date, datetime

import pytest

from pipelines import months
from pipelines.access.roles import Actor
from pipelines.archive.store import Archive
from pipelines.edition.edition_folders import read_manifest
from pipelines.intake import answer_matters, collect_inbox, decisions, month_now, session, submit_files
from pipelines.monthly import month_decisions, monthly_run
from pipelines.months import SHANGHAI
from tests import small_city
from tests.books import Office, but, plain
from tests.intake.desk_of_an_office import standing

APRIL, MAY = date(2020, 4, 1), date(2020, 5, 1)
ZONE = "130571"
LI = "市局李某"


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Office:
    """April and May, run: nothing has gone wrong."""
    folder = tmp_path_factory.mktemp("back")
    reference = small_city.measure_only(small_city.make(folder / "reference", [ZONE]), ("facility_rural", "agency"))
    office = Office(folder / "data", reference)
    for month in (APRIL, MAY):
        office.send(month, ZONE, plain, {"agency": "是", "towns": 3})
        office.run(month)
    return office


@pytest.fixture
def office(published, tmp_path) -> Office:
    shutil.copytree(published.settings.data, tmp_path / "data")
    return Office(tmp_path / "data", published.settings.reference)


def figures(office) -> list[str]:
    """The content of every table of figures of the current edition's series."""
    tables = read_manifest(office.settings.releases / office.current)["tables"]
    return [tables[name][key]["content"] for name in ("figure", "figure_now") for key in ("2020-04", "2020-05")]


def by_command(office, path) -> int:
    return submit_files.submit([path], office.settings, LI)[0].seq


def by_page(office, path) -> int:
    return submit_files.submit([path], office.settings, Actor("王开发", "县级", (ZONE,)))[0].seq


def by_inbox(office, path) -> int:
    shutil.copy(path, office.settings.inbox / path.name)
    with session.writing(office.settings, "测试") as opened:
        [seq] = collect_inbox.collect(opened, office.settings)
        monthly_run.publish_working(opened, office.settings)
    return seq


@pytest.mark.parametrize("way", [by_command, by_page, by_inbox])
def test_a_month_written_wrong_decides_nothing_and_is_taken_back(office, published, way):
    """The running month, and a year that is over: by the command line, the page, the inbox."""
    office.settings.inbox.mkdir(parents=True, exist_ok=True)
    this_month = datetime.now(SHANGHAI).date().replace(day=1)
    early = way(office, office.workbook(this_month, ZONE))
    assert [row["waiting"] for row in month_now.submissions(office.settings, this_month)] == [True]
    old = way(office, office.workbook(date(2019, 4, 1), ZONE, lambda unit: plain(unit) | {"households": 1}))
    assert office.current == "2020-05/1" and monthly_run.run(office.settings, by=LI).month == MAY
    assert months.key(this_month) not in [
        label.split("/")[0] for label in month_now.of(office.settings, MAY).editions.made
    ]
    for seq in (early, old):
        month_decisions.withdraw(seq, "月份写错", office.settings, LI)
    office.run(MAY)
    assert (standing(office), figures(office)) == (standing(published), figures(published))


def test_a_month_of_mistakes_taken_back_is_as_if_they_had_never_been_made(office, published, tmp_path):
    place, taken = office.settings, []
    villages = [unit for unit in office.units(MAY, ZONE) if unit.kind == "农村社区"]
    first, second = villages[0], villages[1]
    before = len(list(Archive(place.archive).events()))
    # a wrong row, an answer changed by nobody's will, a strange unit that is taken for the wrong one
    (tmp_path / "报表.xlsx").write_bytes(b"no workbook")
    odd = office.workbook(MAY, ZONE, but(first.name, code=None, name="红旗新村"), {"agency": "否", "towns": 3})
    sent, missing, nameless = submit_files.submit([odd, tmp_path / "没有.xlsx", tmp_path / "报表.xlsx"], place, LI)
    assert (missing.state, missing.seq) == ("refused", None) and nameless.county is None
    question = next(f["id"] for f in sent.findings if f["code"] == "unit_unknown_name")
    taken.append(decisions.resolve(question, second.code, place, LI).seq)
    wrong = office.send(
        MAY, ZONE, lambda unit: plain(unit) | {"facility": "否", "facility_area": None, "population": 90_000}
    )
    warning = next(f["id"] for f in wrong.findings if f["code"] == "people_per_household")
    taken += [decisions.waive(warning, "核实过", MAY, place, LI).seq for _ in range(2)][:1]
    taken.append(decisions.admit("新村", first.town_code, "农村社区", MAY, "新设", place, LI).seq)
    taken.append(decisions.extend(MAY, ZONE, place, LI, "停电", excuse=True).seq)
    edition = office.run(MAY)
    assert figures(office) != figures(published)
    month_decisions.approve(MAY, place, LI)
    taken += [event.seq for event in Archive(place.archive).events(after=before) if event.kind == "approve"]
    retracted = month_decisions.retract(edition.label, "数字有误", place, LI)
    assert office.current == "2020-05/1"
    for seq in [*reversed(taken), wrong.seq, sent.seq]:
        month_decisions.withdraw(seq, "有误", place, LI)
    [matter] = [m for m in answer_matters.matters(place) if m["kind"] == "no_county"]
    answer_matters.dismiss(matter["id"], "不是报表", place, LI)
    assert office.run(MAY).label == office.current == "2020-05/3", "撤回的报送列在新的一版里"
    assert (standing(office), figures(office)) == (standing(published), figures(published))
    month_decisions.withdraw(retracted.seq, "留着", place, LI)
    assert (office.current, figures(office)) == ("2020-05/3", figures(published))
    waiting = {(m["kind"], m["state"]) for m in answer_matters.matters(place)} - {("no_county", "dismissed")}
    assert waiting == {(m["kind"], m["state"]) for m in answer_matters.matters(published.settings)}
