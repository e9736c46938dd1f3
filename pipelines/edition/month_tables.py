"""The month tables of a release: what is exported from the warehouse, with grain and order, as Parquet named by its content.

| table | one row per |
|---|---|
| `standing` | unit of the month's roster: attributes, the answers that count, where they come from |
| `county_standing` | county of the month's roster: the same, with the text of each cell as `raw:<field>` |
| `evidence` | unit row of a submission in force: the text of each cell |
| `source` | field of a submission in force: sheet, column letter (表1) or cell (表2), header, factor |
| `moved` | answer of 表1 on another sheet than the first: sheet and cell; only where 表1 was on several |
| `county_source` | answer of `county_standing` that came in another submission than the row's `seq`; only where there is one |
| `submission` | submission received for the month, with its state |
| `finding` | finding of a submission in force, refused or waiting |
| `figure` | policy, indicator, level above community, unit |
| `figure_now` | policy, indicator, level above community, unit, by the divisions of the release's month |
| `state-<policy>` | unit of the month's roster: its state for every indicator, and its parts of every ratio |
| `county_state-<policy>` | county of the month's roster: its state for every indicator of counties |

An unchanged month has the same content again (`pipelines.edition.content_hash`) and the same bytes, and is stored once.
"""

import hashlib
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import months
from pipelines.archive.month_state import Life
from pipelines.archive.store import sync_folder
from pipelines.edition import content_hash
from pipelines.figures import as_now
from pipelines.reference.form import Part
from pipelines.warehouse.projection import Warehouse, scalar


@dataclass(frozen=True)
class Object:
    """A Parquet file: SHA-256, number of rows, hash of its content and of its columns (empty if noted by an older program)."""

    sha256: str
    rows: int
    content: str
    columns: str = ""


def queries(warehouse: Warehouse, life: Life, month: date) -> dict[str, str]:
    """SQL of each month table, in a total order, so that the same content is the same bytes."""
    reference = warehouse.reference
    effective = ",".join(str(seq) for seqs in life.counted(month).values() for seq in seqs) or "NULL"
    day = f"DATE '{month}'"
    merged = scalar(warehouse.con, f"SELECT count(*) FROM county_source WHERE month = {day}")
    text = 'coalesce(joined_raw."{0}", county_raw."{0}")' if merged else 'county_raw."{0}"'
    county_raw = ", ".join(f'{text.format(f.id)} AS "raw:{f.id}"' for f in reference.form.county)
    tables = {
        "standing": f"""
            SELECT {_qualified("standing", _STANDING)}, {_qualified("unit", _UNIT)}, {_answers(reference.form.community, _UNIT)}
            FROM standing JOIN unit ON unit.code = standing.unit WHERE standing.month = {day} ORDER BY standing.unit""",
        "county_standing": f"""
            SELECT {_qualified("county_standing", _COUNTY_STANDING)}, {_qualified("county", _COUNTY)},
                   {_answers(reference.form.county, _COUNTY, "county_standing")}, {county_raw}
            FROM county_standing JOIN county ON county.code = county_standing.unit
            LEFT JOIN county_raw ON county_raw.seq = county_standing.seq
            {_joined_raw(reference.form.county, day) if merged else ""}
            WHERE county_standing.month = {day} ORDER BY county_standing.unit""",
        "evidence": f"""
            SELECT {day} AS month, answer.unit, answer.held, answer_raw.*
            FROM answer_raw JOIN answer USING (seq, row_no) WHERE seq IN ({effective}) ORDER BY seq, row_no""",
        "source": f"SELECT {day} AS month, * FROM source WHERE seq IN ({effective}) ORDER BY seq, part, field, cell",
        "submission": _submission(warehouse, life, day),
        "finding": f"""
            SELECT {day} AS month, finding.*, submission.county, submission.file
            FROM finding JOIN submission USING (seq)
            WHERE submission.month = {day} AND seq IN ({effective}) ORDER BY seq, phase, number""",
        "figure": f"""
            SELECT * FROM figure WHERE month = {day} AND divisions = 'then'
            ORDER BY policy, indicator, level, unit""",
    }
    moved = f"FROM moved WHERE seq IN ({effective})"
    # no empty tables, so that editions without joined sheets or records keep their digest
    if merged:
        tables["county_source"] = f"SELECT * FROM county_source WHERE month = {day} ORDER BY unit, field"
    if scalar(warehouse.con, f"SELECT count(*) {moved}"):
        tables["moved"] = f"SELECT {day} AS month, * {moved} ORDER BY seq, row_no, field"
    for number, register in enumerate(reference.registers):
        if month < register.since:
            continue
        for table in ("state", "county_state"):
            tables[f"{table}-{register.policy.id}"] = (
                f"SELECT * EXCLUDE (divisions, uid) FROM {table}_{number} "
                f"WHERE month = {day} AND divisions = '{as_now.key(warehouse, month)}' ORDER BY unit"
            )
    return tables


_STANDING = ("month", "unit", "uid", "row_state", "answered_in", "carried", "seq", "row_no")
_COUNTY_STANDING = ("month", "unit", "row_state", "answered_in", "carried", "seq")
_UNIT = (
    "name",
    "kind",
    "town_code",
    "town",
    "county_code",
    "county",
    "municipal_district",
    "shared_funding",
    "has_villages",
)
_COUNTY = ("name", "short", "type", "municipal_district", "shared_funding", "has_villages")


def _joined_raw(part: Part, day: str) -> str:
    """SQL: the texts of the cells that a county's record has from other submissions, one row per county, to be joined."""
    # a subquery per field instead costs half a minute of planning
    text = """any_value(own."{0}") FILTER (source.field = '{0}') AS "{0}" """
    texts = ", ".join(text.format(f.id) for f in part)
    return f"""LEFT JOIN (
                SELECT source.unit, {texts} FROM county_source AS source JOIN county_raw AS own ON own.seq = source.seq
                WHERE source.month = {day} GROUP BY source.unit) AS joined_raw ON joined_raw.unit = county_standing.unit"""


def _qualified(table: str, columns: tuple[str, ...]) -> str:
    return ", ".join(f'{table}."{column}"' for column in columns)


def _answers(part: Part, taken: tuple[str, ...], table: str = "standing") -> str:
    """The answers under their field's id; where the roster has a column of that name, as `reported:<field>`."""
    names = {f.id: f"reported:{f.id}" if f.id in taken else f.id for f in part}
    return ", ".join(f'{table}."{field}" AS "{name}"' for field, name in names.items())


def now_query(warehouse: Warehouse, month: date, divisions: str) -> str:
    """SQL of `figure_now`: a month's figures by later divisions. A month with these divisions is the same as by its own."""
    stored = as_now.stored_as(warehouse, month, divisions)
    return f"""
        SELECT * REPLACE ('now' AS divisions) FROM figure WHERE month = DATE '{month}' AND divisions = '{stored}'
        ORDER BY policy, indicator, level, unit"""


def _submission(warehouse: Warehouse, life: Life, day: str) -> str:
    """Submissions of the month with their state, rows read, accepted and held."""
    seqs = warehouse.con.execute(f"SELECT seq FROM submission WHERE month = {day} ORDER BY seq").fetchall()
    # a returned list of a spot check is not a report of its month
    visits = ",".join(str(e.body["returned"]) for e in life.spots if e.kind == "spot_result") or "NULL::BIGINT"
    states = (
        ", ".join(f"({seq}, '{life.status[seq]}')" for (seq,) in seqs if seq in life.status)
        or "(NULL::BIGINT, NULL::VARCHAR)"
    )
    return f"""
        SELECT submission.*, state.status,
               count(answer.seq) AS rows_read,
               count(answer.seq) FILTER (standing.seq IS NOT NULL) AS rows_accepted
        FROM submission LEFT JOIN (VALUES {states}) AS state(seq, status) ON state.seq = submission.seq
        LEFT JOIN answer ON answer.seq = submission.seq
        LEFT JOIN standing ON standing.month = {day} AND standing.seq = answer.seq AND standing.row_no = answer.row_no
        WHERE submission.month = {day} AND list_position([{visits}], submission.seq) IS NULL
        GROUP BY ALL ORDER BY submission.seq"""


# Arrow writes the same bytes for the same values; DuckDB writes others from a reopened warehouse
_WRITING = {"compression": "zstd", "row_group_size": 122_880, "store_schema": False}


def asked(warehouse: Warehouse, query: str) -> pa.Table:
    """The rows of a month table."""
    return warehouse.con.sql(query).to_arrow_table()


def stored(store: Path, name: str, table: pa.Table) -> Object:
    """The rows as Parquet in the store, under the hash of its bytes."""
    store.mkdir(parents=True, exist_ok=True)
    temporary = store / f".{name}.{os.getpid()}.part"
    pq.write_table(table.combine_chunks(), temporary, **_WRITING)
    digest = bytes_digest(temporary)
    place = object_path(store, digest)
    if place.exists() and bytes_digest(place) == digest:
        temporary.unlink()
    else:
        keep(temporary, place)
    return Object(digest, table.num_rows, content_hash.digest(table), content_hash.columns(table.schema))


def bytes_digest(place: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(place.read_bytes()).hexdigest()


def keep(temporary: Path, place: Path) -> None:
    """Move a finished file to its place in the store, synced to disk."""
    place.parent.mkdir(exist_ok=True)
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.chmod(0o440)
    temporary.replace(place)
    sync_folder(place.parent)


def content_of(warehouse: Warehouse, place: Path) -> str:
    """The content hash of a month table written before manifests held it."""
    quoted = str(place).replace("'", "''")
    return content_hash.digest(warehouse.con.sql(f"SELECT * FROM read_parquet('{quoted}')").to_arrow_table())


def object_path(store: Path, digest: str) -> Path:
    """Place of a Parquet file in the store, by its SHA-256."""
    return store / f"{digest[:2]}/{digest}.parquet"


def file_name(table: str, month: date) -> str:
    """Path of a month table in a release: `tables/<table>/<month>.parquet`."""
    return file_of(table, months.key(month))


def file_of(table: str, key: str) -> str:
    """The same by the month's key."""
    return f"tables/{table}/{key}.parquet"
