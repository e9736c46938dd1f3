"""Many at once: nothing is lost, counted twice or mixed, and there is never a second writer (issue F 2)."""

import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from lab.faults import checker, crowd
from lab.faults.rounds import THOROUGH
from pipelines.edition import edition_folders, figures, open_release, verify_files
from pipelines.intake import session
from pipelines.reference import roster
from pipelines.system import locks
from tests import small_city
from tests.books import Office

APRIL = date(2020, 4, 1)
FEW, MANY = 3, 20


@pytest.fixture(scope="module")
def counties() -> list[str]:
    """Those of April; with SHEQU_ROUNDS all of the city."""
    whole = roster.load(small_city.REFERENCE)
    return sorted(county.code for county in whole.counties(APRIL))[-FEW if not THOROUGH else 0 :]


@pytest.fixture(scope="module")
def office(tmp_path_factory, counties) -> Office:
    folder = tmp_path_factory.mktemp("crowd")
    reference = small_city.make(folder / "reference", counties)
    return Office(folder / "data", small_city.measure_only(reference, ("facility_rural",)))


@pytest.fixture(scope="module")
def sent(office, counties) -> list[dict]:
    """Every county sends its workbook, one of them several times, all at the same moment."""
    books = [office.workbook(APRIL, county) for county in counties]
    again = books[:1] * (1 if not THOROUGH else MANY)
    return crowd.at_once(office.settings, *(("submit", book) for book in [*books, *again]))


def test_all_are_received_and_the_same_bytes_count_once(office, sent, counties):
    """Bytes that came again while others were not read yet may have a number of their own; they change nothing."""
    assert all("seq" in report for report in sent), sent
    assert checker.faults(office.settings.data, [report["sha256"] for report in sent]) == []
    with session.settled(office.settings, "测试") as opened:
        in_force = opened.life().effective(APRIL)
    assert {county: len(seqs) for county, seqs in in_force.items()} == dict.fromkeys(counties, 1)


def test_runs_at_once_make_one_edition_with_whole_reports(office, sent, tmp_path):
    """Beside them a backup, which waits for nobody."""
    runs = [("run", APRIL)] * (2 if not THOROUGH else MANY)
    *results, copy = crowd.at_once(office.settings, *runs, ("copy", tmp_path / "copy"))
    assert copy == {"whole": True}
    assert sorted(result["new"] for result in results) == [*[False] * (len(runs) - 1), True], results
    assert {result["edition"] for result in results} == {"2020-04/1"}
    folder = edition_folders.current(office.settings.releases)
    assert {path.suffix for path in (folder / "reports").rglob("[!.]*") if path.is_file()} == {
        ".docx",
        ".xlsx",
        ".html",
    }
    assert verify_files.edition_faults(folder) == []
    assert checker.faults(office.settings.data, []) == [] == checker.leftovers(office.settings.data)


def test_a_rebuild_a_run_and_a_submission_at_once_take_turns(office, sent, counties):
    before = values(office)
    book = office.workbook(APRIL, counties[0], lambda unit: {"households": 201, "facility": "是", "facility_area": 300})
    rebuilt, ran, taken = crowd.at_once(office.settings, ("rebuild",), ("run", APRIL), ("submit", book))
    assert (rebuilt, ran["edition"][:7], taken["state"] in ("received", "effective")) == (
        {"agrees": True},
        "2020-04",
        True,
    )
    office.run(APRIL)
    assert values(office) == before
    assert checker.faults(office.settings.data, [taken["sha256"]]) == []


def values(office: Office) -> list[tuple]:
    return [(row["indicator"], row["unit"], row["value"]) for row in figures(open_release(settings=office.settings))]


HOLDS = """
import sys, time
from pathlib import Path
from pipelines.archive.store import Event
from pipelines.reference import reference_bundle
from pipelines.system import locks
from pipelines.worker import worker_pool
with locks.hold(Path(sys.argv[1]), "被杀的任务"):
    told = Event(1, "2020-05-06T00:00:00", "submission", "", {"sha256": "0" * 64, "file": "x.xlsx"}, "")
    list(worker_pool.read_each([(told, lambda: b"x")], reference_bundle.load(Path(sys.argv[2]))))
    print(worker_pool.idle()[0].process.pid, flush=True)
    time.sleep(600)
"""


def test_children_of_a_killed_task_keep_no_lock_and_end_by_themselves(office, tmp_path):
    """A run worker killed outright leaves what it started: that holds no lock and writes nothing."""
    place = tmp_path / "writer.lock"
    command = [sys.executable, "-c", HOLDS, str(place), str(office.settings.reference)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as task:
        child = int(task.stdout.readline())
        with pytest.raises(locks.Busy, match=rf"被杀的任务，进程 {task.pid}"), locks.hold(place, "下一个", wait=0):
            pass
        task.send_signal(signal.SIGKILL)
        task.wait()
    with locks.hold(place, "下一个", wait=0.5):
        assert locks.holder(place)["doing"] == "下一个"
    deadline = time.monotonic() + 600
    while Path(f"/proc/{child}").exists() and Path(f"/proc/{child}/stat").read_text().split()[2] != "Z":
        assert time.monotonic() < deadline, "读取程序没有随之结束"
        time.sleep(0.1)


def test_an_orphaned_step_keeps_the_lock_until_it_ends_and_its_heir_waits(office, tmp_path):
    """Dagster's retry starts a second step while the first still runs: the lock lives as long as the step that writes."""
    place = tmp_path / "writer.lock"
    script = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {HOLDS!r}, *sys.argv[1:]]); import time; time.sleep(600)"
    command = [sys.executable, "-c", script, str(place), str(office.settings.reference)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as worker:
        worker.stdout.readline()
        step = locks.holder(place)["pid"]
        worker.kill()
        with pytest.raises(locks.Busy, match=f"进程 {step}"), locks.hold(place, "重试", wait=0.3):
            pass
        os.kill(step, signal.SIGKILL)
        with locks.hold(place, "重试", wait=300):
            assert locks.holder(place)["doing"] == "重试"
