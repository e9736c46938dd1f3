"""`shequ serve` for real, once: everything comes up, what is killed comes back, everything goes down, nothing is left."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.serving import probes, processes
from tests.serving.test_checks import free
from tests.serving.test_supervisor import gone

ROOT = Path(__file__).parents[2]


def wait_for(place: Path, pattern: str, seconds: float = 60) -> re.Match:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = re.search(pattern, place.read_text() if place.exists() else "", re.DOTALL)
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{pattern} not said within {seconds} s:\n{place.read_text()}")


@pytest.fixture
def served(tmp_path):
    ports = {"--port": free(), "--dagster-port": free(), "--code-port": free()}
    options = [str(part) for pair in ports.items() for part in pair]
    command = [sys.executable, "-c", "from pipelines.cli import main; main()", "--data", str(tmp_path), "serve"]
    with (tmp_path / "out").open("w") as out:
        process = subprocess.Popen([*command, *options], cwd=ROOT, stdout=out, stderr=out)
    yield process, tmp_path / "logs" / "serve.log", ports
    # asked, not killed: it takes its family with it
    process.terminate()
    process.wait(60)


# what does not go when asked is killed after ten seconds; twice that is a fault
PATIENCE = 30


def test_it_comes_up_heals_itself_and_goes_down_whole(served):
    process, log, ports = served
    wait_for(log, "全部就绪。Dagster 界面 http://127.0.0.1:.*看板 http://127.0.0.1:")
    assert probes.dashboard(f"http://127.0.0.1:{ports['--port']}") is None
    (supervisor,) = processes.children(process.pid)
    family = processes.descendants(process.pid)
    code = int(re.search(r"启动 Dagster 代码服务\(进程 (\d+)\)", log.read_text())[1])
    os.kill(code, signal.SIGKILL)
    wait_for(log, "Dagster 代码服务 已退出.*Dagster 代码服务 就绪")
    os.kill(supervisor, signal.SIGKILL)
    assert gone(list(family), PATIENCE)
    wait_for(log, "全部就绪.*全部就绪")
    family = processes.descendants(process.pid)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    assert gone(list(family), PATIENCE)
