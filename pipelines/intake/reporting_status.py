"""Who has reported a month, and what is not taken account of yet. Waits for nobody."""

import errno
from collections.abc import Mapping
from datetime import date, datetime

from pipelines import months
from pipelines.archive import reference_in_force
from pipelines.archive.store import Archive
from pipelines.errors import Refusal
from pipelines.intake import file_names, inbox, month_report, month_status
from pipelines.intake.session import settle, writer_lock, writing
from pipelines.settings import Settings
from pipelines.system import locks


def news(settings: Settings, as_of: int) -> dict:
    """What is not in an edition yet, without waiting for anybody: read from ledger, inbox and lock, not from the warehouse.

    `arrived`: submissions after ledger number `as_of` (seq, file, by, at), the newest first; `inbox`: names of files;
    `running`: the task that writes at this moment (doing, pid, since), or None.
    """
    events = [event for event in Archive(settings.archive).events(after=as_of) if event.kind == "submission"]
    arrived = [{"seq": event.seq, "file": event.body["file"], "by": event.by, "at": event.at} for event in events]
    return {
        "arrived": arrived[::-1],
        "inbox": [file_names.of(path) for path in inbox.waiting_files(settings)],
        "running": locks.holder(writer_lock(settings)),
    }


def status(settings: Settings, month: date | None = None) -> dict:
    """The state of a month (default: the latest reported): who has reported, what is open, what lies in the inbox.

    Waits for nobody. `as_of` is the last ledger number taken account of: while another task writes (`running`: doing, pid, since) that is
    what was so before it began, and `unread` are the submissions since (seq, file, by, at).
    """
    found: dict
    try:
        with writing(settings, "查看报送情况", wait=0.0) as opened:
            settle(opened)
            life = opened.life()
            month = month or (life.reported[-1] if life.reported else None)
            state: Mapping[str, object] = month_report.month_state(opened, life, month) if month else _NO_MONTH
            found, running = {**state, "as_of": opened.applied()}, None
    except locks.Busy:
        found, running = _as_kept(settings, month), _runs(settings)
    except OSError as fault:
        if fault.errno not in _UNWRITABLE:
            raise
        found, running = _as_kept(settings, month), None
    except Refusal as refusal:
        if getattr(refusal.__cause__, "errno", None) not in _UNWRITABLE:
            raise
        found, running = _as_kept(settings, month), None
    told = news(settings, found["as_of"])
    return {**found, "inbox": told["inbox"], "unread": told["arrived"][::-1], "running": running}


# a disk that became read-only, or folders of another user: what was kept last is told
_UNWRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM)
_NO_MONTH: dict[str, object] = {"month": None, "state": "open", "counties": [], "waiting": [], "refused": []}


def kept(settings: Settings, month: date) -> dict:
    """The same as `status`, without settling even if nobody writes: for a page, which is drawn again and again."""
    found = _as_kept(settings, month)
    told = news(settings, found["as_of"])
    return {**found, "inbox": told["inbox"], "unread": told["arrived"][::-1], "running": told["running"]}


def _as_kept(settings: Settings, month: date | None) -> dict:
    """A month as the last settling left it; without counties where none has left anything yet."""
    found: Mapping[str, object] | None = month_status.read(settings.data, month)
    as_of = month_status.as_of(settings.data)
    if found is None and month and as_of:
        found = month_report.nothing(reference_in_force.load(settings), month)
    return {"as_of": as_of, **_NO_MONTH, "month": months.key(month) if month else None, **(found or {})}


def _runs(settings: Settings) -> dict:
    """Who holds the writer's lock; a holder that has not signed yet is said to have begun this moment."""
    found = locks.holder(writer_lock(settings))
    return found or {"doing": "刚刚开始的任务", "pid": None, "since": datetime.now().isoformat(timespec="seconds")}


def unpublished(settings: Settings, as_of: int) -> list[dict]:
    """States of the months to which submissions after ledger number `as_of` belong, as last kept. Waits for nobody, reads nothing in."""
    return month_status.since(settings.data, as_of)
