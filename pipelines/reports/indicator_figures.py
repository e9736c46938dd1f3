"""One indicator with its figures of city and counties, as a paper reads them: exact changes, bounds, order of concern."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from pipelines.edition.concern import concern
from pipelines.edition.statuses import ORDER


@dataclass(frozen=True)
class Figure:
    """One figure of the city, a county or a town."""

    unit: str
    name: str
    shown: str | None
    numerator: Decimal
    denominator: Decimal
    unknown: int
    scope_unknown: int
    carried: int
    status: str
    gap: int | None
    lower: float | None
    upper: float | None
    value: float | None
    known_shown: str | None = None
    needed: int | None = None
    gap_failing: int | None = None
    gap_unknown: int | None = None
    if_low: str | None = None
    if_high: str | None = None
    if_last: str | None = None
    deciding: str | None = None
    base_month: date | None = None
    pace: float | None = None
    # of a ratio, whose denominator counts no units: how many units there are
    units: int | None = None

    def exact(self, factor: int) -> Fraction | None:
        """The value without rounding; null where the release shows none."""
        if self.value is None or not self.denominator:
            return None
        return factor * Fraction(self.numerator) / Fraction(self.denominator)

    @property
    def bounds(self) -> tuple[str, str] | None:
        """Lower and upper bound of a share, half up to one decimal from the exact counts; null where it has none."""
        if self.lower is None:
            return None
        whole = self.denominator + self.scope_unknown
        # `tenth` of a fraction is slow for the thousands of towns
        low, high = ((2000 * part + whole) // (2 * whole) for part in (self.numerator, self.numerator + self.unknown))
        return str(low.scaleb(-1)), str(high.scaleb(-1))

    @property
    def mostly_known(self) -> bool:
        """At least nine tenths of the units are known."""
        return 10 * self.unknown <= (self.denominator + self.scope_unknown if self.units is None else self.units)

    @property
    def lacking(self) -> int:
        """Units in scope known not to meet a share; `unknown` also counts units of unknown scope, which are in no denominator."""
        return max(0, int(self.denominator - self.numerator) - self.unknown)


@dataclass(frozen=True)
class Indicator:
    """What is measured: columns of the table `indicator`, null where an older edition lacks one. `id` is the column `indicator`."""

    id: str
    name: str
    clause: str
    quote: str
    wording: str
    unit: str
    counted: str
    fields: list[str]
    binding_level: str
    judged: str | None
    reading: str | None
    unverified: str | None
    goal: str | None
    scope_sql: str | None
    share_sql: str | None
    numerator_sql: str | None
    denominator_sql: str | None
    gap_unit: str | None
    headline: bool
    is_share: bool
    factor: int
    position: int
    low: float | None
    goal_due: date | None


@dataclass(frozen=True)
class Item(Indicator):
    """One indicator with its figures in the month. `before` is the city's figure in the month compared with, where they can be compared."""

    city: Figure | None
    before: Figure | None
    counties: tuple[Figure, ...]
    series: tuple[tuple[date, Figure], ...]

    @classmethod
    def of_row(cls, row: Mapping[str, Any], city: Figure | None, **figures: Any) -> "Item":
        """The item of a row of the table `indicator`."""
        columns = {column.name: row.get(column.name) for column in dataclasses.fields(Indicator)}
        return cls(**{**columns, "id": row["indicator"]}, city=city, **figures)

    @cached_property
    def of(self) -> dict[str, Figure]:
        """The counties' figures by county code."""
        return {figure.unit: figure for figure in self.counties}

    @property
    def status(self) -> str:
        return self.city.status if self.city else "no_data"

    @cached_property
    def _by_month(self) -> dict[date, Figure]:
        return dict(self.series)

    def at(self, month: date) -> Figure | None:
        """The city's figure in an earlier month."""
        return self._by_month.get(month)

    def since(self, month: date) -> Decimal | None:
        """Change of the city's value since a month, one decimal half up; None where less than nine tenths is known in one: reports are no rise."""
        return self._between(self.city, self.at(month))

    def _between(self, now: Figure | None, then: Figure | None) -> Decimal | None:
        if now is None or then is None or not (now.mostly_known and then.mostly_known):
            return None
        later, earlier = now.exact(self.factor), then.exact(self.factor)
        return None if later is None or earlier is None else tenth(later - earlier)

    def is_comparable(self, month: date, earlier: date) -> bool:
        """Whether two months can be compared: counts that restart each January only within a year, or with the same month of another."""
        base = self.city.base_month if self.city else None
        return base is None or base <= earlier or earlier.month == month.month

    @property
    def change(self) -> Decimal | None:
        """Change of the city's value since the month compared with."""
        return self._between(self.city, self.before)

    @property
    def mostly_known(self) -> bool:
        """Whether enough is known for a sentence on the direction: nine tenths now and in the month compared with."""
        return all(figure is not None and figure.mostly_known for figure in (self.city, self.before))

    @property
    def more(self) -> int | None:
        """Further units that have it (of a share); negative when fewer do."""
        if not self.is_share or self.change is None or self.city is None or self.before is None:
            return None
        return int(self.city.numerator - self.before.numerator)


def by_concern(items: Iterable[Item]) -> list[Item]:
    """Items in the order of concern by their city figures (semantics §6); those without one last."""

    def key(item: Item) -> tuple[Any, ...]:
        if item.city is None:
            return (len(ORDER), item.position)
        return concern({**vars(item.city), "position": item.position})

    return sorted(items, key=key)


def tenth(number: Fraction) -> Decimal:
    """Half up (away from zero) to one decimal, exactly: 1/20 is 0.1, −1/20 is −0.1."""
    scaled = abs(number) * 10
    whole = (scaled.numerator * 2 + scaled.denominator) // (scaled.denominator * 2)
    return Decimal(whole if number > 0 else -whole if whole else 0).scaleb(-1)
