"""Months: `date` (its first day) inside, `YYYY-MM` in ids, files and JSON, `2019年6月` for people; and the city's time."""

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from pipelines.errors import Refusal

SHANGHAI = ZoneInfo("Asia/Shanghai")


def today() -> date:
    """Today in the city's time, whatever the machine's is."""
    return datetime.now(SHANGHAI).date()


def parse(text: str) -> date:
    """`2019-06` as a date. Refuses anything else, and months of no year from 1900 to 2099."""
    match = re.fullmatch(r"((?:19|20)\d{2})-(0[1-9]|1[0-2])", text)
    if not match:
        raise Refusal(f"“{text}”不是月份；请写成 2019-06 这样的形式")
    return date(int(match[1]), int(match[2]), 1)


def parse_span(text: str) -> list[date]:
    """`2018-08..2020-12`, or a single month, as every month of the span."""
    first, _, last = text.partition("..")
    start, end = parse(first), parse(last or first)
    if end < start:
        raise Refusal(f"“{text}”的起始月份晚于结束月份")
    return span(start, end)


def span(first: date, last: date) -> list[date]:
    """The months from first to last, both included, in order."""
    months = []
    while first <= last:
        months.append(first)
        first = add(first, 1)
    return months


def add(month: date, count: int) -> date:
    """The month so many months later; negative: earlier."""
    index = month.year * 12 + month.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


def between(first: date, second: date) -> int:
    """How many months the second is after the first."""
    return (second.year - first.year) * 12 + second.month - first.month


def last_day(month: date) -> date:
    """The last day of a month."""
    return add(month, 1) - timedelta(days=1)


def key(month: date) -> str:
    """`2020-06`."""
    return f"{month:%Y-%m}"


def label(month: date) -> str:
    """`2020年6月`."""
    return f"{month.year}年{month.month}月"
