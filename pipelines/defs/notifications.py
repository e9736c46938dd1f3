"""When messages are written: reminders daily, editions and failures as they occur. Their text is made in `pipelines.notify`."""

from collections.abc import Sequence
from datetime import datetime

import dagster as dg

from pipelines.archive.store import Archive
from pipelines.defs.partitions import running
from pipelines.defs.resource import Station, refusals_shown
from pipelines.months import SHANGHAI
from pipelines.notify import dispatch, messages
from pipelines.serving import preflight
from pipelines.settings import Settings


def reminders() -> tuple[dg.JobDefinition, dg.ScheduleDefinition]:
    """Every morning: reminders about missing reports, on days that call for them."""

    @dg.op(description="在提醒日写好给市级和未报各县的提醒。")
    def remind(context: dg.OpExecutionContext, station: Station) -> None:
        with refusals_shown():
            written = dispatch.remind(station.settings, datetime.now(SHANGHAI))
        context.log.info(f"今天的提醒 {len(written)} 条，由对外收发程序送出")

    @dg.job(name="reminders", description="催报：截止前 3 天、当天、逾期后每天。")
    def job():
        remind()

    return job, running(job, "30 8 * * *")


def notices() -> dg.SensorDefinition:
    """Every minute: messages about new editions, open matters and a disk nearly full, written to the outbox; `serving.outside` sends them."""

    @dg.sensor(
        name="notices", minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING, jobs=[],
        description="写下发布版、待办事项、磁盘将满的消息；由对外收发程序送出。",
    )  # fmt: skip
    def sensor(context: dg.SensorEvaluationContext, station: Station) -> dg.SkipReason:
        # on the first tick, editions that already exist are skipped
        before = int(context.cursor) if context.cursor else Archive(station.settings.archive).last_seq()
        context.update_cursor(str(dispatch.releases(station.settings, before)))
        dispatch.matters(station.settings, datetime.now(SHANGHAI))
        _disk(station.settings, datetime.now(SHANGHAI))
        return dg.SkipReason(f"待发 {len(dispatch.outbox(station.settings).waiting())} 条消息")

    return sensor


def _disk(settings: Settings, now: datetime) -> None:
    trouble = preflight.scarce(settings.data)
    if trouble:
        dispatch.post(settings, [messages.fault("disk", "磁盘将满", [trouble], now.date(), dispatch.known(settings))])


def failures() -> dg.SensorDefinition:
    """A message about each failed run, with the reasons of its failed steps."""

    @dg.run_failure_sensor(
        name="failures", default_status=dg.DefaultSensorStatus.RUNNING, description="任务失败时告知运行维护人员。"
    )
    def sensor(context: dg.RunFailureSensorContext, station: Station) -> None:
        run, contacts = context.dagster_run, dispatch.known(station.settings)
        label = " ".join(filter(None, (run.job_name, run.tags.get("dagster/partition"))))
        message = messages.run_failed(run.run_id[:8], label, reasons(context.get_step_failure_events()), contacts)
        dispatch.post(station.settings, [message])

    return sensor


def reasons(events: Sequence[dg.DagsterEvent]) -> list[str]:
    """One sentence per failed step: its refusal, else its error."""
    return [_reason(event) for event in events]


def _reason(event: dg.DagsterEvent) -> str:
    data = event.step_failure_data
    refusal = data.user_failure_data.description if data.user_failure_data else None
    if refusal:
        return refusal
    return f"{event.step_key}：{data.error.message.strip() if data.error else '原因见日志'}"
