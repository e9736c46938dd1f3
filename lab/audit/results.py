"""Published figures with their verdicts, from the counts of a city: every indicator, level and unit of a month (semantics §5, §6)."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from lab.audit.arithmetic import FAILS, MET, Figure, Gap, figure, gap
from lab.audit.city import COMMUNITY, City, Key, Month
from lab.audit.declared import Indicator, Target
from lab.audit.verdict import Verdict, verdict

LEVELS = ("city", "county", "town")


@dataclass(frozen=True)
class Result:
    """One published figure. `if_last`: the verdict if every unknown unit stood as it last reported; only where it is unproven.

    A single community has no verdict here: it has what is asked, lacks it, or is not known.
    """

    indicator: str
    month: int
    level: str
    unit: str
    figure: Figure
    verdict: Verdict | None
    if_last: str | None
    gap: Gap | None


class Judge:
    """The figures of one month, each with its as-now series; by the divisions of a later month where one is given."""

    def __init__(self, city: City, month: int, divisions: int | None = None):
        self.city, self.month = city, month
        self.divisions = month if divisions is None else divisions
        self.now = city.month(month, self.divisions)
        self._last: Month | None = None

    def results(self) -> Iterator[Result]:
        """Every figure of the indicators in force, in the register's order."""
        for indicator in self.city.register.indicators:
            if indicator.in_force.holds(self.month):
                for key in self.now[indicator.of].places:
                    yield self._result(indicator, key)

    def communities(self) -> Iterator[Result]:
        """The figures of every single community."""
        members = self.now[COMMUNITY]
        for code, unit in self.city.roster.units(self.month).items():
            key = ("community", code)
            members.places[key] = [unit.uid]
            for indicator in self.city.of[COMMUNITY]:
                found = figure(indicator, self.city.count(indicator, self.now, key))
                yield Result(indicator.id, self.month, *key, found, None, None, None)
            del members.places[key]

    def _result(self, indicator: Indicator, key: Key) -> Result:
        found = figure(indicator, self.city.count(indicator, self.now, key))
        target = indicator.target_of(self.month)
        drawn = self._verdict(indicator, target, key, found)
        last = self._if_last(indicator, target, key) if drawn.status == "unproven" else None
        return Result(indicator.id, self.month, *key, found, drawn, last, gap(indicator, target, found))

    def _verdict(self, indicator: Indicator, target: Target | None, key: Key, found: Figure) -> Verdict:
        series = partial(self._series, indicator, key)
        return verdict(indicator, self.month, found, series, partial(self._fell, indicator, target, key))

    def _if_last(self, indicator: Indicator, target: Target | None, key: Key) -> str:
        if self._last is None:
            self._last = self.city.as_last(self.month, self.divisions)
        found = figure(indicator, self.city.count(indicator, self.now, key, self._last))
        return self._verdict(indicator, target, key, found).status

    def _series(self, indicator: Indicator, key: Key) -> list[tuple[int, Figure]]:
        """The months before by the same divisions."""
        return [
            (month, figure(indicator, self.city.count(indicator, self.city.month(month, self.divisions), key)))
            for month in range(self.city.first, self.month)
            if indicator.in_force.holds(month)
        ]

    def _fell(self, indicator: Indicator, target: Target, key: Key, since: int, x: Fraction) -> bool:
        """Among the units in scope and known both then and now, whether more turned from met to not met than the reverse; where the
        figure would be above a limit, whether more turned the other way.
        """
        then = self.city.month(since, self.divisions)
        here, there = set(self.now[indicator.of].places[key]), set(then[indicator.of].places.get(key, ()))
        names = [
            name
            for name in here & there
            if self._known(indicator, then, name) and self._known(indicator, self.now, name)
        ]
        if not indicator.is_share:
            return self._moved_away(indicator, target, then, names)
        met = [[self.city.state(indicator, found, name) == MET for name in names] for found in (then, self.now)]
        too_high = target.high is not None and x > target.high
        return sum(met[1]) > sum(met[0]) if too_high else sum(met[1]) < sum(met[0])

    def _known(self, indicator: Indicator, found: Month, name: str) -> bool:
        return self.city.state(indicator, found, name) in (MET, FAILS)

    def _moved_away(self, indicator: Indicator, target: Target, then: Month, names: list[str]) -> bool:
        """Of a ratio: whether that of the units that answered both times is farther from the target than it was."""
        values = [self._ratio_of(indicator, found, names) for found in (then, self.now)]
        return None not in values and _distance(target, values[1]) > _distance(target, values[0])

    def _ratio_of(self, indicator: Indicator, found: Month, names: list[str]) -> Fraction | None:
        number = self.city.position[indicator.id]
        parts = [found[indicator.of].judged[name].parts[number] for name in names]
        below = sum(part[1] for part in parts)
        return Fraction(sum(part[0] for part in parts)) / below if below else None


def _distance(target: Target, value: Fraction) -> Fraction:
    """How far a value is outside the target."""
    below = target.low - value if target.low is not None else Fraction(0)
    above = value - target.high if target.high is not None else Fraction(0)
    return max(below, above, Fraction(0))
