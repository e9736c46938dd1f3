"""Decisions about a month and their consequences: its edition, release and papers. Used by the command line and the dashboard."""

from datetime import date, datetime

from pipelines import months
from pipelines.access import roles
from pipelines.archive.store import Archive, Event
from pipelines.edition import edition_folders
from pipelines.intake import decisions, session
from pipelines.monthly import gate, monthly_run, papers, public_folder
from pipelines.months import SHANGHAI
from pipelines.settings import Settings
from pipelines.warehouse.projection import Warehouse


def approve(month: date, settings: Settings, by: str | roles.Actor, why: str = "") -> Event:
    """Approve a month, release its edition, issue approved papers. Errors: `Refusal` also for a blocking check."""

    def make_edition(opened: Warehouse) -> None:
        monthly_run.checked(opened, month)
        edition = monthly_run.publish_month(opened, settings, month, by if isinstance(by, str) else by.name)
        gate.require_not_retracted(opened, edition.label)

    event = decisions.approve(month, settings, by, why, make_edition)
    _follow(month, settings, "发布")
    return event


def reopen(month: date, why: str, settings: Settings, by: str | roles.Actor) -> Event:
    """Open an approved month again, and issue new papers."""
    event = decisions.reopen(month, why, settings, by)
    _follow(month, settings, "重开")
    return event


def extend(
    month: date,
    county: str,
    settings: Settings,
    by: str | roles.Actor,
    why: str,
    until: date | None = None,
    excuse: bool = False,
) -> Event:
    """Extend a county's due day for a month, or excuse it, and issue new papers of its edition."""
    event = decisions.extend(month, county, settings, by, why, until, excuse)
    papers.issue_latest(settings, [month])
    return event


def withdraw(of: int, why: str, settings: Settings, by: str | roles.Actor) -> Event:
    """Take back a submission, a decision or a withdrawal. Papers are issued again where an approval, a reopening, an extension or a
    note is concerned, and public pages are updated."""
    event = decisions.withdraw(of, why, settings, by)
    root = decisions.taken_back(Archive(settings.archive), event)
    if root.kind in ("approve", "reopen"):
        _follow(months.parse(root.body["month"]), settings, "撤回")
    elif root.kind in ("extend", "gate", "retract", "annotate"):
        papers.issue_latest(settings, [months.parse(root.body["month"])])
    elif root.kind == "publicise":
        public_folder.bring_up_to_date(settings)
    return event


def release(month: date, settings: Settings, by: str | roles.Actor) -> Event:
    """Release the newest edition of a month and issue its papers."""
    event = gate.release(month, settings, by)
    papers.issue_latest(settings, [month])
    return event


def retract(name: str, why: str, settings: Settings, by: str | roles.Actor) -> Event:
    """Retract an edition `2020-06/2`; the one released before it is current again, and its papers are issued."""
    event = gate.retract(name, why, settings, by)
    papers.issue_latest(settings, [])
    return event


def publicise(month: date, settings: Settings, by: str | roles.Actor) -> Event:
    """Publicise the newest released edition of a month (`public_folder`)."""
    event = public_folder.publicise(month, settings, by)
    public_folder.bring_up_to_date(settings)
    return event


def _follow(month: date, settings: Settings, doing: str) -> None:
    """Release the month's newest edition where the gate is open now, and issue new papers."""
    with session.settled(settings, doing) as opened:
        newest = edition_folders.usable(settings.releases, opened.archive, month)[-1:]
        for folder in newest:
            gate.let_through(opened, month, edition_folders.name_of(folder), datetime.now(SHANGHAI))
    papers.issue_latest(settings, [month])
