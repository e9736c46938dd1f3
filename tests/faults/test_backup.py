"""Backup and restore: a second copy that is whole at every moment, and the same figures from it on a bare machine (issue F 3)."""

import json
import shutil
import threading
from datetime import date
from pathlib import Path

import pytest

from pipelines.archive import backup as copies
from pipelines.archive import receive
from pipelines.archive.store import Archive
from pipelines.edition import figures, open_release
from pipelines.errors import Refusal
from pipelines.intake import month_status
from pipelines.monthly import rebuild_editions
from pipelines.settings import Settings
from tests import made_once, small_city
from tests.books import Office, but

APRIL, MAY = date(2020, 4, 1), date(2020, 5, 1)
COUNTY = "130571"


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Office:
    """April of one county, for every file of this room."""
    folder = made_once.folder(tmp_path_factory, "april", _published)
    return Office(folder / "data", folder / "reference")


def _published(folder: Path) -> None:
    reference = small_city.make(folder / "reference", [COUNTY])
    office = Office(folder / "data", small_city.measure_only(reference, ("facility_rural", "platform_rural")))
    office.send(APRIL, COUNTY)
    office.run(APRIL)


@pytest.fixture
def office(published, tmp_path) -> Office:
    shutil.copytree(published.settings.data, tmp_path / "data")
    return Office(tmp_path / "data", published.settings.reference)


def saved(office: Office, tmp_path: Path) -> tuple[Path, dict]:
    folder = tmp_path / "copy"
    return folder, copies.backup(office.settings, folder, "测试")


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".backup.lock"
    }


def test_a_backup_restored_on_a_bare_machine_gives_the_same_figures(office, tmp_path):
    folder, result = saved(office, tmp_path)
    assert result["whole"] and (result["seq"], result["objects"], result["copied"]) == (3, 2, 2), result
    bare = Settings(tmp_path / "bare", office.settings.reference)
    assert copies.restore(bare, folder)["seq"] == 3
    verdict = rebuild_editions.rebuild(bare)
    assert verdict["agrees"], verdict
    assert figures(open_release(settings=bare)) == figures(open_release(settings=office.settings))
    assert Archive(bare.archive).verify() == []
    assert [event.kind for event in copies.audit_ledger(bare).events()] == ["restore"]


def test_the_second_time_only_what_is_new_is_copied(office, tmp_path):
    folder, _ = saved(office, tmp_path)
    before = contents(folder)
    office.send(MAY, COUNTY)
    result = copies.backup(office.settings, folder)
    assert (result["seq"], result["objects"], result["copied"], result["whole"]) == (4, 3, 1, True)
    assert all(contents(folder)[name] == before[name] for name in before if "/objects/" in name)
    assert [event.kind for event in copies.audit_ledger(office.settings).events()] == ["backup", "backup"]


def test_verifying_changes_nothing_and_names_what_is_damaged(office, tmp_path):
    folder, _ = saved(office, tmp_path)
    before = contents(folder)
    assert copies.verify(folder)["whole"]
    damaged = next(path for path in (folder / "archive" / "objects").rglob("*") if path.is_file())
    damaged.chmod(0o640)
    damaged.write_bytes(b"x")
    verdict = copies.verify(folder)
    assert not verdict["whole"] and "内容已被改动" in verdict["message"]
    assert contents(folder).keys() == before.keys()
    assert copies.backup(office.settings, folder)["copied"] == 1, "坏的一份由档案补好"
    assert copies.verify(folder)["whole"]


def test_a_damaged_backup_is_not_restored(office, tmp_path):
    folder, _ = saved(office, tmp_path)
    next(path for path in (folder / "archive" / "objects").rglob("*") if path.is_file()).unlink()
    bare = Settings(tmp_path / "bare", office.settings.reference)
    with pytest.raises(Refusal, match="备份不完整，未恢复：档案缺少文件"):
        copies.restore(bare, folder)
    assert not bare.archive.exists()


def test_what_the_archive_lost_is_told_and_the_good_copy_is_kept(office, tmp_path):
    folder, _ = saved(office, tmp_path)
    archive = Archive(office.settings.archive)
    digest = next(archive.events()).body["sha256"]
    archive.path(digest).unlink()
    result = copies.backup(office.settings, folder)
    assert result["whole"] and result["copied"] == 0, "备份里的仍是好的"
    other = copies.backup(office.settings, tmp_path / "other")
    assert not other["whole"] and f"档案缺少文件 {digest[:12]}" in other["message"]


def test_a_backup_longer_than_the_archive_is_not_overwritten(office, tmp_path):
    earlier = office.settings.archive.joinpath("ledger.jsonl").read_bytes()
    office.send(MAY, COUNTY)
    folder, _ = saved(office, tmp_path)
    before = contents(folder)
    office.settings.archive.joinpath("ledger.jsonl").write_bytes(earlier)
    with pytest.raises(Refusal, match="备份比档案长：备份到第 4 行，档案只到第 3 行；档案丢失了事件"):
        copies.backup(office.settings, folder)
    office.send(MAY, COUNTY, but("", facility="否"))
    with pytest.raises(Refusal, match="档案与备份从台账第 4 行起不同"):
        copies.backup(office.settings, folder)
    assert contents(folder) == before


def test_another_citys_backup_is_not_overwritten(office, tmp_path):
    folder, _ = saved(office, tmp_path)
    mark = json.loads((folder / "backup.json").read_text(encoding="utf-8"))
    mark["city"] = {"code": "130400", "name": "邯郸市"}
    (folder / "backup.json").write_text(json.dumps(mark), encoding="utf-8")
    with pytest.raises(Refusal, match="是邯郸市的备份，本机是邢台市，未作改动"):
        copies.backup(office.settings, folder)


@pytest.mark.parametrize("where", ["strange", "data/copy"])
def test_a_folder_that_cannot_hold_a_backup_is_refused(office, tmp_path, where):
    (tmp_path / "strange").mkdir()
    (tmp_path / "strange" / "letter.txt").write_text("x")
    with pytest.raises(Refusal, match=r"也不是备份|不能放在数据文件夹之内"):
        copies.backup(office.settings, tmp_path / where)
    assert [path.name for path in (tmp_path / "strange").iterdir()] == ["letter.txt"]


def test_a_backup_killed_before_it_had_its_mark_is_gone_on_with(office, tmp_path):
    """Found by the kill loop: the half of a mark made the folder a stranger's."""
    folder = tmp_path / "copy"
    folder.mkdir()
    (folder / ".backup.lock").touch()
    (folder / f".backup.json.{2**22 + 1}.part").write_text('{"for')
    assert copies.backup(office.settings, folder)["whole"]
    assert not list(folder.glob(".backup.json.*"))


def test_nothing_is_restored_over_an_archive(office, tmp_path):
    folder, _ = saved(office, tmp_path)
    before = contents(office.settings.archive)
    with pytest.raises(Refusal, match="数据文件夹不是空的"):
        copies.restore(office.settings, folder)
    assert contents(office.settings.archive) == before


def test_a_restore_that_was_interrupted_before_its_rebuild_is_gone_on_with(office, tmp_path):
    folder, _ = saved(office, tmp_path)
    bare = Settings(tmp_path / "bare", office.settings.reference)
    first = copies.restore(bare, folder)
    assert copies.restore(bare, folder) == first, "再恢复一次,接着做"
    assert rebuild_editions.rebuild(bare)["agrees"]
    assert [event.kind for event in copies.audit_ledger(bare).events()] == ["restore"]
    Office(bare.data, bare.reference).send(MAY, COUNTY)
    with pytest.raises(Refusal, match="数据文件夹不是空的"):
        copies.restore(bare, folder)


@pytest.mark.parametrize("left", ["audit", "half the objects"])
def test_a_restore_that_was_interrupted_while_it_copied_is_gone_on_with(office, tmp_path, left):
    folder, _ = saved(office, tmp_path)
    bare = Settings(tmp_path / "bare", office.settings.reference)
    if left == "audit" and (folder / "audit").exists():
        shutil.copytree(folder / "audit", bare.data / "audit")
    half = next(path for path in (folder / "archive" / "objects").rglob("*") if path.is_file())
    (bare.data / "archive.restoring" / "objects" / half.parent.name).mkdir(parents=True)
    (bare.data / "archive.restoring" / "objects" / half.parent.name / half.name).write_bytes(half.read_bytes()[:50])
    copies.restore(bare, folder)
    assert Archive(bare.archive).verify() == []
    assert not (bare.data / "archive.restoring").exists()


def test_a_newer_programs_backup_is_refused(office, tmp_path):
    folder, _ = saved(office, tmp_path)
    (folder / "backup.json").write_text('{"format": 2}')
    with pytest.raises(Refusal, match="由更新版本的程序写成，本程序不能使用，未作改动"):
        copies.verify(folder)


def test_a_backup_taken_during_submissions_is_whole(office, tmp_path):
    receiver = receive.Receiver(Archive(office.settings.archive), "测试", month_status.unreplaced(office.settings.data))
    stop = threading.Event()

    def keep_sending():
        number = 0
        while not stop.is_set():
            receiver.take(b"%d" % number, f"{number}.xlsx")
            number += 1

    sender = threading.Thread(target=keep_sending)
    sender.start()
    try:
        backups = [copies.backup(office.settings, tmp_path / "copy") for _ in range(5)]
    finally:
        stop.set()
        sender.join()
    assert all(copy["whole"] for copy in backups), [copy["message"] for copy in backups]
    assert backups[-1]["seq"] > backups[0]["seq"]
