"""Months as whole numbers (12 × year + month − 1), so that months are counted by subtraction."""

from datetime import date, timedelta


def month(text: object) -> int:
    """`2019-06`, or a day of that month, as a number."""
    parts = str(text).split("-")
    return int(parts[0]) * 12 + int(parts[1]) - 1


def text(number: int) -> str:
    return f"{year(number)}-{number % 12 + 1:02}"


def year(number: int) -> int:
    return number // 12


def is_december(number: int) -> bool:
    return number % 12 == 11


def december(of_year: int) -> int:
    return of_year * 12 + 11


def first_day(number: int) -> date:
    return date(year(number), number % 12 + 1, 1)


def last_day(number: int) -> date:
    return first_day(number + 1) - timedelta(days=1)


def days(earlier: int, later: int) -> int:
    """Days from one month's end to another's."""
    return (last_day(later) - last_day(earlier)).days
