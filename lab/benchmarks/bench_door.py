"""What the one door costs: a county's file taken in, and a decision, beside merely reading the cells of the same workbook.

    python -m lab.benchmarks.bench_door [--quick]

An installation holds some months of the city. The largest county sends its last month once more, each time with another byte in the
file's comment, so that it is a submission of its own: archived, read, judged, what is in force kept for the pages. A decision is an
excuse given and taken back: the ledger's event and all that follows from it. By the clock, medians of turns taken with the bare read.
"""

import io
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

from lab.benchmarks import city
from lab.benchmarks.bench_reading import bare
from lab.benchmarks.measured import Measured
from pipelines import months
from pipelines.intake import decisions, submit_files
from pipelines.settings import Settings
from pipelines.worker import worker_pool

TURNS = 7
SUBMIT, DECIDE = 25, 15


def measure(quick: bool = False) -> list[Measured]:
    """A submission and a decision, as ratios to the bare read of the largest county's workbook."""
    count = 2 if quick else 12
    kept, sent = city.kept(count)
    month = months.add(city.FIRST, count - 1)
    largest = max(city.files(sent / months.key(month)), key=lambda path: path.stat().st_size)
    with tempfile.TemporaryDirectory(prefix="shequ-door-") as folder:
        place = city.copy(kept, Path(folder) / "data")
        spent = _turns(place, largest, Path(folder), month)
    worker_pool.dismiss()
    floor = spent["bare"]
    store = f"{count} months in store"
    return [
        Measured("G1", f"submit, largest county, {store}", spent["submit"], "s", SUBMIT, floor, "bare read"),
        Measured("G1", f"a decision, {store}", spent["decide"], "s", DECIDE, floor, "bare read"),
    ]


def _turns(place: Settings, largest: Path, folder: Path, month: date) -> dict[str, float]:
    """Median seconds of each, in turns."""
    data, spent = largest.read_bytes(), {"bare": [], "submit": [], "decide": []}
    county = submit_files.submit([_again(data, folder / largest.name, -1)], place, city.BY)[0].county
    for turn in range(TURNS):
        path = _again(data, folder / largest.name, turn)
        spent["bare"].append(_seconds(lambda: bare(data)))
        spent["submit"].append(_seconds(lambda path=path: submit_files.submit([path], place, city.BY)))
        spent["decide"].append(_seconds(lambda: _decide(place, month, county)))
    # a decision is one of two events
    return {"bare": statistics.median(spent["bare"]), "submit": statistics.median(spent["submit"]),
            "decide": statistics.median(spent["decide"]) / 2}  # fmt: skip


def _decide(place: Settings, month: date, county: str) -> None:
    event = decisions.extend(month, county, place, city.BY, "停电", excuse=True)
    decisions.withdraw(event.seq, "已报", place, city.BY)


def _again(data: bytes, path: Path, turn: int) -> Path:
    """The same workbook as another file."""
    stream = io.BytesIO(data)
    with zipfile.ZipFile(stream, "a") as book:
        book.comment = str(turn).encode()
    path.write_bytes(stream.getvalue())
    return path


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    for line in measure("--quick" in sys.argv[1:]):
        print(f"{line.what}: {line.ours:.3f} {line.unit}, bare {line.peer:.3f}: {line.ratio:.1f}")
