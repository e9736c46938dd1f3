"""`make run` of a fresh clone after the installation, beside a script that merely reads the workbooks which it makes.

    python -m lab.benchmarks.bench_first_run [--quick]

Everything but the dashboard: the invented workbooks are written, received, computed, published and reported on by Dagster, each month by
itself. CPU of all processes.
"""

import sys
import tempfile
from pathlib import Path

from lab.benchmarks import city, script
from lab.benchmarks.measured import Measured
from pipelines import months, settings

LIMIT, FEW = 0.6, 4


def measure(quick: bool = False) -> list[Measured]:
    """CPU seconds, as a ratio."""
    count = FEW if quick else city.WHOLE
    wanted = [months.key(months.add(city.FIRST, number)) for number in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        make = ["make", "run", "SERVE=0", f"MONTHS={wanted[0]}..{wanted[-1]}", f"SHEQU_DATA={folder}/data"]
        ours = script.cpu_of(make, settings.REPOSITORY)
        assert (Path(folder) / "data" / ".backfill").exists()
    sent = city.kept(0)[1]
    theirs = script.cpu_of(
        script.command([path for month in wanted for path in city.files(sent / month)]), settings.REPOSITORY
    )
    return [Measured("G2", f"make run, {count} months", ours, "s CPU", LIMIT, theirs, script.NAME)]


if __name__ == "__main__":
    for line in measure("--quick" in sys.argv[1:]):
        print(f"{line.what}: {line.ours:.1f} {line.unit}, {line.peer_name} {line.peer:.1f}: {line.ratio:.2f}")
