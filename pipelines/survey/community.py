"""表1: the rows of units with their answers, and what is wrong with them at which cell.

Works on columns: each distinct raw value of a column is parsed once, a column is then a dictionary look-up a cell.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import NoneType

from pipelines.survey import address, answers, personal, totals, units
from pipelines.survey.answers import Asked, Bad
from pipelines.survey.body import Body, classify
from pipelines.survey.findings import Report
from pipelines.survey.form import KINDS, Field, Part
from pipelines.survey.labels import fold
from pipelines.survey.layout import Column, Table
from pipelines.survey.units import CountyIndex, Outcome

ONE_BY_ONE = 20  # answers that do not apply, beyond which a column gets one finding


@dataclass
class CommunityRows:
    """表1 of one file. Grain of the lists: one entry per unit row, in the sender's order."""

    sheet: str
    columns: dict[str, Column]
    row: list[int] = field(default_factory=list)
    unit: list[str | None] = field(default_factory=list)
    held: list[bool] = field(default_factory=list)
    values: dict[str, list] = field(default_factory=dict)
    raw: dict[str, list[str | None]] = field(default_factory=dict)

    def drop(self, positions: set[int]) -> None:
        """Takes rows out, as if they had not been sent."""
        keep = [i for i in range(len(self.row)) if i not in positions]
        for values in (self.row, self.unit, self.held, *self.values.values(), *self.raw.values()):
            values[:] = [values[i] for i in keep]


@dataclass
class Context:
    """What reading a sheet needs besides the sheet. `index` is None where county or month is not known."""

    part: Part
    report: Report
    index: CountyIndex | None
    month: date | None
    date1904: bool
    resolutions: Mapping[str, str]


def read(table: Table, context: Context) -> CommunityRows:
    """The rows of a table whose columns are settled."""
    return _Reader(table, context).read()


def sort_rows(table: Table, index: CountyIndex | None) -> Body:
    """Which rows are units, totals, notes."""
    if index is None:
        return classify(table, lambda name: False, lambda name: False)
    return classify(table, lambda name: bool(index.named(name, set())), index.is_place)


class _Reader:
    def __init__(self, table: Table, context: Context):
        self.table, self.context, self.report = table, context, context.report
        self.sheet = table.sheet
        self.body = sort_rows(table, context.index)
        self.rows = CommunityRows(self.sheet.name, table.columns, self.body.units)
        self.columns = self._transposed()
        self.bad: dict[str, dict[int, Bad]] = {}

    def _transposed(self) -> list[tuple]:
        """Columns of the unit rows, as wide as the mapped columns go."""
        width = max((column.index for column in self.table.columns.values()), default=0)
        source = self.sheet.rows
        rows = [source[number - 1] for number in self.body.units]
        if any(len(row) < width for row in rows):
            rows = [row if len(row) >= width else [*row, *[None] * (width - len(row))] for row in rows]
        return list(zip(*rows, strict=False)) or [()] * width

    def read(self) -> CommunityRows:
        for field_ in self.context.part:
            if field_.id in self.table.columns:
                self._column(field_)
        self._personal()
        self._unreadable_cells()
        self._merged_cells()
        outcomes = self._match()
        self._applicability()
        self._report_bad()
        self._later_than_report()
        self._report_units(outcomes)
        self._hold_required()
        self._repeated()
        if self.context.index:
            totals.check(self.body.totals, self.rows, self.table, self.context)
            self._absent()
        return self.rows

    # -- cells --------------------------------------------------------------------------------------------------------

    def _column(self, field_: Field) -> None:
        """Values, raw texts and what could not be read of one column."""
        place = self.table.columns[field_.id]
        raw = self.columns[place.index - 1]
        if field_.id == "town":
            raw = self._filled_down(place, raw)
        distinct = set(raw)
        if field_.type != "text" and (1 in distinct or 0 in distinct):
            # True equals 1 in Python, and a column would take the one for the other
            raw, distinct = _booleans_apart(raw, distinct)
        asked = Asked(place.factor, place.stated, self.context.date1904)
        parsed = answers.parse_all(distinct, field_, asked)
        wrong = {value for value, result in parsed.items() if type(result) is Bad}
        if wrong:
            self.bad[field_.id] = {i: parsed[value] for i, value in enumerate(raw) if value in wrong}
            for value in wrong:
                parsed[value] = None
        if field_.type == "percent":
            self._percents(field_, place, raw, parsed)
            return
        if field_.id in ("name", "town"):
            raw = tuple(_masked(value) for value in raw) if any(map(personal.holds, distinct)) else raw
            distinct, parsed = set(raw), {_masked(value): _masked(result) for value, result in parsed.items()}
        self.rows.values[field_.id] = [parsed[value] for value in raw]
        self.rows.raw[field_.id] = _texts(raw, distinct)

    def _personal(self) -> None:
        """Says where telephone or identity numbers stood in a name; `_column` has masked them."""
        for name in ("name", "town"):
            if name in self.table.columns:
                place = self.table.columns[name]
                rows = [self.rows.row[i] for i, raw in enumerate(self.columns[place.index - 1]) if personal.holds(raw)]
                if rows:
                    self._add(
                        "personal_data", cell=address.column_cells(place.index, rows), field=name, found=place.header
                    )

    def _percents(self, field_: Field, place: Column, raw: tuple, parsed: dict) -> None:
        """A percent column: cells with a percent format hold fractions, 0.925 for 92.5%."""
        formatted = self.sheet.percent.get(place.index, ())
        bad = self.bad.get(field_.id, {})
        values, texts = [], []
        for i, (row, value) in enumerate(zip(self.rows.row, raw, strict=True)):
            if row in formatted and isinstance(value, (int, float)):
                result = answers.formatted_percent(value, field_)
                bad.pop(i, None)
                if type(result) is Bad:
                    bad[i], result = result, None
                values.append(result)
                texts.append(f"{answers.plain(value * 100)}%")
            else:
                values.append(parsed[value])
                texts.append(answers.shown(value))
        if bad:
            self.bad[field_.id] = bad
        self.rows.values[field_.id], self.rows.raw[field_.id] = values, texts
        self._percent_question(field_, place)

    def _percent_question(self, field_: Field, place: Column) -> None:
        """A whole column of bare fractions is one question and not a hundred errors."""
        bad = self.bad.get(field_.id, {})
        unclear = [i for i, why in bad.items() if isinstance(why, Bad) and why.code == "percent_unclear"]
        others = [value for value in self.rows.values[field_.id] if value is not None and value > 1]
        if len(unclear) < 3 or others:
            return
        values = self.rows.values[field_.id]
        for i in range(len(values)):
            if values[i] is not None and values[i] != 0:
                values[i] = None
                unclear.append(i)
        for i in unclear:
            bad.pop(i, None)
        cells = address.column_cells(place.index, [self.rows.row[i] for i in sorted(unclear)])
        self._add(
            "percent_column_unclear",
            cell=cells,
            field=field_.id,
            found=self.rows.raw[field_.id][unclear[0]],
            label=field_.label,
        )

    def _filled_down(self, place: Column, raw: tuple) -> tuple:
        """A town that is merged over its rows holds for all of them; a blank below a town does not."""
        filled = dict(zip(self.rows.row, raw, strict=True))
        for merge in self.sheet.merges:
            if merge.first_col <= place.index <= merge.last_col and merge.last_row > merge.first_row > self.table.last:
                text = self.sheet.value(merge.first_row, merge.first_col)
                filled.update({row: text for row in range(merge.first_row, merge.last_row + 1) if row in filled})
        return tuple(filled.values())

    def _unreadable_cells(self) -> None:
        """Error values and formulas without a stored value came as blanks: they are neither blank nor 0."""
        if not self.sheet.errors and not self.sheet.unevaluated:
            return
        position = {row: i for i, row in enumerate(self.rows.row)}
        fields = {column.index: field_id for field_id, column in self.table.columns.items()}
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
        fields = {column.index: field_id for field_id, column in self.table.columns.items()}
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
        for field_ in self.context.part:
            bad = self.bad.get(field_.id)
            if not bad:
                continue
            place = self.table.columns[field_.id]
            for i in sorted(bad):
                why = bad[i]
                if self.report.full(why.code, self.sheet.name, field_.id):
                    self.report.count(why.code, self.sheet.name, field_.id)
                    continue
                row = self.rows.row[i]
                self._add(
                    why.code,
                    cell=address.cell(row, place.index),
                    row=row,
                    field=field_.id,
                    unit=self.rows.unit[i],
                    found=self.rows.raw[field_.id][i],
                    expected=why.expected or None,
                    label=field_.label,
                    unit_name=field_.unit or "",
                )

    def _later_than_report(self) -> None:
        """Months after the report's own: taken, and asked about."""
        month = self.context.month
        for field_ in self.context.part:
            if field_.type != "month" or field_.id not in self.table.columns or month is None:
                continue
            column = self.table.columns[field_.id].index
            for i, value in enumerate(self.rows.values[field_.id]):
                if value is not None and value > month:
                    row, found = self.rows.row[i], self.rows.raw[field_.id][i]
                    where = {
                        "cell": address.cell(row, column),
                        "row": row,
                        "field": field_.id,
                        "unit": self.rows.unit[i],
                    }
                    self._add("month_after_report", found=found, label=field_.label, **where)

    # -- units --------------------------------------------------------------------------------------------------------

    def _match(self) -> list[Outcome]:
        count = len(self.rows.row)
        self.rows.held = [False] * count
        if self.context.index is None:
            self.rows.unit = [None] * count
            return []
        given = [self.rows.values.get(name) or [None] * count for name in ("code", "name", "town")]
        index, exact = self.context.index, self.context.index.exact
        outcomes = [
            exact.get(stated) or units.match(index, *stated, self.context.resolutions)
            for stated in zip(*given, strict=True)
        ]
        self.rows.unit = [outcome.unit for outcome in outcomes]
        return outcomes

    def _report_units(self, outcomes: list[Outcome]) -> None:
        by_name = []
        for i, outcome in enumerate(outcomes):
            if outcome.unit is None:
                self.rows.held[i] = True
            if outcome.by_name and i not in self.bad.get("code", ()):
                by_name.append(i)
            if outcome.finding:
                self._report_outcome(i, outcome)
        if by_name:
            rows = [self.rows.row[i] for i in by_name]
            cells = address.column_cells(self._place("code").index, rows)
            self._add("matched_by_name", cell=cells, field="code", found=None, count=len(rows))

    def _report_outcome(self, i: int, outcome: Outcome) -> None:
        place = self._place(outcome.column)
        row = self.rows.row[i]
        self._add(
            outcome.finding or "",
            cell=address.cell(row, place.index),
            row=row,
            field=outcome.column if outcome.column in self.table.columns else "code",
            unit=outcome.unit,
            found=outcome.found,
            **outcome.words,
        )

    def _place(self, field_id: str) -> Column:
        return self.table.columns.get(field_id) or self.table.columns["code"]

    def _kinds(self) -> list[str | None]:
        """The roster's kind where the unit is known, else the kind that the row states."""
        stated = self.rows.values.get("kind") or [None] * len(self.rows.row)
        known = self.context.index.units if self.context.index else {}
        return [known[code].kind if code else said for code, said in zip(self.rows.unit, stated, strict=True)]

    def _applicability(self) -> None:
        """Answers to questions that are not for this kind of community: reported, and ignored."""
        kinds = self._kinds()
        outside = {
            applies: [i for i, kind in enumerate(kinds) if kind is not None and kind not in allowed]
            for applies, allowed in KINDS.items()
        }
        for field_ in self.context.part:
            if field_.id in self.table.columns and outside.get(field_.applies):
                self._ignore(field_, outside[field_.applies])

    def _ignore(self, field_: Field, positions: list[int]) -> None:
        raw = self.rows.raw[field_.id]
        if not any(raw[i] for i in positions):
            return
        values, bad = self.rows.values[field_.id], self.bad.get(field_.id, {})
        filled = []
        for i in positions:
            why = bad.get(i)
            if why and why.code in ("error_value", "formula_without_value", "merged_answer"):
                continue
            bad.pop(i, None)
            values[i] = None
            text = fold(raw[i] or "")
            if not answers.is_blank(text) and text not in answers.NOT_APPLICABLE:
                filled.append(i)
        self._report_ignored(field_, filled)

    def _report_ignored(self, field_: Field, filled: list[int]) -> None:
        place, raw = self.table.columns[field_.id], self.rows.raw[field_.id]
        words = {"label": field_.label, "kinds": "、".join(KINDS[field_.applies])}
        if len(filled) > ONE_BY_ONE:
            rows = [self.rows.row[i] for i in filled]
            found = "、".join(sorted({raw[i] or "" for i in filled})[:5])
            self._add(
                "not_applicable_column",
                cell=address.column_cells(place.index, rows),
                field=field_.id,
                found=found,
                count=len(rows),
                **words,
            )
            return
        for i in filled:
            row = self.rows.row[i]
            self._add(
                "not_applicable",
                cell=address.cell(row, place.index),
                row=row,
                field=field_.id,
                unit=self.rows.unit[i],
                found=raw[i],
                **words,
            )

    # -- rows ---------------------------------------------------------------------------------------------------------

    def _hold_required(self) -> None:
        """A row without a readable required answer is held. A code may be missing where the name is enough."""
        for field_ in self.context.part:
            if not field_.required or field_.id == "code" or field_.id not in self.table.columns:
                continue
            place, bad = self.table.columns[field_.id], self.bad.get(field_.id, {})
            for i, value in enumerate(self.rows.values[field_.id]):
                if value is not None:
                    continue
                self.rows.held[i] = True
                if i not in bad:
                    row = self.rows.row[i]
                    self._add(
                        "required_missing",
                        cell=address.cell(row, place.index),
                        row=row,
                        field=field_.id,
                        unit=self.rows.unit[i],
                        label=field_.label,
                    )

    def _repeated(self) -> None:
        """The same unit twice: once where all answers agree, both held where they differ."""
        seen: dict[str, list[int]] = {}
        for i, code in enumerate(self.rows.unit):
            if code:
                seen.setdefault(code, []).append(i)
        extra: set[int] = set()
        for code, positions in seen.items():
            if len(positions) > 1:
                extra |= self._repeated_unit(code, positions)
        if extra:
            self.rows.drop(extra)

    def _repeated_unit(self, code: str, positions: list[int]) -> set[int]:
        compared = [values for name, values in self.rows.values.items() if name != "code"]
        versions = {tuple(values[i] for values in compared) for i in positions}
        place = self._place("code")
        rows = [self.rows.row[i] for i in positions]
        words = {
            "cell": address.column_cells(place.index, rows),
            "field": "code",
            "unit": code,
            "found": code,
            "rows": address.row_spans(rows),
        }
        if len(versions) == 1:
            self._add("unit_repeated", row=rows[0], **words)
            return set(positions[1:])
        differing = [
            name
            for name, values in self.rows.values.items()
            if name != "code" and len({values[i] for i in positions}) > 1
        ]
        labels_ = "、".join(self.context.part[name].label for name in differing[:5])
        self._add("unit_twice", row=rows[0], fields=labels_, **words)
        for i in positions:
            self.rows.held[i] = True
        return set()

    def _absent(self) -> None:
        """Units of the roster that no row is about."""
        index = self.context.index
        given = set(self.rows.unit)
        missing = [unit for code, unit in index.units.items() if code not in given]
        if missing and self.rows.row:
            names_ = "、".join(f"{unit.name}({unit.code})" for unit in missing[:20])
            self._add(
                "units_missing",
                found="、".join(unit.code for unit in missing),
                count=len(missing),
                total=len(index.units),
                names=names_ + ("等" if len(missing) > 20 else ""),
            )

    def _add(self, code: str, **address_and_words: object) -> None:
        self.report.add(code, sheet=self.sheet.name, **address_and_words)


def _masked(text: object) -> object:
    """A name without the telephone and identity numbers that somebody wrote behind it: they are not stored."""
    return personal.masked(text) if isinstance(text, str) else text


def _texts(raw: tuple, distinct: set) -> list[str | None]:
    """What stood in the cells, as the sender sees it. Text is its own text."""
    if set(map(type, distinct)) <= {str, NoneType} and "" not in distinct:
        return list(raw)
    texts = {value: answers.shown(value) for value in distinct}
    return [texts[value] for value in raw]


def _booleans_apart(raw: tuple, distinct: set) -> tuple[tuple, set]:
    if bool not in set(map(type, raw)):
        return raw, distinct
    texts = {True: "TRUE", False: "FALSE"}
    apart = tuple(texts[value] if type(value) is bool else value for value in raw)
    return apart, set(apart)
