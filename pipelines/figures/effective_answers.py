"""For every unit of a month: its roster entry and the answers that count for it (semantics §4). Units are followed by `uid`."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import pyarrow as pa

from pipelines import months
from pipelines.archive.finding_state import Waiver
from pipelines.archive.month_state import Life, MonthState, Received
from pipelines.figures import comparisons, county_origins, rule_findings, standing_answers
from pipelines.figures.rule_findings import Findings
from pipelines.figures.standing_answers import ACCEPTED, CARRY_MONTHS
from pipelines.reference.form import Part
from pipelines.reference.roster import Rosters
from pipelines.reference.rules import previous_fields
from pipelines.system import program_version
from pipelines.warehouse.arrow_rows import load
from pipelines.warehouse.projection import Warehouse

# columns that say which unit a row is about, and not what it answers
IDENTITY = ("code", "name", "town")
# a month's findings look back so far (`pipelines.answers.reporting_anomalies`)
HISTORY_MONTHS = 6


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
        # of a record joined from several: the answers that came in another submission than its latest
        "CREATE TABLE IF NOT EXISTS county_source (month DATE, unit VARCHAR, field VARCHAR, seq BIGINT)",
        # the last accepted answers that rules ask for, per unit, as they were after each month
        f"CREATE TABLE IF NOT EXISTS last_answer (month DATE, uid VARCHAR{last})",
        f"CREATE TABLE IF NOT EXISTS last_county_answer (month DATE, uid VARCHAR{county_last})",
    ):
        warehouse.con.execute(statement)


def load_rosters(warehouse: Warehouse, month: date, uids: Mapping[str, str] | None = None) -> None:
    """Temporary `unit` and `county` of the month's roster, and `origin`: codes of counties in the months before."""
    rosters, day = warehouse.reference.rosters, f"DATE '{month}' AS month"
    unit = f"{day}, code AS answered_as, county_code AS county_answered_as"
    replace_table(warehouse, "unit", rosters.table(month, uids), unit)
    replace_table(warehouse, "county", rosters.county_table(month), f"{day}, code AS answered_as")
    before = warehouse.con.execute("SELECT DISTINCT month FROM county_standing WHERE month < ? ORDER BY 1", [month])
    county_origins.load(warehouse, [earlier for (earlier,) in before.fetchall()], month)


def replace_table(warehouse: Warehouse, name: str, table: pa.Table, more: str) -> None:
    """A temporary table from Arrow, with further columns. `answered_as` is the code under which the answers of `month` are stored."""
    load(warehouse.con, table, f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT *, {more} FROM incoming")


# ---- months brought up to date


def bring_up_to_date(warehouse: Warehouse) -> list[date]:
    """Judge every month whose submissions, decisions or past have changed. No figure is computed. Returns the months judged, in order."""
    create(warehouse)
    life = warehouse.life()
    answered = answered_months(life)
    wanted = {*answered, *(month for month, state in life.months.items() if state.pending)}
    known = _marks(warehouse, "answers")
    _forget(warehouse, [month for month in known if month not in wanted])
    contents, judged, rosters = _marks(warehouse, "content"), [], warehouse.reference.rosters
    fixed = [
        warehouse.reference.digests["form"],
        rosters.files_digest(),
        program_version.digest(__name__),
    ]
    read_by = decisions_by_code(life, rosters)
    for month in sorted(wanted):
        before = [[months.key(m), contents[m]] for m in answered if m < month]
        mark = _digest([fixed, rosters.admitted_codes(month), inputs(life, month, read_by), before[-HISTORY_MONTHS:]])
        if known.get(month) != mark:
            with warehouse.transaction():
                evaluate(warehouse, month, life)
                warehouse.continue_decisions(life)
                contents[month] = _content(warehouse, month)
                _note(warehouse, month, "answers", mark)
                _note(warehouse, month, "content", contents[month])
            judged.append(month)
    if judged:
        warehouse.forget_life()
    return judged


def answered_months(life: Life, until: date | None = None) -> list[date]:
    """Months with an answer in force, own or lent, up to the last one with a report of its own, in order."""
    reported = [month for month in life.reported if until is None or month <= until]
    if not reported:
        return []
    lent = {months.add(month, more) for month in reported for more in range(CARRY_MONTHS + 1)}
    return sorted(month for month in lent if month <= reported[-1])


ReadBy = dict[str, dict[str, dict[str, str]]]


def decisions_by_code(life: Life, rosters: Rosters) -> ReadBy:
    """County code → what its files are read by: the decisions under each of the codes that the county has had."""
    read_by: ReadBy = {}
    for county, decided in life.reading_decisions.items():
        for code in rosters.county_codes(county):
            read_by.setdefault(code, {})[county] = decided
    return read_by


def inputs(life: Life, month: date, read_by: ReadBy) -> list[object]:
    """Inputs of a month's standing answers besides reference data and the months before, for its fingerprint."""
    state = life.months.get(month) or MonthState(month)
    pending = [reading.seq for reading in state.pending]
    return [
        months.key(month),
        [
            [
                county,
                [[seq, life.digests[seq]] for seq in seqs],
                read_by.get(county, {}),
            ]
            for county, seqs in sorted(state.effective.items())
        ],
        [[seq, life.digests[seq]] for seq in pending],
        sorted(life.waived(month)),
    ]


_OF_A_MONTH = ("standing", "county_standing", "county_source", "last_answer", "last_county_answer", "row_count")


def _forget(warehouse: Warehouse, gone: list[date]) -> None:
    if gone:
        with warehouse.transaction():
            for table in _OF_A_MONTH:
                warehouse.con.execute(f"DELETE FROM {table} WHERE list_contains(?, month)", [gone])
            warehouse.con.execute(
                "DELETE FROM fingerprint WHERE what IN ('answers', 'content') AND list_contains(?, month)", [gone]
            )
            for month in gone:
                _store(warehouse, month, [])
        warehouse.forget_life()


def _content(warehouse: Warehouse, month: date) -> str:
    """The hash of what later months can see of a month: accepted answers, and the last ones that rules ask for."""
    shown = [
        f"SELECT bit_xor(hash(t)), count(*) FROM {table} AS t WHERE month = DATE '{month}' {accepted}"
        for table, accepted in (
            ("standing", "AND row_state = 'accepted'"),
            ("county_standing", "AND row_state = 'accepted'"),
            ("county_source", ""),
            ("last_answer", ""),
            ("last_county_answer", ""),
        )
    ]
    return _digest(warehouse.con.execute(" UNION ALL ".join(shown)).fetchall())


def _marks(warehouse: Warehouse, kind: str) -> dict[date, str]:
    return dict(warehouse.con.execute("SELECT month, fingerprint FROM fingerprint WHERE what = ?", [kind]).fetchall())


def _note(warehouse: Warehouse, month: date, kind: str, mark: str) -> None:
    warehouse.con.execute("DELETE FROM fingerprint WHERE month = ? AND what = ?", [month, kind])
    warehouse.con.execute("INSERT INTO fingerprint VALUES (?, ?, ?)", [month, kind, mark])


def _digest(parts: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


# ---- a month


def evaluate(warehouse: Warehouse, month: date, life: Life) -> None:
    """Judge the month's rows; write `standing`, `county_standing`, `row_count`, rule findings. Months in order."""
    state = life.months.get(month) or MonthState(month)
    pending = [reading.seq for reading in state.pending]
    load_rosters(warehouse, month)
    select_rows(warehouse, [*state.sequence, *pending])
    broken = rule_findings.broken(warehouse, month)
    mark_held(warehouse, broken, life.waived(month))
    _drop_superseded(warehouse, pending)
    _count_rows(warehouse, month, state)
    left = _of_rows_left(warehouse, broken)
    _store(warehouse, month, [*left, *_compare(warehouse, month, state, life.effective(months.add(month, -1)))])
    standing_answers.write(warehouse, month, month in answered_months(life))


def _compare(warehouse: Warehouse, month: date, state: MonthState, before: dict[str, list[int]]) -> Findings:
    """Findings from comparing the submissions that count, and those that wait; `row` is left with what counts."""
    pending = [reading.seq for reading in state.pending]
    con = warehouse.con
    findings: Findings = []
    if pending:
        con.execute("CREATE OR REPLACE TEMP TABLE judged_row AS FROM row")
        con.execute("DELETE FROM row WHERE NOT list_contains(?::BIGINT[], seq)", [pending])
        findings = comparisons.compare(warehouse, month, _by_county(state.pending), before)
        con.execute(
            "CREATE OR REPLACE TEMP TABLE row AS SELECT * FROM judged_row WHERE NOT list_contains(?::BIGINT[], seq)",
            [pending],
        )
        con.execute("DELETE FROM county_row WHERE list_contains(?::BIGINT[], seq)", [pending])
    replaced = {seq for (seq,) in con.execute("SELECT seq FROM row_count WHERE superseded").fetchall()}
    counted = {
        county: left for county, seqs in state.effective.items() if (left := [s for s in seqs if s not in replaced])
    }
    return [*comparisons.compare(warehouse, month, counted, before), *findings]


def _by_county(readings: Iterable[Received]) -> dict[str, list[int]]:
    lists: dict[str, list[int]] = {}
    for reading in readings:
        lists.setdefault(reading.county or "", []).append(reading.seq)
    return lists


# ---- which rows


def select_rows(warehouse: Warehouse, seqs: Iterable[int]) -> None:
    """Temporary `row` and `county_row`: the rows of submissions, with their unit's roster attributes; `broken` by no rule as yet."""
    con = warehouse.con
    con.execute("CREATE OR REPLACE TEMP TABLE chosen AS SELECT unnest(?::BIGINT[]) AS seq", [list(seqs)])
    con.execute(
        "CREATE OR REPLACE TEMP TABLE row AS SELECT answer.*, unit.uid, FALSE AS broken FROM answer JOIN chosen USING (seq) "
        "LEFT JOIN unit ON unit.code = answer.unit"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE county_row AS SELECT county_answer.*, submission.county AS unit, FALSE AS broken "
        "FROM county_answer JOIN chosen USING (seq) JOIN submission USING (seq)"
    )


def mark_held(warehouse: Warehouse, broken: Findings, waived: dict[str, Waiver]) -> None:
    """Hold rows that an error rule breaks; temporary `accepted`: unit's accepted row, hash of its answers, `change`."""
    rule_findings.hold(warehouse, broken, waived)
    warehouse.con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE accepted AS
        SELECT seq, unit, answers, name,
               CASE WHEN before IS NULL THEN 'new' WHEN before = answers THEN 'unchanged' ELSE 'changed' END AS change
        FROM (SELECT *, lag(answers) OVER (PARTITION BY unit ORDER BY seq) AS before FROM (
            SELECT seq, unit, min_by(name, row_no) AS name, min_by({answers_hash(warehouse.reference.form.community)}, row_no) AS answers
            FROM row WHERE {ACCEPTED} GROUP BY seq, unit))
        """
    )


def answers_hash(part: Part) -> str:
    """SQL: the hash of a row's answers, without what names its unit."""
    return "hash(" + ", ".join(f'"{field.id}"' for field in part if field.id not in IDENTITY) + ")"


def _drop_superseded(warehouse: Warehouse, pending: list[int]) -> None:
    """Of each unit's rows in force, those before its latest accepted one, and held ones before a later held one, are gone."""
    con = warehouse.con
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE top AS
        WITH mine AS (SELECT seq, unit FROM row WHERE unit IS NOT NULL AND NOT list_contains($pending::BIGINT[], seq)),
        good AS (SELECT unit, max(seq) AS seq FROM accepted WHERE NOT list_contains($pending::BIGINT[], seq) GROUP BY unit)
        SELECT unit, max(mine.seq) AS last, any_value(good.seq) AS good FROM mine LEFT JOIN good USING (unit)
        GROUP BY unit HAVING count(DISTINCT mine.seq) > 1
        """,
        {"pending": pending},
    )
    con.execute(
        "DELETE FROM row USING top WHERE row.unit = top.unit AND row.seq NOT IN (top.last, coalesce(top.good, top.last)) "
        "AND NOT list_contains(?::BIGINT[], row.seq)",
        [pending],
    )
    counting = ", ".join(
        f'max(seq) FILTER ("{field.id}" IS NOT NULL AND NOT held AND NOT broken)'
        for field in warehouse.reference.form.county
    )
    # records of which an answer counts, the last of each county, and those that wait
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE standing_record AS
        SELECT DISTINCT unnest([max(seq), {counting}]) AS seq FROM county_row
        WHERE NOT list_contains($pending::BIGINT[], seq) GROUP BY unit
        UNION SELECT seq FROM county_row WHERE list_contains($pending::BIGINT[], seq)
        """,
        {"pending": pending},
    )


def _count_rows(warehouse: Warehouse, month: date, state: MonthState) -> None:
    """`row_count` of every submission judged. `kept`: units in force before it that it does not replace."""
    last = [seqs[-1] for seqs in state.effective.values()]
    con = warehouse.con
    con.execute("DELETE FROM row_count WHERE month = ? OR seq IN (SELECT seq FROM chosen)", [month])
    con.execute(
        """
        INSERT INTO row_count BY NAME
        WITH sent AS (SELECT chosen.seq, county FROM chosen JOIN submission USING (seq)),
        answers AS (SELECT seq, count(*) AS read FROM answer SEMI JOIN chosen USING (seq) GROUP BY seq),
        counted AS (
            SELECT seq, count(*) AS accepted, count(*) FILTER (change = 'new') AS new,
                   count(*) FILTER (change = 'changed') AS changed, count(*) FILTER (change = 'unchanged') AS unchanged
            FROM accepted GROUP BY seq),
        fresh AS (SELECT county, seq, new FROM counted JOIN sent USING (seq)),
        before AS (
            SELECT sent.seq, sum(fresh.new)::BIGINT AS units
            FROM sent JOIN fresh ON fresh.county = sent.county AND fresh.seq < sent.seq GROUP BY sent.seq),
        standing_rows AS (SELECT seq, count(*) AS rows FROM row WHERE unit IS NOT NULL GROUP BY seq),
        known AS (SELECT DISTINCT seq FROM answer SEMI JOIN chosen USING (seq) WHERE unit IS NOT NULL),
        record AS (SELECT DISTINCT seq FROM county_row SEMI JOIN standing_record USING (seq))
        SELECT sent.seq, ?::DATE AS month, coalesce(read, 0) AS read, coalesce(accepted, 0) AS accepted,
               coalesce(read, 0) - coalesce(accepted, 0) AS held, coalesce(counted.new, 0) AS new, coalesce(changed, 0) AS changed,
               coalesce(unchanged, 0) AS unchanged,
               greatest(coalesce(units, 0) - coalesce(changed, 0) - coalesce(unchanged, 0), 0) AS kept,
               list_contains(?::BIGINT[], sent.seq) AND standing_rows.rows IS NULL AND record.seq IS NULL
                   AND known.seq IS NOT NULL AS superseded
        FROM sent LEFT JOIN answers USING (seq) LEFT JOIN counted USING (seq) LEFT JOIN before USING (seq)
        LEFT JOIN standing_rows USING (seq) LEFT JOIN record USING (seq) LEFT JOIN known USING (seq)
        """,
        [month, [seq for seq in state.sequence if seq not in last]],
    )


def _of_rows_left(warehouse: Warehouse, broken: Findings) -> Findings:
    """Findings of rows in force or waiting, and of records of which an answer counts or that are their county's last."""
    con = warehouse.con
    rows = set(con.execute("SELECT seq, row_no FROM row").fetchall())
    records = {seq for (seq,) in con.execute("SELECT seq FROM standing_record").fetchall()}
    return [
        (seq, county, finding)
        for seq, county, finding in broken
        if ((seq, finding.row) in rows if finding.row is not None else seq in records)
    ]


# ---- findings


def judge(warehouse: Warehouse, month: date, life: Life, more: Findings | None = None) -> Findings:
    """Findings by the form's rules on `row` and `county_row`, stored with `more`; rows that an error rule breaks are held."""
    broken = rule_findings.broken(warehouse, month)
    mark_held(warehouse, broken, life.waived(month))
    findings = [*broken, *(more or [])]
    _store(warehouse, month, findings)
    return findings


def _store(warehouse: Warehouse, month: date, findings: Findings) -> None:
    warehouse.con.execute(
        "DELETE FROM finding WHERE phase = 'rule' AND seq IN (SELECT seq FROM submission WHERE month = ?)", [month]
    )
    warehouse.add_findings("rule", findings)
