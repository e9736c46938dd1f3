"""The state of all promises of an installation, for the operator's page, `shequ health`, Dagster and the daily mail."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from pipelines import months
from pipelines.archive.store import Archive
from pipelines.edition import edition_folders, verify_files
from pipelines.errors import Refusal
from pipelines.intake import file_names, inbox, month_now
from pipelines.monthly import public_folder
from pipelines.months import SHANGHAI
from pipelines.notify import due_dates, reporting_state
from pipelines.reference import age, reference_bundle
from pipelines.reference.reference_bundle import Reference
from pipelines.reference.working_days import Calendar
from pipelines.serving import (
    backup_promises,
    dagster_home,
    message_promises,
    network_process,
    preflight,
    probes,
    programs,
)
from pipelines.serving.programs import ADDRESS
from pipelines.serving.promise import Promise
from pipelines.serving.start import ports_of, started
from pipelines.settings import Settings

INBOX_WITHIN = timedelta(hours=1)
# the scheduled run, or the one of the next day
RELEASED_WITHIN = timedelta(hours=26)
# promises without which nobody would be notified of the others
GRAVE = ("消息", "磁盘", "系统时间")


def look(settings: Settings, now: datetime | None = None) -> list[Promise]:
    """Every promise: those about running programs, then those about data."""
    now = now or datetime.now(SHANGHAI)
    return [*running(settings, now), *state(settings, now)]


def running(settings: Settings, now: datetime) -> list[Promise]:
    """Promises about programs (probed as by the supervisor), Dagster's clock, and the last good tick of each sensor and schedule."""
    ports = ports_of(settings)
    web = f"http://{ADDRESS}:{ports.web}"
    dashboard = f"http://{programs.reached(ports.address)}:{ports.dashboard}"
    asked = [
        ("看板", probes.dashboard(dashboard)), ("Dagster 代码服务", probes.code_server(ADDRESS, ports.code)),
        ("Dagster 界面", probes.web_server(web)), ("Dagster 守护进程", probes.daemon(web)),
        ("对外收发", network_process.probe(settings, now)), ("Dagster 定时", probes.ticks(web)),
    ]  # fmt: skip
    promises = [Promise(name, trouble is None, trouble or "正常") for name, trouble in asked]
    return [*promises, *_sensors(web, started(settings), now)]


def _sensors(web: str, since: datetime | None, now: datetime) -> list[Promise]:
    """One promise per sensor and schedule: its last good tick is recent enough."""
    return [
        Promise(f"{'传感器' if t.sensor else '定时'} {t.name}", not (late := t.late(since, now)), late or t.says())
        for t in probes.last_good(web)
    ]


def grave(settings: Settings, now: datetime) -> list[Promise]:
    """Promises without which nobody would be notified of the others: programs, messages, disk, clock."""
    return [*running(settings, now), *(promise for promise in state(settings, now) if promise.what in GRAVE)]


def state(settings: Settings, now: datetime) -> list[Promise]:
    """Promises about data on disk, whether programs run or not."""
    reference, of_reference = _reference(settings, now)
    return [
        _clock(settings, now), _disk(settings), _release(settings), _last_run(settings), _published(settings, reference, now),
        _public_pages(settings),
        backup_promises.verified(settings, now), backup_promises.backed_up(settings, now), backup_promises.rehearsed(settings, now),
        _inbox(settings, now), message_promises.people(settings, reference, now.astimezone(SHANGHAI).date()),
        message_promises.messages(settings, now), message_promises.certificate(settings, now), message_promises.switch(settings, now),
        *of_reference, *_counties(settings, now),
    ]  # fmt: skip


def _clock(settings: Settings, now: datetime) -> Promise:
    try:
        preflight.clock(settings, now)
    except Refusal as trouble:
        return Promise("系统时间", False, str(trouble))
    if ahead := dagster_home.tick_ahead(settings.data / "dagster", now):
        says = f"Dagster 记有未来的定时（{ahead:%Y-%m-%d %H:%M}）：系统时间被拨回过，到那时之前不会自动运行；请重新启动 shequ serve，它会自行更正"
        return Promise("系统时间", False, says)
    return Promise("系统时间", True, "不早于台账最后一条记录")


def _disk(settings: Settings) -> Promise:
    trouble = preflight.scarce(settings.data)
    return Promise("磁盘", trouble is None, trouble or "空间充足")


def _release(settings: Settings) -> Promise:
    released = edition_folders.released(settings.releases, Archive(settings.archive))
    current = edition_folders.named(settings.releases) or next(reversed(released), None)
    if current is None:
        return Promise("发布版", True, "还没有发布版")
    try:
        verify_files.require_whole(current)
        manifest = edition_folders.read_manifest(current)
    except Refusal as trouble:
        return Promise(
            "发布版", False, f"当前发布版已损坏，看板显示的是较早的一版：{trouble}。请运行 shequ rebuild，由档案补回"
        )
    return Promise("发布版", True, f"当前 {current.parent.name}/{current.name}，发布于 {manifest['published_at'][:16]}")


def _last_run(settings: Settings) -> Promise:
    done = [event for event in Archive(settings.archive).decisions() if event.kind == "release"]
    if not done:
        return Promise("上次成功运行", True, "还没有运行过")
    last = done[-1]
    return Promise(
        "上次成功运行", True, f"{last.at[:16]}，{last.body['month']} 第 {last.body['edition']} 版（{last.by}）"
    )


def _inbox(settings: Settings, now: datetime) -> Promise:
    if not settings.inbox.exists():
        return Promise("收件箱", True, "空")
    since = (now - INBOX_WITHIN).timestamp()
    waiting = inbox.waiting_files(settings)
    old = [file_names.shown(file_names.of(path)) for path in waiting if path.stat().st_mtime < since]
    return Promise("收件箱", not old, f"超过 1 小时未被接收：{'、'.join(old[:10])}" if old else "没有积压")


def _published(settings: Settings, reference: Reference | None, now: datetime) -> Promise:
    """The last month whose publication time has passed is released."""
    if reference is None or not Archive(settings.archive).last_seq():
        return Promise("月度发布", True, "还没有收到报表")
    calendar = reference.calendar
    month = due_dates.in_question(now.astimezone(calendar.zone).date())
    if calendar.publication_moment(month) + RELEASED_WITHIN > now:
        month = months.add(month, -1)
    due = calendar.publication_moment(months.add(month, 1)) + RELEASED_WITHIN
    newest = month_now.newest_released(settings)
    if newest and newest >= month:
        return Promise("月度发布", True, f"{months.label(newest)}已发布", due.date())
    last = f"最近发布的是{months.label(newest)}" if newest else "还没有发布过"
    says = f"{months.label(month)}应于 {calendar.publication_moment(month):%Y-%m-%d} 发布而没有发布；{last}"
    return Promise("月度发布", False, says, calendar.publication_moment(month).date())


def _public_pages(settings: Settings) -> Promise:
    """The pages for citizens are what the ledger says; a later edition that nobody publicised is said, and is a person's to decide."""
    behind, newer = public_folder.standing(settings)
    if behind:
        says = f"{_months(behind)}的公开页还不是台账所记的样子；下一次 shequ run 会补上，也可运行 shequ rebuild"
        return Promise("公开页", False, says)
    waits = f"{_months(newer)}已有新的发布版，公开页仍是此前公开的一版；要换用 shequ publicise" if newer else ""
    return Promise("公开页", True, waits or "与台账一致")


def _months(wanted: list[date]) -> str:
    return "、".join(map(months.label, wanted))


def _reference(settings: Settings, now: datetime) -> tuple[Reference | None, list[Promise]]:
    """The reference data, and the promises that roster, policies and holidays are not too old."""
    try:
        reference = reference_bundle.load(settings.reference)
        calendar = reference.calendar
    except Refusal as trouble:
        return None, [Promise(name, False, str(trouble)) for name in ("名册", "政策", "节假日")]
    today = now.astimezone(calendar.zone).date()
    said: dict[str, list[str]] = {}
    for caveat in age.caveats(reference, today.replace(day=1)):
        said.setdefault(caveat.kind, []).append(caveat.says)
    promises = _roster(reference, said.get("roster", [])), _policies(reference, said.get("policy", []), today)
    return reference, [*promises, _holidays(calendar, today)]


def _roster(reference: Reference, said: list[str]) -> Promise:
    """A roster is old for a month that lies more than 18 months after its cut-off day."""
    cut_off = reference.rosters.editions[-1].cut_off
    due = months.add(cut_off.replace(day=1), age.ROSTER_MONTHS + 1)
    return Promise("名册", not said, "；".join(said) or f"现用 {cut_off.year} 年版名册（截止 {cut_off}）", due)


def _policies(reference: Reference, said: list[str], today: date) -> Promise:
    """A policy is over for months after the last in which something of it is due; another may still run."""
    due = max(months.last_day(age.term_end(register)) for register in reference.registers)
    running = f"最后的到期月是{months.label(due.replace(day=1))}"
    return Promise("政策", today <= due, "；".join(said) or running, due)


def _holidays(calendar: Calendar, today: date) -> Promise:
    """The holidays of the year in which the running month is due."""
    due = date(max(calendar.years_known, default=today.year - 1), 12, 31)
    caveat = calendar.caveat(due_dates.in_question(today)) or calendar.caveat(today.replace(day=1))
    return Promise("节假日", caveat is None, caveat or f"已有{due.year}年及以前的安排", due)


def _counties(settings: Settings, now: datetime) -> Iterator[Promise]:
    """Late counties are listed, but are no fault of the installation: always `well`."""
    today = now.astimezone(SHANGHAI).date()
    month = due_dates.in_question(today)
    try:
        standing = reporting_state.of_month(settings, month, today)
    except Refusal as trouble:
        yield Promise("报送", False, str(trouble))
        return
    late = "、".join(name for _, name in standing.late)
    waits = f"{months.label(month)}已报 {len(standing.reported)} 个县，应于 {standing.usual_due} 前报送"
    yield Promise("报送", True, f"{waits}；逾期：{late}" if late else waits, standing.usual_due)
