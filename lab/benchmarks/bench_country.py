"""The whole country on two cores: a month's figures from loaded answers, and how the cost grows with units and with months.

python -m lab.benchmarks.bench_country [--quick]
python -m lab.benchmarks.bench_country --months 120 [--units 30000]

One process makes reference data and loads the answers into a warehouse's file; another opens it, as the monthly run does, and computes
figures: what is measured is `engine.bring_up_to_date` (which answers stand, rules, questions, figures and progress at community, town,
county and top level), and the peak memory is that process's own. The month measured has one before it, so that answers are carried,
rules look back and questions compare; in the growth over months the answers of all of them lie in the store from the beginning.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from lab.benchmarks import country
from lab.benchmarks.measured import Lacking, Measured
from pipelines import months, settings
from pipelines.figures import update
from pipelines.reference import reference_bundle

NO_ROSTER = "the national roster, shared/rosters/china_2023.csv.gz beside the repository"
QUICK, WHOLE = 30_000, None
SIZES = (10_000, 50_000, 150_000, 300_000)
CITY = 5_400
SECONDS, GIGABYTES = 10.0, 4.0
# of ten months: those of a store that is hardly begun cost no more than those of one that is ten years old
TEN, FLAT, STRAIGHT = 10, 1.15, 0.99


def measure(quick: bool = False) -> list[Measured]:
    """Seconds, CPU and memory of a month's figures; at full size against the goal. Errors: `Lacking` without the national roster."""
    if not country.NATIONAL.exists():
        raise Lacking(NO_ROSTER)
    rows = last_month(QUICK if quick else WHOLE, 2)
    what = f"{rows['units']} units: a month's figures at all levels from loaded answers"
    lines = [
        Measured("G4", what, rows["seconds"][-1], "s", None if quick else SECONDS),
        Measured("G4", f"{what}, CPU", rows["cpu"][-1], "s CPU"),
        Measured("G4", f"{what}, peak memory of its process", rows["peak"], "GB", GIGABYTES),
    ]
    sizes = [last_month(size, 2) for size in ((5_000, 15_000) if quick else SIZES)]
    count = 40 if quick else 120
    return [*lines, *_in_units([*sizes, rows]), *_in_months(all_months(CITY, count), 3 if quick else TEN)]


def _in_units(rows: list[dict]) -> list[Measured]:
    slope, start, fit = line([row["units"] for row in rows], [row["cpu"][-1] for row in rows])
    what = f"a month's CPU against units ({', '.join(str(row['units']) for row in rows)})"
    return [
        Measured("G4", f"{what}: for every 100,000, besides {start:.2f} s", slope * 100_000, "s CPU"),
        Measured("G4", f"{what}: R² of the straight line", fit, "R²", STRAIGHT, at_least=True),
    ]


def _in_months(rows: dict, ten: int) -> list[Measured]:
    """The last ten months against the first ten; and the straight line of all that was spent.

    Of the months that have two before them in which every policy judges: a policy that begins later is no growth.
    """
    cpu = rows["cpu"][rows["steady"] :]
    total = [sum(cpu[: n + 1]) for n in range(len(cpu))]
    slope, _, fit = line(range(len(total)), total)
    what = f"{len(rows['cpu'])} months of {rows['units']} units in one store ({rows['disk']:.1f} GB)"
    first, last = sum(cpu[:ten]) / ten, sum(cpu[-ten:]) / ten
    return [
        Measured(
            "G4", f"{what}: CPU of one of the last {ten} months", last, "s CPU", FLAT, first, f"of the first {ten}"
        ),
        Measured("G4", f"{what}: CPU a month (slope of the running total)", slope, "s CPU"),
        Measured("G4", f"{what}: R² of the running total", fit, "R²", STRAIGHT, at_least=True),
    ]


# ---- in processes of their own


def last_month(units: int | None, count: int) -> dict:
    """The last of `count` months, computed in a fresh process: {units, seconds, cpu (lists of one), peak (GB)}."""
    with tempfile.TemporaryDirectory() as folder:
        _child("--insert", folder, units or 0, count)
        _child("--figures", folder, count - 1)
        return _child("--figures", folder, count)


def all_months(units: int | None, count: int) -> dict:
    """All months, one after another: {units, seconds, cpu (a month), peak (GB), disk (GB)}."""
    with tempfile.TemporaryDirectory() as folder:
        _child("--insert", folder, units or 0, count)
        return _child("--figures", folder, count)


def _child(*arguments) -> dict:
    command = [sys.executable, "-m", "lab.benchmarks.bench_country", *map(str, arguments)]
    done = subprocess.run(command, cwd=settings.REPOSITORY, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def insert(folder: Path, units: int | None, count: int) -> dict:
    """Reference data and a warehouse with the answers of `count` months, nothing computed."""
    reference = reference_bundle.load(country.make(folder / "reference", country.NATIONAL, units))
    store, archive = country.opened(reference, folder / "warehouse.duckdb")
    rows = [country.insert(store, archive, month) for month in _span(count)]
    store.con.close()
    return {"rows": rows}


def figures(folder: Path, count: int) -> dict:
    """The figures of those of the first `count` months that are not computed yet, each in a warehouse opened for it, as a run does."""
    reference = reference_bundle.load(folder / "reference")
    seconds, cpu = [], []
    for month in _span(count):
        store = country.reopened(reference, folder / "warehouse.duckdb")
        began, spent = time.perf_counter(), time.process_time()
        if update.bring_up_to_date(store, month):
            seconds.append(time.perf_counter() - began)
            cpu.append(time.process_time() - spent)
        store.con.close()
    return {
        "units": reference.rosters.table(country.FIRST).num_rows,
        "seconds": seconds,
        "cpu": cpu,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "disk": (folder / "warehouse.duckdb").stat().st_size / 1e9,
        "steady": 2 + len(months.span(country.FIRST, max(register.since for register in reference.registers))) - 1,
    }


def _span(count: int) -> list:
    return months.span(country.FIRST, months.add(country.FIRST, count - 1))


def line(x: Sequence[float], y: Sequence[float]) -> tuple[float, float, float]:
    """Slope, intercept and R² of the straight line through the points (least squares)."""
    n, mx, my = len(x), sum(x) / len(x), sum(y) / len(y)
    sxx = sum((a - mx) ** 2 for a in x)
    slope = sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True)) / sxx
    rest = sum((b - my - slope * (a - mx)) ** 2 for a, b in zip(x, y, strict=True))
    total = sum((b - my) ** 2 for b in y)
    return slope, my - slope * mx, 1 - rest / total if total and n > 2 else 1.0


def main(arguments: list[str]) -> None:
    options = dict(zip(arguments[::2], arguments[1::2], strict=False))
    if arguments[:1] == ["--insert"]:
        print(json.dumps(insert(Path(arguments[1]), int(arguments[2]) or None, int(arguments[3]))))
    elif arguments[:1] == ["--figures"]:
        print(json.dumps(figures(Path(arguments[1]), int(arguments[2]))))
    elif "--months" in options:
        rows = all_months(int(options.get("--units", 0)) or None, int(options["--months"]))
        print(json.dumps(rows))
        _print(_in_months(rows, TEN))
    else:
        _print(measure("--quick" in arguments))


def _print(lines: list[Measured]) -> None:
    for item in lines:
        peer = f" ({item.peer_name}: {item.peer:.2f}, ratio {item.ratio:.2f})" if item.ratio else ""
        met = "" if item.met is None else f" met={item.met}"
        print(f"{item.goal} {item.what}: {item.ours:.4g} {item.unit}{peer}{met}")


if __name__ == "__main__":
    main(sys.argv[1:])
