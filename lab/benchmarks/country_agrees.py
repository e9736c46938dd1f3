"""Figures from workbooks against figures from loaded answers, of the same units and months: there must be no difference.

    python -m lab.benchmarks.country_agrees [--units N]

The workbooks go the whole way (archive, reading in child processes, warehouse); the loaded answers go straight into the tables.
"""

import argparse
import sys
import tempfile
from datetime import date
from pathlib import Path

from lab.benchmarks import bench_whole, country, country_books
from pipelines import months
from pipelines.figures import update
from pipelines.intake import collect_inbox, session
from pipelines.reference import reference_bundle
from pipelines.settings import Settings
from pipelines.warehouse.projection import Warehouse, scalar

MONTHS = 2
_TABLES = {
    "figure": "SELECT * FROM figure",
    # which submission and row an answer came from is numbered differently
    "standing": "SELECT * EXCLUDE (seq, row_no) FROM standing",
    "county_standing": "SELECT * EXCLUDE (seq) FROM county_standing",
}


def differences(units: int | None) -> dict[str, tuple[int, int]]:
    """(rows, rows in one of both only) of every table that figures are made of and stand in."""
    place = bench_whole.reference_of(units)
    last = months.add(country.FIRST, MONTHS - 1)
    store, archive = country.opened(reference_bundle.load(place))
    for month in months.span(country.FIRST, last):
        country.insert(store, archive, month)
    # what the reader holds back cannot stand in a workbook
    store.con.execute("UPDATE answer SET held = FALSE")
    update.bring_up_to_date(store, last)
    with tempfile.TemporaryDirectory() as folder:
        here = Settings(Path(folder) / "data", place)
        with session.writing(here, "核对") as opened:
            _read(opened, here, units, last)
            update.bring_up_to_date(opened, last)
            return {name: _difference(opened, store, query) for name, query in _TABLES.items()}


def _read(opened: Warehouse, here: Settings, units: int | None, last: date) -> None:
    for month in months.span(country.FIRST, last):
        sent = country_books.make(opened.reference, month, bench_whole.books(units) / months.key(month))
        bench_whole.deliver(sent, here.inbox)
        collect_inbox.collect(opened, here)


def _difference(opened: Warehouse, store: Warehouse, query: str) -> tuple[int, int]:
    rows = opened.con.sql(query).to_arrow_table()
    store.con.register("read", rows)
    both = f"(SELECT * FROM read EXCEPT ALL {query}) UNION ALL ({query} EXCEPT ALL SELECT * FROM read)"
    return len(rows), scalar(store.con, f"SELECT count(*) FROM ({both})")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=bench_whole.QUICK)
    by_table = differences(parser.parse_args(arguments).units or None)
    for name, (rows, differing) in by_table.items():
        print(f"{name}: {rows} rows, {differing} differ")
    return int(any(differing for _, differing in by_table.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
