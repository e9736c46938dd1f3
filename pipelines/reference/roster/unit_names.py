"""Split the name of a unit or town into proper name and suffix."""

import re
from functools import cache

_COMMITTEE = re.compile(r"(?:村民委员会|村委会|(?:社区|街道)?(?:居民委员会|居委会)|社区)$")
_RANK = re.compile(r"(?:街道办事处|办事处|街道|镇|乡)$")
# Characters that a name may have or lack: 张家庄/张庄, 骆庄六村/骆庄村第六村.
_FILLERS = str.maketrans("", "", "村第家")


@cache
def stem(name: str) -> str:
    """The proper name without the committee's style: 东街村委会, 东街村村民委员会, 东街社区居委会 are all 东街."""
    proper = _COMMITTEE.sub("", name) or name
    return proper.removesuffix("村") or proper


@cache
def town_stem(name: str) -> str:
    """A town's proper name without its rank: 黑城乡 and 黑城镇 are both 黑城."""
    return _RANK.sub("", name) or name


class Folding:
    """Names reduced further, to compare units of the same code; not used to search for units.

    Interchangeable characters (侯/候, a reviewed list) become one, 村, 第 and 家 are dropped, and so is the town's own name
    in front (册井乡: 册井东南街 is 东南街).
    """

    def __init__(self, variants: list[str]):
        self._variants = str.maketrans({char: group[0] for group in variants for char in group[1:]})
        self._folded: dict[tuple[str, str], str] = {}

    def fold(self, name: str, town: str) -> str:
        """The folded name of a unit in a town."""
        key = (name, town)
        if key not in self._folded:
            self._folded[key] = self._fold(stem(name), town_stem(town))
        return self._folded[key]

    def _fold(self, proper: str, town: str) -> str:
        bare = self._reduce(proper)
        return bare.removeprefix(self._reduce(town)) or bare

    def _reduce(self, text: str) -> str:
        return text.translate(self._variants).translate(_FILLERS) or text
