"""Telephone, identity and card numbers in a receipt: struck out in its cells, notes and drawings. Whose they are knows them already.

A number in a cell becomes a text; a formula that gave one goes. A text cut into runs of different looks is looked at run by run.
"""

import re
from collections.abc import Container
from functools import partial

from pipelines.answers import personal_data
from pipelines.receipt.package_parts import Parts

_TEXT = re.compile(r">[^<>]*\d[^<>]{9,}<")
_CELL = re.compile(r"<((?:\w+:)?)c\b([^<>]*)>((?:(?!</?(?:\w+:)?c\b).)*?)<\1v>([^<>]{11,})</\1v>\s*</\1c>", re.DOTALL)
_NUMBER = re.compile(r"v>([\d.Ee+]{11,24})<")
_TYPE = re.compile(r"""\st=(["'])(\w+)\1""")
# the names of sheets stand in the first: they are what formulas refer to, and stay
_NO_WORDS = ("xl/workbook.xml", "xl/styles.xml", "xl/theme/theme1.xml")


def mask(parts: Parts, codes: Container[str] = ()) -> None:
    """Every part that holds words of the county's, without such numbers. A part that has none stays as it was.

    `codes` are damaged codes of units, which may look like telephone numbers and stay.
    """
    for name in parts.names:
        if _is_looked_at(name):
            old = parts.read(name)
            new = _masked(old, "<sheetData" in old[:100_000].decode("latin-1"), codes)
            if new != old:
                parts.write(name, new)


def _is_looked_at(name: str) -> bool:
    lower = name.lower()
    return lower.startswith(("xl/", "docprops/")) and lower.endswith((".xml", ".vml")) and lower not in _NO_WORDS


def _masked(xml: bytes, sheet: bool, codes: Container[str]) -> bytes:
    try:
        text = xml.decode("utf-8")
    except UnicodeDecodeError:
        return xml  # in another encoding: such parts are read by their own rules, and no program of today writes them
    if sheet and any(_is_personal(number, codes) for number in _NUMBER.findall(text)):
        text = _CELL.sub(partial(_cell, codes), text)
    return _TEXT.sub(lambda found: personal_data.masked(found[0], codes), text).encode()


def _cell(codes: Container[str], found: re.Match) -> str:
    """A cell whose stored value is a number of eleven digits and more."""
    prefix, attributes, _, value = found.groups()
    kind = _TYPE.search(attributes)
    if (kind and kind[2] != "n") or not _is_personal(value, codes):
        return found[0]
    attributes = _TYPE.sub("", attributes)
    return f'<{prefix}c{attributes} t="inlineStr"><{prefix}is><{prefix}t>***</{prefix}t></{prefix}is></{prefix}c>'


def _is_personal(value: str, codes: Container[str]) -> bool:
    try:
        number = float(value)
        return personal_data.holds(number) and str(int(number)) not in codes
    except ValueError:
        return False
