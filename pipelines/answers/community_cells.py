"""The cells of 表1: columns to typed values, and what is wrong at which cell.

Works on columns: each distinct raw value of a column is parsed once, a column is then a dictionary look-up a cell.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import NoneType
from typing import TYPE_CHECKING

from pipelines.answers import parse_value, personal_data
from pipelines.answers.findings import Report
from pipelines.answers.header_columns import Column, Table
from pipelines.answers.match_unit import CountyIndex
from pipelines.answers.parse_value import Asked, Bad
from pipelines.reference.form import KINDS, Field, Part
from pipelines.workbook import address

if TYPE_CHECKING:
    from pipelines.answers.confirmed_rows import LastMonth

ONE_BY_ONE = 20  # answers that do not apply, beyond which a column gets one finding
UNREADABLE = ("error_value", "formula_without_value", "merged_answer")


@dataclass
class CommunityRows:
    """表1 of one file. Grain of the lists: one entry per unit row, in the sender's order.

    `untouched` rows of a prefilled workbook are left out: they count as the month's that they came from.
    """

    sheet: str
    columns: dict[str, Column]
    row: list[int] = field(default_factory=list)
    unit: list[str | None] = field(default_factory=list)
    held: list[bool] = field(default_factory=list)
    values: dict[str, list] = field(default_factory=dict)
    raw: dict[str, list[str | None]] = field(default_factory=dict)
    untouched: int = 0

    def drop(self, positions: set[int]) -> None:
        """Takes rows out, as if they had not been sent."""
        keep = [i for i in range(len(self.row)) if i not in positions]
        for values in (self.row, self.unit, self.held, *self.values.values(), *self.raw.values()):
            values[:] = [values[i] for i in keep]


@dataclass
class Context:
    """What reading a sheet needs besides the sheet. `index` is None where county or month is not known.

    `last` is what a prefilled workbook came with, `town` the code of the one town that it is for.
    """

    part: Part
    report: Report
    index: CountyIndex | None
    month: date | None
    date1904: bool
    resolutions: Mapping[str, str]
    last: "LastMonth | None" = None
    town: str | None = None


class Cells:
    """Fills `rows.values` and `rows.raw` from the sheet; `bad` says what could not be read: field, position, why."""

    def __init__(self, table: Table, rows: CommunityRows, context: Context):
        self.table, self.rows, self.context = table, rows, context
        self.sheet, self.report = table.sheet, context.report
        self.columns = self._transposed()
        self.bad: dict[str, dict[int, Bad]] = {}

    def read(self) -> None:
        """All columns of the form that the table has."""
        for question in self.context.part:
            if question.id in self.table.columns:
                self._column(question)
        self._unreadable_cells()
        self._merged_cells()

    def ignore_inapplicable(self, kinds: list[str | None]) -> None:
        """Answers to questions that are not for this kind of community: reported, and ignored."""
        outside = {
            applies: [i for i, kind in enumerate(kinds) if kind is not None and kind not in allowed]
            for applies, allowed in KINDS.items()
        }
        for question in self.context.part:
            positions = outside.get(question.applies, ())
            if question.id in self.table.columns and any(map(self.rows.raw[question.id].__getitem__, positions)):
                self._ignore(question, positions)

    def report_bad(self) -> None:
        """Every cell that could not be read, and months that lie after the report's."""
        self._report_bad()
        self._later_than_report()

    def add(self, code: str, **address_and_words: object) -> None:
        """A finding on this sheet."""
        self.report.add(code, sheet=self.sheet.name, **address_and_words)

    def _transposed(self) -> list[tuple]:
        """Columns of the unit rows, as wide as the mapped columns go."""
        width = max((column.index for column in self.table.columns.values()), default=0)
        source = self.sheet.rows
        rows = [source[number - 1] for number in self.rows.row]
        if any(len(row) < width for row in rows):
            rows = [row if len(row) >= width else [*row, *[None] * (width - len(row))] for row in rows]
        return list(zip(*rows, strict=False)) or [()] * width

    def _column(self, question: Field) -> None:
        """Values, raw texts and what could not be read of one column."""
        place = self.table.columns[question.id]
        raw = self.columns[place.index - 1]
        if question.id == "town":
            raw = self._filled_down(place, raw)
        if not self._met_before(question, place, raw):
            self._parsed(question, place, raw)

    def _met_before(self, question: Field, place: Column, raw: tuple) -> bool:
        """Takes a column all of whose values can be read, which nearly all columns are, from what is remembered."""
        if self.sheet.mixed or question.type in ("code", "text") or place.index in self.sheet.percent:
            return False
        try:
            known = parse_value.remembered(
                self.context.part, question, place.factor, place.stated, self.context.date1904
            )
            values = list(map(known.__getitem__, raw))
        except parse_value.Unread:
            return False
        texts = self.sheet.numeric is not None and place.index not in self.sheet.numeric
        shown = list(raw) if texts else list(map(parse_value.SHOWN.__getitem__, raw))
        self.rows.values[question.id], self.rows.raw[question.id] = values, shown
        return True

    def _parsed(self, question: Field, place: Column, raw: tuple) -> None:
        asked, distinct = Asked(place.factor, place.stated, self.context.date1904), set(raw)
        if question.type != "text" and (1 in distinct or 0 in distinct):
            # True equals 1 in Python, and a column would take the one for the other
            raw, distinct = _booleans_apart(raw, distinct)
        parsed = parse_value.parse_all(distinct, question, asked)
        wrong = {value for value, result in parsed.items() if type(result) is Bad}
        if wrong:
            self.bad[question.id] = {i: parsed[value] for i, value in enumerate(raw) if value in wrong}
            for value in wrong:
                parsed[value] = None
        if question.type == "percent" and (wrong or place.index in self.sheet.percent):
            self._percents(question, place, raw, parsed)
            return
        if question.type == "text" and personal_data.any_in(distinct):
            self._report_personal(question, place, raw)
            raw = tuple(map(_masked, raw))
            distinct, parsed = set(raw), {_masked(value): _masked(result) for value, result in parsed.items()}
        self.rows.values[question.id] = list(map(parsed.__getitem__, raw))
        self.rows.raw[question.id] = _texts(raw, distinct)
        if wrong and personal_data.any_in(wrong):
            masked = personal_data.masked_code if question.type == "code" else personal_data.masked
            self.rows.raw[question.id] = [text and masked(text) for text in self.rows.raw[question.id]]

    def _percents(self, question: Field, place: Column, raw: tuple, parsed: dict) -> None:
        """A percent column: cells with a percent format hold fractions, 0.925 for 92.5%."""
        formatted = self.sheet.percent.get(place.index, ())
        bad = self.bad.get(question.id, {})
        values, texts = [], []
        for i, (row, value) in enumerate(zip(self.rows.row, raw, strict=True)):
            if row in formatted and isinstance(value, (int, float)):
                result = parse_value.formatted_percent(value, question)
                bad.pop(i, None)
                if type(result) is Bad:
                    bad[i], result = result, None
                values.append(result)
                texts.append(f"{parse_value.plain(value * 100)}%")
            else:
                values.append(parsed[value])
                texts.append(parse_value.shown(value))
        if bad:
            self.bad[question.id] = bad
        self.rows.values[question.id], self.rows.raw[question.id] = values, texts
        self._percent_question(question, place)

    def _percent_question(self, question: Field, place: Column) -> None:
        """A whole column of bare fractions is one question and not a hundred errors."""
        bad = self.bad.get(question.id, {})
        unclear = [i for i, why in bad.items() if isinstance(why, Bad) and why.code == "percent_unclear"]
        others = [value for value in self.rows.values[question.id] if value is not None and value > 1]
        if len(unclear) < 3 or others:
            return
        values = self.rows.values[question.id]
        for i in range(len(values)):
            if values[i] is not None and values[i] != 0:
                values[i] = None
                unclear.append(i)
        for i in unclear:
            bad.pop(i, None)
        cells = address.column_cells(place.index, [self.rows.row[i] for i in sorted(unclear)])
        self.add(
            "percent_column_unclear",
            cell=cells,
            field=question.id,
            found=self.rows.raw[question.id][unclear[0]],
            label=question.label,
        )

    def _filled_down(self, place: Column, raw: tuple) -> tuple:
        """A town that is merged over its rows holds for all of them; a blank below a town does not."""
        filled = dict(zip(self.rows.row, raw, strict=True))
        for merge in self.sheet.merges:
            if merge.first_col <= place.index <= merge.last_col and merge.last_row > merge.first_row > self.table.last:
                text = self.sheet.value(merge.first_row, merge.first_col)
                filled.update({row: text for row in range(merge.first_row, merge.last_row + 1) if row in filled})
        return tuple(filled.values())

    def _report_personal(self, question: Field, place: Column, raw: tuple) -> None:
        """Says where telephone or identity numbers stand in a name; they are struck out before anything is kept."""
        rows = [row for row, value in zip(self.rows.row, raw, strict=True) if personal_data.holds(value)]
        cells = address.column_cells(place.index, rows)
        self.add("personal_data", cell=cells, field=question.id, found=place.header)

    def _unreadable_cells(self) -> None:
        """Error values and formulas without a stored value came as blanks: they are neither blank nor 0."""
        if not self.sheet.errors and not self.sheet.unevaluated:
            return
        position = {row: i for i, row in enumerate(self.rows.row)}
        fields = {column.index: questionid for questionid, column in self.table.columns.items()}
        cells = {**dict.fromkeys(self.sheet.unevaluated, ""), **self.sheet.errors}
        for (row, column), text in cells.items():
            if row in position and column in fields:
                why = Bad("error_value", "") if text else Bad("formula_without_value", "")
                self.bad.setdefault(fields[column], {})[position[row]] = why
                self.rows.values[fields[column]][position[row]] = None
                self.rows.raw[fields[column]][position[row]] = text or None

    def _merged_cells(self) -> None:
        """Merged answers: nobody can tell whose they are. Only a town may be merged down."""
        position = {row: i for i, row in enumerate(self.rows.row)}
        fields = {column.index: questionid for questionid, column in self.table.columns.items()}
        for merge in self.sheet.merges:
            if merge.first_row <= self.table.last:
                continue
            rows = [
                row
                for row in range(merge.first_row, min(merge.last_row, self.rows.row[-1] if self.rows.row else 0) + 1)
                if row in position
            ]
            columns = [c for c in range(merge.first_col, min(merge.last_col, len(self.columns)) + 1) if c in fields]
            for column in columns:
                if fields[column] == "town" and merge.first_col == merge.last_col:
                    continue
                for row in rows:
                    self.bad.setdefault(fields[column], {})[position[row]] = Bad("merged_answer", "")
                    self.rows.values[fields[column]][position[row]] = None

    def _report_bad(self) -> None:
        for question in self.context.part:
            bad = self.bad.get(question.id)
            # what becomes of a row whose code is damaged depends on its name: see community_sheet
            if not bad or (question.type == "code" and self.context.index):
                continue
            place = self.table.columns[question.id]
            for i in sorted(bad):
                why = bad[i]
                if self.report.full(why.code, self.sheet.name, question.id):
                    self.report.count(why.code, self.sheet.name, question.id)
                    continue
                row = self.rows.row[i]
                self.add(
                    why.code,
                    cell=address.cell(row, place.index),
                    row=row,
                    field=question.id,
                    unit=self.rows.unit[i],
                    found=self.rows.raw[question.id][i],
                    expected=why.expected or None,
                    label=question.label,
                    unit_name=question.unit or "",
                )

    def _later_than_report(self) -> None:
        """Months after the report's own: taken, and asked about."""
        month = self.context.month
        for question in self.context.part:
            if question.type != "month" or question.id not in self.table.columns or month is None:
                continue
            column = self.table.columns[question.id].index
            for i, value in enumerate(self.rows.values[question.id]):
                if value is not None and value > month:
                    row, found = self.rows.row[i], self.rows.raw[question.id][i]
                    where = {
                        "cell": address.cell(row, column),
                        "row": row,
                        "field": question.id,
                        "unit": self.rows.unit[i],
                    }
                    self.add("month_after_report", found=found, label=question.label, **where)

    def _ignore(self, question: Field, positions: list[int]) -> None:
        raw, values, bad = self.rows.raw[question.id], self.rows.values[question.id], self.bad.get(question.id, {})
        filled = []
        for i in positions:
            why = bad.get(i)
            if why and why.code in UNREADABLE:
                continue
            bad.pop(i, None)
            values[i] = None
            if parse_value.is_given(raw[i] or ""):
                filled.append(i)
        self._report_ignored(question, filled)

    def _report_ignored(self, question: Field, filled: list[int]) -> None:
        place, raw = self.table.columns[question.id], self.rows.raw[question.id]
        words = {"label": question.label, "kinds": "、".join(KINDS[question.applies])}
        if len(filled) > ONE_BY_ONE:
            rows = [self.rows.row[i] for i in filled]
            found = "、".join(sorted({raw[i] or "" for i in filled})[:5])
            self.add(
                "not_applicable_column",
                cell=address.column_cells(place.index, rows),
                field=question.id,
                found=found,
                count=len(rows),
                **words,
            )
            return
        for i in filled:
            row = self.rows.row[i]
            self.add(
                "not_applicable",
                cell=address.cell(row, place.index),
                row=row,
                field=question.id,
                unit=self.rows.unit[i],
                found=raw[i],
                **words,
            )


def _texts(raw: tuple, distinct: set) -> list[str | None]:
    """What stood in the cells, as the sender sees it. Text is its own text."""
    if set(map(type, distinct)) <= {str, NoneType} and "" not in distinct:
        return list(raw)
    texts = {value: parse_value.shown(value) for value in distinct}
    return list(map(texts.__getitem__, raw))


def _masked(text: object) -> object:
    """A name without the telephone and identity numbers that somebody wrote behind it: they are not stored."""
    if isinstance(text, float) and personal_data.holds(text):
        text = str(int(text))
    return personal_data.masked(text) if isinstance(text, str) else text


def _booleans_apart(raw: tuple, distinct: set) -> tuple[tuple, set]:
    if bool not in set(map(type, raw)):
        return raw, distinct
    texts = {True: "TRUE", False: "FALSE"}
    apart = tuple(texts[value] if type(value) is bool else value for value in raw)
    return apart, set(apart)
