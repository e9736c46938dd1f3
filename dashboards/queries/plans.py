"""When a target would be reached at a pace: the notebook's plan, kept by edition."""

from datetime import date
from decimal import Decimal

from dashboards.queries.edition_data import computed
from pipelines.edition import Release, what_if
from pipelines.errors import Refusal


def _reached(release: Release, indicator: str, pace: int) -> date | None:
    start, target = what_if.places(release, indicator)
    plan = what_if.simulate(start, target, release.month, Decimal(pace), what_if.NEAREST, "city")
    return what_if.city_reached(plan, start, target)


def city_reached(view, indicator: str, pace: int) -> date | None:
    """The month in which the city reaches the target with so many units more a month; None where never, or it is no such share."""
    try:
        return computed(_reached, view.release, indicator, pace)
    except Refusal:
        return None
