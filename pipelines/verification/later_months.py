"""What a check of one month says of a later edition of it and of the twelve months after (§6)."""

from collections.abc import Collection
from datetime import date

LONGEST = 12  # months


def in_edition(lower: int, population: Collection[str], counted: Collection[str]) -> int:
    """L in a later edition of the checked month: less the list's units that left the scope.

    `population`: uids that the list was drawn from; `counted`: those in the claim's denominator now.
    """
    return lower - _gone(population, counted)


def in_month(
    lower: int, checked: date, month: date, population: Collection[str], reported: Collection[str]
) -> int | None:
    """L′ in a later month: less the list's units that `month` no longer reports as claimed (`reported`: those it does).

    None before the checked month and more than 12 months after it: the check then says nothing. The checked month itself
    is `in_edition`.
    """
    age = (month.year - checked.year) * 12 + month.month - checked.month
    return lower - _gone(population, reported) if 0 < age <= LONGEST else None


def holds(lower: int | None, required: int) -> bool:
    """Whether the claim of the later month or edition is still proven; `required` is R of that month."""
    return lower is not None and lower >= required


def _gone(population: Collection[str], still: Collection[str]) -> int:
    return len(set(population) - set(still))
