"""The monthly job, and when it runs by itself."""

import dagster as dg

# Reports are due on the 5th of the following month; the day after, at six in the morning.
DAY, HOUR = 6, 6


def build() -> tuple:
    """The job over all stages, and its schedule: on the 6th at 06:00 in Shanghai for the month that has ended."""
    job = dg.define_asset_job(
        "monthly",
        selection=dg.AssetSelection.all(),
        description="一个月:收件、计算、检查、发布。",
        tags={"shequ/writes": "warehouse"},
    )
    schedule = dg.build_schedule_from_partitioned_job(
        job,
        name="monthly_schedule",
        description="每月 6 日 6 时(北京时间)处理上个月。",
        day_of_month=DAY,
        hour_of_day=HOUR,
        minute_of_hour=0,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    return job, schedule
