"""Which unit a row is about: by code, else by a name unique in its town, else in its county, else an open question with ranked candidates."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache, partial
from typing import TypedDict

from rapidfuzz import fuzz, process

from pipelines.answers import name_variants
from pipelines.reference.labels import fold
from pipelines.reference.roster import Listed, Rosters

CANDIDATES = 3


def key(code: str | None, name: str | None, town: str | None) -> str:
    """The key under which an answered question is kept for a county: the words of the row, folded."""
    return "|".join(fold(part or "") for part in (code, name, town))


@dataclass
class CountyIndex:
    """The units of one county in one month, ready to be looked up."""

    units: dict[str, Listed]
    written: dict[str, str]  # code -> folded roster name
    exact: dict[tuple[str | None, str | None, str | None], "Outcome"]  # code, name and town just as the roster has them
    by_name: dict[tuple[str, str], list[str]]
    towns: dict[str, set[str]]  # stem and written name -> town codes
    places: tuple[str, ...]  # folded names of the city and the county, which may precede a unit's name, longest first
    town_prefixes: dict[str, set[str]]  # written names of towns, longest first -> town codes
    # only strange codes need these: the month's units of all counties, and every code of any edition
    elsewhere: Callable[[], dict[str, Listed]] = field(repr=False)
    known: Callable[[], frozenset[str]] = field(repr=False)

    def town_codes(self, town: str | None) -> set[str]:
        """Codes of the towns that a given name means; empty where it means none of this county."""
        if not town:
            return set()
        return self.towns.get(fold(town)) or self.towns.get(name_variants.town_stem(town)) or set()

    def named(self, name: str, towns: set[str]) -> list[str]:
        """Codes that a name may stand for, in the towns if any are given; the strictest reading that finds something."""
        codes = self._as_written(name, towns)
        if codes:
            return codes
        bare, within = self._without_prefixes(name_variants.without_list_marks(fold(name)), towns)
        for text in (bare, *(name_variants.without_bracketed_body(bare) or ())):
            if codes := self._as_written(text, within):
                return codes
        return []

    def _as_written(self, name: str, towns: set[str]) -> list[str]:
        for name_key in name_variants.keys(name):
            codes = [code for code in self.by_name.get(name_key, ()) if not towns or code[:9] in towns]
            if codes:
                return codes
        return []

    def _without_prefixes(self, name: str, towns: set[str]) -> tuple[str, set[str]]:
        """The name without province, city, county and town before it, and the towns that it may be in."""
        name = self._without_province(name)
        for place in self.places:
            if name.startswith(place) and len(name) > len(place):
                name = name.removeprefix(place)
        for town, codes in self.town_prefixes.items():
            if name.startswith(town) and len(name) > len(town):
                both = towns & codes if towns else codes
                return (name.removeprefix(town), both) if both else (name, towns)
        return name, towns

    def _without_province(self, name: str) -> str:
        """Only where the city follows: 河北省邢台市."""
        province, city, rest = name.partition(self.places[0])
        return city + rest if city and province.endswith(("省", "自治区")) and len(province) <= 8 else name

    def is_place(self, text: str) -> bool:
        """Whether a text names a town of the county or the county itself: what totals and headings are called."""
        return bool(self.town_codes(text)) or any(
            fold(text) == fold(unit.county) for unit in list(self.units.values())[:1]
        )


@lru_cache(maxsize=256)
def county_index(rosters: Rosters, month: date, county: str) -> CountyIndex:
    """The index of one county and month. Grain of its dictionaries: one entry per unit code, name key, town name."""
    units = {unit.code: unit for unit in rosters.listed(month, county)}
    by_name: dict[tuple[str, str], list[str]] = defaultdict(list)
    towns: dict[str, set[str]] = defaultdict(set)
    for unit in units.values():
        for name_key in name_variants.index_keys(unit.name):
            by_name[name_key].append(unit.code)
        for text in (
            fold(unit.town),
            name_variants.town_stem(unit.town),
            name_variants.town_stem(unit.town.removeprefix(unit.county)),
        ):
            towns[text].add(unit.town_code)
    return CountyIndex(
        units, {code: fold(unit.name) for code, unit in units.items()},
        {(u.code, u.name, u.town): Outcome(u.code) for u in units.values()}, dict(by_name), dict(towns),
        _places(rosters, units), _town_prefixes(units), partial(_month_units, rosters, month), rosters.known_codes,
    )  # fmt: skip


def _places(rosters: Rosters, units: Mapping[str, Listed]) -> tuple[str, ...]:
    """In the order in which they precede a name: 河北省邢台市 is written as city, then county."""
    return (fold(rosters.city.name), *sorted({fold(unit.county) for unit in units.values()}))


def _town_prefixes(units: Mapping[str, Listed]) -> dict[str, set[str]]:
    """钢铁路街道办事处 also as 钢铁路街道 and 钢铁路办事处: never the bare stem, with which the names of many villages begin."""
    towns: dict[str, set[str]] = defaultdict(set)
    for unit in units.values():
        written = fold(unit.town)
        for name in {written, written.removesuffix("办事处"), written.replace("街道办事处", "办事处")}:
            if name_variants.town_stem(name) != name:
                towns[name].add(unit.town_code)
    return {name: towns[name] for name in sorted(towns, key=len, reverse=True)}


@lru_cache(maxsize=32)
def _month_units(rosters: Rosters, month: date) -> dict[str, Listed]:
    return {unit.code: unit for unit in rosters.listed(month)}


@lru_cache(maxsize=256)
def county_labels(rosters: Rosters, month: date) -> dict[str, str]:
    """The month's counties: code to name."""
    return {county.code: county.name for county in rosters.counties(month)}


@lru_cache(maxsize=256)
def sharing_counties(rosters: Rosters, month: date) -> frozenset[str]:
    """Counties where city and county pay for the communities together."""
    return frozenset(county.code for county in rosters.counties(month) if county.shared_funding)


class MatchWords(TypedDict, total=False):
    """What a finding about a unit names: of the row `name`, of the roster the rest."""

    name: str
    roster: str
    other: str
    county: str
    candidates: str


@dataclass(frozen=True)
class Outcome:
    """The unit of a row, or why there is none. `finding` is a code of findings.yaml; a warning may have a `unit` too."""

    unit: str | None
    finding: str | None = None
    found: str | None = None
    words: MatchWords = field(default_factory=MatchWords)
    column: str = "code"
    by_name: bool = False


def match(
    index: CountyIndex, code: str | None, name: str | None, town: str | None, resolutions: Mapping[str, str]
) -> Outcome:
    """One row. `code` is 12 digits or None where it is blank or damaged."""
    unit = index.units.get(code) if code else None
    if code and unit and name and index.written[code] == fold(name):
        return _by_code(index, unit, town)
    resolved = resolutions.get(key(code, name, town))
    if resolved in index.units:
        return Outcome(resolved)
    if code is None:
        return _by_name(index, name, town)
    if unit is None:
        return _strange(index, code, name, town)
    return _by_code_despite_name(index, unit, name, town)


def _by_code(index: CountyIndex, unit: Listed, town: str | None) -> Outcome:
    if not town or town == unit.town:
        return Outcome(unit.code)
    towns = index.town_codes(town)
    if towns and unit.town_code not in towns:
        return Outcome(unit.code, "town_differs", town, {"roster": unit.town}, "town")
    return Outcome(unit.code)


def _by_code_despite_name(index: CountyIndex, unit: Listed, name: str | None, town: str | None) -> Outcome:
    """The code is known and the name is not the roster's. Another unit's name makes it a question: one column may be shifted."""
    if not name or name_variants.same(name, unit.name):
        return _by_code(index, unit, town)
    others = index.named(name, index.town_codes(town)) or index.named(name, set())
    if others == [unit.code]:
        return _by_code(index, unit, town)
    words: MatchWords = {"name": name, "roster": unit.name}
    if others and unit.code not in others:
        words["other"] = _describe(index, others[:CANDIDATES])
        return Outcome(None, "code_name_conflict", unit.code, words)
    return Outcome(unit.code, "name_differs", name, words, "name")


def _by_name(index: CountyIndex, name: str | None, town: str | None) -> Outcome:
    if not name:
        return Outcome(None, "unit_missing", None, {}, "code")
    towns = index.town_codes(town)
    codes = index.named(name, towns)
    if len(codes) == 1:
        return Outcome(codes[0], by_name=True)
    code = "unit_ambiguous" if codes else "unit_unknown_name"
    shown = _describe(index, codes) if codes else candidates(index, name, town)
    return Outcome(None, code, name, {"candidates": shown}, "name")


def _strange(index: CountyIndex, code: str, name: str | None, town: str | None) -> Outcome:
    """A well-formed code that is no unit of this county in this month."""
    words: MatchWords = {"name": name or "", "candidates": candidates(index, name, town)}
    if other := index.elsewhere().get(code):
        return Outcome(None, "unit_foreign", code, words | {"county": other.county, "other": other.name})
    if code in index.known():
        look_alike = "400" <= code[9:] <= "599"
        return Outcome(None, "unit_not_surveyed" if look_alike else "unit_not_in_month", code, words)
    return Outcome(None, "unit_unknown", code, words)


def candidates(index: CountyIndex, name: str | None, town: str | None) -> str:
    """The likeliest units for a person to choose from, best first."""
    if not name:
        return "无"
    towns = index.town_codes(town)
    pool = {code: unit.name for code, unit in index.units.items() if not towns or unit.town_code in towns}
    ranked = process.extract(fold(name), pool, scorer=fuzz.ratio, limit=CANDIDATES, score_cutoff=40)
    return _describe(index, [code for _, _, code in ranked]) or "无"


def _describe(index: CountyIndex, codes: list[str]) -> str:
    units = [index.units[code] for code in codes[: CANDIDATES + 2]]
    return "、".join(f"{unit.town}{unit.name}（{unit.code}）" for unit in units)
