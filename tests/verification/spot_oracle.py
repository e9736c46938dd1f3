"""A second program for the bounds: every number of false units is tried, every chance is a sum of fractions."""

from fractions import Fraction
from itertools import product
from math import comb

Strata = list[tuple[int, int]]  # (units, visited)


def chance_at_most(size: int, false: int, visited: int, seen: int) -> Fraction:
    hits = sum(comb(false, k) * comb(size - false, visited - k) for k in range(seen + 1) if visited >= k)
    return Fraction(hits, comb(size, visited))


def most_false(strata: Strata, seen: int, alpha: Fraction) -> int:
    return max(f for f in possible(strata, seen) if likely(strata, f, range(seen + 1), alpha, rising=True))


def fewest_false(strata: Strata, seen: int, alpha: Fraction) -> int:
    visits = sum(n for _, n in strata)
    return min(f for f in possible(strata, seen) if likely(strata, f, range(seen, visits + 1), alpha, rising=False))


def possible(strata: Strata, seen: int) -> range:
    size, visits = sum(s for s, _ in strata), sum(n for _, n in strata)
    return range(seen, size - visits + seen + 1)


def likely(strata: Strata, false: int, seen: range, alpha: Fraction, rising: bool) -> bool:
    if len(strata) == 1:
        (size, visits), last = strata[0], seen[-1]
        below = chance_at_most(size, false, visits, seen[0] - 1) if seen[0] else 0
        return chance_at_most(size, false, visits, last) - below > alpha
    mean, left = Fraction(0), false
    for size, visits in sorted(strata, key=lambda s: Fraction(s[1], s[0]), reverse=not rising):
        mean += min(left, size) * Fraction(visits, size)
        left -= min(left, size)
    if (rising and seen[-1] > mean - 1) or (not rising and seen[0] < mean + 1):
        return True
    trials = min(sum(n for _, n in strata), false)
    p = mean / trials
    return sum(comb(trials, k) * p**k * (1 - p) ** (trials - k) for k in seen if k <= trials) > alpha


def exact_most_false(strata: Strata, seen: int, alpha: Fraction) -> int:
    """The exact bound: the largest number of false units that some placing of them makes likely (small cases only)."""
    placings = product(*(range(size + 1) for size, _ in strata))
    return max(sum(p) for p in placings if sum(p) in possible(strata, seen) and _joint(strata, p, seen) > alpha)


def _joint(strata: Strata, placing: tuple[int, ...], seen: int) -> Fraction:
    sums = {0: Fraction(1)}
    for (size, visits), false in zip(strata, placing, strict=True):
        step = {
            k: Fraction(comb(false, k) * comb(size - false, visits - k), comb(size, visits)) for k in range(visits + 1)
        }
        sums = {
            total: sum(p * step[total - a] for a, p in sums.items() if 0 <= total - a <= visits)
            for total in range(max(sums) + visits + 1)
        }
    return sum(p for total, p in sums.items() if total <= seen)
