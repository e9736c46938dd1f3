"""Take what lies in the inbox into the archive."""

from pipelines.archive.receive import Receiver
from pipelines.archive.store import Archive
from pipelines.errors import Refusal
from pipelines.intake import file_names, inbox, month_status
from pipelines.intake.session import Progress, settle
from pipelines.intake.submit_files import read_file
from pipelines.reference import reference_bundle
from pipelines.settings import Settings
from pipelines.warehouse.projection import Warehouse


def collect(
    opened: Warehouse,
    settings: Settings,
    still_for: float = 0.0,
    report: Progress | None = None,
    most: int | None = None,
) -> list[int]:
    """What lies in the inbox, archived and read; at most so many files, where that is said."""
    take_in(opened.archive, settings, still_for, most)
    return settle(opened, report)


def take_in(archive: Archive, settings: Settings, still_for: float = 0.0, most: int | None = None) -> None:
    """What lies in the inbox into the archive. A file leaves the inbox once the archive has it; `most` counts those that do."""
    version = reference_bundle.load(settings.reference).form.version
    receiver = Receiver(archive, "收件箱", month_status.unreplaced(settings.data), form_version=version)
    taken = 0
    for path in inbox.waiting_files(settings, still_for):
        try:
            before = path.stat()
            data = read_file(path)
        except (Refusal, FileNotFoundError):
            continue  # too large or unreadable: it stays in the inbox, where `shequ status` lists it
        receiver.take(data, file_names.of(path))
        inbox.leave(path, before)
        taken += 1
        if taken == most:
            break
