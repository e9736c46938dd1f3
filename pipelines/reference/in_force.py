"""Months from and until which an entry of reference data is in force (semantics §4, dated reference)."""

from datetime import date
from typing import Annotated

from pydantic import BeforeValidator

from pipelines import months
from pipelines.errors import Refusal
from pipelines.reference.strict_yaml import Entry


def _month(text: object) -> date:
    try:
        return months.parse(str(text))
    except Refusal as error:
        raise ValueError(str(error)) from None


Month = Annotated[date, BeforeValidator(_month)]


class Dated(Entry):
    """An entry that may have a first and a last month; without them it is always in force."""

    since: Month | None = None
    until: Month | None = None

    def is_in_force(self, month: date) -> bool:
        """Whether the month lies within `since` and `until`, both included."""
        return (self.since is None or self.since <= month) and (self.until is None or month <= self.until)

    def check_months(self, where: str) -> None:
        """Refuses an entry that would end before it begins."""
        if self.since and self.until and self.until < self.since:
            raise Refusal(f"{where}：since（{months.key(self.since)}）晚于 until（{months.key(self.until)}）")
