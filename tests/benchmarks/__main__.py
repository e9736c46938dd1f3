"""Every benchmark in one table.

    python -m tests.benchmarks [--quick] [--write]

Runs `measure` of every `bench_*.py` that has one and prints the table; `--write` puts it into `docs/performance.md`. A benchmark
whose optional part is missing (Chromium, Java) is said to be missing, not passed over. Exit status 1 where a target is missed.
"""

import argparse
import importlib
import importlib.metadata
import os
import platform
import sys
from datetime import datetime
from pathlib import Path

from pipelines.archive import SHANGHAI
from tests.benchmarks.measured import Measured

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "performance.md"
LIBRARIES = ("duckdb", "pyarrow", "pandas", "python-calamine", "dagster", "streamlit")
HEADINGS = ("goal", "what", "ours", "peer", "ratio", "limit", "met")


def benchmarks() -> list[str]:
    """Names of the modules that measure."""
    found = sorted(path.stem for path in HERE.glob("bench_*.py"))
    return [name for name in found if "def measure(" in (HERE / f"{name}.py").read_text(encoding="utf-8")]


def run(names: list[str], quick: bool) -> tuple[list[Measured], list[str]]:
    """What was measured, and which benchmarks lack something that they need."""
    lines, missing = [], []
    for name in names:
        print(f"… {name}", file=sys.stderr, flush=True)
        try:
            lines += importlib.import_module(f"tests.benchmarks.{name}").measure(quick)
        except ImportError as lacking:
            missing.append(f"{name}: {lacking}")
    return lines, missing


def row(item: Measured) -> tuple[str, ...]:
    """One line of the table, as text."""
    peer = f"{item.peer:.2f} {item.unit} ({item.peer_name})" if item.peer else ""
    limit = "" if item.limit is None else f"{'≥' if item.at_least else '≤'} {item.limit:g}"
    ratio = "" if item.ratio is None else f"{item.ratio:.2f}"
    met = {None: "", True: "yes", False: "**no**"}[item.met]
    return item.goal, item.what, f"{item.ours:.2f} {item.unit}", peer, ratio, limit, met


def table(lines: list[Measured]) -> str:
    rows = [HEADINGS, ("---",) * len(HEADINGS), *map(row, lines)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, {versions}"


def page(lines: list[Measured], missing: list[str], load: float, quick: bool) -> str:
    when = datetime.now(SHANGHAI).strftime("%Y-%m-%d %H:%M")
    lacking = "".join(f"\nNot measured: {item}\n" for item in missing)
    return f"""# Performance

Written by `make bench`{" in its quick form" if quick else ""}; do not edit. Measured {when} (Shanghai) on {machine()}. Load of the machine at the start and at the
end: {load:.1f} and {os.getloadavg()[0]:.1f} (above 0.5 at the start, others were at work and times are too long; ratios hold).

{table(lines)}
{lacking}
`goal` is the number in issue G. `peer` is what the same run measured beside it: another program's way to the same result, or a floor
below which nobody can go. `limit` is on the ratio where there is a peer, else on our figure. A line without a limit is told for its own sake.

To repeat: `make bench`, or one alone: `python -m tests.benchmarks.bench_reading`; `python -m tests.benchmarks --quick` takes small samples.
"""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args(arguments)
    load = os.getloadavg()[0]
    lines, missing = run(benchmarks(), asked.quick)
    print(table(lines), *missing, sep="\n")
    if asked.write:
        PAGE.write_text(page(lines, missing, load, asked.quick), encoding="utf-8")
    return 1 if any(item.met is False for item in lines) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
