"""What Dagster loads: assembly only."""

import dagster as dg

from pipelines import settings
from pipelines.defs import assets, inbox_sensor, maintenance_jobs, notifications, partitions, schedule, sources
from pipelines.defs.resource import Station
from pipelines.reference import reference_bundle


def build_defs(installation: settings.Settings | None = None, **overrides) -> dg.Definitions:
    """Assets, checks, job, schedule and sensor of one installation; `overrides` replace arguments of `Definitions`."""
    installation = installation or settings.load()
    reference = reference_bundle.load(installation.reference)
    months = partitions.partitions(reference)
    made = assets.build(months, reference)
    job, timetable = schedule.build(reference.calendar, months, dg.AssetSelection.assets(*made))
    daily = notifications.reminders(), maintenance_jobs.housekeeping(), sources.duty(), maintenance_jobs.copies()
    jobs, schedules = zip((job, timetable), *daily, strict=True)
    watching = [
        maintenance_jobs.lost_runs(),
        maintenance_jobs.missed_months(job, months),
        notifications.notices(),
        notifications.failures(),
    ]
    parts = {
        "assets": [*made, *sources.specs()],
        "asset_checks": [sources.promises()],
        "jobs": list(jobs),
        "schedules": list(schedules),
        "sensors": [inbox_sensor.build(job, months), *watching],
        "resources": {"station": Station(data=str(installation.data), reference=str(installation.reference))},
        # one process: a city month costs seconds, starting processes would cost more
        "executor": dg.in_process_executor,
    }
    return dg.Definitions(**{**parts, **overrides})


@dg.definitions
def defs() -> dg.Definitions:
    return build_defs()
