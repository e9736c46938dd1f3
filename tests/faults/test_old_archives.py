"""An archive and a shelf that an earlier program wrote (editions of format 1) are read, rebuilt and gone on with; the figures are the same.

`data/format-1.tar.xz` was written by the program of 2026-11-25, commit 87410dc, with `tests/small_city` and `tests/books`: one county, April
2020 published, corrected after a reopening and approved, May published. `told.json` holds the figures that it told of each edition.
"""

import json
import shutil
import tarfile
from pathlib import Path

import pytest

from lab.faults import checker
from pipelines.archive.store import Archive
from pipelines.edition import edition_folders, figures, open_release, same_edition
from pipelines.edition.edition_folders import FORMAT, read_manifest
from pipelines.monthly import rebuild_editions
from pipelines.reference import reference_bundle
from pipelines.settings import Settings
from tests.books import Office
from tests.faults.test_backup import COUNTY, MAY

OLD = Path(__file__).parent / "data" / "format-1.tar.xz"
COLUMNS = ("indicator", "level", "unit", "value", "numerator", "denominator", "status")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("old")
    with tarfile.open(OLD) as file:
        file.extractall(folder, filter="data")
    archive = Archive(folder / "data" / "archive")
    last = [event for event in archive.events() if event.kind == "release"][-1]
    reference_bundle.unbundle(archive.read(last.body["bundle"]), folder / "reference")
    return folder


@pytest.fixture
def office(unpacked, tmp_path) -> Office:
    shutil.copytree(unpacked / "data", tmp_path / "data")
    return Office(tmp_path / "data", unpacked / "reference")


def figures_published(folder: Path) -> dict[str, list]:
    return json.loads((folder / "told.json").read_text(encoding="utf-8"))


def shown(settings: Settings, label: str, columns: tuple[str, ...] = COLUMNS) -> list[list]:
    release = open_release(label[:7], int(label[8:]), settings=settings)
    try:
        return [[row[name] for name in columns] for row in figures(release) if row["level"] != "town"]
    finally:
        release.close()


def test_what_the_earlier_program_published_is_read_with_the_figures_that_it_told(office, unpacked):
    assert read_manifest(office.settings.releases / "2020-05" / "1")["format"] == 1 < FORMAT
    assert Archive(office.settings.archive).verify() == []
    for label, before in figures_published(unpacked).items():
        assert shown(office.settings, label) == before, label
    assert open_release(settings=office.settings).instead_of is None


def without_verdicts(rows: list[list]) -> list[list]:
    return [row[:-1] for row in rows]


def test_a_run_draws_its_verdicts_anew_and_a_new_month_goes_on_from_it(office, unpacked):
    restated = office.run(MAY, with_papers=True)
    assert (restated.label, read_manifest(restated.folder)["kind"]) == ("2020-05/2", "restated")
    before = figures_published(unpacked)["2020-05/1"]
    assert shown(office.settings, "2020-05/1") == before
    assert shown(office.settings, "2020-05/2", COLUMNS[:-1]) == without_verdicts(before)
    assert office.run(MAY).new is False, "同样的数据不出新版"
    village = next(unit.name for unit in office.units(MAY, COUNTY) if unit.kind == "农村社区")
    office.send(MAY, COUNTY, lambda unit: {"households": 200, "facility": "否" if unit.name == village else "是"})
    assert office.run(MAY).label == "2020-05/3"
    assert shown(office.settings, "2020-05/3", COLUMNS[:-1]) != without_verdicts(before)
    assert checker.faults(office.settings.data, []) == []


def test_from_its_archive_alone_every_edition_comes_back_with_the_same_figures(office, unpacked):
    """Verdicts of an earlier program are nobody's any more: those of the present one stand in their place."""
    shutil.rmtree(office.settings.releases)
    verdict = rebuild_editions.rebuild(office.settings)
    assert sorted(verdict["restored"]) == sorted(figures_published(unpacked)), verdict
    for label, before in figures_published(unpacked).items():
        assert shown(office.settings, label, COLUMNS[:-1]) == without_verdicts(before), label


def test_an_edition_with_earlier_verdicts_agrees_by_its_figures_and_comes_back_with_them(office, monkeypatch):
    village = next(unit.name for unit in office.units(MAY, COUNTY) if unit.kind == "农村社区")
    office.send(MAY, COUNTY, lambda unit: {"households": 200, "facility": "否" if unit.name == village else "是"})
    with monkeypatch.context() as earlier:
        earlier.setattr(edition_folders, "FORMAT", edition_folders.VERDICTS - 1)
        folder = office.run(MAY).folder
    manifest = read_manifest(folder)
    assert manifest["format"] == edition_folders.VERDICTS - 1
    assert same_edition.is_what_the_ledger_knows(folder, manifest["digest"])
    assert rebuild_editions.rebuild(office.settings)["restored"] == []
    before = shown(office.settings, "2020-05/2", COLUMNS[:-1])
    shutil.rmtree(folder)
    assert rebuild_editions.rebuild(office.settings)["restored"] == ["2020-05/2"]
    assert read_manifest(folder)["format"] == edition_folders.VERDICTS
    assert shown(office.settings, "2020-05/2", COLUMNS[:-1]) == before
