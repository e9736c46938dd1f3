"""Disks that are really full or read-only, folders without the right to write: told in Chinese, nothing lost, read as before (issue F 2)."""

import os
import shutil
from itertools import product
from pathlib import Path

import pytest
from click.testing import CliRunner

from lab.faults import checker, places
from lab.faults.rounds import selection
from pipelines.archive import receive
from pipelines.archive.store import Archive
from pipelines.cli.commands import main
from pipelines.edition import figures, open_release
from pipelines.errors import Refusal
from pipelines.intake import month_status
from tests.books import Office
from tests.faults.test_backup import COUNTY, MAY, office, published

__all__ = ["office", "published"]


@pytest.fixture(scope="module")
def expected(published, tmp_path_factory) -> tuple[list[dict], Path]:
    """May's figures as they are without any fault, and its workbook."""
    folder = tmp_path_factory.mktemp("expected")
    shutil.copytree(published.settings.data, folder / "data")
    calm = Office(folder / "data", published.settings.reference)
    book = calm.workbook(MAY, COUNTY)
    calm.submit(book)
    calm.run(MAY)
    return shown(calm), book


def shown(office: Office) -> list[dict]:
    release = open_release(settings=office.settings)
    try:
        assert release.instead_of is None
        return figures(release)
    finally:
        release.close()


def go_on(office: Office, book: Path) -> tuple[list[str], list[str]]:
    """Submit and run until it is refused: what was acknowledged, what was told."""
    acknowledged, refusals = [], []
    try:
        acknowledged = [report.sha256 for report in office.submit(book)]
        office.run(MAY, with_papers=True)
    except Refusal as refusal:
        refusals.append(str(refusal))
    return acknowledged, refusals


# which folder is a disk of its own, and what room it has left
FEW = [(".", 0), ("releases", 300_000), ("warehouse", 4_000_000)]
REST = [
    place
    for place in product((".", "archive", "warehouse", "releases"), (0, 300_000, 1_500_000, 4_000_000))
    if place not in FEW
]


@pytest.mark.parametrize("where, leaving", selection(FEW, REST))
def test_a_full_disk_is_told_loses_nothing_and_the_next_run_goes_on(published, expected, tmp_path, where, leaving):
    figures_of_may, book = expected
    with places.small_disk(tmp_path / "disk", 64) as disk:
        data = disk if where == "." else tmp_path / "data"
        source = published.settings.data
        shutil.copytree(
            source, data, dirs_exist_ok=True, ignore=lambda folder, _: [where] if Path(folder) == source else []
        )
        if where != ".":
            shutil.copytree(source / where, disk, dirs_exist_ok=True)
            (data / where).symlink_to(disk)
        office = Office(data, published.settings.reference)
        filler = places.fill(disk, leaving)
        before = shown(office)
        acknowledged, refusals = go_on(office, book)
        assert refusals or leaving
        assert all("磁盘" in refusal and "已存档的内容不受影响" in refusal for refusal in refusals), refusals
        assert checker.faults(data, acknowledged) == []
        assert shown(office) in (before, figures_of_may)
        filler.unlink()
        assert go_on(office, book)[1] == []
        assert shown(office) == figures_of_may
        assert checker.faults(data, acknowledged) == []


def test_reports_that_find_no_room_are_told_without_a_traceback(office, tmp_path):
    with places.small_disk(tmp_path / "disk", 1) as disk:
        places.fill(disk, 0)
        command = ["--data", str(office.settings.data), "report", "--out", str(disk / "out")]
        result = CliRunner().invoke(main, command)
        assert (result.exit_code, result.exception.__class__) == (1, SystemExit)
        assert "磁盘已满" in result.output


def test_a_disk_that_became_read_only_is_told_and_read_as_before(published, tmp_path, expected):
    with places.small_disk(tmp_path / "disk", 64) as disk:
        shutil.copytree(published.settings.data, disk, dirs_exist_ok=True)
        office = Office(disk, published.settings.reference)
        before = shown(office)
        places.remount(disk, "ro")
        for attempt in (lambda: office.submit(expected[1]), lambda: office.run(MAY, with_papers=True)):
            with pytest.raises(Refusal, match=r"磁盘是只读的.*已存档的内容不受影响.*请检查磁盘是否出错"):
                attempt()
        assert shown(office) == before
        places.remount(disk, "rw")
        assert go_on(office, expected[1])[1] == []
        assert shown(office) == expected[0]


@pytest.mark.parametrize("where", selection(["archive"], ["warehouse", "releases"]))
def test_a_folder_without_the_right_to_write_is_told_and_read_as_before(office, where):
    data = office.settings.data
    _show_to_all(data, office.settings.reference)
    for path in (data, *data.rglob("*")):
        os.chown(path, places.NOBODY, places.NOBODY)
    for path in (data / where, *(data / where).rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)

    def attempt() -> str:
        receiver = receive.Receiver(
            Archive(office.settings.archive), "测试", month_status.unreplaced(office.settings.data)
        )
        refusals = [refused(lambda: receiver.take(b"x", "x.xlsx")), refused(lambda: office.run(MAY, with_papers=True))]
        return "\n".join([*refusals, open_release(settings=office.settings).label])

    refusals = places.as_nobody(attempt)
    assert refusals.endswith("\n2020-04/1"), refusals
    assert "没有写入权限" in refusals or "没有读写权限" in refusals, refusals


def refused(step) -> str:
    try:
        step()
    except Refusal as refusal:
        return str(refusal)
    return "done"


def _show_to_all(*trees: Path) -> None:
    for tree in trees:
        for folder in tree.parents:
            if "pytest" in folder.name or "pytest" in str(folder.parent):
                folder.chmod(0o755)
        for path in (tree, *tree.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
