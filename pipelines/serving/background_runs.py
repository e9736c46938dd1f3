"""Heavy work that a page asks for, in a process of its own: by Dagster where `shequ serve` runs it here, else by the command line's program.

    for said in run_month(settings, month, by): ...      # the step it is at, in Chinese, until it is done

Errors of every function: `Refusal` with the reason that the work itself gives. The work continues when the caller stops iterating.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO

from pipelines import months
from pipelines import settings as installation
from pipelines.errors import Refusal
from pipelines.intake.session import writer_lock
from pipelines.serving import dagster_home, probes, programs, start
from pipelines.settings import REPOSITORY, Settings
from pipelines.system import locks

PAUSE = 0.3
STAGES = {"submissions": "收件", "figures": "计算", "release": "成版", "report": "月报"}
# the tag under which a Dagster run is found by its requester
BY = "shequ/by"


def run_month(settings: Settings, month: date, by: str) -> Iterator[str]:
    """The monthly run."""
    address = dagster(settings)
    if address:
        yield from _by_dagster(address, month, by)
    else:
        yield from command(settings, "run", "--month", months.key(month), "--by", by)


def dagster(settings: Settings) -> str | None:
    """The address of Dagster's web server, where `shequ serve` runs here and it answers; else None."""
    if locks.holder(settings.data / "serve.lock") is None:
        return None
    address = f"http://{programs.ADDRESS}:{start.ports_of(settings).web}"
    return address if probes.web_server(address) is None else None


# ---- a child process


def command(settings: Settings, *arguments: str, doing: str = "正在准备") -> Iterator[str]:
    """Run `shequ <arguments>`; yields which task writes (`doing` where none does) and for how long it has run."""
    begun = time.monotonic()
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "pipelines.cli", *arguments], cwd=REPOSITORY, env=installation.environment(settings),
            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        while child.poll() is None:
            held = locks.holder(writer_lock(settings))
            yield f"{held['doing'] if held else doing}，已 {time.monotonic() - begun:.0f} 秒"
            time.sleep(PAUSE)
        if child.returncode:
            raise Refusal(_reason(_written(out)))


def _written(out: BinaryIO) -> str:
    # the child shares the offset: read from the beginning without moving it
    return os.pread(out.fileno(), 100_000, 0).decode("utf-8", "replace")


def _reason(said: str) -> str:
    """The refusal printed by the command line; else its last line, the error."""
    lines = [line for line in said.splitlines() if line.strip()]
    refusals = [line.removeprefix("未完成：") for line in lines if line.startswith("未完成：")]
    return refusals[-1] if refusals else f"程序出错，请告诉运行维护人员：{lines[-1] if lines else '没有输出'}"


# ---- Dagster


def _by_dagster(address: str, month: date, by: str) -> Iterator[str]:
    run = _launch(address, month, by)
    while True:
        status, done = _progress(address, run)
        if status == "SUCCESS":
            return
        if status in ("FAILURE", "CANCELED"):
            raise Refusal(_failure(address, run))
        yield f"Dagster {'排队等待' if not done and status != 'STARTED' else '运行中'}，{_stages(done)}（编号 {run[:8]}）"
        time.sleep(PAUSE)


def _launch(address: str, month: date, by: str) -> str:
    tags = [{"key": "dagster/partition", "value": months.key(month)}, {"key": BY, "value": by}]
    tag_list = ", ".join(f"{{key: {json.dumps(tag['key'])}, value: {json.dumps(tag['value'])}}}" for tag in tags)
    job = f'repositoryLocationName: "{dagster_home.LOCATION}", repositoryName: "__repository__", jobName: "monthly"'
    asked = f"mutation {{ launchRun(executionParams: {{selector: {{{job}}}, runConfigData: {{}}, executionMetadata: {{tags: [{tag_list}]}}}})"
    answer = _ask(
        address, f"{asked} {{ __typename ... on LaunchRunSuccess {{ run {{ runId }} }} ... on Error {{ message }} }} }}"
    )
    if answer["launchRun"]["__typename"] != "LaunchRunSuccess":
        raise Refusal(f"Dagster 没有接受这项任务：{answer['launchRun'].get('message', '')[:200]}")
    return answer["launchRun"]["run"]["runId"]


def _progress(address: str, run: str) -> tuple[str, list[str]]:
    answer = _ask(
        address,
        f"{{ runOrError(runId: {json.dumps(run)}) {{ ... on Run {{ status stepStats {{ stepKey status }} }} }} }}",
    )
    state = answer["runOrError"]
    return state.get("status", "FAILURE"), [
        s["stepKey"] for s in state.get("stepStats", ()) if s["status"] == "SUCCESS"
    ]


def _stages(done: list[str]) -> str:
    names = [STAGES.get(step, step) for step in STAGES if step in done]
    return f"已完成 {'、'.join(names)}" if names else "尚未完成任何一步"


def _failure(address: str, run: str) -> str:
    """The message of the failed step, without the name of the exception that Dagster puts before it."""
    events = "... on ExecutionStepFailureEvent { error { message } }"
    asked = (
        f"{{ runOrError(runId: {json.dumps(run)}) {{ ... on Run {{ eventConnection {{ events {{ {events} }} }} }} }} }}"
    )
    failures = _ask(address, asked)["runOrError"]["eventConnection"]["events"]
    said = [event["error"]["message"] for event in failures if event.get("error")]
    reason = said[-1].split("Failure: ", 1)[-1].strip() if said else "运行进程意外结束"
    return f"没有完成（编号 {run[:8]}）：{reason[:500]}"


def _ask(address: str, query: str) -> probes.Reply:
    try:
        return probes.ask(address, query)
    except (OSError, ValueError) as error:
        raise Refusal(f"问不到 Dagster（{str(error)[:200]}）；任务如已开始会继续，稍后刷新本页查看") from None
