"""A selection of the kills that `python -m tests.faults` does in full (SHEQU_ROUNDS=N: so many at random moments besides)."""

import json
import os
import subprocess
import sys

import pytest

from pipelines.settings import REPOSITORY
from tests.faults.rounds import ROUNDS


def struck(*arguments: str) -> dict:
    command = [sys.executable, "-m", "tests.faults", *arguments]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=3000, check=False)
    assert done.stdout.strip(), done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="rounds are forked; this system has no fork")
def test_a_kill_anywhere_loses_nothing_and_the_next_run_heals():
    told = struck("--every", "90", "--random", str(ROUNDS))
    assert told["troubles"] == []
    assert told["struck"] >= 6, told


@pytest.mark.skipif(not hasattr(os, "fork"), reason="rounds are forked; this system has no fork")
def test_a_disk_that_fails_is_told_and_loses_nothing():
    told = struck("--every", "90", "--how", "enospc", "--steps", "submit,run,rebuild,backup")
    assert told["troubles"] == []
    assert told["refusals"] == ["! Refusal"], told
