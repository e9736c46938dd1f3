"""Months as Dagster's partitions."""

from datetime import date

import dagster as dg

from pipelines import months
from pipelines.months import SHANGHAI
from pipelines.reference.reference_bundle import Reference

ZONE = str(SHANGHAI)


def partitions(reference: Reference) -> dg.MonthlyPartitionsDefinition:
    """Months from a policy's first to the last that is over, also of years without a holiday notice (`health` says so)."""
    return dg.MonthlyPartitionsDefinition(start_date=months.key(reference.first_month), fmt="%Y-%m", timezone=ZONE)


def asked(context: dg.AssetExecutionContext) -> list[date]:
    """The months of this run: one, or all of a backfill."""
    return [months.parse(key) for key in context.partition_keys]


def running(job: dg.JobDefinition, cron: str) -> dg.ScheduleDefinition:
    """A schedule of a job in the office's time zone, running from the start."""
    return dg.ScheduleDefinition(
        name=f"{job.name}_schedule", job=job, cron_schedule=cron, execution_timezone=ZONE,
        default_status=dg.DefaultScheduleStatus.RUNNING, description=job.description,
    )  # fmt: skip
