"""The roster in force in a month, with kinds and dated county attributes."""

import copy
import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass
from datetime import date
from functools import cached_property
from operator import attrgetter, methodcaller
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines import months
from pipelines.errors import Refusal
from pipelines.reference.roster import county_attributes, kinds
from pipelines.reference.roster.admissions import Admission, Admissions, Admitted, free_code
from pipelines.reference.roster.arrow import first_of_each, text, texts, to_table
from pipelines.reference.roster.county_attributes import County, CountyEntry, load_counties
from pipelines.reference.roster.reviewed_succession import load_review
from pipelines.reference.roster.roster_file import (
    Edition,
    Row,
    contents,
    load_editions,
    read_counties,
    read_table,
    rows_of,
)
from pipelines.reference.roster.succession import Edge
from pipelines.reference.roster.unit_identity import Balance, Succession


@dataclass(frozen=True, slots=True)
class Listed:
    """One community or village as the roster of one month lists it."""

    code: str
    name: str
    town_code: str
    town: str
    county_code: str
    county: str
    kind: str


@dataclass(frozen=True, slots=True)
class Unit(Listed):
    """One community or village in one month. `uid` is the identity that stays when code or name change; opaque text."""

    uid: str


_TEXT = ("code", "name", "town_code", "town", "county_code", "county", "kind", "uid")
_FACTS = ("municipal_district", "shared_funding", "has_villages")
_PLACE = ("code", "uid", "to_code", "town_code", "town", "county_code", "county", "placed_by", "reason")
AS_OF_TABLE = pa.schema([(name, pa.string()) for name in _PLACE])
_PLACES = pa.schema([(name, pa.string()) for name in _TEXT])
_LISTED = pa.schema([(name, pa.string()) for name in _TEXT[:-1]])
TABLE = pa.schema([(name, pa.string()) for name in _TEXT] + [(name, pa.bool_()) for name in _FACTS])
_COUNTY_TEXT = ("code", "name", "short", "type", "city_code", "city")
COUNTY_TABLE = pa.schema([(name, pa.string()) for name in _COUNTY_TEXT] + [(name, pa.bool_()) for name in _FACTS])


_DECLARATIONS = ("rosters/editions.yaml", "counties.yaml", "kinds.yaml", "succession.yaml")


class Rosters:
    """All editions of one city's roster, parsed on demand. `with_admissions`: the same with units admitted by the city."""

    def __init__(self, folder: Path):
        self._folder = folder
        self.editions: list[Edition] = load_editions(folder / "rosters")
        self.city, self._entries = load_counties(folder / "counties.yaml")
        self._overrides = kinds.load_overrides(folder / "kinds.yaml")
        self._lines: dict[int, pa.Table] = {}
        self._rows: dict[int, list[Row]] = {}
        self._succession = Succession(self.editions, self.rows, load_review(folder / "succession.yaml"))
        self._admit(())
        self._check_overrides()

    def _admit(self, admissions: tuple[Admission, ...]) -> None:
        self.admissions = admissions  # by code
        self._admissions = Admissions(admissions, self.editions, self.rows, self._succession)
        self._lists: dict[tuple[object, ...], pa.Table] = {}
        self._places: dict[tuple[object, ...], pa.Table] = {}
        self._units: dict[tuple[object, ...], list[Unit]] = {}
        self._counties: dict[date, list[County]] = {}
        self._tables: dict[tuple[object, ...], pa.Table] = {}

    def with_admissions(self, admissions: Iterable[Admission]) -> "Rosters":
        """The same editions with units admitted between them; the order of the decisions does not matter."""
        rosters = copy.copy(self)
        rosters.__dict__.pop("_known_codes", None)
        rosters._admit(tuple(sorted(admissions, key=lambda admission: admission.code)))
        return rosters

    def admitted_codes(self, month: date) -> tuple[str, ...]:
        """Codes of the admitted units of a month, which no edition lists by then."""
        return tuple(unit.row.code for unit in self._admitted(month))

    def reviewed_kinds(self, month: date) -> tuple[tuple[str, str], ...]:
        """Code and kind of the units whose kind was reviewed, as it holds in a month."""
        return tuple((item.code, item.kind) for item in self._overrides if item.holds(month))

    def counties_of(self, admission: Admission) -> set[str]:
        """Codes of the counties in which an admitted unit is listed from its first month on, whether or not it is admitted."""
        return self._admissions.counties(admission)

    # -- editions -------------------------------------------------------------------------------------------------

    def edition(self, month: date) -> Edition:
        """The newest edition whose cut-off is not after the month's last day. Months before the first are refused."""
        end = months.last_day(month)
        in_force = [edition for edition in self.editions if edition.cut_off <= end]
        if not in_force:
            first = self.editions[0].cut_off
            raise Refusal(
                f"{months.label(month)}没有名册：最早的名册截止于{first}，请选择{months.label(first)}或以后的月份"
            )
        return in_force[-1]

    def of_year(self, year: int) -> Edition:
        """The edition of a year."""
        editions = [edition for edition in self.editions if edition.year == year]
        if not editions:
            known = "、".join(str(edition.year) for edition in self.editions)
            raise Refusal(f"没有 {year} 年版名册；现有：{known}")
        return editions[0]

    def lines(self, year: int) -> pa.Table:
        """Every line of an edition, look-alikes included, in code order; columns as in `Row`."""
        if year not in self._lines:
            lines = read_table(self.of_year(year))
            self._check_counties(year, set(lines["county_code"].unique().to_pylist()))
            self._lines[year] = lines
        return self._lines[year]

    def rows(self, year: int) -> list[Row]:
        """The same as tuples."""
        if year not in self._rows:
            self._rows[year] = rows_of(self.lines(year))
        return self._rows[year]

    def named_counties(self, year: int) -> dict[str, tuple[str, CountyEntry]]:
        """Code → name and entry of each county with a unit in an edition, in code order."""
        lines = self._lines[year] if year in self._lines else read_counties(self.of_year(year))
        named = first_of_each(lines.filter(kinds.are_units(lines["code"])), "county_code")
        names = sorted(zip(named["county_code"].to_pylist(), named["county"].to_pylist(), strict=True))
        self._check_counties(year, {code for code, _ in names})
        return {code: (name, self._entries[code]) for code, name in names}

    def known_codes(self) -> frozenset[str]:
        """Every code of any edition, look-alikes included."""
        return self._known_codes

    @cached_property
    def _known_codes(self) -> frozenset[str]:
        listed = (self.lines(edition.year)["code"].to_pylist() for edition in self.editions)
        return frozenset().union(*listed, (admission.code for admission in self._admissions.all))

    def free_code(self, town_code: str, kind: str) -> str:
        """A code for a unit to be admitted to a town, which no edition uses and no unit admitted before."""
        return free_code(town_code, kind, self.known_codes())

    def digest(self) -> str:
        """SHA-256 over names and contents of every file that was loaded, and the admitted units: the same digest, the same roster."""
        admitted = (f"admitted {' '.join(map(str, astuple(admission)))}\n" for admission in self._admissions.all)
        return hashlib.sha256("".join([self._contents, *admitted]).encode()).hexdigest()

    def files_digest(self) -> str:
        """The same without the admitted units."""
        return hashlib.sha256(self._contents.encode()).hexdigest()

    @cached_property
    def _contents(self) -> str:
        return contents(self._folder, self._files())

    def _files(self) -> list[Path]:
        declared = [self._folder / name for name in _DECLARATIONS]
        return declared + [edition.path for edition in self.editions]

    # -- months ---------------------------------------------------------------------------------------------------

    def units(self, month: date) -> list[Unit]:
        """One per community or village of the month, in code order; look-alikes are excluded."""
        key = self._state(month)
        if key not in self._units:
            self._units[key] = list(map(Unit, *(column.to_pylist() for column in self._place(month).columns)))
        return self._units[key]

    def listed(self, month: date, county: str | None = None) -> list[Listed]:
        """The same, or those of one county, without identities, which is faster: no earlier editions are compared."""
        listed = self._list(month)
        if county is not None:
            # in code order, and the codes of a county begin with its own
            first, end = (
                bisect_left(listed["code"], bound, key=methodcaller("as_py")) for bound in (county, f"{county}:")
            )
            listed = listed.slice(first, end - first)
        return list(map(Listed, *(column.to_pylist() for column in listed.columns)))

    def codes(self, month: date) -> list[str]:
        """The codes of the same, in order."""
        codes: list[str] = self._list(month)["code"].to_pylist()
        return codes

    def counties(self, month: date) -> list[County]:
        """One per county of the month's units, in code order."""
        if month not in self._counties:
            places = self._list(month)
            named = first_of_each(places, "county_code")
            rural = set(places["county_code"].filter(pc.equal(places["kind"], text(kinds.RURAL))).unique().to_pylist())
            codes = zip(named["county_code"].to_pylist(), named["county"].to_pylist(), strict=True)
            self._counties[month] = [
                County.of(self._entries[code], name, month, code in rural, self.city) for code, name in codes
            ]
        return self._counties[month]

    def table(self, month: date, uids: Mapping[str, str] | None = None) -> pa.Table:
        """Units with attributes for DuckDB. Grain: unit of the month. `uids` (code → identity): where known already."""
        if uids is not None:
            listed = self._list(month)
            known = texts(uids.get(code) for code in listed["code"].to_pylist())
            return self._with_facts(listed.append_column(_PLACES.field("uid"), known), self._facts(month))
        facts = self._facts(month)
        key = (*self._state(month), tuple(facts))
        if key not in self._tables:
            self._tables[key] = self._with_facts(self._place(month), facts)
        return self._tables[key]

    def _facts(self, month: date) -> list[tuple[Any, ...]]:
        return [(county.code, *attrgetter(*_FACTS)(county)) for county in self.counties(month)]

    def _with_facts(self, places: pa.Table, facts: list[tuple[Any, ...]]) -> pa.Table:
        schema = pa.schema([("county_code", pa.string()), *((name, pa.bool_()) for name in _FACTS)])
        of_county = to_table(schema, facts)
        at = pc.index_in(places["county_code"], value_set=of_county["county_code"].combine_chunks())
        columns = [*places.columns, *(of_county[name].combine_chunks().take(at) for name in _FACTS)]
        return pa.Table.from_arrays(columns, schema=TABLE)

    def same_units(self, month: date, other: date) -> bool:
        """Whether two months list the same units under the same codes, so that their identities are the same."""
        return self._state(month) == self._state(other)

    def county_table(self, month: date) -> pa.Table:
        """Grain: one row per county of the month, key code."""
        return to_table(COUNTY_TABLE, map(attrgetter(*COUNTY_TABLE.names), self.counties(month)))

    # -- counties that succeed ------------------------------------------------------------------------------------

    def county_codes(self, code: str) -> tuple[str, ...]:
        """Every code that a county has had, oldest first."""
        return tuple(other for other, _ in county_attributes.chain(code, self._entries))

    def county_in(self, code: str, month: date) -> str | None:
        """The code of a county in a month, whichever of its codes is given; None where it has ended."""
        chain = county_attributes.chain(code, self._entries)
        standing = next(other for other, since in reversed(chain) if since is None or since <= month)
        return standing if any(county.code == standing for county in self.counties(month)) else None

    # -- years ----------------------------------------------------------------------------------------------------

    def edges(self, from_year: int, to_year: int) -> list[Edge]:
        """How the units of one edition continue in a later one, in code order (grain: see pipelines.reference.roster.succession)."""
        return self._succession.edges(self.of_year(from_year).year, self.of_year(to_year).year)

    def reconcile(self, from_year: int, to_year: int) -> list[Balance]:
        """One per county of either edition, and the city last: before + created − abolished ± moved = after."""
        city = (self.city.code, self.city.name)
        return self._succession.balances(self.of_year(from_year).year, self.of_year(to_year).year, city)

    def code_in(self, code: str, month: date) -> str | None:
        """The code in a month of the unit that had this code in that month's edition or an earlier one; None where it has ended."""
        until = self.editions.index(self.edition(month))
        for edition in reversed(self.editions[: until + 1]):
            if uid := self._succession.uids(edition.year).get(code):
                return next((now for now, known in self._uids(month).items() if known == uid), None)
        return code if code in self._uids(month) else None

    def as_of(self, month: date, divisions_month: date) -> pa.Table:
        """The place of each unit of `month` under the divisions of `divisions_month`, which may be earlier or later.

        Grain: one row per unit of `month`, key code. `placed_by` says how it got its town and county: `unit` (followed as
        itself, its code then is `to_code`), `town` (it has no counterpart, but its town has a successor), or null (neither;
        town and county are null too). `reason` says why a unit could not be followed, null where it could.
        """
        year, divisions = self.edition(month).year, self.edition(divisions_month).year
        there = {unit.uid: unit.row for unit in self._admitted(divisions_month)}
        placed = self._succession.places(year, divisions)
        listed = (_placed_as(place, there[place[1]]) if place[1] in there else place for place in placed)
        return to_table(AS_OF_TABLE, [*listed, *self._admitted_places(month, divisions_month)])

    def _admitted_places(self, month: date, divisions_month: date) -> Iterator[tuple[str | None, ...]]:
        """`as_of` for the admitted units of a month."""
        year, divisions = self.edition(month).year, self.edition(divisions_month).year
        admitted = {unit.uid: unit.row for unit in self._admitted(divisions_month)}
        there = self._succession.by_uid(divisions) | admitted
        towns = {row.town_code: row for row in self.rows(divisions)}
        for row, uid, _ in self._admitted(month):
            unplaced = (row.code, uid, None, *(None,) * 5, "增设单位，其时尚未设立")
            town = towns.get(self._succession.town(row.town_code, year, divisions) or "") if year <= divisions else None
            if uid in there:
                yield _placed_as(unplaced, there[uid])
            elif town and year < divisions:
                yield (row.code, uid, None, *town[2:], "town", "增设单位未列入名册")
            else:
                yield unplaced

    # -- internals ---------------------------------------------------------------------------------------------------

    def _state(self, month: date) -> tuple[Any, ...]:
        """Cache key of a month's units: months with the same key share one table."""
        municipal = frozenset(code for code, entry in self._entries.items() if entry.is_municipal(month))
        return self.edition(month).year, municipal, self.reviewed_kinds(month), self.admitted_codes(month)

    def _list(self, month: date) -> pa.Table:
        """The units of a month as a table: place and kind."""
        key = year, municipal, reviewed, _ = self._state(month)
        if key not in self._lists:
            lines = self.lines(year)
            lines = lines.filter(kinds.are_units(lines["code"]))
            if admitted := self._admitted(month):
                reviewed = (*((unit.row.code, unit.kind) for unit in admitted if self._is_stated(unit)), *reviewed)
                rows = to_table(lines.schema, (unit.row for unit in admitted))
                lines = pa.concat_tables([lines, rows]).sort_by("code").combine_chunks()
            kind = self._kinds(lines, municipal, dict(reviewed))
            self._lists[key] = pa.Table.from_arrays([*lines.columns, kind], schema=_LISTED)
        return self._lists[key]

    def _place(self, month: date) -> pa.Table:
        """The same with identities."""
        key = self._state(month)
        if key not in self._places:
            listed = self._list(month)
            self._places[key] = listed.append_column(_PLACES.field("uid"), self._identities(month, listed))
        return self._places[key]

    def _identities(self, month: date, listed: pa.Table) -> pa.ChunkedArray:
        if self._admitted(month):
            uids = self._uids(month)
            return pa.chunked_array([texts(uids[code] for code in listed["code"].to_pylist())])
        identities = self._succession.identities(self.edition(month).year, listed["code"])
        return identities if isinstance(identities, pa.ChunkedArray) else pa.chunked_array([identities])

    def _uids(self, month: date) -> dict[str, str]:
        """The identity of each unit of a month, by code."""
        admitted = {unit.row.code: unit.uid for unit in self._admitted(month)}
        return self._succession.uids(self.edition(month).year) | admitted

    def _admitted(self, month: date) -> list[Admitted]:
        return self._admissions.of(month, self.edition(month).year)

    def _is_stated(self, unit: Admitted) -> bool:
        """Whether a decision gave a unit another kind than the one that follows from its code and county."""
        county, admission = self._entries[unit.admission.code[:6]], unit.admission
        return unit.kind != kinds.derive(admission.code, county.type, county.is_municipal(admission.since))

    def _kinds(self, lines: pa.Table, municipal: frozenset[str], reviewed: dict[str, str]) -> pa.Array:
        """The kind of each unit: reviewed for its code, or the same for all communities and all villages of its town."""
        digit = pc.utf8_slice_codeunits(lines["code"], 0, 10)
        alike = digit.combine_chunks().dictionary_encode()
        types = {code: entry.type for code, entry in self._entries.items()}
        derived = [
            kinds.derive(f"{code}99", types[code[:6]], code[:6] in municipal) for code in alike.dictionary.to_pylist()
        ]
        kind_of = texts(derived).take(alike.indices)
        for kind in set(reviewed.values()):
            codes = texts([code for code, said in reviewed.items() if said == kind])
            kind_of = pc.if_else(pc.is_in(lines["code"], value_set=codes), text(kind), kind_of)
        return kind_of

    def _check_counties(self, year: int, codes: set[str]) -> None:
        unknown = sorted(codes - self._entries.keys())
        if unknown:
            raise Refusal(
                f"{year} 年版名册中的县（市、区） {'、'.join(unknown)} 没有登记在 counties.yaml；请补上其类型和属性"
            )

    def _check_overrides(self) -> None:
        unknown = sorted({item.code for item in self._overrides} - self.known_codes()) if self._overrides else []
        if unknown:
            raise Refusal(f"kinds.yaml：任何一版名册中都没有代码 {'、'.join(unknown)}")


def _placed_as(place: tuple[str | None, ...], row: Row) -> tuple[str | None, ...]:
    """A line of `as_of` of a unit that is followed as itself to the line that it has there."""
    return (*place[:2], row.code, *row[2:], "unit", None)


def load(reference: Path) -> Rosters:
    """The rosters of a folder of reference data. Declarations are checked here, editions when first used."""
    return Rosters(reference)
