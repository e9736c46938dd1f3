"""Folders that are slow to make, made by the first of pytest's workers that asks; every worker has a copy of its own."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def folder(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A copy of what `make` writes into an empty folder; `name` says which, over the whole session. Its errors are passed on."""
    base = tmp_path_factory.getbasetemp()
    # a worker's own folder lies in the session's
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    whole, part = shared / f"made-{name}", shared / f"made-{name}.part"
    with (shared / f"made-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            make(part)
            part.rename(whole)
    return Path(shutil.copytree(whole, tmp_path_factory.mktemp(name) / "copy"))
