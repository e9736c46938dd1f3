"""The whole country as one installation: what the benchmarks at that size are run on.

Real: the 611,793 communities and villages of the national edition of 2023 (its 8,780 statistical look-alikes stay in the file and
are left out by the program, as everywhere), their codes and names, form, registers and findings as they are in `data/reference`.

Derived, because the file has codes only: names of towns and counties (`街道110101001`, `区110101`); a county's type from its code
by GB/T 2260 (`county_type`), and from it 市辖区 and the kind of every unit. 桥东、桥西、开发区 of Xingtai share funding, nobody else does.
The edition is dated 2018-07-31, so that ten years from 2018-08 fall into it. The top unit is the country (100000) in the place of the
city: levels are community, town, county and country. Answers are invented by hash: the same for the same unit, field and month.
"""

import gzip
import shutil
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from pipelines import months, settings
from pipelines.archive.store import Archive, Event
from pipelines.reference.form import KINDS, Field, Part
from pipelines.reference.reference_bundle import Reference
from pipelines.warehouse import projection
from pipelines.warehouse.projection import Warehouse
from pipelines.workbook.address import letter

# The national roster lies beside the repository and is not part of it: `shared/rosters/` in a folder above.
_PLACES = [folder / "shared" / "rosters" / "china_2023.csv.gz" for folder in settings.REPOSITORY.parents]
NATIONAL = next((place for place in _PLACES if place.exists()), _PLACES[0])
REFERENCE = settings.REPOSITORY / "data" / "reference"
FIRST = date(2018, 8, 1)
MUNICIPALITIES = ("1101", "1201", "3101", "5001")
_SHARED = ("130502", "130503", "130571")


# ---- reference data


def make(folder: Path, national: Path, units: int | None = None) -> Path:
    """Reference data of the country in `folder`; of about `units` units where a number is given: whole counties from all over."""
    (folder / "rosters").mkdir(parents=True)
    for name in ("form.yaml", "findings.yaml", "behaviour.yaml", "kinds.yaml"):
        shutil.copy(REFERENCE / name, folder / name)
    shutil.copytree(REFERENCE / "policies", folder / "policies")
    rows = _some(read(national), units)
    counties = pc.unique(rows["county_code"]).to_pylist()
    arrow_csv.write_csv(rows, folder / "rosters" / "country.csv")
    _write(folder / "rosters" / "editions.yaml", _EDITIONS)
    _write(folder / "counties.yaml", "\n".join([_COUNTRY, *map(_county, counties)]) + "\n")
    _write(folder / "succession.yaml", "variants: []\nreviewed: []\n")
    return folder


_EDITIONS = """source: 国家统计局《统计用区划代码和城乡划分代码》
editions:
  - {year: 2018, cut_off: 2018-07-31, file: country.csv}
"""
_COUNTRY = 'city: {code: "100000", name: 全国}\ncounties:'


def read(national: Path) -> pa.Table:
    """The national edition in code order, with derived names of towns and counties."""
    text = dict.fromkeys(("code", "name", "town_code", "county_code"), pa.string())
    with gzip.open(national) as file:
        rows = arrow_csv.read_csv(file, convert_options=arrow_csv.ConvertOptions(column_types=text))
    towns, counties = rows["town_code"].unique().to_pylist(), rows["county_code"].unique().to_pylist()
    named = {
        "town": _named(rows["town_code"], towns, town_name),
        "county": _named(rows["county_code"], counties, county_name),
    }
    columns = {n: named.get(n, rows[n] if n in rows.column_names else None) for n in _COLUMNS}
    return pa.table(columns).sort_by("code")


_COLUMNS = ("code", "name", "town_code", "town", "county_code", "county")


def _named(codes: pa.ChunkedArray, known: list[str], name) -> pa.Array:
    places = pc.index_in(codes, value_set=pa.array(known))
    return pa.array([name(code) for code in known]).take(places.combine_chunks())


def town_name(code: str) -> str:
    """By digits 7–9: 001–099 街道, 100–199 镇, 200–399 乡, else 区域."""
    rank = "街道" if code[6:] < "100" else "镇" if code[6:] < "200" else "乡" if code[6:] < "400" else "区域"
    return f"{rank}{code}"


def county_name(code: str) -> str:
    word = {"市辖区": "区", "县级市": "市", "开发区": "开发区"}.get(county_type(code), "县")
    return f"{word}{code}"


def county_type(code: str) -> str:
    """By GB/T 2260. Digits 5–6: 01–20 and 51–70 are 市辖区, but 县级市 in 自治州, 地区, 盟 (digits 3–4 from 21) and under a province
    (90); 21–50 县; 81–89 县级市; the Bureau's own 71–79 zones; 00 cities without counties, here 县级市.
    """
    place, number = code[2:4], code[4:]
    if code[:4] in MUNICIPALITIES:
        return "市辖区"
    if "71" <= number <= "79":
        return "开发区"
    if number >= "80" or number == "00":
        return "县级市"
    if "21" <= number <= "50":
        return "县"
    return "市辖区" if place <= "20" else "县级市"


def _county(code: str) -> str:
    kind = county_type(code)
    municipal = "always" if kind in ("市辖区", "开发区") else "never"
    shared = "always" if code in _SHARED else "never"
    return f'  - {{code: "{code}", type: {kind}, municipal_district: {municipal}, shared_funding: {shared}}}'


def _some(rows: pa.Table, units: int | None) -> pa.Table:
    """Every k-th county, so that a part is like the whole."""
    if units is None:
        return rows
    counties = rows["county_code"].unique().to_pylist()
    step = max(len(rows) / units, 1)
    chosen = [counties[int(n * step)] for n in range(int(len(counties) / step))]
    return rows.filter(pc.is_in(rows["county_code"], value_set=pa.array(chosen)))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


# ---- loaded answers


class Told(Archive):
    """The ledger of what `tell` has loaded, in memory: there are no bytes behind it."""

    def __init__(self) -> None:
        super().__init__(Path("/nonexistent"))
        self.told: list[Event] = []

    def events(self, after: int = 0, until: int | None = None) -> Iterator[Event]:
        return (event for event in self.told if after < event.seq and (until is None or event.seq <= until))


def insert(store: Warehouse, archive: Told, month: date) -> int:
    """A month of answers as if read from workbooks, one a county; returns how many rows. Straight into the warehouse's tables.

    2 % of the answers are missing; of the counties 1 % is silent (carried, then unknown), of the rows 1 % is absent and 1 % held
    back by the reader, and 0.2 % break a rule of severity error.
    """
    con, form = store.con, store.reference.form
    con.register("incoming", store.reference.rosters.table(month))
    con.execute(f"CREATE OR REPLACE TEMP TABLE told AS {_SEATS}", {"first": len(archive.told), "month": str(month)})
    con.unregister("incoming")
    seats = con.execute("SELECT DISTINCT seq, county_code FROM told ORDER BY seq").fetchall()
    # a report received before its month has ended would wait
    at = f"{months.add(month, 1)}T00:00:00+08:00"
    archive.told += [Event(seq, at, "submission", "测试", {}, "") for seq, _ in seats]
    con.execute(f"INSERT INTO submission BY NAME {_SUBMISSION}", {"month": month, "at": at})
    con.execute(f"INSERT INTO answer BY NAME {_rows(form.community, month)}")
    con.execute(f"INSERT INTO county_answer BY NAME {_records(form.county, month)}")
    con.execute(f"INSERT INTO source BY NAME {_sources(form.community)}")
    con.execute("DELETE FROM meta WHERE key = 'applied'")
    con.execute("INSERT INTO meta VALUES ('applied', ?)", [str(len(archive.told))])
    return con.execute("SELECT count(*) FROM told").fetchall()[0][0]


def _dice(what: str, key: str = "code") -> str:
    """A number in [0, 1) by unit and purpose."""
    return f"((hash({key} || '{what}') >> 12)::DOUBLE / {2**52})"


_SEATS = f"""
    SELECT * EXCLUDE (name, town, county), name AS named, town AS in_town, county AS in_county, $first + dense_rank() OVER (ORDER BY county_code) AS seq,
           (4 + row_number() OVER (PARTITION BY county_code ORDER BY code))::INTEGER AS row_no
    FROM incoming
    WHERE ((hash(county_code || 'silent' || $month) >> 12)::DOUBLE / {2**52}) >= 0.01
      AND ((hash(code || 'absent' || $month) >> 12)::DOUBLE / {2**52}) >= 0.01
"""
_SUBMISSION = """
    SELECT DISTINCT seq, county_code AS county, county_code || '.xlsx' AS file, repeat('0', 58) || county_code AS sha256,
           $at AS received_at, '测试' AS received_by, $month::DATE AS month, FALSE AS refused
    FROM told ORDER BY seq
"""
_GIVEN = {"code": "code", "name": "named", "town": "in_town", "kind": "kind"}


def _rows(part: Part, month: date) -> str:
    answers = ", ".join(f'{_answer(field, month)} AS "{field.id}"' for field in part)
    kept = ", ".join(
        f'{sql.format(month=month)} AS "{field}"' for field, sql in _CONSISTENT.items() if field in part.by_id
    )
    return f"""
        SELECT * REPLACE ({kept}) FROM (
            SELECT seq, row_no, code AS unit, {_dice(f"held{month}")} < 0.01 AS held, []::VARCHAR[] AS unreadable, {answers}
            FROM told ORDER BY seq, row_no)
    """


def _within(field: str, *others: str) -> str:
    """Not more than others; not answered where it was not (`least` passes over nulls)."""
    return f"CASE WHEN {field} IS NOT NULL THEN least({', '.join((field, *others))}) END"


# what error rules demand; two rows in a thousand break one
_CONSISTENT = {
    "local_members": _within("local_members", "committee_members"),
    "certified_workers": f"CASE WHEN {_dice('breaks', 'unit')} < 0.002 THEN least(social_workers + 1, 200) "
    f"ELSE {_within('certified_workers', 'social_workers')} END",
    "allowance_workers": _within("allowance_workers", "certified_workers", "social_workers"),
    "insured_members": _within("insured_members", "committee_members"),
    "housing_fund_members": _within("housing_fund_members", "committee_members"),
    "population": f"(households * (2 + {_dice('people{month}', 'unit')}))::BIGINT",
    "facility_area": "CASE WHEN facility THEN coalesce(facility_area, 300) END",
    "platform_linked": "platform_linked AND info_platform",
    "pilot": "CASE WHEN pilot IS NOT NULL THEN pilot AND pilot_eligible AND pilot_type IS NOT NULL END",
}


def _answer(field: Field, month: date, key: str = "code") -> str:
    """SQL of one answer: steady from month to month, but for what grows."""
    if field.id in _GIVEN:
        return _GIVEN[field.id]
    turn = _dice(field.id, key)
    index = 12 * (month.year - FIRST.year) + month.month - FIRST.month
    grown = f"(0.4 + {min(index, 60) / 200}) > {turn}"
    value = {
        "flag": grown,
        "count": f"least(5 + {turn} * {min(field.max or 100, 100)}, {field.max or 105})::BIGINT",
        "percent": f"(70 + {turn} * 30)::DECIMAL(18,6)",
        "number": f"round({turn} * 900 + 20)::DECIMAL(18,6)",
        "money": f"round({turn} * 30, 1)::DECIMAL(18,6)",
        "month": f"least(DATE '2016-01-01' + to_months(({turn} * 40)::INTEGER), DATE '{month}')",
        "choice": f"{list(field.choices)}[1 + ({turn} * {len(field.choices) or 1})::INTEGER % {len(field.choices) or 1}]",
    }.get(field.type, "NULL::VARCHAR")
    value = f"(200 + {turn} * 2000)::BIGINT" if field.id == "households" else value
    closed = f" OR kind NOT IN ({_quoted(KINDS[field.applies])})" if field.applies in KINDS and key == "code" else ""
    closed = " OR NOT shared_funding" if field.applies == "shared_funding" else closed
    missing = "FALSE" if field.required else f"{_dice(f'{field.id}?{month}', key)} < 0.02"
    return f"CASE WHEN {missing}{closed} THEN NULL ELSE {value} END"


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _records(part: Part, month: date) -> str:
    columns = {"county_code": "county_code", "county": "in_county", "towns": "30", "town_platforms": "12"}
    answers = ", ".join(
        f'{columns.get(f.id, _answer(f, month, "county_code"))}::{f.sql_type} AS "{f.id}"' for f in part
    )
    return f"SELECT seq, FALSE AS held, {answers} FROM (SELECT DISTINCT seq, county_code, in_county, shared_funding FROM told) ORDER BY seq"


def _sources(part: Part) -> str:
    fields = [field.id for field in part]
    letters = [letter(n) for n in range(1, len(fields) + 1)]
    return f"""
        SELECT seq, 'community' AS part, field, '表1' AS sheet, cell, field AS header, 1 AS factor
        FROM (SELECT DISTINCT seq FROM told)
        CROSS JOIN (SELECT unnest({fields}) AS field, unnest({letters}) AS cell) ORDER BY seq
    """


def opened(reference: Reference, path: Path | str = ":memory:") -> tuple[Warehouse, Told]:
    """An empty warehouse for loaded answers."""
    archive = Told()
    con = projection.connect(path)
    projection.create(con, reference)
    return Warehouse(con, reference, archive), archive


def reopened(reference: Reference, path: Path) -> Warehouse:
    """The same in another process."""
    archive = Told()
    con = projection.connect(path)
    sent = con.execute("SELECT seq, received_at FROM submission ORDER BY seq").fetchall()
    archive.told = [Event(seq, str(at), "submission", "测试", {}, "") for seq, at in sent]
    return Warehouse(con, reference, archive)
