"""When does each unit adopt what the programme asks? Shares grow in an S, at the county's pace, units in their turn."""

from datetime import date

import numpy as np

from pipelines.sample import keyed_random
from pipelines.sample.programme import Curve

START = date(2018, 7, 1)
DUE = 29  # 2020-12, in months from START
HORIZON = 150  # beyond this many months nothing changes any more
_AFTERWARDS = 0.42  # growth after the due month, against that before it
NEVER = HORIZON + 1


def index(month: date) -> int:
    """Months since 2018-07."""
    return (month.year - START.year) * 12 + month.month - START.month


def _logit(share: float) -> float:
    return float(np.log(share / (1 - share)))


def shares(curve: Curve, score: float, bend: float) -> np.ndarray:
    """The share in each month from 0 to HORIZON, never falling.

    `score` from −1 (lags) to 1 (leads) moves the whole curve and its slope; `bend` above 1 starts late, below 1 early.
    """
    elapsed = np.arange(HORIZON + 1) / DUE
    progress = np.where(elapsed <= 1, np.minimum(elapsed, 1) ** bend, 1 + (elapsed - 1) * _AFTERWARDS)
    low, high = _logit(curve.start), _logit(curve.end)
    grown = low + (high - low) * progress + score * (0.35 + 0.65 * np.minimum(progress, 1.3))
    share = np.maximum.accumulate(1 / (1 + np.exp(-grown)))
    if curve.full is not None:
        share[curve.full + round(2 * (1 - score)) :] = 1.0
    return share


def scores(seed: int, counties: list[str]) -> dict[str, float]:
    """Each county's pace, evenly spread from −1 to 1 in an order that the seed decides: some lead, some lag."""
    ranked = sorted(counties, key=lambda code: keyed_random.number(seed, "pace", code))
    top = max(len(ranked) - 1, 1)
    return {code: 2 * place / top - 1 for place, code in enumerate(ranked)}


def adoption(turns: np.ndarray, share: np.ndarray) -> np.ndarray:
    """The first month in which the share has reached each unit's turn (0 means before the programme), or NEVER."""
    return np.searchsorted(share, turns, side="right")


def bend(seed: int, *purpose: object) -> float:
    return 0.75 + 0.8 * keyed_random.chance(seed, "bend", *purpose)
