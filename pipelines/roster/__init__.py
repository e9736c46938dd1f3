"""Who is counted: editions of the roster, kinds, dated county attributes, and how units succeed one another."""

from pipelines.roster.county import City, County
from pipelines.roster.edition import Edition
from pipelines.roster.kinds import KINDS, RURAL, TOWN, URBAN
from pipelines.roster.rosters import COUNTY_TABLE, TABLE, Rosters, Town, Unit, load

__all__ = [
    "COUNTY_TABLE",
    "KINDS",
    "RURAL",
    "TABLE",
    "TOWN",
    "URBAN",
    "City",
    "County",
    "Edition",
    "Rosters",
    "Town",
    "Unit",
    "load",
]
