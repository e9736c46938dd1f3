"""Visits shared among several claims (§3). The sum ignores that one visit may serve two claims."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.verification.plan import GOOD_CHANCE, Plan


@dataclass(frozen=True)
class Shares:
    """The plan that each claim gets, and the visits that its smallest plan lacks for those that get none."""

    plans: Mapping[str, Plan]
    missing: Mapping[str, int]


def share(budget: int, plans: Mapping[str, Sequence[Plan]]) -> Shares:
    """Provable claims, cheapest first, then one more allowed for the lowest chance, until each has 80 % at 1 in 100."""
    given: dict[str, Plan] = {}
    for claim in sorted(plans, key=lambda claim: plans[claim][0].visits):
        if _sum(given) + plans[claim][0].visits <= budget:
            given[claim] = plans[claim][0]
    while (step := _next(budget, given, plans)) is not None:
        given[step[0]] = step[1]
    left = budget - _sum(given)
    return Shares(given, {claim: made[0].visits - left for claim, made in plans.items() if claim not in given})


def _next(budget: int, given: Mapping[str, Plan], plans: Mapping[str, Sequence[Plan]]) -> tuple[str, Plan] | None:
    """The claim with the lowest chance whose next plan fits, and that plan."""
    weak = [claim for claim in plans if claim in given and given[claim].chance[1] < GOOD_CHANCE]
    for claim in sorted(weak, key=lambda claim: given[claim].chance[1]):
        further = plans[claim][given[claim].allowed + 1 : given[claim].allowed + 2]
        if further and _sum(given) - given[claim].visits + further[0].visits <= budget:
            return claim, further[0]
    return None


def _sum(given: Mapping[str, Plan]) -> int:
    return sum(plan.visits for plan in given.values())
