"""Masks telephone, identity and card numbers in cells, notes and drawings of a receipt. A formula with such a result is removed."""

import re
from collections.abc import Container
from functools import partial

from pipelines.answers import personal_data
from pipelines.receipt.package_parts import Parts

_TEXT = re.compile(r">[^<>]*\d[^<>]{9,}<")
_CELL = re.compile(r"<((?:\w+:)?)c\b([^<>]*)>((?:(?!</?(?:\w+:)?c\b).)*?)<\1v>([^<>]{11,})</\1v>\s*</\1c>", re.DOTALL)
_NUMBER = re.compile(r"v>([\d.Ee+]{11,24})<")
_TYPE = re.compile(r"""\st=(["'])(\w+)\1""")
# not masked: sheet names, which formulas refer to, and parts without text
_NO_WORDS = ("xl/workbook.xml", "xl/styles.xml", "xl/theme/theme1.xml")


def mask(parts: Parts, codes: Container[str] = ()) -> None:
    """Mask personal numbers in every part with the county's text; `codes`: damaged unit codes, which stay."""
    for name in parts.names:
        if _has_words(name):
            old = parts.read(name)
            new = _masked(old, "<sheetData" in old[:100_000].decode("latin-1"), codes)
            if new != old:
                parts.write(name, new)


def _has_words(name: str) -> bool:
    lower = name.lower()
    return lower.startswith(("xl/", "docprops/")) and lower.endswith((".xml", ".vml")) and lower not in _NO_WORDS


def _masked(xml: bytes, sheet: bool, codes: Container[str]) -> bytes:
    try:
        text = xml.decode("utf-8")
    except UnicodeDecodeError:
        return xml  # another encoding than UTF-8, which current programs do not write
    if sheet and any(_is_personal(number, codes) for number in _NUMBER.findall(text)):
        text = _CELL.sub(partial(_cell, codes), text)
    return _TEXT.sub(lambda text: personal_data.masked(text[0], codes), text).encode()


def _cell(codes: Container[str], match: re.Match[str]) -> str:
    """A cell whose stored value is a number of eleven digits or more."""
    prefix, attributes, _, value = match.groups()
    kind = _TYPE.search(attributes)
    if (kind and kind[2] != "n") or not _is_personal(value, codes):
        return match[0]
    attributes = _TYPE.sub("", attributes)
    return f'<{prefix}c{attributes} t="inlineStr"><{prefix}is><{prefix}t>***</{prefix}t></{prefix}is></{prefix}c>'


def _is_personal(value: str, codes: Container[str]) -> bool:
    try:
        number = float(value)
        return personal_data.holds(number) and str(int(number)) not in codes
    except ValueError:
        return False
