"""A cell's value as an answer (semantics §2): exact numbers, True/False, month's first day, text; None where nothing is answered.

`Unreadable` is raised for a value that is no answer; whoever reads decides what becomes of the row.
"""

import re
import unicodedata
from datetime import date, datetime
from fractions import Fraction

from lab.audit.declared import Question

YES = frozenset((
    "是", "有", "√", "✓", "☑", "■", "V", "Y", "YES",
    "TRUE", "1", "对", "具备", "已建", "已建成", "已成立", "已制定", "已完成", "达标",
))  # fmt: skip
NO = frozenset((
    "否", "无", "×", "✗", "☒", "☐", "□", "X", "N",
    "NO", "FALSE", "0", "错", "不具备", "未建", "未成立", "未制定", "未完成", "未达标",
))  # fmt: skip
_BLANK = re.compile(r"[-‐‑‒–—―−─/]*")
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
_BEHIND = re.compile(r"([-+\d,.]*\d)([^\d,.].*)")
_MONTHS = (
    re.compile(r"(\d{4})(?:年|[-./、])(\d{1,2})(?:月份?)?"),
    re.compile(r"(\d{4})(?:年|[-./])(\d{1,2})(?:月|[-./])\d{1,2}日?"),
    re.compile(r"((?:19|20)\d{2})(\d{2})(?:\d{2})?"),
)
_PAIR = re.compile(r"([☑■√✓])(是|有|否|无)")
# unit: (quantity, size in the quantity's own unit)
_UNITS = {
    "元": ("money", 1), "元/年": ("money", 1), "百元": ("money", 100), "千元": ("money", 1000), "万元": ("money", 10_000),
    "亿元": ("money", 100_000_000), "㎡": ("area", 1), "m2": ("area", 1), "平方米": ("area", 1), "平米": ("area", 1),
    "公顷": ("area", 10_000), "%": ("share", 1), "户": ("households", 1), "人": ("persons", 1), "名": ("persons", 1),
    "个": ("items", 1), "次": ("times", 1),
}  # fmt: skip


class Unreadable(Exception):
    """The value is no answer to the question."""


def folded(value: object) -> str:
    """A value as text, NFKC, without blanks of any kind."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = unicodedata.normalize("NFKC", "" if value is None else str(value))
    return re.sub(r"[\s\u200b\ufeff]", "", text)


def is_blank(value: object) -> bool:
    return value is None or _BLANK.fullmatch(folded(value)) is not None


def factor(stated: str, own: str | None) -> Fraction | None:
    """What a number in the stated unit is multiplied by to be in the question's; None where they are not the same quantity."""
    one, other = (_UNITS.get(folded(unit)) or _UNITS.get(unit) for unit in (stated, own or ""))
    return Fraction(one[1], other[1]) if one and other and one[0] == other[0] else None


def is_unit(text: str) -> bool:
    return folded(text) in _UNITS


def answer(value: object, asked: Question, times: Fraction = Fraction(1)) -> object:
    """The answer in a cell; `times` is the header's factor. Errors: `Unreadable`."""
    if is_blank(value) or folded(value) in ("不涉及", "不适用"):
        return None
    return _TYPES[asked.type](value, asked, times)


def _flag(value: object, asked: Question, times: Fraction) -> bool:
    text = folded(value).upper()
    if len(text) > 1 and set("□☐☑■") & set(text):
        return _only({word in YES for _, word in _PAIR.findall(text)})
    if text in YES or text in NO:
        return text in YES
    raise Unreadable


def _only(texts: set) -> bool:
    if len(texts) != 1:
        raise Unreadable
    return texts.pop()


def _choice(value: object, asked: Question, times: Fraction) -> str:
    text = folded(value)
    named = [choice for choice in asked.choices if folded(choice) == text]
    if not named:
        raise Unreadable
    return named[0]


def _text(value: object, asked: Question, times: Fraction) -> str:
    return str(value).strip()


def _number(value: object, asked: Question, times: Fraction) -> Fraction:
    number = _plain(value, asked.unit) * times
    if number < 0 or (asked.maximum is not None and number > asked.maximum):
        raise Unreadable
    return number


def _plain(value: object, unit: str | None) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Unreadable
    text = folded(value) if isinstance(value, str) else repr(value)
    behind = _BEHIND.fullmatch(text) if isinstance(value, str) else None
    if behind and factor(behind[2], unit) == 1:
        text = behind[1]
    if isinstance(value, str) and not _NUMBER.fullmatch(text):
        raise Unreadable
    return Fraction(text.replace(",", ""))


def _count(value: object, asked: Question, times: Fraction) -> int:
    if folded(value) == "无":
        return 0
    number = _number(value, asked, times)
    if number.denominator != 1:
        raise Unreadable
    return int(number)


def _percent(value: object, asked: Question, times: Fraction) -> Fraction:
    """A number between 0 and 1 may be a share in a %-format, which this reader cannot see."""
    number = _number(value, asked, times)
    if 0 < number < 1 and not folded(value).endswith("%"):
        raise Unreadable
    return number


def _month(value: object, asked: Question, times: Fraction) -> date:
    if isinstance(value, (datetime, date)):
        return date(value.year, value.month, 1)
    if not isinstance(value, str) and not (isinstance(value, (int, float)) and float(value).is_integer()):
        raise Unreadable  # 2019.1 as a number may have been 2019.10
    text = folded(value)
    for pattern in _MONTHS:
        match = pattern.fullmatch(text)
        if match and 1900 <= int(match[1]) <= 2100 and 1 <= int(match[2]) <= 12:
            return date(int(match[1]), int(match[2]), 1)
    raise Unreadable


def code(value: object, asked: Question | None = None, times: Fraction = Fraction(1)) -> str:
    """A code of digits; blanks, dashes and apostrophes are taken away."""
    text = re.sub(r"[-'’‘`´]", "", folded(value))
    if not text.isdigit() or len(text) not in (6, 12):
        raise Unreadable
    return text


_TYPES = {
    "code": code, "text": _text, "choice": _choice, "flag": _flag, "count": _count, "number": _number, "money": _number,
    "percent": _percent, "month": _month,
}  # fmt: skip
