"""What a month more costs after ten years, and what a unit more costs: publishing into one installation, month after month.

    python -m lab.benchmarks.bench_growth [--quick]
    python -m lab.benchmarks.bench_growth --months 120 [--units 6000] [--keep DIR] [--out docs/growth]

`--out` writes the months as a table (`.csv`) and as a picture (`.svg`), as the whole benchmark does: `docs/growth.csv`, `docs/growth.svg`.

Answers are told straight into the warehouse (`country.insert`: reading workbooks is measured elsewhere, and knows nothing of earlier
months), but the ledger is a real one, with a submission a county and month and every edition published into it. Each month opens the
warehouse, computes its figures, publishes its edition and closes, as the monthly run does; then the month is approved. What is measured of every month: CPU of
figures and of publishing, bytes that its edition adds to the shelf, its manifest, its names (links) and what opening it takes a reader.
"""

import argparse
import csv
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from lab.benchmarks import country, growth_chart
from lab.benchmarks.bench_country import NO_ROSTER, line
from lab.benchmarks.measured import Lacking, Measured
from pipelines import months, settings
from pipelines.archive.ledger import GENESIS
from pipelines.archive.store import Archive, Event
from pipelines.edition import open_folder, verify_files
from pipelines.figures import update
from pipelines.intake import month_status
from pipelines.monthly import monthly_run
from pipelines.reference import reference_bundle
from pipelines.settings import Settings
from pipelines.warehouse import projection

SMALL, CITY, YEARS = 1_500, 5_400, 10
SIZES = (5_000, 20_000, 60_000, 150_000)
# of the mean, for every month more
FLAT = 0.05
COLUMNS = ("figures", "publish", "live", "open", "whole", "disk", "manifest", "names", "warehouse", "ledger")


def measure(quick: bool = False) -> list[Measured]:
    """How a published month's cost grows with months and with units. Errors: `Lacking` without the national roster."""
    if not country.NATIONAL.exists():
        raise Lacking(NO_ROSTER)
    series = in_child(SMALL, 36) if quick else in_child(CITY, 12 * YEARS)
    if not quick:
        _write(settings.REPOSITORY / "docs" / "growth", series["months"])
    sizes = [in_child(size, 4) for size in (SIZES[:2] if quick else SIZES)]
    return [*in_months(series), *in_units(list(map(_median, sizes)))]


def _median(series: dict) -> dict:
    """What a month of a size costs: the median of its months but the first, in which the shelf is empty."""
    later = series["months"][1:]
    return {"units": series["units"], **{name: statistics.median(row[name] for row in later) for name in ("figures", "publish", "disk")}}  # fmt: skip


def in_months(series: dict) -> list[Measured]:
    """Slopes in per cent of the mean a month, of the months for which all policies judge and have judged two before."""
    rows = steady(series)
    what = f"{len(series['months'])} published months of {series['units']} units (slope over {len(rows)})"
    lines = []
    for column, title, unit in (("month", "figures and publishing", "s CPU"), *_TOLD):
        values = [row[column] for row in rows]
        slope, _, _ = line(range(len(values)), values)
        mean = sum(values) / len(values)
        lines.append(Measured("G4", f"{what}: {title}, mean of a month", mean, unit))
        # a slope of seven months is mostly noise
        limit = None if len(rows) < 24 else FLAT
        lines.append(Measured("G4", f"{what}: {title}, growth a month", 100 * slope / mean, "% of the mean", limit))
    return lines


_TOLD = (("publish", "publishing", "s CPU"), ("disk", "disk that an edition adds", "MB"))
_DRAWN = (("figures", "figures of a month", "s CPU"), *_TOLD)


def steady(series: dict) -> list[dict]:
    """With a second policy there is twice as much to tell from one month on: that is no growth."""
    return [
        {**row, "month": row["figures"] + row["live"] + row["publish"]}
        for row in series["months"]
        if row["key"] >= series["steady"]
    ]


def in_units(rows: list[dict]) -> list[Measured]:
    lines = []
    for column, title, unit in _DRAWN:
        slope, start, fit = line([row["units"] for row in rows], [row[column] for row in rows])
        what = f"{title} against units ({', '.join(str(row['units']) for row in rows)})"
        lines.append(Measured("G4", f"{what}: for every 100,000, besides {start:.2f} {unit}", slope * 100_000, unit))
        lines.append(Measured("G4", f"{what}: R² of the straight line", fit, "R²", 0.99, at_least=True))
    return lines


def in_child(units: int | None, count: int, keep: Path | None = None) -> dict:
    """`run` in a process of its own."""
    command = [sys.executable, "-m", "lab.benchmarks.bench_growth", "--child", "--units", str(units or 0)]
    command += ["--months", str(count), *(["--keep", str(keep)] if keep else [])]
    done = subprocess.run(command, cwd=settings.REPOSITORY, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


# ---- an installation whose answers were told


class Kept(country.Told):
    """Answers that were told, with a ledger on disk: what is told is written there by `write`."""

    def __init__(self, root: Path):
        super().__init__()
        Archive.__init__(self, root)
        self.told = list(self.events())

    def events(self, after: int = 0, until: int | None = None):
        return Archive.events(self, after, until)

    def append(self, *values, **more) -> Event:
        event = super().append(*values, **more)
        self.told.append(event)
        return event

    def write(self) -> None:
        """Submissions that were told and are not in the ledger yet, chained and on disk together."""
        last = next(reversed(list(self.events(after=self.last_seq() - 1))), None)
        prev = _hash(last) if last else GENESIS
        self.root.mkdir(parents=True, exist_ok=True)
        with self.ledger.open("ab") as file:
            for number in range(self.last_seq(), len(self.told)):
                event = replace(self.told[number], body=_body(self.told[number].seq), prev=prev)
                file.write(event.line().encode() + b"\n")
                prev = _hash(event)


def _hash(event: Event) -> str:
    return hashlib.sha256(event.line().encode()).hexdigest()


def _body(seq: int) -> dict:
    return {"file": f"区{seq}2018年8月.xlsx", "sha256": f"{seq:064x}", "size": 100_000}


@dataclass
class Place:
    here: Settings
    reference: reference_bundle.Reference
    archive: Kept

    @contextmanager
    def opened(self):
        with projection.open_warehouse(self.here.warehouse, self.reference, self.archive, self.here.data) as opened:
            yield opened


def run(units: int | None, count: int, keep: Path | None = None) -> dict:
    """`count` months more in one installation; what each took, by column."""
    with nullcontext(str(keep)) if keep else tempfile.TemporaryDirectory() as folder:
        reference = Path(folder) / "reference"
        if not reference.exists():
            country.make(reference, country.NATIONAL, units)
        here = Settings(Path(folder) / "data", reference)
        place = Place(here, reference_bundle.load(reference), Kept(here.archive))
        known = sum(event.kind == "release" for event in place.archive.told)
        span = months.span(country.FIRST, months.add(country.FIRST, known + count - 1))[known:]
        return {
            "units": len(place.reference.rosters.units(country.FIRST)),
            "months": [{"key": months.key(month), **_month(place, month)} for month in span],
            "steady": months.key(months.add(max(register.since for register in place.reference.registers), 2)),
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        }


def _month(place: Place, month: date) -> dict:
    with place.opened() as opened:
        country.insert(opened, place.archive, month)
        place.archive.write()
    before, watch = _disk(place.here.releases), Watch()
    with place.opened() as opened:
        update.bring_up_to_date(opened, month)
        watch.lap("figures")
        month_status.keep(opened)
        watch.lap("live")
        edition = monthly_run.publish_month(opened, place.here, month)
    watch.lap("publish")
    place.archive.append("approve", {"month": months.key(month)}, by="测试")
    verify_files.require_whole(edition.folder)
    watch.lap("whole")
    open_folder(edition.folder).close()
    watch.lap("open")
    return {**watch.spent, **_sizes(place.here, edition.folder, before)}


class Watch:
    """CPU seconds of this process by stage."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._at = time.process_time()

    def lap(self, name: str) -> None:
        now = time.process_time()
        self.spent[name], self._at = now - self._at, now


def _sizes(here: Settings, folder: Path, before: float) -> dict:
    return {
        "disk": _disk(here.releases) - before,
        "manifest": (folder / "manifest.json").stat().st_size / 1e6,
        "names": sum(len(files) for _, _, files in os.walk(folder)),
        "warehouse": here.warehouse.stat().st_size / 1e6,
        "ledger": (here.archive / "ledger.jsonl").stat().st_size / 1e6,
    }


def _disk(folder: Path) -> float:
    """MB on disk, folders too; what is linked twice counts once."""
    done = subprocess.run(["du", "-sk", folder], capture_output=True, text=True, check=False)
    return int(done.stdout.split()[0]) / 1000 * 1.024 if done.stdout else 0.0


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--units", type=int, default=0)
    parser.add_argument("--months", type=int)
    parser.add_argument("--keep", type=Path, help="a folder in which the installation stays, and is gone on with")
    parser.add_argument("--out", type=Path, help="name without ending of the table and the picture")
    parser.add_argument("--child", action="store_true")
    asked = parser.parse_args(arguments)
    if asked.child:
        print(json.dumps(run(asked.units or None, asked.months, asked.keep)))
    elif asked.months:
        series = in_child(asked.units or None, asked.months, asked.keep)
        if asked.out:
            _write(asked.out, series["months"])
        _print(in_months(series))
    else:
        _print(measure(asked.quick))


def _write(place: Path, rows: list[dict]) -> None:
    panels = [growth_chart.Panel(title, unit, [row[column] for row in rows]) for column, title, unit in _DRAWN]
    picture = growth_chart.svg([row["key"] for row in rows], panels)
    place.with_suffix(".svg").write_text(picture, encoding="utf-8")
    with place.with_suffix(".csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["key", *COLUMNS], lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows({k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()} for row in rows)


def _print(lines: list[Measured]) -> None:
    for item in lines:
        print(f"{item.what}: {item.ours:.4g} {item.unit}" + ("" if item.met is None else f" met={item.met}"))


if __name__ == "__main__":
    main(sys.argv[1:])
