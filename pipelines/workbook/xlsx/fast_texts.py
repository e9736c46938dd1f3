"""Texts that stand in the cells of an xlsx sheet themselves: inline strings and what formulas gave. Each distinct one is decoded once."""

import re
from xml.parsers import expat

import numpy as np

FIRST = np.array([(1 << 8 * count) - 1 for count in range(9)], np.uint64)  # masks the first bytes of eight
_MIXER, _BUCKETS = np.uint64(0x9E3779B97F4A7C15), 18
_PARTING = "\ue000"
# What is not simply taken as it stands: escaped characters of Excel, and line ends that a parser rewrites.
_REWRITTEN = re.compile(rb"_x|\r")


class NotPlain(Exception):
    """The sheet holds something that is not read in bulk."""


def texts(xml: bytes, word: np.ndarray, begin: np.ndarray, end: np.ndarray, strips: bool) -> np.ndarray:
    """The texts between the offsets, between which no `<` stands; blank ones are None. `word` is `sheet_tags.words` of `xml`.

    `strips`: white space around a text is no part of it. Raises `NotPlain` where a text is not simply what stands there.
    """
    alike = _alike(word, begin, end - begin)
    first = (alike == np.arange(len(begin))).nonzero()[0]
    pieces = [xml[low:high] for low, high in zip(begin[first].tolist(), end[first].tolist(), strict=True)]
    distinct = list(dict.fromkeys(pieces))
    decoded = _decoded(b"<".join(distinct))
    if strips:
        decoded = [text.strip(" \t\n") for text in decoded]
    known = dict(zip(distinct, (text or None for text in decoded), strict=True))
    found = np.empty(len(begin), object)
    found[first] = list(map(known.__getitem__, pieces))
    return found.take(alike)


def _alike(word: np.ndarray, begin: np.ndarray, length: np.ndarray) -> np.ndarray:
    """For each text the position of one that is the same; short texts are compared as numbers, longer ones are their own."""
    own = np.arange(len(begin))
    key = word[begin] & FIRST.take(np.minimum(length, 8))
    bucket = (key * _MIXER >> np.uint64(64 - _BUCKETS)).view(np.int64)
    one_of = np.empty(1 << _BUCKETS, np.int32)
    one_of[bucket] = own
    alike = one_of.take(bucket)
    same = (length <= 8) & (key.take(alike) == key) & (length.take(alike) == length)
    return np.where(same, alike, own)


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
