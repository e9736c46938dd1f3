"""The bounds against a second program, and against what they must hold under."""

import random
from fractions import Fraction

import pytest

from pipelines.verification.bounds import Stratum, at_most, excludes, fewest_false, most_false
from tests.verification import spot_oracle as oracle

ALPHAS = [Fraction(5, 100), Fraction(1, 40), Fraction(1, 80)]


def _random_strata(chance: random.Random, most: int, sizes: int) -> list[tuple[int, int]]:
    strata = [
        (size, chance.randint(0, size)) for size in (chance.randint(1, sizes) for _ in range(chance.randint(1, most)))
    ]
    return strata if sum(n for _, n in strata) else [(size, 1) for size, _ in strata]


def _strata(pairs: list[tuple[int, int]]) -> list[Stratum]:
    return [Stratum(size, visited) for size, visited in pairs]


@pytest.mark.parametrize("seed", range(6))
def test_every_number_of_false_units_tried_gives_the_same_bounds(seed):
    chance = random.Random(seed)
    for _ in range(60):
        pairs, alpha = _random_strata(chance, 4, 25), chance.choice(ALPHAS)
        seen = min(chance.choice([0, 0, 1, 2, 5, 9]), sum(n for _, n in pairs))
        strata, highest = _strata(pairs), oracle.most_false(pairs, seen, alpha)
        assert most_false(strata, seen, alpha) == highest
        assert fewest_false(strata, seen, alpha) == oracle.fewest_false(pairs, seen, alpha)
        for limit in (highest - 1, highest, highest + 1):
            assert excludes(strata, seen, limit, alpha) == (highest <= limit)


def test_wherever_the_false_units_lie_the_bound_of_several_strata_is_not_too_small():
    chance = random.Random(5)
    for _ in range(120):
        pairs = _random_strata(chance, 3, 6)
        seen = min(chance.randint(0, 3), sum(n for _, n in pairs))
        exact = oracle.exact_most_false(pairs, seen, ALPHAS[0])
        assert most_false(_strata(pairs), seen, ALPHAS[0]) >= exact


@pytest.mark.parametrize(("size", "false", "visited"), [(10, 0, 4), (10, 10, 4), (12, 5, 12), (9, 4, 0), (40, 30, 25)])
def test_the_chances_of_a_hypergeometric(size, false, visited):
    for seen in range(visited + 1):
        assert at_most(size, false, visited, seen) == oracle.chance_at_most(size, false, visited, seen)


def test_nothing_visited_proves_nothing():
    assert most_false([Stratum(40, 0)], 0, ALPHAS[0]) == 40
    assert fewest_false([Stratum(40, 0)], 0, ALPHAS[0]) == 0


def test_everything_visited_leaves_nothing_open():
    for strata in ([Stratum(40, 40)], [Stratum(10, 10), Stratum(30, 30)]):
        assert most_false(strata, 3, ALPHAS[0]) == fewest_false(strata, 3, ALPHAS[0]) == 3


def test_counts_that_cannot_be_are_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="11 of 10 units"):
        Stratum(10, 11)
    with pytest.raises(ValueError, match="5 of 4 visited units"):
        most_false([Stratum(10, 4)], 5, ALPHAS[0])
