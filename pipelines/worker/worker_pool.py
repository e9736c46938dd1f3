"""Reading in child processes, on all cores, each file within limits. A pure function of bytes and reference data.

    reader(archive, reference) -> what `Warehouse.sync` reads with
    read_each(wanted, reference) -> (event, tables or `Costly`) for files that need not be archived
    mark_receipt(data, name, findings, context, reference) -> the county's workbook marked

A child that dies or is too slow costs its file and nobody else's: the file is tried once more in a new child by itself, because
memory may have been short or the machine busy, and is then given up. Children stay for the next file, and end by themselves when
idle or when this process ends.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial

import pyarrow as pa

from pipelines import settings
from pipelines.answers.read_failure import Costly
from pipelines.archive.month_state import Life
from pipelines.archive.store import Archive, Event
from pipelines.receipt import ReceiptContext, write_receipt
from pipelines.reference.reference_bundle import Reference
from pipelines.warehouse.arrow_rows import Tables
from pipelines.warehouse.projection import Read
from pipelines.worker.tasks import packed_context
from pipelines.worker.worker_process import Reader, Setup

# A second child costs a start-up of half a second: it is worth it from so many files each.
EACH = 4
# Files that are read ahead of what takes them in, for each child.
AHEAD = 4
_idle: list[Reader] = []
_guard = threading.Lock()


def reader(archive: Archive, reference: Reference, processes: int | None = None) -> Read:
    """Reads archived submissions, in order."""

    def read(events: list[Event], life: Life) -> Iterator[tuple[Event, Tables | Costly]]:
        wanted = [(event, partial(archive.read, event.body["sha256"])) for event in events]
        return read_each(wanted, reference, life.reading_decisions, processes)

    return read


def read_each(
    wanted: list[tuple[Event, Callable[[], bytes]]],
    reference: Reference,
    resolutions: dict[str, dict] | None = None,
    processes: int | None = None,
) -> Iterator[tuple[Event, Tables | Costly]]:
    """Files as tables, in order. Each is told of by an event, which need not be in any ledger, and loaded when its turn comes."""
    setup = _setup(reference)

    def one(told: tuple[Event, Callable[[], bytes]]) -> tuple[Event, Tables | Costly]:
        event, load = told
        return event, _read(setup, load(), event, resolutions or {})

    return _in_order(one, wanted, _children(len(wanted), processes))


def mark_receipt(
    data: bytes, name: str, found: list[dict], context: ReceiptContext, reference: Reference
) -> tuple[bytes, str]:
    """The receipt and its file name; the list alone where the workbook is too costly to mark."""
    request = {"op": "receipt", "name": name, "found": found, "context": packed_context(context)}
    answer = _ask(_setup(reference), request, data)
    if isinstance(answer, Costly):
        return write_receipt(b"", name, found, context)
    head, (receipt,) = answer
    return receipt, head["name"]


def _setup(reference: Reference) -> Setup:
    digests = {part: reference.digests[part] for part in ("form", "rosters")}
    return Setup(reference.folder, reference.first_month, tuple(digests.items()), settings.limits())


def _children(files: int, processes: int | None) -> int:
    return max(1, min(processes or os.cpu_count() or 1, files // EACH))


def _in_order(one: Callable, items: list, count: int) -> Iterator:
    """`one` of each item by `count` threads, in the order of the items, and not far ahead of whoever takes them."""
    ahead: deque[Future] = deque()
    threads = ThreadPoolExecutor(count, thread_name_prefix="reading")
    try:
        for item in items:
            ahead.append(threads.submit(one, item))
            if len(ahead) > count * AHEAD:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        threads.shutdown(cancel_futures=True)


def _read(setup: Setup, data: bytes, event: Event, resolutions: dict) -> Tables | Costly:
    answer = _ask(setup, {"op": "read", "event": asdict(event), "resolutions": resolutions}, data)
    if isinstance(answer, Costly):
        return answer
    head, parts = answer
    return {name: pa.ipc.open_stream(part).read_all() for name, part in zip(head["tables"], parts, strict=True)}


def _ask(setup: Setup, request: dict, data: bytes) -> tuple[dict, list[bytes]] | Costly:
    """The answer of a child; of a new one where the first died, ran out of memory or of time."""
    with _child(setup) as child:
        answer = child.ask(request, data)
    if isinstance(answer, Costly) and answer.why in ("memory", "wall", "died"):
        with _child(setup, new=True) as child:
            answer = child.ask(request, data)
    return answer


@contextmanager
def _child(setup: Setup, new: bool = False) -> Iterator[Reader]:
    """A child for one file: an idle one, else a new one; kept afterwards if it lives."""
    child = (None if new else _take(setup)) or Reader(setup)
    try:
        yield child
    except BaseException:
        child.stop()
        raise
    _keep(child)


def _take(setup: Setup) -> Reader | None:
    with _guard:
        for child in [one for one in _idle if one.setup == setup or not one.alive]:
            _idle.remove(child)
            if child.alive:
                return child
    return None


def idle() -> list[Reader]:
    """The children that wait for the next file."""
    with _guard:
        return list(_idle)


def dismiss() -> None:
    """End the children that wait."""
    with _guard:
        gone, _idle[:] = list(_idle), []
    for child in gone:
        child.stop()


def _keep(child: Reader) -> None:
    """As many idle children as there are cores; the oldest goes."""
    with _guard:
        if child.alive:
            _idle.append(child)
        surplus = [_idle.pop(0) for _ in range(len(_idle) - (os.cpu_count() or 1))]
    for one in surplus:
        one.stop()
