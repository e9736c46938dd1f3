"""How a county writes its answers down: its words for yes and no, its way of writing months, its layout."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np

from pipelines.reference.form import Field
from pipelines.sample import keyed_random
from pipelines.sample.plausible_answers import NONE, TENTHS

_YES_NO = (("是", "否"), ("是", "否"), ("是", "否"), ("√", "×"), ("有", "无"))
_MONTHS = ("{0}-{1:02}", "{0}-{1:02}", "{0}-{1:02}", "{0}年{1}月", "{0}.{1}", "{0}{1:02}", "{0}/{1}/1")
REWORKED = ("plain", "subtotals", "grouped")  # layouts that are not the template's


@dataclass(frozen=True)
class Habit:
    """One county's way. `layout` is `template` or one of `REWORKED`; `closed` is written in cells that do not apply."""

    yes: str
    no: str
    month: str
    layout: str
    closed: str | None
    real_dates: bool


def habits(seed: int, counties: list[str]) -> dict[str, Habit]:
    """Each county's habit, for good; a few rework the layout, most use the template."""
    ranked = sorted(counties, key=lambda code: keyed_random.number(seed, "layout", code))
    layouts = dict(zip(ranked, (*REWORKED, REWORKED[0]), strict=False))
    return {code: _habit(seed, code, layouts.get(code, "template")) for code in counties}


def _habit(seed: int, code: str, layout: str) -> Habit:
    yes, no = keyed_random.pick(_YES_NO, seed, "yes", code)
    closed = keyed_random.pick([None, None, None, "-", "/", "不涉及"], seed, "closed", code)
    real_dates = layout == "grouped"
    return Habit(yes, no, keyed_random.pick(_MONTHS, seed, "month", code), layout, closed, real_dates)


def cells(field: Field, values: np.ndarray, habit: Habit) -> list[Any]:
    """The cells of one column."""
    if field.type == "flag":
        return np.array([habit.no, habit.yes, None], dtype=object)[values].tolist()
    return [cell(field, value, habit) for value in values.tolist()]


def cell(field: Field, value: int | str, habit: Habit) -> object:
    """The content of one cell."""
    if value == NONE or isinstance(value, str):
        return None if value == NONE else value
    if field.type == "count":
        return value
    if field.type in TENTHS:
        return _tenths(value)
    if field.type == "flag":
        return habit.yes if value else habit.no
    if field.type == "choice":
        return field.choices[value]
    return date(value // 12, value % 12 + 1, 1) if habit.real_dates else _month(habit.month, value)


@cache
def _tenths(value: int) -> int | Decimal:
    return value // 10 if value % 10 == 0 else Decimal(value) / 10


@cache
def _month(pattern: str, value: int) -> str:
    return pattern.format(value // 12, value % 12 + 1)
