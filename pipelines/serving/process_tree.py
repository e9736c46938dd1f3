"""Linux process control: child processes that end with their parent, and orphans.

`child` asks the kernel for SIGTERM when its parent dies (PR_SET_PDEATHSIG) and then becomes the program. `adopt_orphans` makes this
process the parent of all that its children leave behind (PR_SET_CHILD_SUBREAPER), so that nothing escapes by losing its parent.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def command_bound_to_parent(command: list[str]) -> list[str]:
    """The command line that starts `command` so that it gets SIGTERM when this process ends in any way."""
    return [sys.executable, "-S", "-E", str(Path(__file__)), str(os.getpid()), *command]


def adopt_orphans() -> None:
    """Make this process the parent of its orphaned descendants (Linux)."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def children(parent: int) -> set[int]:
    """Process ids whose parent is `parent`, as the kernel has them now."""
    pids = set()
    for place in Path("/proc").iterdir():
        if place.name.isdigit() and _parent(place) == parent:
            pids.add(int(place.name))
    return pids


def _parent(place: Path) -> int | None:
    try:
        state, parent, *_ = (place / "stat").read_text().rsplit(") ", 1)[1].split()
    except (OSError, IndexError):
        return None  # ended in between
    return None if state == "Z" else int(parent)


def descendants(parent: int) -> set[int]:
    """Children, their children and so on, `parent` left out."""
    known, fresh = set(), children(parent)
    while fresh:
        known |= fresh
        fresh = {child for pid in fresh for child in children(pid)} - known
    return known


def reap(known: set[int]) -> None:
    """Reap dead children other than `known`, which are waited for elsewhere."""
    for place in Path("/proc").iterdir():
        if place.name.isdigit() and int(place.name) not in known and _is_dead_child(place):
            _wait(int(place.name))


def _is_dead_child(place: Path) -> bool:
    try:
        state, parent, *_ = (place / "stat").read_text().rsplit(") ", 1)[1].split()
    except (OSError, IndexError):
        return False
    return state == "Z" and int(parent) == os.getpid()


def _wait(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return  # reaped by another thread


def send(pid: int, number: int) -> None:
    """A signal to a process that may have ended already."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def memory_mb(pid: int) -> float:
    """Resident memory of a process; 0 when it has ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _become(parent: int, command: list[str]) -> None:
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(1)  # it died before the kernel was asked
    # a shell's background job ignores SIGINT, and Dagster then SIGTERM too: it could not be stopped
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.execv(command[0], command)  # noqa: S606 the program's own command line


if __name__ == "__main__":
    _become(int(sys.argv[1]), sys.argv[2:])
