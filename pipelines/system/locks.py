"""A file lock for one writer at a time. It names its holder and start; the kernel releases it when the holder's process ends."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, TypedDict

from pipelines.errors import Refusal
from pipelines.months import SHANGHAI

# what people read says the office's time, wherever the machine's clock is set


class Busy(Refusal):
    """The lock was not released in time."""


class Holder(TypedDict):
    """The task that holds a lock: in Chinese, its process (None where it has not signed yet), and since when (ISO 8601)."""

    doing: str
    pid: int | None
    since: str


@contextmanager
def hold(path: Path, doing: str, wait: float = 60.0) -> Iterator[None]:
    """Hold the lock file `path` during the block, waiting up to `wait` seconds. Errors: `Busy` naming holder and start."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        _acquire(file, path, wait)
        _sign(file, doing)
        try:
            yield
        finally:
            file.truncate(0)
            fcntl.flock(file, fcntl.LOCK_UN)


def _sign(file: IO[str], doing: str) -> None:
    """Write the holder into the file, for messages to those who wait. The lock itself does not depend on it (full disk)."""
    held = {"pid": os.getpid(), "doing": doing, "since": f"{datetime.now(SHANGHAI):%Y-%m-%dT%H:%M:%S}"}
    with suppress(OSError):
        file.truncate(0)
        os.write(file.fileno(), json.dumps(held).encode())


def _acquire(file: IO[str], path: Path, wait: float) -> None:
    deadline = time.monotonic() + wait
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise Busy(f"另一个任务正在写入（{_holder(path)}），已等待 {wait:.0f} 秒；请稍后再试") from None
            time.sleep(0.1)


def holder(path: Path) -> Holder | None:
    """Who holds the lock; None when it is free or its holder no longer runs. Does not take the lock."""
    held = _signed(path)
    return held if held and Path(f"/proc/{held['pid']}").exists() else None


def _signed(path: Path) -> Holder | None:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        return {"doing": held["doing"], "pid": held["pid"], "since": held["since"]}
    except (OSError, ValueError, KeyError):
        return None


def _holder(path: Path) -> str:
    held = _signed(path)
    if held is None:
        return "持有者刚刚开始或刚刚结束"
    return f"{held['doing']}，进程 {held['pid']}，始于 {held['since'].replace('T', ' ')}"
