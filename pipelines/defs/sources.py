"""External assets: inputs that Dagster does not make, observed daily with their age and their promises."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import dagster as dg

from pipelines.archive.store import Archive
from pipelines.defs.partitions import running
from pipelines.defs.resource import Station
from pipelines.intake import inbox
from pipelines.months import SHANGHAI
from pipelines.reference import reference_bundle
from pipelines.serving import health
from pipelines.serving.promise import Promise
from pipelines.settings import Settings

SOURCES = {
    "inbox": ("data/inbox：各县送来、尚未接收的报表。", {"excel", "folder"}),
    "archive": ("data/archive：收到的文件和作过的决定，只增不改。", {"folder", "ledger"}),
    "installation": ("本机的运行：各程序、磁盘、时钟、消息。", {"linux"}),
    "form": ("表样：问什么、怎么问，各版并存。", {"yaml"}),
    "roster": ("名册：有哪些社区（村），各版及其截止日。", {"csv"}),
    "registers": ("政策登记：每条指标的条款、算式、目标和期限。", {"yaml"}),
    "calendar": ("报送日历：截止日、发布日、节假日。", {"yaml"}),
}
# promise → the source that it is about, and the name of its check
CHECKS = {
    "收件箱": ("inbox", "taken_within_an_hour"),
    "档案核对": ("archive", "read_through_weekly"),
    "备份": ("archive", "backed_up"),
    "恢复演练": ("archive", "restore_rehearsed"),
    "月度发布": ("calendar", "published_in_time"),
    "公开页": ("archive", "public_pages_up_to_date"),
    "名册": ("roster", "in_force"),
    "政策": ("registers", "in_force"),
    "节假日": ("calendar", "in_force"),
    "联系人": ("installation", "people_can_be_reached"),
    "消息": ("installation", "messages_leave"),
    "邮件服务器证书": ("installation", "mail_certificate"),
    "值守信号": ("installation", "dead_mans_switch"),
    "磁盘": ("installation", "disk"),
    "系统时间": ("installation", "clock"),
}


def key(name: str) -> dg.AssetKey:
    return dg.AssetKey(["sources", name])


def specs() -> list[dg.AssetSpec]:
    """The external assets."""
    return [
        dg.AssetSpec(key(name), description=says, group_name="sources", kinds=kinds, owners=["team:operations"],
                     tags={"shequ/grain": "installation"}, deps=[key("inbox")] if name == "archive" else [])
        for name, (says, kinds) in SOURCES.items()
    ]  # fmt: skip


def asset_of(promise: str) -> dg.AssetKey:
    """Key of the asset that a promise of `shequ health` is checked at."""
    return key(CHECKS[promise][0])


def promises() -> dg.AssetChecksDefinition:
    """The promises of an installation (`shequ health`) as checks, each of which can be run alone."""
    specs = [
        dg.AssetCheckSpec(name, asset=asset_of(promise_name), description=f"承诺“{promise_name}”，同 shequ health。")
        for promise_name, (_, name) in CHECKS.items()
    ]

    @dg.multi_asset_check(name="promises", specs=specs, can_subset=True)
    def look(context: dg.AssetCheckExecutionContext, station: Station) -> Iterator[dg.AssetCheckResult]:
        seen = {promise.what: promise for promise in health.state(station.settings, datetime.now(SHANGHAI))}
        for promise_name, (_, name) in CHECKS.items():
            if dg.AssetCheckKey(asset_of(promise_name), name) in context.selected_asset_check_keys:
                yield _result(seen[promise_name], asset_of(promise_name), name)

    return look


def _result(seen: Promise, asset: dg.AssetKey, name: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=seen.well, asset_key=asset, check_name=name, description=seen.says,
        severity=dg.AssetCheckSeverity.ERROR, metadata={"守约至": str(seen.due) if seen.due else "—"},
    )  # fmt: skip


def duty() -> tuple[dg.JobDefinition, dg.ScheduleDefinition]:
    """Daily, before the mail of the day: check every promise and observe the age of every source."""

    @dg.op(description="记下各来源的新旧，并逐项看本机的承诺。")
    def look(context: dg.OpExecutionContext, station: Station) -> None:
        now = datetime.now(SHANGHAI)
        for name, seen in ages(station.settings, now).items():
            context.log_event(dg.AssetObservation(key(name), metadata=seen))
        for promise in health.state(station.settings, now):
            if promise.what in CHECKS:
                _report(context, promise)

    @dg.job(name="duty", description="每天 6:50：各来源的新旧，本机的各项承诺。")
    def job():
        look()

    return job, running(job, "50 6 * * *")


def _report(context: dg.OpExecutionContext, seen: Promise) -> None:
    evaluation = dg.AssetCheckEvaluation(
        asset_key=asset_of(seen.what), check_name=CHECKS[seen.what][1], passed=seen.well, description=seen.says,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={"守约至": dg.MetadataValue.text(str(seen.due) if seen.due else "—")},
    )  # fmt: skip
    context.instance.report_runless_asset_event(evaluation)
    (context.log.info if seen.well else context.log.warning)(f"{seen.what}：{seen.says}")


# ---- age


@dataclass(frozen=True)
class _Age:
    """When a source last changed (None: unknown), and its size in words."""

    changed: datetime | None
    amount: str


def ages(settings: Settings, now: datetime) -> dict[str, dict[str, dg.MetadataValue | str | int]]:
    """Source → metadata of its observation: `变动于`, `距今天数`, `现状`."""
    looks: dict[str, Callable[[Settings], _Age]] = {
        "inbox": _inbox, "archive": _archive, "form": _form, "roster": _roster, "registers": _registers, "calendar": _calendar,
    }  # fmt: skip
    return {name: _observed(look(settings), now) for name, look in looks.items()}


def _observed(age: _Age, now: datetime) -> dict[str, dg.MetadataValue | str | int]:
    metadata: dict[str, dg.MetadataValue | str | int] = {"现状": age.amount}
    if age.changed:
        metadata["变动于"] = dg.MetadataValue.timestamp(age.changed)
        metadata["距今天数"] = (now - age.changed).days
    return metadata


def _inbox(settings: Settings) -> _Age:
    waiting = inbox.waiting_files(settings) if settings.inbox.exists() else []
    return _Age(_oldest(waiting), f"待接收 {len(waiting)} 个文件")


def _oldest(places: list[Path]) -> datetime | None:
    times = [place.stat().st_mtime for place in places if place.exists()]
    return datetime.fromtimestamp(min(times), SHANGHAI) if times else None


def _archive(settings: Settings) -> _Age:
    archive = Archive(settings.archive)
    last = archive.last_seq()
    at = next((datetime.fromisoformat(event.at) for event in archive.events(after=max(0, last - 1))), None)
    return _Age(at, f"台账至第 {last} 号")


def _form(settings: Settings) -> _Age:
    reference = reference_bundle.load(settings.reference)
    return _Age(None, f"现行 {reference.form.version}，共 {len(reference.form.versions)} 版")


def _roster(settings: Settings) -> _Age:
    edition = reference_bundle.load(settings.reference).rosters.editions[-1]
    return _Age(_day(edition.cut_off), f"{edition.year} 年版，截止 {edition.cut_off}")


def _registers(settings: Settings) -> _Age:
    registers = reference_bundle.load(settings.reference).registers
    return _Age(
        _day(max(register.since for register in registers)), "、".join(f"《{r.policy.title}》" for r in registers)
    )


def _calendar(settings: Settings) -> _Age:
    known = reference_bundle.load(settings.reference).calendar.years_known
    return _Age(None, f"已有至 {max(known)} 年的节假日安排" if known else "没有节假日安排")


def _day(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), SHANGHAI)
