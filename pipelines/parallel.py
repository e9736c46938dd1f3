"""Reading many submissions on all cores: a pure function of bytes and reference data, so order and place do not matter."""

import multiprocessing
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from pipelines import reference_set
from pipelines.archive import Archive, Event
from pipelines.lifecycle import Life
from pipelines.reference_set import Reference
from pipelines.warehouse import Reader, read_archived

# below this many files a second process costs more than it saves
WORTH_IT = 12
_worker: tuple[Archive, Reference] | None = None


def reader(archive: Archive, reference: Reference, processes: int | None = None) -> Reader:
    """A reader for `Warehouse.sync`: in order, in this process for a few files, in several for many."""

    def read(events: list[Event], life: Life) -> Iterable:
        count = processes or os.cpu_count() or 1
        if count < 2 or len(events) < WORTH_IT:
            return ((event, read_archived(archive, reference, event, life.resolutions)) for event in events)
        return _in_pool(archive, reference, events, life, count)

    return read


def _in_pool(archive: Archive, reference: Reference, events: list[Event], life: Life, count: int) -> Iterator:
    # spawned, not forked: the parent holds a database open, and its threads would not survive a fork
    context = multiprocessing.get_context("spawn")
    start = (str(archive.root), str(reference.folder))
    with ProcessPoolExecutor(count, mp_context=context, initializer=_start, initargs=start) as pool:
        readings = pool.map(_read, ((event, life.resolutions) for event in events), chunksize=4)
        yield from zip(events, readings, strict=True)


def _start(archive: str, reference: str) -> None:
    global _worker
    _worker = Archive(Path(archive)), reference_set.load(Path(reference))


def _read(task: tuple[Event, dict]):
    event, resolutions = task
    return read_archived(*_worker, event, resolutions)
