"""How many of a population can be false, given how many of a random sample were (design/spot-checks.md §2).

One stratum: the exact hypergeometric bound (Konijn 1973, Buonaccorsi 1987, Wright 1991). Several strata: a binomial with
the same mean, which has the heavier tails (Hoeffding 1956). Integers and fractions only.
Sizes, visits and results are counts of units; `alpha` is the error allowed on this one side.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb


@dataclass(frozen=True)
class Stratum:
    """A part of the population that is drawn by itself: its units, and how many of them are visited."""

    size: int
    visited: int

    def __post_init__(self) -> None:
        if not 0 <= self.visited <= self.size:
            raise ValueError(f"{self.visited} of {self.size} units cannot be visited")


def most_false(strata: Sequence[Stratum], unconfirmed: int, alpha: Fraction) -> int:
    """F_U: the largest number of false units under which so few unconfirmed ones still have a chance above `alpha`."""
    low, high = _range(strata, unconfirmed)
    while low < high:
        middle = (low + high + 1) // 2
        if few_is_likely(strata, middle, unconfirmed, alpha):
            low = middle
        else:
            high = middle - 1
    return low


def fewest_false(strata: Sequence[Stratum], refuted: int, alpha: Fraction) -> int:
    """F_L: the smallest number of false units under which so many refuted ones have a chance above `alpha`."""
    low, high = _range(strata, refuted)
    while low < high:
        middle = (low + high) // 2
        if _many_is_likely(strata, middle, refuted, alpha):
            high = middle
        else:
            low = middle + 1
    return low


def excludes(strata: Sequence[Stratum], unconfirmed: int, most: int, alpha: Fraction) -> bool:
    """Whether F_U ≤ `most`; one evaluation instead of a search."""
    low, high = _range(strata, unconfirmed)
    if most < low:
        return False
    return most >= high or not few_is_likely(strata, most + 1, unconfirmed, alpha)


def _range(strata: Sequence[Stratum], seen: int) -> tuple[int, int]:
    """The numbers of false units that are possible where `seen` of the visited ones are false."""
    visited = sum(stratum.visited for stratum in strata)
    if not 0 <= seen <= visited:
        raise ValueError(f"{seen} of {visited} visited units cannot be unconfirmed")
    return seen, sum(stratum.size for stratum in strata) - visited + seen


def few_is_likely(strata: Sequence[Stratum], false: int, unconfirmed: int, alpha: Fraction) -> bool:
    """Whether P(at most `unconfirmed` are seen) > alpha with `false` units placed where fewest are visited."""
    if len(strata) == 1:
        part, whole = _hypergeometric(strata[0], false, unconfirmed)
    else:
        mean = _expected(false, sorted(strata, key=_fraction_visited))
        if unconfirmed > mean - 1:
            return True
        part, whole = _binomial(_trials(strata, false), mean, unconfirmed)
    return part * alpha.denominator > alpha.numerator * whole


def _many_is_likely(strata: Sequence[Stratum], false: int, refuted: int, alpha: Fraction) -> bool:
    """Whether P(at least `refuted` are seen) > alpha with `false` units placed where most are visited."""
    if len(strata) == 1:
        part, whole = _hypergeometric(strata[0], false, refuted - 1)
    else:
        mean = _expected(false, sorted(strata, key=_fraction_visited, reverse=True))
        if refuted < mean + 1:
            return True
        part, whole = _binomial(_trials(strata, false), mean, refuted - 1)
    return (whole - part) * alpha.denominator > alpha.numerator * whole


def at_most(size: int, false: int, visited: int, seen: int) -> Fraction:
    """P(X ≤ seen), X hypergeometric: the false ones among `visited` of `size` units, `false` of which are false."""
    return Fraction(*_hypergeometric(Stratum(size, visited), false, seen))


def _hypergeometric(stratum: Stratum, false: int, seen: int) -> tuple[int, int]:
    """P(X ≤ seen) as two integers: to reduce such a fraction costs more than all the rest."""
    size = stratum.size
    drawn, marked = sorted((stratum.visited, false))  # symmetric in both; the smaller one makes the smaller numbers
    lowest = max(0, drawn + marked - size)
    term = comb(marked, lowest) * comb(size - marked, drawn - lowest)
    total = 0
    for k in range(lowest, min(seen, drawn) + 1):
        total += term
        term = term * (marked - k) * (drawn - k) // ((k + 1) * (size - marked - drawn + k + 1))
    return total, comb(size, drawn)


def _fraction_visited(stratum: Stratum) -> Fraction:
    return Fraction(stratum.visited, stratum.size) if stratum.size else Fraction(0)


def _expected(false: int, strata: Sequence[Stratum]) -> Fraction:
    """The mean number seen of `false` units that lie in the first strata."""
    return sum((placed * _fraction_visited(stratum) for stratum, placed in _placed(false, strata)), Fraction(0))


def _placed(false: int, strata: Sequence[Stratum]) -> Iterator[tuple[Stratum, int]]:
    for stratum in strata:
        here = min(false, stratum.size)
        yield stratum, here
        false -= here


def _trials(strata: Sequence[Stratum], false: int) -> int:
    """A hypergeometric is a sum of 0/1 variables, as many as visits or as false units (Hui and Park 2014)."""
    return min(sum(stratum.visited for stratum in strata), false)


def _binomial(trials: int, mean: Fraction, seen: int) -> tuple[int, int]:
    """P(Bin(trials, mean/trials) ≤ seen) as two integers."""
    hit, whole = mean.numerator, mean.denominator * trials
    miss, last = whole - hit, min(seen, trials)
    total, power = 0, 1
    for k in range(last + 1):
        total = total * miss + comb(trials, k) * power
        power *= hit
    return total * miss ** (trials - last), whole**trials
