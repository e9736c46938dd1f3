"""A second connection with a frozen view of the warehouse, for a background thread."""

from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.archive.month_state import Life
from pipelines.warehouse.projection import Warehouse


class Beside(Warehouse):
    """An open projection for another thread, with a connection of its own: frozen until the first `unmoved` block has ended."""

    def __init__(self, opened: Warehouse):
        super().__init__(opened.con.cursor(), opened.reference, opened.archive)
        self._life = opened.life()
        self.con.execute("BEGIN")
        # a transaction sees the state at its first query
        self.applied()

    def life(self) -> Life:
        return self._life

    @contextmanager
    def unmoved(self) -> Iterator[None]:
        yield
        self.con.execute("COMMIT")
