"""A city whose reports a test gives as answers by unit, without workbooks: rows go straight into the warehouse.

`City` holds the warehouse and its archive; `submit` is one county's submission of one month, `publish` an edition.
"""

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from pipelines.answers.community_sheet import Column, CommunityRows
from pipelines.answers.county_sheet import CountyRecord
from pipelines.answers.read_workbook import Reading
from pipelines.archive.store import Archive
from pipelines.edition import Edition, Release, open_folder, publish
from pipelines.months import SHANGHAI
from pipelines.reference import reference_bundle
from pipelines.reference.roster import Unit
from pipelines.settings import Settings
from pipelines.warehouse import arrow_rows, projection

NOW = datetime(2021, 1, 5, 9, tzinfo=SHANGHAI)
Answers = Callable[[Unit], dict | None]


class City:
    """An installation in `data` over the reference data in `reference`; no file is read."""

    def __init__(self, data: Path, reference: Path):
        self.settings = Settings(data, reference)
        self.reference = reference_bundle.load(reference)
        self.archive = Archive(self.settings.archive)
        self.stack = ExitStack()
        opened = projection.open_warehouse(self.settings.warehouse, self.reference, self.archive, data)
        self.store = self.stack.enter_context(opened)
        self.readings: dict[int, Reading] = {}

    def units(self, month: date, county: str) -> list[Unit]:
        return [unit for unit in self.reference.rosters.units(month) if unit.county_code == county]

    def submit(self, month: date, county: str, answers: Answers, record: dict | None = None) -> int:
        """One submission: `answers(unit)` is what its row says, None leaves it out. Returns its ledger number."""
        given = [(unit, answers(unit)) for unit in self.units(month, county)]
        reading = _reading(self.reference.form, month, county, [(u, a) for u, a in given if a is not None], record)
        digest = f"{self.archive.last_seq() + 1:064}"
        event = self.archive.append("submission", {"sha256": digest, "file": f"{county}.xlsx"})
        self.readings[event.seq] = reading
        return event.seq

    def decide(self, kind: str, **body: str) -> None:
        self.archive.append(kind, body, by="市局李某")

    def sync(self) -> None:
        form = self.reference.form
        self.store.sync(lambda events, _: ((e, arrow_rows.tables(form, e, self.readings[e.seq])) for e in events))

    def publish(self, month: date) -> Edition:
        self.sync()
        return publish(self.store, self.settings, month, now=NOW)

    def release(self, month: date) -> Release:
        return open_folder(self.publish(month).folder)

    def with_reference(self, reference: Path) -> "City":
        """The same reports over other reference data: another program run after somebody edited a file."""
        return self.copy(self.settings.data.parent / f"{self.settings.data.name}-restated", reference)

    def copy(self, data: Path, reference: Path | None = None) -> "City":
        """An installation that goes its own way from here."""
        self.store.con.execute("CHECKPOINT")
        shutil.copytree(self.settings.data, data)
        other = City(data, reference or self.settings.reference)
        other.readings = dict(self.readings)
        return other


def _reading(form, month: date, county: str, given: list[tuple[Unit, dict]], record: dict | None) -> Reading:
    part, count = form.community, len(given)
    values = {field.id: [answers.get(field.id) for _, answers in given] for field in part}
    values |= {name: [getattr(unit, name) for unit, _ in given] for name in ("code", "name", "town", "kind")}
    columns = {field.id: Column(n, "A", field.label, Decimal(1)) for n, field in enumerate(part)}
    raw = {field.id: [None] * count for field in part}
    rows = CommunityRows("表1", columns, list(range(5, 5 + count)), values["code"], [False] * count, values, raw)
    county_record = CountyRecord("表2", {}, record, {}, False) if record is not None else None
    return Reading("表.xlsx", "0" * 64, county, month, None, False, rows, county_record, [])
