"""What counts for every unit of a month: its roster entry, and the answers that stand for it.

The roster decides who is counted. A unit's answers are its accepted row of the month, else its latest accepted row of the two
months before, marked as carried, else nothing (semantics §4). Rows are held back by what the reader saw and by the form's rules
of severity error that no waiver lifts. Units are followed across codes and names by `uid`.
"""

from collections.abc import Iterable
from datetime import date

from pipelines import months
from pipelines.answers.findings import Finding, finding_id
from pipelines.archive.month_state import Life
from pipelines.figures import comparisons
from pipelines.reference.form import Part
from pipelines.reference.rules import CompiledRule, broken_sql, previous_fields
from pipelines.warehouse.projection import Warehouse

CARRY_MONTHS = 2


def create(warehouse: Warehouse) -> None:
    """The tables of this module, where they are not there yet."""
    form = warehouse.reference.form
    community = ", ".join(f'"{f.id}" {f.sql_type}' for f in form.community)
    county = ", ".join(f'"{f.id}" {f.sql_type}' for f in form.county)
    last = "".join(f', "{f}" {form.community[f].sql_type}' for f in previous_fields(warehouse.reference.rules))
    county_last = "".join(
        f', "{f}" {form.county[f].sql_type}' for f in previous_fields(warehouse.reference.county_rules)
    )
    for statement in (
        f"CREATE TABLE IF NOT EXISTS standing (month DATE, unit VARCHAR, uid VARCHAR, row_state VARCHAR, "
        f"answered_in DATE, carried BOOLEAN, seq BIGINT, row_no INTEGER, {community})",
        f"CREATE TABLE IF NOT EXISTS county_standing (month DATE, unit VARCHAR, row_state VARCHAR, answered_in DATE, "
        f"carried BOOLEAN, seq BIGINT, {county})",
        # the last accepted answers that rules ask for, per unit, as they were after each month
        f"CREATE TABLE IF NOT EXISTS last_answer (month DATE, uid VARCHAR{last})",
        f"CREATE TABLE IF NOT EXISTS last_county_answer (month DATE, uid VARCHAR{county_last})",
    ):
        warehouse.con.execute(statement)


def load_rosters(warehouse: Warehouse, month: date) -> None:
    """The month's roster as temporary tables `unit` and `county` (one row per unit, per county)."""
    rosters, day = warehouse.reference.rosters, f"DATE '{month}' AS month"
    unit = f"{day}, code AS answered_as, county_code AS county_answered_as"
    replace_table(warehouse, "unit", rosters.table(month), unit)
    replace_table(warehouse, "county", rosters.county_table(month), f"{day}, code AS answered_as")


def replace_table(warehouse: Warehouse, name: str, table, more: str) -> None:
    """A temporary table from Arrow, with further columns. `answered_as` is the code under which the answers of `month` stand."""
    warehouse.con.register("incoming", table)
    warehouse.con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT *, {more} FROM incoming")
    warehouse.con.unregister("incoming")


def evaluate(warehouse: Warehouse, month: date, life: Life) -> None:
    """Judge the month's rows by the rules and write `standing`, `county_standing` and the rule findings of the month.

    Reads the standing of the two months before, so months are evaluated in order.
    """
    load_rosters(warehouse, month)
    select_rows(warehouse, life.effective(month).values())
    judge(warehouse, month, life, comparisons.compare(warehouse, month, life))
    _write_standing(warehouse, month)
    _write_county_standing(warehouse, month)
    _write_last(warehouse, month)


# ---- which rows


def select_rows(warehouse: Warehouse, seqs: Iterable[int]) -> None:
    """Temporary `row` and `county_row`: the rows of the submissions in force, with their unit's roster attributes."""
    con = warehouse.con
    con.execute("CREATE OR REPLACE TEMP TABLE chosen AS SELECT unnest(?::BIGINT[]) AS seq", [list(seqs)])
    con.execute(
        "CREATE OR REPLACE TEMP TABLE row AS SELECT answer.*, unit.uid FROM answer JOIN chosen USING (seq) "
        "LEFT JOIN unit ON unit.code = answer.unit"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE county_row AS SELECT county_answer.*, submission.county AS unit "
        "FROM county_answer JOIN chosen USING (seq) JOIN submission USING (seq)"
    )


# ---- rules


def judge(
    warehouse: Warehouse, month: date, life: Life, more: list[tuple[int, str, Finding]] | None = None
) -> list[Finding]:
    """Findings by the form's rules on `row` and `county_row`, stored with `more`; rows that an error rule breaks are held."""
    reference = warehouse.reference
    waived = life.waived(month)
    rows = _broken(
        warehouse,
        reference.rules,
        _query(_COMMUNITY, reference.form.community, "last_answer", reference.rules, month),
    )
    counties = _broken(
        warehouse,
        reference.county_rules,
        _query(_COUNTY, reference.form.county, "last_county_answer", reference.county_rules, month),
    )
    found = [
        *_community_findings(warehouse, rows),
        *_county_findings(warehouse, counties),
        *(more or []),
    ]
    _store(warehouse, month, found)
    _hold(warehouse, found, waived)
    return [finding for _, _, finding in found]


_COMMUNITY = """
    SELECT answer.seq, answer.row_no, answer.unit, answer.unreadable, {0}{2}, unnest({{broken}}) AS rule
    FROM row AS answer JOIN unit AS roster ON roster.code = answer.unit
    LEFT JOIN ({1}) AS prev ON prev.uid = answer.uid
"""
_COUNTY = """
    SELECT answer.seq, NULL AS row_no, answer.unit, []::VARCHAR[] AS unreadable, {0}{2}, unnest({{broken}}) AS rule
    FROM county_row AS answer JOIN county AS roster ON roster.code = answer.unit
    LEFT JOIN ({1}) AS prev ON prev.uid = answer.unit
"""


def _query(template: str, part: Part, last: str, rules: list[CompiledRule], month: date) -> str:
    """The query for broken rules: a row's answers, its last ones as `prev:<field>`, and `{broken}` still to fill in."""
    answers = ", ".join(f'answer."{field.id}"' for field in part)
    previous = "".join(f', prev."{field}" AS "prev:{field}"' for field in previous_fields(rules))
    before = f"SELECT * FROM {last} WHERE month = DATE '{months.add(month, -1)}'"
    return template.format(answers, before, previous)


def _broken(warehouse: Warehouse, rules: list[CompiledRule], query: str) -> list[dict]:
    """One dict per row and broken rule: the row's key and answers, and the rule's id."""
    cursor = warehouse.con.execute(query.format(broken=broken_sql(rules)))
    names = [column[0] for column in cursor.description]
    by_id = {rule.rule.id: rule for rule in rules}
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [row for row in rows if not set(row["unreadable"]) & set(by_id[row["rule"]].fields)]


def _community_findings(warehouse: Warehouse, rows: list[dict]) -> list[tuple[int, str, Finding]]:
    rules = {rule.rule.id: rule for rule in warehouse.reference.rules}
    return _findings(warehouse, rows, rules, "community")


def _county_findings(warehouse: Warehouse, rows: list[dict]) -> list[tuple[int, str, Finding]]:
    rules = {rule.rule.id: rule for rule in warehouse.reference.county_rules}
    return _findings(warehouse, rows, rules, "county")


def _findings(warehouse, rows: list[dict], rules: dict[str, CompiledRule], part: str) -> list[tuple[int, str, Finding]]:
    """(seq, county, finding) of each broken rule, every cell named."""
    if not rows:
        return []
    places = _places(warehouse, {row["seq"] for row in rows}, part)
    counties = dict(warehouse.con.execute("SELECT seq, county FROM submission SEMI JOIN chosen USING (seq)").fetchall())
    fields = warehouse.reference.form.part(part).by_id
    return [
        (
            row["seq"],
            counties[row["seq"]],
            rule_finding(rules[row["rule"]], row, places.get(row["seq"], {}), fields),
        )
        for row in rows
    ]


def _places(warehouse: Warehouse, seqs: set[int], part: str) -> dict[int, dict[str, tuple[str, str]]]:
    """seq → field → (sheet, column letter or cell)."""
    rows = warehouse.con.execute(
        "SELECT seq, field, sheet, cell FROM source SEMI JOIN (SELECT unnest(?::BIGINT[]) AS seq) USING (seq) WHERE part = ?",
        [list(seqs), part],
    ).fetchall()
    found: dict[int, dict[str, tuple[str, str]]] = {}
    for seq, field, sheet, cell in rows:
        found.setdefault(seq, {})[field] = (sheet, cell)
    return found


def rule_finding(rule: CompiledRule, row: dict, places: dict[str, tuple[str, str]], fields: dict) -> Finding:
    """A broken rule as a finding: all its cells, the values in them, and what to do."""
    row_no = row["row_no"]
    cells = [f"{places[f][1]}{row_no or ''}" for f in rule.fields if f in places]
    sheet = next((places[f][0] for f in rule.fields if f in places), None)
    values = ",".join(f"{fields[f].label}={_shown(row[f])}" for f in rule.fields)
    where = f"工作表“{sheet}”单元格 {'、'.join(cells)}:" if cells else ""
    before = "".join(f",此前{fields[f].label}={_shown(row[f'prev:{f}'])}" for f in rule.previous)
    repair = "请核对并改正后重报,本行暂不计入" if rule.rule.severity == "error" else "请核对;无误的可不改,并向市局说明"
    return Finding(
        code=rule.rule.id,
        severity=rule.rule.severity,
        sheet=sheet,
        cell=",".join(cells) or None,
        field=",".join(rule.fields),
        unit=row["unit"],
        found=values,
        expected=rule.rule.message,
        message=f"【{rule.rule.id}】{where}{rule.rule.message}({values}{before})。{repair}。",
        row=row_no,
    )


def _shown(value) -> str:
    if value is None:
        return "未填"
    if isinstance(value, bool):
        return "是" if value else "否"
    return f"{value.normalize():f}" if hasattr(value, "normalize") else str(value)


def _store(warehouse: Warehouse, month: date, found: list[tuple[int, str, Finding]]) -> None:
    warehouse.con.execute(
        "DELETE FROM finding WHERE phase = 'rule' AND seq IN (SELECT seq FROM submission WHERE month = ?)", [month]
    )
    warehouse.add_findings("rule", found)


def _hold(warehouse: Warehouse, found: list[tuple[int, str, Finding]], waived: dict) -> None:
    """Mark the rows that an error rule holds back and no waiver lifts."""
    held = [
        (seq, finding.row)
        for seq, county, finding in found
        if finding.severity == "error" and finding_id(county, finding) not in waived
    ]
    rows = [key for key in held if key[1] is not None]
    con = warehouse.con
    con.execute(
        "UPDATE row SET held = TRUE FROM (SELECT unnest(?::BIGINT[]) AS seq, unnest(?::INTEGER[]) AS row_no) AS broken "
        "WHERE row.seq = broken.seq AND row.row_no = broken.row_no",
        [[seq for seq, _ in rows], [row_no for _, row_no in rows]],
    )
    con.execute(
        "UPDATE county_row SET held = TRUE WHERE seq IN (SELECT unnest(?::BIGINT[]))",
        [[seq for seq, row_no in held if row_no is None]],
    )


# ---- standing


def _write_standing(warehouse: Warehouse, month: date) -> None:
    """The month's accepted rows as they are; of the units without one, which are few, the last ones of the months before."""
    fields = ", ".join(f'"{field.id}"' for field in warehouse.reference.form.community)
    con, before = warehouse.con, [months.add(month, -CARRY_MONTHS), months.add(month, -1)]
    con.execute("DELETE FROM standing WHERE month = ?", [month])
    con.execute(f"INSERT INTO standing BY NAME {_ACCEPTED.format(fields=fields)}", [month, month])
    con.execute(f"CREATE OR REPLACE TEMP TABLE missing AS {_MISSING}", [month])
    con.execute(f"INSERT INTO standing BY NAME {_CARRIED}", [*before, month])


_OWN = "NOT held AND uid IS NOT NULL"
# A unit that is told twice is so rarely that it is looked for by itself: sorting all rows with all answers costs seconds.
_ACCEPTED = f"""
    SELECT ?::DATE AS month, 'accepted' AS row_state, ?::DATE AS answered_in, FALSE AS carried, unit, uid, seq, row_no, {{fields}}
    FROM row WHERE {_OWN} AND rowid NOT IN (
        SELECT rowid FROM row SEMI JOIN (SELECT unit FROM row WHERE {_OWN} GROUP BY unit HAVING count(*) > 1) USING (unit)
        WHERE {_OWN} QUALIFY row_number() OVER (PARTITION BY unit ORDER BY row_no) > 1)
"""
_MISSING = """
    SELECT unit.code AS unit, unit.uid, touched.held FROM unit
    ANTI JOIN (SELECT unit FROM standing WHERE month = ?) AS own ON own.unit = unit.code
    LEFT JOIN (SELECT unit, bool_or(held) AS held FROM row GROUP BY unit) AS touched ON touched.unit = unit.code
"""
_CARRIED = """
    WITH earlier AS (
        SELECT * FROM standing SEMI JOIN missing USING (uid) WHERE month BETWEEN ? AND ? AND row_state = 'accepted'
        QUALIFY row_number() OVER (PARTITION BY uid ORDER BY month DESC, unit) = 1
    )
    SELECT ?::DATE AS month, CASE WHEN missing.held THEN 'held' ELSE 'absent' END AS row_state,
           earlier.month AS answered_in, earlier.month IS NOT NULL AS carried, missing.unit, missing.uid,
           earlier.* EXCLUDE (month, row_state, answered_in, carried, unit, uid)
    FROM missing LEFT JOIN earlier USING (uid)
"""


def _write_county_standing(warehouse: Warehouse, month: date) -> None:
    con = warehouse.con
    con.execute("DELETE FROM county_standing WHERE month = ?", [month])
    con.execute(
        """
        INSERT INTO county_standing BY NAME
        WITH own AS (SELECT * EXCLUDE (held) FROM county_row WHERE NOT held),
        touched AS (SELECT unit, bool_or(held) AS held FROM county_row GROUP BY unit),
        earlier AS (
            SELECT * FROM county_standing
            WHERE month BETWEEN ? AND ? AND row_state = 'accepted'
            QUALIFY row_number() OVER (PARTITION BY unit ORDER BY month DESC) = 1
        )
        SELECT ?::DATE AS month, 'accepted' AS row_state, ?::DATE AS answered_in, FALSE AS carried, own.*
        FROM county JOIN own ON own.unit = county.code
        UNION ALL BY NAME
        SELECT ?::DATE AS month, CASE WHEN touched.held THEN 'held' ELSE 'absent' END AS row_state,
               earlier.month AS answered_in, earlier.month IS NOT NULL AS carried, county.code AS unit,
               earlier.* EXCLUDE (month, row_state, answered_in, carried, unit)
        FROM county LEFT JOIN touched ON touched.unit = county.code LEFT JOIN earlier ON earlier.unit = county.code
        WHERE county.code NOT IN (SELECT unit FROM own)
        """,
        [months.add(month, -CARRY_MONTHS), months.add(month, -1), month, month, month],
    )


def _write_last(warehouse: Warehouse, month: date) -> None:
    """`last_answer` after this month: each unit's accepted answer of the month, else the one before."""
    reference = warehouse.reference
    _write_last_of(warehouse, month, "last_answer", "standing", "uid", previous_fields(reference.rules))
    _write_last_of(
        warehouse, month, "last_county_answer", "county_standing", "unit", previous_fields(reference.county_rules)
    )


def _write_last_of(warehouse: Warehouse, month: date, table: str, standing: str, key: str, fields: list[str]) -> None:
    con = warehouse.con
    con.execute(f"DELETE FROM {table} WHERE month = ?", [month])
    if not fields:
        return
    merged = ", ".join(f'coalesce(now."{f}", before."{f}") AS "{f}"' for f in fields)
    con.execute(
        f"""
        INSERT INTO {table}
        SELECT ?::DATE, coalesce(now.{key}, before.uid), {merged}
        FROM (SELECT * FROM {standing} WHERE month = ? AND row_state = 'accepted') AS now
        FULL JOIN (SELECT * FROM {table} WHERE month = ?) AS before ON before.uid = now.{key}
        """,
        [month, month, months.add(month, -1)],
    )
