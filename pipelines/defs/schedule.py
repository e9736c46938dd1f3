"""The monthly job and its schedule: daily at the publication time, for the months whose gate is open."""

from collections.abc import Mapping
from datetime import date, datetime

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from pipelines import months
from pipelines.defs.resource import Station
from pipelines.errors import Refusal
from pipelines.monthly import overdue
from pipelines.reference.working_days import Calendar


def build(
    calendar: Calendar, partitions: dg.TimeWindowPartitionsDefinition, selection: dg.AssetSelection
) -> tuple[UnresolvedAssetJobDefinition, dg.ScheduleDefinition]:
    """The job over all assets of a month, and its schedule: daily at the publication time in the calendar's time zone."""
    job = dg.define_asset_job(
        "monthly",
        selection=selection,
        description="一个月：收件、计算、检查、成版、发布。",
        tags={"shequ/writes": "warehouse"},
    )
    at = calendar.publication_time

    @dg.schedule(
        job=job,
        name="monthly_schedule",
        description=f"每天 {at:%H:%M}（{calendar.zone}）：发布时间已过、已审定或各县报齐的月份，有新数据的成版并发布。",
        cron_schedule=f"{at.minute} {at.hour} * * *",
        execution_timezone=str(calendar.zone),
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def timetable(context: dg.ScheduleEvaluationContext, station: Station) -> list[dg.RunRequest] | dg.SkipReason:
        try:
            due = overdue.owed(station.settings, context.scheduled_execution_time)
        except Refusal as busy:
            return dg.SkipReason(str(busy))
        return requests(due, partitions, context.scheduled_execution_time) or dg.SkipReason("没有应发布的月份")

    return job, timetable


def requests(
    due: Mapping[date, str], partitions: dg.TimeWindowPartitionsDefinition, now: datetime
) -> list[dg.RunRequest]:
    """One run request per due month; the key of the run has a mark of the month's submissions, so Dagster repeats it only when they changed."""
    keys = set(partitions.get_partition_keys(current_time=now))
    return [
        dg.RunRequest(run_key=f"owed-{months.key(month)}-{mark}", partition_key=months.key(month))
        for month, mark in sorted(due.items())
        if months.key(month) in keys
    ]
