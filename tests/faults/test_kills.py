"""Every step struck three times at one place, a selection of what `python -m lab.faults` does in full.

SHEQU_ROUNDS=N: the full campaign at every 120th event instead, and N kills at random moments besides.
"""

import json
import os
import subprocess
import sys

import pytest

from lab.faults.rounds import ROUNDS, THOROUGH
from lab.faults.steps import STEPS
from pipelines.settings import REPOSITORY


@pytest.fixture(scope="module")
def campaign() -> dict:
    """What a campaign reports. One for all, because an installation for each step is made first."""
    full = ("--how", "kill,enospc", "--every", "120", "--random", str(ROUNDS))
    command = [sys.executable, "-m", "lab.faults", *(full if THOROUGH else ("--worn",))]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=3000, check=False)
    assert done.stdout.strip(), done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="rounds are forked; this system has no fork")
def test_a_kill_anywhere_loses_nothing_and_the_next_run_heals(campaign):
    assert campaign["troubles"] == []
    if not THOROUGH:
        assert {name: campaign["strikes"].get(f"{name} kill") for name in STEPS} == dict.fromkeys(STEPS, 2)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="rounds are forked; this system has no fork")
def test_a_disk_that_fails_is_told_and_loses_nothing(campaign):
    assert campaign["refusals"] == ["! Refusal"], campaign
    if not THOROUGH:
        assert {name: campaign["strikes"].get(f"{name} enospc") for name in STEPS} == dict.fromkeys(STEPS, 1)
