"""Labels as a clerk writes them, brought to one form for comparing (semantics §3)."""

import re
import unicodedata

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u202a\u202b\u202c\u202d\u202e"))
_SPACE = re.compile(r"\s+")
_QUOTES = str.maketrans("“”„‟«»『』「」‘’", '""""""""' + '""' + "''")
_ORDINAL = re.compile(r"^(?:\(?[0-9]{1,3}[.、)](?![0-9])|\(?[一二三四五六七八九十]{1,3}[、.)]|第[0-9一二三四五六七八九十]{1,3}项[:、]?)")
_REMARK = re.compile(r"\(([^()]*)\)$")


def normalise(text: str) -> str:
    """A label with full width folded (NFKC), white space, invisible characters and a leading ordinal removed.

    `"1.统计用\\n区划代码"` and `"(一)统计用区划代码"` both become `统计用区划代码`. Brackets stay: they may be part of the label.
    """
    folded = unicodedata.normalize("NFKC", text).translate(_INVISIBLE).translate(_QUOTES)
    bare = _SPACE.sub("", folded)
    shorter = _ORDINAL.sub("", bare, count=1)
    return shorter or bare


def split_remark(label: str) -> tuple[str, str | None]:
    """A normalised label without its last bracket, and what stood in it: `工作经费(元)` is (`工作经费`, `元`)."""
    found = _REMARK.search(label)
    return (label[: found.start()], found[1]) if found and found.start() else (label, None)
