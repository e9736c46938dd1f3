"""Dagster maintenance: dead runs (its own monitoring would block the queue for an hour), missed months, old runs and their logs."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage

from pipelines import settings as installation
from pipelines.archive.store import Archive
from pipelines.defs import schedule
from pipelines.defs.partitions import running
from pipelines.defs.resource import Station, refusals_shown
from pipelines.edition.verify_files import faults
from pipelines.errors import Refusal
from pipelines.monthly import overdue, whole_backup
from pipelines.months import SHANGHAI
from pipelines.notify import dispatch, messages
from pipelines.reference import reference_bundle
from pipelines.serving import backup_promises as promises

KEPT = timedelta(days=400)
_RUNNING = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
_OVER = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
LOST = "运行进程已不在（断电、重启或被结束），记为失败；已收到的报表都在档案中，重跑会接着做"


# ---- runs whose process has ended


def lost_runs() -> dg.SensorDefinition:
    """Every half minute: runs marked as running whose process has ended are marked as failed, so that Dagster retries them."""

    @dg.sensor(
        name="lost_runs", minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.RUNNING,
        description="运行进程已不在（断电、重启）的任务记为失败，随后自动重试。", jobs=[],
    )  # fmt: skip
    def sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        lost = release_lost(context.instance)
        return dg.SkipReason(f"记为失败：{'、'.join(lost)}" if lost else "没有失去进程的任务")

    return sensor


def release_lost(instance: dg.DagsterInstance) -> list[str]:
    """Mark runs as failed all of whose processes have ended; returns their ids."""
    lost = []
    for run in instance.get_runs(dg.RunsFilter(statuses=_RUNNING)):
        processes = _processes(instance, run.run_id)
        if processes and not any(is_alive(pid, since) for pid, since in processes):
            now = instance.get_run_by_id(run.run_id)
            if now and now.status in _RUNNING:  # the run may have ended in between
                instance.report_run_failed(now, LOST)
                lost.append(run.run_id)
    return lost


def _processes(instance: dg.DagsterInstance, run: str) -> list[tuple[int, float]]:
    """Process ids in the run's log, each with the time (seconds since 1970) of its log entry."""
    processes = []
    for entry in instance.all_logs(run, of_type=dg.DagsterEventType.ENGINE_EVENT):
        event = entry.dagster_event
        pid = event.engine_event_data.metadata.get("pid") if event else None
        if pid is not None:
            processes.append((int(str(pid.value)), entry.timestamp))
    return processes


def is_alive(pid: int, since: float) -> bool:
    """Whether the process that had this id at `since` is still running; ids are reused after a reboot."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
        booted = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime"))
    except OSError:
        return False
    started = int(booted.split()[1]) + int(fields[18]) / os.sysconf("SC_CLK_TCK")
    return state != "Z" and started <= since + 2


# ---- missed months


def missed_months(job, partitions: dg.TimeWindowPartitionsDefinition) -> dg.SensorDefinition:
    """Requests runs for months that the last scheduled publication should have released and did not."""

    @dg.sensor(
        name="missed_months", job=job, minimum_interval_seconds=300, default_status=dg.DefaultSensorStatus.RUNNING,
        description="上一个发布时刻应发布而没有发布的月份（停机期间错过的），逐月补算。",
    )  # fmt: skip
    def sensor(context: dg.SensorEvaluationContext, station: Station) -> dg.SensorResult | dg.SkipReason:
        now = datetime.now(SHANGHAI)
        # a tick an hour ago or a new event may have made a month due
        tick = overdue.last_tick(reference_bundle.load(station.settings.reference).calendar, now - overdue.GRACE)
        seen = f"{tick:%Y-%m-%d} {Archive(station.settings.archive).last_seq()}"
        if context.cursor == seen:
            return dg.SkipReason("档案没有变化")
        try:
            due = overdue.missed(station.settings, now)
        except Refusal as busy:
            return dg.SkipReason(str(busy))
        return dg.SensorResult(run_requests=schedule.requests(due, partitions, now), cursor=seen)

    return sensor


# ---- old runs; verification of archive and editions


def housekeeping() -> tuple[dg.JobDefinition, dg.ScheduleDefinition]:
    """Weekly: delete old runs and their logs; verify the archive and the editions."""

    @dg.op(description="删去 400 天以前的运行记录和日志。")
    def old_runs(context: dg.OpExecutionContext) -> None:
        gone = purge(context.instance, datetime.now(SHANGHAI) - KEPT)
        context.log.info(f"删去 {gone} 个旧的运行记录")

    @dg.op(description="逐一核对档案的台账和文件。")
    def archive_verified(context: dg.OpExecutionContext, station: Station) -> None:
        now = datetime.now(SHANGHAI)
        _tell_damage(station, "archive", "档案有损坏", overdue.verify(station.settings, now), now)

    @dg.op(description="逐一核对各月最新发布版的文件。")
    def editions_verified(station: Station) -> None:
        damage = faults(station.settings.releases)
        _tell_damage(station, "editions", "发布版有损坏，请运行 shequ rebuild", damage, datetime.now(SHANGHAI))

    @dg.job(name="housekeeping", description="每周：清理旧的运行记录，核对档案和发布版。")
    def job():
        old_runs()
        archive_verified()
        editions_verified()

    return job, running(job, "0 3 * * 0")


# ---- backup and restore rehearsal

REHEARSED_EVERY = timedelta(days=28)


def copies() -> tuple[dg.JobDefinition, dg.ScheduleDefinition]:
    """Nightly: backup, where a folder is configured; every four weeks: restore into a temporary folder and compare."""

    @dg.op(description="备份到 SHEQU_BACKUP 所指的文件夹，并逐个校验。")
    def backed_up(context: dg.OpExecutionContext, station: Station) -> None:
        place = installation.backup_folder()
        if place is None:
            context.log.warning("没有设置 SHEQU_BACKUP，未备份")
            return
        with refusals_shown():
            outcome = whole_backup.backup(station.settings, place)
        context.log.info(outcome["message"])
        _tell_damage(station, "backup", "备份不完整", outcome["faults"], datetime.now(SHANGHAI))

    @dg.op(ins={"after": dg.In(dg.Nothing)}, description="每四周把备份恢复到临时文件夹，重做并核对全部数字。")
    def rehearsed(context: dg.OpExecutionContext, station: Station) -> None:
        place, now = installation.backup_folder(), datetime.now(SHANGHAI)
        last = promises.last_event(station.settings, "rehearsal")
        if place is None or (last and now - datetime.fromisoformat(last.at) < REHEARSED_EVERY):
            return
        with refusals_shown():
            outcome = whole_backup.rehearse(station.settings, place)
        context.log.info(outcome["message"])
        _tell_damage(station, "rehearsal", "恢复演练没有通过", [] if outcome["agrees"] else [outcome["detail"]], now)

    @dg.job(name="copies", description="每晚：备份；每四周：恢复演练。")
    def job():
        rehearsed(after=backed_up())

    return job, running(job, "0 2 * * *")


def _tell_damage(station: Station, kind: str, title: str, damage: list[str], now: datetime) -> None:
    if damage:
        known = dispatch.known(station.settings)
        dispatch.post(station.settings, [messages.fault(kind, title, damage, now.date(), known)])
        raise dg.Failure(f"{title}：{'；'.join(damage[:20])}", allow_retries=False)


def purge(instance: dg.DagsterInstance, before: datetime) -> int:
    """Delete runs created before a moment that are over, with events and captured output; returns how many."""
    old = instance.get_runs(dg.RunsFilter(statuses=_OVER, created_before=before))
    for run in old:
        instance.compute_log_manager.delete_logs(prefix=[run.run_id])
        instance.delete_run(run.run_id)
        _drop_shard(instance, run.run_id)
    return len(old)


def _drop_shard(instance: dg.DagsterInstance, run: str) -> None:
    """Delete the run's SQLite event file, which Dagster empties but does not remove."""
    if isinstance(instance.event_log_storage, SqliteEventLogStorage):
        place = Path(instance.event_log_storage.path_for_shard(run))
        for ending in ("", "-wal", "-shm"):
            place.with_name(place.name + ending).unlink(missing_ok=True)
