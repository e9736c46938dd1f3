"""Escapes text for a workbook, so that the XML is well formed and Excel shows the text as written."""

import re
from functools import lru_cache
from xml.sax.saxutils import escape

LONGEST = 32_767  # characters of an Excel cell
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPE_LIKE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def legal(text: str) -> str:
    """The text without characters that XML forbids; `_x0041_`, which Excel would show as A, is escaped."""
    return _ESCAPE_LIKE.sub("_x005F_", _ILLEGAL.sub("\ufffd", text)[:LONGEST])


@lru_cache(maxsize=4096)  # cached: many findings have the same remedy
def xml(text: str) -> str:
    """For an XML text node."""
    return escape(legal(text))


def attribute(text: str) -> str:
    """For an XML attribute in double quotes."""
    return escape(_ILLEGAL.sub("\ufffd", text), {'"': "&quot;", "\n": "&#10;", "\t": "&#9;", "\r": "&#13;"})


def reference(sheet: str, cell: str) -> str:
    """`'表1'!A5`, with the apostrophes of the name doubled."""
    name = sheet.replace("'", "''")
    return f"'{name}'!{cell}"
