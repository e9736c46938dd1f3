"""Prefetch for a rebuild: while one month is computed, worker processes read the workbooks of the next.

The order of submissions is known from the ledger. A person's decisions about a county's units change how its workbooks are read, so
prefetched results are used only while the decisions are those they were read with.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import islice

from pipelines.answers import read_failure
from pipelines.answers.read_failure import Costly
from pipelines.archive.month_state import Life
from pipelines.archive.store import Archive, Event
from pipelines.reference.reference_bundle import Reference
from pipelines.warehouse.arrow_rows import Tables
from pipelines.warehouse.projection import Read
from pipelines.worker import worker_pool
from pipelines.worker.worker_pool import Request

# Most files read and not yet taken: two months of a city.
AHEAD = 40
ReadResult = tuple[Event, Tables | Costly]


@contextmanager
def reader(archive: Archive, reference: Reference, until: int) -> Iterator[Read]:
    """Reads archived submissions in order and prefetches the following ones, up to ledger number `until`."""
    decided = read_failure.decided(archive, 0)
    coming = [e for e in archive.events(until=until) if e.kind == "submission" and e.seq not in decided]
    stream: _Stream | None = None

    def read(events: list[Event], life: Life) -> Iterator[ReadResult]:
        nonlocal stream
        if not events:
            return
        if stream is None or not stream.has_next(events, life):
            if stream:
                stream.close()
            rest = [event for event in coming if event.seq >= events[0].seq]
            stream = _Stream(archive, reference, rest if _begins(rest, events) else events, life)
        yield from stream.take(len(events))

    try:
        yield read
    finally:
        if stream:
            stream.close()


def _begins(rest: Iterable[Event], events: list[Event]) -> bool:
    """Whether `rest` has the same submissions first."""
    return [event.seq for event in islice(rest, len(events))] == [event.seq for event in events]


class _Stream:
    """One run of `worker_pool.read_each`, advanced in a thread by at most `AHEAD` files."""

    def __init__(self, archive: Archive, reference: Reference, events: list[Event], life: Life):
        self.resolutions = life.reading_decisions
        self.left = deque(events)
        requests: list[Request] = [(event, partial(archive.read, event.body["sha256"])) for event in events]
        self.results = worker_pool.read_each(requests, reference, self.resolutions)
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="reading ahead")
        self.ahead: deque[Future[ReadResult]] = deque()
        self._go_on()

    def _go_on(self) -> None:
        while len(self.ahead) < min(AHEAD, len(self.left)):
            self.ahead.append(self.thread.submit(next, self.results))

    def has_next(self, events: list[Event], life: Life) -> bool:
        return self.resolutions == life.reading_decisions and _begins(self.left, events)

    def take(self, count: int) -> Iterator[ReadResult]:
        for _ in range(count):
            self.left.popleft()
            result = self.ahead.popleft().result()
            self._go_on()
            yield result

    def close(self) -> None:
        self.thread.shutdown(cancel_futures=True)
        self.results.close()
