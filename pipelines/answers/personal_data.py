"""Telephone, identity and card numbers: the survey asks for none; those sent nevertheless are neither stored nor shown."""

import math
import re
from collections.abc import Container

HEADERS = re.compile(r"电话|手机|联系方式|身份证|证件号|银行卡|银行账号|微信")
# A mobile number, with 86 before it or in groups; 18 characters of an identity number; 16 to 19 of a card, in groups of four or
# not. No answer of the survey has so many digits: a unit's code has 12, or 15 with its zeros. Their check digits are not asked for: a
# number with a slip in it may still be a real one. A moment in a file's name (20190601123045123) begins with 20: no card does.
_NUMBERS = re.compile(
    r"(?<!\d)(?:"
    r"(?:\+?86[ -]?)?[1１][3-9３-９]\d(?:\d{8}|([ -])\d{4}\1\d{4})"
    r"|[1-9１-９]\d{16}[\dXxＸｘ]"
    r"|[3-69]\d{15,18}|[3-69]\d{3}(?:([ -])\d{4})(?:\2\d{4}){2}(?:\2\d{1,3})?"
    r")(?!\d)"
)
_SHORTEST = 11
_IDENTITY = re.compile(r"(?<!\d)[1-9１-９]\d{5}(?:19|20)\d{2}[01]\d[0-3]\d{4}[\dXxＸｘ](?!\d)")


def holds(value: object) -> bool:
    """Whether a cell holds such a number, as text or as a number."""
    if isinstance(value, int | float) and math.isfinite(value) and value == int(value):
        value = str(int(value))
    return isinstance(value, str) and len(value) >= _SHORTEST and bool(_NUMBERS.search(value))


def any_in(values: set[object]) -> bool:
    """Whether any of many cells may hold one: a quick check before each is examined."""
    return bool(
        _NUMBERS.search("\n".join(str(int(v)) if type(v) is float and v.is_integer() else str(v) for v in values))
    )


def masked(text: str, codes: Container[str] = ()) -> str:
    """The text with such numbers struck out, but for `codes`: damaged codes of units, which may look like them."""
    if len(text) < _SHORTEST:
        return text
    return _NUMBERS.sub(lambda match: match[0] if match[0] in codes else "***", text)


def masked_code(text: str) -> str:
    """The text of a cell in a column of codes: a code with a digit too few looks like a telephone number and stays, an identity number goes."""
    return _IDENTITY.sub("***", text) if len(text) >= _SHORTEST else text
