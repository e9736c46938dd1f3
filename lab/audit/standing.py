"""What stands for every unit and county in a month: its own accepted answers, else those lent from the two months before (semantics §4).

Answers are kept as tuples in the order of the form's questions, equal ones once; an empty tuple is no answer to anything.
"""

from collections import defaultdict
from dataclasses import dataclass

from lab.audit import dates
from lab.audit.declared import Form, Question
from lab.audit.roster import Roster
from lab.audit.rows import Report

LENT_MONTHS = 2
Answers = tuple


@dataclass(frozen=True)
class Standing:
    """Answers in force; `carried` where they are an earlier month's."""

    answers: Answers
    carried: bool


NOTHING = Standing((), False)
_Held = dict[str, Answers]


class _Part:
    """The questions of one part of the form, in order."""

    def __init__(self, questions: dict[str, Question]):
        self.names = tuple(questions)
        self.yearly = tuple(question.yearly for question in questions.values())
        self.equal: dict[Answers, Answers] = {}

    def keep(self, values: Answers) -> Answers:
        return self.equal.setdefault(values, values)

    def row(self, given: dict[str, object]) -> Answers:
        return self.keep(tuple(given.get(name) for name in self.names))

    def without_yearly(self, values: Answers) -> Answers:
        return self.keep(tuple(None if y else value for value, y in zip(values, self.yearly, strict=bool(values))))

    def over(self, earlier: Answers, given: Answers) -> Answers:
        """The answers that were given, where one is missing the earlier one."""
        if not earlier or not given:
            return given or earlier
        return self.keep(tuple(old if new is None else new for old, new in zip(earlier, given, strict=True)))


class Answered:
    """All accepted answers by month: of units by `uid`, of counties by code. Reports are taken in the order in which they came."""

    def __init__(self, roster: Roster, form: Form):
        self.roster = roster
        self.units: dict[int, _Held] = defaultdict(dict)
        self.counties: dict[int, _Held] = defaultdict(dict)
        self.community, self.county_part = _Part(form.community), _Part(form.county)
        self._last: tuple[int, _Held, _Held] | None = None

    def take(self, report: Report) -> None:
        """Accepted rows replace the units' rows, answers of 表2 the county's answers; a held row changes nothing."""
        units = self.roster.units(report.month)
        rows = {units[code].uid: self.community.row(row) for code, row in report.rows.items() if row is not None}
        self.units[report.month] |= rows
        if report.record is not None:
            counties = self.counties[report.month]
            counties[report.county] = self.county_part.over(
                counties.get(report.county, ()), self.county_part.row(report.record)
            )

    @property
    def months(self) -> list[int]:
        return sorted({month for part in (self.units, self.counties) for month, of in part.items() if of})

    def unit(self, uid: str, month: int) -> Standing:
        for earlier in range(month, month - LENT_MONTHS - 1, -1):
            if uid in self.units.get(earlier, ()):
                return _lent(self.community, self.units[earlier][uid], earlier, month)
        return NOTHING

    def county(self, code: str, month: int) -> Standing:
        """A county's 表2, under the code that it had when it was sent."""
        for earlier in range(month, month - LENT_MONTHS - 1, -1):
            then = self.roster.county_then(earlier, month).get(code)
            if then in self.counties.get(earlier, ()):
                return _lent(self.county_part, self.counties[earlier][then], earlier, month)
        return NOTHING

    # -- as last reported

    def last(self, month: int) -> tuple[_Held, _Held]:
        """Of each unit and county every answer as it was last given: stock answers of any age, `year` ones of the month's year."""
        if self._last is None or self._last[0] > month:
            self._last = (self.months[0] - 1, {}, {})
        for later in range(self._last[0] + 1, month + 1):
            self._last = (later, *self._fold(later, *self._last[1:]))
        return self._last[1:]

    def _fold(self, month: int, units: _Held, counties: _Held) -> tuple[_Held, _Held]:
        units = self._renewed(self.community, month, units, self.units.get(month, {}))
        then = self.roster.county_then(month - 1, month)
        followed = {code: counties[then[code]] for code in self.roster.counties(month) if then.get(code) in counties}
        return units, self._renewed(self.county_part, month, followed, self.counties.get(month, {}))

    def _renewed(self, part: _Part, month: int, before: _Held, given: _Held) -> _Held:
        """Earlier answers, in January without the `year` ones, under those that were given since."""
        if month % 12 == 0:
            before = {name: part.without_yearly(values) for name, values in before.items()}
        return before | {name: part.over(before.get(name, ()), values) for name, values in given.items()}


def _lent(part: _Part, row: Answers, earlier: int, month: int) -> Standing:
    crossed = dates.year(earlier) != dates.year(month)
    return Standing(part.without_yearly(row) if crossed else row, earlier != month)
