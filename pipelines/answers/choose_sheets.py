"""Which sheet is 表1 and which is 表2, by what is on them; and notes on the others and on what is hidden."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

from pipelines import months
from pipelines.answers import (
    check_columns,
    county_sheet,
    header_columns,
    join_sheets,
    parse_value,
)
from pipelines.answers.county_and_month import MARKS, months_in, title_cells
from pipelines.answers.county_sheet import Form2
from pipelines.answers.findings import Report
from pipelines.answers.header_columns import Table
from pipelines.answers.join_sheets import Joined
from pipelines.reference import labels
from pipelines.reference.form import Form, Part
from pipelines.reference.prefilled_marks import LAST_SHEET, REMARKS_SHEET, REMARKS_TITLE
from pipelines.workbook import address
from pipelines.workbook.grid import Row, Sheet, Workbook

_LONG = 12  # cells of a row that is more than a list of names
OURS = ("填表说明", "问题清单")  # sheets of the template and the receipt: skipped without a note


@dataclass
class Chosen:
    """What of a workbook is read. `titled` are the sheets whose titles count, with the first row of their table."""

    table: Table | None = None
    record: Form2 | None = None
    joined: Joined | None = None
    titled: list[tuple[Sheet, int]] = field(default_factory=list)
    pieces: list[Table] = field(default_factory=list)  # the tables joined to `table`
    others: list[Sheet] = field(default_factory=list)
    # why nothing can be read, which says all that follows from it: a code of a finding that was reported
    refused: str | None = None


def choose(workbook: Workbook, form: Form, report: Report, named: frozenset[date], of_town: bool = False) -> Chosen:
    """表1 and 表2, found by content. `named` are the months that the file's name says; a workbook `of_town` has no 表2.

    Sheets of another month and forms without answers are set aside, sheets of 表1 with other units or columns are joined, and
    sheets that contradict each other are refused with the places. Every choice is reported.
    """
    return _Choice(workbook, form, report, named, of_town).made()


_Item = TypeVar("_Item", Table, Form2)


class _Choice:
    def __init__(self, workbook: Workbook, form: Form, report: Report, named: frozenset[date], of_town: bool):
        self.workbook, self.form, self.report, self.named, self.of_town = workbook, form, report, named, of_town
        self.open = [sheet for sheet in workbook.sheets if sheet.name not in (MARKS, LAST_SHEET)]
        self.aside: list[tuple[Sheet, str]] = []
        self.chosen = Chosen()

    def made(self) -> Chosen:
        tables = [table for sheet in self.open if (table := header_columns.find(sheet, self.form.community))]
        records = self._records(tables)
        month = self._month([*tables, *records])
        if tables and not any(_is_of(table, month) for table in tables):
            # no 表1 would be left: which month is meant is asked, and nothing is set aside
            month = None
        tables, records = self._of_month(tables, month), self._of_month(records, month)
        self._choose_record(records)
        self._choose_table(tables, bool(records))
        self._note_aside()
        lacks = self.chosen.record is None and self.chosen.table is not None and not self.of_town
        if lacks and not self.chosen.refused:
            self.report.add("no_county_sheet")
        used = {sheet.name for sheet, _ in (*self.chosen.titled, *self.aside)}
        self.chosen.others = [
            sheet
            for sheet in self.open
            if sheet.name not in used and sheet.rows and sheet.name not in self.workbook.collected
        ]
        return self.chosen

    # -- months -------------------------------------------------------------------------------------------------------

    def _month(self, sheets: list[Table | Form2]) -> date | None:
        """The month that the file is about, where its sheets say several."""
        said = {month for sheet in sheets for month in _months_of(sheet)}
        if len(said) < 2:
            return None
        if len(self.named & said) == 1:
            return next(iter(self.named & said))
        return None if self.named else max(said)

    def _of_month(self, sheets: list[_Item], month: date | None) -> list[_Item]:
        kept = []
        for sheet in sheets:
            if not _is_of(sheet, month):
                self.aside.append((sheet.sheet, f"写明的是{'、'.join(map(months.label, sorted(_months_of(sheet))))}"))
            else:
                kept.append(sheet)
        return kept

    # -- 表1 ----------------------------------------------------------------------------------------------------------

    def _choose_table(self, tables: list[Table], has_record: bool) -> None:
        part = self.form.community
        if len(tables) == 1:
            self._take(tables[0])
            return
        units = [table for table in tables if _has_units(table)]
        answered = [table for table in units if _has_answers(table)]
        if halves := [table for table in tables if table not in units and _is_half(table, answered)]:
            self._refuse_halves(halves)
            return
        self._set_empty_aside(tables, units, answered)
        usable = _with_codes(answered, self.aside)
        complete = [table for table in usable if not table.missing(part, required=True)]
        if usable and (complete or len(usable) > 1):
            self._join(complete, usable)
        elif units or tables:
            self._take(max(units or tables, key=lambda table: len(table.columns)))
        else:
            self._without_table(has_record)

    def _refuse_halves(self, halves: list[Table]) -> None:
        """Refuse a file in which a sheet has columns of answers without the units that they belong to."""
        names = "、".join(f"“{table.sheet.name}”" for table in halves)
        headers = [column.header for table in halves for column in table.columns.values()]
        self.report.add("columns_without_units", sheets=names, found="、".join(headers[:5]), count=len(headers))
        self.chosen.refused = "columns_without_units"

    def _set_empty_aside(self, tables: list[Table], units: list[Table], answered: list[Table]) -> None:
        for table in tables:
            if answered and table not in answered:
                self.aside.append((table.sheet, "是没有填报的空表" if table in units else "没有社区（村）的数据"))

    def _join(self, complete: list[Table], usable: list[Table]) -> None:
        first = (complete or [max(usable, key=lambda table: len(table.columns))])[0]
        if len(usable) == 1:
            self._take(first)
            return
        for table in usable:
            check_columns.apply_unit_line(table, self.form.community, self.report)
        joined = join_sheets.join([first, *(table for table in usable if table is not first)])
        self.chosen.titled += [(table.sheet, table.first) for table in usable]
        if joined.places:
            names = "、".join(f"“{table.sheet.name}”" for table in usable)
            self.report.add("sheets_contradict", found=join_sheets.contradictions(joined), sheets=names)
            self.chosen.refused = "sheets_contradict"
            return
        joined.table.blocks = joined.blocks
        self.chosen.table, self.chosen.joined, self.chosen.pieces = joined.table, joined, usable
        self.report.add("sheets_joined", found=join_sheets.described(joined), count=len(usable))

    def _take(self, table: Table) -> None:
        self.chosen.table = table
        self.chosen.titled.append((table.sheet, table.first))

    def _without_table(self, has_record: bool) -> None:
        turned = next((sheet for sheet in self.open if header_columns.is_transposed(sheet, self.form.community)), None)
        if turned is not None:
            self.report.add("transposed", sheet=turned.name)
            self.chosen.refused = "transposed"
        elif not has_record or any(_holds_codes(sheet) for sheet in self.open):
            self.report.add("no_community_sheet", expected=self.form.community.sheet)
            self.chosen.refused = "no_community_sheet"
        else:
            self.report.add("only_county_sheet")

    # -- 表2 ----------------------------------------------------------------------------------------------------------

    def _records(self, tables: list[Table]) -> list[Form2]:
        """Records on sheets of their own; where there is none, below or above 表1."""
        taken = {id(table.sheet) for table in tables}
        part = self.form.county
        records = [
            record for sheet in self.open if id(sheet) not in taken and (record := county_sheet.find(sheet, part))
        ]
        return records or [record for table in tables if (record := _beside(table, part))]

    def _choose_record(self, records: list[Form2]) -> None:
        filled = [record for record in records if county_sheet.is_filled(record)] or records[:1]
        self.aside += [(record.sheet, "是没有填报的空表") for record in records if record not in filled]
        if not filled:
            self.chosen.record = None
            return
        first, *others = filled
        self.chosen.titled += [(record.sheet, record.first) for record in filled]
        places = [place for other in others for place in county_sheet.contradictions(first, other)]
        if places:
            names = "、".join(f"“{record.sheet.name}”" for record in filled)
            self.report.add("two_county_sheets", found="；".join(places[:5]), sheets=names)
            self.chosen.refused = "two_county_sheets"
            return
        self.chosen.record = max(filled, key=county_sheet.answers)
        self.aside += [(record.sheet, "与所采用的表2没有不同") for record in filled if record is not self.chosen.record]

    def _note_aside(self) -> None:
        if self.aside:
            reasons = "；".join(dict.fromkeys(f"“{sheet.name}”{why}" for sheet, why in self.aside))
            self.report.add("sheets_set_aside", found=reasons, count=len(self.aside))


def _months_of(sheet: Table | Form2) -> frozenset[date]:
    """The months given above a table, else in the name of its sheet."""
    titles = frozenset(month for _, text in title_cells(sheet.sheet, sheet.first) for month in months_in(text))
    return titles or months_in(sheet.sheet.name)


def _is_of(sheet: Table | Form2, month: date | None) -> bool:
    """Whether a table names this month, or no month."""
    said = _months_of(sheet)
    return month is None or not said or month in said


def _positions(table: Table, names: tuple[str, ...]) -> list[int]:
    return [table.columns[name].index - 1 for name in names if name in table.columns]


def _has_units(table: Table) -> bool:
    """Whether there is anything under the header; an empty copy of the form is not a candidate."""
    positions = _positions(table, ("code", "name"))
    rows = table.sheet.rows[table.last :]
    return any(row[p] not in (None, "") for row in rows for p in positions if p < len(row))


_FEW = 3  # columns, rows or cells that may be a remark or a total


def _is_half(table: Table, answered: list[Table]) -> bool:
    """Whether a table that names no unit holds answers, row by row, to questions that no other sheet has."""
    elsewhere = {name for other in answered for name in other.columns}
    positions = [column.index - 1 for name, column in table.columns.items() if name not in elsewhere]
    if not answered or _positions(table, ("code", "name")) or len(positions) < _FEW:
        return False
    return sum(_filled(row, positions) >= _FEW for row in table.sheet.rows[table.last :]) > _FEW


def _filled(row: Row, positions: Iterable[int]) -> int:
    return sum(p < len(row) and row[p] not in (None, "") for p in positions)


def _has_answers(table: Table) -> bool:
    """Whether any unit has an answer besides its identification, which the template fills in."""
    known = set(_positions(table, ("code", "name", "town", "kind")))
    positions = [column.index - 1 for column in table.columns.values() if column.index - 1 not in known]
    for number in join_sheets.bodies(table).units:
        row = table.sheet.rows[number - 1]
        if any(p < len(row) and row[p] not in (None, "") for p in positions):
            return True
    return False


def _with_codes(tables: list[Table], aside: list[tuple[Sheet, str]]) -> list[Table]:
    """The tables of units. Beside tables with codes, a table without codes that names none of their units is a summary."""
    keys = {id(table): _keys(table) for table in tables}
    coded = {key for columns in keys.values() for key in columns if not key[1] and key[0].isdigit()}
    names = {name for table in tables if keys[id(table)] & coded for name in _names(table)}
    kept = []
    for table in tables:
        if coded and not keys[id(table)] & coded and not _names(table) & names:
            aside.append((table.sheet, "没有社区（村）的代码，像是汇总"))
        else:
            kept.append(table)
    return kept


def _keys(table: Table) -> set[join_sheets.Key]:
    rows = (table.sheet.rows[number - 1] for number in join_sheets.bodies(table).units)
    return {key for row in rows if (key := join_sheets.unit_key(table, row))}


def _names(table: Table) -> set[str]:
    positions = _positions(table, ("name",))
    return {
        labels.fold(row[p])
        for row in table.sheet.rows[table.last :]
        for p in positions
        if p < len(row) and isinstance(row[p], str)
    }


def _holds_codes(sheet: Sheet) -> bool:
    """Whether a sheet lists units, which is then half of a report that could not be understood."""
    return len({code for row in sheet.rows for code in _codes_in(row)}) >= _FEW


def _codes_in(row: Row) -> set[str]:
    codes = (parse_value.code_digits(parse_value.shown(value) or "") for value in row[:20] if value is not None)
    return {digits for digits in codes if len(digits) == 12 and digits.isdigit()}


def _answered_units(sheet: Sheet) -> int:
    """Rows of a sheet that was not read which begin with a unit's code and go on like a form: 表1 without its header."""
    return sum(
        len(row) > _LONG and _filled(row, range(len(row))) > _LONG and bool(_codes_in(row)) for row in sheet.rows
    )


def _beside(table: Table, part: Part) -> Form2 | None:
    """表2 on the sheet of 表1: looked for below it and above it, so that its labels are no rows of 表1."""
    sheet = table.sheet
    last = max(join_sheets.coded_rows(table), default=table.last)
    below = county_sheet.find(_window(sheet, last, len(sheet.rows)), part)
    record = below or (
        county_sheet.find(_window(sheet, 0, table.first - 1), part) if table.first > county_sheet.ENOUGH else None
    )
    if below:
        # what 表1 reads ends where 表2 begins
        table.sheet = _window(sheet, 0, last)
        below.first = max(below.first, last + 1)
    return record


def _window(sheet: Sheet, first: int, last: int) -> Sheet:
    """A sheet of which only the rows `first` + 1 to `last` are seen, at their addresses."""
    return replace(sheet, rows=[[] for _ in range(first)] + sheet.rows[first:last])


def county_of_codes(table: Table | None) -> str | None:
    """The county that most codes of the sheet begin with: at least four in five of five or more."""
    if table is None or "code" not in table.columns:
        return None
    position = table.columns["code"].index - 1
    cells = {
        row[position] for row in table.sheet.rows[table.last :] if position < len(row) and row[position] is not None
    }
    codes = [
        digits
        for cell in cells
        if len(digits := parse_value.code_digits(parse_value.shown(cell) or "")) >= 12 and digits[:12].isdigit()
    ]
    if not codes:
        return None
    county, count = Counter(code[:6] for code in codes).most_common(1)[0]
    return county if 5 * count >= 4 * len(codes) else None


def note_hidden(workbook: Workbook, chosen: Chosen, report: Report) -> None:
    """Notes on hidden rows, columns and sheets, which are read like others."""
    if chosen.table:
        _note_hidden(chosen.table.sheet, report)
    if chosen.record:
        _note_hidden(chosen.record.sheet, report)
    for sheet in chosen.others:
        if sheet.name in OURS or is_remarks(sheet):
            continue
        if (count := _answered_units(sheet)) >= _FEW:
            report.add("sheet_without_header", sheet=sheet.name, count=count)
            continue
        state = "" if sheet.visibility == "visible" else "（隐藏）"
        report.add("other_sheet", sheet=sheet.name, state=state)


def _note_hidden(sheet: Sheet, report: Report) -> None:
    if sheet.visibility != "visible":
        report.add("hidden_sheet", sheet=sheet.name)
    inside = [row for row in sheet.hidden_rows if row <= len(sheet.rows)]
    width = max((len(row) for row in sheet.rows), default=0)
    columns = [column for column in sheet.hidden_cols if column <= width]
    if inside:
        report.add("hidden_rows", sheet=sheet.name, found=address.row_spans(inside), count=len(inside))
    if columns:
        report.add("hidden_columns", sheet=sheet.name, found=address.letter_spans(columns), count=len(columns))


def is_remarks(sheet: Sheet) -> bool:
    """The template's sheet for a county's remarks on the roster."""
    title = sheet.value(1, 1)
    return sheet.name == REMARKS_SHEET and isinstance(title, str) and title.startswith(REMARKS_TITLE)


def note_remarks(chosen: Chosen, report: Report) -> None:
    """The county's remarks on the roster, verbatim, for the city to look at."""
    for sheet in filter(is_remarks, chosen.others):
        for number, row in enumerate(sheet.rows[3:], 4):
            said = "：".join(str(value).strip() for value in row[1:] if value not in (None, ""))
            if said:
                report.add("roster_remark", sheet=sheet.name, cell=f"B{number}", row=None, found=said)
