"""Parent-side handle of one worker process: start it, send it requests, end it when it exceeds its time."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING

from pipelines import settings
from pipelines.answers.read_failure import FAULT, Costly
from pipelines.errors import Refusal
from pipelines.reference.roster import Admission
from pipelines.settings import Limits
from pipelines.worker import protocol, worker_child

if TYPE_CHECKING:
    from pipelines.worker.request_handlers import Tasks

PROGRAM = ("-s", "-P", "-m", "pipelines.worker.worker_child")
# Seconds in which a worker must be ready, on a busy machine too.
START = 60.0


@dataclass(frozen=True)
class Setup:
    """Reference data, units admitted and limits of a worker. `digests` are the parent's; the worker's own must be the same."""

    reference: Path
    first_month: date
    digests: tuple[tuple[str, str], ...]
    limits: Limits
    admissions: tuple[Admission, ...] = ()


class WorkerProcess:
    """A worker, ready for files. Errors: `Refusal` when it cannot be started or has read other reference data."""

    process: "subprocess.Popen[bytes] | Fork"
    stdin: IO[bytes]
    stdout: IO[bytes]
    late = False

    def __init__(self, setup: Setup):
        self.setup, self.owner = setup, os.getpid()
        # In a session of its own: an interrupt on the terminal is handled by this process. Only the three pipes are inherited.
        self.process = subprocess.Popen(
            [sys.executable, *PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=settings.bare_environment(), cwd="/", start_new_session=True,
        )  # fmt: skip
        assert self.process.stdin and self.process.stdout  # both are pipes
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        hello = {
            "reference": str(setup.reference),
            "first_month": setup.first_month.isoformat(),
            "admissions": [admission.body for admission in setup.admissions],
            "limits": asdict(setup.limits),
        }
        self._ready(self._exchange(hello, [], START))

    def _ready(self, answer: protocol.Message | None) -> None:
        """Take the first answer, which says what reference data the worker has read."""
        if answer is None:
            self.stop()
            raise Refusal("读取程序无法启动；多半是内存不足或基础数据有误，请稍后再试，仍不行请告知管理员")
        if answer[0].get("ready") != dict(self.setup.digests):
            self.stop()
            raise Refusal("基础数据在读取时被改动；请再试一次")

    @property
    def alive(self) -> bool:
        """Whether it runs and was started by this process: a fork must not share its pipes."""
        return self.owner == os.getpid() and self.process.poll() is None

    def ask(self, request: protocol.Head, data: bytes) -> protocol.Message | Costly:
        """The answer about one file, or the limit that it exceeded."""
        answer = self._exchange(request, [data], self.setup.limits.wall)
        if answer is None:
            self.stop()
            return Costly(self._why(), self.setup.limits)
        if "costly" in answer[0]:
            self.stop()
            return Costly(answer[0]["costly"], self.setup.limits)
        return answer

    def _exchange(self, head: protocol.Head | None, parts: list[bytes], seconds: float) -> protocol.Message | None:
        """The answer to a message (None: to none, but the next one); None where none comes in time."""
        timer = threading.Timer(seconds, self._too_late)
        timer.start()
        try:
            if head is not None:
                protocol.send(self.stdin, head, parts)
            return protocol.receive(self.stdout)
        except (BrokenPipeError, protocol.MalformedMessage):
            return None
        finally:
            timer.cancel()

    def _too_late(self) -> None:
        self.late = True
        self.process.kill()

    def _why(self) -> str:
        if self.late:
            return "wall"
        if self.process.returncode == -signal.SIGXCPU:
            return "cpu"
        # Python ends with 1 after a traceback, which is on standard error
        return FAULT if self.process.returncode == 1 else "died"

    def stop(self) -> None:
        """End the process if it runs, and wait for it."""
        if self.owner != os.getpid():
            return
        for pipe in (self.stdin, self.stdout):
            try:
                pipe.close()
            except BrokenPipeError:
                continue  # The worker has closed its end; nothing to flush.
        try:
            self.process.wait(1.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Fork:
    """A forked process, as far as `WorkerProcess` needs one: with the names of `subprocess.Popen`."""

    returncode: int | None = None

    def __init__(self, pid: int):
        self.pid = pid

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        until = None if timeout is None else time.monotonic() + timeout
        while (ended := self.poll()) is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            time.sleep(0.002)
        return ended

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


class ForkedWorker(WorkerProcess):
    """A worker forked from this process, which saves loading again; only for a process without other threads and connections."""

    def __init__(self, setup: Setup, tasks: "Tasks"):
        self.setup, self.owner = setup, os.getpid()
        (theirs_in, ours_out), (ours_in, theirs_out) = os.pipe(), os.pipe()
        sys.stdout.flush()
        pid = os.fork()
        if not pid:
            worker_child.forked((theirs_in, theirs_out), tasks, setup.limits)
        os.close(theirs_in)
        os.close(theirs_out)
        self.process = Fork(pid)
        self.stdin, self.stdout = os.fdopen(ours_out, "wb"), os.fdopen(ours_in, "rb")
        self._ready(self._exchange(None, [], START))
