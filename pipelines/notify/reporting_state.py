"""Where a month stands: which counties have reported, which are missing or late, what waits."""

from dataclasses import dataclass
from datetime import date, datetime

from pipelines import months
from pipelines.archive.store import SHANGHAI
from pipelines.intake import reporting_status
from pipelines.notify import due_dates
from pipelines.settings import Settings


@dataclass(frozen=True)
class Standing:
    """One month on one day. Counties are (code, name); `late` are the missing ones once the due day is over.

    `refused` are files that could not be used and were not sent again in order (seq, file, county or null, at, why);
    `unread` is how many are in the archive and not read yet, because another task writes.
    """

    month: date
    today: date
    reported: tuple[tuple[str, str], ...]
    missing: tuple[tuple[str, str], ...]
    with_errors: tuple[tuple[str, str], ...]
    waiting: int
    inbox: tuple[str, ...]
    refused: tuple[dict, ...] = ()
    unread: int = 0

    @property
    def late(self) -> tuple[tuple[str, str], ...]:
        return self.missing if due_dates.is_late(self.month, self.today) else ()

    def public(self) -> dict:
        """For `--json`: `state` of a county is reported | missing | late."""
        missing = "late" if self.late else "missing"
        rows = [(c, "reported") for c in self.reported] + [(c, missing) for c in self.missing]
        counties = [{"code": code, "name": name, "state": state} for (code, name), state in sorted(rows)]
        return {
            "month": months.key(self.month), "due": due_dates.due(self.month).isoformat(), "counties": counties,
            "with_errors": [code for code, _ in self.with_errors], "waiting": self.waiting, "inbox": list(self.inbox),
            "refused": list(self.refused), "unread": self.unread,
        }  # fmt: skip


def of_month(settings: Settings, month: date, today: date) -> Standing:
    """Read from what `reporting_status.status` says."""
    return from_status(reporting_status.status(settings, month), month, today)


def from_status(state: dict, month: date, today: date) -> Standing:
    counties = [(county["code"], county["name"], county) for county in state["counties"]]
    return Standing(
        month=month,
        today=today,
        reported=tuple((code, name) for code, name, c in counties if c["state"] == "effective"),
        missing=tuple((code, name) for code, name, c in counties if c["state"] != "effective"),
        with_errors=tuple((code, name) for code, name, c in counties if c["errors"]),
        waiting=len(state["waiting"]),
        inbox=tuple(state["inbox"]),
        refused=tuple(state["refused"]),
        unread=len(state["unread"]),
    )


def on_this_day(settings: Settings, month: date | None = None, now: datetime | None = None) -> dict:
    """The month (default: the one that has ended) as it stands today, for the command line."""
    today = (now or datetime.now(SHANGHAI)).date()
    return of_month(settings, month or due_dates.in_question(today), today).public()
