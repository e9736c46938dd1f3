"""Decisions of the city on months and findings. Each is an event of the ledger with a person's name, and can be withdrawn."""

from collections.abc import Callable
from datetime import date
from typing import Any, cast

from pipelines import months
from pipelines.access import roles
from pipelines.answers import column_habits, match_unit
from pipelines.archive.month_state import WITHDRAWABLE, Life
from pipelines.archive.store import Archive, Event
from pipelines.errors import Refusal
from pipelines.intake import file_names, inbox, month_report, returned_lists, signature
from pipelines.intake.month_report import Gaps, MonthStatus
from pipelines.intake.session import settle, settled
from pipelines.reference.form import KINDS
from pipelines.reference.roster import Admission
from pipelines.settings import Settings
from pipelines.warehouse.projection import Warehouse


def approve(
    month: date,
    settings: Settings,
    by: str | roles.Actor,
    why: str = "",
    before: Callable[[Warehouse], object] = lambda opened: None,
) -> Event:
    """Lock a month. The event records what is lacking at that moment (`lacking`) and `why` it is approved nevertheless.
    `before` is called under the same lock after the checks: it makes the edition that is approved.

    Errors: `Refusal` when nothing is reported, or it is approved already.
    """
    by = person(by, "approve", settings, month=months.key(month))
    with settled(settings, "审定") as opened:
        life = opened.life()
        state = life.month(month)
        if not state.effective:
            raise Refusal(f"{months.label(month)}还没有任何有效报表，不能审定")
        if state.approved:
            raise Refusal(f"{months.label(month)}已于 {state.approved.at[:10]} 由{state.approved.by}审定")
        report = month_report.month_state(opened, life, month)
        waiting = [file_names.of(path) for path in inbox.waiting_files(settings)]
        status: MonthStatus = {**report, "as_of": opened.applied(), "inbox": waiting, "unread": [], "running": None}
        before(opened)
        reason = {"why": why} if why.strip() else {}
        return decide(opened, "approve", {"month": months.key(month), **lacking(status), **reason}, by)


def lacking(state: MonthStatus) -> Gaps:
    """What an unapproved month lacks: counties not reported or excused, refused files, files not received or read."""
    if state["state"] == "approved" or not any(county["seq"] for county in state["counties"]):
        return {}
    gaps: Gaps = {
        "missing": [
            county["code"]
            for county in state["counties"]
            if county["seq"] is None and county["code"] not in state.get("excused", ())
        ],
        "refused": [file["seq"] for file in state["refused"]],
        "inbox": list(state["inbox"]),
        "unread": [submission["seq"] for submission in state["unread"]],
    }
    return cast(Gaps, {name: entries for name, entries in gaps.items() if entries})


def reopen(month: date, why: str, settings: Settings, by: str | roles.Actor) -> Event:
    """Open an approved month again, with the reason; what waited for it comes into force."""
    by = person(by, "reopen", settings, month=months.key(month))
    need("理由", why)
    with settled(settings, "重开") as opened:
        if not opened.life().month(month).approved:
            raise Refusal(f"{months.label(month)}未经审定，无需重开")
        return decide(opened, "reopen", {"month": months.key(month), "why": why}, by)


def waive(finding: str, why: str, until: date, settings: Settings, by: str | roles.Actor) -> Event:
    """Accept a finding until a month's end, with the reason."""
    by = person(by, "waive", settings, finding=finding)
    need("理由", why)
    with settled(settings, "豁免") as opened:
        rows = opened.con.execute(
            "SELECT DISTINCT phase, severity, month FROM finding JOIN submission USING (seq) WHERE id = ?", [finding]
        ).fetchall()
        if not rows:
            raise Refusal(f"没有编号为 {finding} 的问题；编号见 shequ submit 的输出或回执的问题清单")
        if any(phase == "read" and severity == "error" for phase, severity, _ in rows):
            raise Refusal(f"问题 {finding} 是读不出或认不出的内容，不能豁免，只能改正后重报")
        first = min(month for _, _, month in rows if month)
        if until < first:
            raise Refusal(f"问题 {finding} 出现在{months.label(first)}，豁免不能在此之前到期；请改 --until")
        same = [w for w in opened.life().waivers if (w.finding, w.why, w.until) == (finding, why, until)]
        return (
            _event(opened.archive, same[0].seq)
            if same
            else decide(opened, "waive", {"finding": finding, "why": why, "until": months.key(until)}, by)
        )


def resolve(
    finding: str, unit: str | None, settings: Settings, by: str | roles.Actor, value: str | None = None
) -> Event:
    """Say which unit of the roster a row means, or, as a `value`, how a county's habit is read; applies to later files of the county."""
    by = person(by, "resolve", settings, finding=finding)
    with settled(settings, "认定单位") as opened:
        if value is not None:
            return decide(opened, "resolve", _habit(opened, finding, value), by)
        rows = opened.con.execute(
            "SELECT submission.county, submission.month, answer.code, answer.name, answer.town FROM finding "
            "JOIN submission USING (seq) JOIN answer USING (seq, row_no) WHERE id = ? ORDER BY seq DESC", [finding],
        ).fetchall()  # fmt: skip
        if not rows:
            raise Refusal(f"没有编号为 {finding} 的待认定单位；编号见 shequ submit 的输出或回执的问题清单")
        county, month, *written = rows[0]
        known = {u.code: u for u in opened.reference.rosters.units(month) if u.county_code == county}
        if unit not in known:
            raise Refusal(f"{unit} 不是该县{months.label(month)}名册中的单位；请核对代码")
        body = {"finding": finding, "county": county, "key": match_unit.key(*written), "unit": unit}
        return decide(opened, "resolve", body, by)


def _habit(opened: Warehouse, finding: str, value: str) -> dict[str, str]:
    """A habit of a county's: the field or the word that a grouped finding is about, and how it is to be read."""
    rows = opened.con.execute(
        "SELECT submission.county, code, field, found FROM finding JOIN submission USING (seq) WHERE id = ? ORDER BY seq DESC",
        [finding],
    ).fetchall()
    if not rows:
        raise Refusal(f"没有编号为 {finding} 的问题；编号见 shequ submit 的输出或回执的问题清单")
    county, code, field, found = rows[0]
    about = found if code == column_habits.FLAG_WORD else field
    return {"finding": finding, "county": county, "key": f"{code}:{about or ''}", "as": _read_as(code, value.strip())}


def _read_as(code: str, value: str) -> str:
    """How a habit is read, as the ledger says it. Errors: `Refusal` for a finding that is no habit, and for another value."""
    if code not in _HABITS:
        raise Refusal("这个问题不是一种写法，不能用 --as 认定；一行报的是哪个单位，用 --unit 认定")
    meaning, ways = _HABITS[code]
    way = next((kept for kept, words in ways.items() if value in words), None)
    if way is None:
        raise Refusal(f"“{value}”不是{meaning}的读法；可写：{'、'.join(words[0] for words in ways.values())}")
    return way


_MONTHS: dict[str, tuple[str, ...]] = {
    str(number): (f"{number}月", str(number), f"{number:02}") for number in range(1, 13)
}
# finding → what it is about, and each way to read it with the words that may be typed
_HABITS: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "ticks_and_blanks": ("空白", {"no": ("否", "no"), "unknown": ("未填", "unknown")}),
    "flag_word_unclear": ("是否类指标的写法", {"yes": ("是", "yes"), "no": ("否", "no")}),
    "month_unclear": ("分不清的月份", {number: _MONTHS[number] for number in ("1", "10")}),
    "month_year_only": ("只有年份的月份", _MONTHS),
}


def extend(
    month: date,
    county: str,
    settings: Settings,
    by: str | roles.Actor,
    why: str,
    until: date | None = None,
    excuse: bool = False,
) -> Event:
    """Give a county until a later day for a month, or excuse it."""
    by = person(by, "reopen", settings, month=months.key(month), county=county)
    need("理由", why)
    if (until is None) == (not excuse):
        raise Refusal("请写明延至哪一天，或免报，二者取其一")
    with settled(settings, "延期或免报") as opened:
        if county not in {c.code for c in opened.reference.rosters.counties(month)}:
            raise Refusal(f"{county} 不是{months.label(month)}的县（市、区）；请核对代码")
        usual = opened.reference.calendar.due_day(month)
        if until and until <= usual:
            raise Refusal(f"{until} 不晚于{months.label(month)}原定的截止日 {usual}，不是延期；请核对日期")
        given = {"excuse": True} if excuse else {"until": str(until)}
        return decide(opened, "extend", {"month": months.key(month), "county": county, "why": why, **given}, by)


def annotate(month: date, text: str, settings: Settings, by: str | roles.Actor, indicator: str | None = None) -> Event:
    """Note on a month or on an indicator in it, shown beside the series; no figure changes. Errors: `Refusal` without text."""
    by = person(by, "annotate", settings, month=months.key(month))
    need("批注", text)
    with settled(settings, "批注") as opened:
        about = {"indicator": indicator} if indicator else {}
        return decide(opened, "annotate", {"month": months.key(month), "text": text.strip(), **about}, by)


def admit(name: str, town: str, kind: str, since: date, why: str, settings: Settings, by: str | roles.Actor) -> Event:
    """Admit a unit that was founded between two editions of the roster: in a town (its code), from a month on."""
    by = person(by, "resolve", settings, town=town)
    need("名称", name)
    need("理由", why)
    with settled(settings, "增设单位") as opened:
        units = [unit for unit in opened.reference.rosters.units(since) if unit.town_code == town]
        if not units:
            raise Refusal(f"{months.label(since)}的名册中没有代码为 {town} 的街道（乡镇）；请核对")
        if kind not in KINDS["all"]:
            raise Refusal(f"“{kind}”不是社区类型；应为 {'、'.join(KINDS['all'])} 之一")
        life = opened.life()
        taken = {unit.name for unit in units} | {e.body["name"] for e in life.admissions if e.body["town"] == town}
        if name in taken:
            raise Refusal(f"该街道（乡镇）已有“{name}”；请核对名册")
        code = _free_code(opened, town, kind)
        body = {"name": name, "town": town, "kind": kind, "from": months.key(since), "why": why, "code": code}
        return decide(opened, "admit", body, by)


def _free_code(opened: Warehouse, town: str, kind: str) -> str:
    """A code that was never used. The session's roster lacks withdrawn admissions, so these are added from the ledger."""
    ever = [Admission.of(event.body) for event in opened.archive.decisions() if event.kind == "admit"]
    return opened.reference.rosters.with_admissions(ever).free_code(town[:9], kind)


# ---- taking back


def withdraw(seq: int, why: str, settings: Settings, by: str | roles.Actor) -> Event:
    """Withdraw a submission, a decision or a withdrawal, which then has no effect. Nothing is deleted.

    A county may withdraw its own files, and its own withdrawals.
    Errors: `Refusal` for what was taken back already, for what only the program notes, and for a submission of an approved month.
    """
    need("理由", why)
    with settled(settings, "撤回") as opened:
        event, life = _event(opened.archive, seq), opened.life()
        by = _who_withdraws(opened, event, settings, by)
        if event.kind not in WITHDRAWABLE:
            raise Refusal(f"第 {seq} 号（{event.kind}）不是报送或决定，不能撤回")
        if seq in life.withdrawn:
            taken = life.withdrawn[seq]
            raise Refusal(f"第 {seq} 号已于 {taken.at[:10]} 由{taken.by}撤回；要恢复请撤回第 {taken.seq} 号")
        _check_open(opened, life, event)
        return decide(opened, "withdraw", {"of": seq, "why": why}, by)


def _who_withdraws(opened: Warehouse, event: Event, settings: Settings, by: str | roles.Actor) -> str:
    """The name of the person, who must have the right. Errors: `Refusal` for a county and another county's file."""
    root = taken_back(opened.archive, event)
    own = isinstance(by, roles.Actor) and by.role == "县级" and root.kind == "submission"
    if not own or (event.kind == "withdraw" and isinstance(by, roles.Actor) and event.by != by.name):
        return person(by, "reopen", settings, event=event.seq)
    [(county,)] = opened.con.execute("SELECT county FROM submission WHERE seq = ?", [root.seq]).fetchall()
    return person(by, "submit", settings, county, event=event.seq)


def taken_back(archive: Archive, event: Event) -> Event:
    """The event itself; of a withdrawal, the event that it withdraws or restores in the end."""
    while event.kind == "withdraw":
        event = _event(archive, event.body["of"])
    return event


def _check_open(opened: Warehouse, life: Life, event: Event) -> None:
    """Errors: `Refusal` for a submission that an approved month is based on."""
    event = taken_back(opened.archive, event)
    if event.kind != "submission" or returned_lists.may_be_withdrawn(opened.archive, life, event.seq):
        return
    [(month,)] = opened.con.execute("SELECT month FROM submission WHERE seq = ?", [event.seq]).fetchall()
    if month and life.month(month).approved and life.status[event.seq] != "waiting":
        raise Refusal(f"{months.label(month)}已审定，其报表不能撤回或恢复；请先重开（shequ reopen）")


def _event(archive: Archive, seq: int) -> Event:
    event = next(archive.events(after=seq - 1, until=seq), None)
    if event is None:
        raise Refusal(f"台账中没有第 {seq} 号")
    return event


# ---- common to all decisions


def person(by: str | roles.Actor, action: str, settings: Settings, county: str | None = None, **facts: object) -> str:
    """The name to be recorded. Errors: `Refusal` for a person without the right, and for a name that is no person's."""
    return signature.person(roles.require(by, action, settings, county, **facts))


def need(label: str, text: str) -> None:
    """Errors: `Refusal` where a required text is blank."""
    if not text.strip():
        raise Refusal(f"请写明{label}")


def decide(opened: Warehouse, kind: str, body: dict[str, Any], by: str) -> Event:
    """Append a decision to the ledger and settle."""
    event = opened.archive.append(kind, body, by)
    settle(opened)
    return event
