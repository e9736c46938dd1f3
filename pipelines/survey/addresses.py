"""A1 addresses: column letters and numbers, 1-based."""


def column_number(letters: str) -> int:
    """`AB` → 28. Letters must be A-Z."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def column_letters(number: int) -> str:
    """28 → `AB`."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def a1(row: int, col: int) -> str:
    """(15, 28) → `AB15`."""
    return f"{column_letters(col)}{row}"
