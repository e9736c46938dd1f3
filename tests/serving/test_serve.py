"""`shequ serve` for real, once: everything comes up, what is killed comes back, everything goes down, nothing is left."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from pipelines import settings as installation
from pipelines.edition import open_release
from pipelines.serving import probes, process_tree
from pipelines.system import locks
from tests.books import Office
from tests.serving.test_checks import free
from tests.serving.test_supervisor import gone

ROOT = Path(__file__).parents[2]


def wait_for(place: Path, pattern: str, seconds: float = 900) -> re.Match:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        match = re.search(pattern, place.read_text() if place.exists() else "", re.DOTALL)
        if match:
            return match
        time.sleep(0.1)
    raise AssertionError(f"{pattern} not said within {seconds} s:\n{place.read_text()}")


@pytest.fixture
def served(tmp_path):
    ports = {"--port": free(), "--dagster-port": free(), "--code-port": free()}
    options = [str(part) for pair in ports.items() for part in pair]
    command = [
        sys.executable,
        "-c",
        "from pipelines.cli.commands import main; main()",
        "--data",
        str(tmp_path),
        "serve",
    ]
    with (tmp_path / "out").open("w") as out:
        process = subprocess.Popen([*command, *options], cwd=ROOT, stdout=out, stderr=out)
    yield process, tmp_path / "logs" / "serve.log", ports
    # asked, not killed: it takes its family with it
    process.terminate()
    process.wait(90)


PATIENCE = 300
# a run in progress may finish before everything stops
GRACE = 600
LAUNCH = """mutation { launchRun(executionParams: {
    selector: {repositoryLocationName: "shequ", repositoryName: "__repository__", jobName: "monthly"},
    runConfigData: {ops: {submissions: {config: {still_for: 0}}}},
    executionMetadata: {tags: [{key: "dagster/partition", value: "2020-06"}]}}) { __typename } }"""


def at_work(data: Path, county: str, web: int) -> int:
    """A monthly run over a county's workbook, launched and waited for until it writes; which process writes."""
    settings = installation.load(data)
    shutil.copy(Office(data.parent / "books", settings.reference).workbook(date(2020, 6, 1), county), settings.inbox)
    # the page knows of the job once it has asked a code server that was started anew
    until(lambda: _launched(f"http://127.0.0.1:{web}"), GRACE)
    lock = settings.data / "warehouse" / "writer.lock"
    return until(lambda: locks.holder(lock), GRACE)["pid"]


def _launched(web: str) -> bool:
    return probes.ask(web, LAUNCH)["launchRun"]["__typename"] == "LaunchRunSuccess"


def until(asked, seconds: float):
    """The first answer that says something."""
    deadline = time.monotonic() + seconds
    while not (answer := asked()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)
    return answer


def statuses(data: Path) -> list[str]:
    """Of all runs, as Dagster's own database has them."""
    place = data / "dagster" / "storage" / "history" / "runs.db"
    with closing(sqlite3.connect(f"file:{place}?mode=ro", uri=True)) as base:
        return [status for (status,) in base.execute("SELECT status FROM runs ORDER BY id")]


def test_it_comes_up_heals_itself_and_goes_down_whole(served, tmp_path):
    process, log, ports = served
    wait_for(log, "全部就绪。Dagster 界面 http://127.0.0.1:.*看板 http://127.0.0.1:")
    web = f"http://127.0.0.1:{ports['--dagster-port']}"
    assert probes.dashboard(f"http://127.0.0.1:{ports['--port']}") is None and probes.ticks(web) is None
    masks = [Path(f"/proc/{pid}/status").read_text() for pid in process_tree.descendants(process.pid)]
    assert len(masks) >= 5 and all("Umask:\t0027" in status for status in masks)
    (supervisor,) = process_tree.children(process.pid)
    family = process_tree.descendants(process.pid)
    code = int(re.search(r"启动 Dagster 代码服务（进程 (\d+)）", log.read_text())[1])
    os.kill(code, signal.SIGKILL)
    wait_for(log, "Dagster 代码服务 已退出.*Dagster 代码服务 就绪")
    # stopped, so that it cannot end before it is killed; only the run may be, and it is what writes
    os.kill(at_work(tmp_path, "130524", ports["--dagster-port"]), signal.SIGSTOP)
    family |= process_tree.descendants(process.pid)
    os.kill(supervisor, signal.SIGKILL)
    assert gone(list(family), PATIENCE)
    # what wrote lets the lock go in its own time
    until(lambda: not locks.holder(tmp_path / "warehouse" / "writer.lock"), GRACE)
    # STARTED where it was killed before it could say so; QUEUED what the inbox asked for meanwhile
    assert set(statuses(tmp_path)) <= {"FAILURE", "STARTED", "QUEUED"}
    wait_for(log, "全部就绪.*全部就绪")
    at_work(tmp_path, "130571", ports["--dagster-port"])
    family = process_tree.descendants(process.pid)
    process.send_signal(signal.SIGTERM)
    assert process.wait(GRACE) == 0
    assert gone(list(family), PATIENCE)
    assert "STARTED" not in statuses(tmp_path) and "SUCCESS" in statuses(tmp_path)
    release = open_release("2020-06", 1, data=tmp_path)
    assert {"unit": "130524"} in release.rows("SELECT county AS unit FROM submission WHERE status = 'effective'")
    # what still lies in the inbox was put there by the test
    written = [place for place in tmp_path.rglob("*") if place.name != "out" and place.parent.name != "inbox"]
    assert [place for place in written if place.stat().st_mode & 0o007] == []
