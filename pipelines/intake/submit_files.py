"""Check a workbook without storing it; submit it: archived byte for byte before its receipt is confirmed."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path

from pipelines import months
from pipelines.access import roles
from pipelines.archive import month_state, reference_in_force
from pipelines.archive.receive import Receiver
from pipelines.archive.store import Archive
from pipelines.errors import Refusal
from pipelines.intake import file_names, judge, month_status, outcome, returned_lists
from pipelines.intake.judge import Preview
from pipelines.intake.outcome import Report
from pipelines.intake.session import PATIENCE, Progress, settled
from pipelines.months import SHANGHAI
from pipelines.reference import reference_bundle
from pipelines.reference.reference_bundle import Reference
from pipelines.settings import Settings
from pipelines.system import locks
from pipelines.warehouse.projection import Warehouse
from pipelines.worker import worker_pool

LARGEST = 64 * 1024 * 1024


def check(paths: Iterable[Path], settings: Settings, now: datetime | None = None, alone: bool = False) -> list[Report]:
    """Read and judge files without storing anything: one report a file, in order; a file that cannot be read is a refused one.

    Warnings about changes compare with the current release, if there is one. `alone`: this process does nothing else, so that its
    worker may be a fork of it.
    """
    files = [(path, _read(path)) for path in paths]
    reference = reference_in_force.for_reading(settings)
    if alone:
        worker_pool.fork(reference)
    release = judge.release_if_any(settings)
    today = (now or datetime.now(SHANGHAI)).date()
    in_force, decided = partial(month_status.rows_in_force, settings.data), _decided(settings)
    return [
        data if isinstance(data, Report)
        else _or_list(
            judge.check_bytes(data, file_names.of(path), reference, release, today, in_force, decided), data, settings, reference, today
        )
        for path, data in files
    ]  # fmt: skip


def _decided(settings: Settings) -> dict[str, dict[str, str]]:
    """What the city settled about reading each county's files: a preview shows what would come of sending."""
    return month_state.fold(Archive(settings.archive).decisions(), []).reading_decisions


def _or_list(report: Report, data: bytes, settings: Settings, reference: Reference, today: date) -> Report:
    """The report; of a file that is no report of a county but a returned list of a spot check, what that one would be."""
    if not report.refused:
        return report
    archive = Archive(settings.archive)
    life = month_state.fold(archive.decisions(), [])
    return returned_lists.preview(data, report, archive, life, reference, today) or report


def preview(data: bytes, name: str, settings: Settings, now: datetime | None = None) -> Preview:
    """Report and receipt of a file that is not stored. Does not wait. Errors: `Refusal` for a file that is too large."""
    name = file_names.of(name)
    if len(data) > LARGEST:
        raise _too_large(name, len(data))
    reference = reference_in_force.load(settings)
    today = (now or datetime.now(SHANGHAI)).date()
    in_force = partial(month_status.rows_in_force, settings.data)
    release, decided = judge.release_if_any(settings), _decided(settings)
    report = judge.check_bytes(data, name, reference, release, today, in_force, decided)
    return judge.preview(data, _or_list(report, data, settings, reference, today), reference)


def _read(path: Path) -> bytes | Report:
    """A file's bytes; where they cannot be had, the report that says so."""
    try:
        return read_file(path)
    except Refusal as refusal:
        return Report.unreadable(file_names.of(path), str(refusal))


def read_file(path: Path) -> bytes:
    """The bytes of a file. Errors: `Refusal` where it is missing, a folder, unreadable or larger than `LARGEST`."""
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise _too_large(file_names.of(path), size)
        return path.read_bytes()
    except FileNotFoundError:
        raise Refusal(f"找不到文件“{file_names.shown(path)}”；请检查路径") from None
    except IsADirectoryError:
        raise Refusal(f"“{file_names.shown(path)}”是文件夹；请给出其中的文件") from None
    except PermissionError:
        raise Refusal(f"没有权限读取文件“{file_names.shown(path)}”；请检查文件权限") from None


def _too_large(name: str, size: int) -> Refusal:
    return Refusal(
        f"文件“{name}”有 {size / 2**20:.0f} MB，超过上限 {LARGEST // 2**20} MB，未接收；请删去图片和空白区域后另存再报"
    )


def submit(
    paths: Iterable[Path],
    settings: Settings,
    by: str | roles.Actor = "命令行",
    report: Progress | None = None,
    now: datetime | None = None,
) -> list[Report]:
    """Archive the files, read them, store what counts; no figure is computed. One report a file, in the order given.

    A path that cannot be read costs only itself: its report is a refused one. Never waits for another writer for long: then the files
    are in the archive, and the reports (state `received`) those of a check.
    Errors: `Refusal` for a file that the sender may not submit; then none of the files enters the archive.
    """
    files: Iterable[tuple[str, bytes | Report]] = ((file_names.of(path), _read(path)) for path in paths)
    if not isinstance(by, str):
        files = list(files)  # what is judged is what is archived
        by = _admitted([(name, data) for name, data in files if isinstance(data, bytes)], settings, by, now)
    version = reference_bundle.load(settings.reference).form.version
    receiver = Receiver(Archive(settings.archive), by, month_status.unreplaced(settings.data), now, version)
    taken = [data if isinstance(data, Report) else _Taken.by(receiver, name, data) for name, data in files]
    try:
        with settled(settings, "接收报表", PATIENCE, report=report, now=now) as opened:
            today = (now or datetime.now(SHANGHAI)).date()
            return [
                entry if isinstance(entry, Report) else as_received(opened, entry.seq, entry.name, entry.known, today)
                for entry in taken
            ]
    except locks.Busy:
        return [entry if isinstance(entry, Report) else _unread(settings, entry, now) for entry in taken]


@dataclass(frozen=True)
class _Taken:
    """A file in the archive. `known`: the archive had the same bytes already."""

    name: str
    digest: str
    seq: int
    known: bool

    @classmethod
    def by(cls, receiver: Receiver, name: str, data: bytes) -> "_Taken":
        return cls(name, hashlib.sha256(data).hexdigest(), *receiver.take(data, name))


def _admitted(files: list[tuple[str, bytes]], settings: Settings, by: roles.Actor, now: datetime | None) -> str:
    """The sender's name, once every file is one that the sender may submit: for a county, by reading it.

    A county sends no results of visits, which are about itself.
    """
    if by.role != "县级":
        return roles.require(by, "submit", settings)
    reference = reference_in_force.load(settings)
    today = (now or datetime.now(SHANGHAI)).date()
    for name, data in files:
        report = judge.check_bytes(data, name, reference, None, today, decided=_decided(settings))
        report = _or_list(report, data, settings, reference, today)
        # a workbook may hold a report that is refused, and a list of visits beside it
        action = "spot" if report.spot else "submit"
        roles.require(
            by,
            action,
            settings,
            county=report.county,
            file=name,
            sha256=hashlib.sha256(data).hexdigest(),
            size=len(data),
        )
    return by.name


def as_received(opened: Warehouse, seq: int, name: str, known: bool, today: date) -> Report:
    """The present outcome of a stored submission. `known`: the archive had the same bytes already."""
    life = opened.life()
    if life.status.get(seq) == "spot":
        return returned_lists.report_of(opened.archive, life, seq, outcome.report(opened, seq, name))
    repeated = life.status.get(seq) == "repeated"
    report = outcome.report(opened, life.repeats[seq] if repeated else seq, name)
    report.state = "known" if known or repeated else life.status.get(seq, "refused")
    report.in_force = outcome.in_force(opened, life, report)
    report.waits = outcome.why_waiting(life, report)
    report.other_month = None if report.waits else outcome.other_month(report, today)
    return report


def _unread(settings: Settings, entry: _Taken, now: datetime | None) -> Report:
    """What a check says of an archived file that is read later."""
    reference = reference_in_force.load(settings)
    today = (now or datetime.now(SHANGHAI)).date()
    data, in_force = Archive(settings.archive).read(entry.digest), partial(month_status.rows_in_force, settings.data)
    release, decided = judge.release_if_any(settings), _decided(settings)
    report = judge.check_bytes(data, entry.name, reference, release, today, in_force, decided)
    report = _or_list(report, data, settings, reference, today)
    report.seq, report.state = entry.seq, "known" if entry.known else "received"
    return report


def write_receipts(reports: list[Report], settings: Settings, folder: Path, wait: float = 60.0) -> list[Path]:
    """Write receipts of stored submissions; each report then names its file. Errors: `locks.Busy` after `wait` seconds."""
    stored = [report for report in reports if report.seq is not None]
    with settled(settings, "写回执", wait) as opened:
        today = months.today()
        read = [
            as_received(opened, r.seq, r.file, False, today) if r.state == "received" and r.seq else r for r in stored
        ]
        from pipelines.intake import receipts

        paths = receipts.write_receipts(opened, read, folder)
    for report, path in zip(stored, paths, strict=True):
        report.receipt = str(path)
    return paths
