"""Escaping of text from workbooks for Markdown, Plotly and spreadsheet programs: names are data, never markup."""

import csv
import html
import io
import re
from collections.abc import Mapping, Sequence

# every ASCII character that Markdown, its colour directives, its mathematics or HTML can give a meaning
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:^=&\"'@/])")
_BREAKS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
# the reading direction can be turned round by these: an old trick to dress up a name
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def plain(text: object) -> str:
    """One line of text without control characters or turns of direction."""
    return _TURNS.sub("", _BREAKS.sub(" ", "" if text is None else str(text)))


def markdown(text: object) -> str:
    """Text that Markdown shows as it stands."""
    return _SPECIAL.sub(r"\\\1", plain(text))


def markup(text: object) -> str:
    """Text that HTML shows as it stands, between tags and within a quoted attribute."""
    return html.escape(plain(text), quote=True)


def plotly(text: object) -> str:
    """Text that Plotly shows as it stands: it reads a little HTML."""
    return html.escape(plain(text), quote=False)


def cell(value: object) -> object:
    """A value that a spreadsheet program opens as text where it would read a formula. Numbers stay numbers."""
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA):
        return f"'{value}"
    return value


def sheet(rows: Sequence[Mapping], names: Mapping[str, str]) -> bytes:
    """Rows as CSV for Excel and WPS (UTF-8 with mark): columns by `names`, nothing in it a formula."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow([cell(title) for title in names.values()])
    writer.writerows([[cell("" if row.get(key) is None else row[key]) for key in names] for row in rows])
    return file.getvalue().encode("utf-8-sig")
