"""A session of the one writer: the warehouse open under its lock, and brought up to the archive."""

from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from pipelines.archive.store import Archive
from pipelines.edition import edition_folders
from pipelines.figures import update
from pipelines.intake import month_status
from pipelines.reference import reference_bundle
from pipelines.settings import Settings
from pipelines.system import durable_files, locks
from pipelines.warehouse import projection
from pipelines.warehouse.projection import Warehouse
from pipelines.worker import worker_pool

Progress = Callable[[int, int, str], None]


# Seconds that a submission waits for another writer: then it is in the archive, and the next task that writes reads it.
PATIENCE = 2.0


def writer_lock(settings: Settings) -> Path:
    return settings.data / "warehouse" / "writer.lock"


@contextmanager
def writing(settings: Settings, doing: str, wait: float = 60.0):
    """The warehouse open for writing, under the lock that lets one writer in."""
    reference = reference_bundle.load(settings.reference)
    archive = Archive(settings.archive)
    archive.check_format()
    with (
        durable_files.refusing(doing),
        locks.hold(writer_lock(settings), doing, wait),
        projection.quarantine(settings.warehouse),
        projection.open_warehouse(settings.warehouse, reference, archive, settings.data) as opened,
    ):
        yield opened


def settle(opened: Warehouse, report: Progress | None = None) -> list[int]:
    """Bring the projection up to the archive, the months that it touches up to date, and the pointer to the current edition to what the
    ledger says. Returns the submissions read."""
    loaded = opened.sync(worker_pool.reader(opened.archive, opened.reference), report)
    life = opened.life()
    if life.reported:
        update.bring_up_to_date(opened, life.reported[-1])
    month_status.keep(opened)
    edition_folders.point_current(opened.archive.root.parent / "releases", opened.archive)
    return loaded
