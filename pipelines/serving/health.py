"""One look at everything: do the programs answer, is what they make fresh, is there room, is the archive whole and kept twice."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from pipelines import months
from pipelines.archive.ledger import Ledger
from pipelines.archive.store import SHANGHAI, Archive
from pipelines.edition import edition_folders, verify_files
from pipelines.errors import Refusal
from pipelines.intake import file_names, inbox
from pipelines.monthly import overdue
from pipelines.notify import contacts, due_dates, reporting_state
from pipelines.reference import reference_bundle
from pipelines.reference.reference_bundle import Reference
from pipelines.reference.working_days import Calendar
from pipelines.serving import dagster_home, preflight, probes, programs
from pipelines.serving.programs import ADDRESS, Ports
from pipelines.serving.start import ports_of
from pipelines.settings import Settings

VERIFIED_WITHIN = timedelta(days=8)
BACKED_UP_WITHIN = timedelta(days=2)
INBOX_WITHIN = timedelta(hours=1)
ROSTER_MONTHS = 18


@dataclass(frozen=True)
class Look:
    """One promise looked at: `well`, in Chinese what was seen, and `due`, the day up to which it is kept, where there is one."""

    what: str
    well: bool
    says: str
    due: date | None = None

    def public(self) -> dict:
        return asdict(self)


def look(settings: Settings, now: datetime | None = None) -> list[Look]:
    """Everything, in the order an operator would look. Changes nothing but what reading the inbox of the archive does."""
    now = now or datetime.now(SHANGHAI)
    return [*running(ports_of(settings)), *state(settings, now)]


def running(ports: Ports) -> list[Look]:
    """The four programs, asked as the supervisor asks them, and Dagster's clock."""
    web = f"http://{ADDRESS}:{ports.web}"
    dashboard = f"http://{programs.reached(ports.address)}:{ports.dashboard}"
    asked = [
        ("看板", probes.dashboard(dashboard)), ("Dagster 代码服务", probes.code_server(ADDRESS, ports.code)),
        ("Dagster 界面", probes.web_server(web)), ("Dagster 守护进程", probes.daemon(web)),
        ("Dagster 定时", probes.ticks(web)),
    ]  # fmt: skip
    return [Look(what, trouble is None, trouble or "正常") for what, trouble in asked]


def state(settings: Settings, now: datetime) -> list[Look]:
    """What stands on the disk, whether anything runs or not."""
    return [
        _clock(settings, now), _disk(settings), _release(settings), _last_run(settings), _verified(settings, now),
        _backup(settings, now), _inbox(settings, now), _contacts(settings), *_reference(settings, now),
        *_counties(settings, now),
    ]  # fmt: skip


def _clock(settings: Settings, now: datetime) -> Look:
    try:
        preflight.clock(settings, now)
    except Refusal as trouble:
        return Look("系统时间", False, str(trouble))
    if ahead := dagster_home.tick_ahead(settings.data / "dagster", now):
        says = f"Dagster 记有未来的定时（{ahead:%Y-%m-%d %H:%M}）：系统时间被拨回过，到那时之前不会自动运行；请重新启动 shequ serve，它会自行更正"
        return Look("系统时间", False, says)
    return Look("系统时间", True, "不早于台账最后一条记录")


def _disk(settings: Settings) -> Look:
    trouble = preflight.scarce(settings.data)
    return Look("磁盘", trouble is None, trouble or "空间充足")


def _release(settings: Settings) -> Look:
    """The current edition, every file of it against its hash."""
    released = edition_folders.released(settings.releases, Archive(settings.archive))
    current = edition_folders.named(settings.releases) or next(reversed(released), None)
    if current is None:
        return Look("发布版", True, "还没有发布版")
    try:
        verify_files.require_whole(current)
        manifest = edition_folders.read_manifest(current)
    except Refusal as trouble:
        return Look(
            "发布版", False, f"当前发布版已损坏，看板显示的是较早的一版：{trouble}。请运行 shequ rebuild，由档案补回"
        )
    return Look("发布版", True, f"当前 {current.parent.name}/{current.name}，发布于 {manifest['published_at'][:16]}")


def _last_run(settings: Settings) -> Look:
    """The last run that made an edition."""
    done = [event for event in Archive(settings.archive).decisions() if event.kind == "release"]
    if not done:
        return Look("上次成功运行", True, "还没有运行过")
    last = done[-1]
    return Look("上次成功运行", True, f"{last.at[:16]}，{last.body['month']} 第 {last.body['edition']} 版（{last.by}）")


def _verified(settings: Settings, now: datetime) -> Look:
    place = overdue.verified_at(settings)
    if not place.exists():
        return Look("档案核对", True, "还没有核对过（每周一次，首次在周日 3 时）")
    try:
        told = json.loads(place.read_text(encoding="utf-8"))
        told["at"], told["faults"]
    except (ValueError, KeyError, TypeError):
        return Look("档案核对", False, f"记录 {place.name} 已损坏；下次核对（周日 3 时）会重写，也可删去它")
    at = datetime.fromisoformat(told["at"])
    fresh, due = now - at <= VERIFIED_WITHIN, (at + VERIFIED_WITHIN).date()
    if told["faults"]:
        return Look("档案核对", False, f"{len(told['faults'])} 处损坏，如：{told['faults'][0]}", due)
    says = f"上次核对 {told['at'][:16]}，完好" + ("" if fresh else "；已超过 8 天没有核对")
    return Look("档案核对", fresh, says, due)


def _backup(settings: Settings, now: datetime) -> Look:
    """The last backup stands in the audit ledger."""
    place = settings.data / "audit" / "audit.jsonl"
    found = [event.at for event in Ledger(place).events() if event.kind == "backup"] if place.exists() else []
    if not found:
        return Look("备份", False, "没有备份记录；请备份 archive 文件夹到另一台机器")
    at = datetime.fromisoformat(found[-1])
    fresh = now - at <= BACKED_UP_WITHIN
    says = f"上次备份 {found[-1][:16]}" + ("" if fresh else "，已超过 2 天")
    return Look("备份", fresh, says, (at + BACKED_UP_WITHIN).date())


def _inbox(settings: Settings, now: datetime) -> Look:
    if not settings.inbox.exists():
        return Look("收件箱", True, "空")
    old = [
        file_names.shown(file_names.of(path))
        for path in inbox.waiting_files(settings)
        if _lay(path, now) > INBOX_WITHIN
    ]
    return Look("收件箱", not old, f"超过 1 小时未被接收：{'、'.join(old[:10])}" if old else "没有积压")


def _lay(path: Path, now: datetime) -> timedelta:
    return now - datetime.fromtimestamp(path.stat().st_mtime, SHANGHAI)


def _contacts(settings: Settings) -> Look:
    try:
        found = contacts.load(settings.data / "contacts.yaml")
    except Refusal as trouble:
        return Look("联系人", False, str(trouble))
    return Look("联系人", True, f"{len(found.counties)} 个县有地址")


def _reference(settings: Settings, now: datetime) -> Iterator[Look]:
    """Whether the reference data is of this time: roster, policies, holidays."""
    try:
        reference = reference_bundle.load(settings.reference)
        calendar = reference.calendar
    except Refusal as trouble:
        yield Look("基础数据", False, str(trouble))
        return
    today = now.astimezone(calendar.zone).date()
    yield _roster(reference, today)
    yield _policies(reference, today)
    yield _holidays(calendar, today)


def _roster(reference: Reference, today: date) -> Look:
    """A roster is old for a month that lies more than 18 months after its cut-off day."""
    cut_off = reference.rosters.editions[-1].cut_off
    due = months.add(cut_off.replace(day=1), ROSTER_MONTHS + 1)
    edition = f"现用 {cut_off.year} 年版名册（截止 {cut_off}）"
    if today < due:
        return Look("名册", True, edition, due)
    return Look("名册", False, f"{edition}，已超过 {ROSTER_MONTHS} 个月；请换用国家统计局的新版", due)


def _policies(reference: Reference, today: date) -> Look:
    """A policy is over for months after its last due month."""
    due = max(months.last_day(register.due) for register in reference.registers)
    says = f"最后的到期月是{months.label(due.replace(day=1))}"
    return Look("政策", today <= due, says if today <= due else f"{says}，已过；请录入新的政策", due)


def _holidays(calendar: Calendar, today: date) -> Look:
    """The holidays of the year in which the running month is due."""
    due = date(max(calendar.years_known, default=today.year - 1), 12, 31)
    caveat = calendar.caveat(due_dates.in_question(today)) or calendar.caveat(today.replace(day=1))
    return Look("节假日", caveat is None, caveat or f"已有{due.year}年及以前的安排", due)


def _counties(settings: Settings, now: datetime) -> Iterator[Look]:
    """Late counties are news, not a fault of the installation: told, and well."""
    today = now.astimezone(SHANGHAI).date()
    month = due_dates.in_question(today)
    try:
        found = reporting_state.of_month(settings, month, today)
    except Refusal as trouble:
        yield Look("报送", False, str(trouble))
        return
    late = "、".join(name for _, name in found.late)
    waits = f"{months.label(month)}已报 {len(found.reported)} 个县，应于 {found.usual_due} 前报送"
    yield Look("报送", True, f"{waits}；逾期：{late}" if late else waits, found.usual_due)
