"""Units of measure in headers and behind numbers: which quantity, and the exact factor between two of them."""

import re
from decimal import Decimal
from functools import lru_cache

from pipelines.reference.labels import fold

# quantity -> unit -> how many base units it is. Only exact factors: 亩 is 2000/3 ㎡ and therefore known but not converted.
_SCALES: dict[str, dict[str, str | None]] = {
    "money": {
        "元": "1", "人民币元": "1", "元/年": "1", "元/人年": "1", "元/人·年": "1", "元/人": "1", "元每年": "1", "百元": "100",
        "千元": "1000", "万元": "10000", "万元/年": "10000", "十万元": "100000", "百万元": "1000000",
        "千万元": "10000000", "亿元": "100000000",
    },
    "monthly pay": {"元/月": "1", "元/人月": "1", "元/人·月": "1", "元每月": "1"},
    "area": {
        "m2": "1", "平方米": "1", "平米": "1", "平方": "1", "百m2": "100", "百平方米": "100", "百平米": "100", "千m2": "1000",
        "千平方米": "1000", "万m2": "10000", "万平方米": "10000", "公顷": "10000", "hm2": "10000", "km2": "1000000",
        "平方公里": "1000000", "平方千米": "1000000", "亩": None, "万亩": None,
    },
    "share": {"%": "1", "百分比": "1", "百分数": "1", "‰": "0.1"},
}  # fmt: skip
_COUNTED = {
    "households": ("户",),
    "persons": ("人", "名", "位"),
    "times": ("次", "场", "场次", "人次"),
    "items": ("个", "家", "处", "所", "项", "支"),
}
_MULTIPLES = {"": "1", "百": "100", "千": "1000", "万": "10000"}
for _name, _units in _COUNTED.items():
    _SCALES[_name] = {many + unit: factor for unit in _units for many, factor in _MULTIPLES.items()}
UNITS: dict[str, tuple[str, Decimal | None]] = {
    unit: (quantity, Decimal(factor) if factor else None)
    for quantity, units in _SCALES.items()
    for unit, factor in units.items()
}
_SPLIT = re.compile(r"[,;，;、]")
_INTRODUCTION = re.compile(r"^(?:计量)?(?:金额)?(?:面积)?单位:?|^以(?=.+计$)|计$")
_BEHIND = re.compile(r"^(.*?\d)([^\d]+)$")


@lru_cache(maxsize=1 << 12)
def find(remark: str) -> str | None:
    """The unit that a remark states, folded: `单位:万元,保留两位小数` is `万元`. None when it states none."""
    for part in _SPLIT.split(fold(remark)):
        word = _INTRODUCTION.sub("", part)
        if word in UNITS:
            return word
    return None


def is_list(text: str) -> bool:
    """Whether a text names units and nothing else."""
    return all(find(part) for part in _SPLIT.split(fold(text)))


def all_of(text: str) -> list[str]:
    """Every unit that a list of units names: `户、人、万元`."""
    return [unit for part in _SPLIT.split(fold(text)) if (unit := find(part))]


def canonical(unit: str | None) -> str | None:
    """A form's own unit as it is in `UNITS` (`㎡` is `m2`)."""
    return fold(unit) if unit else None


def factor(stated: str, own: str) -> Decimal | None:
    """Exact factor from unit `stated` to `own`; None for different quantities. 个 counts anything."""
    (quantity, size), (own_quantity, own_size) = UNITS[stated], UNITS[own]
    counted = {quantity, own_quantity} <= _COUNTED.keys() and quantity == "items" and stated.endswith("个")
    if (quantity != own_quantity and not counted) or size is None or own_size is None:
        return None
    return size / own_size


def split_number(text: str) -> tuple[str, str | None]:
    """A folded text as number and the unit behind it: `1,200户` is (`1,200`, `户`). An unknown unit stays part of the text."""
    if text.endswith("m2"):
        return text[:-2], "m2"
    unit_behind = _BEHIND.match(text)
    if unit_behind and unit_behind[2] in UNITS:
        return unit_behind[1], unit_behind[2]
    return text, None
