"""Marks in a prefilled workbook: the words that confirm last month's answers, and the hidden copy of those answers.

The copy is a text for each row of 表1, in which every question has `WIDTH` characters in the form's order, padded with blanks; the first
is the code, and the last one is followed by the month of the row. The sheet's first row names the questions in the same way, each as
long as it is, separated by blanks. One cell per answer would double the size of the form.
"""

from collections.abc import Sequence
from decimal import Decimal

LAST_SHEET = "_shequ_last"
WIDTH = 12
TICK, TICKED = "已核对", "√"
REST_OF_ROWS, REST_OF_RECORD = "其余各行已核对，无变化", "其余各项已核对，无变化"
REMARKS_SHEET, REMARKS_TITLE = "备注", "名册有误的，请写在这里"


def text_of(value: object) -> str:
    """An answer in a cell as text, as the spreadsheet shows it."""
    return "" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)


def padded(value: object) -> str:
    """The text of a cell as the copy has it."""
    return text_of(value)[:WIDTH].strip().ljust(WIDTH)


def copied_rows(texts: Sequence[object]) -> tuple[list[str], dict[str, str]]:
    """The names of the questions, and by code the text of its row, as long as all of them need."""
    names = texts[0].split() if texts and isinstance(texts[0], str) else []
    rows = (text.ljust(len(names) * WIDTH) for text in texts[1:] if isinstance(text, str))
    return names, {code: text for text in rows if (code := text[:WIDTH].strip())}
