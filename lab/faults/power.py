"""The power cut at a random moment: an ext4 of our own is shut down without writing anything more, mounted again, and gone on with.

    python -m lab.faults.power --rounds 60        needs root, mkfs.ext4 and loop devices

What was acknowledged is counted outside, before the cut. Prints one JSON object.
"""

import argparse
import fcntl
import json
import multiprocessing
import os
import random
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.faults import checker, steps
from lab.faults.__main__ import Campaign, step_in
from lab.faults.strikes import work_and_tell

# FS_IOC_SHUTDOWN of linux/fs.h, and its mode that does not even write the journal out
SHUTDOWN, NOTHING_MORE = 0x8004587D, 2


class Disk:
    """An ext4 in a file, mounted at `place`."""

    def __init__(self, folder: Path, megabytes: int = 256):
        self.image, self.place = folder / "disk.img", folder / "disk"
        self.place.mkdir()
        run("truncate", "-s", f"{megabytes}M", self.image)
        run("mkfs.ext4", "-q", "-F", self.image)

    @contextmanager
    def mounted(self) -> Iterator[Path]:
        run("mount", "-o", "loop", self.image, self.place)
        try:
            yield self.place
        finally:
            run("umount", self.place)

    def cut(self) -> None:
        handle = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, SHUTDOWN, struct.pack("I", NOTHING_MORE))
        finally:
            os.close(handle)


def run(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True)


def cut_in(work: Callable, disk: Disk, after: float) -> tuple[list[str], bool]:
    """Fork, do it, cut the power after so many seconds: what was acknowledged before, and whether it was done already."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            work_and_tell(work, writing)
        finally:
            os._exit(0)
    os.close(writing)
    time.sleep(after)
    os.set_blocking(reading, False)
    text = (os.read(reading, 1 << 20) if _ready(reading) else b"").decode()
    disk.cut()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reading)
    return [line[4:] for line in text.splitlines() if line.startswith("ack ")], "events" in text


def _ready(pipe: int) -> bool:
    return bool(select.select([pipe], [], [], 0)[0])


def one_round(campaign: Campaign, disk: Disk, name: str, after: float) -> tuple[list[str], bool]:
    """What did not hold, and whether the step was over before the cut."""
    with disk.mounted() as place:
        root = place / "round"
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(campaign.root / f"before-{name}", root)
        os.sync()
        here = steps.Place(root, campaign.workbook, campaign.reference)
        acknowledged, over = cut_in(step_in(name, here, 0, "kill"), disk, after)
    with disk.mounted():
        faults = checker.faults(here.settings.data, acknowledged)
        healed = campaign.go_on(name, here)
        if healed != campaign.expected[steps.ends_as(name)]:
            faults.append(f"other figures: {healed[:300]}")
        faults += checker.faults(here.settings.data, acknowledged)
        faults += [f"left over: {path}" for path in checker.leftovers(here.root)]
    return [f"{name} after {after:.3f}: {fault}" for fault in faults], over


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=60)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    multiprocessing.set_start_method("spawn")
    chance, troubles, cut = random.Random(chosen.seed), [], 0
    with tempfile.TemporaryDirectory(prefix="shequ-power-") as folder:
        campaign = Campaign(Path(folder))
        names = list(steps.STEPS)
        for name in names:
            campaign.undisturbed(name)
        disk = Disk(Path(folder))
        for number in range(chosen.rounds):
            name = chance.choice(names)
            faults, over = one_round(campaign, disk, name, chance.uniform(0.001, campaign.lasts[name]))
            troubles += faults
            cut += not over
            print(number, name, "over" if over else "cut", faults or "well", file=sys.stderr, flush=True)
    print(json.dumps({"rounds": chosen.rounds, "cut": cut, "troubles": troubles}, ensure_ascii=False, indent=1))
    sys.exit(bool(troubles))


if __name__ == "__main__":
    main()
