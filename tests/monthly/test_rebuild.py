"""Everything but the archive deleted: every edition comes back, figure for figure (issue C 8)."""

import shutil
from datetime import date

import dagster as dg
import pytest

from pipelines.archive.store import Archive
from pipelines.defs.resource import Station
from pipelines.edition import edition_folders, open_release
from pipelines.edition.edition_folders import read_manifest
from pipelines.intake import decisions
from pipelines.monthly import monthly_run, rebuild_editions
from tests import small_city
from tests.books import Office, but, figure

APRIL, MAY = date(2020, 4, 1), date(2020, 5, 1)
COUNTY = "130571"


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Office:
    """Three editions: April, April corrected after a reopening, May under a register that was changed in between."""
    folder = tmp_path_factory.mktemp("office")
    reference = small_city.make(folder / "reference", [COUNTY])
    office = Office(folder / "data", small_city.measure_only(reference, ("facility_rural", "platform_rural")))
    office.send(APRIL, COUNTY)
    office.run(APRIL)
    decisions.approve(APRIL, office.settings, "市局李某")
    village = next(unit.name for unit in office.units(APRIL, COUNTY) if unit.kind == "农村社区")
    office.send(APRIL, COUNTY, but(village, facility="否", facility_area=None))
    decisions.reopen(APRIL, "县里更正", office.settings, "市局李某")
    office.run(APRIL)
    decisions.approve(APRIL, office.settings, "市局李某")
    small_city.replace(
        office.edit("policies/opinions-2018/register.yaml"),
        "scope: is_rural, share: facility, target: {at_least: 50", "scope: is_rural, share: facility, target: {at_least: 60",
    )  # fmt: skip
    office.send(MAY, COUNTY)
    office.run(MAY)
    return office


@pytest.fixture
def office(published, tmp_path) -> Office:
    """A copy that a test may damage."""
    shutil.copytree(published.settings.data, tmp_path / "data")
    return Office(tmp_path / "data", published.settings.reference)


def digests(office: Office) -> dict[str, str]:
    folders = edition_folders.editions(office.settings.releases)
    return {f"{folder.parent.name}/{folder.name}": read_manifest(folder)["digest"] for folder in folders}


def ledger(office: Office) -> bytes:
    return (office.settings.archive / "ledger.jsonl").read_bytes()


def delete_all_but_the_archive(office: Office) -> None:
    shutil.rmtree(office.settings.releases)
    shutil.rmtree(office.settings.warehouse.parent)


@pytest.fixture(scope="module")
def rebuilt(published, tmp_path_factory) -> tuple[Office, dict]:
    """A copy of which only the archive was left, made again; and the verdict."""
    data = tmp_path_factory.mktemp("rebuilt") / "data"
    shutil.copytree(published.settings.data, data)
    office = Office(data, published.settings.reference)
    delete_all_but_the_archive(office)
    return office, rebuild_editions.rebuild(office.settings)


def test_all_editions_come_back_and_agree(rebuilt, published):
    office, verdict = rebuilt
    assert verdict["agrees"], verdict
    assert (verdict["releases"], verdict["agree"]) == (3, 3)
    assert sorted(verdict["restored"]) == ["2020-04/1", "2020-04/2", "2020-05/1"]
    assert verdict["message"].startswith("台账所载 3 个发布版中，3 个重做后逐项一致。")
    assert digests(office) == digests(published)
    assert ledger(office) == ledger(published), "重建不写台账"


def test_what_came_back_is_what_readers_open(rebuilt):
    release = open_release(settings=rebuilt[0].settings)
    assert release.label == "2020-05/1"
    corrected = figure(release, "facility_rural", COUNTY, APRIL)
    assert corrected["yes"] == corrected["units"] - 1


def test_old_editions_are_made_with_the_reference_data_of_their_time(rebuilt):
    """The present register asks 60 of what April's asked 50."""
    office = rebuilt[0]
    asked = "SELECT goal FROM indicator WHERE indicator = 'facility_rural'"
    goals = {
        label: open_release(label[:7], int(label[8:]), office.settings).rows(asked)[0]["goal"]
        for label in digests(office)
    }
    assert goals == {"2020-04/1": "≥50", "2020-04/2": "≥50", "2020-05/1": "≥60"}


def test_the_next_run_after_a_rebuild_makes_no_new_edition(rebuilt):
    edition = rebuilt[0].run(MAY)
    assert (edition.number, edition.new) == (1, False)


def test_one_damaged_edition_is_put_back_and_the_others_are_not_touched(office):
    (office.settings.releases / "2020-04" / "2" / "manifest.json").unlink()
    whole = office.settings.releases / "2020-05" / "1" / "manifest.json"
    before = whole.stat().st_mtime_ns
    verdict = rebuild_editions.rebuild(office.settings)
    assert (verdict["agrees"], verdict["restored"]) == (True, ["2020-04/2"])
    assert whole.stat().st_mtime_ns == before


def test_an_altered_object_of_the_archive_is_named(office):
    archive = Archive(office.settings.archive)
    digest = next(event.body["sha256"] for event in archive.events() if event.kind == "submission")
    place = archive.path(digest)
    place.chmod(0o640)
    place.write_bytes(place.read_bytes() + b"x")
    delete_all_but_the_archive(office)
    with pytest.raises(rebuild_editions.Refusal) as refused:
        rebuild_editions.rebuild(office.settings)
    assert digest[:12] in str(refused.value) and "内容已被改动" in str(refused.value)


def test_an_altered_line_of_the_ledger_is_told_and_nothing_is_put_back(office):
    path = office.settings.archive / "ledger.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace("县里更正", "县里更改"), encoding="utf-8")
    shutil.rmtree(office.settings.releases)
    verdict = rebuild_editions.rebuild(office.settings)
    assert not verdict["agrees"] and verdict["restored"] == []
    assert any("不相衔接" in fault for fault in verdict["archive"])


def test_dagster_puts_a_lost_edition_back_and_tries_again(office):
    shutil.rmtree(office.settings.releases / "2020-05" / "1")
    village = next(unit.name for unit in office.units(MAY, COUNTY) if unit.kind == "农村社区")
    office.send(MAY, COUNTY, but(village, facility="否", facility_area=None))
    station = Station(data=str(office.settings.data), reference=str(office.settings.reference))
    with pytest.raises(dg.Failure) as failure, station.open("发布") as opened:
        monthly_run.publish_months(opened, office.settings, [MAY])
    assert failure.value.allow_retries
    with station.open("发布") as opened:
        [edition] = monthly_run.publish_months(opened, office.settings, [MAY])
    assert (edition.label, edition.new) == ("2020-05/2", True)
    assert "2020-05/1" in digests(office)
