"""What if: which plan reaches a target when, given money or hands a month. For planners; it changes nothing.

A plan is a sequence of whole units brought to the standard, month by month, county by county. Two orders are offered:
*nearest to done first* finishes the county that lacks fewest before the next; *equal shares* gives every county
that still lacks the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pandas as pd

from pipelines import months
from pipelines.edition.open_edition import Release
from pipelines.errors import Refusal

NEAREST, EQUAL = "nearest", "equal"
ORDERS = (NEAREST, EQUAL)
# A plan that takes longer than this is no plan.
HORIZON = 240


@dataclass(frozen=True)
class Place:
    """A county in a plan: how many units have it, how many should, and what one more costs (in any one currency)."""

    code: str
    name: str
    has: int
    of: int
    cost: Decimal = Decimal(1)

    def lacks(self, target: Fraction) -> int:
        """Whole units to the target (a share between 0 and 1) in this county; 0 where it is reached."""
        return max(0, -((self.has - target * self.of) // 1))


def places(
    release: Release, indicator: str, cost: Decimal | dict[str, Decimal] = Decimal(1)
) -> tuple[list[Place], Fraction]:
    """The counties of a share in the release's month, and its target as a share.

    `cost` of one more unit: one number, or by county code. Planned is what only work can close (`gap_failing`): units not
    known count as having it. Errors: `Refusal` where there is no such indicator, it has no lower target, or it is no share of
    communities.
    """
    indicators = release.rows("SELECT * FROM indicator WHERE indicator = ?", [indicator])
    if not indicators:
        raise Refusal(f"没有指标 {indicator}")
    entry = indicators[0]
    if not entry["is_share"] or entry["low"] is None or entry["counted"] != "community":
        raise Refusal(f"“{entry['name']}”不是有下限目标的社区（村）占比指标，不能按单位数做测算")
    rows = release.rows(
        "SELECT f.unit, c.short, f.numerator + f.unknown AS has, f.denominator + f.scope_unknown AS whole "
        "FROM figure AS f JOIN county AS c USING (unit) "
        "WHERE f.indicator = ? AND f.month = ? AND f.divisions = 'then' AND f.level = 'county' ORDER BY f.unit",
        [indicator, release.month],
    )
    costs = cost if isinstance(cost, dict) else {row["unit"]: cost for row in rows}
    listed = [
        Place(r["unit"], r["short"], int(r["has"]), int(r["whole"]), costs[r["unit"]]) for r in rows if r["whole"]
    ]
    return listed, Fraction(str(entry["low"])) / 100


def simulate(
    start: Sequence[Place], target: Fraction, first: date, budget: Decimal, order: str = NEAREST, goal: str = "county"
) -> pd.DataFrame:
    """A plan month by month. Grain: month and county. Columns: month, code, name, added, has, of, spent, reached.

    `budget` a month is what units cost (with costs of 1: units a month); what is left of it is kept. `goal`:
    `county`, until every county reaches the target; `city`, until the city does. Ends when the goal is reached, or
    after 20 years.
    Errors: `Refusal` for an unknown order or goal, a budget of nothing, or a cost that is not positive.
    """
    _check(start, budget, order, goal)
    state, purse, rows = list(start), Decimal(0), []
    for ahead in range(1, HORIZON + 1):
        if _done(state, target, goal):
            break
        purse += budget
        added, purse = _spend(state, target, purse, order, goal)
        state = [replace(place, has=place.has + more) for place, more in zip(state, added, strict=True)]
        month = months.add(first, ahead)
        rows += [_row(month, place, more, target) for place, more in zip(state, added, strict=True)]
    return pd.DataFrame(rows, columns=["month", "code", "name", "added", "has", "of", "spent", "reached"])


def summary(plan: pd.DataFrame, start: Sequence[Place], target: Fraction) -> pd.DataFrame:
    """When each county and, last, 全市 reach the target. Grain: place. Columns: name, lacks, reached_in (null: never)."""
    rows = []
    for place in start:
        own = plan[(plan["code"] == place.code) & plan["reached"]]
        already = place.lacks(target) == 0
        rows.append(
            {
                "name": place.name,
                "lacks": place.lacks(target),
                "reached_in": None if already or own.empty else own["month"].min(),
            }
        )
    rows.append({"name": "全市", "lacks": _whole(start).lacks(target), "reached_in": city_reached(plan, start, target)})
    return pd.DataFrame(rows)


def city_reached(plan: pd.DataFrame, start: Sequence[Place], target: Fraction) -> date | None:
    """The month in which the city reaches the target by a plan; null where it has already, or never does."""
    whole = _whole(start)
    if whole.lacks(target) == 0 or plan.empty:
        return None
    done = plan.groupby("month")["has"].sum()
    reached = [month for month, has in done.items() if replace(whole, has=int(has)).lacks(target) == 0]
    return min(reached, default=None)


def _whole(state: Sequence[Place]) -> Place:
    return Place("", "全市", sum(place.has for place in state), sum(place.of for place in state))


def _check(start: Sequence[Place], budget: Decimal, order: str, goal: str) -> None:
    if order not in ORDERS:
        raise Refusal(f"没有“{order}”这种次序；可用：{'、'.join(ORDERS)}")
    if goal not in ("county", "city"):
        raise Refusal(f"没有“{goal}”这种目标；可用：county、city")
    if budget <= 0 or any(place.cost <= 0 for place in start):
        raise Refusal("每月的预算和每个单位的费用都应大于 0")


def _done(state: Sequence[Place], target: Fraction, goal: str) -> bool:
    if goal == "city":
        return _whole(state).lacks(target) == 0
    return all(place.lacks(target) == 0 for place in state)


def _spend(
    state: Sequence[Place], target: Fraction, purse: Decimal, order: str, goal: str
) -> tuple[list[int], Decimal]:
    """Units added in one month by place, and what is left. Never more than the city's goal needs."""
    added = [0] * len(state)
    room = _whole(state).lacks(target) if goal == "city" else sum(place.lacks(target) for place in state)
    while room > 0:
        chosen = _next(state, target, added, purse, order)
        if chosen is None:
            break
        added[chosen] += 1
        purse -= state[chosen].cost
        room -= 1
    return added, purse


def _next(state: Sequence[Place], target: Fraction, added: list[int], purse: Decimal, order: str) -> int | None:
    """The place that gets the next unit: fewest lacking, or fewest received this month; it waits until the budget suffices."""
    left = [(place.lacks(target) - more, more, n) for n, (place, more) in enumerate(zip(state, added, strict=True))]
    waiting = [(lacks, more, n) for lacks, more, n in left if lacks > 0]
    if not waiting:
        return None
    _, _, n = min(waiting) if order == NEAREST else min(waiting, key=lambda queued: (queued[1], -queued[0], queued[2]))
    return n if state[n].cost <= purse else None


def _row(month: date, place: Place, added: int, target: Fraction) -> dict[str, Any]:
    return {
        "month": month, "code": place.code, "name": place.name, "added": added, "has": place.has, "of": place.of,
        "spent": added * place.cost, "reached": place.lacks(target) == 0,
    }  # fmt: skip
