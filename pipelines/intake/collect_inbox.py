"""Move files from the inbox into the archive."""

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
    """Archive and read the files of the inbox, at most `most` where given."""
    take_in(opened.archive, settings, still_for, most)
    return settle(opened, report)


def take_in(archive: Archive, settings: Settings, still_for: float = 0.0, most: int | None = None) -> None:
    """Archive the files of the inbox. A file is removed from the inbox once it is archived; at most `most` are."""
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
