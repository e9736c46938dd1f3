"""Range and ticks of the axes of a trend: decided once, for Plotly and for the still picture alike."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from math import ceil, floor, log10
from typing import Any

# months between two ticks, and how many ticks there may be on each axis
_STEPS, _MOST_MONTHS, _MOST_VALUES = (1, 2, 3, 6, 12, 24, 60, 120), 8, 6
_MARGIN = timedelta(days=20)


def of_months(days: Sequence[date]) -> dict[str, Any]:
    """The axis of months: ticks at the first of a month, with the year at each January; without one at the first tick."""
    first, last = min(days), max(days)
    held = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    step = next((step for step in _STEPS if len(held) <= step * _MOST_MONTHS), _STEPS[-1])
    ticks = [date(number // 12, number % 12 + 1, 1) for number in held if number % step == 0]
    named = [tick for tick in ticks if tick.month == 1] or ticks[:1]
    words = [f"{tick.month}月" + (f"<br>{tick.year}年" if tick in named else "") for tick in ticks]
    bounds = [(first - _MARGIN).isoformat(), (last + _MARGIN).isoformat()]
    return dict(type="date", range=bounds, tickvals=[tick.isoformat() for tick in ticks], ticktext=words)


def of_values(values: Iterable[float | None], suffix: str) -> dict[str, Any]:
    """The axis of values, from 0 or below."""
    known = [value for value in values if value is not None]
    low, high = min(0.0, *known, 0.0), max(0.0, *known, 0.0)
    room = 0.06 * (high - low) or 1.0
    low, high = low - (room if low < 0 else 0.0), high + room
    step = _round_step((high - low) / _MOST_VALUES)
    ticks = [number * step for number in range(ceil(low / step), floor(high / step) + 1)]
    return dict(range=[low, high], tickvals=ticks, ticktext=[f"{tick:.6g}{suffix}" for tick in ticks])


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is not below."""
    power = 10.0 ** floor(log10(least))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= least * (1 - 1e-9))
