"""The roster: its editions, kinds of units, dated county attributes, succession of units."""

from pipelines.reference.roster.admissions import Admission
from pipelines.reference.roster.county_attributes import City, County
from pipelines.reference.roster.kinds import KINDS, RURAL, TOWN, URBAN
from pipelines.reference.roster.roster_file import Edition
from pipelines.reference.roster.rosters import AS_OF_TABLE, COUNTY_TABLE, TABLE, Listed, Rosters, Unit, load
from pipelines.reference.roster.succession import Edge
from pipelines.reference.roster.unit_identity import Balance

__all__ = [
    "AS_OF_TABLE",
    "COUNTY_TABLE",
    "KINDS",
    "RURAL",
    "TABLE",
    "TOWN",
    "URBAN",
    "Admission",
    "Balance",
    "City",
    "County",
    "Edge",
    "Edition",
    "Listed",
    "Rosters",
    "Unit",
    "load",
]
