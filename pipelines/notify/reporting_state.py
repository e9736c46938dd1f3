"""Reporting state of a month: counties that have reported, are missing, late or excused, and what waits."""

from dataclasses import dataclass, field
from datetime import date
from typing import TypedDict

from pipelines import months
from pipelines.intake import month_now, reporting_status
from pipelines.intake.month_now import MonthNow
from pipelines.intake.month_report import MonthStatus, RefusedFile
from pipelines.notify import due_dates
from pipelines.settings import Settings

Counties = tuple[tuple[str, str], ...]


class CountyDue(TypedDict):
    """`state`: reported | missing | late | excused; `due` is an ISO date, null where it is excused."""

    code: str
    name: str
    state: str
    due: str | None


class Reminders(TypedDict):
    """A `Standing` as `shequ reminders --json` prints it; `with_errors` are codes of counties."""

    month: str
    due: str
    caveat: str | None
    counties: list[CountyDue]
    with_errors: list[str]
    waiting: int
    inbox: list[str]
    refused: list[RefusedFile]
    unread: int


@dataclass(frozen=True)
class Standing:
    """One month on one day. Counties are (code, name); `missing` are those that have not reported and are not excused.

    `usual_due` is the due day of a county without extension, `due` that of each county that must report; `caveat` says in Chinese that
    the year's holidays are not known. `refused` are files that could not be used and were not sent again in order (seq, file, county
    or null, at, why); `unread` is how many are in the archive and not read yet, because another task writes.
    """

    month: date
    today: date
    usual_due: date
    reported: Counties
    missing: Counties
    with_errors: Counties
    waiting: int
    inbox: tuple[str, ...]
    refused: tuple[RefusedFile, ...] = ()
    unread: int = 0
    due: dict[str, date] = field(default_factory=dict)
    excused: Counties = ()
    caveat: str | None = None

    def due_of(self, code: str) -> date:
        return self.due.get(code, self.usual_due)

    @property
    def late(self) -> Counties:
        """Missing counties whose own due day is over."""
        return tuple(county for county in self.missing if due_dates.is_late(self.due_of(county[0]), self.today))

    def public(self) -> "Reminders":
        """For `--json`."""
        late = set(self.late)
        rows = [(c, "reported") for c in self.reported] + [(c, "excused") for c in self.excused]
        rows += [(c, "late" if c in late else "missing") for c in self.missing]
        counties: list[CountyDue] = [
            {"code": c[0], "name": c[1], "state": state, "due": None if state == "excused" else self.due_of(c[0]).isoformat()}
            for c, state in sorted(rows)
        ]  # fmt: skip
        return {
            "month": months.key(self.month), "due": self.usual_due.isoformat(), "caveat": self.caveat, "counties": counties,
            "with_errors": [code for code, _ in self.with_errors], "waiting": self.waiting, "inbox": list(self.inbox),
            "refused": list(self.refused), "unread": self.unread,
        }  # fmt: skip


def of_month(settings: Settings, month: date, today: date) -> Standing:
    """Read from what `reporting_status.status` and the ledger say."""
    return from_status(reporting_status.status(settings, month), month_now.of(settings, month), today)


def of_month_as_kept(settings: Settings, month: date, today: date) -> Standing:
    """The same from the last settled state, for a page. Takes no lock."""
    return from_status(reporting_status.kept(settings, month), month_now.of(settings, month), today)


def from_status(state: MonthStatus, now: MonthNow, today: date) -> Standing:
    """The reporting state of a month on a day, from its status and due days."""
    counties = [(county["code"], county["name"], county) for county in state["counties"]]
    missing = [(code, name) for code, name, c in counties if c["state"] != "effective"]
    return Standing(
        month=now.month,
        today=today,
        usual_due=now.usual_due,
        reported=tuple((code, name) for code, name, c in counties if c["state"] == "effective"),
        missing=tuple(county for county in missing if county[0] not in now.excused),
        with_errors=tuple((code, name) for code, name, c in counties if c["errors"]),
        waiting=len(state["waiting"]),
        inbox=tuple(state["inbox"]),
        refused=tuple(state["refused"]),
        unread=len(state["unread"]),
        due=now.due,
        excused=tuple(county for county in missing if county[0] in now.excused),
        caveat=now.caveat,
    )


def on_this_day(settings: Settings, month: date | None) -> Reminders:
    """The state of the month (None: the one that has ended) as of today."""
    today = months.today()
    return of_month(settings, month or due_dates.in_question(today), today).public()
