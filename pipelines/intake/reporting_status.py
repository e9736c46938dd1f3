"""Who has reported a month, and what is not processed yet. Does not wait for the writer's lock."""

import errno
from datetime import date, datetime
from typing import TypedDict

from pipelines import months
from pipelines.archive import reference_in_force
from pipelines.archive.store import Archive
from pipelines.errors import Refusal
from pipelines.intake import file_names, inbox, month_report, month_status
from pipelines.intake.month_report import Arrived, MonthKept, MonthReport, MonthStatus
from pipelines.intake.session import settled, writer_lock
from pipelines.settings import Settings
from pipelines.system import locks
from pipelines.system.locks import Holder


class News(TypedDict):
    """`arrived`: submissions that are not processed yet, the newest first; `inbox`: names of files; `running`: the writing task."""

    arrived: list[Arrived]
    inbox: list[str]
    running: Holder | None


def news(settings: Settings, as_of: int) -> News:
    """What has come in after ledger number `as_of`: read from ledger, inbox and lock, not from the warehouse. Takes no lock."""
    events = [event for event in Archive(settings.archive).events(after=as_of) if event.kind == "submission"]
    arrived: list[Arrived] = [
        {"seq": event.seq, "file": event.body["file"], "by": event.by, "at": event.at} for event in events
    ]
    return {
        "arrived": arrived[::-1],
        "inbox": [file_names.of(path) for path in inbox.waiting_files(settings)],
        "running": locks.holder(writer_lock(settings)),
    }


def status(settings: Settings, month: date | None = None) -> MonthStatus:
    """The state of a month (default: the latest reported). Does not wait: while another task writes, the state before it."""
    try:
        with settled(settings, "查看报送情况", wait=0.0) as opened:
            life = opened.life()
            month = month or (life.reported[-1] if life.reported else None)
            report = month_report.month_state(opened, life, month) if month else None
            return _with_news(settings, report, opened.applied(), None)
    except locks.Busy:
        return _last_kept(settings, month, _holder(settings))
    except OSError as fault:
        if fault.errno not in _UNWRITABLE:
            raise
    except Refusal as refusal:
        if getattr(refusal.__cause__, "errno", None) not in _UNWRITABLE:
            raise
    return _last_kept(settings, month, None)


# a disk that became read-only, or folders of another user: the state that was kept last is shown
_UNWRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM)


def kept(settings: Settings, month: date) -> MonthStatus:
    """The same as `status` as last kept, without settling: for a page, which is drawn often."""
    return _last_kept(settings, month, locks.holder(writer_lock(settings)))


def _last_kept(settings: Settings, month: date | None, running: Holder | None) -> MonthStatus:
    """A month as the last settling left it; without counties where there was none yet."""
    report = month_status.read(settings.data, month)
    if report:
        return _with_news(settings, report, report["as_of"], running)
    as_of = month_status.as_of(settings.data)
    nothing = month_report.nothing(reference_in_force.load(settings), month) if month and as_of else None
    status = _with_news(settings, nothing, as_of, running)
    return {**status, "month": months.key(month)} if month else status


def _with_news(settings: Settings, report: MonthReport | None, as_of: int, running: Holder | None) -> MonthStatus:
    since = news(settings, as_of)
    rest: MonthStatus = {
        **month_report.NO_MONTH, "month": None, "as_of": as_of, "inbox": since["inbox"], "unread": since["arrived"][::-1],
        "running": running,
    }  # fmt: skip
    return {**rest, **report} if report else rest


def _holder(settings: Settings) -> Holder:
    """The task that holds the writer's lock; one that has not signed yet has begun just now."""
    now = datetime.now().isoformat(timespec="seconds")
    return locks.holder(writer_lock(settings)) or {"doing": "刚刚开始的任务", "pid": None, "since": now}


def unpublished(settings: Settings, as_of: int) -> list[MonthKept]:
    """States of the months to which submissions after ledger number `as_of` belong, as last kept. Takes no lock."""
    return month_status.since(settings.data, as_of)
