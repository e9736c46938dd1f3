"""Where a unit was when it first appeared: its growth follows its home county, whatever it is called or counted to later."""

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from pipelines.roster import Rosters, Unit

_UNIT_SUFFIX = re.compile(r"(社区)?(村民委员会|居民委员会|村委会|居委会)$")
_TOWN_SUFFIX = re.compile(r"(街道办事处|办事处|街道|镇|乡)$")


@dataclass(frozen=True)
class Origin:
    """`key` names the unit for all time; `since` is the year of the first edition that has it."""

    key: str
    county: str
    kind: str
    district: bool
    since: int


def _place(unit: Unit) -> tuple[str, str]:
    return _TOWN_SUFFIX.sub("", unit.town), _UNIT_SUFFIX.sub("", unit.name)


class Origins:
    """The origin of every unit of every edition, by uid."""

    def __init__(self, rosters: Rosters):
        self._known: dict[str, Origin] = {}
        before: list[Unit] = []
        for edition in rosters.editions:
            month = edition.cut_off.replace(day=1)
            units = rosters.units(month)
            self._learn(rosters, month, edition.year, units, before)
            before = units
        self.first_year = rosters.editions[0].year

    def of(self, unit: Unit) -> Origin:
        return self._known[unit.uid]

    @property
    def counties(self) -> list[str]:
        """Every county that is some unit's home, in code order."""
        return sorted({origin.county for origin in self._known.values()})

    def _learn(self, rosters: Rosters, month: date, year: int, units: list[Unit], before: list[Unit]) -> None:
        districts = {county.code for county in rosters.counties(month) if county.municipal_district}
        gone = self._departed(units, before)
        for unit in units:
            if unit.uid not in self._known:
                same = gone.get(_place(unit))
                home = Origin(unit.uid, unit.county_code, unit.kind, unit.county_code in districts, year)
                self._known[unit.uid] = self._known[same.uid] if same else home

    @staticmethod
    def _departed(units: list[Unit], before: list[Unit]) -> dict[tuple[str, str], Unit]:
        """Units that are gone under their identity, by town and name where these are unique on both sides.

        The succession of units is `pipelines.roster`'s; this only keeps an invented village from starting anew where the
        roster leaves the question open.
        """
        present = {unit.uid for unit in units}
        places: dict[tuple[str, str], list[Unit]] = defaultdict(list)
        for unit in before:
            if unit.uid not in present:
                places[_place(unit)].append(unit)
        return {place: found[0] for place, found in places.items() if len(found) == 1}
