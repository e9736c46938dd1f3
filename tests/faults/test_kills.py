"""A selection of the kills that `python -m lab.faults` does in full (SHEQU_ROUNDS=N: so many at random moments besides)."""

import json
import os
import subprocess
import sys

import pytest

from lab.faults.rounds import ROUNDS
from pipelines.settings import REPOSITORY


@pytest.fixture(scope="module")
def told() -> dict:
    """What a campaign tells. One for all, because an installation for each step is made first."""
    command = [sys.executable, "-m", "lab.faults", "--how", "kill,enospc", "--every", "120", "--random", str(ROUNDS)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=3000, check=False)
    assert done.stdout.strip(), done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="rounds are forked; this system has no fork")
def test_a_kill_anywhere_loses_nothing_and_the_next_run_heals(told):
    assert [trouble for trouble in told["troubles"] if " kill at " in trouble] == []
    assert told["struck"] >= 8, told


@pytest.mark.skipif(not hasattr(os, "fork"), reason="rounds are forked; this system has no fork")
def test_a_disk_that_fails_is_told_and_loses_nothing(told):
    assert [trouble for trouble in told["troubles"] if " enospc at " in trouble] == []
    assert told["refusals"] == ["! Refusal"], told
