"""Fifty readers while the monthly run publishes new editions in another process: no error, no stall, no mixture.

    python -m lab.benchmarks.bench_load [--data DIR] [--readers 50]

The readers first read alone, then while a county's workbook is corrected and the month published, thrice, by the real commands on
a copy of the data folder given, or of a city of 29 months that is made for it.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lab.benchmarks import city
from lab.benchmarks.bench_dashboard import APP, ROOT, served
from lab.benchmarks.measured import Lacking, Measured
from lab.benchmarks.readers import Answer, Crowd, choices, reading
from pipelines import months, settings
from pipelines.edition import open_folder
from pipelines.edition.edition_folders import current
from pipelines.reference import reference_bundle
from pipelines.sample.write_samples import Sample
from pipelines.settings import Settings

LONGEST = 240.0
COMMAND = "from pipelines.cli.commands import main; main()"


class One(Sample):
    """The invented programme, of which one county reports."""

    county = "130524"

    def reports(self, month) -> list:
        return [report for report in super().reports(month) if report.place.code == self.county][:1]


def corrections(place: Settings, month: str, folder: Path, times: int) -> list[Path]:
    """So many workbooks of one county and month, each with other answers."""
    reference = reference_bundle.load(place.reference)
    written: list[Path] = []
    # with some seeds the county forgets the month
    for seed in range(71, 91):
        if len(written) == times:
            break
        reports = list(One(reference.form, reference.rosters, seed).workbooks(months.parse(month)))
        if not reports:
            continue
        [(report, content)] = reports
        target = folder / str(seed) / Path(report.file).name
        target.parent.mkdir(parents=True)
        target.write_bytes(content)
        written.append(target)
    return written


def publish(place: Settings, month: str, workbooks: list[Path]) -> list[str]:
    """Submit and publish each by the commands, in processes of their own; the labels of the editions made."""
    made = []
    for workbook in workbooks:
        for words in (["submit", str(workbook)], ["run", "--month", month]):
            command = [sys.executable, "-c", COMMAND, "--data", str(place.data), *words]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST, check=False)
            if done.returncode not in (0, 1):
                raise SystemExit(f"{words}: {done.stdout}{done.stderr}")
        folder = current(place.releases)
        made.append(f"{folder.parent.name}/{folder.name}")
    return made


def measure(
    quick: bool = False, data: Path | None = None, readers: int = 50, alone: float = 60, times: int = 3
) -> list[Measured]:
    """F7 on a copy of a data folder with releases (default: a city made for it). Errors: `Lacking` where the folder has none."""
    place = settings.load(data) if data else city.kept(city.WHOLE)[0]
    if current(place.releases) is None:
        raise Lacking(f"a published release in {place.data}")
    readers, alone, times = (min(readers, 10), 15, 1) if quick else (readers, alone, times)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(place.data, Path(folder) / "data")
        copy = Settings(Path(folder) / "data", place.reference)
        crowd, begun, made = _load(copy, Path(folder), readers, alone, times)
    return _told(crowd, begun, made, readers)


def _load(place: Settings, folder: Path, readers: int, alone: float, times: int) -> tuple[Crowd, float, list[str]]:
    """What the readers heard, when the first publication began, and the editions published."""
    release = open_folder(current(place.releases))
    asked, month = choices(release), release.manifest["month"]
    release.close()
    workbooks = corrections(place, month, folder, times)
    with served(APP, place.data) as (address, _), reading(address, asked, readers, pause=8.0) as crowd:
        time.sleep(alone)
        begun = time.monotonic()
        made = publish(place, month, workbooks)
        # all readers meet the last edition too
        time.sleep(10)
        crowd.enough.set()
        _wait(crowd, readers)
    return crowd, begun, made


def _wait(crowd: Crowd, readers: int) -> None:
    limit = time.monotonic() + LONGEST
    while crowd.finished + len(crowd.errors) < readers and time.monotonic() < limit:
        time.sleep(0.2)


def _told(crowd: Crowd, begun: float, made: list[str], readers: int) -> list[Measured]:
    """Answers before and during the run; what went wrong is a count that must be nought."""
    before = [a for a in crowd.answers if a.end < begun]
    during = [a for a in crowd.answers if a.end >= begun]
    seen = {label for a in crowd.answers for label in a.editions}
    for line in [*crowd.wrong(), *map(str, crowd.differing())][:10]:
        print(line, file=sys.stderr)
    who = f"{readers} readers"
    return [
        Measured("F7", f"{who}, errors or answers not of one edition", len(crowd.wrong()), "of all", 0),
        Measured("F7", f"{who}, same question and edition, other words", len(crowd.differing()), "of all", 0),
        Measured("F7", f"{who}, sessions not finished", readers - crowd.finished, "of all", 0),
        Measured("F7", "editions published meanwhile and seen", len(seen & set(made)), f"of {len(made)}"),
        Measured("F7", f"answers ({len(before)} before the run)", len(crowd.answers), "in all"),
        Measured("F7", "median answer", _median(during), "s", None, _median(before), "the same readers, no run"),
        Measured("F7", "slowest answer", _slowest(during), "s", None, _slowest(before), "the same readers, no run"),
    ]


def _median(answers: list[Answer]) -> float:
    return statistics.median(a.seconds for a in answers) if answers else 0.0


def _slowest(answers: list[Answer]) -> float:
    return max((a.seconds for a in answers), default=0.0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--readers", type=int, default=50)
    asked = parser.parse_args()
    print(f"load before: {os.getloadavg()[0]:.1f}")
    measured = measure(data=asked.data, readers=asked.readers)
    for line in measured:
        print(
            f"{line.what}: {line.ours:.2f} {line.unit}" + (f" ({line.peer_name}: {line.peer:.2f})" if line.peer else "")
        )
    print(f"load after: {os.getloadavg()[0]:.1f}")
    return int(any(line.met is False for line in measured))


if __name__ == "__main__":
    sys.exit(main())
