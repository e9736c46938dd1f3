"""The cells of 表1: columns to typed values, and what is wrong at which cell. Each distinct raw value of a column is parsed once."""

import re
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import TypeGuard, cast

from pipelines.answers import parse_value, personal_data, raw_column
from pipelines.answers.column_habits import Habits
from pipelines.answers.community_rows import CommunityRows, Context
from pipelines.answers.findings import Where
from pipelines.answers.header_columns import Column, Table
from pipelines.answers.parse_value import Asked, Bad
from pipelines.reference.form import KINDS, Field
from pipelines.workbook import address

ONE_BY_ONE = 20  # answers that do not apply, beyond which a column gets one finding
_TENTH = re.compile(r"^\s*\d{4}\.10\s*$")
UNREADABLE = ("error_value", "formula_without_value", "merged_answer")


class Cells:
    """Fills `rows.values` and `rows.raw` from the sheet; `bad` holds cells that could not be read: field, position, reason."""

    def __init__(self, table: Table, rows: CommunityRows, context: Context):
        self.table, self.rows, self.context = table, rows, context
        self.sheet = table.sheet
        self.add = partial(context.report.add, sheet=self.sheet.name)
        self.columns = self._transposed()
        self.bad: dict[str, dict[int, Bad]] = {}
        self.kinds_of_rows: list[str | None] = [None] * len(rows.row)

    def read(self) -> None:
        """All columns of the form that the table has."""
        for question in self.context.part:
            if question.id in self.table.columns:
                self._column(question)
        self._unreadable_cells()
        self._merged_cells()

    def ignore_inapplicable(self, kinds: list[str | None]) -> None:
        """Report and ignore answers to questions that do not apply to the kind of community."""
        self.kinds_of_rows = kinds
        outside = {
            applies: [i for i, kind in enumerate(kinds) if kind is not None and kind not in allowed]
            for applies, allowed in KINDS.items()
        }
        for question in self.context.part:
            positions = outside.get(question.applies, [])
            if question.id in self.table.columns and any(map(self.rows.raw[question.id].__getitem__, positions)):
                self._ignore(question, positions)

    def report_bad(self) -> None:
        """Report cells that could not be read, questions about whole columns, and months after the report's."""
        habits = Habits(self)
        habits.settle()
        asked_once = habits.ask()
        self._report_bad(asked_once)
        habits.ask_ticks()
        self._later_than_report()
        self._note_unreadable()

    def _transposed(self) -> list[tuple[object, ...]]:
        """Columns of the unit rows, as wide as the mapped columns go."""
        width = max((column.index for column in self.table.columns.values()), default=0)
        source = self.sheet.rows
        rows = [source[number - 1] for number in self.rows.row]
        if any(len(row) < width for row in rows):
            rows = [row if len(row) >= width else [*row, *[None] * (width - len(row))] for row in rows]
        return list(zip(*rows, strict=False)) or [()] * width

    def _column(self, question: Field) -> None:
        place = self.table.columns[question.id]
        raw = self.columns[place.index - 1]
        if question.id == "town":
            raw = self._filled_down(place, raw)
        if not self._met_before(question, place, raw):
            self._parsed(question, place, raw)

    def _asked(self, place: Column) -> tuple[Decimal, str | None, bool, bool]:
        """The values of `Asked`."""
        return place.factor, place.stated, self.context.date1904, self.context.untyped

    def _met_before(self, question: Field, place: Column, raw: tuple[object, ...]) -> bool:
        """Take a column from the cache where all of its values can be read, as in nearly all columns."""
        if self.sheet.mixed or question.type in ("code", "text") or place.index in self.sheet.percent:
            return False
        try:
            known = parse_value.remembered(self.context.part, question, *self._asked(place))
            values = list(map(known.__getitem__, raw))
        except parse_value.Unread:
            return False
        texts = self.sheet.numeric is not None and place.index not in self.sheet.numeric
        shown = list(cast("tuple[str | None, ...]", raw) if texts else map(parse_value.SHOWN.__getitem__, raw))
        self.rows.values[question.id], self.rows.raw[question.id] = values, shown
        return True

    def _parsed(self, question: Field, place: Column, raw: tuple[object, ...]) -> None:
        asked, distinct = Asked(*self._asked(place)), set(raw)
        if question.type == "month" and any(map(_TENTH.search, filter(_is_text, distinct))):
            asked = replace(asked, untyped=False)  # a sender who writes 2018.10 means January with 2018.1
        if question.type != "text" and (1 in distinct or 0 in distinct):
            # True equals 1 in Python, and a column would take the one for the other
            raw, distinct = raw_column.booleans_apart(raw, distinct)
        parsed = parse_value.parse_all(distinct, question, asked)
        wrong = {value: result for value, result in parsed.items() if type(result) is Bad}
        if wrong:
            self.bad[question.id] = {i: wrong[value] for i, value in enumerate(raw) if value in wrong}
            for value in wrong:
                parsed[value] = None
        if question.type == "percent" and (wrong or place.index in self.sheet.percent):
            self._percents(question, place, raw, parsed)
            return
        if question.type == "text" and personal_data.any_in(distinct):
            self._report_personal(question, place, raw)
            raw = tuple(map(raw_column.masked, raw))
            distinct, parsed = (
                set(raw),
                {raw_column.masked(value): raw_column.masked(result) for value, result in parsed.items()},
            )
        self.rows.values[question.id] = list(map(parsed.__getitem__, raw))
        self.rows.raw[question.id] = raw_column.texts(raw, distinct)
        if wrong and personal_data.any_in(set(wrong)):
            masked = personal_data.masked_code if question.type == "code" else personal_data.masked
            self.rows.raw[question.id] = [text and masked(text) for text in self.rows.raw[question.id]]

    def _percents(self, question: Field, place: Column, raw: tuple[object, ...], parsed: dict[object, object]) -> None:
        """A percent column: cells with a percent format hold fractions, 0.925 for 92.5%."""
        formatted = self.sheet.percent.get(place.index, ())
        bad = self.bad.get(question.id, {})
        values: list[object] = []
        texts: list[str | None] = []
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

    def _filled_down(self, place: Column, raw: tuple[object, ...]) -> tuple[object, ...]:
        """A town that is merged over its rows holds for all of them; a blank below a town does not."""
        filled = dict(zip(self.rows.row, raw, strict=True))
        for merge in self.sheet.merges:
            if merge.first_col <= place.index <= merge.last_col and merge.last_row > merge.first_row > self.table.last:
                text = self.sheet.value(merge.first_row, merge.first_col)
                filled.update({row: text for row in range(merge.first_row, merge.last_row + 1) if row in filled})
        return tuple(filled.values())

    def _report_personal(self, question: Field, place: Column, raw: tuple[object, ...]) -> None:
        """Report names with telephone or identity numbers, which are masked before anything is stored."""
        rows = [row for row, value in zip(self.rows.row, raw, strict=True) if personal_data.holds(value)]
        cells = address.column_cells(place.index, rows)
        self.add("personal_answer", cell=cells, field=question.id, label=question.label, count=len(rows))

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
        """Merged answers cannot be attributed to a unit; only a town may be merged down."""
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

    def _report_bad(self, asked_once: set[tuple[str, int]]) -> None:
        for question in self.context.part:
            bad = self.bad.get(question.id)
            # what becomes of a row whose code is damaged depends on its name: see community_sheet; without a roster it is not reported
            if not bad or question.type == "code":
                continue
            place = self.table.columns[question.id]
            for i in sorted(bad):
                why = bad[i]
                if (question.id, i) in asked_once:
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
                    effect="整行暂不计入" if question.required else "该项暂按未填处理，该行其余照常计入",
                )

    def _note_unreadable(self) -> None:
        self.rows.unreadable = [[] for _ in self.rows.row]
        for name, bad in self.bad.items():
            for i in bad:
                self.rows.unreadable[i].append(name)

    def _later_than_report(self) -> None:
        """Accept months after the report's own, with a warning."""
        month = self.context.month
        for question in self.context.part:
            if question.type != "month" or question.id not in self.table.columns or month is None:
                continue
            column = self.table.columns[question.id].index
            for i, value in enumerate(self.rows.values[question.id]):
                if value is not None and value > month:
                    row, raw = self.rows.row[i], self.rows.raw[question.id][i]
                    cell, unit = address.cell(row, column), self.rows.unit[i]
                    where: Where = {"cell": cell, "row": row, "field": question.id, "unit": unit}
                    self.add("month_after_report", found=raw, label=question.label, **where)

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
        label, kinds = question.label, "、".join(KINDS[question.applies])
        if len(filled) > ONE_BY_ONE:
            rows = [self.rows.row[i] for i in filled]
            ignored = "、".join(sorted({raw[i] or "" for i in filled})[:5])
            self.add(
                "not_applicable_column",
                cell=address.column_cells(place.index, rows),
                field=question.id,
                found=ignored,
                count=len(rows),
                label=label,
                kinds=kinds,
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
                label=label,
                kinds=kinds,
            )


def _is_text(value: object) -> TypeGuard[str]:
    return type(value) is str
