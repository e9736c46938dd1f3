"""The sensor on the inbox: requests one run per content of a file that no longer changes, whatever its name."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dagster as dg

from pipelines import months
from pipelines.answers.county_and_month import months_in
from pipelines.defs.assets import INBOX, MOST, STILL_FOR
from pipelines.defs.resource import Station
from pipelines.edition import edition_folders
from pipelines.intake import file_names, submit_files
from pipelines.intake import inbox as lying
from pipelines.settings import Settings

EVERY = 30
# most files and bytes that one evaluation hashes; the next one continues
MOST_FILES, MOST_BYTES = MOST, 512 * 2**20
# files that the cursor remembers
MOST_KNOWN = 2000


@dataclass(frozen=True)
class Waiting:
    """A file in the inbox at the moment when it was hashed."""

    path: str
    size: int
    changed: int
    sha256: str


def build(job, partitions: dg.TimeWindowPartitionsDefinition, still_for: float = STILL_FOR) -> dg.SensorDefinition:
    """The sensor: one run per batch of new files. Its cursor lists the files in the inbox for which a run was requested."""

    @dg.sensor(
        job=job,
        name="inbox",
        description="data/inbox/ 有新报表时运行；略过锁定文件和未写完的文件，同一内容只运行一次。",
        minimum_interval_seconds=EVERY,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def inbox(context: dg.SensorEvaluationContext, station: Station) -> dg.SensorResult | dg.SkipReason:
        before = [Waiting(*row) for row in json.loads(context.cursor or "[]")]
        now, large = look(station.settings, still_for, before)
        fresh = _fresh(now, before)
        passed = [Waiting(file_names.of(path), 0, 0, "") for path in lying.passed_over(station.settings)][:MOST_FILES]
        for file in [file for file in passed if file not in before]:
            context.log.info(f"收件箱中的 {file_names.shown(file.path)} 是锁定文件或未完成的文件，不读取")
        for file in [file for file in large if file not in before]:
            context.log.warning(
                f"收件箱中的 {file_names.shown(file.path)} 有 {file.size / 2**20:.0f} MB，超过上限，不读取"
            )
        passed += large
        # ASCII: a name may hold bytes that are not UTF-8
        cursor = json.dumps([list(file.__dict__.values()) for file in [*now, *passed]])
        keys = partitions.get_partition_keys()
        return dg.SensorResult(
            run_requests=_requests(fresh, keys, _usual(station.settings, keys)),
            cursor=cursor,
            skip_reason=None if fresh else "收件箱中没有新的报表",
        )

    return inbox


def look(settings: Settings, still_for: float, before: list[Waiting]) -> tuple[list[Waiting], list[Waiting]]:
    """Files that no longer change, at most `MOST_FILES` new ones, and too large ones without hash; known ones are not read again."""
    known = {(file.path, file.size, file.changed): file for file in before}
    waiting: list[Waiting] = []
    large: list[Waiting] = []
    read = new = 0
    for path in lying.waiting_files(settings, still_for):
        if new == MOST_FILES or len(waiting) == MOST_KNOWN or read > MOST_BYTES:
            break
        try:
            state = path.stat()
            place = (str(path.relative_to(settings.inbox)), state.st_size, state.st_mtime_ns)
            if state.st_size > submit_files.LARGEST:
                large.append(Waiting(*place, ""))
                continue
            if place not in known:
                new, read = new + 1, read + state.st_size
            file = known.get(place) or Waiting(*place, _digest(path))
            if path.stat().st_mtime_ns == file.changed:
                waiting.append(file)
        except OSError:
            continue  # taken by a run, or not readable yet: examined again next time
    return waiting, large[:MOST_FILES]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fresh(now: list[Waiting], before: list[Waiting]) -> list[Waiting]:
    """One file per content for which no run was requested yet."""
    asked = {file.sha256 for file in before}
    return list({file.sha256: file for file in now if file.sha256 not in asked}.values())


def _requests(fresh: list[Waiting], keys: Sequence[str], usual: str) -> list[dg.RunRequest]:
    """One run for all files, over the newest month named by a file name. County and month of each file are read from its content."""
    if not fresh:
        return []
    month = max((named for file in fresh if (named := _month(file, keys))), default=usual)
    key = _run_key(fresh, months.today())
    return [dg.RunRequest(run_key=key, partition_key=month, tags={"shequ/files": str(len(fresh)), INBOX: "1"})]


def _run_key(files: list[Waiting], today: date) -> str:
    """Hash of contents and current month: the same files run once a month; a report sent too early is read again in the next."""
    parts = [f"{today:%Y-%m}", *sorted(file.sha256 for file in files)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _month(file: Waiting, keys: Sequence[str]) -> str | None:
    """The month in the file's name, where it names a single month that is over."""
    named = {months.key(month) for month in months_in(file_names.of(file.path))}
    return named.pop() if len(named) == 1 and named <= set(keys) else None


def _usual(settings: Settings, keys: Sequence[str]) -> str:
    """The month of a run where no file name has one: the month of the current edition, else the last that is over."""
    current = edition_folders.current(settings.releases)
    return current.parent.name if current and current.parent.name in keys else keys[-1]
