"""How many visits prove a claim, for every number of unconfirmed ones that they may come back with (§3)."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from pipelines.verification import bounds
from pipelines.verification.bounds import Stratum
from pipelines.verification.reported_claim import Claim

LEAST_POOLED = 10  # reported units: a smaller county is drawn together with others
LEAST_VISITS = 3  # of a stratum, or all of it
MOST_ALLOWED = 5  # plans are made for 0 … 5, and further until one is recommended
FALSE_PER_CENT = (1, 2, 5)
GOOD_CHANCE = Fraction(80, 100)
_ONE_LEVEL = 3  # by county where the smallest plan of one stratum has at least this many visits a stratum


@dataclass(frozen=True)
class Place:
    """A stratum of a plan: the reported units of one county, of several small ones, or of all."""

    id: str
    size: int


@dataclass(frozen=True)
class Plan:
    """Fewest visits with up to `allowed` unconfirmed; `chance` (0 … 1) by false ones in a hundred, as if one stratum."""

    allowed: int
    per_stratum: tuple[int, ...]
    chance: Mapping[int, Fraction]

    @property
    def visits(self) -> int:
        return sum(self.per_stratum)


def by_county(reported: Mapping[str, int]) -> list[Place]:
    """One stratum a county by code; those below 10 units in one pool, last, with the next smallest while it is below 10."""
    sizes = {code: size for code, size in sorted(reported.items()) if size}
    rising = sorted(sizes, key=lambda code: (sizes[code], code))
    pooled = [code for code in rising if sizes[code] < LEAST_POOLED]
    while pooled and sum(sizes[code] for code in pooled) < LEAST_POOLED and len(pooled) < len(rising):
        pooled.append(rising[len(pooled)])
    places = [Place(code, size) for code, size in sizes.items() if code not in pooled]
    if pooled:
        places.append(Place("+".join(sorted(pooled)), sum(sizes[code] for code in pooled)))
    return places


def stratum_of(places: Iterable[Place]) -> dict[str, str]:
    """County code → id of its stratum, the pool's for a pooled one."""
    return {code: place.id for place in places for code in place.id.split("+")}


def usual_strata(claim: Claim, counties: Sequence[Place], whole: Place, alpha: Fraction) -> list[Place]:
    """By county where that costs little, else one stratum."""
    visits = _smallest_sample(claim, 0, 1, alpha)
    spread = visits is not None and visits >= _ONE_LEVEL * len(counties)
    return list(counties) if spread else [whole]


def plans(claim: Claim, places: Sequence[Place], alpha: Fraction) -> list[Plan]:
    """One plan for each allowed number from 0 to `MOST_ALLOWED`, and on until one is recommended; none above the slack."""
    made: list[Plan] = []
    for allowed in range(claim.slack + 1):
        if allowed > MOST_ALLOWED and recommended(made) is not None:
            break
        made.append(plan(claim, places, allowed, alpha, made[-1] if made else None))
    return made


def plan(claim: Claim, places: Sequence[Place], allowed: int, alpha: Fraction, before: Plan | None = None) -> Plan:
    """The plan for `allowed` (0 … slack). `before` is one for fewer allowed, from which the search continues."""
    if not 0 <= allowed <= claim.slack:
        raise ValueError(f"{allowed} unconfirmed ones cannot be allowed with a slack of {claim.slack}")
    if len(places) == 1:
        smallest = _smallest_sample(claim, allowed, before.visits if before else 1, alpha)
        assert smallest is not None, "the slack allows it"
        visits: tuple[int, ...] = (smallest,)
    else:
        visits = _smallest_spread(claim, places, allowed, before.visits if before else 0, alpha)
    return Plan(allowed, visits, chances(claim.reported, sum(visits), allowed))


def recommended(made: Sequence[Plan]) -> int | None:
    """The smallest allowed number that proves the claim with a chance of 80 % where 1 in 100 is false."""
    return next((plan.allowed for plan in made if plan.chance[1] >= GOOD_CHANCE), None)


def chances(reported: int, visits: int, allowed: int) -> dict[int, Fraction]:
    """The chance of at most `allowed` false ones among the visits, by false ones in 100."""
    return {
        per_cent: bounds.at_most(reported, ceil(Fraction(reported * per_cent, 100)), visits, allowed)
        for per_cent in FALSE_PER_CENT
    }


def spread(places: Sequence[Place], base: int) -> tuple[int, ...]:
    """Visits by stratum in proportion to its size, at least 3; `base` is what all of it would get, rounded down."""
    total = sum(place.size for place in places)
    return tuple(max(min(LEAST_VISITS, place.size), -(-base * place.size // total)) for place in places)


def _smallest_sample(claim: Claim, allowed: int, least: int, alpha: Fraction) -> int | None:
    """The smallest n of one stratum; None where the slack does not allow it."""
    if allowed > claim.slack:
        return None

    def suffices(visits: int) -> bool:
        return bounds.excludes([Stratum(claim.reported, visits)], allowed, claim.slack, alpha)

    low = high = max(least, allowed, 1)
    while high < claim.reported and not suffices(high):  # few of many units are the rule
        low, high = high + 1, 2 * high
    return bisect_left(range(claim.reported), True, low, min(high, claim.reported), key=suffices)


def _smallest_spread(
    claim: Claim, places: Sequence[Place], allowed: int, before: int, alpha: Fraction
) -> tuple[int, ...]:
    """Visits by stratum for the smallest base that suffices; a base adds at most 3 visits a stratum to itself."""
    for base in range(max(1, before - LEAST_VISITS * len(places)), claim.reported + 1):
        visits = spread(places, base)
        if sum(visits) < max(before, allowed):
            continue
        strata = [Stratum(place.size, here) for place, here in zip(places, visits, strict=True)]
        if bounds.excludes(strata, allowed, claim.slack, alpha):
            return visits
    raise AssertionError("visiting every unit proves a claim that is met")
