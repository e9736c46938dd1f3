"""Telephone and identity numbers: the survey asks for none, and what is sent all the same is not stored."""

import re

HEADERS = re.compile(r"电话|手机|联系方式|身份证|证件号|银行卡|银行账号|微信")
_NUMBERS = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|[1-9]\d{16}[\dXx])(?!\d)")


def holds(value: object) -> bool:
    """Whether a cell holds such a number, as text or as a number."""
    if isinstance(value, float) and value.is_integer():
        value = str(int(value))
    return isinstance(value, str) and len(value) >= 11 and bool(_NUMBERS.search(value))


def any_in(values: set) -> bool:
    """Whether any of many cells may hold one: a quick look before each is looked at."""
    return bool(
        _NUMBERS.search("\n".join(str(int(v)) if type(v) is float and v.is_integer() else str(v) for v in values))
    )


def masked(text: str) -> str:
    """The text with such numbers struck out."""
    return _NUMBERS.sub("***", text) if len(text) >= 11 else text
