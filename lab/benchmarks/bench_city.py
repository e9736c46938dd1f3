"""A city month end to end: twenty workbooks in, release and reports out; in one process, and through Dagster on top of it.

    python -m lab.benchmarks.bench_city [--quick] [--held 28]

On an empty installation, on one that holds two months and on one that holds 28. Both ways run alternately in one process, each time on
a fresh copy of the installation, so that neither has the warmer caches; the ratio is of the medians. Dagster is running when its clock
starts: the instance is up, on the repository's own `dagster.yaml`, and the definitions are loaded. A month in a process that has yet to
start and to import everything is told beside it. Both ways make the same checks.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.benchmarks import city, script
from lab.benchmarks.measured import Measured
from pipelines import months, settings
from pipelines.settings import Settings
from pipelines.worker import worker_pool

FEW, HELD, ROUNDS = 2, 28, 3
SECONDS, ON_TOP = 6.0, 1.2
# beside a script that merely reads the month's workbooks: with nothing held, and with months held
SCRIPT = {0: 0.9, HELD: 1.2}
AT_ONCE = {"ops": {"submissions": {"config": {"still_for": 0}}}}


def measure(quick: bool = False, held: int = HELD) -> list[Measured]:
    """G2: seconds of a month in one process, and Dagster's beside it."""
    held = FEW if quick else held
    measured = []
    for count in sorted({0, min(FEW, held), held}):
        base, sent = city.kept(count)
        measured += lines(base, months.key(months.add(city.FIRST, count)), sent, count, 1 if quick else ROUNDS)
    return measured


def lines(base: Settings, month: str, workbooks: Path, count: int, rounds: int) -> list[Measured]:
    """What one installation is measured with."""
    figures = in_child(base, month, workbooks, rounds)
    plain, dagster = (figures[way] for way in ("plain", "dagster"))
    what = f"a city month, {len(city.files(workbooks / month))} workbooks to release and reports, {count} months held"
    ours, theirs = (statistics.median(spent[0] for spent in way) for way in (plain, dagster))
    cpu, through = (statistics.median(spent[1] for spent in way) for way in (plain, dagster))
    read = script.command(city.files(workbooks / month))
    reading = statistics.median(script.cpu_of(read, settings.REPOSITORY) for _ in range(rounds))
    return [
        Measured("G2", what, ours, "s", SECONDS),
        Measured("G2", f"{what}, CPU with children", cpu, "s CPU", SCRIPT.get(count), reading, script.NAME),
        Measured("G2", f"{what}, process start and imports included", cold(base, month, workbooks), "s"),
        Measured("G2", f"{what}, through Dagster", theirs, "s", ON_TOP, ours, "without Dagster"),
        Measured("G2", f"{what}, through Dagster, CPU", through, "s CPU", ON_TOP, cpu, "without Dagster"),
    ]


def in_child(base: Settings, month: str, workbooks: Path, rounds: int) -> dict:
    """`run` in a process of its own: way → [seconds, CPU seconds] of each round."""
    arguments = [base.data, base.reference, month, workbooks, rounds]
    command = [sys.executable, "-m", "lab.benchmarks.bench_city", "--child", *map(str, arguments)]
    done = subprocess.run(command, cwd=settings.REPOSITORY, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def cold(base: Settings, month: str, workbooks: Path) -> float:
    """Seconds of a new process that does a month, as when somebody types the commands."""
    with tempfile.TemporaryDirectory(dir=base.data.parent) as folder:
        place = city.copy(base, Path(folder) / "data")
        arguments = [place.data, place.reference, month, workbooks]
        command = [sys.executable, "-m", "lab.benchmarks.bench_city", "--once", *map(str, arguments)]
        began = time.perf_counter()
        subprocess.run(command, cwd=settings.REPOSITORY, check=True)
        return time.perf_counter() - began


def run(base: Settings, month: str, workbooks: Path, rounds: int) -> dict:
    """Both ways in turn, each on a copy of its own; before the first round counts, each way has gone once."""
    spent_by_way: dict[str, list] = {"plain": [], "dagster": []}
    with instance() as running:
        for number in range(rounds + 1):
            for way, prepare in (("plain", _plain), ("dagster", _through(running))):
                spent = _spent(
                    base, lambda place, prepare=prepare: prepare(place, month, city.files(workbooks / month))
                )
                if number:
                    spent_by_way[way].append(spent)
    return spent_by_way


@contextmanager
def instance() -> Iterator:
    """Dagster as an installation has it, with a home of its own."""
    import dagster as dg

    from pipelines.serving import dagster_home

    with tempfile.TemporaryDirectory() as folder:
        place = dagster_home.dagster_home(Settings(Path(folder) / "data", settings.load().reference))
        with dg.DagsterInstance.from_config(str(place)) as running:
            yield running


def _spent(base: Settings, prepare: Callable[[Settings], Callable[[], None]]) -> list[float]:
    """Seconds and CPU seconds of what `prepare` gives for a fresh copy."""
    with tempfile.TemporaryDirectory(dir=base.data.parent) as folder:
        act = prepare(city.copy(base, Path(folder) / "data"))
        with city.spending() as spent:
            act()
            seconds = time.perf_counter() - spent.began
            # the children's time counts once they have ended
            worker_pool.dismiss()
        return [seconds, spent.cpu]


def _plain(place: Settings, month: str, sent: list[Path]) -> Callable[[], None]:
    return lambda: city.month_of(place, sent, months.parse(month))


def _through(instance) -> Callable:
    """The monthly job in this process, from workbooks that lie in the inbox."""

    def prepare(place: Settings, month: str, sent: list[Path]) -> Callable[[], None]:
        from pipelines.definitions import build_defs

        for path in sent:
            shutil.copy(path, place.inbox)
        job = build_defs(place).resolve_job_def("monthly")

        def act() -> None:
            done = job.execute_in_process(instance=instance, partition_key=month, run_config=AT_ONCE)
            assert done.success

        return act

    return prepare


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--child"]:
        data, reference, month, workbooks, rounds = arguments[1:]
        print(json.dumps(run(Settings(Path(data), Path(reference)), month, Path(workbooks), int(rounds))))
    elif arguments[:1] == ["--once"]:
        data, reference, month, workbooks = arguments[1:]
        city.month_of(Settings(Path(data), Path(reference)), city.files(Path(workbooks) / month), months.parse(month))
    else:
        parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("--quick", action="store_true")
        parser.add_argument("--held", type=int, default=HELD)
        asked = parser.parse_args(arguments)
        for line in measure(asked.quick, asked.held):
            beside = f", {line.peer_name} {line.peer:.2f}, ratio {line.ratio:.2f}" if line.peer else ""
            print(f"{line.what}: {line.ours:.2f} {line.unit}{beside}")


if __name__ == "__main__":
    main(sys.argv[1:])
