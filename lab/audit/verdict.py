"""The verdict on a figure (semantics §6): a function of one point, drawn at both ends of what the figure can be."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from lab.audit import dates
from lab.audit.arithmetic import Figure
from lab.audit.declared import Indicator, Target

KNOWN_ENOUGH, ANSWERED_ENOUGH = Fraction(90, 100), Fraction(95, 100)
ON_TRACK, LAGGING = Fraction(95, 100), Fraction(60, 100)
STARTING_MONTHS = 3

# the figures of the months before by this month's divisions, in order; asked for only where the verdict needs them
Series = Callable[[], list[tuple[int, Figure]]]
# whether what is known of the same units has fallen since a month of the series, for a figure that is at a point
Fell = Callable[[int, Fraction], bool]


@dataclass(frozen=True)
class Verdict:
    """The status, and what it would be at either end; `if_low` and `if_high` only where a verdict was drawn on a share."""

    status: str
    if_low: str | None = None
    if_high: str | None = None


@dataclass(frozen=True)
class _Base:
    month: int
    value: Fraction


def verdict(indicator: Indicator, month: int, figure: Figure, series: Series, fell: Fell) -> Verdict:
    """The verdict on the figure of `month`."""
    target = indicator.target_of(month)
    if figure.is_empty:
        return Verdict("not_applicable")
    if figure.value is None:
        return Verdict("no_data")
    if target is None or (indicator.december and not dates.is_december(month)):
        return Verdict("tracked")
    judge = _Judge(indicator, target, month, figure, series, fell)
    if not indicator.is_share:
        thin = figure.known_share < ANSWERED_ENOUGH
        return Verdict("unproven" if thin else judge.at(figure.value))
    drawn = [judge.at(x) for x in _points(target, figure)]
    return Verdict(drawn[0] if len(set(drawn)) == 1 else "unproven", drawn[0], drawn[-1])


def _points(target: Target, figure: Figure) -> list[Fraction]:
    """Both ends, and between them the ends of a band: elsewhere a verdict changes in one direction only."""
    inner = [bound for bound in (target.low, target.high) if bound is not None and figure.lower < bound < figure.upper]
    return [figure.lower, *inner, figure.upper]


class _Judge:
    def __init__(self, indicator: Indicator, target: Target, month: int, figure: Figure, series: Series, fell: Fell):
        self.indicator, self.target, self.month, self.fell = indicator, target, month, fell
        self._series, self._found = series, figure

    @cached_property
    def series(self) -> list[tuple[int, Figure]]:
        """The months that count for this verdict, this one last."""
        return [(m, figure) for m, figure in [*self._series(), (self.month, self._found)] if self._belongs(m)]

    def _belongs(self, earlier: int) -> bool:
        if self.indicator.december:
            return dates.is_december(earlier)
        return not self.begins_anew or dates.year(earlier) == dates.year(self.month)

    @property
    def begins_anew(self) -> bool:
        return self.indicator.yearly and not self.indicator.december

    @cached_property
    def base(self) -> _Base | None:
        """The register's baseline, else the known value of the first month that is known well enough."""
        declared = self.indicator.baseline
        if declared and self._belongs(declared[0]) and declared[0] <= self.month:
            return _Base(*declared)
        known = ((m, f) for m, f in self.series if f.known is not None and f.known_share >= KNOWN_ENOUGH)
        return next((_Base(m, f.known) for m, f in known), None)

    def at(self, x: Fraction) -> str:
        """The first row of the table that applies."""
        if self.target.met_by(x):
            return "met"
        if self.target.due is not None and self.month >= self.target.due:
            return "overdue"
        if self._is_starting():
            return "starting"
        if self.base is None:
            return "unproven"
        return self._by_progress(x)

    def _is_starting(self) -> bool:
        first = self.base.month if self.base else self.series[0][0]
        return self.month - first < STARTING_MONTHS

    def _by_progress(self, x: Fraction) -> str:
        base_met, last_met = self.target.met_by(self.base.value), self._last_met()
        pace = None if base_met else self._pace(x)
        was_better = last_met is not None or base_met or pace < 0
        if was_better and self.fell(self.base.month if last_met is None else last_met, x):
            return "reversing"
        if pace is None:
            return "starting"
        return "on_track" if pace >= ON_TRACK else "lagging" if pace >= LAGGING else "off_track"

    def _pace(self, x: Fraction) -> Fraction:
        """The share of the way that is done, by the share of the time that is over."""
        due = dates.december(dates.year(self.month)) if self.begins_anew else self.target.due
        time = Fraction(dates.days(self.base.month, self.month), dates.days(self.base.month, due))
        return (x - self.base.value) / (self.target.goal_from(self.base.value) - self.base.value) / time

    def _last_met(self) -> int | None:
        """The last earlier month whose figure met the target at both ends."""
        met = [m for m, figure in self.series[:-1] if self._is_proven(figure)]
        return met[-1] if met else None

    def _is_proven(self, figure: Figure) -> bool:
        if figure.ends is None or (not self.indicator.is_share and figure.known_share < ANSWERED_ENOUGH):
            return False
        return all(self.target.met_by(end) for end in figure.ends)
