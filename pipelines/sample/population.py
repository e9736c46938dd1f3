"""The units of one roster state as arrays, and when each of them adopts what."""

from collections import Counter, defaultdict
from datetime import date
from functools import cached_property

import numpy as np

from pipelines.reference.roster import KINDS, RURAL, TOWN, Rosters, Unit
from pipelines.sample import growth, keyed_random
from pipelines.sample.origins import Origin, Origins
from pipelines.sample.programme import COUNTY_CURVES, CURVES, SEGMENTS, UNTUNED, UNTUNED_COUNTY, Curve


class World:
    """One seed's world: origins and paces, the same whatever months are asked for."""

    def __init__(self, rosters: Rosters, seed: int):
        self.rosters, self.seed = rosters, seed
        self.origins = Origins(rosters, growth.START)
        self.scores = growth.scores(seed, self.origins.counties)
        self._populations: dict[tuple[tuple[str, str, str], ...], Population] = {}

    def population(self, month: date) -> "Population":
        """The units of a month's roster; made anew only where the roster changed."""
        units = self.rosters.units(month)
        key = tuple((unit.uid, unit.code, unit.kind) for unit in units)
        if key not in self._populations:
            self._populations = {key: Population(self, units)}
        return self._populations[key]


def _segment(origin: Origin, kind: str) -> str:
    """By where the unit began, unless a village has become a community since, or the other way round."""
    if kind == RURAL:
        return "rural"
    if origin.kind == RURAL:
        return "town" if kind == TOWN else "district"
    return "district" if origin.district else "town" if origin.kind == TOWN else "city"


class Population:
    """Grain: one entry a unit, in the roster's order."""

    def __init__(self, world: World, units: list[Unit]):
        self.world, self.units, self.seed = world, units, world.seed
        origins = [world.origins.of(unit) for unit in units]
        self.keys = keyed_random.keys(world.seed, [origin.key for origin in origins])
        self.kind = np.array([KINDS.index(unit.kind) for unit in units])
        self.segment = np.array(
            [SEGMENTS.index(_segment(origin, unit.kind)) for origin, unit in zip(origins, units, strict=True)]
        )
        self.new = np.array([origin.since > growth.START for origin in origins])
        self.since = np.array([origin.since.year * 12 + origin.since.month - 1 for origin in origins])
        self._homes = [origin.county for origin in origins]
        self.home_keys = keyed_random.keys(world.seed, self._homes)
        self._adoption: dict[str, np.ndarray] = {}

    @cached_property
    def slices(self) -> dict[str, np.ndarray]:
        """Positions of each county's units, by today's county code."""
        groups = defaultdict(list)
        for position, unit in enumerate(self.units):
            groups[unit.county_code].append(position)
        return {code: np.array(positions) for code, positions in groups.items()}

    @cached_property
    def county_origin(self) -> dict[str, str]:
        """The county whose record each county carries on: the first of its codes, or else where most of its units come from."""
        homes = {code: Counter(self._homes[i] for i in positions) for code, positions in self.slices.items()}
        first = {code: self.world.rosters.county_codes(code)[0] for code in homes}
        return {code: first[code] if first[code] in of else of.most_common(1)[0][0] for code, of in homes.items()}

    @cached_property
    def _groups(self) -> dict[tuple[str, str], np.ndarray]:
        groups = defaultdict(list)
        for position, (home, segment) in enumerate(zip(self._homes, self.segment, strict=True)):
            groups[home, SEGMENTS[segment]].append(position)
        return {key: np.array(positions) for key, positions in groups.items()}

    def kind_in(self, month: date) -> np.ndarray:
        """Each unit's kind in another month; today's where it did not exist then."""
        then = {unit.uid: KINDS.index(unit.kind) for unit in self.world.rosters.units(month)}
        return np.array([then.get(unit.uid, kind) for unit, kind in zip(self.units, self.kind.tolist(), strict=True)])

    def uniform(self, *purpose: object) -> np.ndarray:
        return keyed_random.uniform(self.keys, *purpose)

    def within(self, low: int, high: int, *purpose: object) -> np.ndarray:
        return keyed_random.within(self.keys, low, high, *purpose)

    def adoption(self, field: str) -> np.ndarray:
        """The month (from 2018-07) in which each unit adopts; `growth.NEVER` if it does not."""
        if field not in self._adoption:
            turns, months = self.uniform("turn", field), np.full(len(self.units), growth.NEVER)
            for (home, segment), positions in self._groups.items():
                curve = CURVES.get(field, UNTUNED).get(segment)
                if curve:
                    months[positions] = growth.adoption(turns[positions], self._shares(field, home, curve))
            self._adoption[field] = months
        return self._adoption[field]

    def _shares(self, field: str, home: str, curve: Curve) -> np.ndarray:
        luck = 2 * keyed_random.chance(self.seed, "luck", home, field) - 1
        return growth.shares(curve, 0.65 * self.world.scores[home] + 0.35 * luck, growth.bend(self.seed, home, field))

    def has(self, field: str, at: int) -> np.ndarray:
        """Who has it in that month: adopted, and not in the months in which some lose it again."""
        since = self.adoption(field)
        lost = np.array([CURVES.get(field, UNTUNED).get(segment, Curve(0, 0, lost=0)).lost for segment in SEGMENTS])[
            self.segment
        ]
        gap = since + self.within(3, 24, "gap", field)
        away = (self.uniform("lost", field) < lost) & (at >= gap) & (at < gap + self.within(2, 9, "away", field))
        return (since <= at) & ~away

    def county_adoption(self, field: str, county: str) -> int:
        """Like `adoption`, for a county's own record; `county` is the origin."""
        curve = COUNTY_CURVES.get(field, UNTUNED_COUNTY)
        score = self.world.scores[county]
        shares = growth.shares(curve, 0.8 * score, growth.bend(self.seed, field))
        return int(growth.adoption(np.array([keyed_random.chance(self.seed, "county turn", county, field)]), shares)[0])
