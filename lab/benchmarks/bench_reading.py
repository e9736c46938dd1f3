"""What reading a county's workbook costs, beside the bare read of its cells and beside a script with pandas and openpyxl.

    python -m lab.benchmarks.bench_reading

The workbooks are the sample's of one month: twenty counties of 79 to 529 communities and 70 columns. Told are the largest, the median,
the smallest and the one with most findings; all twenty together; and a median one as openpyxl saves it, with its texts in the cells
instead of a table of texts. CPU time, medians of one run in which the readers take turns. In bulk: the twenty through child processes as
`shequ submit` reads them (tables in Arrow come back), beside calamine reading them one after the other in one process; wall time. The
peak of memory is that of a fresh process that reads the largest.

The script (`lab.benchmarks.by_hand`) loads each workbook once with openpyxl, works on columns with pandas, and gives what the
reader gives for an ordinary workbook. It is told which units the county has; finding them is not timed for it.
"""

import gc
import io
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import python_calamine

from lab.benchmarks import by_hand
from lab.benchmarks.measured import Measured
from pipelines import settings
from pipelines.answers.read_workbook import Reading, read_workbook
from pipelines.archive.store import Event
from pipelines.reference import reference_bundle
from pipelines.reference.reference_bundle import Reference
from pipelines.sample.write_samples import Sample
from pipelines.worker import worker_pool

MONTH, TODAY = date(2019, 6, 1), date(2021, 3, 15)
BARE, BY_HAND, MEMORY = 1.5, 12, 400
_CHILD = """
import pathlib, sys
from datetime import date
from pipelines import settings
from pipelines.answers.read_workbook import read_workbook
from pipelines.reference import reference_bundle
known = reference_bundle.load(settings.load().reference)
data = pathlib.Path(sys.argv[1]).read_bytes()
read_workbook(data, sys.argv[2], known.form, known.rosters, today=date(2021, 3, 15), first_month=known.first_month)
status = pathlib.Path("/proc/self/status").read_text()  # the peak of getrusage is that of who started us, if it was higher
print(int(status.partition("VmHWM:")[2].split()[0]) / 1024)
"""


def reference() -> Reference:
    return reference_bundle.load(settings.load().reference)


def read(data: bytes, name: str, known: Reference) -> Reading:
    return read_workbook(data, name, known.form, known.rosters, today=TODAY, first_month=known.first_month)


def bare(data: bytes) -> None:
    """The cells of every sheet as Python lists, and nothing else."""
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    for index in range(len(book.sheet_names)):
        book.get_sheet_by_index(index).to_python()


def workbooks(known: Reference) -> dict[str, bytes]:
    """The month's workbooks by file name, smallest first."""
    made = {Path(report.file).name: data for report, data in Sample(known.form, known.rosters).workbooks(MONTH)}
    return dict(sorted(made.items(), key=lambda item: len(item[1])))


def chosen(made: dict[str, bytes], known: Reference) -> dict[str, str]:
    """What is told one by one: what it is, and its file name."""
    by_size = list(made)
    faulty = max(by_size, key=lambda name: len(read(made[name], name, known).findings))
    return {
        "largest county": by_size[-1],
        "median county": by_size[len(by_size) // 2],
        "smallest county": by_size[0],
        "most findings": faulty,
    }


def saved_again(data: bytes) -> bytes:
    """The same workbook as openpyxl saves it."""
    stream = io.BytesIO()
    openpyxl.load_workbook(io.BytesIO(data)).save(stream)
    return stream.getvalue()


def seconds(action: Callable[[], object], clock: Callable[[], float]) -> float:
    started = clock()
    action()
    return clock() - started


def in_turns(
    rounds: int, *actions: Callable[[], object], clock: Callable[[], float] = time.process_time
) -> list[float]:
    """The median of each; all take turns, so that a busy machine is busy for all, and each begins a round as often.

    Like `timeit`, without Python's search for garbage meanwhile. It is not made between rounds either: going through all objects empties
    the processor's caches, and the next read would be that of a process that has just done something else.
    """
    times: list[list[float]] = [[] for _ in actions]
    gc.collect()
    gc.disable()
    for turn in range(-1, rounds):
        for step in range(len(actions)):
            action = (turn + step) % len(actions)
            spent = seconds(actions[action], clock)
            times[action] += [spent] if turn >= 0 else []
    gc.enable()
    return [statistics.median(column) for column in times]


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


def together(made: dict[str, bytes], known: Reference, rounds: int) -> list[Measured]:
    """All workbooks of the month: one after the other in this process, and in bulk through child processes."""
    ours, theirs = in_turns(
        rounds,
        lambda: [read(data, name, known) for name, data in made.items()],
        lambda: [bare(data) for data in made.values()],
    )
    events = [(Event(seq, f"{TODAY}T00:00:00", "submission", "", {"file": name, "sha256": ""}, ""), lambda data=data: data)
              for seq, (name, data) in enumerate(made.items(), 1)]  # fmt: skip
    bulk, alone = in_turns(
        rounds,
        lambda: deque(worker_pool.read_each(events, known), 0),
        lambda: [bare(data) for data in made.values()],
        clock=time.perf_counter,
    )
    worker_pool.dismiss()
    calamine = "calamine to_python"
    return [
        Measured("G1", f"read, all {len(made)} one by one", ours * 1e3, "ms CPU", BARE, theirs * 1e3, calamine),
        Measured("G1", f"read, {len(made)} in bulk", bulk * 1e3, "ms", BARE, alone * 1e3, f"{calamine}, one process"),
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
    known, rounds = reference(), 5 if quick else 21
    made = workbooks(known)
    files = chosen(made, known)
    ratios = [line for what, name in files.items() for line in compare(what, name, made[name], known, rounds)]
    median = files["median county"]
    ratios += compare("median county by openpyxl", median, saved_again(made[median]), known, rounds)
    ratios += together(made, known, max(rounds // 3, 2))
    largest = files["largest county"]
    return [*ratios, Measured("G1", "peak memory, largest county", peak(largest, made[largest]), "MB", MEMORY)]


if __name__ == "__main__":
    for line in measure("--quick" in sys.argv):
        ratio = "" if line.ratio is None else f"{line.peer:.1f} {line.unit} {line.peer_name}, ratio {line.ratio:.2f}"
        print(f"{line.what:36} {line.ours:.1f} {line.unit}  {ratio}  limit {line.limit}  {line.met}")
