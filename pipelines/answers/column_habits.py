"""Habits of a county in 表1: what a whole column or sheet has in common is asked about once, and read as the city decided."""

from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING

from pipelines.answers import flag_words, parse_value
from pipelines.answers.community_rows import decided_month
from pipelines.reference.form import Field
from pipelines.workbook import address

if TYPE_CHECKING:
    from pipelines.answers.community_cells import Cells

TICKS = "ticks_and_blanks"
FLAG_WORD = "flag_word_unclear"
MONTHS = ("month_unclear", "month_year_only")
NO_WORDS = ("no", "否")
READ_AS = {"yes": True, "no": False}
# this many cells with one word that is neither yes nor no are a habit and not slips
REPEATED = 5


class Habits:
    """What is asked about once for the cells of a sheet. Answers that are settled go into the values of `cells`."""

    def __init__(self, cells: "Cells"):
        self.cells = cells

    def settle(self) -> None:
        """Cells that could not be read, where the city has decided how this county's are to be read."""
        self._settled_months()
        self._settled_words()

    def ask(self) -> set[tuple[str, int]]:
        """Asks about habits once each: field and position of the cells that need no finding of their own."""
        self._report_months()
        words = self._repeated_words()
        for word, places in words.items():
            self._ask_word(word, places)
        months = ((name, i) for name, bad in self.cells.bad.items() for i, why in bad.items() if why.code in MONTHS)
        return {*months, *(place for places in words.values() for place in places)}

    # -- words for yes and no -----------------------------------------------------------------------------------------

    def _unread_flags(self) -> dict[str, list[tuple[str, int]]]:
        """Words in yes-or-no questions that are neither yes nor no: field and position of each cell, by column."""
        unread = defaultdict(list)
        for question in self.cells.context.part:
            if question.type == "flag":
                raw = self.cells.rows.raw.get(question.id, [])
                for i, why in sorted(self.cells.bad.get(question.id, {}).items()):
                    if why.code in ("not_a_flag", "flag_unclear"):
                        unread[flag_words.folded(raw[i] or "")].append((question.id, i))
        return unread

    def _settled_words(self) -> None:
        for word, places in self._unread_flags().items():
            meant = READ_AS.get(self.cells.context.resolutions.get(f"{FLAG_WORD}:{word}", ""))
            if meant is not None:
                for name, i in places:
                    self.cells.rows.values[name][i] = meant
                    del self.cells.bad[name][i]

    def _repeated_words(self) -> dict[str, list[tuple[str, int]]]:
        return {word: places for word, places in self._unread_flags().items() if len(places) >= REPEATED}

    def _ask_word(self, word: str, places: list[tuple[str, int]]) -> None:
        rows, columns = self.cells.rows.row, self.cells.table.columns
        questions = [self.cells.context.part.by_id[name] for name in dict.fromkeys(name for name, _ in places)]
        labels = "、".join(question.label for question in questions[:3]) + ("等" if len(questions) > 3 else "")
        held = any(question.required for question in questions)
        self.cells.add(
            FLAG_WORD,
            cell=",".join(address.cell(rows[i], columns[name].index) for name, i in places),
            field=questions[0].id if len(questions) == 1 else None,
            found=word,
            count=len(places),
            columns=len(questions),
            labels=labels,
            effect="缺了必填项的行整行暂不计入" if held else "各行其余照常计入",
        )

    # -- months that lost their zero, bare years ----------------------------------------------------------------------
    def _settled_months(self) -> None:
        """Months that lost their zero, and bare years, where the city has decided how this county's are to be read."""
        for name, bad in self.cells.bad.items():
            for i, why in list(bad.items()):
                month = decided_month(self.cells.context.resolutions, why.code, name) if why.code in MONTHS else None
                year = parse_value.year_of(self.cells.rows.raw[name][i])
                if month and year:
                    self.cells.rows.values[name][i] = date(year, month, 1)
                    del bad[i]

    def _report_months(self) -> None:
        for question in self.cells.context.part:
            bad = self.cells.bad.get(question.id, {})
            for code in MONTHS if bad else ():
                rows = sorted(i for i, why in bad.items() if why.code == code)
                if rows:
                    self._ask_once(code, question, rows)

    def _ask_once(self, code: str, question: Field, positions: list[int]) -> None:
        place, raw = self.cells.table.columns[question.id], self.cells.rows.raw[question.id]
        values = list(dict.fromkeys(raw[i] or "" for i in positions))
        self.cells.add(
            code,
            cell=address.column_cells(place.index, [self.cells.rows.row[i] for i in positions]),
            field=question.id,
            found="、".join(values[:5]) + ("等" if len(values) > 5 else ""),
            expected=self.cells.bad[question.id][positions[0]].expected,
            label=question.label,
            count=len(positions),
        )

    def ask_ticks(self) -> None:
        """Columns of only ticks and blanks: whether a blank means no is asked about once, or was decided for the county."""
        asked = []
        for question, blanks, ticks in self._ticked_columns():
            decided = self.cells.context.resolutions.get(
                f"{TICKS}:{question.id}"
            ) or self.cells.context.resolutions.get(f"{TICKS}:")
            if decided in NO_WORDS:
                for i in blanks:
                    self.cells.rows.values[question.id][i] = False
            elif decided is None:
                asked.append((question, blanks, ticks))
        if asked:
            self._ask_ticks(asked)

    def _ticked_columns(self) -> list[tuple[Field, list[int], int]]:
        """Flag columns in which some cells are ticked and all others blank: the blanks of units that are asked, how many ticks."""
        columns, crossed = [], False
        for question in self.cells.context.part:
            if question.type != "flag" or question.id not in self.cells.rows.values:
                continue
            values, raw = self.cells.rows.values[question.id], self.cells.rows.raw[question.id]
            ticks, crosses = values.count(True), False in values
            crossed = crossed or crosses
            if not ticks or crosses or self.cells.bad.get(question.id):
                continue
            if not all(flag_words.is_tick(text) for text, value in zip(raw, values, strict=True) if value):
                continue
            blanks = [i for i in self._asked_rows(question) if values[i] is None and not (raw[i] or "").strip()]
            if blanks:
                columns.append((question, blanks, ticks))
        # where other columns have crosses, a blank or two in a column of ticks are gaps
        return [column for column in columns if not crossed or 10 * len(column[1]) >= len(self.cells.rows.row)]

    def _asked_rows(self, question: Field) -> list[int]:
        kinds = self.cells.kinds_of_rows
        return [i for i, kind in enumerate(kinds) if kind is None or question.applies_to(kind)]

    def _ask_ticks(self, asked: list[tuple[Field, list[int], int]]) -> None:
        question = asked[0][0]
        cells = ",".join(
            address.column_cells(self.cells.table.columns[q.id].index, [self.cells.rows.row[i] for i in rows])
            for q, rows, _ in asked
        )
        names = "、".join(q.label for q, _, _ in asked[:5]) + ("等" if len(asked) > 5 else "")
        self.cells.add(
            TICKS, cell=cells, field=question.id if len(asked) == 1 else None, found=names, columns=len(asked),
            ticks=sum(ticks for _, _, ticks in asked), count=sum(len(rows) for _, rows, _ in asked),
        )  # fmt: skip
