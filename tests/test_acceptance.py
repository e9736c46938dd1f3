"""Three counties' workbooks and the figures that must come out, computed independently by somebody else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CASE = ROOT.parent / "shared" / "acceptance" / "run"
SHEQU = Path(sys.executable).with_name("shequ")


@pytest.mark.skipif(not CASE.exists(), reason="../shared/acceptance is not beside this repository")
def test_the_open_case_comes_out_to_the_last_digit():
    assert SHEQU.exists(), f"{SHEQU} is missing: run `make test`, which installs the command"
    run = subprocess.run(
        [str(CASE)], cwd=ROOT, env={**os.environ, "SHEQU": str(SHEQU)}, capture_output=True, text=True, check=False
    )
    print(run.stdout[-2000:])
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-2000:]
