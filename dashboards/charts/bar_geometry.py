"""Where the parts of a bullet bar and of a small trend stand, in per cent of their width and height."""

from itertools import groupby

from dashboards.queries.row_types import FigureRow, PlaceRow
from dashboards.text import screen_wording

Point = tuple[float, float]


def _full(row: FigureRow) -> float:
    """The value of a full bar: 100 for a share; for a ratio somewhat more than its target or value."""
    if row["unit"] == "%":
        return 100.0
    return 1.25 * max(row["low"] or 0, row["high"] or 0, row["value"] or 0) or 1.0


def position(row: FigureRow, value: float | None) -> float:
    """Where a value stands on its bar; at the start where there is none."""
    return 0.0 if value is None else 100 * min(1.0, value / _full(row))


def target_mark(row: FigureRow) -> float | None:
    """Where the mark of the target stands; None without a target and where the indicator does not apply."""
    target = row["low"] if row["low"] is not None else row["high"]
    return None if row["status"] == "not_applicable" or target is None else position(row, target)


def carried_part(row: FigureRow) -> tuple[float, float]:
    """From where to where the bar stands on carried answers."""
    end = position(row, row["value"])
    return end * (1 - screen_wording.carried_share(row)), end


def trend_runs(row: PlaceRow) -> list[list[Point]]:
    """The series up to the row's month, to the right and down: one run for every stretch of months with a value."""
    values = [value for month, value in zip(row["months"], row["values"], strict=True) if month <= row["month"]]
    low, high = _span([value for value in values if value is not None])
    width = 100 / max(1, len(values) - 1)
    placed = [(width * n if len(values) > 1 else 100.0, value) for n, value in enumerate(values)]
    return [
        [(x, 100 - 100 * (value - low) / (high - low)) for x, value in run if value is not None]
        for known, run in groupby(placed, key=lambda point: point[1] is not None)
        if known
    ]


def _span(values: list[float]) -> tuple[float, float]:
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    return (low, high) if high > low else (low - 1.0, high + 1.0)
