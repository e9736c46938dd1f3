"""The warehouse damaged, in every way that a disk, a kill or a person can: the next run heals it, with the same figures.

    python -m lab.faults.damage --rounds 500        random places, on a small installation with a journal (WAL) left by a kill

Prints one JSON object: how each kind of damage was met. `garbage` must stay empty: figures that differ and nobody was told.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from lab.faults.strikes import in_child
from pipelines.archive.receive import Receiver
from pipelines.archive.store import Archive
from pipelines.edition import figures, open_release
from pipelines.errors import Refusal
from pipelines.intake import month_status, session
from tests import small_city
from tests.books import Office, but

APRIL, MAY = date(2020, 4, 1), date(2020, 5, 1)
COUNTY = "130571"


def make(folder: Path) -> Office:
    """One month published; another received, and read by a task that was killed before it could write its journal into the file."""
    reference = small_city.make(folder / "reference", [COUNTY])
    office = Office(folder / "data", small_city.measure_only(reference, ("facility_rural", "platform_rural")))
    office.send(APRIL, COUNTY)
    office.run(APRIL)
    village = next(unit.name for unit in office.units(MAY, COUNTY) if unit.kind == "农村社区")
    book = office.workbook(MAY, COUNTY, but(village, facility="否", facility_area=None))
    Receiver(Archive(office.settings.archive), "测试", month_status.unreplaced(office.settings.data)).take(
        book.read_bytes(), book.name
    )
    _read_and_be_killed(office)
    assert wal_of(office.settings.warehouse).stat().st_size > 1000
    return office


def _read_and_be_killed(office: Office) -> None:
    def killed(_) -> None:
        with session.settled(office.settings, "将被杀"):
            os.kill(os.getpid(), signal.SIGKILL)

    in_child(killed)


def wal_of(warehouse: Path) -> Path:
    return warehouse.with_name(warehouse.name + ".wal")


# ---- damage

Hurt = Callable[[Path, random.Random], None]


def cut(path: Path, chance: random.Random) -> None:
    os.truncate(path, chance.randrange(path.stat().st_size))


def flip(path: Path, chance: random.Random) -> None:
    _write(path, at := chance.randrange(path.stat().st_size), bytes([path.read_bytes()[at] ^ 1 << chance.randrange(8)]))


def zero_block(path: Path, chance: random.Random) -> None:
    size = path.stat().st_size
    at = chance.randrange(0, size, 4096)
    _write(path, at, bytes(min(4096, size - at)))


def zero_tail(path: Path, chance: random.Random) -> None:
    size = path.stat().st_size
    at = chance.randrange(size)
    _write(path, at, bytes(size - at))


def zero_all(path: Path, _: random.Random) -> None:
    _write(path, 0, bytes(path.stat().st_size))


def empty(path: Path, _: random.Random) -> None:
    os.truncate(path, 0)


def delete(path: Path, _: random.Random) -> None:
    path.unlink()


def folder(path: Path, _: random.Random) -> None:
    path.unlink()
    path.mkdir()


def foreign(path: Path, _: random.Random) -> None:
    """Another database's file or journal under this one's name."""
    aside = path.parent / "foreign"
    aside.mkdir()

    def killed(_) -> None:
        con = duckdb.connect(str(aside / "other.duckdb"))
        con.execute("CREATE TABLE meta (key VARCHAR, value VARCHAR)")
        con.execute("INSERT INTO meta VALUES ('applied', '99')")
        if not path.name.endswith(".wal"):
            con.execute("CHECKPOINT")
        os.kill(os.getpid(), signal.SIGKILL)

    in_child(killed)
    (aside / ("other.duckdb.wal" if path.name.endswith(".wal") else "other.duckdb")).replace(path)
    shutil.rmtree(aside)


def _write(path: Path, at: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


RANDOM: tuple[Hurt, ...] = (cut, flip, zero_block, zero_tail)
WHOLE: tuple[Hurt, ...] = (zero_all, empty, delete, folder, foreign)


# ---- what becomes of it


@dataclass(frozen=True)
class Outcome:
    """What the next runs did: `notes` are the refusals in order, `kept` what was set aside."""

    notes: list[str]
    kept: list[str]
    figures: list[dict]


def heal(office: Office, most: int = 3) -> Outcome:
    """The ordinary run, again until it goes through."""
    notes = []
    while True:
        try:
            office.run(MAY, with_papers=True)
            break
        except Refusal as refusal:
            notes.append(str(refusal))
            if len(notes) == most:
                raise
    kept = sorted(path.name for path in office.settings.warehouse.parent.glob("*.unusable-*"))
    release = open_release(settings=office.settings)
    shown = figures(release)
    release.close()
    return Outcome(notes, kept, shown)


class Campaign:
    def __init__(self, root: Path):
        self.root, self.office, self.outcomes, self.garbage = root, make(root), Counter(), []
        self.expected = heal(self.again()).figures

    def again(self) -> Office:
        shutil.rmtree(self.root / "round", ignore_errors=True)
        shutil.copytree(self.office.settings.data, self.root / "round")
        return Office(self.root / "round", self.office.settings.reference)

    def round(self, hurt: Hurt, wal: bool, chance: random.Random) -> Outcome:
        office = self.again()
        path = office.settings.warehouse
        hurt(wal_of(path) if wal else path, chance)
        healed = heal(office)
        how = f"{'refused once, then ' if healed.notes else ''}{'set aside and made anew' if healed.kept else 'read'}"
        self.outcomes[f"{'wal' if wal else 'file'} {hurt.__name__}: {how}"] += 1
        if healed.figures != self.expected:
            self.garbage.append(f"{'wal' if wal else 'file'} {hurt.__name__}")
        return healed


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=100)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    chance = random.Random(chosen.seed)
    with tempfile.TemporaryDirectory(prefix="shequ-damage-") as place:
        campaign = Campaign(Path(place))
        for number in range(chosen.rounds):
            hurt, wal = chance.choice(RANDOM), chance.random() < 0.6
            print(number, hurt.__name__, "wal" if wal else "file", file=sys.stderr, flush=True)
            campaign.round(hurt, wal, chance)
    print(json.dumps({"rounds": chosen.rounds, **campaign.outcomes, "garbage": campaign.garbage}, indent=1))
    sys.exit(bool(campaign.garbage))


if __name__ == "__main__":
    main()
