"""The whole country from its workbooks to a published release, on two cores: 2,900 files, stage by stage.

    python -m lab.benchmarks.bench_whole [--quick | --units N] [--months N] [--keep DIR]

An installation as the inbox fills it: every workbook archived (fsync, ledger), read in child processes with limits, loaded, the month's
figures computed, the edition published, its reports written. Then a second month on top. Each size runs in a process of its own, so
that its peak memory is its own. Making the workbooks is not part of what is measured; they are kept in the folder for temporary files.
"""

import argparse
import hashlib
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager, nullcontext
from datetime import date
from pathlib import Path

from lab.benchmarks import country, country_books
from lab.benchmarks.bench_country import NO_ROSTER
from lab.benchmarks.bench_reading import bare
from lab.benchmarks.measured import Lacking, Measured
from pipelines import months, settings
from pipelines.figures import update
from pipelines.intake import collect_inbox, session
from pipelines.monthly import monthly_run, papers
from pipelines.reference import reference_bundle
from pipelines.settings import Settings
from pipelines.warehouse.projection import Warehouse
from pipelines.worker import worker_pool

QUICK, WHOLE = 30_000, None
SECONDS = 360.0
# CPU beside calamine's bare read of the same workbooks, and GB of the largest process
BARE, PEAK = 6.0, 3.5
STAGES = ("archive", "read", "load", "figures", "publish", "reports")


def measure(quick: bool = False) -> list[Measured]:
    """Seconds from workbooks to a release, by stage, and a second month on top. Errors: `Lacking` without the national roster."""
    if not country.NATIONAL.exists():
        raise Lacking(NO_ROSTER)
    size = QUICK if quick else WHOLE
    first, second = in_child(size, 2)
    what = f"{first['units']} units, {first['files']} workbooks to a release with its reports"
    times = ", ".join(f"{name} {first['seconds'][name]:.1f}" for name in STAGES)
    return [
        Measured("G4", f"{what} ({times})", _total(first), "s", None if quick else SECONDS),
        Measured("G4", f"{what}, CPU of all processes", sum(first["cpu"].values()), "s CPU", BARE, _bare(size), "calamine to_python"),
        Measured("G4", f"{what}, largest process", first["peak"], "GB", None if quick else PEAK),
        Measured("G4", f"{first['units']} units: a second month on top", _total(second), "s", peer=_total(first), peer_name="first"),
    ]  # fmt: skip


def _bare(units: int | None) -> float:
    """CPU seconds in which calamine reads the first month's workbooks, one after the other."""
    began = time.process_time()
    for path in sorted((books(units) / months.key(country.FIRST)).glob("*.xlsx")):
        bare(path.read_bytes())
    return time.process_time() - began


def _total(stages: dict) -> float:
    return sum(stages["seconds"].values())


def in_child(units: int | None, count: int, keep: Path | None = None) -> list[dict]:
    """`run` in a process of its own; the workbooks are made before, so that their makers are none of its children."""
    reference = reference_bundle.load(reference_of(units))
    for month in _span(count):
        country_books.make(reference, month, books(units) / months.key(month))
    command = [sys.executable, "-m", "lab.benchmarks.bench_whole", "--child", "--units", str(units or 0)]
    command += ["--months", str(count), *(["--keep", str(keep)] if keep else [])]
    done = subprocess.run(command, cwd=settings.REPOSITORY, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


# ---- the workbooks


def _span(count: int) -> list[date]:
    return months.span(country.FIRST, months.add(country.FIRST, count - 1))


def books(units: int | None) -> Path:
    """Where the workbooks of this size are kept: by what they are made from."""
    made_by = hashlib.sha256()
    for path in (*sorted(country.REFERENCE.glob("*.yaml")), Path(country.__file__), Path(country_books.__file__)):
        made_by.update(path.read_bytes())
    return Path(tempfile.gettempdir()) / "shequ-country" / f"{units or 'all'}-{made_by.hexdigest()[:12]}"


def reference_of(units: int | None) -> Path:
    """The reference data of this size, made where it is not there."""
    folder = books(units) / "reference"
    if not (folder / "succession.yaml").exists():
        shutil.rmtree(folder, ignore_errors=True)
        country.make(folder, country.NATIONAL, units)
    return folder


# ---- one run


class Stages:
    """Wall seconds and CPU of this process by stage; that of the children is added when they have ended."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self.cpu = dict.fromkeys(STAGES, 0.0)

    @contextmanager
    def of(self, name: str, less: str | None = None):
        """The block as a stage, without what it spent in the stage `less`."""
        wall, cpu = time.perf_counter(), time.process_time()
        taken = (self.seconds[less], self.cpu[less]) if less else (0.0, 0.0)
        yield
        inner = (self.seconds[less] - taken[0], self.cpu[less] - taken[1]) if less else (0.0, 0.0)
        self.seconds[name] += time.perf_counter() - wall - inner[0]
        self.cpu[name] += time.process_time() - cpu - inner[1]
        if name != "load":  # which comes in many small pieces
            print(
                f"{name}: {self.seconds[name]:.1f} s, {self.cpu[name]:.1f} s CPU, {_peak(resource.RUSAGE_SELF):.2f} GB",
                file=sys.stderr,
            )

    def timed(self, name: str, call: Callable) -> Callable:
        def wrapped(*args):
            with self.of(name):
                return call(*args)

        return wrapped


def run(units: int | None, count: int, keep: Path | None = None) -> list[dict]:
    """`count` months from workbooks to releases, one after another in one installation, which may be kept; what each took."""
    place = reference_of(units)
    with nullcontext(keep) if keep else tempfile.TemporaryDirectory() as folder:
        here = Settings(Path(folder) / "data", place)
        known = len(reference_bundle.load(place).rosters.units(country.FIRST))
        rounds = []
        for month in _span(count):
            rounds.append({"units": known, **_month(here, units, month)})
            # a year takes an hour: what is done is seen, and kept if it is interrupted
            print(months.key(month), json.dumps(rounds[-1]), file=sys.stderr, flush=True)
        return rounds


def _month(here: Settings, units: int | None, month: date) -> dict:
    sent = sorted((books(units) / months.key(month)).glob("*.xlsx"))
    deliver(sent, here.inbox)
    stages, children = Stages(), _children()
    with session.writing(here, "基准") as opened:
        _settle(opened, here, stages)
        with stages.of("publish"):
            edition = monthly_run.publish_month(opened, here, month)
    with stages.of("reports"):
        papers.issue(here, edition.folder)
    worker_pool.dismiss()
    stages.cpu["read"] += _children() - children
    return {
        "files": len(sent), "seconds": stages.seconds, "cpu": stages.cpu, "peak": _peak(resource.RUSAGE_SELF),
        "disk": {n: _size(here.data / n) for n in ("archive", "warehouse", "releases")},
    }  # fmt: skip


def _settle(opened: Warehouse, here: Settings, stages: Stages) -> None:
    """What `collect_inbox.collect` does, stage by stage."""
    with stages.of("archive"):
        collect_inbox.take_in(opened.archive, here)
    opened.load_many = stages.timed("load", opened.load_many)
    with stages.of("read", less="load"):
        opened.sync(worker_pool.reader(opened.archive, opened.reference))
    with stages.of("figures"):
        update.bring_up_to_date(opened, opened.life().reported[-1])


def deliver(sent: list[Path], inbox: Path) -> None:
    inbox.mkdir(parents=True, exist_ok=True)
    for path in sent:
        shutil.copyfile(path, inbox / path.name)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _peak(who: int) -> float:
    return resource.getrusage(who).ru_maxrss / 2**20


def _size(folder: Path) -> int:
    """Bytes on disk; what is linked twice counts once."""
    files = [path.stat() for path in folder.rglob("*") if path.is_file()]
    return sum({state.st_ino: state.st_blocks * 512 for state in files}.values())


def report(rounds: list[dict]) -> None:
    """One line a month: seconds and CPU by stage, memory, disk."""
    print("month  files " + " ".join(f"{name:>16}" for name in (*STAGES, "all")) + "   peak   disk (s, s CPU, GB)")
    for number, round_ in enumerate(rounds, 1):
        pairs = [(round_["seconds"][name], round_["cpu"][name]) for name in STAGES]
        pairs.append((_total(round_), sum(round_["cpu"].values())))
        cells = " ".join(f"{wall:8.2f}{cpu:8.2f}" for wall, cpu in pairs)
        disk = sum(round_["disk"].values()) / 2**30
        print(f"{number:>5} {round_['files']:>6} {cells} {round_['peak']:6.2f} {disk:6.2f}")


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--units", type=int, default=0)
    parser.add_argument("--months", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="an empty folder, in which the installation stays")
    parser.add_argument("--child", action="store_true")
    asked = parser.parse_args(arguments)
    units = QUICK if asked.quick else asked.units or WHOLE
    if asked.child:
        print(json.dumps(run(units, asked.months, asked.keep)))
    else:
        report(in_child(units, asked.months, asked.keep))


if __name__ == "__main__":
    main(sys.argv[1:])
