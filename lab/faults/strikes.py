"""Strike at a file-system event of a child process: kill it there, or let the event fail."""

import errno
import faulthandler
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

ERRORS = {"enospc": errno.ENOSPC, "eio": errno.EIO, "erofs": errno.EROFS}
# seconds after which a child that hangs writes its stacks and ends: a fork of a process with threads can
HANGS = 900
COUNTED = {"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.chmod"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Counter:
    """Counts file-system events under a folder, and strikes at one of them."""

    def __init__(self, root: Path, at: int, how: str):
        self.root, self.at, self.how, self.count = str(root), at, how, 0
        self.fsync = os.fsync

    def install(self) -> None:
        sys.addaudithook(self.hook)
        os.fsync = self.before_fsync

    def hook(self, event: str, args: tuple) -> None:
        if event in COUNTED or (event == "open" and args[2] & WRITING):
            path = os.fspath(args[0]) if not isinstance(args[0], int) else ""
            if isinstance(path, str) and (not path.startswith("/") or path.startswith(self.root)):
                self.step(path)

    def before_fsync(self, handle) -> None:
        self.step("fsync")
        self.fsync(handle)

    def step(self, path: str) -> None:
        self.count += 1
        if self.count == self.at:
            if self.how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(ERRORS[self.how], os.strerror(ERRORS[self.how]), path)


def in_child(work: Callable[[], object], after: float | None = None) -> tuple[int, str]:
    """Fork, do it, and what it wrote to the pipe; killed after so many seconds when asked. Exit status −9 when killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        faulthandler.register(signal.SIGALRM, file=2, chain=True)
        signal.alarm(HANGS)
        status = 1
        try:
            work_and_tell(work, writing)
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), text


def work_and_tell(work: Callable, writing: int) -> None:
    def send(text: str) -> None:
        os.write(writing, f"{text}\n".encode())

    try:
        work(send)
    except Exception as fault:
        send(f"! {type(fault).__name__}: {fault}")
        raise SystemExit(1) from None
