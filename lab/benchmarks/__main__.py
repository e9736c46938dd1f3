"""Every benchmark in one table.

    python -m lab.benchmarks [--quick] [--write] [--only reading,city]

Runs `measure` of every `bench_*.py`, each in a process of its own, so that none inherits another's memory or warm caches and one that
fails costs nobody else's lines. Prints each line as it is measured and a page by goal at the end; `--write` puts the page into
`docs/performance.md` and what it is made from into `docs/performance.json`: with `--only`, what was measured before of the others stays.
What a benchmark lacks on this machine (Chromium, Java, the national roster) is told, not passed over. Exit status 1 where a target is
missed or a benchmark failed.
"""

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

from lab.benchmarks.measured import Lacking, Measured
from pipelines.errors import Refusal
from pipelines.months import SHANGHAI

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGE = ROOT / "docs" / "performance.md"
NUMBERS = PAGE.with_suffix(".json")
# which bench_growth draws
PICTURE = PAGE.with_name("growth.svg")
LIBRARIES = ("duckdb", "pyarrow", "pandas", "python-calamine", "dagster", "streamlit", "plotly")
HEADINGS = ("what", "ours", "peer, same run", "ratio", "limit", "met")
GOALS = {
    "G1": "Reading a county workbook",
    "G2": "A city month, workbooks to reports",
    "G3": "All 29 months again from the archive",
    "G4": "The whole country, and ten years",
    "G5": "The dashboard",
    "G6": "A cluster",
    "K": "A county's month",
    "F7": "Readers while a release is published",
}
# a child that lacks what it needs says so with this status
LACKING = 75


@dataclass
class Run:
    """What one benchmark said: its lines, or what it lacked, or that it failed; when, at what load of the machine before, in how many seconds."""

    name: str
    when: str
    load: float | None
    seconds: float = 0.0
    lines: list[Measured] = field(default_factory=list)
    lacking: str = ""
    failed: bool = False

    @property
    def good(self) -> bool:
        return not self.failed and not any(item.met is False for item in self.lines)


def benchmarks() -> list[str]:
    """Names of all benchmarks, in the order of their goals."""
    first = ["reading", "city", "rebuild", "country", "whole", "dashboard", "load", "cluster"]
    names = {path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py")}
    return [name for name in first if name in names] + sorted(names - set(first))


def run(name: str, quick: bool) -> Run:
    """One benchmark in a process of its own."""
    print(f"… {name}", file=sys.stderr, flush=True)
    measured = Run(name, datetime.now(SHANGHAI).strftime("%Y-%m-%d %H:%M"), os.getloadavg()[0])
    began = time.perf_counter()
    command = [sys.executable, "-m", "lab.benchmarks", "--child", name, *(["--quick"] if quick else [])]
    # a library's warnings about its own future are no news here
    quiet = {**os.environ, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, cwd=ROOT, env=quiet, stdout=subprocess.PIPE, text=True)
    measured.seconds = time.perf_counter() - began
    last = done.stdout.splitlines()[-1] if done.stdout else ""
    if done.returncode == LACKING:
        measured.lacking = last
    elif done.returncode:
        measured.failed = True
    else:
        measured.lines = [Measured(**item) for item in json.loads(last)]
    return measured


def show(measured: Run) -> None:
    """What it said, at once."""
    for item in measured.lines:
        print(f"  {item.goal}  {' | '.join(filter(None, row(item)))}", flush=True)
    if measured.failed or measured.lacking:
        print(f"  {'FAILED' if measured.failed else f'not measured: {measured.lacking}'}", flush=True)


def child(name: str, quick: bool) -> int:
    """One benchmark in this process; its lines as JSON in the last line of the output."""
    try:
        lines = importlib.import_module(f"lab.benchmarks.bench_{name}").measure(quick)
    except (Lacking, ImportError, Refusal) as reason:
        print(" ".join(str(reason).split()))
        return LACKING
    print(json.dumps([asdict(item) for item in lines], ensure_ascii=False))
    return 0


# ---- the page


def row(item: Measured) -> tuple[str, ...]:
    """One line of the table, as text."""
    peer = f"{number(item.peer)} {item.unit} ({item.peer_name})" if item.peer else ""
    limit = "" if item.limit is None else f"{'≥' if item.at_least else '≤'} {item.limit:g}"
    ratio = "" if item.ratio is None else f"{item.ratio:.2f}"
    met = {None: "", True: "yes", False: "**no**"}[item.met]
    return item.what, f"{number(item.ours)} {item.unit}", peer, ratio, limit, met


def number(value: float) -> str:
    """Three digits that count, never an exponent; what is whole stays whole."""
    if float(value).is_integer():
        return f"{value:,.0f}"
    digits = (
        0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3 if abs(value) >= 0.1 else 4
    )
    return f"{value:,.{digits}f}"


def table(lines: list[Measured]) -> str:
    rows = [HEADINGS, ("---",) * len(HEADINGS), *map(row, lines)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def sections(lines: list[Measured]) -> str:
    """A table for each goal."""
    goals = [*GOALS, *sorted({item.goal for item in lines} - set(GOALS))]
    of = {goal: [item for item in lines if item.goal == goal] for goal in goals}
    by_goal = {goal: f"## {goal}. {GOALS.get(goal, '')}\n\n{table(of[goal])}" for goal in goals if of[goal]}
    if "G4" in by_goal and PICTURE.exists():
        by_goal["G4"] += (
            f"\n\n![What a month costs, month after month]({PICTURE.name}) The numbers: [{PICTURE.stem}.csv]({PICTURE.stem}.csv)."
        )
    return "\n\n".join(by_goal.values())


def verdict(runs: list[Run]) -> str:
    """In a sentence: how many targets, how many met, and which not."""
    held = [item for measured in runs for item in measured.lines if item.met is not None]
    missed = [item for item in held if not item.met]
    lines = "".join(f"\n- **missed**: {item.goal}, {item.what}" for item in missed)
    lines += "".join(f"\n- **failed**: bench_{run.name}, which stopped with an error" for run in runs if run.failed)
    lines += "".join(f"\n- not measured: bench_{run.name}: {run.lacking}" for run in runs if run.lacking)
    return f"{len(held) - len(missed)} of {len(held)} targets met.{lines}"


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, {versions}"


def page(runs: list[Run], quick: bool) -> str:
    loads = {run.name: "load not noted" if run.load is None else f"{run.load:.1f}" for run in runs}
    took = ", ".join(f"{run.name} {run.seconds:.0f} s ({run.when[5:]}, {loads[run.name]})" for run in runs)
    return f"""# What it costs, measured

Written by `make bench`{" in its quick form" if quick else ""}; do not edit. Measured on {machine()}.

{verdict(runs)}

{sections([item for one in runs for item in one.lines])}

## How to read it

The numbers are those of issue G. `peer` is what the same run measured beside it: another program's way to the same result, or a floor
below which nobody can go. `limit` is on the ratio where there is a peer, else on our figure. A line without a limit is told for its own
sake. `s CPU` is processor time of all processes together; seconds without it are by the clock. How each is measured stands at the head
of its file in `lab/benchmarks/`; where the time goes and why the design is as it is, in [design.md](design.md).

All of it took {sum(one.seconds for one in runs) / 60:.0f} minutes. Each benchmark, when (Shanghai) and at what load of the machine before it:
{took}. Above 1 others were at work, and seconds are too long; ratios hold. To repeat: `make bench`; one alone:
`python -m lab.benchmarks --only reading`; small samples: `--quick`. Nothing here runs in CI: a time is no test.
"""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small samples, for trying the benchmarks out")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    parser.add_argument("--only", default="", help="names, with commas: reading,city")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.child:
        return child(asked.child, asked.quick)
    asked_for = asked.only.split(",") if asked.only else benchmarks()
    runs = {} if asked.quick else before()
    for name in asked_for:
        runs[name] = run(name, asked.quick)
        show(runs[name])
    shown = [runs[name] for name in benchmarks() if name in runs]
    text = page(shown, asked.quick)
    print(f"\n{text}")
    if asked.write:
        PAGE.write_text(text, encoding="utf-8")
        NUMBERS.write_text(json.dumps([asdict(one) for one in shown], ensure_ascii=False, indent=1), encoding="utf-8")
    return 0 if all(runs[name].good for name in asked_for) else 1


def before() -> dict[str, Run]:
    """What the page says now."""
    if not NUMBERS.exists():
        return {}
    runs = [Run(**row) for row in json.loads(NUMBERS.read_text(encoding="utf-8"))]
    return {row.name: replace(row, lines=[Measured(**item) for item in row.lines]) for row in runs}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
