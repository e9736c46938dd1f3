"""Which rows of a workbook count, each for which unit (semantics §1, §4).

A row is held where a required answer is missing or unreadable, its unit is unknown or stands twice with different answers, or a rule of
severity error is broken. A rule that needs an answer that could not be read is not broken. All else counts.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import floor

from lab.audit import answers, succession
from lab.audit.declared import Form, Question
from lab.audit.expression import Expression
from lab.audit.roster import Facts, Unit
from lab.audit.workbook import Book, NotRead

Answers = dict[str, object]
_PLACES, _ONE = Fraction(1, 10**6), Fraction(1)
_UNREADABLE = object()


@dataclass(frozen=True)
class Report:
    """What counts of a workbook: by unit code (None: the row is held), and 表2 (None: there is none or it is held)."""

    county: str
    month: int
    rows: dict[str, Answers | None]
    record: Answers | None
    remarks: tuple[str, ...]


class CountyUnits:
    """The units of a county in a month, to be found by code, else by a name that can mean one only."""

    def __init__(self, units: dict[str, Unit], county: str):
        self.units = {code: unit for code, unit in units.items() if unit.line.county == county}
        self.in_town: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.in_county: dict[str, list[str]] = defaultdict(list)
        for code, unit in self.units.items():
            name = _name(unit.line.name)
            self.in_town[_town(unit.line.town_name), name].append(code)
            self.in_county[name].append(code)

    def find(self, code: object, name: object, town: object) -> str | None:
        """The unit's code; None where it is unknown, or where code and name mean two units."""
        try:
            stated = answers.code(code)
        except answers.Unreadable:
            return self._named(name, town)
        if len(stated) != 12:
            return self._named(name, town)
        if stated not in self.units:
            return None
        others = self.in_county.get(_name(name), [])
        is_another = others and stated not in others
        return None if is_another else stated

    def _named(self, name: object, town: object) -> str | None:
        if answers.is_blank(name):
            return None
        candidates = self.in_town.get((_town(town), _name(name))) or self.in_county.get(_name(name), [])
        return candidates[0] if len(candidates) == 1 else None


def _name(name: object) -> str:
    return succession.proper(answers.folded(name))


def _town(name: object) -> str:
    return succession.town_proper(answers.folded(name))


def judge(book: Book, county: str, units: CountyUnits, facts: Facts, form: Form) -> Report:
    """The rows of a workbook by unit. `facts` are the county's."""
    asked = {name: question for name, question in form.community.items() if question.asked.holds(book.month)}
    read = [_row(values, book.factors, asked, units, form.community_rules) for _, values in book.rows]
    untouched = {
        row[0]
        for row, (number, values) in zip(read, book.rows, strict=True)
        if _is_untouched(book, number, row, values, asked)
    }
    foreign = sum(unit is None for unit, _, _ in read)
    if foreign > 10 and 2 * foreign > len(read):
        raise NotRead(f"{foreign} of {len(read)} rows are of no unit of the county")
    record = None if book.record is None or _is_record_untouched(book, form) else _record(book, form, facts)
    settled = {unit: row for unit, row in _settled(read).items() if row is None or unit not in untouched}
    return Report(county, book.month, settled, record, tuple(book.remarks))


def _is_untouched(book: Book, number: int, row: "_Read", values: dict, asked: dict[str, Question]) -> bool:
    """Whether a row of a prefilled form was neither changed nor confirmed: then it is not this month's."""
    before = book.copy and book.copy.rows.get(row[0] or "")
    if not before or number in book.ticked or "community" in book.rest:
        return False
    shared = [name for name in before if name in asked and name in values and name not in ("name", "town", "kind")]
    return not any(_moved(before[name], values[name], asked[name], book.factors.get(name, _ONE)) for name in shared)


def _is_record_untouched(book: Book, form: Form) -> bool:
    if book.copy is None or book.copy.record is None or "county" in book.rest:
        return False
    shared = [name for name in book.copy.record if name in book.record and name in form.county]
    factors = book.record_factors
    return not any(
        _moved(book.copy.record[name], book.record[name], form.county[name], factors.get(name, _ONE)) for name in shared
    )


def _moved(before: object, now: object, question: Question, times: Fraction) -> bool:
    """Whether an answer is another one than it was; one that cannot be read is."""
    if answers.folded(before) == answers.folded(now):
        return False
    given = _answer(now, question, times)
    return given is _UNREADABLE or given != _answer(before, question, _ONE)


_Read = tuple[str | None, Answers, bool]  # unit, answers, held


def _row(values: dict, factors: dict, asked: dict[str, Question], units: CountyUnits, rules: tuple) -> _Read:
    unit = units.find(*(values.get(name) for name in ("code", "name", "town")))
    kind = units.units[unit].facts.kind if unit else ""
    row, unreadable = _answers(values, factors, asked)
    row = {name: given if asked[name].applies_to(kind) or not unit else None for name, given in row.items()}
    lacks = any(q.required and row[name] is None for name, q in asked.items() if name != "code")
    held = unit is None or lacks or _is_broken(rules, row, unreadable)
    return unit, row, held


def _answers(values: dict, factors: dict, asked: dict[str, Question]) -> tuple[Answers, set[str]]:
    """The answers of a row by question, and the questions whose answer could not be read."""
    read = {name: _answer(values.get(name), question, factors.get(name, _ONE)) for name, question in asked.items()}
    unreadable = {name for name, given in read.items() if given is _UNREADABLE}
    return {name: None if name in unreadable else given for name, given in read.items()}, unreadable


@lru_cache(maxsize=1 << 18, typed=True)
def _answer(value: object, question: Question, times: Fraction) -> object:
    """An answer; of a number as many places as are stored."""
    try:
        given = answers.answer(value, question, times)
    except answers.Unreadable:
        return _UNREADABLE
    if isinstance(given, Fraction):
        given = floor(given / _PLACES + Fraction(1, 2)) * _PLACES
        return int(given) if given.denominator == 1 else given
    return given


def _is_broken(rules: tuple[Expression, ...], given: Answers, unreadable: set[str]) -> bool:
    row = defaultdict(lambda: None, given)
    return any(rule.of(row) is False for rule in rules if not rule.names & unreadable)


def _settled(read: list[_Read]) -> dict[str, Answers | None]:
    """By unit: its row, None where it is held. The same row twice counts once; two different ones are held."""
    times = Counter(unit for unit, _, _ in read if unit)
    settled: dict[str, Answers | None] = {}
    for unit, row, held in read:
        if unit is None:
            continue
        if times[unit] > 1 and any(_differ(row, other) for u, other, _ in read if u == unit):
            settled[unit] = None
        else:
            settled[unit] = None if held else row
    return settled


def _differ(one: Answers, other: Answers) -> bool:
    return any(one[name] != other[name] for name in one if name != "code")


def _record(book: Book, form: Form, facts: Facts) -> Answers | None:
    asked = {
        name: question
        for name, question in form.county.items()
        if question.asked.holds(book.month) and (question.applies != "shared_funding" or facts.shared_funding)
    }
    row, unreadable = _answers(book.record, book.record_factors, asked)
    return None if _is_broken(form.county_rules, row, unreadable) else row
