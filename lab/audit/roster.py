"""Who is counted: the roster's editions, the kinds of units and the dated attributes of counties (semantics §1)."""

import csv
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

from lab.audit import dates, succession
from lab.audit.declared import load, span

CITY, TOWN, RURAL = "城市社区", "城镇社区", "农村社区"


@dataclass(frozen=True)
class Line:
    """One unit as an edition lists it."""

    code: str
    name: str
    town: str
    town_name: str
    county: str
    county_name: str


@dataclass(frozen=True)
class Facts:
    """What expressions may ask of a unit or a county of a month."""

    kind: str
    municipal_district: bool
    shared_funding: bool
    has_villages: bool


@dataclass(frozen=True)
class Unit:
    """A unit of a month. `uid` stays when code and name change."""

    line: Line
    uid: str
    facts: Facts


@dataclass(frozen=True)
class Edition:
    year: int
    cut_off: int
    lines: dict[str, Line]


@dataclass(frozen=True)
class Place:
    """Where a unit of an earlier month stands by later divisions; town and county None where its town has no successor."""

    town: str | None
    county: str | None
    facts: Facts


class Roster:
    """All editions of a reference folder."""

    def __init__(self, reference: Path):
        self.city = load(reference / "counties.yaml")["city"]["code"]
        self.editions = _editions(reference / "rosters")
        self._counties = {entry["code"]: entry for entry in load(reference / "counties.yaml")["counties"]}
        self._overrides = load(reference / "kinds.yaml")["overrides"] or []
        self._review = succession.review(load(reference / "succession.yaml"))
        self._months: dict[tuple, dict[str, Unit]] = {}
        self._places: dict[tuple, dict[str, Place]] = {}
        self._county_then: dict[tuple, dict[str, str]] = {}

    # -- months

    def edition(self, month: int) -> int:
        """Position of the newest edition whose cut-off is not after the month's last day."""
        return max(n for n, edition in enumerate(self.editions) if edition.cut_off <= dates.last_day(month))

    @lru_cache(maxsize=512)  # noqa: B019 - a roster lives as long as the program
    def key(self, month: int) -> tuple:
        """Two months with the same key have the same units, kinds and counties."""
        reviewed = tuple(entry["code"] for entry in self._overrides if span(entry, "from").holds(month))
        return self.edition(month), self.attributes(month), reviewed

    def attributes(self, month: int) -> tuple:
        return tuple(
            (code, *(_holds(entry[name], month) for name in ("municipal_district", "shared_funding")))
            for code, entry in self._counties.items()
        )

    def units(self, month: int) -> dict[str, Unit]:
        """The month's units by code, in code order."""
        key = self.key(month)
        if key not in self._months:
            self._months[key] = self._units(month)
        return self._months[key]

    def _units(self, month: int) -> dict[str, Unit]:
        number = self.edition(month)
        lines, uids = self.editions[number].lines, self.uids[number]
        kinds = {code: self.kind(code, month) for code in lines}
        rural = {code[:6] for code, kind in kinds.items() if kind == RURAL}
        facts = {county: self._facts(county, month, county in rural) for county in {code[:6] for code in lines}}
        return {
            code: Unit(line, uids[code], replace(facts[line.county], kind=kinds[code])) for code, line in lines.items()
        }

    def counties(self, month: int) -> dict[str, Facts]:
        """The month's counties by code."""
        attributes = {unit.line.county: unit.facts for unit in self.units(month).values()}
        return {code: replace(facts, kind="") for code, facts in sorted(attributes.items())}

    def county_names(self, month: int) -> dict[str, str]:
        return {unit.line.county_name: unit.line.county for unit in self.units(month).values()}

    def kind(self, code: str, month: int, county: str = "") -> str:
        """The kind of a unit's code; `county` where it counts to another than its code says."""
        for entry in self._overrides:
            if entry["code"] == code and span(entry, "from").holds(month):
                return entry["kind"]
        if code[9:] >= "200":
            return RURAL
        declared = self._counties[county or code[:6]]
        street = declared["type"] == "县级市" and "001" <= code[6:9] <= "099"
        return CITY if street or _holds(declared["municipal_district"], month) else TOWN

    def _facts(self, county: str, month: int, has_villages: bool) -> Facts:
        declared = self._counties[county]
        held = (_holds(declared[name], month) for name in ("municipal_district", "shared_funding"))
        return Facts("", *held, has_villages)

    # -- succession

    @cached_property
    def steps(self) -> list[succession.Step]:
        """From each edition to the next."""
        pairs = zip(self.editions, self.editions[1:], strict=False)
        return [succession.Step(a.year, a.lines, b.year, b.lines, self._review) for a, b in pairs]

    @cached_property
    def uids(self) -> list[dict[str, str]]:
        """Of each edition, the identity of each unit: code and year of its first appearance."""
        by_edition = [{code: f"{code}@{self.editions[0].year}" for code in self.editions[0].lines}]
        for edition, step in zip(self.editions[1:], self.steps, strict=True):
            before = {after: by_edition[-1][code] for code, after in step.successors.items()}
            by_edition.append({code: before.get(code, f"{code}@{edition.year}") for code in edition.lines})
        return by_edition

    def town_now(self, town: str, earlier: int, later: int) -> str | None:
        """The town that has a town's place in a later edition."""
        for step in self.steps[earlier:later]:
            town = step.towns.get(town)
            if town is None:
                return None
        return town

    def places(self, month: int, divisions: int) -> dict[str, Place]:
        """Where each unit of a month stands by the divisions of a later one, by code."""
        key = (self.key(month), self.key(divisions))
        if key not in self._places:
            self._places[key] = self._follow(month, divisions)
        return self._places[key]

    def _follow(self, month: int, divisions: int) -> dict[str, Place]:
        there = {unit.uid: unit for unit in self.units(divisions).values()}
        counties = self.counties(divisions)
        return {
            code: self._place(unit, there.get(unit.uid), month, divisions, counties)
            for code, unit in self.units(month).items()
        }

    def _place(self, unit: Unit, now: Unit | None, month: int, divisions: int, counties: dict[str, Facts]) -> Place:
        if now is not None:
            return Place(now.line.town, now.line.county, now.facts)
        town = self.town_now(unit.line.town, self.edition(month), self.edition(divisions))
        if town is None or town[:6] not in counties:
            return Place(None, None, unit.facts)
        kind = self.kind(town + unit.line.code[9:], divisions)
        return Place(town, town[:6], replace(counties[town[:6]], kind=kind))

    def county_then(self, month: int, divisions: int) -> dict[str, str]:
        """Later county code to the one of `month` that goes on in it: itself, else the one from which nine tenths of its units come."""
        key = (self.key(month), self.key(divisions))
        if key not in self._county_then:
            self._county_then[key] = self._origins(month, divisions)
        return self._county_then[key]

    def _origins(self, month: int, divisions: int) -> dict[str, str]:
        then, now = set(self.counties(month)), self.counties(divisions)
        origin = {unit.uid: unit.line.county for unit in self.units(month).values()}
        earlier = {}
        for county in now:
            if county in then:
                earlier[county] = county
            else:
                members = [unit.uid for unit in self.units(divisions).values() if unit.line.county == county]
                origins = [origin.get(uid) for uid in members]
                earlier |= [(county, code) for code in then - set(now) if 10 * origins.count(code) >= 9 * len(origins)]
        return earlier


def _holds(dated: object, month: int) -> bool:
    if isinstance(dated, str):
        return dated == "always"
    return any(span(entry, "from").holds(month) for entry in dated)


def _editions(folder: Path) -> list[Edition]:
    entries = sorted(load(folder / "editions.yaml")["editions"], key=lambda entry: entry["cut_off"])
    return [Edition(entry["year"], entry["cut_off"], _lines(folder / entry["file"])) for entry in entries]


def _lines(path: Path) -> dict[str, Line]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = [Line(*(row[name] for name in _COLUMNS)) for row in csv.DictReader(file)]
    return {line.code: line for line in sorted(rows, key=lambda line: line.code) if "001" <= line.code[9:] <= "399"}


_COLUMNS = ("code", "name", "town_code", "town", "county_code", "county")
