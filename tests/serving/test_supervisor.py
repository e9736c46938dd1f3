"""Watching over tiny programs: what dies is started again, what hangs is ended, what keeps failing is given up, nothing stays behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.serving import process_tree

ROOT = Path(__file__).parents[2]
# The supervisor takes over signals and orphans of its process: it gets one of its own.
WATCH = """
import sys
from pathlib import Path
from pipelines.serving import logs
from pipelines.serving.programs import Program
from pipelines.serving.supervisor import Pace, Supervisor
folder, script, probe = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
def lines(name, word):
    return (folder / name).read_text().count(word) if (folder / name).exists() else 0
program = Program("one", "程序", [sys.executable, "-c", script], lambda: eval(probe), "http://page", patience=600, silence=0.5)
pace = Pace(look=0.05, probe=0.05, longest_pause=0.05, most_failures=3, grace=5, stray_grace=0.5)
import os
log = logs.opened(folder, "serve")
sys.exit(Supervisor([program], dict(os.environ), folder, log, folder, pace).run())
"""
# Starts a grandchild in a session of its own, writes down both, and stays.
FAMILY = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
open("pids", "a").write(f"{os.getpid()} {child.pid}\\n")
print("家庭", flush=True)
time.sleep(60)
"""
# ILL from the moment on at which the latest start has written its line and was seen well
STARTS = "lines('serve.log', '启动 程序')"
WELL, ILL = "None", f"'没有应答' if lines('pids', '\\n') == lines('serve.log', '程序 就绪') == {STARTS} else None"


def watch(folder: Path, script: str, probe: str = WELL) -> subprocess.Popen:
    command = [sys.executable, "-c", WATCH, str(folder), script, probe]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)})


def families(folder: Path, count: int) -> list[list[int]]:
    """The process ids of each start so far, once there are so many."""
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        lines = (folder / "pids").read_text().splitlines() if (folder / "pids").exists() else []
        if len(lines) >= count and len(lines[-1].split()) == 2:
            return [[int(pid) for pid in line.split()] for line in lines]
        time.sleep(0.05)
    raise AssertionError(f"not started {count} times: {(folder / 'serve.log').read_text()}")


def gone(pids: list[int], seconds: float = 300) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not any(alive(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except OSError:
        return False


def ended(watcher: subprocess.Popen) -> int:
    watcher.send_signal(signal.SIGTERM)
    return watcher.wait(600)


def test_what_is_killed_is_started_again_and_its_orphans_are_ended(tmp_path):
    watcher = watch(tmp_path, FAMILY)
    ((first, orphan),) = families(tmp_path, 1)
    os.kill(first, signal.SIGKILL)
    second = families(tmp_path, 2)[1]
    assert gone([first, orphan])
    assert ended(watcher) == 0
    assert gone(second)
    said = (tmp_path / "serve.log").read_text()
    assert "程序 被信号" not in said and "已退出（被信号 SIGKILL 结束）" in said and "全部已停止" in said
    assert "家庭" in (tmp_path / "one.log").read_text()


def test_when_the_watcher_is_killed_the_program_is_asked_to_stop_by_the_kernel(tmp_path):
    watcher = watch(tmp_path, FAMILY)
    ((program, orphan),) = families(tmp_path, 1)
    watcher.kill()
    watcher.wait()
    assert gone([program])
    process_tree.send(orphan, signal.SIGKILL)  # with `shequ serve` the watchman above does this


def test_a_program_that_does_not_answer_is_ended_and_started_again_then_given_up(tmp_path):
    watcher = watch(tmp_path, FAMILY, ILL)
    assert watcher.wait(600) == 1
    assert gone([pid for family in families(tmp_path, 3) for pid in family])
    assert "放弃：程序 接连失败 3 次，最后一次：没有应答" in (tmp_path / "serve.log").read_text()


def test_a_program_that_keeps_dying_is_given_up_loudly(tmp_path):
    watcher = watch(tmp_path, "raise SystemExit(3)", "'没有应答'")
    assert watcher.wait(600) == 1
    said = (tmp_path / "serve.log").read_text()
    assert said.count("已退出（退出码 3）") == 3
    assert "全部停止；原因见" in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_everything_with_status_0(tmp_path, number):
    watcher = watch(tmp_path, FAMILY)
    (family,) = families(tmp_path, 1)
    watcher.send_signal(number)
    assert watcher.wait(600) == 0
    assert gone(family)
