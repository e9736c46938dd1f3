"""What a county answers in 表2. Same grain of values as `answers`: whole numbers, tenths, `NONE`."""

from datetime import date

import numpy as np

from pipelines.reference.form import Field, Part
from pipelines.reference.roster import County
from pipelines.sample import growth, keyed_random
from pipelines.sample.plausible_answers import NONE
from pipelines.sample.population import Population


def wage(seed: int, county: str, year: int) -> int:
    """Last year's average wage, in 元; `county` is the origin."""
    start = 50500 + 14000 * keyed_random.chance(seed, "wage", county)
    return int(start * 1.072 ** (year - 2018) + 150 * keyed_random.chance(seed, "wage", county, year))


def wages(population: Population, month: date) -> np.ndarray:
    """Grain: one a unit, that of the county it counts to in the month."""
    by_unit = np.zeros(len(population.units), dtype=np.int64)
    for code, positions in population.slices.items():
        by_unit[positions] = wage(population.seed, population.county_origin[code], month.year)
    return by_unit


def answer(part: Part, population: Population, place: County, month: date) -> dict[str, int | str]:
    """The county's record by field id; code and name as text."""
    origin, at = population.county_origin[place.code], growth.index(month)
    made: dict[str, int | str] = {field.id: _by_type(field, population, origin, at) for field in part}
    made |= _towns(population, place, origin, at) | _funds(population, place, origin, month)
    made["average_wage"] = 10 * wage(population.seed, origin, month.year)
    for field in part:
        if field.type == "flag" and field.period == "year" and month.month < 11:  # duties of the year's end
            made[field.id] = 0
    made |= {"county_code": place.code, "county": place.name}
    return {field.id: made[field.id] for field in part}


def _by_type(field: Field, population: Population, origin: str, at: int) -> int:
    if field.type == "flag":
        return int(population.county_adoption(field.id, origin) <= at)
    if field.type in ("count", "number", "money", "percent"):
        return keyed_random.number(population.seed, "county", origin, field.id) % min(field.max or 100, 100)
    return NONE


def _towns(population: Population, place: County, origin: str, at: int) -> dict[str, int]:
    towns = sorted({population.units[i].town_code for i in population.slices[place.code]})
    months = [population.county_adoption("town_platforms", origin) + (number * 5 - 12) for number in range(len(towns))]
    return {"towns": len(towns), "town_platforms": sum(month <= at for month in months)}


def _funds(population: Population, place: County, origin: str, month: date) -> dict[str, int]:
    """Where city and district share the cost: a total that grows with the urban communities, near 3∶7 in the end."""
    if not place.shared_funding:
        return {"city_funds": NONE, "district_funds": NONE}
    urban = int(np.sum(population.kind[population.slices[place.code]] < 2))
    years = month.year - 2018
    total = urban * (240 + 25 * min(years, 3))
    short = (
        max(0.3 - 0.06 * years - 0.05 * keyed_random.chance(population.seed, "city share", origin), 0)
        if years < 2
        else 0
    )
    off = 0.008 * (keyed_random.chance(population.seed, "city share", origin, month.year) - 0.55)
    city = int(total * (0.3 - 0.4 * short + off))
    return {"city_funds": city, "district_funds": total - city}
