"""Masks telephone, identity and card numbers in the cells, notes and drawings of a receipt.

A number in a cell becomes a text; a formula with such a result is removed. A text of several runs is masked run by run.
"""

import re

from pipelines.answers import personal_data
from pipelines.receipt.package_parts import Parts

_TEXT = re.compile(r">[^<>]*\d[^<>]{9,}<")
_CELL = re.compile(r"<((?:\w+:)?)c\b([^<>]*)>((?:(?!</?(?:\w+:)?c\b).)*?)<\1v>([^<>]{11,})</\1v>\s*</\1c>", re.DOTALL)
_NUMBER = re.compile(r"v>([\d.Ee+]{11,24})<")
_TYPE = re.compile(r"""\st=(["'])(\w+)\1""")
# not masked: sheet names, which formulas refer to, and parts without words
_NO_WORDS = ("xl/workbook.xml", "xl/styles.xml", "xl/theme/theme1.xml")


def mask(parts: Parts) -> None:
    """Mask every part with words of the county. A part without such numbers is unchanged."""
    for name in parts.names:
        if _has_words(name):
            old = parts.read(name)
            new = _masked(old, "<sheetData" in old[:100_000].decode("latin-1"))
            if new != old:
                parts.write(name, new)


def _has_words(name: str) -> bool:
    lower = name.lower()
    return lower.startswith(("xl/", "docprops/")) and lower.endswith((".xml", ".vml")) and lower not in _NO_WORDS


def _masked(xml: bytes, sheet: bool) -> bytes:
    try:
        text = xml.decode("utf-8")
    except UnicodeDecodeError:
        return xml  # another encoding, which no current program writes
    if sheet and any(map(_is_personal, _NUMBER.findall(text))):
        text = _CELL.sub(_cell, text)
    return _TEXT.sub(lambda text: personal_data.masked(text[0]), text).encode()


def _cell(match: re.Match) -> str:
    """A cell whose stored value is a number of eleven digits or more."""
    prefix, attributes, _, value = match.groups()
    kind = _TYPE.search(attributes)
    if (kind and kind[2] != "n") or not _is_personal(value):
        return match[0]
    attributes = _TYPE.sub("", attributes)
    return f'<{prefix}c{attributes} t="inlineStr"><{prefix}is><{prefix}t>***</{prefix}t></{prefix}is></{prefix}c>'


def _is_personal(value: str) -> bool:
    try:
        return personal_data.holds(float(value))
    except ValueError:
        return False
