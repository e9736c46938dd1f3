"""Many tasks at once, each in a process of its own, forked from one that has everything imported."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path

from pipelines.archive import backup
from pipelines.errors import Refusal
from pipelines.intake import submit_files
from pipelines.monthly import monthly_run, rebuild_editions
from pipelines.settings import Settings


def submit(settings: Settings, *files: str) -> dict:
    (report,) = submit_files.submit([Path(file) for file in files], settings, "测试")
    return {"seq": report.seq, "sha256": report.sha256, "state": report.state}


def run(settings: Settings, month: str) -> dict:
    edition = monthly_run.run(settings, date.fromisoformat(month), "测试")
    return {"edition": edition.label, "new": edition.new}


def rebuild(settings: Settings) -> dict:
    verdict = rebuild_editions.rebuild(settings)
    return {"agrees": verdict["agrees"]}


def copy(settings: Settings, folder: str) -> dict:
    return {"whole": backup.backup(settings, Path(folder))["whole"]}


TASKS = {task.__name__: task for task in (submit, run, rebuild, copy)}

Asked = tuple[str, ...]


def at_once(settings: Settings, *asked: Asked) -> list[dict]:
    """The outcome of each task (its name and what it is given), or `refused` with the reason. Anything else is raised."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["lab.faults.crowd"])
    with ProcessPoolExecutor(len(asked), mp_context=context, max_tasks_per_child=1) as crowd:
        return [task_.result(1000) for task_ in [crowd.submit(_do, settings, *map(str, task)) for task in asked]]


def _do(settings: Settings, task: str, *arguments: str) -> dict:
    try:
        return TASKS[task](settings, *arguments)
    except Refusal as refusal:
        return {"refused": str(refusal)}
