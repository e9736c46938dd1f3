"""The whole country's workbooks: one a county and month, in the form's own layout, with the answers of `lab.benchmarks.country`.

    make(reference, month, folder) -> the month's workbooks, made if they are not there yet

Written by the project's own template writer: 表1 with every check that a clerk sees, 表2, the guide and the hidden marks. Counties are
silent and rows absent as `country.insert` says; what a reader holds back there cannot stand in a workbook, and is an ordinary row here.
"""

import os
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lab.benchmarks import country
from pipelines import months, template
from pipelines.reference import form as forms
from pipelines.reference.form import Form, Part
from pipelines.reference.reference_bundle import Reference
from pipelines.reference.roster import County
from pipelines.template import Table

WATERMARK = "示例数据"


def make(reference: Reference, month: date, folder: Path) -> list[Path]:
    """The month's workbooks in `folder`, in the order of their counties. A folder that is complete is taken as it is."""
    complete = folder / ".complete"
    if not complete.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _write_all(reference, month, folder)
        complete.touch()
    return sorted(folder.glob("*.xlsx"))


def _write_all(reference: Reference, month: date, folder: Path) -> None:
    seats = _invent(reference, month, folder)
    places = {place.code: place for place in reference.rosters.counties(month)}
    tasks = [(seq, first, count, places[county]) for seq, first, count, county in seats]
    # A fresh interpreter each: forking a process in which Arrow or DuckDB run threads can hang.
    start = (reference.folder, folder, month)
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), initializer=_start, initargs=start) as pool:
        for _ in pool.map(_write, tasks, chunksize=8):
            pass


def _invent(reference: Reference, month: date, folder: Path) -> list[tuple[int, int, int, str]]:
    """The month's answers as Parquet beside the workbooks; (submission, its first row, how many, county)."""
    store, archive = country.opened(reference)
    country.insert(store, archive, month)
    for table, order in (("answer", "seq, row_no"), ("county_answer", "seq")):
        rows = store.con.sql(f"SELECT * FROM {table} ORDER BY {order}").to_arrow_table()
        pq.write_table(rows, folder / f".{table}.parquet", compression="zstd")
    seats = store.con.execute(
        """SELECT seq, sum(count(*)) OVER (ORDER BY seq) - count(*), count(*), county
           FROM answer JOIN submission USING (seq) GROUP BY seq, county ORDER BY seq"""
    ).fetchall()
    store.con.close()
    return [(seq, int(first), count, county) for seq, first, count, county in seats]


class _Desk:
    """What one process writes workbooks from."""

    def __init__(self, reference: Path, folder: Path, month: date):
        self.form: Form = forms.load(reference)
        self.folder, self.month = folder, month
        self.answers = pq.read_table(folder / ".answer.parquet", memory_map=True)
        self.records = pq.read_table(folder / ".county_answer.parquet")

    def write(self, first: int, count: int, number: int, place: County) -> None:
        """One county's workbook, unless an earlier try has made it."""
        path = self.folder / template.file_name(place.name, self.month)
        if path.exists():
            return
        rows = _cells(self.form.community, self.answers.slice(first, count))
        record = {field: values[0] for field, values in _cells(self.form.county, self.records.slice(number, 1)).items()}
        data = template.build(self.form, place, self.month, Table(rows["kind"], rows), record, watermark=WATERMARK)
        aside = path.with_suffix(".part")
        aside.write_bytes(data)
        aside.replace(path)


def _cells(part: Part, rows: pa.Table) -> dict[str, list]:
    """What stands in the cells, by field: 是/否, 2018-08, numbers as they are."""
    return {field.id: [_cell(value) for value in rows[field.id].to_pylist()] for field in part}


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "是" if value else "否"
    return months.key(value) if isinstance(value, date) else value


_here: _Desk | None = None


def _start(reference: Path, folder: Path, month: date) -> None:
    global _here
    _here = _Desk(reference, folder, month)


def _write(task: tuple[int, int, int, County]) -> None:
    assert _here is not None
    seq, first, count, place = task
    _here.write(first, count, seq - 1, place)
