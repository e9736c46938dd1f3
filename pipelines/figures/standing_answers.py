"""The answers that count for every unit and county of a month: its own accepted ones, else those lent by the months before.

Reads the temporary tables `unit`, `county`, `origin`, `row` and `county_row` of `pipelines.figures.effective_answers`; writes `standing`,
`county_standing` with `county_source` and, for rules that compare, `last_answer` and `last_county_answer`. A county that goes on whole
under another code keeps its answers.
"""

from datetime import date

from pipelines import months
from pipelines.figures import rule_findings
from pipelines.reference.form import Part
from pipelines.reference.rules import previous_fields
from pipelines.warehouse.projection import Warehouse

CARRY_MONTHS = 2
# a row that counts
ACCEPTED = "NOT held AND NOT broken AND uid IS NOT NULL"


def write(warehouse: Warehouse, month: date, answered: bool) -> None:
    """Write the month's standing answers; none where it has no answer, own or lent."""
    for table in ("standing", "county_standing", "county_source", "last_answer", "last_county_answer"):
        warehouse.con.execute(f"DELETE FROM {table} WHERE month = ?", [month])
    if answered:
        _write_standing(warehouse, month)
        _write_county_standing(warehouse, month)
        _write_county_source(warehouse, month)
        _write_last(warehouse, month)


def _write_standing(warehouse: Warehouse, month: date) -> None:
    """The month's accepted rows as they are; of the units without one, which are few, the last ones of the months before."""
    fields = ", ".join(f'"{field.id}"' for field in warehouse.reference.form.community)
    con, before = warehouse.con, [months.add(month, -CARRY_MONTHS), months.add(month, -1)]
    con.execute(f"INSERT INTO standing BY NAME {_OWN.format(fields=fields)}", [month, month])
    con.execute(f"CREATE OR REPLACE TEMP TABLE missing AS {_MISSING}", [month])
    lent = _lent(warehouse.reference.form.community, month)
    con.execute(f"INSERT INTO standing BY NAME {_CARRIED.format(lent=lent)}", [*before, month])


def _lent(part: Part, month: date) -> str:
    """SQL for `REPLACE`: answers that count from 1 January are not lent across a New Year."""
    yearly = [
        f'CASE WHEN year(earlier.month) = {month.year} THEN earlier."{f.id}" END AS "{f.id}"'
        for f in part
        if f.period == "year"
    ]
    return f"REPLACE ({', '.join(yearly)})" if yearly else ""


# Units with two rows are rare and looked for separately: sorting all rows with all answers costs seconds.
_OWN = f"""
    SELECT ?::DATE AS month, 'accepted' AS row_state, ?::DATE AS answered_in, FALSE AS carried, unit, uid, seq, row_no, {{fields}}
    FROM row WHERE {ACCEPTED} AND rowid NOT IN (
        SELECT rowid FROM row SEMI JOIN (SELECT unit FROM row WHERE {ACCEPTED} GROUP BY unit HAVING count(*) > 1) USING (unit)
        WHERE {ACCEPTED} QUALIFY row_number() OVER (PARTITION BY unit ORDER BY row_no) > 1)
"""
_MISSING = """
    SELECT unit.code AS unit, unit.uid, touched.held FROM unit
    ANTI JOIN (SELECT unit FROM standing WHERE month = ?) AS own ON own.unit = unit.code
    LEFT JOIN (SELECT unit, bool_or(held OR broken) AS held FROM row GROUP BY unit) AS touched ON touched.unit = unit.code
"""
_CARRIED = """
    WITH earlier AS (
        SELECT * FROM standing SEMI JOIN missing USING (uid) WHERE month BETWEEN ? AND ? AND row_state = 'accepted'
        QUALIFY row_number() OVER (PARTITION BY uid ORDER BY month DESC, unit) = 1
    )
    SELECT ?::DATE AS month, CASE WHEN missing.held THEN 'held' ELSE 'absent' END AS row_state,
           earlier.month AS answered_in, earlier.month IS NOT NULL AS carried, missing.unit, missing.uid,
           earlier.* EXCLUDE (month, row_state, answered_in, carried, unit, uid) {lent}
    FROM missing LEFT JOIN earlier USING (uid)
"""


def _write_county_standing(warehouse: Warehouse, month: date) -> None:
    """Each answer from the latest accepted record that has it; `seq` is the latest accepted record. Lent is the county's whole record."""
    part = warehouse.reference.form.county
    latest = ", ".join(f'arg_max("{f.id}", seq) FILTER ("{f.id}" IS NOT NULL) AS "{f.id}"' for f in part)
    warehouse.con.execute(
        f"""
        INSERT INTO county_standing BY NAME
        WITH own AS (SELECT unit, max(seq) AS seq, {latest} FROM county_row WHERE NOT held AND NOT broken GROUP BY unit),
        touched AS (SELECT unit, bool_or(held OR broken) AS held FROM county_row GROUP BY unit),
        earlier AS (
            SELECT report.* REPLACE (origin.code AS unit)
            FROM county_standing AS report JOIN origin ON (origin.month, origin.answered_as) = (report.month, report.unit)
            WHERE report.month BETWEEN ? AND ? AND row_state = 'accepted'
            QUALIFY row_number() OVER (PARTITION BY origin.code ORDER BY report.month DESC) = 1
        )
        SELECT ?::DATE AS month, 'accepted' AS row_state, ?::DATE AS answered_in, FALSE AS carried, own.*
        FROM county JOIN own ON own.unit = county.code
        UNION ALL BY NAME
        SELECT ?::DATE AS month, CASE WHEN touched.held THEN 'held' ELSE 'absent' END AS row_state,
               earlier.month AS answered_in, earlier.month IS NOT NULL AS carried, county.code AS unit,
               earlier.* EXCLUDE (month, row_state, answered_in, carried, unit) {_lent(part, month)}
        FROM county LEFT JOIN touched ON touched.unit = county.code LEFT JOIN earlier ON earlier.unit = county.code
        WHERE county.code NOT IN (SELECT unit FROM own)
        """,
        [months.add(month, -CARRY_MONTHS), months.add(month, -1), month, month, month],
    )


def _write_county_source(warehouse: Warehouse, month: date) -> None:
    """Sources of a county's answers that came in another submission than its latest; carried answers keep theirs."""
    con = warehouse.con
    con.execute(
        "INSERT INTO county_source SELECT ?::DATE, lent.unit, field, source.seq FROM county_source AS source "
        "JOIN origin ON (origin.month, origin.answered_as) = (source.month, source.unit) "
        "JOIN (SELECT unit, answered_in FROM county_standing WHERE month = ? AND carried) AS lent ON lent.unit = origin.code "
        "WHERE source.month = lent.answered_in",
        [month, month],
    )
    several = "SELECT unit FROM county_row WHERE NOT held AND NOT broken GROUP BY unit HAVING count(*) > 1"
    if not con.execute(several).fetchall():
        return
    answers = " UNION ALL ".join(
        f"SELECT unit, '{field.id}' AS field, seq FROM own WHERE \"{field.id}\" IS NOT NULL"
        for field in warehouse.reference.form.county
    )
    con.execute(
        f"""
        INSERT INTO county_source
        WITH own AS (SELECT * FROM county_row SEMI JOIN ({several}) USING (unit) WHERE NOT held AND NOT broken),
        latest AS (SELECT unit, max(seq) AS seq FROM own GROUP BY unit),
        given AS (SELECT unit, field, max(seq) AS seq FROM ({answers}) GROUP BY ALL)
        SELECT ?::DATE, unit, field, given.seq FROM given JOIN latest USING (unit) WHERE given.seq <> latest.seq
        """,
        [month],
    )


def _write_last(warehouse: Warehouse, month: date) -> None:
    """`last_answer` after this month: each unit's accepted answer of the month, else the one before."""
    reference = warehouse.reference
    community, county = reference.form.community, reference.form.county
    _write_last_of(warehouse, month, "last_answer", "standing", "uid", community, previous_fields(reference.rules))
    _write_last_of(
        warehouse,
        month,
        "last_county_answer",
        "county_standing",
        "unit",
        county,
        previous_fields(reference.county_rules),
    )


def _write_last_of(
    warehouse: Warehouse, month: date, table: str, standing: str, key: str, part: Part, fields: list[str]
) -> None:
    if not fields:
        return
    merged = ", ".join(f'coalesce(now."{f}", before."{f}") AS "{f}"' for f in fields)
    warehouse.con.execute(
        f"""
        INSERT INTO {table}
        SELECT ?::DATE, coalesce(now.{key}, before.uid), {merged}
        FROM (SELECT * FROM {standing} WHERE month = ? AND row_state = 'accepted') AS now
        FULL JOIN ({rule_findings.last_answers(part, fields, month)}) AS before ON before.uid = now.{key}
        """,
        [month, month],
    )
