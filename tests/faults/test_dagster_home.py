"""Dagster's own databases gone or damaged: it starts again by itself; nothing but the history of runs is lost (issue F 2)."""

import shutil
import sqlite3
from pathlib import Path

import dagster as dg
import pytest

from pipelines import settings
from pipelines.serving import home
from pipelines.settings import Settings


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> Path:
    """Dagster's home after its first run."""
    found = home.dagster_home(Settings(tmp_path_factory.mktemp("dagster") / "data", settings.load().reference))
    assert run_once(found) == 1
    return found


@pytest.fixture
def lived_in(first, tmp_path) -> Path:
    """A copy of it."""
    found = home.dagster_home(Settings(tmp_path / "data", settings.load().reference))
    shutil.copytree(first / "storage", found / "storage")
    return found


def run_once(folder: Path) -> int:
    """Run a job there; how many runs it knows of then."""

    @dg.op
    def nothing():
        pass

    @dg.job
    def small():
        nothing()

    with dg.DagsterInstance.from_config(str(folder)) as instance:
        assert small.execute_in_process(instance=instance).success
        return len(instance.get_runs())


def runs_of(folder: Path) -> Path:
    (place,) = folder.glob("storage/**/runs.db")
    return place


def beheaded(place: Path) -> None:
    place.write_bytes(b"not a database at all" + place.read_bytes()[21:])


def halved(place: Path) -> None:
    place.write_bytes(place.read_bytes()[: place.stat().st_size // 2])


@pytest.mark.parametrize("damage", [beheaded, halved])
def test_a_damaged_database_is_set_aside_and_told_and_runs_go_on(lived_in, damage):
    damage(runs_of(lived_in))
    (told,) = home.set_aside_damaged(lived_in)
    assert "runs.db 已损坏,已移开" in told and "只失去运行历史" in told
    assert list(lived_in.glob("storage/**/runs.db.unusable-*"))
    assert run_once(lived_in) == 1
    assert home.set_aside_damaged(lived_in) == []


@pytest.mark.parametrize("damage", [Path.unlink, lambda place: place.write_bytes(b"")])
def test_a_database_that_is_gone_or_empty_is_made_anew(lived_in, damage):
    damage(runs_of(lived_in))
    assert home.set_aside_damaged(lived_in) == []
    assert run_once(lived_in) == 1


def test_a_database_that_another_process_holds_is_no_damage(lived_in):
    con = sqlite3.connect(runs_of(lived_in), isolation_level=None)
    con.execute("BEGIN EXCLUSIVE")
    try:
        assert home.set_aside_damaged(lived_in) == []
    finally:
        con.close()
    assert run_once(lived_in) == 2
