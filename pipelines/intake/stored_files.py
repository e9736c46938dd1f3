"""A stored submission given back: its receipt, and the file as it was sent."""

from pipelines import months
from pipelines.archive.store import Archive, Event
from pipelines.errors import Refusal
from pipelines.intake import file_names, receipts, session, submit_files
from pipelines.intake.outcome import Report
from pipelines.settings import Settings
from pipelines.system import locks


def original(seq: int, settings: Settings) -> tuple[bytes, str]:
    """Bytes and file name. Errors: `Refusal` for what is no submission."""
    event = _submission(seq, settings)
    return Archive(settings.archive).read(event.body["sha256"]), file_names.last_part(event.body["file"])


def receipt(seq: int, settings: Settings) -> tuple[bytes, str]:
    """Bytes and file name. Does not wait: while another task writes it is that of a check, without the tries before."""
    event = _submission(seq, settings)
    try:
        with session.settled(settings, "写回执", wait=0.5) as opened:
            report: Report = submit_files.as_received(
                opened, seq, file_names.of(event.body["file"]), False, months.today()
            )
            return receipts.receipt(opened, report)
    except locks.Busy:
        data, name = original(seq, settings)
        seen = submit_files.preview(data, name, settings)
        return seen.receipt_bytes, seen.receipt_name


def _submission(seq: int, settings: Settings) -> Event:
    event = next(Archive(settings.archive).events(after=seq - 1, until=seq), None)
    if event is None or event.kind != "submission":
        raise Refusal(f"第 {seq} 号不是报送的文件")
    return event
