"""Pool of worker processes that read files, each within limits. A pure function of bytes and reference data.

A worker that dies or exceeds a limit affects its own file only: that file is tried once more in a new worker, because memory may
have been short or the machine busy, and then given up. Workers are reused, and end when idle or when this process ends.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from typing import TypeVar

import pyarrow as pa

from pipelines import settings
from pipelines.answers.findings import FindingRow
from pipelines.answers.read_failure import Costly
from pipelines.archive.month_state import Life
from pipelines.archive.store import Archive, Event
from pipelines.receipt import ReceiptContext, write_receipt
from pipelines.reference.reference_bundle import Reference
from pipelines.verification.returned import Sheet
from pipelines.warehouse.arrow_rows import Tables
from pipelines.warehouse.projection import Read
from pipelines.worker.protocol import Head, Message
from pipelines.worker.request_handlers import Tasks, packed_context
from pipelines.worker.worker_process import ForkedWorker, Setup, WorkerProcess

# Fewest files for each worker: starting one costs as much as reading them.
EACH = 12
# Files that each worker reads ahead of the consumer.
AHEAD = 4
T = TypeVar("T")
R = TypeVar("R")
# county → decisions on how its sheets are read
Resolutions = dict[str, dict[str, str]]
Request = tuple[Event, Callable[[], bytes]]
_idle: list[WorkerProcess] = []
_guard = threading.Lock()


def reader(archive: Archive, reference: Reference, processes: int | None = None) -> Read:
    """Reads archived submissions, in order."""

    def read(events: list[Event], life: Life) -> Iterator[tuple[Event, Tables | Costly]]:
        requests: list[Request] = [(event, partial(archive.read, event.body["sha256"])) for event in events]
        return read_each(requests, reference, life.reading_decisions, processes)

    return read


def read_each(
    requests: list[Request],
    reference: Reference,
    resolutions: Resolutions | None = None,
    processes: int | None = None,
) -> Generator[tuple[Event, Tables | Costly]]:
    """Files as tables, in order. Each is described by an event, which need not be in any ledger; its bytes are loaded when needed."""
    setup = _setup(reference)

    def read(request: Request) -> tuple[Event, Tables | Costly]:
        event, load = request
        return event, _read(setup, load(), event, resolutions or {})

    return _in_order(read, requests, max(1, min(processes or os.cpu_count() or 1, len(requests) // EACH)))


def mark_receipt(
    data: bytes, name: str, findings: list[FindingRow], context: ReceiptContext, reference: Reference
) -> tuple[bytes, str]:
    """The receipt and its file name; the list alone where the workbook is too costly to mark."""
    request = {"op": "receipt", "name": name, "findings": findings, "context": packed_context(context)}
    answer = _ask(_setup(reference), request, data)
    if isinstance(answer, Costly):
        return write_receipt(b"", name, findings, context)
    head, (receipt,) = answer
    return receipt, head["name"]


def visits(data: bytes, name: str, reference: Reference) -> list[Sheet] | None:
    """The sheets of a returned list of a spot check; None of any other file, and of one that is too costly to read."""
    answer = _ask(_setup(reference), {"op": "visits", "name": name}, data)
    if isinstance(answer, Costly) or answer[0]["sheets"] is None:
        return None
    return [Sheet(name, rows) for name, rows in answer[0]["sheets"]]


def fork(reference: Reference) -> None:
    """A worker for a command that checks files and ends: a fork of this process, which so far has no threads and no connection."""
    setup = _setup(reference)
    _keep(ForkedWorker(setup, Tasks(setup.reference, setup.first_month, reference.form, reference.rosters)))


def _setup(reference: Reference) -> Setup:
    digests = {part: reference.digests[part] for part in ("form", "rosters")}
    return Setup(
        reference.folder, reference.first_month, tuple(digests.items()), settings.limits(), reference.rosters.admissions
    )


def _in_order(function: Callable[[T], R], inputs: list[T], count: int) -> Generator[R]:
    """`function` of each input by `count` threads, in their order, at most `AHEAD` for each thread ahead of the consumer."""
    ahead: deque[Future[R]] = deque()
    threads = ThreadPoolExecutor(count, thread_name_prefix="reading")
    try:
        for each in inputs:
            ahead.append(threads.submit(function, each))
            if len(ahead) > count * AHEAD:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        threads.shutdown(cancel_futures=True)


def _read(setup: Setup, data: bytes, event: Event, resolutions: Resolutions) -> Tables | Costly:
    answer = _ask(setup, {"op": "read", "event": asdict(event), "resolutions": resolutions}, data)
    if isinstance(answer, Costly):
        return answer
    head, parts = answer
    return {name: pa.ipc.open_stream(part).read_all() for name, part in zip(head["tables"], parts, strict=True)}


def _ask(setup: Setup, request: Head, data: bytes) -> Message | Costly:
    """The answer of a worker; of a new one where the first died or exceeded memory or time."""
    with _worker(setup) as worker:
        answer = worker.ask(request, data)
    if isinstance(answer, Costly) and answer.why in ("memory", "wall", "died"):
        with _worker(setup, new=True) as worker:
            answer = worker.ask(request, data)
    return answer


@contextmanager
def _worker(setup: Setup, new: bool = False) -> Iterator[WorkerProcess]:
    """A worker for one file: an idle one, else a new one; kept afterwards if it is alive."""
    worker = (None if new else _take(setup)) or WorkerProcess(setup)
    try:
        yield worker
    except BaseException:
        worker.stop()
        raise
    _keep(worker)


def _take(setup: Setup) -> WorkerProcess | None:
    with _guard:
        for worker in [worker for worker in _idle if worker.setup == setup or not worker.alive]:
            _idle.remove(worker)
            if worker.alive:
                return worker
    return None


def idle() -> list[WorkerProcess]:
    """The idle workers."""
    with _guard:
        return list(_idle)


def dismiss() -> None:
    """End the idle workers."""
    with _guard:
        ended, _idle[:] = list(_idle), []
    for worker in ended:
        worker.stop()


def _keep(worker: WorkerProcess) -> None:
    """Keep as many idle workers as there are cores; end the oldest beyond that."""
    with _guard:
        if worker.alive:
            _idle.append(worker)
        surplus = [_idle.pop(0) for _ in range(len(_idle) - (os.cpu_count() or 1))]
    for oldest in surplus:
        oldest.stop()
