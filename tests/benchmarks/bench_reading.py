"""What reading a county's workbook costs, beside the bare read of its cells and beside a script with pandas and openpyxl.

    python -m tests.benchmarks.bench_reading

The workbooks are samples of one month: the largest county, a median one, and the one with the most findings. CPU time, medians
of one run in which the readers take turns. The peak of memory is that of a fresh process that reads the largest.
"""

import gc
import io
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import python_calamine

from pipelines import reference_set, settings
from pipelines.reference_set import Reference
from pipelines.sample.write import Sample
from pipelines.survey.read import Reading, read_workbook
from tests.benchmarks import by_hand
from tests.benchmarks.measured import Measured

MONTH, TODAY = date(2019, 6, 1), date(2021, 3, 15)
BARE, BY_HAND, MEMORY = 1.5, 12, 400
_CHILD = """
import pathlib, resource, sys
from tests.benchmarks import bench_reading as bench
bench.read(pathlib.Path(sys.argv[1]).read_bytes(), sys.argv[2], bench.reference())
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def reference() -> Reference:
    return reference_set.load(settings.load().reference)


def read(data: bytes, name: str, known: Reference) -> Reading:
    return read_workbook(data, name, known.form, known.rosters, today=TODAY, first_month=known.first_month)


def bare(data: bytes) -> None:
    """The cells of every sheet as Python lists, and nothing else."""
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    for index in range(len(book.sheet_names)):
        book.get_sheet_by_index(index).to_python()


def workbooks(known: Reference) -> dict[str, tuple[str, bytes]]:
    """The largest county, a median one and the one of which most is to be said: file name and bytes."""
    made = [(Path(report.file).name, data) for report, data in Sample(known.form, known.rosters).workbooks(MONTH)]
    by_size = sorted((item for item in made if item[0].endswith("xlsx")), key=lambda item: len(item[1]))
    faulty = max(by_size, key=lambda item: len(read(item[1], item[0], known).findings))
    return {"largest county": by_size[-1], "median county": by_size[len(by_size) // 2], "most findings": faulty}


def seconds(action: Callable[[], object]) -> float:
    gc.collect()
    started = time.process_time()
    action()
    return time.process_time() - started


def in_turns(rounds: int, *actions: Callable[[], object]) -> list[float]:
    """The median of each; all take turns, so that a busy machine is busy for all."""
    for action in actions:
        action()
    times = [[seconds(action) for action in actions] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*times, strict=True)]


def compare(what: str, name: str, data: bytes, known: Reference, rounds: int) -> list[Measured]:
    """Ours beside the bare read and beside the script by hand."""
    county = read(data, name, known).county
    units = [unit for unit in known.rosters.units(MONTH) if unit.county_code == county]
    ours, theirs = in_turns(rounds, lambda: read(data, name, known), lambda: bare(data))
    again, script = in_turns(
        max(rounds // 3, 1), lambda: read(data, name, known), lambda: by_hand.read(data, name, known.form, units)
    )
    return [
        Measured("G1", f"read, {what}", ours * 1e3, "ms CPU", BARE, theirs * 1e3, "calamine to_python"),
        Measured("G1", f"read, {what}", again * 1e3, "ms CPU", BY_HAND, script * 1e3, "pandas + openpyxl", True),
    ]


def peak(name: str, data: bytes) -> float:
    """MB that a fresh process needs at most, the interpreter and all libraries included."""
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(data)
        file.flush()
        command = [sys.executable, "-c", _CHILD, file.name, name]
        done = subprocess.run(command, cwd=settings.REPOSITORY, capture_output=True, text=True, check=True)
    return float(done.stdout)


def measure(quick: bool = False) -> list[Measured]:
    """Ratios and peak of memory; `quick` takes fewer rounds."""
    known = reference()
    chosen = workbooks(known)
    found = [
        line for what, (name, data) in chosen.items() for line in compare(what, name, data, known, 5 if quick else 21)
    ]
    found.append(Measured("G1", "peak memory, largest county", peak(*chosen["largest county"]), "MB", MEMORY))
    return found


if __name__ == "__main__":
    for line in measure("--quick" in sys.argv):
        ratio = "" if line.ratio is None else f"{line.peer:.1f} {line.unit} {line.peer_name}, ratio {line.ratio:.2f}"
        print(f"{line.what:30} {line.ours:.1f} {line.unit}  {ratio}  limit {line.limit}  {line.met}")
