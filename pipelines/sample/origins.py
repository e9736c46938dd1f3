"""Where a unit was when the programme began, or first appeared: its growth follows its home, wherever it goes."""

from dataclasses import dataclass
from datetime import date

from pipelines.reference.roster import Rosters, Unit


@dataclass(frozen=True)
class Origin:
    """`key` names the unit for all time; `since` is the first month of the first edition that has it."""

    key: str
    county: str
    kind: str
    district: bool
    since: date


class Origins:
    """The origin of every unit from the edition of the first month on, by uid."""

    def __init__(self, rosters: Rosters, first: date):
        self._known: dict[str, Origin] = {}
        begin = rosters.edition(first)
        for edition in rosters.editions[rosters.editions.index(begin) :]:
            month = first if edition == begin else edition.cut_off.replace(day=1)
            units = rosters.units(month)
            self._learn(rosters, month, units)

    def of(self, unit: Unit) -> Origin:
        return self._known[unit.uid]

    @property
    def counties(self) -> list[str]:
        """Every county that is some unit's home, in code order."""
        return sorted({origin.county for origin in self._known.values()})

    def _learn(self, rosters: Rosters, month: date, units: list[Unit]) -> None:
        districts = {county.code for county in rosters.counties(month) if county.municipal_district}
        for unit in units:
            if unit.uid not in self._known:
                in_district = unit.county_code in districts
                self._known[unit.uid] = Origin(unit.uid, unit.county_code, unit.kind, in_district, month)
