"""表1: rows to units; which rows are held, which occur twice, which units of the roster are missing."""

from functools import partial

from pipelines import months
from pipelines.answers import confirmed_rows, match_unit, subtotals
from pipelines.answers.community_cells import ONE_BY_ONE, Cells
from pipelines.answers.community_rows import CommunityRows, Context
from pipelines.answers.findings import Where
from pipelines.answers.header_columns import Column, Table
from pipelines.answers.match_unit import CountyIndex, Outcome
from pipelines.answers.unit_rows import Body, classify
from pipelines.reference.roster import Listed
from pipelines.workbook import address

_NAMED = 10  # units that a finding names

__all__ = ["CommunityRows", "Context", "read", "sort_rows"]


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
        self.table, self.context = table, context
        self.sheet = table.sheet
        self._add = partial(context.report.add, sheet=self.sheet.name)
        self.body = sort_rows(table, context.index)
        self.rows = CommunityRows(self.sheet.name, table.columns, self.body.units)
        self.cells = Cells(table, self.rows, context)
        self.untouched: set[int] = set()

    def read(self) -> CommunityRows:
        self.cells.read()
        outcomes = self._match()
        self._note_states()
        self.cells.ignore_inapplicable(self._kinds())
        self.cells.report_bad()
        self._report_units(outcomes)
        self._hold_required()
        self._repeated()
        if self.context.index:
            subtotals.check(self.body.totals, self.rows, self.table, self.context)
            self._absent(self.context.index)
        self._leave_out_untouched()
        return self.rows

    def _note_states(self) -> None:
        """Of a prefilled workbook, by row of the sheet: changed, confirmed, or neither."""
        last, numbers = self.context.last, self.rows.row
        if last is None:
            return
        states = confirmed_rows.states(self.rows, self.context.part, self.cells.bad, last)
        self.untouched = {number for number, state in zip(numbers, states, strict=True) if state == "untouched"}
        changed, confirmed = states.count("changed"), states.count("confirmed")
        month, untouched = months.label(last.month), len(self.untouched)
        self._add("prefilled", month=month, untouched=untouched, changed=changed, confirmed=confirmed)

    def _leave_out_untouched(self) -> None:
        last, positions = self.context.last, [i for i, n in enumerate(self.rows.row) if n in self.untouched]
        if last is None or not positions:
            return
        names = [self._raw("name", i) or "" for i in positions[:_NAMED]]
        self._add(
            "not_confirmed",
            cell=self._code_cells(positions),
            field="code",
            month=months.label(last.month),
            names="、".join(names) + ("等" if len(positions) > _NAMED else ""),
            count=len(positions),
        )
        self.rows.untouched = len(positions)
        self.rows.drop(set(positions))

    def _match(self) -> list[Outcome]:
        count = len(self.rows.row)
        self.rows.held = [False] * count
        if self.context.index is None:
            self.rows.unit = [None] * count
            return []
        given = [self.rows.values.get(name) or [None] * count for name in ("code", "name", "town")]
        index, exact = self.context.index, self.context.index.exact
        outcomes = [
            exact.get((code, name, town)) or match_unit.match(index, code, name, town, self.context.resolutions)
            for code, name, town in zip(*given, strict=True)
        ]
        self.rows.unit = [outcome.unit for outcome in outcomes]
        return outcomes

    def _report_units(self, outcomes: list[Outcome]) -> None:
        """A code that is blank or damaged is a warning where the name identifies the unit, else the row is held."""
        damaged = self.cells.bad.get("code", {})
        blank: list[int] = []
        named: dict[int, str] = {}
        for i, outcome in enumerate(outcomes):
            self.rows.held[i] = outcome.unit is None
            if i in damaged and outcome.unit:
                named[i] = outcome.unit
            elif i in damaged:
                self._report_damaged(i, outcome)
            elif outcome.finding:
                self._report_outcome(i, outcome)
            elif outcome.by_name:
                blank.append(i)
        if blank:
            self._add("matched_by_name", cell=self._code_cells(blank), field="code", found=None, count=len(blank))
        self._report_named(named)

    def _code_cells(self, positions: list[int]) -> str:
        return address.column_cells(self._place("code").index, [self.rows.row[i] for i in positions])

    def _report_damaged(self, i: int, outcome: Outcome) -> None:
        """A damaged code beside a name that does not identify the unit: one cause, one finding, at the code."""
        code, name = self._raw("code", i), self._raw("name", i)
        where: Where = {"cell": self._code_cells([i]), "row": self.rows.row[i], "field": "code"}
        candidates = outcome.words.get("candidates", "无")
        self._add("code_damaged", found=code, name=name or "（未填）", candidates=candidates, **where)

    def _report_named(self, named: dict[int, str]) -> None:
        """Damaged codes of units that the name identifies (position to unit): a finding a cell, or one where a column came so."""
        if len(named) > ONE_BY_ONE:
            cell, codes = (
                self._code_cells(list(named)),
                list(dict.fromkeys(self._raw("code", i) or "空白" for i in named)),
            )
            shown, sample = "、".join(codes), "、".join(codes[:3])
            self._add("code_column_damaged", cell=cell, field="code", found=shown, sample=sample, count=len(named))
            return
        for i, unit in named.items():
            where: Where = {"cell": self._code_cells([i]), "row": self.rows.row[i], "field": "code", "unit": unit}
            self._add(
                "code_damaged_named", found=self._raw("code", i), expected=unit, name=self._units[unit].name, **where
            )

    def _raw(self, question: str, i: int) -> str | None:
        column = self.rows.raw.get(question)
        return column[i] if column else None

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

    def _place(self, questionid: str) -> Column:
        return self.table.columns.get(questionid) or self.table.columns["code"]

    @property
    def _units(self) -> dict[str, Listed]:
        """The county's units of the month by code; none where county or month is not known."""
        return self.context.index.units if self.context.index else {}

    def _kinds(self) -> list[str | None]:
        """The roster's kind where the unit is known, else the kind that the row states."""
        stated = self.rows.values.get("kind") or [None] * len(self.rows.row)
        known = self._units
        return [known[code].kind if code else said for code, said in zip(self.rows.unit, stated, strict=True)]

    def _hold_required(self) -> None:
        """A row without a readable required answer is held. A code may be missing where the name is enough."""
        for question in self.context.part:
            if not question.required or question.id == "code" or question.id not in self.table.columns:
                continue
            place, bad = self.table.columns[question.id], self.cells.bad.get(question.id, {})
            for i, value in enumerate(self.rows.values[question.id]):
                if value is not None or self.rows.row[i] in self.untouched:
                    continue
                self.rows.held[i] = True
                if i not in bad:
                    row = self.rows.row[i]
                    self._add(
                        "required_missing",
                        cell=address.cell(row, place.index),
                        row=row,
                        field=question.id,
                        unit=self.rows.unit[i],
                        label=question.label,
                    )

    def _repeated(self) -> None:
        """The same unit twice: once where all answers agree, both held where they differ."""
        given = [code for code in self.rows.unit if code]
        if len(set(given)) == len(given):
            return
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
        cells, spans = address.column_cells(place.index, rows), address.row_spans(rows)
        where: Where = {"cell": cells, "row": rows[0], "field": "code", "unit": code}
        if len(versions) == 1:
            self._add("unit_repeated", found=code, rows=spans, **where)
            return set(positions[1:])
        differing = [
            name
            for name, values in self.rows.values.items()
            if name != "code" and len({values[i] for i in positions}) > 1
        ]
        labels_ = "、".join(self.context.part[name].label for name in differing[:5])
        self._add("unit_twice", found=code, rows=spans, fields=labels_, **where)
        for i in positions:
            self.rows.held[i] = True
        return set()

    def _absent(self, index: CountyIndex) -> None:
        given = set(self.rows.unit)
        town = self.context.town
        expected = [unit for unit in index.units.values() if town in (None, unit.town_code)]
        missing = [unit for unit in expected if unit.code not in given]
        if missing and self.rows.row:
            names_ = "、".join(f"{unit.name}（{unit.code}）" for unit in missing[:20])
            self._add(
                "units_missing",
                found="、".join(unit.code for unit in missing),
                count=len(missing),
                total=len(expected),
                names=names_ + ("等" if len(missing) > 20 else ""),
            )
