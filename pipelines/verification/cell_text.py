"""Cells of a returned list, normalised: labels, codes, results, days (§5)."""

import re
import unicodedata
from datetime import date, datetime, timedelta

from pipelines.verification import tally

_SPACE = re.compile(r"\s+")
_ORDINAL = re.compile(r"^[0-9]{1,2}[.、]")
_REMARK = re.compile(r"\([^()]*\)$")
_CODE_MARKS = re.compile(r"[\s'’‘`\-—–]")
_DAY = re.compile(r"(?<!\d)(\d{4})(?:年|[-./])(\d{1,2})(?:月|[-./])(\d{1,2})日?|(?<!\d)(\d{4})(\d{2})(\d{2})(?!\d)")
_BETWEEN = re.compile(r"[\s、,;和及与至]*")
_SERIALS = range(10_000, 80_000)  # 1927–2119 in the 1900 system
_EPOCH = date(1899, 12, 30)
_YES = {"属实", "是", "√", "✓", "✔", "☑", "符合", "有"}
_NO = {"不属实", "否", "×", "✗", "✘", "☒", "不符", "不符合", "无"}
_NEITHER = {"未能核实", "无法核实"}


def text(value: object) -> str:
    """A cell as text: whole numbers without a fraction, dates as 2021-01-05, nothing as an empty text."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def folded(value: object) -> str:
    """For comparing: width and white space do not matter."""
    return _SPACE.sub("", unicodedata.normalize("NFKC", text(value)))


def label(value: object) -> str:
    """A column's label without an ordinal before it and a remark in brackets behind it."""
    whole = _ORDINAL.sub("", folded(value).strip("*:"))
    return _REMARK.sub("", whole) or whole


def code(value: object) -> str:
    """The text of a code in ASCII digits, without spaces, quotation marks and dashes."""
    return _CODE_MARKS.sub("", unicodedata.normalize("NFKC", text(value)))


def result(value: object, unknown: bool) -> str | None:
    """One of the three results; of an unknown unit 有, 无 or 未能核实. None for any other word."""
    word = folded(value)
    if word in _NEITHER:
        return tally.OPEN
    if word in _YES:
        return tally.PRESENT if unknown else tally.CONFIRMED
    if word in _NO:
        return tally.ABSENT if unknown else tally.REFUTED
    return None


def days(value: object) -> tuple[date, ...] | None:
    """The dates in a cell, in order; None where it holds anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool) and int(value) in _SERIALS:
        return (_EPOCH + timedelta(days=int(value)),)
    plain = unicodedata.normalize("NFKC", text(value))
    if _BETWEEN.sub("", _DAY.sub("", plain)):
        return None
    named = days_within(plain)
    return named if len(named) == len(_DAY.findall(plain)) else None


def days_within(value: object) -> tuple[date, ...]:
    """The days that are named anywhere in a text, each once."""
    plain = unicodedata.normalize("NFKC", text(value))
    named = [_date(*(int(part) for part in match if part)) for match in _DAY.findall(plain)]
    return tuple(sorted(day for day in named if day))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
