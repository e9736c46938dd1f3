"""A newer program's state is refused without touching anything; what has no mark is of the first format (issue F 4)."""

import json
import shutil
from datetime import date
from types import SimpleNamespace

import pytest

from pipelines.archive.store import Archive
from pipelines.edition import edition_folders, open_release, publish_edition
from pipelines.errors import Refusal
from pipelines.settings import Settings
from pipelines.system import durable_files
from tests.faults.test_backup import APRIL, COUNTY, MAY, contents, office, published

__all__ = ["office", "published"]


def test_a_new_archive_carries_its_format(office):
    assert (office.settings.archive / "format").read_text() == "1\n"


def test_an_archive_without_a_mark_is_of_the_first_format(office):
    (office.settings.archive / "format").unlink()
    office.send(MAY, COUNTY)
    assert Archive(office.settings.archive).verify() == []


def test_a_newer_archive_is_refused_and_nothing_is_touched(office):
    mark = office.settings.archive / "format"
    mark.chmod(0o640)
    mark.write_text("2\n")
    before = contents(office.settings.data)
    for attempt in (lambda: office.send(MAY, COUNTY), lambda: office.run(APRIL)):
        with pytest.raises(Refusal, match=r"由更新版本的程序写成.*未作任何改动"):
            attempt()
    after = contents(office.settings.data)
    assert {k: v for k, v in after.items() if not k.endswith(".lock")} == {
        k: v for k, v in before.items() if not k.endswith(".lock")
    }


def test_an_event_of_a_newer_program_is_refused_before_a_file_is_received(office):
    Archive(office.settings.archive).append("something-new", {"seq": 1})
    before = office.settings.archive.joinpath("ledger.jsonl").read_bytes()
    with pytest.raises(Refusal, match=r"“something-new”.*由更新版本的程序写成"):
        office.send(MAY, COUNTY)
    assert office.settings.archive.joinpath("ledger.jsonl").read_bytes() == before


def test_a_newer_release_is_refused_and_not_replaced(office):
    place = office.settings.releases / "2020-04" / "1" / "manifest.json"
    manifest = json.loads(place.read_text(encoding="utf-8"))
    place.chmod(0o640)
    place.write_text(json.dumps({**manifest, "format": edition_folders.FORMAT + 1}), encoding="utf-8")
    for attempt in (lambda: open_release(settings=office.settings), lambda: office.run(APRIL)):
        with pytest.raises(Refusal, match="由更新版本的程序生成，本程序不能读取；请升级程序"):
            attempt()
    assert sorted(path.name for path in (office.settings.releases / "2020-04").iterdir()) == ["1"]


def test_a_damaged_current_release_is_stood_in_for_by_the_one_before(office):
    office.send(MAY, COUNTY)
    office.run(MAY)
    whole = open_release(settings=office.settings)
    assert (whole.label, whole.instead_of) == ("2020-05/1", None)
    shutil.copytree(office.settings.releases / "2020-05" / "1", office.settings.data / "aside")
    shutil.rmtree(office.settings.releases / "2020-05" / "1")
    shutil.copytree(office.settings.data / "aside", office.settings.releases / "2020-05" / "1")
    own = office.settings.releases / "2020-05" / "1" / "tables" / "figure" / "2020-05.parquet"
    own.chmod(0o640)
    own.write_bytes(own.read_bytes()[:-100] + b"x" * 100)
    shown = open_release(settings=office.settings)
    assert shown.label == "2020-04/1"
    assert "当前发布版已损坏，现在显示的是较早的2020-04/1" in shown.instead_of
    assert "2020-05/1/tables/figure/2020-05.parquet" in shown.instead_of


@pytest.mark.parametrize("nonsense", ["", "2020-05", "../../etc", "2020-04/1\n2020-04/2", "\0", "2020-99/7", "版"])
def test_a_pointer_that_names_nonsense_is_passed_over(office, nonsense):
    (office.settings.releases / "current").write_text(nonsense, encoding="utf-8")
    assert open_release(settings=office.settings).label == "2020-04/1"
    office.run(APRIL)
    assert (office.settings.releases / "current").read_text() == "2020-04/1\n"


def test_a_run_without_room_on_the_disk_stops_before_it_writes_and_says_so(tmp_path, monkeypatch):
    settings = Settings(tmp_path / "data", tmp_path)
    settings.warehouse.parent.mkdir(parents=True)
    settings.warehouse.write_bytes(b"x" * 3 * 2**20)
    monkeypatch.setattr(durable_files.shutil, "disk_usage", lambda folder: SimpleNamespace(free=5 * 2**20))
    with pytest.raises(Refusal, match=r"发布未开始：磁盘剩余 5 MB，至少需要 9 MB.*已存档的内容不受影响"):
        publish_edition.publish(None, settings, date(2019, 6, 1))
    assert not settings.releases.exists()
