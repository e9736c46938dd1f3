"""Who is counted in a month: the roster in force, with kinds and dated county attributes."""

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from operator import attrgetter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipelines import months
from pipelines.errors import Refusal
from pipelines.reference.roster import kinds
from pipelines.reference.roster.arrow import first_of_each, text, texts, to_table
from pipelines.reference.roster.county_attributes import City, County, CountyEntry, load_counties
from pipelines.reference.roster.reviewed_succession import load_review
from pipelines.reference.roster.roster_file import Edition, Row, load_editions, read_table, rows_of
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


@dataclass(frozen=True, slots=True)
class Town:
    """One 街道, 镇, 乡 or zone of that rank in one month that has at least one unit."""

    code: str
    name: str
    county_code: str
    county: str


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
    """All editions of one city's roster. Editions are parsed when first asked for, months are kept."""

    def __init__(self, folder: Path):
        self._folder = folder
        self.editions: list[Edition] = load_editions(folder / "rosters")
        city, entries = load_counties(folder / "counties.yaml")
        self.city: City = city
        self._entries: dict[str, CountyEntry] = entries
        self._overrides = kinds.load_overrides(folder / "kinds.yaml")
        self._lines: dict[int, pa.Table] = {}
        self._rows: dict[int, list[Row]] = {}
        self._lists: dict[tuple, pa.Table] = {}
        self._places: dict[tuple, pa.Table] = {}
        self._units: dict[tuple, list[Unit]] = {}
        self._counties: dict[date, list[County]] = {}
        self._tables: dict[tuple, pa.Table] = {}
        self._succession = Succession(self.editions, self.rows, load_review(folder / "succession.yaml"))
        self._check_overrides()

    # -- editions -------------------------------------------------------------------------------------------------

    def edition(self, month: date) -> Edition:
        """The newest edition whose cut-off is not after the month's last day. Months before the first are refused."""
        end = months.last_day(month)
        in_force = [edition for edition in self.editions if edition.cut_off <= end]
        if not in_force:
            first = self.editions[0].cut_off
            raise Refusal(
                f"{months.label(month)}没有名册:最早的名册截止于{first},请选择{months.label(first)}或以后的月份"
            )
        return in_force[-1]

    def of_year(self, year: int) -> Edition:
        """The edition of a year."""
        found = [edition for edition in self.editions if edition.year == year]
        if not found:
            known = "、".join(str(edition.year) for edition in self.editions)
            raise Refusal(f"没有 {year} 年版名册;现有:{known}")
        return found[0]

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

    def known_codes(self) -> frozenset[str]:
        """Every code of any edition, look-alikes included."""
        return self._known_codes

    @cached_property
    def _known_codes(self) -> frozenset[str]:
        return frozenset().union(*(self.lines(edition.year)["code"].to_pylist() for edition in self.editions))

    def digest(self) -> str:
        """SHA-256 over names and contents of every file that was loaded: the same digest, the same roster."""
        total = hashlib.sha256()
        for path in self._files():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(f"{path.relative_to(self._folder).as_posix()} {content}\n".encode())
        return total.hexdigest()

    def _files(self) -> list[Path]:
        declared = [self._folder / name for name in _DECLARATIONS]
        return declared + [edition.path for edition in self.editions]

    # -- months ---------------------------------------------------------------------------------------------------

    def units(self, month: date) -> list[Unit]:
        """One per community or village of the month, in code order; look-alikes are excluded."""
        key = self._state(month)
        if key not in self._units:
            self._units[key] = _as_units(self._place(month))
        return self._units[key]

    def listed(self, month: date) -> list[Listed]:
        """The same without identities, for which all editions before need not be compared."""
        return list(map(Listed, *(column.to_pylist() for column in self._list(month).columns)))

    def units_of(self, county: str, month: date) -> list[Unit]:
        """The same for one county, without the others."""
        places = self._place(month)
        return _as_units(places.filter(pc.equal(places["county_code"], text(county))))

    def towns(self, month: date) -> list[Town]:
        """One per town of the month's units, in code order."""
        towns = first_of_each(self._place(month), "town_code")
        return list(map(Town, *(towns[name].to_pylist() for name in ("town_code", "town", "county_code", "county"))))

    def counties(self, month: date) -> list[County]:
        """One per county of the month's units, in code order."""
        if month not in self._counties:
            places = self._list(month)
            named = first_of_each(places, "county_code")
            rural = set(places["county_code"].filter(pc.equal(places["kind"], text(kinds.RURAL))).unique().to_pylist())
            codes = zip(named["county_code"].to_pylist(), named["county"].to_pylist(), strict=True)
            self._counties[month] = [self._county(code, name, month, code in rural) for code, name in codes]
        return self._counties[month]

    def table(self, month: date) -> pa.Table:
        """Grain: one row per unit of the month, key code. Unit and county attributes, for loading into DuckDB."""
        facts = [(county.code, *attrgetter(*_FACTS)(county)) for county in self.counties(month)]
        key = (*self._state(month), tuple(facts))
        if key not in self._tables:
            places = self._place(month)
            schema = pa.schema([("county_code", pa.string()), *((name, pa.bool_()) for name in _FACTS)])
            of_county = to_table(schema, facts)
            at = pc.index_in(places["county_code"], value_set=of_county["county_code"].combine_chunks())
            columns = [*places.columns, *(of_county[name].combine_chunks().take(at) for name in _FACTS)]
            self._tables[key] = pa.Table.from_arrays(columns, schema=TABLE)
        return self._tables[key]

    def county_table(self, month: date) -> pa.Table:
        """Grain: one row per county of the month, key code."""
        return to_table(COUNTY_TABLE, map(attrgetter(*COUNTY_TABLE.names), self.counties(month)))

    def same(self, one: date, other: date) -> bool:
        """Whether two months have the same units and counties, and these the same attributes."""
        first, second = self.table(one), self.table(other)
        return (first is second or first.equals(second)) and self.counties(one) == self.counties(other)

    # -- years ----------------------------------------------------------------------------------------------------

    def edges(self, from_year: int, to_year: int) -> list[Edge]:
        """How the units of one edition continue in a later one, in code order (grain: see pipelines.reference.roster.succession)."""
        return self._succession.edges(self.of_year(from_year).year, self.of_year(to_year).year)

    def reconcile(self, from_year: int, to_year: int) -> list[Balance]:
        """One per county of either edition, and the city last: before + created − abolished ± moved = after."""
        city = (self.city.code, self.city.name)
        return self._succession.balances(self.of_year(from_year).year, self.of_year(to_year).year, city)

    def successor(self, code: str, month_from: date, month_to: date) -> str | None:
        """The code in another month, earlier or later, of the unit that has this code in one; None where it has no counterpart."""
        uid = self._succession.uids(self.edition(month_from).year).get(code)
        if uid is None:
            raise Refusal(f"{months.label(month_from)}的名册中没有单位 {code}")
        row = self._succession.by_uid(self.edition(month_to).year).get(uid)
        return row.code if row else None

    def as_of(self, month: date, divisions_month: date) -> pa.Table:
        """Where each unit of `month` stands under the divisions of `divisions_month`, which may be earlier or later.

        Grain: one row per unit of `month`, key code. `placed_by` says how it got its town and county: `unit` (followed as
        itself, its code then is `to_code`), `town` (it has no counterpart, but its town has a successor), or null (neither;
        town and county are null too). `reason` says why a unit could not be followed, null where it could.
        """
        return to_table(
            AS_OF_TABLE, self._succession.places(self.edition(month).year, self.edition(divisions_month).year)
        )

    # -- inside ---------------------------------------------------------------------------------------------------

    def _state(self, month: date) -> tuple:
        """All that the units of a month depend on, so that months in which it is the same share one table."""
        municipal = frozenset(code for code, entry in self._entries.items() if entry.is_municipal(month))
        reviewed = tuple((item.code, item.kind) for item in self._overrides if item.holds(month))
        return self.edition(month).year, municipal, reviewed

    def _list(self, month: date) -> pa.Table:
        """The units of a month as a table: place and kind."""
        key = year, municipal, reviewed = self._state(month)
        if key not in self._lists:
            lines = self.lines(year)
            lines = lines.filter(kinds.are_units(lines["code"]))
            kind = self._kinds(lines, municipal, dict(reviewed))
            self._lists[key] = pa.Table.from_arrays([*lines.columns, kind], schema=_LISTED)
        return self._lists[key]

    def _place(self, month: date) -> pa.Table:
        """The same with identities."""
        key = self._state(month)
        if key not in self._places:
            listed = self._list(month)
            self._places[key] = listed.append_column(_PLACES.field("uid"), self._identities(key[0], listed))
        return self._places[key]

    def _identities(self, year: int, listed: pa.Table) -> pa.ChunkedArray:
        found = self._succession.identities(year, listed["code"])
        return found if isinstance(found, pa.ChunkedArray) else pa.chunked_array([found])

    def _kinds(self, lines: pa.Table, municipal: frozenset[str], reviewed: dict[str, str]) -> pa.Array:
        """The kind of each unit: said of its code, or the same for all communities and all villages of its town."""
        digit = pc.utf8_slice_codeunits(lines["code"], 0, 10)
        alike = digit.combine_chunks().dictionary_encode()
        types = {code: entry.type for code, entry in self._entries.items()}
        derived = [
            kinds.derive(f"{code}99", types[code[:6]], code[:6] in municipal) for code in alike.dictionary.to_pylist()
        ]
        found = texts(derived).take(alike.indices)
        for kind in set(reviewed.values()):
            codes = texts([code for code, said in reviewed.items() if said == kind])
            found = pc.if_else(pc.is_in(lines["code"], value_set=codes), text(kind), found)
        return found

    def _county(self, code: str, name: str, month: date, rural: bool) -> County:
        entry = self._entries[code]
        return County(
            code=code,
            name=name,
            short=entry.short or name,
            type=entry.type,
            municipal_district=entry.is_municipal(month),
            shared_funding=entry.shares_funding(month),
            has_villages=rural,
            city_code=self.city.code,
            city=self.city.name,
        )

    def _check_counties(self, year: int, codes: set[str]) -> None:
        unknown = sorted(codes - self._entries.keys())
        if unknown:
            raise Refusal(f"{year} 年版名册中的县区 {'、'.join(unknown)} 没有登记在 counties.yaml;请补上其类型和属性")

    def _check_overrides(self) -> None:
        unknown = sorted({item.code for item in self._overrides} - self.known_codes()) if self._overrides else []
        if unknown:
            raise Refusal(f"kinds.yaml:任何一版名册中都没有代码 {'、'.join(unknown)}")


def _as_units(places: pa.Table) -> list[Unit]:
    return list(map(Unit, *(column.to_pylist() for column in places.columns)))


def load(reference: Path) -> Rosters:
    """The rosters of a folder of reference data. Declarations are checked here, editions when first used."""
    return Rosters(reference)
