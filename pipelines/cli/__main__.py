"""The command `shequ` as a process of its own, also as `python -m pipelines.cli`."""

import atexit
import gc

from pipelines.cli.commands import main


def run() -> None:
    """One command. What it loads it keeps to its end: looking through that for garbage would be a fifth of a short one."""
    gc.set_threshold(50_000, 20, 20)
    atexit.register(gc.freeze)
    main()


if __name__ == "__main__":
    run()
