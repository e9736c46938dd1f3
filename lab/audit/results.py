"""Published figures with their verdicts, from the counts of a city: every indicator, level and unit of a month (semantics §5, §6)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from lab.audit.arithmetic import FAILS, MET, OUTSIDE, Figure, Gap, Parts, figure, gap
from lab.audit.city import COMMUNITY, City, Judged, Key, Month
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
                counted = figure(indicator, self.city.count(indicator, self.now, key))
                yield Result(indicator.id, self.month, *key, counted, None, None, None)
            del members.places[key]

    def _result(self, indicator: Indicator, key: Key) -> Result:
        counted = figure(indicator, self.city.count(indicator, self.now, key))
        target = indicator.target_of(self.month)
        drawn = self._verdict(indicator, target, key, counted, self.now)
        last = self._if_last(indicator, target, key) if drawn.status == "unproven" else None
        return Result(indicator.id, self.month, *key, counted, drawn, last, gap(indicator, target, counted))

    def _verdict(
        self, indicator: Indicator, target: Target | None, key: Key, counted: Figure, unknown: Month
    ) -> Verdict:
        series = partial(self._series, indicator, key)
        return verdict(indicator, self.month, counted, series, partial(self._fell, indicator, target, key, unknown))

    def _if_last(self, indicator: Indicator, target: Target | None, key: Key) -> str:
        if self._last is None:
            self._last = self.city.as_last(self.month, self.divisions)
        counted = figure(indicator, self.city.count(indicator, self.now, key, self._last))
        return self._verdict(indicator, target, key, counted, self._last).status

    def _series(self, indicator: Indicator, key: Key) -> list[tuple[int, Figure]]:
        """The months before by the same divisions."""
        return [
            (month, figure(indicator, self.city.count(indicator, self.city.month(month, self.divisions), key)))
            for month in range(self.city.first, self.month)
            if indicator.in_force.holds(month)
        ]

    def _fell(self, indicator: Indicator, target: Target, key: Key, unknown: Month, since: int, x: Fraction) -> bool:
        """Among the units in scope and known both then and now, whether more turned from met to not met than the reverse; where the
        figure would be above a limit, whether more turned the other way. `unknown`: the month in which units stand that are not known
        now.
        """
        number, now = self.city.position[indicator.id], self.now[indicator.of]
        then = self.city.month(since, self.divisions)[indicator.of]
        shared = set(now.places[key]) & set(then.places.get(key, ()))
        pairs = [(then.judged[name], self._present(indicator, unknown, name)) for name in shared]
        pairs = [pair for pair in pairs if all(judged.states[number] in (MET, FAILS) for judged in pair)]
        if not indicator.is_share:
            return _moved_away(target, *([pair[side].parts[number] for pair in pairs] for side in (0, 1)))
        before, after = (sum(pair[side].states[number] == MET for pair in pairs) for side in (0, 1))
        return after > before if target.high is not None and x > target.high else after < before

    def _present(self, indicator: Indicator, unknown: Month, name: str) -> Judged:
        judged = self.now[indicator.of].judged[name]
        is_known = judged.states[self.city.position[indicator.id]] in (MET, FAILS, OUTSIDE)
        return judged if is_known else unknown[indicator.of].judged[name]


def _moved_away(target: Target, before: Sequence[Parts], after: Sequence[Parts]) -> bool:
    """Of a ratio: whether that of the units that answered both times is farther from the target than it was."""
    values = [_ratio_of(parts) for parts in (before, after)]
    return None not in values and _distance(target, values[1]) > _distance(target, values[0])


def _ratio_of(parts: Sequence[Parts]) -> Fraction | None:
    below = sum(denominator for _, denominator in parts)
    return Fraction(sum(numerator for numerator, _ in parts)) / below if below else None


def _distance(target: Target, value: Fraction) -> Fraction:
    """How far a value is outside the target."""
    below = target.low - value if target.low is not None else Fraction(0)
    above = value - target.high if target.high is not None else Fraction(0)
    return max(below, above, Fraction(0))
