"""Real disks for tests: small ones, read-only ones, and eyes of a user without rights. Only root can make them; elsewhere tests skip."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.faults.strikes import in_child

NOBODY = 65534


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Path]:
    """A file system in memory of so many MB, mounted at `place`. Skips the test where that is not allowed."""
    place.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("a disk of our own can be mounted by root only")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def remount(place: Path, how: str) -> None:
    """`ro` or `rw`."""
    subprocess.run(["mount", "-o", f"remount,{how}", str(place)], check=True)


def fill(place: Path, leaving: int) -> Path:
    """A file that leaves so many bytes of the disk; delete it to have room again."""
    filler = place / "filler"
    free = os.statvfs(place).f_bavail * os.statvfs(place).f_frsize
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(free - leaving, 4096))
    return filler


def as_nobody(work: Callable[[], str]) -> str:
    """What the work returns, done in a fork by a user who owns nothing. Skips the test for users who are that already."""
    if os.geteuid() != 0:
        pytest.skip("another user can be taken on by root only")

    def by_nobody(send: Callable[[str], None]) -> None:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        send(work())

    return in_child(by_nobody)[1].rstrip()
