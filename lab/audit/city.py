"""Every unit's state month by month and by any later month's divisions, and the counts of places from them (semantics §1, §5)."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from lab.audit import dates
from lab.audit.arithmetic import SCOPE_UNKNOWN, SHARE_UNKNOWN, Count, Parts, count, state
from lab.audit.declared import Form, Indicator, Register
from lab.audit.expression import Range, Row
from lab.audit.roster import CITY, RURAL, TOWN, Facts, Place, Roster
from lab.audit.standing import NOTHING, Answered, Answers, Standing

Key = tuple[str, str]  # level, unit
COMMUNITY, COUNTY = "community", "county"


@dataclass(frozen=True)
class Judged:
    """A unit or county against all indicators of its part: a state each, and by position the parts of a ratio that it answered."""

    states: bytes
    parts: Mapping[int, Parts]


@dataclass
class Members:
    """The units of each place, of one part (communities or counties)."""

    judged: dict[str, Judged] = field(default_factory=dict)
    lent: set[str] = field(default_factory=set)
    places: dict[Key, list[str]] = field(default_factory=lambda: defaultdict(list))
    _joined: dict[Key, tuple[bytes, bytes]] = field(default_factory=dict)

    def joined(self, key: Key) -> tuple[bytes, bytes]:
        """The states of a place's units one behind the other, and of those whose answers are lent."""
        if key not in self._joined:
            names = self.places.get(key, [])
            lent = (self.judged[name].states for name in names if name in self.lent)
            self._joined[key] = b"".join(self.judged[name].states for name in names), b"".join(lent)
        return self._joined[key]


Month = dict[str, Members]  # by part


class City:
    """One policy over one city's answers."""

    def __init__(self, roster: Roster, register: Register, answered: Answered, form: Form):
        self.roster, self.register, self.answered, self.form = roster, register, answered, form
        self.of = {part: [i for i in register.indicators if i.of == part] for part in (COMMUNITY, COUNTY)}
        self.position = {i.id: number for of in self.of.values() for number, i in enumerate(of)}
        self._since = dates.first_day(register.since)
        self._own = tuple(form.community)
        self._of_county = tuple(f"county.{name}" for name in form.county)
        self._judged: dict[tuple, Judged] = {}
        self._months: dict[tuple, Month] = {}

    @property
    def first(self) -> int:
        """The series' first month: the policy's, or the first with answers."""
        return min(month for month in self.answered.months if month >= self.register.since)

    # -- months

    def month(self, month: int, divisions: int) -> Month:
        """A month by the divisions of a later one (or its own). Only one month's divisions are kept at a time."""
        key = (month, self.roster.key(divisions))
        if key not in self._months:
            self._months = {k: v for k, v in self._months.items() if k[1] == key[1]}
            self._months[key] = self._judge(month, divisions, self.answered.unit, self.answered.county)
        return self._months[key]

    def as_last(self, month: int, divisions: int) -> Month:
        """The month if every unanswered question were answered as it last was, by the divisions of a later one (or its own)."""
        units, counties = self.answered.last(month)
        return self._judge(
            month,
            divisions,
            lambda uid, _: Standing(units.get(uid, ()), False),
            lambda code, _: Standing(counties.get(code, ()), False),
        )

    def _judge(self, month: int, divisions: int, unit_of, county_of) -> Month:
        communities, rolled = Members(), defaultdict(list)
        answers = {code: county_of(code, month).answers for code in self.roster.counties(month)}
        places = self.roster.places(month, divisions)
        for code, unit in self.roster.units(month).items():
            place, standing = places[code], unit_of(unit.uid, month)
            communities.judged[unit.uid] = self._unit(standing.answers, answers[unit.line.county], place.facts)
            if standing.carried:
                communities.lent.add(unit.uid)
            self._enter(communities, unit.uid, place)
            rolled[place.county].append((standing.answers, place.facts.kind))
        return {COMMUNITY: communities, COUNTY: self._counties(month, divisions, rolled, county_of)}

    def _enter(self, members: Members, uid: str, place: Place) -> None:
        for level, code in (("city", self.roster.city), ("county", place.county), ("town", place.town)):
            if code:
                members.places[level, code].append(uid)

    def _counties(self, month: int, divisions: int, rolled: dict, county_of) -> Members:
        members, then = Members(), self.roster.county_then(month, divisions)
        for code, facts in self.roster.counties(divisions).items():
            standing = county_of(then[code], month) if code in then else NOTHING
            members.judged[code] = self._county(standing.answers, facts, rolled[code])
            if standing.carried:
                members.lent.add(code)
            for key in (("city", self.roster.city), ("county", code)):
                members.places[key].append(code)
        return members

    # -- states

    def _unit(self, own: Answers, county: Answers, facts: Facts) -> Judged:
        """Units with the same answers and facts are judged once."""
        key = (own, county, facts)
        if key not in self._judged:
            row = _named(self._own, own) | _named(self._of_county, county) | self._constants(facts)
            self._judged[key] = _judged(self.of[COMMUNITY], row)
        return self._judged[key]

    def _county(self, own: Answers, facts: Facts, members: list[tuple[Answers, str]]) -> Judged:
        rollups = {f"rollup.{name}": self._rollup(summed, members) for name, summed in self.register.rollups.items()}
        row = _named(tuple(self.form.county), own) | self._constants(facts) | rollups
        return _judged(self.of[COUNTY], row)

    def _constants(self, facts: Facts) -> dict[str, object]:
        kind = facts.kind
        return {
            "is_urban": kind in (CITY, TOWN), "is_city": kind == CITY, "is_town": kind == TOWN, "is_rural": kind == RURAL,
            "since": self._since, "roster.kind": kind, "roster.municipal_district": facts.municipal_district,
            "roster.shared_funding": facts.shared_funding, "roster.has_villages": facts.has_villages,
        }  # fmt: skip

    def _rollup(self, summed: str, members: list[tuple[Answers, str]]) -> Range:
        """A county's total: what is known, and at most one more for an unknown flag; an unknown count has no limit."""
        question = self.form.community[summed]
        place = self._own.index(summed)
        asked = [own[place] if own else None for own, kind in members if question.applies_to(kind)]
        known, missing = sum(int(value) for value in asked if value is not None), asked.count(None)
        return Range(known, known + missing if question.type == "flag" or not missing else None)

    # -- counts

    def count(self, indicator: Indicator, of_month: Month, key: Key, instead: Month | None = None) -> Count:
        """The count of a place; with `instead`, units that are unknown take the state that they have there."""
        members, number = of_month[indicator.of], self.position[indicator.id]
        names = members.places.get(key, [])
        states, lent = (joined[number :: len(self.of[indicator.of])] for joined in members.joined(key))
        judged = [members.judged[name] for name in names] if instead or not indicator.is_share else []
        if instead:
            judged = [
                instead[indicator.of].judged[n] if _unknown(unit, number) else unit
                for n, unit in zip(names, judged, strict=True)
            ]
            states = bytes(unit.states[number] for unit in judged)
        return count(indicator, states, lent, [unit.parts[number] for unit in judged if number in unit.parts])

    def state(self, indicator: Indicator, of_month: Month, name: str) -> int | None:
        """The state of a unit; None where the month has no such unit."""
        judged = of_month[indicator.of].judged.get(name)
        return None if judged is None else judged.states[self.position[indicator.id]]


def _named(names: tuple[str, ...], values: Answers) -> dict[str, object]:
    return dict(zip(names, values, strict=True)) if values else dict.fromkeys(names)


def _judged(indicators: list[Indicator], row: Row) -> Judged:
    states = [state(indicator, row) for indicator in indicators]
    parts = {number: given for number, (_, given) in enumerate(states) if given is not None}
    return Judged(bytes(known for known, _ in states), parts)


def _unknown(judged: Judged, number: int) -> bool:
    return judged.states[number] in (SHARE_UNKNOWN, SCOPE_UNKNOWN)
