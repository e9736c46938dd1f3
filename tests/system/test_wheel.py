"""The program as a wheel: it carries everything of the repository that it needs, and works where only the wheel is installed."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CARRIED = ("data/reference/", "deploy/", ".streamlit/", "dagster.yaml")

pytestmark = pytest.mark.slow


def run(command: list, folder: Path, *, expect: int = 0, **environment: str) -> str:
    given = {name: value for name, value in os.environ.items() if not name.startswith(("SHEQU_", "PYTHON"))}
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env={**given, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == expect, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """A wheel built without network from a copy of the tracked files, so that nothing is written into the repository."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git working tree")
    place = tmp_path_factory.mktemp("wheel")
    for name in tracked():
        if not name.startswith(("tests/", "lab/", "docs/", "notebooks/")):
            (place / "source" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / "source" / name)
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", place / "dist", "."], place / "source")
    return next((place / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def programs(wheel, tmp_path_factory) -> Path:
    """The folder of programs of a fresh environment: the wheel, and this environment's packages beside it."""
    place = tmp_path_factory.mktemp("installed")
    run([sys.executable, "-m", "venv", "--without-pip", place / "venv"], place)
    packages = [Path(path) for path in sys.path if Path(path).name == "site-packages"]
    python = place / "venv" / "bin" / "python"
    own = Path(run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], place).strip())
    (own / "beside.pth").write_text("\n".join(map(str, packages)), encoding="utf-8")
    install = ["install", "--no-index", "--no-deps", "--no-cache-dir", "--ignore-installed", "--prefix", place / "venv"]
    run([*_pip(packages), *install, wheel], place)
    return python.parent


def _pip(packages: list[Path]) -> list[str]:
    """pip of this environment, or the one that Python brings along, which a zip file holds."""
    if any((folder / "pip").is_dir() for folder in packages):
        return [sys.executable, "-m", "pip"]
    import ensurepip

    bundled = next((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
    return [sys.executable, f"{bundled}/pip"]


def test_the_wheel_carries_every_file_that_the_program_needs(wheel):
    with zipfile.ZipFile(wheel) as package:
        inside = set(package.namelist())
    packages = {name for name in tracked() if name.startswith(("pipelines/", "dashboards/"))}
    beside = {f"pipelines/_repository/{name}" for name in tracked() if name.startswith(CARRIED)}
    assert packages - inside == set()
    assert beside - inside == set()
    assert not [name for name in inside if name.startswith(("tests/", "lab/"))]


def test_the_installed_program_is_the_one_in_the_wheel(programs, tmp_path):
    place = run([programs / "python", "-c", "import dashboards, pipelines; print(pipelines.__file__)"], tmp_path)
    assert Path(place.strip()).is_relative_to(programs.parent)


def test_help_from_another_folder(programs, tmp_path):
    assert "template" in run([programs / "shequ", "--help"], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_workbook_is_made_and_checked_from_another_folder(programs, tmp_path):
    run([programs / "shequ", "template", "--month", "2020-06", "--county", "130571", "--out", "forms"], tmp_path)
    (workbook,) = (tmp_path / "forms").iterdir()
    (line,) = run([programs / "shequ", "check", "--json", workbook], tmp_path, expect=1).splitlines()
    checked = json.loads(line)
    assert (checked["county"], checked["month"], checked["refused"]) == ("130571", "2020-06", False)
    assert checked["rows"]["read"] > 0


def test_the_command_line_runs_as_a_module_too(programs, tmp_path):
    assert "template" in run([programs / "python", "-m", "pipelines.cli", "--help"], tmp_path)
