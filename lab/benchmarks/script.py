"""The peer `script`: a process with pandas and openpyxl that merely reads workbooks.

python -m lab.benchmarks.script FILE …
"""

import ctypes
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

NAME = "a script that reads with pandas + openpyxl"
_SUBREAPER = 36


def command(files: Sequence[Path]) -> list[str]:
    return [sys.executable, "-m", "lab.benchmarks.script", *map(str, files)]


def cpu_of(command: list[str], folder: Path) -> float:
    """CPU seconds of a process with all that it starts, also of what outlives it: it becomes a child of ours, whose end is awaited."""
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    before, others = os.times(), _children()
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    while left := _children() - others:
        os.waitpid(left.pop(), 0)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def _children() -> set[int]:
    """The processes whose parent this one is."""
    listed = (path.read_text().split() for path in Path("/proc/self/task").glob("*/children"))
    return {int(pid) for pids in listed for pid in pids}


if __name__ == "__main__":
    import pandas as pd

    for file in sys.argv[1:]:
        pd.read_excel(file, sheet_name=None, engine="openpyxl")
