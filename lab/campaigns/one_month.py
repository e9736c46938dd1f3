"""One month of an installation's life under a moved clock, by whichever program stands in the current folder.

    python one_month.py --data DIR --month 2020-03 [--counties 130502,130524,130530] [--dark]

Run by `lab.campaigns.year` in a process of its own, with the program's folder as PYTHONPATH: so the same days are lived through by an
earlier program and by this one. Nothing of ours is imported but what both have. The clock is time-machine's: whatever asks Python for
the time hears the moved one, Dagster too. Schedules and sensors are called as Dagster's daemon would call them, and the runs that they
ask for are done, in this process. `--dark`: no power; workbooks are sent and nothing runs.
"""

import argparse
import calendar
import importlib
import json
import os
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import time_machine
from dagster._utils.schedules import cron_string_iterator

ZONE = ZoneInfo("Asia/Shanghai")
# when a county sends the month that has ended: the last one is late, and sends a correction besides
SENT = {0: 2, 1: 4, 2: 7}
CORRECTED = 8


def imported(*names: str):
    """The first module of these that this program has."""
    for name in names:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            continue
    raise SystemExit(f"none of {names}")


class Life:
    """One installation: its definitions, Dagster's own state, and what the daemon would remember."""

    def __init__(self, data: Path):
        self.settings = imported("pipelines.settings").load(data)
        self.repository = imported("pipelines.definitions").build_defs(self.settings).get_repository_def()
        station = imported("pipelines.defs.resource", "pipelines.defs.station").Station
        self.station = station(data=str(self.settings.data), reference=str(self.settings.reference))
        self.place = data / "campaign.json"
        self.kept = (
            json.loads(self.place.read_text()) if self.place.exists() else {"cursors": {}, "keys": [], "runs": []}
        )
        os.environ["DAGSTER_HOME"] = str(
            imported("pipelines.serving.dagster_home", "pipelines.serving.home").dagster_home(self.settings)
        )
        self.instance = dg.DagsterInstance.get()

    def tick(self, moment: datetime) -> None:
        """Every schedule that is due within the hour of a moment, then every sensor."""
        for schedule in self.repository.schedule_defs:
            if due := self._due(schedule, moment):
                given = {
                    "resources": {"station": self.station},
                    "repository_def": self.repository,
                    "instance": self.instance,
                }
                with dg.build_schedule_context(scheduled_execution_time=due, **given) as context:
                    ticked = schedule.evaluate_tick(context)
                self._run(schedule.job_name, ticked.run_requests or [])
        for sensor in self.repository.sensor_defs:
            if sensor.name != "failures":  # of runs that the daemon lists: failed ones are listed by `runs`
                self._sense(sensor)

    def _due(self, schedule, moment: datetime) -> datetime | None:
        start = moment.replace(minute=0) - timedelta(seconds=1)
        first = next(cron_string_iterator(start.timestamp(), schedule.cron_schedule, schedule.execution_timezone))
        return first if first < moment.replace(minute=0) + timedelta(hours=1) else None

    def _sense(self, sensor) -> None:
        given = {"resources": {"station": self.station}, "repository_def": self.repository, "instance": self.instance}
        with dg.build_sensor_context(cursor=self.kept["cursors"].get(sensor.name), **given) as context:
            ticked = sensor.evaluate_tick(context)
        self.kept["cursors"][sensor.name] = ticked.cursor
        self._run(sensor.job_name if sensor.has_jobs else None, ticked.run_requests or [])

    def _run(self, job: str | None, requests: list) -> None:
        for request in requests:
            if request.run_key and request.run_key in self.kept["keys"]:
                continue
            done = self.repository.get_job(request.job_name or job).execute_in_process(
                instance=self.instance, partition_key=request.partition_key, tags=request.tags, raise_on_error=False,
                resources={"station": self.station},
            )  # fmt: skip
            self.kept["keys"].append(request.run_key)
            result = {
                "at": datetime.now(ZONE).isoformat(),
                "job": request.job_name or job,
                "month": request.partition_key,
            }
            failed = [event.step_key for event in done.all_node_events if event.is_step_failure]
            self.kept["runs"].append({**result, "well": done.success, "failed": failed})

    def send_out(self) -> None:
        """What the program outside does; an earlier program sends from its sensor."""
        try:
            outside = importlib.import_module("pipelines.serving.network_process")
        except ModuleNotFoundError:
            return
        outside.one_round(self.settings, datetime.now(ZONE))

    def keep(self) -> None:
        self.place.write_text(json.dumps(self.kept, ensure_ascii=False, indent=1))


def workbooks(settings, month: date, counties: list[str]) -> dict[str, tuple[str, bytes]]:
    """County → (file name, bytes) of what this program's own sample writes for a month."""
    bundle = imported("pipelines.reference.reference_bundle", "pipelines.reference_set").load(settings.reference)
    sample = imported("pipelines.sample.write_samples", "pipelines.sample.write").Sample

    class Few(sample):
        def reports(self, month):
            written = {}
            for report in super().reports(month):
                if report.place.code in counties:
                    written.setdefault(report.place.code, report)
            return list(written.values())

    return {
        report.place.code: (report.file, data) for report, data in Few(bundle.form, bundle.rosters).workbooks(month)
    }


def before(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)


def days(month: date) -> list[date]:
    """The days that are lived through: those around the due day, one in the middle, and the Sundays."""
    last = calendar.monthrange(month.year, month.month)[1]
    return [day for n in range(1, last + 1) if (day := month.replace(day=n)).day <= 8 or n == 15 or day.weekday() == 6]


def deliver(settings, sent: dict[str, tuple[str, bytes]], day: date, counties: list[str]) -> None:
    for number, county in enumerate(counties):
        if county in sent and (SENT[number] == day.day or (number == 2 and day.day == CORRECTED)):
            name, data = sent[county]
            (settings.inbox / Path(name).name).write_bytes(data)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--month", required=True)
    parser.add_argument("--counties", default="130502,130524,130530")
    parser.add_argument("--dark", action="store_true")
    given = parser.parse_args()
    month, counties = datetime.strptime(given.month, "%Y-%m").date(), given.counties.split(",")
    with time_machine.travel(datetime.combine(month, datetime.min.time(), ZONE)):
        life = Life(given.data)
        life.settings.inbox.mkdir(parents=True, exist_ok=True)
        sent = workbooks(life.settings, before(month), counties)
    for day in days(month):
        for hour in (2, 3, 6, 8, 12):
            moment = datetime.combine(day, datetime.min.time(), ZONE).replace(hour=hour, minute=55 if hour != 12 else 0)
            with time_machine.travel(moment):
                if hour == 12:
                    deliver(life.settings, sent, day, counties)
                if not given.dark:
                    life.tick(moment)
                    life.send_out()
    life.keep()
    return 0


if __name__ == "__main__":
    sys.exit(main())
