"""Every command of the README runs, in its order, on an empty installation, as somebody would type it."""

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent
# Sample workbooks have faults on purpose: these commands may end with 1, which means findings.
MAY_FIND = ("check", "submit")


CONSOLE = "\n".join(re.findall(r"```console\n(.*?)```", README, re.DOTALL))


def commands(program: str) -> list[str]:
    """Lines of the console blocks that start a program, without their comments."""
    return [_typed(line) for line in CONSOLE.splitlines() if line.startswith(f"$ {program} ")]


def _typed(line: str) -> str:
    return line.removeprefix("$ ").split("  #")[0].strip()


def shown_output(command: str) -> list[str]:
    """The lines that the README shows below a command; `…` stands for what it leaves out."""
    lines = CONSOLE.splitlines()
    below = lines[next(n for n, line in enumerate(lines) if line.startswith("$ ") and _typed(line) == command) + 1 :]
    return list(itertools.takewhile(lambda line: not line.startswith("$ "), below))


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("readme")


def run(command: str, place: Path, **environment: str) -> subprocess.CompletedProcess:
    given = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "SHEQU_DATA": str(place / "data"), **environment}
    return subprocess.run(["bash", "-c", command], cwd=place, env=given, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", commands("shequ"))
def test_a_daily_command_does_what_the_readme_says(command, place):
    done = run(command, place)
    allowed = (0, 1) if command.split()[1] in MAY_FIND else (0,)
    assert done.returncode in allowed, f"{command}\n{done.stdout[-1500:]}\n{done.stderr[-1500:]}"
    assert done.stdout.strip()
    assert "Traceback" not in done.stderr
    for line in shown_output(command):
        pattern = ".*".join(re.escape(part) for part in line.rstrip().split("…"))
        assert re.search(rf"^{pattern}", done.stdout, re.MULTILINE), f"{command}\n{line}\n{done.stdout[:1500]}"


def test_a_backfill_runs_by_dagsters_own_command_and_keeps_its_state_in_the_data_folder(place):
    (command,) = [line for line in commands("dagster") if "materialize" in line]
    command = re.sub(r"\d{4}-\d\d\.\.\.\d{4}-\d\d", "2019-06...2019-06", command)
    home = run(f"cd '{ROOT}' && python -m pipelines.serving", place).stdout.strip()
    before = set(ROOT.iterdir())
    done = run(f"cd '{ROOT}' && python -W ignore -m {command}", place, DAGSTER_HOME=home)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (place / "data" / "dagster" / "storage").is_dir()
    assert set(ROOT.iterdir()) == before, "Dagster wrote outside of the data folder"
    assert (place / "data" / "releases" / "current").read_text().startswith("2019-06/")


def test_make_knows_what_the_readme_promises():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"`?make ([a-z]+)", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"README 提到 make {target},Makefile 里没有"


MENTIONED = re.findall(r"`((?:docs|data/reference|pipelines|dashboards|notebooks)/[^`* ]*)`", README)


@pytest.mark.parametrize("path", sorted(set(MENTIONED)))
def test_what_the_readme_points_at_is_there(path):
    assert (ROOT / path).exists(), f"README 提到 {path},仓库里没有"
