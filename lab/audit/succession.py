"""How the units of one edition continue in the next (semantics §1): what a person decided, then what can have one meaning only.

1. The reviewed table. 2. Same code and same proper name. 3. Same proper name, once in the town before and once in the town that has its
place now, and each code is used in one of the two editions only. 4. Same place in the town (same last three digits) and one name once
interchangeable characters, 家/第/村 and the town's own name are set aside. Whatever is left ends or begins; nothing is guessed.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_COMMITTEE = re.compile(r"(?:村民委员会|村委会|(?:社区|街道)?(?:居民委员会|居委会)|社区)$")
_RANK = re.compile(r"(?:街道办事处|办事处|街道|镇|乡)$")
_CONTINUES = ("renamed", "recoded")


@dataclass(frozen=True)
class Review:
    """The reviewed table: (edition, code) pairs with their type, and characters that editions interchange."""

    edges: list[tuple[tuple[int, str] | None, tuple[int, str] | None, str]]
    variants: dict[int, str] = field(default_factory=dict)


def review(declared: dict) -> Review:
    groups = [entry["characters"] for entry in declared.get("variants") or []]
    variants = {ord(letter): group[0] for group in groups for letter in group[1:]}
    edges = [(_point(e.get("from")), _point(e.get("to")), e["type"]) for e in declared.get("reviewed") or []]
    return Review(edges, variants)


def _point(text: str | None) -> tuple[int, str] | None:
    year, _, code = (text or "").partition(":")
    return (int(year), code) if code else None


def proper(name: str) -> str:
    """A unit's name without its committee: 东街村委会 and 东街社区居委会 are 东街."""
    bare = _COMMITTEE.sub("", name) or name
    return bare.removesuffix("村") or bare


def town_proper(name: str) -> str:
    return _RANK.sub("", name) or name


class Step:
    """One step: `successors` maps codes to codes, `towns` the towns to those that have their place."""

    def __init__(self, year: int, before: Mapping, later: int, after: Mapping, decided: Review):
        self.before, self.after, self.variants = before, after, decided.variants
        self.successors: dict[str, str] = {}
        self.open_before, self.open_after = set(before), set(after)
        self._take_reviewed(year, later, decided)
        self._take(self._same_code())
        self.towns = self._towns()
        self._take(self._same_name())
        self._take(self._same_place())

    def _take(self, pairs: list[tuple[str, str]]) -> None:
        """Pairs in which neither code stands twice."""
        lefts, rights = (Counter(side) for side in zip(*pairs, strict=True)) if pairs else ({}, {})
        for code, successor in pairs:
            if lefts[code] == rights[successor] == 1:
                self._join(code, successor)

    def _join(self, code: str, successor: str) -> None:
        self.successors[code] = successor
        self.open_before.discard(code)
        self.open_after.discard(successor)

    def _take_reviewed(self, year: int, later: int, decided: Review) -> None:
        for start, end, kind in decided.edges:
            if (start or (year, ""))[0] != year or (end or (later, ""))[0] != later:
                continue
            if kind in _CONTINUES:
                self._join(start[1], end[1])
            self.open_before.discard(start[1] if start else "")
            self.open_after.discard(end[1] if end else "")

    def _same_code(self) -> list[tuple[str, str]]:
        once = _names_once(self.before.values(), _stem) & _names_once(self.after.values(), _stem)
        both = sorted(self.open_before & self.open_after)
        return [(code, code) for code in both if self._is_same(self.before[code], self.after[code], once)]

    def _is_same(self, before, after, once: set) -> bool:
        return before.name == after.name or (_stem(before) == _stem(after) and _stem(before) in once)

    # -- towns

    def _towns(self) -> dict[str, str]:
        names = {line.town: line for line in self.before.values()}, {line.town: line for line in self.after.values()}
        successors = {code: self._town(line, *names) for code, line in names[0].items()}
        return {code: town for code, town in successors.items() if town}

    def _town(self, town, before: dict, after: dict) -> str | None:
        if town.town in after:
            members = [code for code in self.before if code.startswith(town.town)]
            renamed = town_proper(town.town_name) != town_proper(after[town.town].town_name)
            lost = renamed and 2 * len(self.open_before.intersection(members)) > len(members)
            return None if lost else town.town
        return self._by_units(town.town) or _by_name(town, before, after)

    def _by_units(self, town: str) -> str | None:
        """Where at least four fifths of a vanished town's names, and three, stand again."""
        wanted = {proper(self.before[code].name) for code in self.open_before if code.startswith(town)}
        votes = Counter(
            self.after[code].town for code in sorted(self.open_after) if proper(self.after[code].name) in wanted
        )
        best = votes.most_common(1)
        return best[0][0] if best and best[0][1] >= 3 and 5 * best[0][1] >= 4 * len(wanted) else None

    # -- names

    def _same_name(self) -> list[tuple[str, str]]:
        once_before, once_after = _names_once(self.before.values(), _stem), _names_once(self.after.values(), _stem)
        there = {_stem(self.after[code]): code for code in self.open_after}
        pairs = []
        for code in sorted(self.open_before):
            town, name = _stem(self.before[code])
            key = (self.towns.get(town), name)
            successor = there.get(key)
            unused = successor and successor not in self.before and code not in self.after
            if unused and (town, name) in once_before and key in once_after:
                pairs.append((code, successor))
        return pairs

    def _same_place(self) -> list[tuple[str, str]]:
        once_before, once_after = (_names_once(lines.values(), self._folded) for lines in (self.before, self.after))
        pairs = []
        for code in sorted(self.open_before):
            town, name = self._folded(self.before[code])
            successor = (self.towns.get(town) or "") + code[9:]
            if successor in self.open_after and (town, name) in once_before:
                folded = self._folded(self.after[successor])
                if folded in once_after and folded[1] == name:
                    pairs.append((code, successor))
        return pairs

    def _folded(self, line) -> tuple[str, str]:
        name, town = (self._reduced(text) for text in (proper(line.name), town_proper(line.town_name)))
        return line.town, name.removeprefix(town) or name

    def _reduced(self, text: str) -> str:
        return re.sub("[村第家]", "", text.translate(self.variants)) or text.translate(self.variants)


def _by_name(town, before: dict, after: dict) -> str | None:
    """The only new town of the county with the same proper name."""
    named = [
        code
        for code, line in after.items()
        if code not in before
        and line.county == town.county
        and town_proper(line.town_name) == town_proper(town.town_name)
    ]
    return named[0] if len(named) == 1 else None


def _stem(line) -> tuple[str, str]:
    return line.town, proper(line.name)


def _names_once(lines, key: Callable) -> set[tuple[str, str]]:
    counts: dict = defaultdict(int)
    for line in lines:
        counts[key(line)] += 1
    return {name for name, count in counts.items() if count == 1}
