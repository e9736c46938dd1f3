"""A city for benchmarks: the invented programme on the real roster, installations that hold its months, and copies to work on."""

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from pipelines import months, settings
from pipelines.intake import submit_files
from pipelines.monthly import monthly_run
from pipelines.reference import reference_bundle
from pipelines.sample import write_samples
from pipelines.settings import Settings
from pipelines.worker import worker_pool

FIRST = date(2018, 8, 1)
WHOLE = 29
BY = "benchmark"
DAY = 86_400


def workbooks(folder: Path) -> None:
    """The workbooks of all months, written into `folder` by month of arrival (YYYY-MM)."""
    loaded = reference_bundle.load(settings.load().reference)
    write_samples(loaded.form, loaded.rosters, months.span(FIRST, months.add(FIRST, WHOLE - 1)), folder)


def month_of(place: Settings, sent: list[Path], month: date) -> None:
    """A month as the command line takes it: workbooks in, release and reports out."""
    submit_files.submit(sent, place, BY)
    monthly_run.run(place, month, BY)


def kept(count: int) -> tuple[Settings, Path]:
    """An installation of the first `count` months, never to be written into (see `copy`), and the folder with all months' workbooks.

    Made once for several benchmarks and kept in the folder for temporary files, by the hash of all that it is made from; those that
    nobody has used for a day are removed. `count` months are made from the longest kept installation that has fewer.
    """
    folder = Path(tempfile.gettempdir()) / "shequ-city" / _made_by()
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)
    for other in folder.parent.iterdir():
        if other.stat().st_mtime < time.time() - DAY:
            shutil.rmtree(other)
    sent = folder / "workbooks"
    if not sent.exists():
        _finished(sent, workbooks)
    place = Settings(folder / f"{count:03}", settings.load().reference)
    if not place.data.exists():
        _finished(place.data, lambda made: _fill(made, folder, count))
    return place, sent


def _finished(folder: Path, make: Callable[[Path], None]) -> None:
    """`folder`, there as soon as it is whole."""
    made = folder.with_suffix(".new")
    shutil.rmtree(made, ignore_errors=True)
    make(made)
    made.rename(folder)


def _made_by() -> str:
    """Hash of the program and its reference data."""
    digest = hashlib.sha256()
    root = settings.REPOSITORY
    for path in (
        *sorted((root / "pipelines").rglob("*.py")),
        *sorted(settings.load().reference.rglob("*.*")),
        Path(__file__),
    ):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def files(folder: Path) -> list[Path]:
    """The workbooks in a folder and below, in the order in which they are sent."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _fill(made: Path, folder: Path, count: int) -> None:
    """The first `count` months in `made`, from the longest installation in `folder` that has fewer."""
    here = Settings(made, settings.load().reference)
    fewer = [path for path in sorted(folder.glob("[0-9]" * 3)) if int(path.name) < count]
    if fewer:
        copy(Settings(fewer[-1], here.reference), made)
    here.inbox.mkdir(parents=True, exist_ok=True)
    for number in range(int(fewer[-1].name) if fewer else 0, count):
        month = months.add(FIRST, number)
        month_of(here, files(folder / "workbooks" / months.key(month)), month)
    worker_pool.dismiss()


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
    spent, before = Spent(), os.times()
    spent.began = time.perf_counter()
    try:
        yield spent
    finally:
        after = os.times()
        spent.seconds = time.perf_counter() - spent.began
        spent.cpu = sum(after[:4]) - sum(before[:4])
