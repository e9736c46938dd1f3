"""The store of month tables: each is exported once; the warehouse notes the export with a mark of its inputs."""

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from hashlib import sha256
from pathlib import Path

from pipelines.edition import month_tables
from pipelines.edition.month_tables import Object
from pipelines.warehouse.projection import Warehouse

Queries = Callable[[], dict[str, str]]
Made = Callable[[], dict[str, Object]]


class Exports:
    """Exports noted in the warehouse: (month, kind) → inputs' mark, objects by name. A separate thread writes the files."""

    def __init__(self, warehouse: Warehouse, store: Path):
        self.warehouse, self.store = warehouse, store
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="exporting")
        self._waiting: deque[Future[Object]] = deque()
        warehouse.con.execute(_EXPORTED)
        self.known: dict[tuple[date, str, str], dict[str, Object]] = {}
        for month, kind, mark, name, *columns in warehouse.con.execute("FROM exported").fetchall():
            self.known.setdefault((month, kind, mark), {})[name] = Object(*columns)

    def __enter__(self) -> "Exports":
        return self

    def __exit__(self, *_: object) -> None:
        self._writing.shutdown()

    def of(self, month: date, kind: str, made_from: str, queries: Queries) -> dict[str, Object]:
        """Objects by name, exported only where `made_from` has changed or a file is missing from the store."""
        return self.begin(month, kind, made_from, queries)()

    def begin(self, month: date, kind: str, made_from: str, queries: Queries) -> Made:
        """Start an export: rows are read now; the returned function waits for the files."""
        known_objects = self._known(month, kind, made_from)
        if known_objects is not None:
            return lambda: dict(known_objects)
        begun = {name: self._begin(name, query) for name, query in queries().items()}

        def finish() -> dict[str, Object]:
            made = {name: file.result() for name, file in begun.items()}
            self._note(month, kind, _mark(made_from), made)
            return dict(made)

        return finish

    def _begin(self, name: str, query: str) -> Future[Object]:
        """Start writing a table's file. At most a city's month or one large table waits in memory."""
        table = month_tables.asked(self.warehouse, query)
        file = self._writing.submit(month_tables.stored, self.store, name, table)
        self._waiting.append(file)
        while len(self._waiting) > (_AHEAD if table.num_rows < _LARGE else 0):
            self._waiting.popleft().result()
        return file

    def noted(self, month: date, kind: str, made_from: str, make: Made) -> dict[str, Object]:
        """The same for objects that `make` returns."""
        objects = self._known(month, kind, made_from)
        if objects is None:
            objects = make()
            self._note(month, kind, _mark(made_from), objects)
        return dict(objects)

    def _known(self, month: date, kind: str, made_from: str) -> dict[str, Object] | None:
        noted = self.known.get((month, kind, _mark(made_from)))
        return noted if noted is not None and all(map(self._stands, noted.values())) else None

    def _stands(self, stored: Object) -> bool:
        # called for every table of every month: text is faster than `Path`
        return os.access(f"{self.store}/{stored.sha256[:2]}/{stored.sha256}.parquet", os.R_OK)

    def _note(self, month: date, kind: str, mark: str, made: dict[str, Object]) -> None:
        rows = [
            [month, kind, mark, name, stored.sha256, stored.rows, stored.content, stored.columns]
            for name, stored in made.items()
        ]
        with self.warehouse.transaction():
            self.warehouse.con.execute("DELETE FROM exported WHERE month = ? AND what = ?", [month, kind])
            self.warehouse.con.executemany("INSERT INTO exported VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        self.known[month, kind, mark] = made


def _mark(made_from: str) -> str:
    return sha256(made_from.encode()).hexdigest()


# most tables that wait to be written; a table of at least this many rows is written before the next is read
_AHEAD, _LARGE = 12, 100_000
_EXPORTED = """
    CREATE TABLE IF NOT EXISTS exported (month DATE, what VARCHAR, mark VARCHAR, name VARCHAR, sha256 VARCHAR, rows BIGINT,
    content VARCHAR, "columns" VARCHAR)
"""
