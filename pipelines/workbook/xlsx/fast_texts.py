"""Texts stored in the cells of an xlsx sheet: inline strings and results of formulas. Each distinct one is decoded once."""

import re
from xml.parsers import expat

import numpy as np

FIRST = np.array([(1 << 8 * count) - 1 for count in range(9)], np.uint64)  # masks for the first n of eight bytes
_MIXER, _BUCKETS = np.uint64(0x9E3779B97F4A7C15), 18
_SEPARATOR = "\ue000"
# Not read in bulk: Excel's escaped characters, and line ends that an XML parser changes.
_REWRITTEN = re.compile(rb"_x|\r")


class NotPlain(Exception):
    """The sheet contains something that is not read in bulk."""


def texts(xml: bytes, word: np.ndarray, begin: np.ndarray, end: np.ndarray, strips: bool) -> np.ndarray:
    """Texts between offsets, None for blank ones; `word`: `fast_tags.words` of `xml`. Errors: `NotPlain` for escapes."""
    alike = _alike(word, begin, end - begin)
    first = (alike == np.arange(len(begin))).nonzero()[0]
    pieces = [xml[low:high] for low, high in zip(begin[first].tolist(), end[first].tolist(), strict=True)]
    distinct = list(dict.fromkeys(pieces))
    decoded = _decoded(b"<".join(distinct))
    if strips:
        decoded = [text.strip(" \t\n") for text in decoded]
    known = dict(zip(distinct, (text or None for text in decoded), strict=True))
    values = np.empty(len(begin), object)
    values[first] = list(map(known.__getitem__, pieces))
    return values.take(alike)


def _alike(word: np.ndarray, begin: np.ndarray, length: np.ndarray) -> np.ndarray:
    """For each text the position of an equal one. Short texts are compared as numbers; a longer one gives its own position."""
    own = np.arange(len(begin))
    key = word[begin] & FIRST.take(np.minimum(length, 8))
    bucket = (key * _MIXER >> np.uint64(64 - _BUCKETS)).view(np.int64)
    last_in = np.empty(1 << _BUCKETS, np.int32)
    last_in[bucket] = own
    alike = last_in.take(bucket)
    same = (length <= 8) & (key.take(alike) == key) & (length.take(alike) == length)
    return np.where(same, alike, own)


def _decoded(joined: bytes) -> list[str]:
    if _REWRITTEN.search(joined):
        raise NotPlain("a text with escapes")
    try:
        text = joined.decode()
        return _resolved(text) if "&" in text else text.split("<")
    except (UnicodeDecodeError, expat.ExpatError) as error:
        raise NotPlain("undecodable text") from error


def _resolved(text: str) -> list[str]:
    """Resolve character references (openpyxl writes all Chinese so) by an XML parser, in one call for all texts."""
    parts: list[str] = []
    parser = expat.ParserCreate()
    parser.buffer_text, parser.buffer_size = True, 1 << 16
    parser.CharacterDataHandler = parts.append
    parser.Parse(f"<t>{text.replace('<', _SEPARATOR)}</t>".encode(), True)
    texts = "".join(parts).split(_SEPARATOR)
    if len(texts) != text.count("<") + 1:
        raise NotPlain("text contains the internal separator U+E000")
    return texts
