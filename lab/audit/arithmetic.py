"""The arithmetic of one figure (semantics §5), from counts to value, bounds and gaps; nothing here is rounded."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from lab.audit.declared import Indicator, Target
from lab.audit.expression import Row

# what a unit is to an indicator
OUTSIDE, MET, FAILS, SHARE_UNKNOWN, SCOPE_UNKNOWN = range(5)
Parts = tuple[Fraction | int, Fraction | int]


def state(indicator: Indicator, row: Row) -> tuple[int, Parts | None]:
    """What a unit is to an indicator, and of a ratio its numerator and denominator. MET of a ratio: both parts answered."""
    scope = indicator.scope.of(row)
    if scope is None:
        return SCOPE_UNKNOWN, None
    if not scope:
        return OUTSIDE, None
    if indicator.share:
        share = indicator.share.of(row)
        return (SHARE_UNKNOWN if share is None else MET if share else FAILS), None
    parts = indicator.numerator.of(row), indicator.denominator.of(row)
    return (SHARE_UNKNOWN, None) if None in parts else (MET, parts)


@dataclass(frozen=True, slots=True)
class Count:
    """The units of a place by state. Of a ratio `met` are the units that answered both parts, and the sums are theirs."""

    met: int = 0
    fails: int = 0
    share_unknown: int = 0
    scope_unknown: int = 0
    carried: int = 0
    numerator: Fraction | int = 0
    denominator: Fraction | int = 0


def count(indicator: Indicator, states: bytes, lent: bytes, parts: Iterable[Parts] = ()) -> Count:
    """The count of units by their states; `lent` are the states of those whose answers are an earlier month's.

    Carried: of a share all in scope, of a ratio those that answered both parts.
    """
    counted = (MET, FAILS, SHARE_UNKNOWN) if indicator.is_share else (MET,)
    numbers = [states.count(wanted) for wanted in (MET, FAILS, SHARE_UNKNOWN, SCOPE_UNKNOWN)]
    parts = list(parts)
    sums = (sum(numerator for numerator, _ in parts), sum(denominator for _, denominator in parts))
    return Count(*numbers, sum(map(lent.count, counted)), *sums)


@dataclass(frozen=True)
class Figure:
    """A figure with all of its parts. Of a ratio numerator and denominator are the sums; it has no bounds, failing or gaps."""

    value: Fraction | None
    known: Fraction | None
    lower: Fraction | None
    upper: Fraction | None
    numerator: Fraction | int
    denominator: Fraction | int
    unknown: int
    failing: int | None
    carried: int
    # of a share and of a ratio alike: units in scope or perhaps in scope, and those of them that are known
    whole: int
    answered: int
    is_empty: bool

    @property
    def known_share(self) -> Fraction:
        """How much of the scope is known."""
        return Fraction(self.answered, self.whole) if self.whole else Fraction(0)

    @property
    def ends(self) -> tuple[Fraction, Fraction] | None:
        """The least and the greatest that the figure can be; None where it has no value."""
        if self.value is None:
            return None
        return (self.value, self.value) if self.lower is None else (self.lower, self.upper)


def figure(indicator: Indicator, counted: Count) -> Figure:
    return _share(counted) if indicator.is_share else _ratio(indicator, counted)


def _share(c: Count) -> Figure:
    scope = c.met + c.fails + c.share_unknown
    answered, whole, unknown = scope - c.share_unknown, scope + c.scope_unknown, c.share_unknown + c.scope_unknown
    known = Fraction(100 * c.met, answered) if answered else None
    return Figure(
        value=None if known is None else Fraction(100 * c.met, scope),
        known=known,
        lower=Fraction(100 * c.met, whole) if scope else None,
        upper=Fraction(100 * (c.met + unknown), whole) if scope else None,
        numerator=c.met,
        denominator=scope,
        unknown=unknown,
        failing=c.fails,
        carried=c.carried,
        whole=whole,
        answered=answered,
        is_empty=whole == 0,
    )


def _ratio(indicator: Indicator, c: Count) -> Figure:
    value = indicator.factor * Fraction(c.numerator) / Fraction(c.denominator) if c.denominator else None
    unknown = c.share_unknown + c.scope_unknown
    return Figure(
        value=value,
        known=value,
        lower=None,
        upper=None,
        numerator=c.numerator,
        denominator=c.denominator,
        unknown=unknown,
        failing=None,
        carried=c.carried,
        whole=c.met + unknown,
        answered=c.met,
        is_empty=not c.denominator and not c.scope_unknown and (c.met > 0 or not c.share_unknown),
    )


@dataclass(frozen=True)
class Gap:
    """Further units that must be shown to meet the target: `failing` at least by work, `unknown` at most by answers."""

    whole: int
    failing: int

    @property
    def unknown(self) -> int:
        return self.whole - self.failing


def gap(indicator: Indicator, target: Target | None, figure: Figure) -> Gap | None:
    """The gap of a share with an at_least target; None for all other figures and where nothing can be in scope."""
    if not indicator.is_share or target is None or not target.is_at_least or not figure.whole:
        return None
    needed = ceil(target.low * figure.whole / 100)
    return Gap(max(0, needed - figure.numerator), max(0, needed - figure.numerator - figure.unknown))
