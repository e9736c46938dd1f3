"""Workbooks read before they are asked for: while one month is computed, the children read the next.

For a replay, where it is known which submissions come. What a person said of a county's units changes how it is read, so what was
read ahead counts only while the decisions are those it was read with.
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

# Files read and not yet asked for: two months of a city.
AHEAD = 40
Found = tuple[Event, Tables | Costly]


@contextmanager
def reader(archive: Archive, reference: Reference, until: int) -> Iterator[Read]:
    """Reads archived submissions in order, and goes on to those that come next, up to ledger number `until`."""
    decided = read_failure.decided(archive, 0)
    coming = [e for e in archive.events(until=until) if e.kind == "submission" and e.seq not in decided]
    stream: _Stream | None = None

    def read(events: list[Event], life: Life) -> Iterator[Found]:
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
    """One run of `parallel.read_each`, advanced by a thread of its own a bounded number of files before they are taken."""

    def __init__(self, archive: Archive, reference: Reference, events: list[Event], life: Life):
        self.resolutions = life.reading_decisions
        self.left = deque(events)
        wanted = [(event, partial(archive.read, event.body["sha256"])) for event in events]
        self.found = worker_pool.read_each(wanted, reference, self.resolutions)
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="reading ahead")
        self.ahead: deque[Future[Found]] = deque()
        self._go_on()

    def _go_on(self) -> None:
        while len(self.ahead) < min(AHEAD, len(self.left)):
            self.ahead.append(self.thread.submit(next, self.found))

    def has_next(self, events: list[Event], life: Life) -> bool:
        return self.resolutions == life.reading_decisions and _begins(self.left, events)

    def take(self, count: int) -> Iterator[Found]:
        for _ in range(count):
            self.left.popleft()
            read = self.ahead.popleft().result()
            self._go_on()
            yield read

    def close(self) -> None:
        self.thread.shutdown(cancel_futures=True)
        self.found.close()
