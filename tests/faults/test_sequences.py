"""A selection of the random sequences of decisions that `python -m lab.faults.sequences` runs by the fifty."""

import json
import os
import subprocess
import sys

import pytest

from lab.faults.rounds import THOROUGH
from pipelines.settings import REPOSITORY


@pytest.mark.skipif(not hasattr(os, "fork"), reason="steps are forked; this system has no fork")
def test_what_stands_follows_from_the_ledger_alone_whatever_was_decided_taken_back_or_killed():
    count, steps = ("50", "14") if THOROUGH else ("2", "10")
    command = [sys.executable, "-m", "lab.faults.sequences", "--sequences", count, "--steps", steps]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=6000, check=False)
    assert done.stdout.strip(), done.stderr[-3000:]
    summary = json.loads(done.stdout)
    assert summary["troubles"] == {}
    assert summary["killed"] >= 1 and summary["send"] >= 2, summary
