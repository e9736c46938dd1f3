"""The bound proven by a check, in later editions of its month and in the twelve months after (§6).

A unit with the result 不属实 is not among the L true ones, so L stays when it leaves: a county that corrects it loses nothing.
Every other unit that leaves may have been a true one and lowers L.
"""

from collections.abc import Collection
from datetime import date

LONGEST = 12  # months


def speaks(checked: date, month: date) -> bool:
    """Whether a check applies to a month: its own and the twelve after."""
    age = (month.year - checked.year) * 12 + month.month - checked.month
    return 0 <= age <= LONGEST


def standing(lower: int, population: Collection[str], kept: Collection[str], refuted: Collection[str] = ()) -> int:
    """L of what is left of the list's population (uids that it was drawn from).

    `kept`, in a later edition of the checked month: uids in the claim's denominator; in a later month (L′): uids that are reported as
    claimed. `refuted`: uids found 不属实.
    """
    return lower - len(set(population) - set(kept) - set(refuted))
