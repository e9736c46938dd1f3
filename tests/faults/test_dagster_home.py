"""Dagster's own databases gone or damaged: it starts again by itself; nothing but the history of runs is lost (issue F 2)."""

import shutil
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import TickData, TickStatus

from pipelines import settings
from pipelines.months import SHANGHAI
from pipelines.serving import dagster_home, health
from pipelines.settings import Settings

NOW = datetime(2026, 11, 25, 15, tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> Path:
    """Dagster's home after its first run."""
    home = dagster_home.dagster_home(Settings(tmp_path_factory.mktemp("dagster") / "data", settings.load().reference))
    assert run_once(home) == 1
    return home


@pytest.fixture
def lived_in(first, tmp_path) -> Path:
    """A copy of it."""
    home = dagster_home.dagster_home(Settings(tmp_path / "data", settings.load().reference))
    shutil.copytree(first / "storage", home / "storage")
    return home


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
    (note,) = dagster_home.set_aside_unusable(lived_in, NOW)
    assert "runs.db 已损坏，已移开" in note and "只失去运行历史" in note
    assert list(lived_in.glob("storage/**/runs.db.unusable-*"))
    assert run_once(lived_in) == 1
    assert dagster_home.set_aside_unusable(lived_in, NOW) == []


@pytest.mark.parametrize("damage", [Path.unlink, lambda place: place.write_bytes(b"")])
def test_a_database_that_is_gone_or_empty_is_made_anew(lived_in, damage):
    damage(runs_of(lived_in))
    assert dagster_home.set_aside_unusable(lived_in, NOW) == []
    assert run_once(lived_in) == 1


def test_a_database_that_another_process_holds_is_no_damage(lived_in):
    con = sqlite3.connect(runs_of(lived_in), isolation_level=None)
    con.execute("BEGIN EXCLUSIVE")
    try:
        assert dagster_home.set_aside_unusable(lived_in, NOW) == []
    finally:
        con.close()
    assert run_once(lived_in) == 2


def tick(folder: Path, at: datetime) -> None:
    """The schedule has ticked, as Dagster records it."""
    data = TickData(
        "origin",
        "monthly_schedule",
        InstigatorType.SCHEDULE,
        TickStatus.SKIPPED,
        at.timestamp(),
        selector_id="selector",
    )
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        instance.create_tick(data)


@pytest.mark.parametrize(
    "jump, ahead", [(timedelta(days=31), True), (timedelta(minutes=5), False), (timedelta(days=-1), False)]
)
def test_after_a_clock_that_jumped_ahead_and_back_the_timetable_goes_on(lived_in, jump, ahead):
    """Dagster waits for the time of its last tick: for a month, if need be, and in silence."""
    tick(lived_in, NOW + jump)
    installation = Settings(lived_in.parent, settings.load().reference)
    look = health._clock(installation, NOW)
    assert look.well is not ahead and ("请重新启动 shequ serve" in look.says) is ahead
    notes = dagster_home.set_aside_unusable(lived_in, NOW)
    assert [("记有未来的定时" in note) for note in notes] == [True] * ahead
    tick(lived_in, NOW)
    assert health._clock(installation, NOW).well
