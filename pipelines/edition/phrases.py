"""Formatting of official Chinese: numbers with units, lists of names, dates, targets."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from pipelines.punctuation import full_width

_DIGITS = "〇一二三四五六七八九"


def numeral(number: int) -> str:
    """Chinese numeral of 1 to 99, for the numbers of sections: 一、十、十二、二十一."""
    tens, ones = divmod(number, 10)
    head = "" if not tens else "十" if tens == 1 else f"{_DIGITS[tens]}十"
    return head + (_DIGITS[ones] if ones or not tens else "")


def listed(names: Sequence[str], most: int | None = None, counter: str = "个") -> str:
    """`甲、乙和丙`; with more than `most`: `甲、乙、丙等5个`."""
    if most is not None and len(names) > most:
        return f"{'、'.join(names[:most])}等{len(names)}{counter}"
    if len(names) < 2:
        return "".join(names)
    return f"{'、'.join(names[:-1])}和{names[-1]}"


def most_of(counts: Mapping[str, int], most: int, unit: str = "项", counter: str = "个县（市、区）") -> str:
    """`甲县9项、乙县7项`, ties never split: those above a tie at the end, or `甲县、乙县等4个县（市、区）各7项`."""
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    next_one = ordered[most][1] if len(ordered) > most else 0
    above = [f"{name}{count(number)}{unit}" for name, number in ordered[:most] if number > next_one]
    if above:
        return "、".join(above)
    tied = [name for name, number in ordered if number == next_one]
    return f"{listed(tied, most, counter)}各{count(next_one)}{unit}" if tied else ""


def day(moment: date) -> str:
    """`2020年7月8日`."""
    return f"{moment.year}年{moment.month}月{moment.day}日"


def count(number: Decimal | int) -> str:
    """`4,977`; decimals only where there are any."""
    number = Decimal(number)
    return f"{int(number):,}" if number == int(number) else f"{number.normalize():,f}"


def amount(shown: str | None, unit: str) -> str:
    """`45.7%`, `0.9人`."""
    return "无数据" if shown is None else f"{shown}{unit}"


def aim(goal: str | None, unit: str) -> str:
    """A target in a table: `≥50%`, `29.5—30.5%`; a dash where there is none."""
    return f"{goal}{unit}" if goal else "—"


def aim_in_words(goal: str, unit: str) -> str:
    """A target in a sentence: `不低于50%`."""
    if goal.startswith("≥"):
        return f"{goal[1:]}{unit}" if (goal[1:], unit) == ("100", "%") else f"不低于{goal[1:]}{unit}"
    if goal.startswith("≤"):
        return f"不高于{goal[1:]}{unit}"
    low, high = goal.split("—")
    return f"{low}{unit}至{high}{unit}"


def signed(change: Decimal | None) -> str:
    """A change in a table: `+1.2`, `−0.3`, `0.0`; a dash where nothing can be compared."""
    if change is None:
        return "—"
    return f"+{change}" if change > 0 else f"−{-change}" if change < 0 else "0.0"


def plain_unit(unit: str | None) -> str:
    """A unit without brackets, for use inside brackets: `个社区（村）` → `个社区、村`, `个县（市、区）` → `个县市区`."""
    head, _, tail = full_width(unit or "").rstrip("）").partition("（")
    return f"{head}{tail.replace('、', '')}" if "、" in tail else f"{head}、{tail}" if tail else head


def counter(unit: str | None) -> str:
    """The measure word of a unit: `个` of `个社区（村）`, `人`."""
    return "个" if unit is None or unit.startswith("个") else unit


def until(month: date) -> str:
    """A due month in words: `2020年底`, `2020年6月底`."""
    return f"{month.year}年底" if month.month == 12 else f"{month.year}年{month.month}月底"


def sentence(*parts: object) -> str:
    """Clauses joined to one sentence, false ones left out; empty where there are none."""
    clauses = [str(part) for part in parts if part]
    return f"{'，'.join(clauses)}。" if clauses else ""
