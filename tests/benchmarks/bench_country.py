"""The whole country on two cores: a month's figures from loaded answers, and how the cost grows with units and with months.

python -m tests.benchmarks.bench_country [--quick]

Each size runs in a process of its own, so that its peak memory is its own. The month measured has one before it, so that answers are
carried, rules look back and questions compare. What is measured is what the monthly run does between reading and publishing:
`engine.bring_up_to_date` (which answers stand, rules, questions, figures and progress at community, town, county and top level).
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from pipelines import months, reference_set, settings
from pipelines.indicators import engine
from tests.benchmarks import country
from tests.benchmarks.measured import Measured

QUICK, WHOLE = 30_000, None
SIZES = (10_000, 50_000, 150_000, 300_000, WHOLE)
SECONDS, GIGABYTES = 10.0, 4.0


def measure(quick: bool = False) -> list[Measured]:
    """Seconds, CPU and memory of a month's figures; at full size against the goal. Nothing where the national roster is not there."""
    if not country.NATIONAL.exists():
        return []
    found = in_child(QUICK if quick else WHOLE, 2)
    what = f"{found['units']} units: a month's figures at all levels from loaded answers"
    return [
        Measured("G4", what, found["seconds"][-1], "s", None if quick else SECONDS),
        Measured("G4", f"{what}, CPU", found["cpu"][-1], "s CPU"),
        Measured("G4", f"{what}, peak memory", found["peak"], "GB", GIGABYTES),
    ]


def in_child(units: int | None, count: int) -> dict:
    """`run` in a process of its own: {units, seconds, cpu (a month), peak (GB)}."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_country", "--child", str(units or 0), str(count)]
    done = subprocess.run(command, cwd=settings.REPOSITORY, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def run(units: int | None, count: int) -> dict:
    """`count` months of figures over a country of so many units, one after another."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        reference = reference_set.load(country.make(folder / "reference", country.NATIONAL, units))
        store, archive = country.opened(reference, folder / "warehouse.duckdb")
        seconds, cpu = [], []
        for month in months.span(country.FIRST, months.add(country.FIRST, count - 1)):
            country.tell(store, archive, month)
            began, spent = time.perf_counter(), time.process_time()
            engine.bring_up_to_date(store, month)
            seconds.append(time.perf_counter() - began)
            cpu.append(time.process_time() - spent)
        known = len(reference.rosters.units(country.FIRST))
        store.con.close()
    return {
        "units": known,
        "seconds": seconds,
        "cpu": cpu,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def line(x: Sequence[float], y: Sequence[float]) -> tuple[float, float, float]:
    """Slope, intercept and R² of the straight line through the points (least squares)."""
    n, mx, my = len(x), sum(x) / len(x), sum(y) / len(y)
    sxx = sum((a - mx) ** 2 for a in x)
    slope = sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True)) / sxx
    rest = sum((b - my - slope * (a - mx)) ** 2 for a, b in zip(x, y, strict=True))
    total = sum((b - my) ** 2 for b in y)
    return slope, my - slope * mx, 1 - rest / total if total and n > 2 else 1.0


def growth_in_units(sizes: Sequence[int | None] = SIZES) -> list[dict]:
    """The second month's cost at each size."""
    return [in_child(size, 2) for size in sizes]


def growth_in_months(units: int | None, count: int) -> dict:
    """The cost of each month, one after another in one store: that of the last is to be that of the second."""
    return in_child(units, count)


def report(sizes: Sequence[int | None], city_months: int) -> None:
    """Prints both tables with the lines through them."""
    found = growth_in_units(sizes)
    for row in found:
        print(f"{row['units']:>8} units {row['seconds'][-1]:7.2f} s {row['cpu'][-1]:7.2f} s CPU {row['peak']:5.2f} GB")
    slope, start, fit = line([row["units"] for row in found], [row["cpu"][-1] for row in found])
    print(f"CPU = {start:.2f} s + {slope * 100_000:.2f} s per 100,000 units, R² = {fit:.4f}")
    cpu = growth_in_months(5_400, city_months)["cpu"][2:]
    total = [sum(cpu[: n + 1]) for n in range(len(cpu))]
    slope, start, fit = line(range(len(total)), total)
    print(f"{city_months} months of a city: {slope:.3f} s CPU a month, R² of the running total = {fit:.4f}, "
          f"first ten {sum(cpu[:10]) / 10:.3f}, last ten {sum(cpu[-10:]) / 10:.3f}")  # fmt: skip


def main(arguments: list[str]) -> None:
    if "--child" in arguments:
        units, count = map(int, arguments[-2:])
        print(json.dumps(run(units or None, count)))
        return
    quick = "--quick" in arguments
    for item in measure(quick):
        print(
            f"{item.goal} {item.what}: {item.ours:.2f} {item.unit}" + ("" if item.met is None else f" met={item.met}")
        )
    report((5_000, 10_000, 20_000) if quick else SIZES, 12 if quick else 120)


if __name__ == "__main__":
    main(sys.argv[1:])
