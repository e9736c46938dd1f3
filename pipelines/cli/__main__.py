"""The command `shequ` as a process of its own, also as `python -m pipelines.cli`."""

import atexit
import gc
import os
import sys
from contextlib import suppress

from pipelines.cli.commands import main


def run() -> None:
    """One command. What it loads it keeps to its end, so that little is searched for garbage and nothing is taken apart."""
    gc.set_threshold(50_000, 20, 20)
    ended: list[int] = []
    atexit.register(_leave, ended)  # first in, last out: threads and whatever else is to be done at the end come before
    try:
        main()
    except SystemExit as end:
        if isinstance(end.code, int):
            ended.append(end.code)
        raise


def _leave(ended: list[int]) -> None:
    # of a command that ends as it should; a pipe that is closed is told the usual way
    with suppress(OSError):
        if ended:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(ended[0])


if __name__ == "__main__":
    run()
