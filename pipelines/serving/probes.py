"""Probes of running programs: each returns in Chinese what is wrong, or None.

The code server is asked through its own protocol (gRPC `Ping`, passed on to the process that holds the definitions), the rest over
HTTP. Dagster is not imported, so that the supervisor stays small and does not fail with it.
"""

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pipelines.months import SHANGHAI

SECONDS = 10.0
# Dagster's daemons beat every 30 seconds; its own page calls them dead after five minutes.
OLDEST_BEAT = 600.0
_FAILED = (urllib.error.URLError, OSError, ValueError, KeyError, TypeError)

# data of an answer of Dagster's GraphQL
Reply = dict[str, Any]


def dashboard(address: str) -> str | None:
    """Whether Streamlit's health page answers ok."""
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=SECONDS) as answer:  # noqa: S310 our own address
            return None if answer.read() == b"ok" else "看板的健康页没有回答 ok"
    except _FAILED as error:
        return f"看板没有应答（{_reason(error)}）"


def code_server(host: str, port: int) -> str | None:
    """Whether the process behind the code server's proxy answers a ping."""
    import grpc

    with grpc.insecure_channel(f"{host}:{port}") as channel:
        try:
            # the message PingRequest{echo: "shequ"} in bytes
            channel.unary_unary("/api.DagsterApi/Ping")(b"\n\x05shequ", timeout=SECONDS)
        except grpc.RpcError as error:
            return f"代码服务没有应答（{error.code().name}）"
    return None


def web_server(address: str) -> str | None:
    """Whether the web server answers and has the definitions."""
    entries = "... on WorkspaceLocationStatusEntries { entries { name loadStatus } }"
    try:
        locations = ask(address, f"{{ locationStatusesOrError {{ {entries} }} }}")["locationStatusesOrError"]["entries"]
    except _FAILED as error:
        return f"Dagster 界面没有应答（{_reason(error)}）"
    return None if any(entry["loadStatus"] == "LOADED" for entry in locations) else "Dagster 界面尚未载入定义"


def daemon(address: str) -> str | None:
    """Whether the web server has a fresh heartbeat of every daemon that is required; in Chinese what is wrong."""
    status = "daemonType required lastHeartbeatTime"
    try:
        answer = ask(address, f"{{ instance {{ daemonHealth {{ allDaemonStatuses {{ {status} }} }} }} }}")
        needed = [s for s in answer["instance"]["daemonHealth"]["allDaemonStatuses"] if s["required"]]
    except _FAILED as error:
        return f"问不到 Dagster 守护进程的心跳（{_reason(error)}）"
    return stale(needed, time.time())


def stale(statuses: list[Reply], now: float) -> str | None:
    """The first daemon whose heartbeat is missing, too old or in the future."""
    for status in statuses:
        beat = status["lastHeartbeatTime"]
        if beat is None:
            return f"守护进程 {status['daemonType']} 还没有心跳"
        if now - beat > OLDEST_BEAT:
            return f"守护进程 {status['daemonType']} 已 {(now - beat) / 60:.0f} 分钟没有心跳"
        if beat - now > OLDEST_BEAT:
            return f"守护进程 {status['daemonType']} 的心跳在未来：系统时间被拨回过，请校准时间"
    return None


_TICKS = (
    "{ workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError { ... on RepositoryLocation { repositories {"
    " schedules { name scheduleState { ticks(limit: 1) { timestamp } } }"
    " sensors { name sensorState { ticks(limit: 1) { timestamp } } } } } } } } } }"
)


def ticks(address: str) -> str | None:
    """Schedules and sensors whose last tick lies in the future; Dagster does not call them until then."""
    try:
        entries = ask(address, _TICKS)["workspaceOrError"]["locationEntries"]
        repos = [repo for entry in entries for repo in entry["locationOrLoadError"].get("repositories", [])]
    except _FAILED as error:
        return f"问不到 Dagster 的定时记录（{_reason(error)}）"
    last = [
        (part["name"], tick["timestamp"])
        for repo in repos
        for part, state in [(s, s["scheduleState"]) for s in repo["schedules"]]
        + [(s, s["sensorState"]) for s in repo["sensors"]]
        for tick in state["ticks"]
    ]
    return ahead(last, time.time())


def ahead(last: list[tuple[str, float]], now: float) -> str | None:
    """The sentence about those of (name, last tick in seconds since 1970) that lie in the future; None when none does."""
    late = sorted((called, name) for name, called in last if called - now > OLDEST_BEAT)
    if not late:
        return None
    until = datetime.fromtimestamp(late[-1][0], SHANGHAI)
    return (
        f"{'、'.join(name for _, name in late)} 的上次触发记在未来（最晚 {until:%Y-%m-%d %H:%M}）：系统时间曾被拨快，在那之前不会再触发。"
        "请校准时间（timedatectl）后重新启动 shequ serve：启动时会移开这份定时记录并重新建立，报表和数字不受影响"
    )


_LAST_GOOD = (
    "{ workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError { ... on RepositoryLocation { repositories {"
    " schedules { name cronSchedule scheduleState { status ticks(limit: 1, statuses: [SUCCESS, SKIPPED]) { timestamp } } }"
    " sensors { name minIntervalSeconds sensorState { status ticks(limit: 1, statuses: [SUCCESS, SKIPPED]) { timestamp } } }"
    " } } } } } } }"
)


@dataclass(frozen=True)
class Ticking:
    """A sensor or schedule: whether it is switched on, its last tick without failure, and the greatest allowed age of that."""

    name: str
    sensor: bool
    on: bool
    last: datetime | None
    within: timedelta

    def late(self, since: datetime | None, now: datetime) -> str | None:
        """What is wrong; before the first good tick the time since the start of the programs counts."""
        if not self.on:
            return "已停用，不会自动运行；请在 Dagster 界面打开它"
        reference = max(filter(None, (self.last, since)), default=None)
        if reference is None or now - reference <= self.within:
            return None
        last = f"上次正常运行是 {self.last:%Y-%m-%d %H:%M}" if self.last else "启动以来没有正常运行过"
        return f"{last}；原因见 Dagster 界面“Automation”页"

    def says(self) -> str:
        return f"上次正常运行 {self.last:%Y-%m-%d %H:%M}" if self.last else "刚启动，还没有运行过"


def last_good(address: str) -> list[Ticking]:
    """Every sensor and schedule with its last good tick; empty where the web server does not answer (see `web_server`)."""
    try:
        entries = ask(address, _LAST_GOOD)["workspaceOrError"]["locationEntries"]
        repos = [repo for entry in entries for repo in entry["locationOrLoadError"].get("repositories", [])]
    except _FAILED:
        return []
    sensors = [_ticking(part, part["sensorState"], _patience(part)) for repo in repos for part in repo["sensors"]]
    schedules = [_ticking(part, part["scheduleState"], _term(part)) for repo in repos for part in repo["schedules"]]
    return sorted([*sensors, *schedules], key=lambda ticking: (not ticking.sensor, ticking.name))


def _ticking(part: Reply, state: Reply, within: timedelta) -> Ticking:
    last = [datetime.fromtimestamp(tick["timestamp"], SHANGHAI) for tick in state["ticks"]]
    return Ticking(
        part["name"], "minIntervalSeconds" in part, state["status"] == "RUNNING", max(last, default=None), within
    )


def _patience(sensor: Reply) -> timedelta:
    """Ten minutes, or five intervals of a slow one."""
    return timedelta(seconds=max(600, 5 * sensor["minIntervalSeconds"]))


def _term(schedule: Reply) -> timedelta:
    """A day, a week or a month by its cron line (minute hour day month weekday), and two hours."""
    _, _, day, _, weekday = schedule["cronSchedule"].split()
    return timedelta(hours=2) + timedelta(days=31 if day != "*" else 7 if weekday != "*" else 1)


def ask(address: str, query: str) -> Reply:
    """Data of a GraphQL query to Dagster's web server. Errors: `OSError`, `ValueError`."""
    body = json.dumps({"query": query}).encode()
    request = urllib.request.Request(  # noqa: S310 our own address
        f"{address}/graphql", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 our own address
        reply = json.load(answer)
    if reply.get("errors"):
        raise ValueError(reply["errors"][0]["message"][:200])
    return reply["data"]


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or error or type(error).__name__)[:200]
