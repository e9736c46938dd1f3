"""Normalise labels for comparison (semantics §3)."""

import re
import unicodedata
from functools import lru_cache

_INVISIBLE = dict.fromkeys(
    map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u202a\u202b\u202c\u202d\u202e\ufe0e\ufe0f")
)
_SPACE = re.compile(r"\s+")
# Kinds of bracket mean the same in a label. Quotation marks only decorate it, and which of the eight kinds is used is
# decided by the input method, so they are left out.
_BRACKETS = str.maketrans("【〔[〖{】〕]〗}", "((((()))))")
_QUOTES = dict.fromkeys(map(ord, "“”„‟«»『』「」‘’\"'＂＇"))
# NFKC folds ① to 1, which could not be distinguished from a number in the label
_CIRCLED = {ord("①") + i: f"({i + 1})" for i in range(20)}
_ORDINAL = re.compile(
    r"^(?:\([0-9]{1,3}\)|\([一二三四五六七八九十]{1,3}\)"
    r"|[0-9]{1,2}(?:[.-][0-9]{1,2})+[.、):]?(?![0-9])"
    r"|[0-9]{1,3}[.、):,](?![0-9])"
    r"|[一二三四五六七八九十甲乙丙丁]{1,3}[、.):]"
    r"|[A-Za-z][.、)]"
    r"|第[0-9一二三四五六七八九十]{1,3}项[:、]?)"
)
_SPACED_ORDINAL = re.compile(r"^\s*[0-9]{1,3}\s+(?=\D)")
_MARKS = "*★※:"
_AMONG = re.compile(r"^其中[:、,]?(?=.)")
_LAST_REMARK = re.compile(r"\(([^()]*)\)$")
_FIRST_REMARK = re.compile(r"^\(([^()]*)\)")


@lru_cache(maxsize=1 << 15)
def fold(text: str) -> str:
    """Text for comparison: full width folded (NFKC), white space and invisible characters removed."""
    if text.isascii() and text.isalnum():
        return text
    folded = unicodedata.normalize("NFKC", text.translate(_INVISIBLE))
    return _SPACE.sub("", folded).translate(_INVISIBLE)


@lru_cache(maxsize=1 << 14)
def normalise(text: str) -> str:
    """A label folded, without leading ordinals, `其中:`, required-marks and quotation marks; brackets all round.

    `"1.统计用\\n区划代码"`, `"(一)统计用区划代码"` and `"*统计用区划代码"` all become `统计用区划代码`. Remarks in brackets stay:
    they may be part of the label (see `readings`).
    """
    circled = _SPACED_ORDINAL.sub("", unicodedata.normalize("NFKC", text.translate(_CIRCLED)))
    bare = fold(circled).translate(_BRACKETS).translate(_QUOTES).strip(_MARKS)
    for _ in range(2):  # 一、1. precedes some labels
        shorter = _AMONG.sub("", _ORDINAL.sub("", bare, count=1), count=1).strip(_MARKS)
        bare = shorter or bare
    return bare


def split_remark(label: str) -> tuple[str, str | None]:
    """A normalised label without its last bracket, and the bracket's content: `工作经费(元)` is (`工作经费`, `元`)."""
    remark = _LAST_REMARK.search(label)
    return (label[: remark.start()], remark[1]) if remark and remark.start() else (label, None)


@lru_cache(maxsize=1 << 14)
def readings(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """A label with and without its remarks, fullest first (`户数(户)(必填)`, `户数(户)`, `户数`), each with the remarks removed."""
    label = normalise(text)
    remarks: tuple[str, ...] = ()
    pairs = [(label, remarks)]
    while True:
        shorter, remark = split_remark(label)
        if remark is None:
            break
        label, remarks = normalise(shorter), (*remarks, remark)
        pairs.append((label, remarks))
    first = _FIRST_REMARK.match(label)
    if first and label[first.end() :]:
        pairs.append((normalise(label[first.end() :]), (*remarks, first[1])))
    return tuple(pairs)
