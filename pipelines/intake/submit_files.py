"""Check a workbook without storing it; submit it.

What is submitted is on disk in the archive, byte for byte, before anybody is told that it was received.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from pipelines.access import roles
from pipelines.archive.store import SHANGHAI, Archive
from pipelines.errors import Refusal
from pipelines.intake import file_names, judge, outcome, receipts
from pipelines.intake.judge import Preview
from pipelines.intake.outcome import Report
from pipelines.intake.receive import Receiver
from pipelines.intake.session import PATIENCE, Progress, settle, writing
from pipelines.reference import reference_bundle
from pipelines.settings import Settings
from pipelines.system import locks
from pipelines.warehouse.projection import Warehouse

LARGEST = 64 * 1024 * 1024


def check(paths: Iterable[Path], settings: Settings, now: datetime | None = None) -> list[Report]:
    """Read and judge files without storing anything. Warnings about changes compare with the current release, if there is one."""
    reference = reference_bundle.load(settings.reference)
    release = judge.release_if_any(settings)
    today = (now or datetime.now(SHANGHAI)).date()
    return [judge.check_bytes(read_file(path), file_names.of(path), reference, release, today) for path in paths]


def preview(data: bytes, name: str, settings: Settings, now: datetime | None = None) -> Preview:
    """Report and receipt of a file that is not stored. Waits for nobody. Errors: `Refusal` for a file that is too large."""
    name = file_names.of(name)
    if len(data) > LARGEST:
        raise _too_large(name, len(data))
    reference = reference_bundle.load(settings.reference)
    today = (now or datetime.now(SHANGHAI)).date()
    return judge.preview(data, name, reference, judge.release_if_any(settings), today)


def read_file(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise _too_large(file_names.of(path), size)
        return path.read_bytes()
    except FileNotFoundError:
        raise Refusal(f"找不到文件“{path}”;请检查路径") from None
    except IsADirectoryError:
        raise Refusal(f"“{path}”是文件夹;请给出其中的文件") from None
    except PermissionError:
        raise Refusal(f"没有权限读取文件“{path}”;请检查文件权限") from None


def _too_large(name: str, size: int) -> Refusal:
    return Refusal(
        f"文件“{name}”有 {size / 2**20:.0f} MB,超过上限 {LARGEST // 2**20} MB,未接收;请删去图片和空白区域后另存再报"
    )


def submit(
    paths: Iterable[Path],
    settings: Settings,
    by: str | roles.Actor = "命令行",
    report: Progress | None = None,
    now: datetime | None = None,
) -> list[Report]:
    """Archive the files, read them, store what counts. One report a file, in the order given.

    Never waits for another writer for long: then the files are in the archive, and the reports (state `received`) those of a check.
    Errors: `Refusal` for a file that the sender may not submit; then none of the files enters the archive.
    """
    files: Iterable[tuple[str, bytes]] = ((file_names.of(path), read_file(path)) for path in paths)
    if not isinstance(by, str):
        files = list(files)  # what is judged is what is archived
        by = _admitted(files, settings, by, now)
    receiver = Receiver(Archive(settings.archive), by, lambda: reference_bundle.load(settings.reference), now)
    received = [(name, hashlib.sha256(data).hexdigest(), *receiver.take(data, name)) for name, data in files]
    try:
        with writing(settings, "接收报表", PATIENCE) as opened:
            settle(opened, report)
            return [_as_received(opened, seq, name, known) for name, _, seq, known in received]
    except locks.Busy:
        return [_unread(settings, seq, name, digest, known, now) for name, digest, seq, known in received]


def _admitted(files: list[tuple[str, bytes]], settings: Settings, by: roles.Actor, now: datetime | None) -> str:
    """The sender's name, once every file is one that the sender may submit: for a county, as a reading of it tells."""
    if by.role != "县级":
        return roles.require(by, "submit", settings)
    reference = reference_bundle.load(settings.reference)
    today = (now or datetime.now(SHANGHAI)).date()
    for name, data in files:
        county = judge.check_bytes(data, name, reference, None, today).county
        roles.require(
            by, "submit", settings, county=county, file=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data)
        )
    return by.name


def _as_received(opened: Warehouse, seq: int, name: str, known: bool) -> Report:
    found, life = outcome.report(opened, seq, name), opened.life()
    found.state = "known" if known else life.status.get(seq, "refused")
    found.in_force = outcome.in_force(opened, life, found)
    return found


def _unread(settings: Settings, seq: int, name: str, digest: str, known: bool, now: datetime | None) -> Report:
    """What a check says of an archived file that is read later."""
    reference = reference_bundle.load(settings.reference)
    today = (now or datetime.now(SHANGHAI)).date()
    data = Archive(settings.archive).read(digest)
    found = judge.check_bytes(data, name, reference, judge.release_if_any(settings), today)
    found.seq, found.state = seq, "known" if known else "received"
    return found


def write_receipts(reports: list[Report], settings: Settings, folder: Path, wait: float = 60.0) -> list[Path]:
    """Receipts of submitted files into a folder, one a report: the county's own workbook with what was found.

    Errors: `locks.Busy` when another task writes for longer than `wait` seconds.
    """
    with writing(settings, "写回执", wait) as opened:
        settle(opened)
        read = [_as_received(opened, r.seq, r.file, False) if r.state == "received" else r for r in reports]
        return receipts.write_receipts(opened, read, folder)
