"""What Dagster loads: assembly only."""

import dagster as dg

from pipelines import reference_set, settings
from pipelines.defs import assets, calendar, inbox, keeping, monthly, telling
from pipelines.defs.station import Station


def build_defs(found: settings.Settings | None = None, **overrides) -> dg.Definitions:
    """Assets, checks, job, schedule and sensor of one installation; `overrides` replace arguments of `Definitions`."""
    found = found or settings.load()
    reference = reference_set.load(found.reference)
    partitions = calendar.partitions(reference.first_month)
    stages = assets.build(partitions, reference)
    job, schedule = monthly.build()
    jobs, schedules = zip(*((job, schedule), telling.reminders(), keeping.housekeeping()), strict=True)
    watching = [keeping.lost_runs(), keeping.missed_months(job, partitions), telling.notices(), telling.failures()]
    parts = {
        "assets": stages,
        "jobs": list(jobs),
        "schedules": list(schedules),
        "sensors": [inbox.build(job, partitions), *watching],
        "resources": {"station": Station(data=str(found.data), reference=str(found.reference))},
        # one process: a city month costs seconds, starting processes would cost more
        "executor": dg.in_process_executor,
    }
    return dg.Definitions(**{**parts, **overrides})


@dg.definitions
def defs() -> dg.Definitions:
    return build_defs()
