"""`shequ serve`: checks, then two processes: a guard that adopts orphans, and the supervisor under it.

The supervisor starts the programs. When it is killed, the guard ends them all and starts a new supervisor; when the guard is killed,
the kernel sends the supervisor SIGTERM. In both cases no program is left behind.
"""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime

from pipelines import settings as installation
from pipelines.archive.store import write_durably
from pipelines.errors import Refusal
from pipelines.months import SHANGHAI
from pipelines.serving import dagster_home, logs, preflight, process_tree, programs
from pipelines.serving.programs import Ports
from pipelines.serving.supervisor import Supervisor
from pipelines.settings import REPOSITORY, Settings
from pipelines.system import locks
from pipelines.system.durable_files import read_json

# A supervisor that dies so often within so many seconds is not restarted.
MOST_SUPERVISORS, WITHIN = 5, 3600.0


def serve(settings: Settings, ports: Ports) -> int:
    """Run all programs until stopped; exit status 0 after a signal, 1 when it gave up. Errors: `Refusal` before the start."""
    preflight.before_start(settings, ports)
    process_tree.adopt_orphans()
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: stopped.append(number))
    command = [sys.executable, "-m", "pipelines.serving.start", json.dumps(asdict(ports))]
    deaths: list[float] = []
    while True:
        code = _supervised(command, settings, stopped)
        if code >= 0 or stopped:
            return max(code, 0)
        if given_up(deaths, time.monotonic()):
            print(f"监管进程在一小时内意外结束 {MOST_SUPERVISORS} 次，不再启动", file=sys.stderr, flush=True)
            return 1
        print("监管进程意外结束，已结束它留下的全部进程，重新启动", file=sys.stderr, flush=True)


def given_up(deaths: list[float], now: float) -> bool:
    """Note a death of the supervisor (seconds of `time.monotonic`); whether there were too many lately. Older ones are forgotten."""
    deaths[:] = [moment for moment in deaths if now - moment < WITHIN]
    deaths.append(now)
    return len(deaths) >= MOST_SUPERVISORS


def _supervised(command: list[str], settings: Settings, stopped: list[int]) -> int:
    """Run the supervisor once; its exit status, negative when a signal ended it."""
    child = subprocess.Popen(
        process_tree.command_bound_to_parent(command), cwd=REPOSITORY, env=installation.environment(settings),
        start_new_session=True,
    )  # fmt: skip
    passed_on = False
    while child.poll() is None:
        if stopped and not passed_on:
            passed_on = True
            child.terminate()
        time.sleep(0.2)
    _end_all()
    return child.returncode


def _end_all() -> None:
    """End the processes that the supervisor left: SIGTERM, after ten seconds SIGKILL."""
    deadline = time.monotonic() + 10.0
    number: int = signal.SIGTERM
    while left := process_tree.descendants(os.getpid()):
        for pid in left:
            process_tree.send(pid, number)
        number = 0 if time.monotonic() < deadline else signal.SIGKILL
        time.sleep(0.2)
        process_tree.reap(set())


def supervise(settings: Settings, ports: Ports) -> int:
    """The supervisor's process. A lock refuses a second one."""
    folder = settings.data / "logs"
    log = logs.opened(folder, "serve", show=True)
    try:
        with locks.hold(settings.data / "serve.lock", "shequ serve", wait=5.0):
            _remember(settings, ports)
            _warn(settings, log)
            for said in dagster_home.set_aside_unusable(dagster_home.dagster_home(settings), datetime.now(SHANGHAI)):
                log.info(f"注意：{said}")
            return Supervisor(
                programs.all_of(settings, ports), _environment(settings, ports), REPOSITORY, log, folder
            ).run()
    except Refusal as refusal:
        log.info(f"未启动：{refusal}")
        return 1


def _environment(settings: Settings, ports: Ports) -> dict[str, str]:
    return {
        **installation.environment(settings, ports.anonymous),
        "DAGSTER_HOME": str(dagster_home.dagster_home(settings)),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "PYTHONUNBUFFERED": "1",
    }


def _remember(settings: Settings, ports: Ports) -> None:
    """Note the ports and the start time, for `shequ health`."""
    state = {**asdict(ports), "since": datetime.now(SHANGHAI).isoformat(timespec="seconds"), "pid": os.getpid()}
    write_durably(settings.data / "serve.json", json.dumps(state).encode())


def ports_of(settings: Settings) -> Ports:
    """The ports of the last `shequ serve` here; the usual ones where there was none, or its note is damaged."""
    state = read_json(settings.data / "serve.json")
    return Ports(**{name: state[name] for name in asdict(Ports()) if name in state})


def started(settings: Settings) -> datetime | None:
    """Start time of the last `shequ serve` here; None where there was none, or its note is damaged."""
    with suppress(ValueError, TypeError, KeyError):
        return datetime.fromisoformat(read_json(settings.data / "serve.json")["since"])
    return None


def _warn(settings: Settings, log) -> None:
    if trouble := preflight.scarce(settings.data):
        log.info(f"注意：{trouble}")


if __name__ == "__main__":
    sys.exit(supervise(installation.load(), Ports(**json.loads(sys.argv[1]))))
