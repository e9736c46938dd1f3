"""How many units a month's figures are based on."""

from datetime import date
from typing import TypedDict

from pipelines.edition.open_edition import Release


class Coverage(TypedDict):
    """Units of the city in a month: all of the roster, those with an accepted row of the month, those whose row is carried."""

    units: int
    accepted: int
    carried: int


def of_month(release: Release, month: date) -> Coverage:
    """The city's coverage in a month of the edition; zeros where it has no such month."""
    [row] = release.rows_as(
        Coverage,
        "SELECT coalesce(sum(units), 0)::BIGINT AS units, coalesce(sum(accepted), 0)::BIGINT AS accepted, "
        "coalesce(sum(carried), 0)::BIGINT AS carried FROM coverage WHERE month = ?",
        [month],
    )
    return row
