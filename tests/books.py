"""Small real workbooks of the template's layout, filled by a test, and an installation that takes them through the one door."""

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from pathlib import Path
from unittest import mock

import openpyxl

from pipelines import months
from pipelines.edition import Edition, Release, open_folder, open_release
from pipelines.intake import submit_files
from pipelines.intake.outcome import Report
from pipelines.monthly import monthly_run, papers
from pipelines.reference import reference_bundle
from pipelines.reference.reference_bundle import Reference
from pipelines.reference.roster import Unit
from pipelines.settings import Settings
from pipelines.template import Table, build

Answers = Callable[[Unit], dict | None]
GIVEN = ("code", "name", "town", "kind")


def plain(unit: Unit) -> dict:
    """What every unit says in these tests: a facility of 300 ㎡, nothing else."""
    return {"households": 200, "facility": "是", "facility_area": 300}


def but(village: str, **changed) -> Answers:
    """Everybody as always, the unit of a name with other answers."""
    return lambda unit: {**plain(unit), **(changed if unit.name == village else {})}


def without(*names: str) -> Answers:
    """Everybody as always, the units of these names left out."""
    return lambda unit: None if unit.name in names else plain(unit)


def without_papers() -> AbstractContextManager:
    """In the block no papers are issued."""
    return mock.patch.object(papers, "issue", lambda *_: [])


class Office:
    """The city's office: an installation in `data`, its reference data, and the workbooks that the counties send."""

    def __init__(self, data: Path, reference: Path):
        self.settings = Settings(data, reference)
        self._loaded = reference_bundle.load(reference)
        self.sent = data.parent / f"{data.name}-sent"

    @property
    def reference(self) -> Reference:
        if self._loaded.folder != self.settings.reference:
            self._loaded = reference_bundle.load(self.settings.reference)
        return self._loaded

    def units(self, month: date, county: str) -> list[Unit]:
        return [unit for unit in self.reference.rosters.units(month) if unit.county_code == county]

    def workbook(self, month: date, county: str, answers: Answers = plain, record: dict | None = None) -> Path:
        """A county's file: `answers(unit)` fills a row, None leaves it out; without a `record` there is no 表2."""
        reference = self.reference
        place = next(c for c in reference.rosters.counties(month) if c.code == county)
        rows = [(unit, answer) for unit in self.units(month, county) if (answer := answers(unit)) is not None]
        columns = {f.id: [answer.get(f.id) for _, answer in rows] for f in reference.form.community}
        # a row may be sent under another name or code than the roster's
        columns |= {name: [answer.get(name, getattr(unit, name)) for unit, answer in rows] for name in GIVEN}
        table = Table([unit.kind for unit, _ in rows], columns)
        data = build(reference.form, place, month, table, record or {}, with_county=record is not None)
        self.sent.mkdir(parents=True, exist_ok=True)
        path = self.sent / f"{place.name}{months.key(month)}第{len(list(self.sent.iterdir())) + 1}次.xlsx"
        path.write_bytes(data)
        return path

    def submit(self, *paths: Path) -> list[Report]:
        return submit_files.submit(paths, self.settings, by="测试")

    def send(self, month: date, county: str, answers: Answers = plain, record: dict | None = None) -> Report:
        return self.submit(self.workbook(month, county, answers, record))[0]

    def run(self, month: date | None = None, with_papers: bool = False) -> Edition:
        """The monthly run; its papers, a quarter of its CPU, only for a test that looks at them."""
        with nullcontext() if with_papers else without_papers():
            return monthly_run.run(self.settings, month, by="测试")

    def release(self, month: date | None = None) -> Release:
        return open_folder(self.run(month).folder)

    def copy(self, data: Path) -> "Office":
        """The same installation in another folder, which goes its own way from here."""
        other = Office(Path(shutil.copytree(self.settings.data, data)), self.settings.reference)
        # the number of files that were sent is in the name of the next
        if self.sent.exists():
            shutil.copytree(self.sent, other.sent)
        return other

    @property
    def current(self) -> str:
        return open_release(settings=self.settings).label

    def edit(self, name: str) -> Path:
        """A file of the reference data, to be edited in a copy of its own from now on."""
        aside = self.settings.data.parent / f"{self.settings.data.name}-reference"
        if self.settings.reference != aside:
            shutil.copytree(self.settings.reference, aside)
            self.settings = Settings(self.settings.data, aside)
        return aside / name


def figure(release: Release, indicator: str, unit: str, month: date | None = None) -> dict:
    """One figure: numerator, denominator, unknown and carried as whole numbers, and its status."""
    rows = release.rows(
        "SELECT numerator::INT AS yes, denominator::INT AS units, unknown, carried, status FROM figure "
        "WHERE indicator = ? AND unit = ? AND month = ? AND divisions = 'then'",
        [indicator, unit, month or release.month],
    )
    return rows[0]


# ---- a receipt and its list


def listed(path: Path) -> list[dict]:
    """The lines of a receipt's list by their headings, each with its row."""
    rows = list(openpyxl.load_workbook(path)["问题清单"].iter_rows(values_only=True))
    start = next(i for i, row in enumerate(rows) if row[0] == "序号")
    lines = [
        dict(zip(rows[start], row, strict=True)) | {"row": i} for i, row in enumerate(rows[start + 1 :], start + 2)
    ]
    return [line for line in lines if isinstance(line["序号"], int)]


def write(path: Path, finding: str, text: str) -> Path:
    """The receipt with a text beside a finding, as a county saves it."""
    book = openpyxl.load_workbook(path)
    sheet = book["问题清单"]
    column = next(cell.column for row in sheet.iter_rows() for cell in row if cell.value == "情况说明")
    line = next(line for line in listed(path) if line["编号"] == finding)
    sheet.cell(line["row"], column).value = text
    there = path.with_name(f"答复{len(list(path.parent.iterdir()))}.xlsx")
    book.save(there)
    return there
