"""What was published, damaged: readers get the edition before and are told, a rebuild puts it back; the archive's faults are named."""

import os
import shutil
from datetime import datetime
from pathlib import Path

import pytest

from dashboards.queries import edition_data
from lab.faults import checker
from lab.faults.rounds import selection
from pipelines.archive.store import Archive
from pipelines.edition import edition_folders, figures, open_release, verify_files
from pipelines.errors import Refusal
from pipelines.monthly import rebuild_editions
from pipelines.months import SHANGHAI
from pipelines.serving import health, start
from pipelines.serving.programs import Ports
from tests.books import Office, but
from tests.faults.test_backup import COUNTY, MAY
from tests.faults.test_backup import published as april

__all__ = ["april"]


@pytest.fixture(scope="module")
def published(april, tmp_path_factory) -> Office:
    """April and May published."""
    folder = tmp_path_factory.mktemp("shelf")
    shutil.copytree(april.settings.data, folder / "data")
    office = Office(folder / "data", april.settings.reference)
    office.send(MAY, COUNTY)
    office.run(MAY)
    return office


@pytest.fixture
def office(published, tmp_path) -> Office:
    """A copy in which editions share their month tables with the store, as they do where they were made."""
    os.system(f"cp -a {published.settings.data} {tmp_path / 'data'}")  # noqa: S605
    return Office(tmp_path / "data", published.settings.reference)


def shown(office: Office) -> tuple[str, list[dict], str | None]:
    release = open_release(settings=office.settings)
    try:
        return release.label, figures(release, level="county"), release.instead_of
    finally:
        release.close()


def may(office: Office) -> Path:
    return office.settings.releases / "2020-05" / "1"


def overwrite(path: Path, data: bytes) -> None:
    """In another file under the same name: what else was linked to the old one keeps it."""
    path.unlink()
    path.write_bytes(data)


def gone(folder: Path) -> None:
    shutil.rmtree(folder)


def half_copied(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    shutil.rmtree(folder / "tables" / "figure")


def without_a_table(folder: Path) -> None:
    (folder / "tables" / "figure" / "2020-05.parquet").unlink()


def with_another_table(folder: Path) -> None:
    overwrite(
        folder / "tables" / "figure" / "2020-05.parquet",
        (folder / "tables" / "figure" / "2020-04.parquet").read_bytes(),
    )


def with_half_a_database(folder: Path) -> None:
    database = folder / "release.duckdb"
    overwrite(database, database.read_bytes()[: database.stat().st_size // 2])


def with_half_a_manifest(folder: Path) -> None:
    manifest = folder / "manifest.json"
    overwrite(manifest, manifest.read_bytes()[: manifest.stat().st_size // 2])


@pytest.mark.parametrize(
    "damage",
    selection([gone, with_another_table], [half_copied, without_a_table, with_half_a_database, with_half_a_manifest]),
)
def test_the_edition_before_stands_in_and_says_so_and_a_rebuild_puts_it_back(office, damage):
    label, before, _ = shown(office)
    damage(may(office))
    stand_in, _, notice = shown(office)
    assert (label, stand_in) == ("2020-05/1", "2020-04/1")
    assert (
        notice.startswith("当前发布版已损坏，现在显示的是较早的2020-04/1。")
        and "请运行 shequ rebuild，由档案补回" in notice
    )
    verdict = rebuild_editions.rebuild(office.settings)
    assert (verdict["agrees"], verdict["restored"]) == (True, ["2020-05/1"]), verdict
    assert shown(office) == (label, before, None)
    assert health._release(office.settings).well
    assert checker.faults(office.settings.data, []) == []


def test_a_dashboard_that_is_open_shows_the_edition_before_and_says_so_until_a_rebuild(office, monkeypatch):
    monkeypatch.setattr(edition_data.settings, "load", lambda: office.settings)
    release, notice = edition_data.newest()
    assert (release.label, notice) == ("2020-05/1", "")
    with_another_table(may(office))
    edition_data._damage.clear()  # half a minute later
    release, notice = edition_data.newest()
    assert release.label == "2020-04/1"
    assert "2020-05/1/tables/figure/2020-05.parquet：缺失或与清单的校验值不符；请运行 shequ rebuild" in notice
    rebuild_editions.rebuild(office.settings)
    edition_data._damage.clear()
    assert (edition_data.newest()[0].label, edition_data.newest()[1]) == ("2020-05/1", "")


@pytest.mark.parametrize("pointer", [None, "2020-07/3\n", "一派胡言"])
def test_a_pointer_to_nowhere_shows_the_newest_edition_and_the_next_run_mends_it(office, pointer):
    place = office.settings.releases / "current"
    place.unlink()
    if pointer:
        place.write_text(pointer, encoding="utf-8")
    label, _, notice = shown(office)
    assert (label, bool(notice)) == ("2020-05/1", pointer == "2020-07/3\n")
    office.run(MAY)
    assert (place.read_text(), shown(office)[2]) == ("2020-05/1\n", None)


def stored(office: Office, month: str) -> Path:
    """A month's figures in the store, from which editions are linked."""
    entry = edition_folders.whole(may(office))["tables"]["figure"][month]
    return office.settings.releases / "objects" / entry["sha256"][:2] / f"{entry['sha256']}.parquet"


def correct_may(office: Office) -> None:
    village = next(unit.name for unit in office.units(MAY, COUNTY) if unit.kind == "农村社区")
    office.send(MAY, COUNTY, but(village, facility="否", facility_area=None))
    office.run(MAY)


def spoilt(path: Path) -> None:
    overwrite(path, path.read_bytes()[:-200] + bytes(200))


@pytest.mark.parametrize("damage", selection([spoilt], [Path.unlink]))
def test_a_damaged_store_heals_with_the_next_run(office, damage):
    """A correction of May links April's tables from the store."""
    damage(stored(office, "2020-04"))
    correct_may(office)
    assert shown(office)[::2] == ("2020-05/2", None)
    assert verify_files.faults(office.settings.releases) == []


def test_nothing_is_published_upon_a_damaged_edition_until_a_rebuild_has_mended_it(office):
    """The disk itself has changed a file that editions and store share."""
    shared = stored(office, "2020-04")
    shared.chmod(0o640)
    shared.write_bytes(shared.read_bytes()[:-200] + bytes(200))
    with pytest.raises(
        Refusal, match=r"2020-05/1/tables/figure/2020-04.parquet.*未发布新版；请先运行 shequ rebuild.*再运行 shequ run"
    ):
        correct_may(office)
    assert rebuild_editions.rebuild(office.settings)["restored"] == ["2020-05/1"]
    assert office.run(MAY).label == shown(office)[0] == "2020-05/2"
    assert verify_files.faults(office.settings.releases) == []


def altered_behind_its_back(path: Path) -> None:
    """As a disk does: no write, so no other time of writing."""
    before = path.stat()
    path.chmod(0o640)
    data = path.read_bytes()
    path.write_bytes(data[:40] + bytes([data[40] ^ 1]) + data[41:])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("own", [True, False])
def test_a_reader_reads_the_own_month_always_and_the_weekly_look_everything(office, own):
    correct_may(office)  # in the copy: what is noted is noted of the files that stand here
    shelf, folder = office.settings.releases, edition_folders.latest_edition(office.settings.releases, MAY)
    altered_behind_its_back(folder / "tables" / "figure" / ("2020-05.parquet" if own else "2020-04.parquet"))
    assert len(verify_files.faults(shelf)) == 1
    assert (open_release(settings=office.settings).instead_of is not None) == own


@pytest.mark.parametrize("notes", [None, "", "[]", '{"a": 7}'])
def test_without_notes_of_what_was_found_right_everything_is_read(office, notes):
    correct_may(office)
    altered_behind_its_back(may(office).parent / "2" / "tables" / "figure" / "2020-04.parquet")
    (office.settings.releases / "right.json").unlink()
    if notes is not None:
        (office.settings.releases / "right.json").write_text(notes)
    assert "2020-05/2/tables/figure/2020-04.parquet" in open_release(settings=office.settings).instead_of


@pytest.mark.parametrize("content", ["", "{", "[]", '{"at": 7}'])
def test_notes_that_are_damaged_hinder_no_look(office, content):
    for name in ("verified.json", "serve.json", "live.json"):
        (office.settings.data / name).write_text(content)
    looks = health.state(office.settings, datetime(2020, 6, 6, tzinfo=SHANGHAI))
    assert {look.what for look in looks} >= {"档案核对", "发布版", "报送"}
    assert start.ports_of(office.settings) == Ports()


# ---- the archive itself


def truncated(path: Path) -> None:
    overwrite(path, path.read_bytes()[:100])


def altered(path: Path) -> None:
    overwrite(path, path.read_bytes()[:-1] + b"x")


@pytest.mark.parametrize("damage", selection([altered], [Path.unlink, truncated]))
def test_a_damaged_original_is_named_costs_no_reader_anything_and_is_mended_by_sending_it_again(office, damage):
    archive = Archive(office.settings.archive)
    first = next(archive.events())
    book = archive.read(first.body["sha256"])
    damage(archive.path(first.body["sha256"]))
    (fault,) = archive.verify()
    assert first.body["sha256"][:12] in fault and "请从备份恢复" in fault
    with pytest.raises(Refusal, match=first.body["sha256"][:12]):
        rebuild_editions.rebuild(office.settings)
    assert shown(office)[::2] == ("2020-05/1", None)
    again = office.sent / "再报.xlsx"
    office.sent.mkdir(exist_ok=True)
    again.write_bytes(book)
    assert office.submit(again)[0].seq == first.seq
    assert archive.verify() == []


def test_a_ledger_altered_in_the_middle_is_told_with_its_line(office):
    ledger = Archive(office.settings.archive).ledger
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(b"".join([lines[0], lines[1].replace("测试".encode(), "他人".encode()), *lines[2:]]))
    assert [fault.split("：")[0] for fault in Archive(office.settings.archive).verify()] == [
        "台账第 3 行（第 3 号）与前一行不相衔接"
    ]
    verdict = rebuild_editions.rebuild(office.settings)
    assert not verdict["agrees"] and "台账第 3 行" in verdict["message"]
