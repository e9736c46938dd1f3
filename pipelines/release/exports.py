"""Tables in the store of month tables, each made once: what was exported is noted in the warehouse with what it was made from."""

import os
from collections.abc import Callable
from datetime import date
from hashlib import sha256
from pathlib import Path

from pipelines.release import tables
from pipelines.release.tables import Object
from pipelines.warehouse import Warehouse

Queries = Callable[[], dict[str, str]]
Made = Callable[[], dict[str, Object]]


class Exports:
    """What the warehouse knows to be in a store: month, what it is → the mark of what it was made from, and the objects by name.

    It is read as one, for an edition asks for every month of the series.
    """

    def __init__(self, warehouse: Warehouse, store: Path):
        self.warehouse, self.store = warehouse, store
        warehouse.con.execute(_EXPORTED)
        self.known: dict[tuple[date, str, str], dict[str, Object]] = {}
        for month, what, mark, name, *item in warehouse.con.execute("FROM exported").fetchall():
            self.known.setdefault((month, what, mark), {})[name] = Object(*item)

    def of(self, month: date, what: str, made_from: str, queries: Queries) -> dict[str, Object]:
        """Objects by name, made only where `made_from` has changed since the last time or a file is gone from the store."""
        return self.noted(month, what, made_from, lambda: self._exported(queries()))

    def noted(self, month: date, what: str, made_from: str, make: Made) -> dict[str, Object]:
        """The same of objects that are come by in another way."""
        mark = sha256(made_from.encode()).hexdigest()
        found = self.known.get((month, what, mark))
        if found is None or not all(map(self._stands, found.values())):
            found = make()
            self._note(month, what, mark, found)
        return dict(found)

    def _stands(self, item: Object) -> bool:
        # asked of every table of every month of the series: text is cheaper than a `Path`
        return os.access(f"{self.store}/{item.sha256[:2]}/{item.sha256}.parquet", os.R_OK)

    def _exported(self, queries: dict[str, str]) -> dict[str, Object]:
        return {name: tables.export(self.warehouse, self.store, name, query) for name, query in queries.items()}

    def _note(self, month: date, what: str, mark: str, made: dict[str, Object]) -> None:
        rows = [
            [month, what, mark, name, item.sha256, item.rows, item.content, item.columns] for name, item in made.items()
        ]
        with self.warehouse.transaction():
            self.warehouse.con.execute("DELETE FROM exported WHERE month = ? AND what = ?", [month, what])
            self.warehouse.con.executemany("INSERT INTO exported VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        self.known[month, what, mark] = made


_EXPORTED = """
    CREATE TABLE IF NOT EXISTS exported (month DATE, what VARCHAR, mark VARCHAR, name VARCHAR, sha256 VARCHAR, rows BIGINT,
    content VARCHAR, "columns" VARCHAR)
"""
