"""All months again from the archive, and what one more month costs after a hundred: `shequ rebuild`, and editions that share months.

    python -m tests.benchmarks.bench_rebuild [--quick] [--data DIR]

The rebuild runs on copies of one installation of 29 months: once where every edition stands and is proved again, once where the archive
is all that is left. The growth is measured on a small city whose every month is published, one after another in one store, with what it
adds to the disk.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pipelines import months, parallel, rebuilding, reference_set, settings
from pipelines.archive import Archive, Event
from pipelines.indicators import engine
from pipelines.release import publishing
from pipelines.settings import Settings
from pipelines.warehouse import open_warehouse
from tests.benchmarks import city, country
from tests.benchmarks.bench_country import line
from tests.benchmarks.measured import Measured

SECONDS = 60.0
UNITS, MANY = 1_000, 120


def measure(quick: bool = False, data: Path | None = None) -> list[Measured]:
    """G3: seconds of a rebuild; what a month adds to time and disk after how many."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        count = 3 if quick else city.WHOLE
        base = Settings(data, settings.load().reference) if data else city.kept(count)[0]
        for name, gone in (("every edition standing", ()), ("only the archive left", ("releases", "warehouse"))):
            told = _in_child("--rebuild", city.copy(base, Path(folder) / "copy"), *gone)
            what = f"rebuild of {told['releases']} editions, {name}"
            found.append(Measured("G3", what, told["seconds"], "s", None if quick else SECONDS))
            found.append(Measured("G3", f"{what}, CPU with children", told["cpu"], "s CPU"))
            shutil.rmtree(Path(folder) / "copy")
    return found + (growth(12 if quick else MANY) if country.NATIONAL.exists() else [])


def _in_child(*arguments: object) -> dict:
    told = [str(item.data if isinstance(item, Settings) else item) for item in arguments]
    command = [sys.executable, "-m", "tests.benchmarks.bench_rebuild", *told]
    done = subprocess.run(command, cwd=settings.REPOSITORY, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def rebuild(place: Settings, gone: list[str]) -> dict:
    """A rebuild without the folders `gone`: {releases, seconds, cpu}. Every edition must agree."""
    for name in gone:
        shutil.rmtree(place.data / name)
    with city.spending() as spent:
        verdict = rebuilding.rebuild(place)
        seconds = time.perf_counter() - spent.began
        parallel.dismiss()
    assert verdict["agrees"], verdict["message"]
    assert len(verdict["restored"]) == (verdict["releases"] if gone else 0)
    return {"releases": verdict["releases"], "seconds": seconds, "cpu": spent.cpu}


# ---- one month more


class Kept(country.Told):
    """What `country.tell` has loaded, with a ledger on disk as long as a real one."""

    def __init__(self, root: Path) -> None:
        Archive.__init__(self, root)
        self.told = []

    def events(self, after: int = 0, until: int | None = None):
        return Archive.events(self, after, until)

    def append(self, *arguments, **more) -> Event:
        self.told.append(Archive.append(self, *arguments, **more))
        return self.told[-1]

    def note(self, known: int) -> None:
        """The submissions told since, in the ledger."""
        for event in self.told[known:]:
            Archive.append(self, "submission", {"sha256": "0" * 64, "file": f"{event.seq}.xlsx", "size": 0}, "测试")


def growth(count: int) -> list[Measured]:
    """What publishing a month costs and adds to the disk: the last year of `count` months beside the first."""
    told = _in_child("--growth", count)
    year = min(12, count // 2)
    found = []
    for name, unit in (("publish", "s CPU"), ("figures", "s CPU"), ("disk", "MB")):
        early, late = told[name][1 : 1 + year], told[name][-year:]
        slope, _, _ = line(range(count - 1), told[name][1:])
        what = f"{count} months of {told['units']} units, {name}: the last {year} beside the first"
        found.append(Measured("G4", what, sum(late) / year, unit, None, sum(early) / year, "the first"))
        found.append(Measured("G4", f"{what}, slope a month", 1000 * slope, f"thousandths of {unit}"))
    return found


def grow(count: int) -> dict:
    """Each month's figures and edition in turn: CPU seconds of both, MB that the edition added."""
    found: dict[str, list[float]] = {"publish": [], "figures": [], "disk": []}
    with tempfile.TemporaryDirectory() as folder:
        reference = country.make(Path(folder) / "reference", country.NATIONAL, UNITS)
        shutil.rmtree(reference / "policies" / "plan-2021")
        place, archive = Settings(Path(folder) / "data", reference), Kept(Path(folder) / "data" / "archive")
        seen: set[int] = set()
        with open_warehouse(place.warehouse, reference_set.load(reference), archive, place.data) as store:
            for month in months.span(country.FIRST, months.add(country.FIRST, count - 1)):
                known = len(archive.told)
                country.tell(store, archive, month)
                archive.note(known)
                with city.spending() as spent:
                    engine.bring_up_to_date(store, month)
                found["figures"].append(spent.cpu)
                with city.spending() as spent:
                    publishing.publish(store, place, month)
                found["publish"].append(spent.cpu)
                found["disk"].append(_added(place.releases, seen) / 1e6)
            units = len(store.reference.rosters.units(country.FIRST))
    return {**found, "units": units}


def _added(folder: Path, seen: set[int]) -> int:
    """Bytes on disk of files and folders that were not there before."""
    total = 0
    for path in folder.rglob("*"):
        state = path.stat()
        if state.st_ino not in seen:
            seen.add(state.st_ino)
            total += state.st_blocks * 512
    return total


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--rebuild"]:
        print(json.dumps(rebuild(Settings(Path(arguments[1]), settings.load().reference), arguments[2:])))
    elif arguments[:1] == ["--growth"]:
        print(json.dumps(grow(int(arguments[1]))))
    else:
        parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("--quick", action="store_true")
        parser.add_argument("--data", type=Path)
        asked = parser.parse_args(arguments)
        for item in measure(asked.quick, asked.data):
            beside = f", {item.peer_name} {item.peer:.2f}, ratio {item.ratio:.2f}" if item.peer else ""
            print(f"{item.what}: {item.ours:.2f} {item.unit}{beside}")


if __name__ == "__main__":
    main(sys.argv[1:])
