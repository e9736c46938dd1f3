"""The monthly run: what came in, the figures, the release, its reports: for the command line and for Dagster."""

import gc
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from pipelines import months, reports
from pipelines.access import roles
from pipelines.edition import Edition, edition_folders, open_folder, publish, verify_files
from pipelines.errors import Refusal
from pipelines.figures import update
from pipelines.intake import session
from pipelines.settings import Settings
from pipelines.system import durable_files, locks
from pipelines.warehouse import warehouse_checks
from pipelines.warehouse.projection import Progress, Warehouse


def run(
    settings: Settings,
    month: date | None = None,
    by: str | roles.Actor = "系统",
    report: Progress | None = None,
    warn: Callable[[str], None] | None = None,
) -> Edition:
    """Figures, checks, release and reports of a month (default: the latest reported). `warn` is told of what a person should look at.

    Errors: `Refusal` where a check fails without which nothing may be published (`pipelines.warehouse.warehouse_checks`).
    """
    by = roles.require(by, "publish", settings, month=months.key(month) if month else None)
    with session.writing(settings, "月度计算") as opened:
        session.settle(opened, report)
        wanted = month or latest_reported(opened)
        if wanted not in opened.life().reported:
            # a slip in the month must not put an empty release on the leaders' screen
            raise Refusal(f"{months.label(wanted)}没有任何有效报表,不予发布;请核对月份,或先提交报表(shequ submit)")
        update.bring_up_to_date(opened, latest_reported(opened), report)
        checked(opened, wanted, warn)
        edition = publish_month(opened, settings, wanted, by, report)
        require_whole(verify_files.touched_faults(opened, edition.folder))
    write_reports(edition.folder)
    return edition


def checked(opened: Warehouse, month: date, warn: Callable[[str], None] | None = None) -> None:
    """Every check of what is to be published. Errors: `Refusal` where one fails that blocks."""
    found = [
        verdict for stage in warehouse_checks.STAGES for verdict in warehouse_checks.examine(opened, stage, [month])
    ]
    warehouse_checks.require(found)
    for verdict in found:
        if warn and not verdict.holds:
            warn(str(verdict))


def require_whole(faults: list[str]) -> None:
    """Errors: `Refusal` where files of a published edition are not what its manifest says."""
    if faults:
        more = f"等 {len(faults)} 个文件" if len(faults) > 3 else ""
        raise Refusal(f"发布版有损坏({';'.join(faults[:3])}{more}),未生成报告;请运行 shequ rebuild,由档案补回")


def latest_reported(opened: Warehouse) -> date:
    """The latest month with a submission in force. Errors: `Refusal` when there is none."""
    reported = opened.life().reported
    if not reported:
        raise Refusal("还没有任何有效报表;请先提交报表(shequ submit)")
    return reported[-1]


def publish_month(
    opened: Warehouse, settings: Settings, month: date, by: str = "系统", report: Progress | None = None
) -> Edition:
    """One month's edition from a warehouse already open."""
    return publish(opened, settings, month, by, report)


def publish_months(
    opened: Warehouse, settings: Settings, wanted: list[date], by: str = "系统", report: Progress | None = None
) -> list[Edition]:
    """The editions of those wanted months that have reports, and of the current release's month where it is later.

    What is current holds the whole series, so a correction of an earlier month must reach it too.
    """
    reported = set(opened.life().reported)
    now = edition_folders.current(settings.releases)
    later = [months.parse(now.parent.name)] if now and months.parse(now.parent.name) > max(wanted) else []
    due = [month for month in sorted(wanted) if month in reported] + later
    made = []
    for done, month in enumerate(due, 1):
        made.append(publish_month(opened, settings, month, by))
        if report:
            report(done, len(due), months.label(month))
    return made


def report_latest(settings: Settings, wanted: list[date]) -> dict[date, list[Path]]:
    """The reports of the last wanted month that is published, and of the current release, written where missing.

    An old edition's reports come out the same whenever they are made: a backfill makes no dozens that nobody reads.
    """
    published = [
        folder for month in sorted(wanted) if (folder := edition_folders.latest_edition(settings.releases, month))
    ]
    due = {*published[-1:], edition_folders.current(settings.releases)} - {None}
    return {months.parse(folder.parent.name): write_reports(folder) for folder in due}


def write_reports(folder: Path) -> list[Path]:
    """The reports of one edition: all of them or none, by one process at a time."""
    place, aside = folder / "reports", folder / ".reports.part"
    with durable_files.refusing("生成报告"), locks.hold(folder.parents[1] / ".reports.lock", "生成报告"):
        if not any(place.glob("*")):
            shutil.rmtree(aside, ignore_errors=True)
            release = open_folder(folder)
            try:
                with _steady():
                    reports.write_reports(release, aside)
            finally:
                release.close()
            aside.replace(place)
    return sorted(place.iterdir())


@contextmanager
def _steady() -> Iterator[None]:
    """What lives already is not gone through for garbage: a report makes half a million objects, and each round through all that Dagster
    holds costs as much as a sheet."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
