"""Workbooks for tests: a right 表1 and 表2 as data, ways to rework them as counties do, and the bytes of the result.

A `Page` says what is meant (the answers by unit code) and how it is laid out; every `rework_*` changes the layout and not the
meaning. `book(...)` writes it with XlsxWriter, which shares no code with the reader.
"""

import csv
import io
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random

import xlsxwriter

from pipelines.answers import read_workbook
from pipelines.reference import form as forms
from pipelines.reference import roster
from pipelines.reference.form import Field
from pipelines.reference.roster import Unit

REFERENCE = Path(__file__).resolve().parents[2] / "data" / "reference"
MONTH = date(2019, 6, 1)
TODAY = date(2021, 3, 15)
FIRST = date(2018, 7, 1)


@cache
def form() -> forms.Form:
    return forms.load(REFERENCE)


@cache
def rosters() -> roster.Rosters:
    return roster.load(REFERENCE)


def units_of(county: str, month: date = MONTH) -> list[Unit]:
    return [unit for unit in rosters().units(month) if unit.county_code == county]


def reading(data: bytes, name: str = "柏乡县2019年6月.xlsx", **options) -> read_workbook.Reading:
    settings = {"today": TODAY, "first_month": FIRST, **options}
    return read_workbook.read_workbook(data, name, form(), rosters(), **settings)


# -- what is meant ----------------------------------------------------------------------------------------------------


def answer(question: Field, unit: Unit, random: Random) -> object:
    """A right answer, or None: not answered, or not applicable."""
    given = {"code": unit.code, "name": unit.name, "town": unit.town, "kind": unit.kind}
    if question.id in given:
        return given[question.id]
    if not question.applies_to(unit.kind):
        return None
    if not question.required and random.random() < 0.05:
        return None
    return _typed(question, random)


def _typed(question: Field, random: Random) -> object:
    most = min(question.max or 10, 20_000)
    match question.type:
        case "flag":
            return random.random() < 0.5
        case "choice":
            return random.choice(question.choices)
        case "count":
            return random.choice([0, 1, 3, random.randint(0, most)])
        case "month":
            return date(random.randint(1990, 2019), random.randint(1, 5), 1)
        case "percent":
            return Decimal(random.randint(100, 10_000)) / 100
        case "text":
            return "柏乡县"
        case _:
            return Decimal(random.randint(0, 100 * min(most, 9_000))) / 100


def record_answers(county: str, name: str, random: Random) -> dict[str, object]:
    values = {}
    for question in form().county:
        skip = question.applies == "shared_funding" and county not in ("130502", "130503", "130571")
        values[question.id] = None if skip else _typed(question, random)
    return {**values, "county_code": county, "county": name}


# -- how it is laid out -----------------------------------------------------------------------------------------------


@dataclass
class Column:
    """A column of 表1: its question (None: one that the county added), header texts from top to bottom, values by unit."""

    question: Field | None
    header: list[str]
    values: list[object]
    formats: list[str | None]


@dataclass
class Page:
    units: list[Unit]
    meant: dict[str, dict[str, object]]
    columns: list[Column]
    title: str = "柏乡县2019年6月城乡社区基本情况表"
    above: list[list[object]] = field(default_factory=list)
    below: list[list[object]] = field(
        default_factory=lambda: [["注:本表由乡镇汇总后填报。"], ["填表人:", None, "审核人:"]]
    )
    inserted: dict[int, list[list[object]]] = field(default_factory=dict)  # rows that stand before a unit's row
    sheet: str = "Sheet1"
    group_rows: int = 0
    hint_row: bool = False
    merge_towns: bool = False
    blank_top: int = 0
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    others: list[tuple[str, list[list[object]]]] = field(default_factory=list)
    record_rows: list[list[object]] = field(default_factory=list)
    record_sheet: str = "表2"
    sheets_swapped: bool = False

    def column(self, field_id: str) -> Column:
        return next(column for column in self.columns if column.question and column.question.id == field_id)


def page(units: list[Unit], seed: int = 0) -> Page:
    random = Random(seed)
    meant = {unit.code: {f.id: answer(f, unit, random) for f in form().community} for unit in units}
    columns = []
    for question in form().community:
        values = [plain(meant[unit.code][question.id]) for unit in units]
        columns.append(Column(question, [question.label], values, [None] * len(units)))
    record = record_answers(units[0].county_code, units[0].county, random)
    made = Page(units, {"record": record, **meant}, columns, title=f"{units[0].county}2019年6月城乡社区基本情况表")
    made.record_rows = record_page(record, units[0].county)
    return made


def plain(value: object) -> object:
    """An answer as the plainest county writes it."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date):
        return f"{value:%Y-%m}"
    return float(value) if isinstance(value, Decimal) else value


def record_page(record: dict[str, object], county: str) -> list[list[object]]:
    head = [[f"{county}2019年6月工作情况表"], ["序号", "项目", "单位", "填报值", "备注"]]
    return head + [[i, f.label, f.unit, plain(record[f.id]), None] for i, f in enumerate(form().county, 1)]


def header_rows(made: Page) -> list[list[object]]:
    """The header's rows, groups first."""
    height = max(len(column.header) for column in made.columns)
    padded = [[*column.header, *[None] * (height - len(column.header))] for column in made.columns]
    return [list(row) for row in zip(*padded, strict=True)]


def grid(made: Page) -> tuple[list[list[object]], int, list[int]]:
    """All rows of 表1, the index of the first header row, and the row index of each unit."""
    rows: list[list[object]] = [[] for _ in range(made.blank_top)]
    rows += [[made.title], [f"填报单位:{made.units[0].county}民政局", None, None, "填报日期:2019年7月3日"], *made.above]
    first = len(rows)
    rows += header_rows(made)
    if made.hint_row:
        rows.append([column.question.unit if column.question else None for column in made.columns])
    positions = []
    for i in range(len(made.units)):
        rows += made.inserted.get(i, [])
        positions.append(len(rows))
        rows.append([column.values[i] for column in made.columns])
    return rows + made.inserted.get(len(made.units), []) + made.below, first, positions


def book(made: Page) -> bytes:
    """The workbook as xlsx."""
    buffer = io.BytesIO()
    workbook = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    writers = [lambda: _write_community(workbook, made), lambda: _write_record(workbook, made)]
    for write in reversed(writers) if made.sheets_swapped else writers:
        write()
    for name, rows in made.others:
        _put(workbook.add_worksheet(name), rows)
    workbook.close()
    return buffer.getvalue()


def _write_record(workbook, made: Page) -> None:
    if made.record_rows:
        _put(workbook.add_worksheet(made.record_sheet), made.record_rows)


def _write_community(workbook, made: Page) -> None:
    rows, first, positions = grid(made)
    sheet = workbook.add_worksheet(made.sheet)
    _put(sheet, rows)
    _merge_header(sheet, made, first)
    _write_formats(workbook, sheet, made, positions)
    if made.merge_towns:
        _merge_towns(sheet, made, positions)
    for row in made.hidden_rows:
        sheet.set_row(positions[row], None, None, {"hidden": True})
    for column in made.hidden_columns:
        sheet.set_column(column, column, None, None, {"hidden": True})


def _put(sheet, rows: list[list[object]]) -> None:
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            if isinstance(value, bool):
                sheet.write_boolean(r, c, value)
            elif isinstance(value, str):
                sheet.write_string(r, c, value)
            elif isinstance(value, (int, float, Decimal)):
                sheet.write_number(r, c, value)


def _write_formats(workbook, sheet, made: Page, positions: list[int]) -> None:
    styles = {}
    for c, column in enumerate(made.columns):
        for i, style in enumerate(column.formats):
            if style and column.values[i] is not None:
                chosen = styles.setdefault(style, workbook.add_format({"num_format": style}))
                sheet.write(positions[i], c, column.values[i], chosen)


def _merge_header(sheet, made: Page, first: int) -> None:
    """Groups over several columns are merged across, columns without lower texts are merged down."""
    height = max(len(column.header) for column in made.columns)
    if height == 1:
        return
    for c, column in enumerate(made.columns):
        depth = len(column.header)
        if depth < height:
            sheet.merge_range(first + depth - 1, c, first + height - 1, c, column.header[-1])
    for row in range(height - 1):
        start = 0
        for c in range(1, len(made.columns) + 1):
            prefix = made.columns[start].header[: row + 1]
            inside = (
                c < len(made.columns)
                and made.columns[c].header[: row + 1] == prefix
                and len(made.columns[c].header) > row + 1
            )
            if not inside:
                if c - start > 1 and len(made.columns[start].header) > row + 1:
                    sheet.merge_range(first + row, start, first + row, c - 1, made.columns[start].header[row])
                start = c


def _merge_towns(sheet, made: Page, positions: list[int]) -> None:
    column = next(i for i, c in enumerate(made.columns) if c.question and c.question.id == "town")
    start = 0
    for i in range(1, len(made.units) + 1):
        together = (
            i < len(made.units)
            and made.units[i].town == made.units[start].town
            and positions[i] == positions[i - 1] + 1
        )
        if not together:
            if i - start > 1:
                sheet.merge_range(positions[start], column, positions[i - 1], column, made.units[start].town)
            start = i


def csv_bytes(made: Page, encoding: str = "gb18030") -> bytes:
    rows, _, _ = grid(made)
    text = io.StringIO()
    csv.writer(text).writerows([["" if value is None else value for value in row] for row in rows])
    return text.getvalue().encode(encoding)


# -- comparing --------------------------------------------------------------------------------------------------------


def answers_of(reading: read_workbook.Reading) -> dict[str, dict[str, object]]:
    """What was read, by unit: only rows that count."""
    rows = reading.community
    return {
        unit: {name: values[i] for name, values in rows.values.items() if name not in ("code", "name", "town")}
        for i, unit in enumerate(rows.unit)
        if unit and not rows.held[i]
    }


def meant_by(made: Page) -> dict[str, dict[str, object]]:
    present = {column.question.id for column in made.columns if column.question} - {"code", "name", "town"}
    return {unit.code: {name: made.meant[unit.code][name] for name in present} for unit in made.units}


def codes(outcome: read_workbook.Reading, severity: str | None = None) -> set[str]:
    return {finding.code for finding in outcome.findings if severity in (None, finding.severity)}


def at(outcome: read_workbook.Reading, code: str) -> list[str | None]:
    """The cells at which a finding stands."""
    return [finding.cell for finding in outcome.findings if finding.code == code]
