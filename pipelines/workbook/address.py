"""Cell addresses as the sender sees them. Rows and columns are 1-based."""

from collections.abc import Iterable
from functools import lru_cache


@lru_cache(maxsize=16_384)
def letter(column: int) -> str:
    """28 is `AB`."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def column_number(letters: str) -> int:
    """`AB` is 28. Letters must be A-Z."""
    number = 0
    for letter_ in letters:
        number = number * 26 + ord(letter_) - 64
    return number


def cell(row: int, column: int) -> str:
    """(15, 28) is `AB15`."""
    return f"{letter(column)}{row}"


def numbers(text: str) -> tuple[int, int]:
    """`AB15` is (15, 28)."""
    letters = text.rstrip("0123456789")
    return int(text[len(letters) :]), column_number(letters)


def column_cells(column: int, rows: Iterable[int]) -> str:
    """`D4,D5,D9`."""
    name = letter(column)
    return ",".join(f"{name}{row}" for row in rows)


def row_spans(rows: Iterable[int]) -> str:
    """`4–9、12` for people."""
    return "、".join(f"{a}–{b}" if b > a else str(a) for a, b in _spans(sorted(rows)))


def letter_spans(columns: Iterable[int]) -> str:
    """`C–E、H` for people."""
    return "、".join(f"{letter(a)}–{letter(b)}" if b > a else letter(a) for a, b in _spans(sorted(columns)))


def _spans(numbers: list[int]) -> list[tuple[int, int]]:
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return [(first, last) for first, last in spans]
