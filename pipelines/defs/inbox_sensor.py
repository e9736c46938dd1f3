"""The sensor on the inbox: what has lain still is asked for once, however it is called or often it is seen."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import dagster as dg

from pipelines import months
from pipelines.answers.county_and_month import months_in
from pipelines.archive.store import SHANGHAI
from pipelines.defs.assets import INBOX, STILL_FOR
from pipelines.defs.resource import Station
from pipelines.edition import edition_folders
from pipelines.intake import file_names
from pipelines.intake import inbox as lying
from pipelines.settings import Settings

EVERY = 30


@dataclass(frozen=True)
class Waiting:
    """A file as it lay when it was hashed."""

    path: str
    size: int
    changed: int
    sha256: str


def build(job, partitions: dg.TimeWindowPartitionsDefinition, still_for: float = STILL_FOR) -> dg.SensorDefinition:
    """One run for a batch of new files; the cursor remembers what lies there and was asked for."""

    @dg.sensor(
        job=job,
        name="inbox",
        description="data/inbox/ 有新报表时运行；忽略锁定文件和未写完的文件，同一内容只运行一次。",
        minimum_interval_seconds=EVERY,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def inbox(context: dg.SensorEvaluationContext, station: Station) -> dg.SensorResult | dg.SkipReason:
        before = [Waiting(*row) for row in json.loads(context.cursor or "[]")]
        now = look(station.settings, still_for, before)
        fresh = _fresh(now, before)
        passed = [Waiting(file_names.of(path), 0, 0, "") for path in lying.passed_over(station.settings)]
        for file in set(passed) - set(before):
            context.log.info(f"收件箱中的 {file_names.shown(file.path)} 是锁定文件或未完成的文件，不读取")
        # ASCII: a name may hold bytes that are no text
        cursor = json.dumps([list(file.__dict__.values()) for file in [*now, *passed]])
        keys = partitions.get_partition_keys()
        return dg.SensorResult(
            run_requests=_requests(fresh, keys, _usual(station.settings, keys)),
            cursor=cursor,
            skip_reason=None if fresh else "收件箱中没有新的报表",
        )

    return inbox


def look(settings: Settings, still_for: float, before: list[Waiting]) -> list[Waiting]:
    """What lies still in the inbox. What vanishes or grows meanwhile is left out.

    A file of the same size and time is not read again.
    """
    known = {(file.path, file.size, file.changed): file for file in before}
    found = []
    for path in lying.waiting_files(settings, still_for):
        try:
            state = path.stat()
            place = (str(path.relative_to(settings.inbox)), state.st_size, state.st_mtime_ns)
            file = known.get(place) or Waiting(*place, _digest(path))
            if path.stat().st_mtime_ns == file.changed:
                found.append(file)
        except OSError:
            continue  # taken by a run, or not readable yet: the next look tells
    return found


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fresh(now: list[Waiting], before: list[Waiting]) -> list[Waiting]:
    """One file for each content that was not asked for already. What is passed over has none."""
    asked = {file.sha256 for file in before}
    return list({file.sha256: file for file in now if file.sha256 not in asked}.values())


def _requests(fresh: list[Waiting], keys: list[str], usual: str) -> list[dg.RunRequest]:
    """One run for all of them, over the newest month that a name speaks of: whose the files are, and of when, their content decides."""
    if not fresh:
        return []
    month = max((named for file in fresh if (named := _month(file, keys))), default=usual)
    key = _run_key(fresh, datetime.now(SHANGHAI).date())
    return [dg.RunRequest(run_key=key, partition_key=month, tags={"shequ/files": str(len(fresh)), INBOX: "1"})]


def _run_key(files: list[Waiting], today: date) -> str:
    """By content: the same files again, under whatever names, are the same run in the same month.

    In another month they are judged anew: what was refused because its month lay ahead may have come into its time.
    """
    told = [f"{today:%Y-%m}", *sorted(file.sha256 for file in files)]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _month(file: Waiting, keys: list[str]) -> str | None:
    """The month that the name speaks of, where it is one and over."""
    named = {months.key(month) for month in months_in(file_names.of(file.path))}
    return named.pop() if len(named) == 1 and named <= set(keys) else None


def _usual(settings: Settings, keys: list[str]) -> str:
    """Where the name says nothing: the month that is current, else the last that is over."""
    current = edition_folders.current(settings.releases)
    return current.parent.name if current and current.parent.name in keys else keys[-1]
