"""Number formats and serial dates: the same rules for xlsx, xlsb and xls."""

import re
from datetime import date, datetime, time, timedelta
from functools import lru_cache

DATE, TIME, ELAPSED, PERCENT, NUMBER = "date", "time", "elapsed", "percent", "number"

# Built-in format ids. 27-36 and 50-58 are dates in Chinese Excel (57 is yyyy年m月); most readers take them for plain numbers.
_BUILTIN: dict[int, str] = (
    dict.fromkeys((9, 10), PERCENT)
    | dict.fromkeys((14, 15, 16, 17, 22, *range(27, 32), 36, *range(50, 55), 57, 58), DATE)
    | dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 47, 55, 56), TIME)
    | {46: ELAPSED}
)
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.')
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_BRACKETED = re.compile(r"\[[^\]]*\]")


def kind_of(number_format: int, code: str | None) -> str:
    """date | time | elapsed | percent | number, from the format's id, and its code where the file gives one."""
    if code is None:
        return _BUILTIN.get(number_format, NUMBER)
    bare = _LITERAL.sub("", code.split(";")[0])
    if _ELAPSED.search(bare):
        return ELAPSED
    bare = re.sub(r"general|e[+-]", "", _BRACKETED.sub("", bare), flags=re.IGNORECASE).lower()
    if re.search(r"[yde]|aaa|mmm", bare) or ("m" in bare and not re.search(r"[hs]", bare)):
        return DATE
    if re.search(r"[hs]", bare):
        return TIME
    return PERCENT if "%" in bare else NUMBER


@lru_cache(maxsize=1 << 16)
def from_serial(serial: float, kind: str, date1904: bool) -> float | date | time | timedelta:
    """A serial number as date, datetime, time (below 1) or timedelta; unchanged outside the date system."""
    if kind == ELAPSED and abs(serial) < 1e6:
        return timedelta(seconds=round(serial * 86_400))
    if not 0 <= serial < 2_958_466:
        return serial
    moment = _epoch(serial, date1904) + timedelta(seconds=round(serial * 86_400))
    if serial < 1:
        return time(moment.hour, moment.minute, moment.second)
    return date(moment.year, moment.month, moment.day) if moment.time() == time() else moment


def _epoch(serial: float, date1904: bool) -> datetime:
    if date1904:
        return datetime(1904, 1, 1)
    # Excel counts 1900 as a leap year: before 1900-03-01 serials are one day less.
    return datetime(1899, 12, 30) if serial >= 60 else datetime(1899, 12, 31)
