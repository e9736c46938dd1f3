"""The programs of an installation: command, probe and page of each."""

import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pipelines import settings as installation
from pipelines.access import roles
from pipelines.errors import Refusal
from pipelines.serving import dagster_home, network_process, probes, process_tree
from pipelines.settings import REPOSITORY, SOURCES, Settings

ADDRESS = "127.0.0.1"
APP = SOURCES / "dashboards" / "app.py"


@dataclass(frozen=True)
class Ports:
    """Where the programs listen. Dagster's two never leave this machine; the dashboard's address is the operator's choice."""

    dashboard: int = 8501
    web: int = 3000
    code: int = 4266
    address: str = ADDRESS
    anonymous: bool = False


@dataclass(frozen=True)
class Program:
    """A program. `probe`: what is wrong in Chinese, or None; restarted above `most_mb`; may be silent for `silence` seconds."""

    name: str
    label: str
    command: list[str]
    probe: Callable[[], str | None]
    page: str | None = None
    patience: float = 180.0
    silence: float = 180.0
    most_mb: int | None = None


def all_of(settings: Settings, ports: Ports) -> list[Program]:
    """Every program in the order of starting: a client after its server."""
    place = str(dagster_home.workspace(dagster_home.dagster_home(settings), ports.code))
    web = f"http://{ADDRESS}:{ports.web}"
    dagster = [sys.executable, "-W", "ignore", "-m"]
    code = [*dagster, "dagster", "code-server", "start", "-m", "pipelines.definitions", "-h", ADDRESS]
    code += ["-p", str(ports.code), "--location-name", dagster_home.LOCATION, "-d", str(REPOSITORY)]
    site = [*dagster, "dagster_webserver", "-w", place, "-h", ADDRESS, "-p", str(ports.web)]
    daemon = [*dagster, "dagster._daemon", "run", "-w", place]
    return [
        Program("code", "Dagster 代码服务", code, partial(probes.code_server, ADDRESS, ports.code), silence=45.0),
        Program("web", "Dagster 界面", site, partial(probes.web_server, web), web),
        Program("daemon", "Dagster 守护进程", daemon, partial(probes.daemon, web)),
        _dashboard(settings, ports),
        # last: its first round looks at all the others; a round of sending takes a minute at most
        Program(
            "outside",
            "对外收发",
            [sys.executable, "-m", "pipelines.serving.network_process"],
            partial(network_process.probe, settings),
        ),
    ]


def _dashboard(settings: Settings, ports: Ports) -> Program:
    page = f"http://{ports.address}:{ports.dashboard}"
    probe = partial(probes.dashboard, f"http://{reached(ports.address)}:{ports.dashboard}")
    # what its sessions leave behind is bounded by restarts; sessions reconnect by themselves
    return Program("dashboard", "看板", dashboard_command(settings, ports), probe, page, most_mb=2500)


def reached(address: str) -> str:
    """The address under which this machine itself reaches a server that listens on `address`."""
    return ADDRESS if address in ("0.0.0.0", "::") else address  # noqa: S104 compared, not listened on


def dashboard_command(settings: Settings, ports: Ports) -> list[str]:
    """The command that starts the dashboard, with the hosts that it may answer to."""
    options = ["--server.address", ports.address, "--server.port", str(ports.dashboard), "--server.headless", "true"]
    for host in roles.hosts(settings, ports.address):
        options += ["--server.allowedHosts", host]
    return [sys.executable, "-m", "dashboards.server", "run", str(APP), *options, "--browser.gatherUsageStats", "false"]


def dashboard(settings: Settings, ports: Ports) -> int:
    """Run the dashboard alone until stopped; returns its exit status. Errors: `Refusal` for other machines without sign-in."""
    roles.may_listen(settings, ports.address, ports.anonymous)
    roles.before_serving(settings)
    if not APP.exists():
        raise Refusal("本版还没有看板（缺少 dashboards/app.py）；数字可用 shequ figures 查看")
    print(f"看板：http://{ports.address}:{ports.dashboard}  （按 Ctrl+C 停止）", flush=True)
    return _until_stopped(dashboard_command(settings, ports), installation.environment(settings, ports.anonymous))


def _until_stopped(command: list[str], environment: dict[str, str]) -> int:
    """Run a program and pass SIGTERM and SIGINT on to it; killed outright, this process takes it along. Its exit status; 0 once stopped."""
    stopped: list[int] = []
    running: list[subprocess.Popen[bytes]] = []

    def stop(number: int, _: object) -> None:
        stopped.append(number)
        for child in running:
            child.send_signal(signal.SIGTERM if len(stopped) == 1 else signal.SIGKILL)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    # in a session of its own: a terminal's Ctrl+C reaches it once, through here
    bound = process_tree.command_bound_to_parent(command)
    child = subprocess.Popen(bound, cwd=REPOSITORY, env=environment, start_new_session=True)
    running.append(child)
    if stopped:
        child.terminate()  # while it was being started
    # by turns: a signal that comes just before a wait without end would not be seen until that wait is over
    while True:
        try:
            code = child.wait(timeout=1)
        except subprocess.TimeoutExpired:
            continue
        return 0 if stopped else code
