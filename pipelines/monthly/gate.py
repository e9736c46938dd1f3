"""The gate: when a working edition is released to everybody, and taken back again (semantics §4, Gate)."""

from datetime import date, datetime

from pipelines import months
from pipelines.access import roles
from pipelines.archive import month_state, released_editions
from pipelines.archive.store import Archive, Event
from pipelines.edition import edition_folders
from pipelines.errors import Refusal
from pipelines.intake import decisions, month_status, session
from pipelines.intake.month_report import excused
from pipelines.settings import Settings
from pipelines.warehouse.projection import Warehouse, scalar

# how an edition was released, as in the ledger
APPROVED, ALL_REPORTED, BY_TIME, BY_PERSON = "approved", "all_reported", "by_time", "by_person"


def opened_by(opened: Warehouse, month: date, now: datetime) -> str | None:
    """What opens a month's gate at a moment: approved, all_reported or by_time; None while it is closed."""
    state = opened.life().months.get(month)
    if state and state.approved:
        return APPROVED
    if not has_own_report(opened, month):
        return None
    if all_reported(opened, month):
        return ALL_REPORTED
    return BY_TIME if now >= opened.reference.calendar.publication_moment(month) else None


def has_own_report(opened: Warehouse, month: date) -> bool:
    """Whether a row of a unit or a county's 表2 of the month itself was accepted."""
    if not opened.life().effective(month):
        return False
    accepted = " UNION ALL ".join(
        f"SELECT 1 FROM {table} WHERE month = $month AND row_state = 'accepted'"
        for table in ("standing", "county_standing")
    )
    return bool(scalar(opened.con, f"SELECT count(*) FROM ({accepted})", {"month": month}))


def all_reported(opened: Warehouse, month: date) -> bool:
    """Whether every unit of every county that is not excused has an accepted row of the month itself."""
    rows = opened.con.execute("SELECT unit FROM standing WHERE month = ? AND row_state = 'accepted'", [month])
    accepted, free = {unit for (unit,) in rows.fetchall()}, excused(opened.life(), month)
    units = opened.reference.rosters.units(month)
    return all(unit.code in accepted for unit in units if unit.county_code not in free)


def let_through(opened: Warehouse, month: date, name: str, now: datetime) -> str | None:
    """Release an edition where its month's gate is open; returns what opened it, None where nothing was released."""
    known = month_state.editions(opened.archive)
    how = opened_by(opened, month, now)
    if how is None or name in known.released or name in known.retracted:
        return None
    _append(opened, "gate", name, "系统", {"how": how})
    return how


def release(month: date, settings: Settings, by: str | roles.Actor) -> Event:
    """A person releases the month's newest edition. Errors: `Refusal` where there is none, or it is released already."""
    by = decisions.person(by, "publish", settings, month=months.key(month))
    with session.settled(settings, "发布") as opened:
        known = month_state.editions(opened.archive)
        names = [edition_folders.name_of(f) for f in edition_folders.usable(settings.releases, opened.archive, month)]
        if not names:
            raise Refusal(f"{months.label(month)}没有可发布的版；请先运行 shequ run --month {months.key(month)}")
        if names[-1] in known.released:
            raise Refusal(f"{names[-1]} 已于 {known.released[names[-1]].at[:10]} 发布，无需再发布")
        return _append(opened, "gate", names[-1], by, {"how": BY_PERSON})


def retract(name: str, why: str, settings: Settings, by: str | roles.Actor) -> Event:
    """Retract an edition `2020-06/2`: the one before is current again. Errors: `Refusal` for an unknown or retracted one."""
    by = decisions.person(by, "publish", settings, edition=name)
    decisions.need("理由", why)
    with session.settled(settings, "收回") as opened:
        known = month_state.editions(opened.archive)
        if name not in known.made:
            raise Refusal(f"没有 {name} 这一版；各版见 shequ status")
        if name in known.retracted:
            event = known.retracted[name]
            raise Refusal(
                f"{name} 已于 {event.at[:10]} 由{event.by}收回；要恢复，请撤回这个决定（shequ withdraw {event.seq}）"
            )
        return _append(opened, "retract", name, by, {"why": why.strip()})


def current_without_reports(settings: Settings) -> str | None:
    """The current edition where no report of its month is in force any more; it stays current until it is retracted."""
    current = month_state.editions(Archive(settings.archive)).current
    if current is None:
        return None
    kept = month_status.read(settings.data, months.parse(released_editions.order(current)[0]))
    return None if kept and any(county["seqs"] for county in kept["counties"]) else current


def require_not_retracted(opened: Warehouse, name: str) -> None:
    """Errors: `Refusal` where the edition was retracted, because the data in force are still the same."""
    event = month_state.editions(opened.archive).retracted.get(name)
    if event:
        raise Refusal(
            f"现有数据与已收回的 {name} 相同；请先更正，或撤回“收回”这个决定（shequ withdraw {event.seq}），再审定"
        )


def _append(opened: Warehouse, kind: str, name: str, by: str, more: dict[str, str]) -> Event:
    """Append the event; settling then updates the pointer `current`, also after a kill in between."""
    month, number = released_editions.order(name)
    event = opened.archive.append(kind, {"month": month, "edition": number, **more}, by)
    session.settle(opened)
    return event
