"""One indicator with its figures of city and counties, as a paper reads them: exact changes, bounds, order of concern."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipelines.edition.concern import concern
from pipelines.edition.statuses import ORDER
from pipelines.reports.edition_rows import Indicator


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
        whole = Fraction(self.denominator) + self.scope_unknown
        low, high = (100 * Fraction(part) / whole for part in (self.numerator, self.numerator + self.unknown))
        return str(tenth(low)), str(tenth(high))

    @property
    def mostly_known(self) -> bool:
        """At least nine tenths of the units are known."""
        return 10 * self.unknown <= (self.denominator + self.scope_unknown if self.units is None else self.units)

    @property
    def lacking(self) -> int:
        """Units in scope known not to have it (of a share). `unknown` also counts units of unknown scope, which are
        in no denominator.
        """
        return max(0, int(self.denominator - self.numerator) - self.unknown)


class _Columns:
    """The columns of an item's indicator as attributes; `id` is the indicator's."""

    indicator: Indicator

    if TYPE_CHECKING:  # what `__getattr__` gives
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
        gap_unit: str | None
        headline: bool
        is_share: bool
        factor: int
        position: int
        low: float | None
        goal_due: date | None

    else:

        def __getattr__(self, name: str) -> Any:
            try:
                return self.indicator[{"id": "indicator"}.get(name, name)]
            except KeyError:
                raise AttributeError(name) from None


@dataclass(frozen=True)
class Item(_Columns):
    """One indicator with its figures in the month. `before` is the city's figure in the month compared with, where they can be compared."""

    indicator: Indicator
    city: Figure | None
    before: Figure | None
    counties: tuple[Figure, ...]
    series: tuple[tuple[date, Figure], ...]

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
        """Change of the city's value since an earlier month, from unrounded values, half up to one decimal; None where there was none, or less
        than nine tenths is known in one of them: reports that arrive are no rise.
        """
        return self._between(self.city, self.at(month))

    def _between(self, now: Figure | None, then: Figure | None) -> Decimal | None:
        if now is None or then is None or not (now.mostly_known and then.mostly_known):
            return None
        later, earlier = now.exact(self.factor), then.exact(self.factor)
        return None if later is None or earlier is None else tenth(later - earlier)

    def is_comparable(self, month: date, earlier: date) -> bool:
        """Whether the month and an earlier one can be compared: what begins anew each January only within its year, or with the same month
        of another year.
        """
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
