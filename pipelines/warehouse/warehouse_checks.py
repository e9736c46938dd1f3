"""Data-quality checks of the warehouse, derived from the declarations; each query returns the violating rows.

| kind | derived from | holds when |
|---|---|---|
| keys | `KEYS`: grain of every table | no key twice, none empty |
| roster | rosters | every unit and county of the roster has one row, and there is no other row |
| reported | rosters and submissions in force | every month has a report; every county has reported every month |
| complete | registers | every indicator has a figure for the city and every county of every month in which it is in force |
| sums | registers | what was counted in towns is what was counted in their county, and counties make the city |
| bounds | registers | lower ≤ value ≤ upper; a share lies between 0 and 1 |
| movement | registers | no figure of a county or the city jumps from one month to the next |

A new table, policy or indicator is checked without a line more here; a table without a key is refused by a test.

Checked are the months that are asked for, and every other one that has been recomputed since it was found right: a month costs the
same however many came before. `shequ run` and Dagster make the same checks, and stop for the same.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from pipelines.errors import Refusal
from pipelines.reference.policy.register import Register
from pipelines.reference.reference_bundle import Reference
from pipelines.warehouse.arrow_rows import load
from pipelines.warehouse.projection import Warehouse

KEYS = {
    "submission": ("seq",),
    "answer": ("seq", "row_no"),
    "answer_raw": ("seq", "row_no"),
    "county_answer": ("seq",),
    "county_raw": ("seq",),
    "source": ("seq", "part", "field"),
    "moved": ("seq", "row_no", "field"),
    "explanation_sent": ("seq", "finding"),
    "finding": ("seq", "phase", "number"),
    "row_count": ("seq",),
    "standing": ("month", "unit"),
    "county_standing": ("month", "unit"),
    "county_source": ("month", "unit", "field"),
    "last_answer": ("month", "uid"),
    "last_county_answer": ("month", "uid"),
    "figure": ("policy", "indicator", "month", "divisions", "level", "unit"),
    "began": ("policy", "divisions", "indicator", "level", "unit", "month"),
    "met": ("policy", "divisions", "indicator", "number", "level", "unit", "month"),
    "fingerprint": ("month", "what"),
    "exported": ("month", "what", "name"),
    "file_content": ("sha256",),
    "period_made": ("mark",),
    "found_right": ("sha256",),
    "meta": ("key",),
}
# state_<n> and county_state_<n>: one pair a policy
STATE_KEY = ("month", "divisions", "unit")
RECEIVED = (
    "submission",
    "answer",
    "answer_raw",
    "county_answer",
    "county_raw",
    "source",
    "moved",
    "explanation_sent",
    "meta",
)

# What is checked together, in the order of the run: after the workbooks are read, after the figures are counted.
STAGES = ("submissions", "figures")
KINDS = {
    "keys": "各表的每一行由其键唯一确定，不重不空",
    "reported": "每个县（市、区）每个月都有有效报表",
    "roster": "每月正好覆盖名册中的每个单位和每个县",
    "complete": "每项指标对全市和每个县每个月都有数字",
    "sums": "各乡镇之和等于县，各县之和等于全市",
    "bounds": "下限 ≤ 数值 ≤ 上限，占比在 0 与 1 之间",
    "movement": "县和全市的数字与上月相比没有突变",
}

# A share that moves by more than this in a month, or a ratio by more than this part of itself, is asked about.
SHARE_JUMP, RATIO_JUMP = 0.3, 0.5
# Violating rows named in a result, and in one sentence; the count is always complete.
SHOWN, SAID = 20, 3


@dataclass(frozen=True)
class Check:
    """One data-quality check. `sql` returns one row per violation, named in its only column.

    In it `looked(month)` and `loaded(seq)` keep the rows of the months checked. `stage` is one of `STAGES`, `kind` one of `KINDS`.
    A violation of a `grave` check is an error, of another a warning; a `blocking` one stops the later operations, so it never asks for
    what only a county can mend. `table`: the table of a check of keys, which holds while the table does not exist.
    """

    name: str
    kind: str
    stage: str
    says: str
    sql: str
    grave: bool = True
    blocking: bool = True
    table: str | None = None


@dataclass(frozen=True)
class Verdict:
    """Number of violations, and the names of the first."""

    check: Check
    count: int
    ids: list[str]

    @property
    def holds(self) -> bool:
        return self.count == 0

    def __str__(self) -> str:
        """In one sentence, without a full stop."""
        if self.holds:
            return self.check.says
        more = "等" if self.count > SAID else ""
        return f"{self.check.says}：有 {self.count} 处不符（{'、'.join(self.ids[:SAID])}{more}）"


# ---- a stage of a run


def examine(warehouse: Warehouse, stage: str, wanted: Iterable[date]) -> list[Verdict]:
    """Results of all checks of a stage over the `wanted` months and those computed since they last passed; passed months are noted."""
    looked = _due(warehouse, stage, set(wanted))
    verdicts = list(judge(warehouse, of_stage(warehouse.reference, stage), looked))
    if not _blocking(verdicts):
        _note(warehouse, stage, looked)
    return verdicts


def require(verdicts: list[Verdict]) -> None:
    """Errors: `Refusal` where a blocking check is violated."""
    if violated := _blocking(verdicts):
        raise Refusal(
            f"检查未通过，未发布：{'；'.join(map(str, violated))}。这是数据库或程序的问题，与报表无关："
            "请运行 shequ rebuild，由档案重做，再运行一次；仍不通过请联系维护人员"
        )


def _blocking(verdicts: list[Verdict]) -> list[Verdict]:
    return [verdict for verdict in verdicts if verdict.check.blocking and not verdict.holds]


def _due(warehouse: Warehouse, stage: str, wanted: set[date]) -> list[date]:
    """Months computed that are wanted or have another fingerprint than the one they were found right with, in order."""
    rows = warehouse.con.execute(
        "SELECT month, known.fingerprint IS NOT DISTINCT FROM made.fingerprint FROM fingerprint AS made "
        "LEFT JOIN (SELECT * FROM fingerprint WHERE what = ?) AS known USING (month) WHERE made.what = ? ORDER BY month",
        [_right(stage), _MADE[stage]],
    ).fetchall()
    return [month for month, known in rows if month in wanted or not known]


def _note(warehouse: Warehouse, stage: str, looked: list[date]) -> None:
    con, kind = warehouse.con, _right(stage)
    with warehouse.transaction():
        con.execute("DELETE FROM fingerprint WHERE what = ? AND list_contains(?, month)", [kind, looked])
        con.execute(
            "INSERT INTO fingerprint SELECT month, ?, fingerprint FROM fingerprint WHERE what = ? AND list_contains(?, month)",
            [kind, _MADE[stage], looked],
        )


# the fingerprint of what a stage looks at: a month's answers, a month's figures
_MADE = {"submissions": "answers", "figures": "then"}


def _right(stage: str) -> str:
    """What of a month the fingerprint is noted for: what a stage has found right."""
    return f"right:{stage}"


# ---- checks


def declared(reference: Reference) -> list[Check]:
    """Every check of this reference data."""
    checks = [*_keys(reference), *_reported(), *_roster()]
    for register in reference.registers:
        checks += _figures(register)
    return checks


def of_stage(reference: Reference, stage: str) -> list[Check]:
    """The checks of a stage."""
    return [check for check in declared(reference) if check.stage == stage]


def judge(warehouse: Warehouse, checks: list[Check], looked: list[date]) -> Iterator[Verdict]:
    """Run checks over months that are computed."""
    _prepare(warehouse, looked)
    there = {row[0] for row in warehouse.con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    for check in checks:
        violations = _violations(warehouse, check) if check.table is None or check.table in there else []
        yield Verdict(check, len(violations), violations[:SHOWN])


def _violations(warehouse: Warehouse, check: Check) -> list[str]:
    rows = warehouse.con.execute(f"SELECT id FROM ({check.sql}) AS violation(id) ORDER BY id").fetchall()
    return [row[0] for row in rows]


def keys(reference: Reference) -> dict[str, tuple[str, ...]]:
    """Table → key, with the tables that each policy brings."""
    keys = dict(KEYS)
    for number in range(len(reference.registers)):
        for prefix in ("", "county_"):
            keys |= {f"{prefix}state_{number}": STATE_KEY}
    return keys


def _keys(reference: Reference) -> Iterator[Check]:
    for table, key in keys(reference).items():
        columns = ", ".join(key)
        empty = " OR ".join(f"{column} IS NULL" for column in key)
        yield Check(
            f"key_{table}",
            "keys",
            "submissions" if table in RECEIVED else "figures",
            f"表 {table} 每行由 {columns} 唯一确定，不重不空",
            f"SELECT concat_ws('/', {columns}) FROM {table} {_of_looked(table, key)} "
            f"GROUP BY {columns} HAVING count(*) > 1 OR {empty}",
            table=table,
        )


def _of_looked(table: str, key: tuple[str, ...]) -> str:
    """The condition that limits a check to the months looked at; a small table is checked whole."""
    if "month" in key:
        return "WHERE looked(month)"
    return "WHERE loaded(seq)" if "seq" in key and table != "submission" else ""


def _reported() -> Iterator[Check]:
    yield Check(
        "reported_months",
        "reported",
        "submissions",
        "首个有报表的月份以来，每个月至少有一个县报了",
        "SELECT strftime(month, '%Y-%m') FROM due_county GROUP BY month "
        "HAVING month NOT IN (SELECT month FROM in_force)",
        blocking=False,
    )
    yield Check(
        "reported_counties",
        "reported",
        "submissions",
        KINDS["reported"],
        "SELECT strftime(month, '%Y-%m ') || county FROM due_county ANTI JOIN in_force USING (month, county)",
        grave=False,
        blocking=False,
    )


def _roster() -> Iterator[Check]:
    for table, due, unit in (("standing", "due_unit", "unit"), ("county_standing", "due_county", "county")):
        have = f"(SELECT month, unit AS {unit} FROM {table} WHERE looked(month))"
        yield Check(
            f"roster_{table}",
            "roster",
            "figures",
            f"表 {table} 每月正好覆盖名册中的每个单位",
            f"SELECT strftime(month, '%Y-%m 缺 ') || {unit} FROM {due} ANTI JOIN {have} USING (month, {unit}) "
            f"UNION ALL SELECT strftime(month, '%Y-%m 多 ') || {unit} FROM {have} ANTI JOIN {due} USING (month, {unit})",
        )


def _figures(register: Register) -> Iterator[Check]:
    queries = {
        "complete": _incomplete(register),
        "sums": _unequal(register.policy.id),
        "bounds": _out_of_bounds(register),
        "movement": _jumps(register),
    }
    for kind, sql in queries.items():
        name, steady = f"{kind}_{register.policy.id.replace('-', '_')}", kind != "movement"
        yield Check(name, kind, "figures", f"{register.policy.id}：{KINDS[kind]}", sql, grave=steady, blocking=steady)


def _indicators(register: Register) -> str:
    rows = ", ".join(
        f"('{i.id}', {str(i.is_share).lower()}, DATE '{i.since or date.min}', DATE '{i.until or date.max}')"
        for i in register
    )
    return f"(VALUES {rows}) AS declared(indicator, is_share, since, until)"


def _incomplete(register: Register) -> str:
    return f"""
        SELECT strftime(month, '%Y-%m ') || indicator || ' ' || unit
        FROM (SELECT month, county AS unit FROM due_county UNION SELECT month, city FROM due_county),
             {_indicators(register)}
        WHERE month >= DATE '{register.since}' AND month BETWEEN since AND until AND (month, indicator, unit) NOT IN (
            SELECT (month, indicator, unit) FROM figure
            WHERE policy = '{register.policy.id}' AND divisions = 'then' AND looked(month))"""


_COUNTED = ("numerator", "denominator", "unknown", "scope_unknown", "carried", "answered")


def _unequal(policy: str) -> str:
    """Figures of the whole whose parts do not add up to them. Towns are added where the county has any."""
    sums = ", ".join(f"sum({name}) AS {name}" for name in _COUNTED)
    differs = " OR ".join(f"part.{name} IS DISTINCT FROM whole.{name}" for name in _COUNTED)
    figure = f"(SELECT * FROM figure WHERE policy = '{policy}' AND divisions = 'then' AND looked(month))"
    return f"""
        WITH town AS (SELECT DISTINCT month, town AS unit, county FROM due_unit),
        part AS (
            SELECT month, indicator, town.county AS unit, {sums} FROM {figure} AS t JOIN town USING (month, unit)
            WHERE level = 'town' GROUP BY ALL
            UNION ALL
            SELECT month, indicator, (SELECT any_value(city) FROM due_county) AS unit, {sums} FROM {figure} AS t
            WHERE level = 'county' GROUP BY ALL)
        SELECT strftime(month, '%Y-%m ') || indicator || ' ' || unit
        FROM part JOIN {figure} AS whole USING (month, indicator, unit) WHERE whole.level <> 'town' AND ({differs})"""


def _out_of_bounds(register: Register) -> str:
    return f"""
        SELECT strftime(month, '%Y-%m ') || indicator || ' ' || unit
        FROM figure JOIN {_indicators(register)} USING (indicator)
        WHERE policy = '{register.policy.id}' AND looked(month) AND (
            lower > value OR value > upper OR NOT isfinite(coalesce(value, 0))
            OR numerator < 0 OR denominator < 0 OR is_share AND numerator > denominator)"""


def _jumps(register: Register) -> str:
    return f"""
        WITH rate AS (
            SELECT month, indicator, unit, is_share, (numerator / nullif(denominator, 0))::DOUBLE AS rate
            FROM figure JOIN {_indicators(register)} USING (indicator)
            WHERE policy = '{register.policy.id}' AND divisions = 'then' AND level <> 'town'
              AND (looked(month) OR looked((month + INTERVAL 1 MONTH)::DATE))),
        moved AS (
            SELECT *, lag(rate) OVER (PARTITION BY indicator, unit ORDER BY month) AS before,
                   lag(month) OVER (PARTITION BY indicator, unit ORDER BY month) AS last FROM rate)
        SELECT strftime(month, '%Y-%m ') || indicator || ' ' || unit FROM moved
        WHERE looked(month) AND last = month - INTERVAL 1 MONTH AND before > 0
          AND abs(rate - before) > CASE WHEN is_share THEN {SHARE_JUMP} ELSE {RATIO_JUMP} * before END"""


# ---- what should be there: rosters of the months checked, and what is in force


def _prepare(warehouse: Warehouse, looked: list[date]) -> None:
    """What checks compare with: `due_unit`, `due_county`, `in_force`, and which rows are of the months checked."""
    con, rosters, life = warehouse.con, warehouse.reference.rosters, warehouse.life()
    listed = ", ".join(f"DATE '{month}'" for month in looked) or "NULL"
    con.execute(f"CREATE OR REPLACE TEMP MACRO looked(month) AS month IN ({listed}) OR month IS NULL")
    received = "SELECT submission.seq FROM submission WHERE looked(submission.month)"
    con.execute(f"CREATE OR REPLACE TEMP MACRO loaded(seq) AS seq IN ({received}) OR seq IS NULL")
    _create(warehouse, "due_unit", "unit", "town", "county")
    _create(warehouse, "due_county", "county", "city")
    _create(warehouse, "in_force", "county")
    for month in looked:
        _insert(warehouse, "due_unit", month, rosters.table(month), "code, town_code, county_code")
        _insert(warehouse, "due_county", month, rosters.county_table(month), "code, city_code")
        con.execute("INSERT INTO in_force SELECT ?, unnest(?::VARCHAR[])", [month, list(life.effective(month))])


def _create(warehouse: Warehouse, name: str, *columns: str) -> None:
    listed = ", ".join(f"{column} VARCHAR" for column in columns)
    warehouse.con.execute(f"CREATE OR REPLACE TEMP TABLE {name} (month DATE, {listed})")


def _insert(warehouse: Warehouse, name: str, month: date, rows: pa.Table, columns: str) -> None:
    load(warehouse.con, rows, f"INSERT INTO {name} SELECT DATE '{month}', {columns} FROM incoming")
