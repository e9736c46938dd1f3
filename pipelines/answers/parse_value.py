"""One strict parser per type of answer: a raw cell to a typed value, or to what is wrong with it (semantics §2). Floats are read by their `repr`."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache, partial
from typing import Any, TypeVar

from pipelines.answers import flag_words, measurement_units
from pipelines.reference import labels
from pipelines.reference.form import Field, Part

LONGEST = 200
_MOST_REMEMBERED = 1 << 14
BLANK = re.compile(r"[-‐‑‒–—―−─━﹣/]*")
NOT_APPLICABLE = {"不涉及", "不适用"}
_FLAG_EXPECTED = "是或否（有/无、√/×）"
CIRCLES = frozenset({"○", "●", "〇", "◯", "⚪", "⚫", "O", "◎"})
_NUMBER = re.compile(r"([+-]?)(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?", re.ASCII)
_GAP = re.compile(r"\d\s+\d")
_GROUPED = re.compile(r"\s*[+-]?\d{1,3}(?:\s\d{3})+(?![\d]|\s+\d)")
_MONTH = re.compile(r"(\d{4})(?:年|[-./、])(\d{1,2})(?:月份?|[-./、])?", re.ASCII)
_YEAR = re.compile(r"(?:19|20)\d{2}年?", re.ASCII)
_LOST_ZERO = re.compile(r"\d{4}[.]1", re.ASCII)
_DAY = re.compile(
    r"(\d{4})(?:年|[-./、])(\d{1,2})(?:月|[-./、])(\d{1,2})日?(?:T?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?", re.ASCII
)
_PLAIN_MONTH = re.compile(r"((?:19|20)\d{2})(\d{2})", re.ASCII)
_PLAIN_DAY = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})", re.ASCII)
_AROUND_CODE = re.compile(r"""[-="'‘’“”`´＇‐‑‒–—―−─━﹣_·•|]""")
_SIX_PLACES = Decimal("0.000001")
_SERIALS = range(10_000, 80_000)  # 1927–2119: a bare number there in a month column can only be an unformatted date


@dataclass(frozen=True)
class Bad:
    """Why a raw value is no answer: a code of findings.yaml, and what was expected."""

    code: str
    expected: str


@dataclass(frozen=True)
class Asked:
    """What the header makes of a column: factor to the form's unit, the unit it states, the workbook's date system."""

    factor: Decimal = Decimal(1)
    stated: str | None = None
    date1904: bool = False
    untyped: bool = False  # of a text format, in which 2018.10 may have become 2018.1


PLAIN = Asked()
Parser = Callable[[object, Field, Asked], object]


def parse(raw: object, field: Field, asked: Asked = PLAIN) -> object:
    """The typed value of a cell: None where nothing is answered, `Bad` where it cannot be read."""
    if raw is None:
        return None
    if type(raw) is str:
        text = labels.fold(raw)
        if text.startswith("'") and field.type != "text":
            # how a program writes that a cell is text
            raw = text = text.lstrip("'")
        if is_blank(text):
            return None
    return _PARSERS[field.type](raw, field, asked)


def parse_all(distinct: set[object], field: Field, asked: Asked) -> dict[object, object]:
    """Every distinct raw value of a column to its value. What nearly all cells of a column are takes a short cut."""
    parsed: dict[object, object] = {}
    if field.type == "count" and asked.factor == 1 and field.max is not None:
        most = field.max
        parsed = {v: int(v) for v in distinct if type(v) is float and 0 <= v <= most and v == int(v)}
    elif field.type == "code":
        parsed = {v: v for v in distinct if type(v) is str and len(v) == 12 and v.isascii() and v.isdigit()}
    elif field.type == "text":
        parsed = {v: v for v in distinct if type(v) is str and len(v) <= LONGEST and v.isalnum()}
    parsed.update((value, parse(value, field, asked)) for value in distinct if value not in parsed)
    return parsed


class Unread(Exception):
    """Among the values is one that is no answer."""


V = TypeVar("V")


class Remembered(dict[object, V]):
    """Values of a column, each parsed once; those without an answer give `Unread`. Values must not equal another type's."""

    def __init__(self, work_out: Callable[[object], V]):
        super().__init__()
        self.work_out = work_out

    def __missing__(self, raw: object) -> V:
        value = self.work_out(raw)
        if type(value) is Bad:
            raise Unread
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        self[raw] = value
        return value


def remembered(part: Part, field: Field, *asked: Any) -> Remembered[object]:
    """Answers of one field parsed before; not for codes and texts. `asked`: values of an `Asked`, made when first met."""
    key = (field.id, *asked)
    met: Remembered[object] | None = part.remembered.get(key)
    if met is None:
        met = part.remembered[key] = Remembered(partial(parse, field=field, asked=Asked(*asked)))
    return met


def plain(value: float) -> str:
    """A float without an exponent or needless zeros."""
    text = f"{value:.10f}".rstrip("0").rstrip(".")
    return text or "0"


def is_blank(text: str) -> bool:
    """Whether a folded text means `not answered`: nothing, dashes, a slash."""
    return len(text) <= 4 and BLANK.fullmatch(text) is not None


@lru_cache(maxsize=1 << 14)
def is_given(text: str) -> bool:
    """Whether a text is an answer, rather than a blank or a word for `not applicable`."""
    folded = labels.fold(text)
    return not is_blank(folded) and folded not in NOT_APPLICABLE


def shown(raw: object) -> str | None:
    """A raw value as the sender sees it; None for a blank cell."""
    if type(raw) is float:
        return str(int(raw)) if raw.is_integer() and abs(raw) < 1e15 else repr(raw)
    if type(raw) is str:
        return raw or None
    if raw is None:
        return None
    if type(raw) is bool:
        return "TRUE" if raw else "FALSE"
    return raw.isoformat() if isinstance(raw, (date, datetime, time)) else str(raw)


SHOWN = Remembered(shown)


# -- flags, choices, text ---------------------------------------------------------------------------------------------


def _flag(raw: object, field: Field, asked: Asked) -> object:
    text = flag_words.folded(shown(raw) or "")
    if text in flag_words.YES:
        return True
    if text in flag_words.NO:
        return False
    if text in CIRCLES:
        return Bad("flag_unclear", _FLAG_EXPECTED)
    ticked = flag_words.pair(text)
    return Bad("flag_pair_unclear" if ticked == [] else "not_a_flag", _FLAG_EXPECTED) if not ticked else ticked[0]


def _choice(raw: object, field: Field, asked: Asked) -> object:
    text = labels.normalise(shown(raw) or "")
    for choice in field.choices:
        if labels.normalise(choice) == text:
            return choice
    return Bad("not_a_choice", "、".join(field.choices))


def _text(raw: object, field: Field, asked: Asked) -> object:
    if isinstance(raw, (bool, datetime, date, time, timedelta)):
        return Bad("not_text", "文字")
    text = " ".join((shown(raw) or "").split())
    return text if len(text) <= LONGEST else Bad("text_too_long", f"不超过{LONGEST}字")


# -- numbers ----------------------------------------------------------------------------------------------------------


def decimal(raw: object, stated: str | None) -> Decimal | str | None:
    """An exact decimal, the folded text where it is none, None for what is never a number. `stated`: the unit that may follow."""
    if isinstance(raw, float):
        if not math.isfinite(raw):
            return None
        return Decimal(int(raw)) if raw.is_integer() else Decimal(repr(raw))
    if isinstance(raw, int) and not isinstance(raw, bool):
        return Decimal(raw)
    if not isinstance(raw, str):
        return None
    if _GAP.search(raw) and not _GROUPED.match(raw):
        # two numbers in a cell, not one with its thousands apart
        return " ".join(raw.split())
    text = labels.fold(raw)
    bare, unit = measurement_units.split_number(text)
    if unit is not None and unit != stated and not _same(unit, stated):
        return text
    digits = _NUMBER.fullmatch(bare)
    return Decimal(bare.replace(",", "")) if digits else text


def _same(unit: str, stated: str | None) -> bool:
    """Whether a unit behind a number is the column's unit: 平方米 and ㎡."""
    return stated is not None and measurement_units.factor(unit, stated) == 1


def _count(raw: object, field: Field, asked: Asked) -> object:
    value = decimal(raw, asked.stated or measurement_units.canonical(field.unit))
    expected = f"0 至 {field.max} 的整数" if field.max is not None else "非负整数"
    if value == "无":
        return 0
    if not isinstance(value, Decimal):
        return Bad("not_a_number", expected)
    value *= asked.factor
    if value != value.to_integral_value():
        return Bad("not_whole", expected)
    return _bounded(int(value), field, expected)


def _number(raw: object, field: Field, asked: Asked) -> object:
    value = decimal(raw, asked.stated or measurement_units.canonical(field.unit))
    expected = f"0 至 {field.max} 的数（{field.unit}）" if field.max is not None else "非负数"
    if not isinstance(value, Decimal):
        return Bad("not_a_number", expected)
    return _bounded(_places(value * asked.factor), field, expected)


def _percent(raw: object, field: Field, asked: Asked) -> object:
    """A percentage as 92.5. A bare 0.6 is not taken for 60 or for 0.6: it is asked about."""
    value = decimal(raw, asked.stated or "%")
    expected = "0 至 100 的百分数，如 92.5 或 92.5%"
    if not isinstance(value, Decimal):
        return Bad("not_a_number", expected)
    written = isinstance(raw, str) and labels.fold(raw).endswith("%")
    if 0 < value < 1 and not written and asked.factor == 1:
        return Bad("percent_unclear", expected)
    return _bounded(_places(value * asked.factor), field, expected)


def formatted_percent(raw: float, field: Field) -> object:
    """The value of a cell with a percent format: 0.925 is 92.5."""
    value = decimal(raw, None)
    if not isinstance(value, Decimal):
        return Bad("not_a_number", "0 至 100 的百分数")
    return _bounded(_places(value * 100), field, "0% 至 100%")


def _places(value: Decimal) -> Decimal:
    """At most the six places that are stored: more come only from arithmetic in binary, like 0.30000000000000004."""
    exponent = value.as_tuple().exponent
    longer = isinstance(exponent, int) and exponent < -6 and abs(value) < 10**20
    return value.quantize(_SIX_PLACES, ROUND_HALF_UP) if longer else value


def _bounded(value: int | Decimal, field: Field, expected: str) -> object:
    if value < 0:
        return Bad("negative", expected)
    return Bad("too_big", expected) if field.max is not None and value > field.max else value


# -- months -----------------------------------------------------------------------------------------------------------


def _month(raw: object, field: Field | None, asked: Asked) -> object:
    if isinstance(raw, (datetime, date)):
        return _first(raw.year, raw.month)
    if isinstance(raw, (int, float)) and not isinstance(raw, bool):
        return _month_number(raw, asked)
    if not isinstance(raw, str):
        return _no_month()
    text = labels.fold(raw)
    if asked.untyped and _LOST_ZERO.fullmatch(text):
        return _unclear(text)
    return _month_text(text)


def _unclear(text: str) -> Bad:
    return Bad("month_unclear", f"{text[:4]}-01 或 {text[:4]}-10，请写明")


def _no_month() -> Bad:
    return Bad("not_a_month", "年月，如 2019-06 或 2019年6月")


def _first(year: int, month: int) -> object:
    return date(year, month, 1) if 1 <= month <= 12 and 1900 <= year <= 2100 else _no_month()


def _month_text(text: str) -> object:
    for pattern in (_MONTH, _DAY, _PLAIN_MONTH, _PLAIN_DAY):
        match = pattern.fullmatch(text)
        if not match:
            continue
        if len(match.groups()) == 3 and not 1 <= int(match[3]) <= 31:
            break
        return _first(int(match[1]), int(match[2]))
    return Bad("month_year_only", "年月，如 2019-06 或 2019年6月") if _YEAR.fullmatch(text) else _no_month()


def _month_number(raw: float, asked: Asked) -> object:
    text = shown(raw) or ""
    if _LOST_ZERO.fullmatch(text):
        # Excel turns a typed 2019.10 into this very number
        return _unclear(text)
    if float(raw).is_integer() and int(raw) in _SERIALS:
        epoch = date(1904, 1, 1) if asked.date1904 else date(1899, 12, 30)
        moment = epoch + timedelta(days=int(raw))
        return _first(moment.year, moment.month)
    return _month_text(text)


def year_of(text: str | None) -> int | None:
    """The year with which a text begins."""
    year = re.match(r"(?:19|20)\d{2}", labels.fold(text or ""))
    return int(year[0]) if year else None


def month_of(raw: object) -> date | None:
    """A month as marks and reports state it; None where it is none."""
    month = None if raw is None else _month(raw, None, PLAIN)
    return month if isinstance(month, date) else None


# -- codes ------------------------------------------------------------------------------------------------------------


def _code(raw: object, field: Field, asked: Asked) -> object:
    """12 digits, or 15 of which the last three are 000. A county's code has 6."""
    if isinstance(raw, (bool, datetime, date, time, timedelta)):
        return Bad("code_damaged", "12位数字的统计用区划代码，以文本填写")
    text = code_digits(shown(raw) or "")
    if not text.isascii() or not text.isdigit():
        return Bad("code_damaged", "12位数字的统计用区划代码，以文本填写")
    if len(text) == 15 and text.endswith("000"):
        text = text[:12]
    # a number of which Excel kept six digits ends in six zeros; no unit's code does
    if len(text) == 12 and not (text.endswith("000000") and not isinstance(raw, str)):
        return text
    return Bad("code_damaged", "12位数字的统计用区划代码，以文本填写")


def code_digits(text: str) -> str:
    """A code as its writer means it: blanks, apostrophes, dashes, width and the decimals of a number taken away."""
    if text.isascii() and text.isdigit():
        return text
    return re.sub(r"\.0+$", "", _AROUND_CODE.sub("", labels.fold(text)))


def county_code(raw: object) -> object:
    """A county's six digits, also where they are filled up to twelve with zeros."""
    if raw is None or (isinstance(raw, str) and is_blank(labels.fold(raw))):
        return None
    text = code_digits(shown(raw) or "")
    if text.isascii() and text.isdigit() and (len(text) == 6 or (len(text) in (9, 12) and not text[6:].strip("0"))):
        return text[:6]
    return Bad("county_code_damaged", "6位数字的县（市、区）代码")


_PARSERS: dict[str, Parser] = {
    "code": _code,
    "text": _text,
    "choice": _choice,
    "flag": _flag,
    "count": _count,
    "number": _number,
    "money": _number,
    "percent": _percent,
    "month": _month,
}
