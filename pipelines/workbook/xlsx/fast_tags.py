"""The tags in the rows of an xlsx sheet: their spelling, and which may follow which.

Texts are compared as numbers, eight bytes at a time (`words`).
"""

import numpy as np

from pipelines.workbook.xlsx.fast_texts import FIRST, NotPlain

# Tags by their first two letters after `<`. 0 is any other.
CELL, CELL_END, VALUE, VALUE_END, ROW, ROW_END, FORMULA, FORMULA_END, STOP = range(1, 10)
INLINE, INLINE_END, TEXT, TEXT_KEPT, TEXT_END, NO_VALUE, NO_VALUE_SPACED = range(10, 17)
_KINDS = 32  # more than there are tags
_TAGS = {
    b"c ": CELL, b"v>": VALUE, b"ro": ROW, b"f ": FORMULA, b"f/": FORMULA, b"f>": FORMULA,
    b"/c": CELL_END, b"/v": VALUE_END, b"/r": ROW_END, b"/f": FORMULA_END,
    b"is": INLINE, b"t>": TEXT, b"t ": TEXT_KEPT, b"/t": TEXT_END, b"/i": INLINE_END,
    b"v/": NO_VALUE, b"v ": NO_VALUE_SPACED,
}  # fmt: skip
_TAG = np.zeros(1 << 16, np.uint8)
for _letters, _tag in _TAGS.items():
    _TAG[int.from_bytes(_letters, "little")] = _tag
# The spelling of each from `<` on, up to eight bytes. An end tag must be followed directly by the next tag.
KEPT = b'<t xml:space="preserve">'
_SPELLING = {
    CELL: b'<c r="', VALUE: b"<v>", ROW: b'<row r="',
    CELL_END: b"</c><", VALUE_END: b"</v><", ROW_END: b"</row><", FORMULA_END: b"</f><",
    INLINE: b"<is><", TEXT: b"<t>", TEXT_KEPT: KEPT[:8], TEXT_END: b"</t><", INLINE_END: b"</is><",
    NO_VALUE: b"<v/><", NO_VALUE_SPACED: b"<v /><",
}  # fmt: skip
_SPELT, _SPELT_MASK = np.zeros(_KINDS, np.uint64), np.zeros(_KINDS, np.uint64)
for _tag, _text in _SPELLING.items():
    _SPELT[_tag], _SPELT_MASK[_tag] = int.from_bytes(_text, "little"), FIRST[len(_text)]
_FOLLOWERS = {
    ROW: (CELL, ROW_END, ROW, STOP),
    ROW_END: (ROW, STOP),
    CELL: (VALUE, FORMULA, CELL_END, CELL, ROW_END, INLINE, NO_VALUE, NO_VALUE_SPACED),
    FORMULA: (FORMULA_END, VALUE, CELL_END, NO_VALUE, NO_VALUE_SPACED),
    FORMULA_END: (VALUE, CELL_END, NO_VALUE, NO_VALUE_SPACED),
    VALUE: (VALUE_END,),
    VALUE_END: (CELL_END,),
    NO_VALUE: (CELL_END,),
    NO_VALUE_SPACED: (CELL_END,),
    INLINE: (TEXT, TEXT_KEPT),
    TEXT: (TEXT_END,),
    TEXT_KEPT: (TEXT_END,),
    TEXT_END: (INLINE_END,),
    INLINE_END: (CELL_END,),
    CELL_END: (CELL, ROW_END),
}
_MAY_FOLLOW = np.zeros(_KINDS * _KINDS, bool)
for _tag, _next in _FOLLOWERS.items():
    _MAY_FOLLOW[[_tag * _KINDS + _after for _after in _next]] = True


def words(raw: bytes) -> np.ndarray:
    """The eight bytes from each offset on as one number, the first byte lowest."""
    return np.ndarray((len(raw) - 7,), "<u8", raw, strides=(1,))


def recognised(word: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The tag at each offset; the last is `STOP`. Raises `NotPlain` for an unusual tag or an unusual order."""
    spelt = word[at]
    tag: np.ndarray = _TAG.take(((spelt >> np.uint64(8)) & np.uint64(0xFFFF)).view(np.int64))
    tag[-1] = STOP
    if not tag.all() or ((spelt & _SPELT_MASK.take(tag)) != _SPELT.take(tag)).any():
        raise NotPlain("an unusual element")
    if at[0] or not _MAY_FOLLOW.take(tag[:-1] * np.uint16(_KINDS) + tag[1:]).all():
        raise NotPlain("order of tags")
    kept = at[tag == TEXT_KEPT]
    for ahead in range(8, len(KEPT), 8) if len(kept) else ():
        if (word[kept + ahead] != int.from_bytes(KEPT[ahead : ahead + 8], "little")).any():
            raise NotPlain("an unusual text")
    return tag
