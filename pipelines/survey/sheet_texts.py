"""Texts that stand in the cells of an xlsx sheet themselves: inline strings and what formulas gave. Each distinct one is decoded once."""

import re
from xml.parsers import expat

_PARTING = "\ue000"
# What is not simply taken as it stands: escaped characters of Excel, and line ends that a parser rewrites.
_REWRITTEN = re.compile(rb"_x|\r")


class NotPlain(Exception):
    """The sheet holds something that is not read in bulk."""


def texts(xml: bytes, begin: list[int], end: list[int], strips: bool) -> list[str | None]:
    """The texts between the offsets, between which no `<` stands; blank ones are None.

    `strips`: white space around a text is no part of it. Raises `NotPlain` where a text is not simply what stands there.
    """
    pieces = [xml[first:last] for first, last in zip(begin, end, strict=True)]
    distinct = list(dict.fromkeys(pieces))
    decoded = _decoded(b"<".join(distinct))
    if strips:
        decoded = [text.strip(" \t\n") for text in decoded]
    known = dict(zip(distinct, (text or None for text in decoded), strict=True))
    return list(map(known.__getitem__, pieces))


def _decoded(joined: bytes) -> list[str]:
    """Texts with `<` between them."""
    if _REWRITTEN.search(joined):
        raise NotPlain("a text with escapes")
    try:
        text = joined.decode()
        return _resolved(text) if "&" in text else text.split("<")
    except (UnicodeDecodeError, expat.ExpatError) as error:
        raise NotPlain("a text that is none") from error


def _resolved(text: str) -> list[str]:
    """References to characters (openpyxl writes all Chinese so) are replaced by a parser of XML, in one text for all."""
    parts: list[str] = []
    parser = expat.ParserCreate()
    parser.buffer_text, parser.buffer_size = True, 1 << 16
    parser.CharacterDataHandler = parts.append
    parser.Parse(f"<t>{text.replace('<', _PARTING)}</t>".encode(), True)
    found = "".join(parts).split(_PARTING)
    if len(found) != text.count("<") + 1:
        raise NotPlain("a text with a character that nobody writes")
    return found
