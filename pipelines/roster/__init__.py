"""Who is counted: editions of the roster, kinds, dated county attributes, and how units succeed one another."""

from pipelines.roster.county import City, County
from pipelines.roster.edition import Edition
from pipelines.roster.identity import Balance
from pipelines.roster.kinds import KINDS, RURAL, TOWN, URBAN
from pipelines.roster.rosters import AS_OF_TABLE, COUNTY_TABLE, TABLE, Listed, Rosters, Town, Unit, load
from pipelines.roster.succession import Edge

__all__ = [
    "AS_OF_TABLE",
    "COUNTY_TABLE",
    "KINDS",
    "RURAL",
    "TABLE",
    "TOWN",
    "URBAN",
    "Balance",
    "City",
    "County",
    "Edge",
    "Edition",
    "Listed",
    "Rosters",
    "Town",
    "Unit",
    "load",
]
