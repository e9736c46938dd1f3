"""A city for benchmarks: the invented programme on the real roster, installations that hold its months, and copies to work on."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from pipelines import intake, monthly, months, reference_set, settings
from pipelines.sample import write_samples
from pipelines.settings import Settings

FIRST = date(2018, 8, 1)
WHOLE = 29
BY = "benchmark"


def workbooks(folder: Path, count: int = WHOLE, reference: Path | None = None) -> dict[str, list[Path]]:
    """The workbooks of the first `count` months, written into `folder`: month of arrival (YYYY-MM) → files in order."""
    loaded = reference_set.load(reference or settings.load().reference)
    span = months.span(FIRST, months.add(FIRST, count - 1))
    found: dict[str, list[Path]] = {}
    for path in write_samples(loaded.form, loaded.rosters, span, folder):
        found.setdefault(path.relative_to(folder).parts[0], []).append(path)
    return found


def month_of(place: Settings, sent: list[Path], month: date) -> None:
    """A month as the command line takes it: workbooks in, release and reports out."""
    intake.submit(sent, place, BY)
    monthly.run(place, month, BY)


def filled(folder: Path, sent: dict[str, list[Path]], count: int) -> Settings:
    """An installation in `folder` that holds the first `count` months, each published when it had come."""
    place = Settings(folder, settings.load().reference)
    place.inbox.mkdir(parents=True)
    for month in months.span(FIRST, months.add(FIRST, count - 1)) if count else []:
        month_of(place, sent[months.key(month)], month)
    return place


def copy(place: Settings, folder: Path) -> Settings:
    """A copy to work on: what never changes is linked, what is written into is copied."""
    subprocess.run(["cp", "-al", str(place.data), str(folder)], check=True)
    for changing in ("warehouse", "archive/ledger.jsonl", "audit", "dagster"):
        own = folder / changing
        if own.is_dir():
            shutil.rmtree(own)
            shutil.copytree(place.data / changing, own)
        elif own.exists():
            own.unlink()
            shutil.copy2(place.data / changing, own)
    return Settings(folder, place.reference)


class Spent:
    """When it began, seconds by the clock, and of the processor with that of ended children."""

    began = 0.0
    seconds = 0.0
    cpu = 0.0


@contextmanager
def spending() -> Iterator[Spent]:
    """What the block costs. Children that read workbooks are counted once they have ended: see `parallel.dismiss`."""
    found, before = Spent(), os.times()
    found.began = time.perf_counter()
    try:
        yield found
    finally:
        after = os.times()
        found.seconds = time.perf_counter() - found.began
        found.cpu = sum(after[:4]) - sum(before[:4])
