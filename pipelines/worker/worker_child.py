"""The worker process, in which files from outside are parsed: bytes in by a pipe, Arrow tables out, limits for each file.

Started by `pipelines.worker.worker_pool`, at most one for each core, and used for one file after another. It has no database, no
open file and no environment, and ends when its pipe is closed. Each file has the same limits of memory and time,
whatever was read before it.
"""

import gc
import io
import math
import os
import resource
import select
import sys
import traceback
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from pipelines import settings
from pipelines.settings import Limits
from pipelines.worker import protocol

if TYPE_CHECKING:
    from pipelines.worker.request_handlers import Tasks

# Cells are passed to calamine through a file in memory, no larger than a package may unpack to (`workbook.grid.Limits`).
WRITES = 320 << 20
# Seconds before an idle worker exits.
IDLE = 600.0


class WithoutPandas:
    """Import hook that hides pandas: pyarrow would import it (0.25 s, 60 MB) only for type checks."""

    def find_spec(self, name: str, path=None, target=None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def main() -> None:
    """Serve requests until the pipe is closed or `IDLE` seconds have passed without one."""
    incoming, outgoing = _claim_pipes()
    # what it loads it keeps to its end: as of a command (`pipelines.cli`)
    gc.set_threshold(50_000, 20, 20)
    sys.meta_path.insert(0, WithoutPandas())
    message = protocol.receive(incoming)
    if message is None:
        return  # the parent has been killed
    hello, _ = message
    from pipelines.worker.request_handlers import Tasks  # after the import hook is set

    tasks = Tasks.of_folder(Path(hello["reference"]), date.fromisoformat(hello["first_month"]), hello["admissions"])
    serve(incoming, outgoing, tasks, Limits(**hello["limits"]))
    os._exit(0)


def forked(pipes: tuple[int, int], tasks: "Tasks", limits: Limits) -> NoReturn:
    """Serve in a fork of the main process without its files, environment and terminal."""
    os.setsid()
    os.chdir("/")
    settings.clear_environment()
    sys.meta_path.insert(0, WithoutPandas())
    for number, pipe in enumerate(pipes):
        os.dup2(pipe, number)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    status = 1
    try:
        serve(*_claim_pipes(), tasks, limits)
        status = 0
    finally:
        if status:
            traceback.print_exc()
        os._exit(status)


def serve(incoming: BinaryIO, outgoing: BinaryIO, tasks: "Tasks", limits: Limits) -> None:
    """Answer requests until the pipe is closed or `IDLE` seconds have passed without one."""
    from pipelines.worker import returned_list_handler

    protocol.send(outgoing, {"ready": tasks.digests})
    while select.select([incoming], [], [], IDLE)[0] and (request := protocol.receive(incoming)):
        try:
            limit(limits)
            answer = returned_list_handler.answer if request[0]["op"] == returned_list_handler.OP else tasks.answer
            protocol.send(outgoing, *answer(*request))
        except MemoryError:
            protocol.send(outgoing, {"costly": "memory"})
            return


def _claim_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Takes over standard input and output for messages; anything printed goes to standard error."""
    incoming, outgoing = os.fdopen(os.dup(0), "rb", buffering=0), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    return io.BufferedReader(incoming), outgoing


def limit(limits: Limits) -> None:
    """Set the limits for the next file, on top of what this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _soft(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime) + limits.cpu)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    _soft(resource.RLIMIT_AS, pages * resource.getpagesize() + (limits.memory << 20))
    _soft(resource.RLIMIT_FSIZE, WRITES)
    _soft(resource.RLIMIT_CORE, 0)


def _soft(limit: int, most: int) -> None:
    hard = resource.getrlimit(limit)[1]
    resource.setrlimit(limit, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


if __name__ == "__main__":
    main()
