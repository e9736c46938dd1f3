"""The process in which files from outside are parsed. Bytes come in by a pipe, tables in Arrow go out; limits hold for each file.

Started by `pipelines.worker.worker_pool`, one for each core at most, and used for one file after another. It holds no database and no open
file, sees no environment, and ends with the pipe that it listens to. Each file has the same allowance of memory
and time, whatever was read before it.
"""

import io
import math
import os
import resource
import select
import sys
from datetime import date
from pathlib import Path
from typing import BinaryIO

from pipelines.settings import Limits
from pipelines.worker import protocol

# The reader hands the cells on through a file in memory, which holds no more than a package may unpack to (`survey.grid.Limits`).
WRITES = 320 << 20
# an idle child is worth its memory for so many seconds
IDLE = 600.0


class WithoutPandas:
    """pyarrow would import pandas (a quarter of a second, 60 MB) only to look whether a list is one of its own."""

    def find_spec(self, name: str, path=None, target=None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def main() -> None:
    """Serve until the pipe ends, or nothing has come for a while."""
    incoming, outgoing = _claim_pipes()
    sys.meta_path.insert(0, WithoutPandas())
    told = protocol.receive(incoming)
    if told is None:
        return  # who started us has been killed meanwhile
    hello, _ = told
    from pipelines.worker.tasks import Desk  # only now: what it imports is imported without pandas

    desk = Desk(Path(hello["reference"]), date.fromisoformat(hello["first_month"]))
    limits = Limits(**hello["limits"])
    protocol.send(outgoing, {"ready": desk.digests})
    while select.select([incoming], [], [], IDLE)[0] and (request := protocol.receive(incoming)):
        try:
            limit(limits)
            protocol.send(outgoing, *desk.answer(*request))
        except MemoryError:
            protocol.send(outgoing, {"costly": "memory"})
            return


def _claim_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The pipes for messages alone: whatever prints, prints to standard error."""
    incoming, outgoing = os.fdopen(os.dup(0), "rb", buffering=0), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    return io.BufferedReader(incoming), outgoing


def limit(limits: Limits) -> None:
    """The allowance of the next file, on top of what this process has used up already."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _soft(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime) + limits.cpu)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    _soft(resource.RLIMIT_AS, pages * resource.getpagesize() + (limits.memory << 20))
    _soft(resource.RLIMIT_FSIZE, WRITES)
    _soft(resource.RLIMIT_CORE, 0)


def _soft(what: int, most: int) -> None:
    hard = resource.getrlimit(what)[1]
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


if __name__ == "__main__":
    main()
