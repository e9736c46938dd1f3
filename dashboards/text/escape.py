"""Escaping of text from workbooks for Markdown, Plotly and spreadsheet programs: names are data, never markup."""

import csv
import html
import io
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from pipelines.system.spreadsheet_text import formula_free

# every ASCII character that Markdown, its colour directives, its mathematics or HTML can give a meaning
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:^=&\"'@/])")
_BREAKS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
# characters that reverse the reading direction, with which a file name can be disguised
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f]")


def plain(text: object) -> str:
    """One line of text without control characters or turns of direction."""
    return _TURNS.sub("", _BREAKS.sub(" ", "" if text is None else str(text)))


def markdown(text: object) -> str:
    """Text that Markdown shows as it stands."""
    return _SPECIAL.sub(r"\\\1", plain(text))


def plotly(text: object) -> str:
    """Text that Plotly shows as it stands: it reads a little HTML."""
    return html.escape(plain(text), quote=False)


def plotly_plain(text: str) -> str:
    """The plain text of what `plotly` has escaped."""
    return html.unescape(text).strip()


def sheet(rows: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> bytes:
    """Rows as CSV for Excel and WPS (UTF-8 with mark): columns by `names`, nothing in it a formula, a date or a rounded code."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow([formula_free(title) for title in names.values()])
    writer.writerows([[_literal(_plain_value(row.get(key))) for key in names] for row in rows])
    return file.getvalue().encode("utf-8-sig")


# Excel reads 3/19 as a date and shows a code of twelve digits as 1.3E+11; a tab before it keeps it as it is
_RECAST = re.compile(r"\d{11,}|\d+[/-]\d+(?:[/-]\d+)?|0\d+")


def _literal(value: object) -> object:
    if isinstance(value, str) and _RECAST.fullmatch(value):
        return f"\t{value}"
    return formula_free(value)


def _plain_value(value: object) -> object:
    """A value without what only a screen shows."""
    value = getattr(value, "text", value)
    return "" if value is None else value


def workbook(rows: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> bytes:
    """Rows as one sheet of an xlsx file: numbers as numbers, all else as text, the head frozen and filtered."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    page, head = book.add_worksheet("表"), book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
    for column, title in enumerate(names.values()):
        page.write_string(0, column, title, head)
    for number, row in enumerate(rows, 1):
        for column, key in enumerate(names):
            _write(page, number, column, _plain_value(row.get(key)))
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, max(1, len(rows)), len(names) - 1)
    page.autofit(360)
    book.close()
    return file.getvalue()


def _write(page: Worksheet, row: int, column: int, value: object) -> None:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        page.write_number(row, column, float(value))
    else:
        page.write_string(row, column, plain(value))
