"""A writer's session: the warehouse, opened under the writer's lock and brought up to date with the archive."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

from pipelines import months
from pipelines.archive import reference_in_force
from pipelines.archive.store import Archive
from pipelines.edition import edition_folders
from pipelines.figures import effective_answers
from pipelines.intake import month_status, record_explanations, returned_lists
from pipelines.months import SHANGHAI
from pipelines.settings import Settings
from pipelines.system import durable_files, locks
from pipelines.warehouse import projection
from pipelines.warehouse.projection import Warehouse
from pipelines.worker import worker_pool

Progress = Callable[[int, int, str], None]


# Seconds that a submission waits for another writer; after that it is only archived, and the next writer reads it.
PATIENCE = 2.0


def writer_lock(settings: Settings) -> Path:
    """The lock of whoever writes the warehouse."""
    return settings.data / "warehouse" / "writer.lock"


@contextmanager
def writing(settings: Settings, doing: str, wait: float = 60.0) -> Iterator[Warehouse]:
    """The warehouse, opened for writing under the writer's lock; partial files of a killed writer are removed."""
    archive = Archive(settings.archive)
    archive.check_format()
    with durable_files.refusing(doing), locks.hold(writer_lock(settings), doing, wait):
        edition_folders.sweep(settings.releases)
        shutil.rmtree(settings.data / ".rebuild", ignore_errors=True)
        # under the lock, so that no unit is admitted before the opening
        reference = reference_in_force.of_folder(settings.reference, archive)
        with (
            projection.quarantine(settings.warehouse),
            projection.open_warehouse(settings.warehouse, reference, archive, settings.data) as opened,
        ):
            yield opened


def settle(opened: Warehouse, report: Progress | None = None, now: datetime | None = None) -> list[int]:
    """Bring the projection up to the archive, judge the months affected, point to the current edition; returns submissions read."""
    read = worker_pool.reader(opened.archive, opened.reference)
    loaded = opened.sync(read, report)
    moment = now or datetime.now(SHANGHAI)
    noted = [*note_months_over(opened, moment), returned_lists.bring_up_to_date(opened, moment)]
    if any(noted):
        opened.sync(read)
    effective_answers.bring_up_to_date(opened)
    if record_explanations.record(opened):
        opened.sync(read)
    month_status.keep(opened)
    edition_folders.point_current(opened.archive.root.parent / "releases", opened.archive)
    return loaded


@contextmanager
def settled(
    settings: Settings, doing: str, wait: float = 60.0, report: Progress | None = None, now: datetime | None = None
) -> Iterator[Warehouse]:
    """`writing`, with everything in the archive processed (`settle`)."""
    with writing(settings, doing, wait) as opened:
        settle(opened, report, now)
        yield opened


def note_months_over(opened: Warehouse, now: datetime) -> list[date]:
    """Note in the ledger that months ended for which reports came early: a rebuild must not depend on the clock."""
    this_month = now.date().replace(day=1)
    states = opened.life().months.items()
    ended = sorted(month for month, state in states if state.early and month < this_month)
    for month in ended:
        opened.archive.append("month_over", {"month": months.key(month)}, now=now)
    return ended
