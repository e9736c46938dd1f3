"""What must hold of the warehouse, derived from what is declared: each check is a query whose rows are the offenders.

| kind | derived from | holds when |
|---|---|---|
| key | `KEYS`: grain of every table | no key twice, none empty |
| roster | rosters of all months computed | every unit and county of the roster has one row, and nobody else has |
| reported | rosters and submissions in force | every month has a report; every county has reported every month |
| complete | registers | every indicator has a figure for the city and every county of every month |
| sums | registers | what was counted in towns is what was counted in their county, and counties make the city |
| bounds | registers | lower ≤ value ≤ upper; a share lies between 0 and 1 |
| movement | registers | no figure of a county or the city jumps from one month to the next |

A new table, policy or indicator is checked without a line more here; a table without a key is refused by a test.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from pipelines.policy.register import Register
from pipelines.reference_set import Reference
from pipelines.warehouse import Warehouse

KEYS = {
    "submission": ("seq",),
    "answer": ("seq", "row_no"),
    "answer_raw": ("seq", "row_no"),
    "county_answer": ("seq",),
    "county_raw": ("seq",),
    "source": ("seq", "part", "field"),
    "finding": ("seq", "phase", "number"),
    "standing": ("month", "unit"),
    "county_standing": ("month", "unit"),
    "last_answer": ("month", "uid"),
    "last_county_answer": ("month", "uid"),
    "figure": ("policy", "indicator", "month", "divisions", "level", "unit"),
    "began": ("policy", "divisions", "indicator", "level", "unit"),
    "first_met": ("policy", "divisions", "indicator", "level", "unit"),
    "fingerprint": ("month", "what"),
    "exported": ("month", "what", "name"),
    "file_content": ("sha256",),
    "period_made": ("mark",),
    "found_right": ("sha256",),
    "meta": ("key",),
}
# state_<n> and county_state_<n>: one pair a policy
STATE_KEY = ("month", "unit")
RECEIVED = ("submission", "answer", "answer_raw", "county_answer", "county_raw", "source", "meta")

# A share that moves by more than this in a month, or a ratio by more than this part of itself, is asked about.
SHARE_JUMP, RATIO_JUMP = 0.3, 0.5
# Names shown of those who offend; the count is always whole.
SHOWN = 20


@dataclass(frozen=True)
class Check:
    """One thing that must hold. `sql` gives one row per offender, named in its only column.

    `stage` is submissions or figures. A `grave` offence is an error, another a warning;
    a `blocking` one stops what comes after: nothing that only a county can mend, or one silent month would stop all.
    `table` is what a check of keys looks at; while it is not there, nobody offends.
    """

    name: str
    stage: str
    says: str
    sql: str
    grave: bool = True
    blocking: bool = True
    table: str | None = None


@dataclass(frozen=True)
class Verdict:
    """How many offend, and who the first of them are."""

    check: Check
    count: int
    ids: list[str]

    @property
    def holds(self) -> bool:
        return self.count == 0


def declared(reference: Reference) -> list[Check]:
    """Every check of this reference data."""
    found = [*_keys(reference), *_reported(), *_roster()]
    for number, register in enumerate(reference.registers):
        found += _figures(number, register)
    return found


def judge(warehouse: Warehouse, checks: list[Check]) -> Iterator[Verdict]:
    """Run checks over all months computed."""
    _prepare(warehouse)
    there = {row[0] for row in warehouse.con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    for check in checks:
        offenders = _offenders(warehouse, check) if check.table is None or check.table in there else []
        yield Verdict(check, len(offenders), offenders[:SHOWN])


def _offenders(warehouse: Warehouse, check: Check) -> list[str]:
    rows = warehouse.con.execute(f"SELECT id FROM ({check.sql}) AS offender(id) ORDER BY id").fetchall()
    return [row[0] for row in rows]


def keys(reference: Reference) -> dict[str, tuple[str, ...]]:
    """Table → key, with the tables that each policy brings."""
    found = dict(KEYS)
    for number in range(len(reference.registers)):
        for prefix in ("", "county_"):
            found |= {f"{prefix}state_{number}": STATE_KEY}
    return found


def _keys(reference: Reference) -> Iterator[Check]:
    for table, key in keys(reference).items():
        columns = ", ".join(key)
        empty = " OR ".join(f"{column} IS NULL" for column in key)
        yield Check(
            f"key_{table}",
            "submissions" if table in RECEIVED else "figures",
            f"表 {table} 每行由 {columns} 唯一确定,不重不空",
            f"SELECT concat_ws('/', {columns}) FROM {table} GROUP BY {columns} HAVING count(*) > 1 OR {empty}",
            table=table,
        )


def _reported() -> Iterator[Check]:
    yield Check(
        "reported_months",
        "submissions",
        "首个有报表的月份以来,每个月至少有一个县报了",
        "SELECT strftime(month, '%Y-%m') FROM due_county GROUP BY month "
        "HAVING month NOT IN (SELECT month FROM in_force)",
        blocking=False,
    )
    yield Check(
        "reported_counties",
        "submissions",
        "每个县(市、区)每个月都有有效报表",
        "SELECT strftime(month, '%Y-%m ') || county FROM due_county ANTI JOIN in_force USING (month, county)",
        grave=False,
        blocking=False,
    )


def _roster() -> Iterator[Check]:
    for table, due, unit in (("standing", "due_unit", "unit"), ("county_standing", "due_county", "county")):
        have = f"(SELECT month, unit AS {unit} FROM {table})"
        yield Check(
            f"roster_{table}",
            "figures",
            f"表 {table} 每月正好覆盖名册中的每个单位",
            f"SELECT strftime(month, '%Y-%m 缺 ') || {unit} FROM {due} ANTI JOIN {have} USING (month, {unit}) "
            f"UNION ALL SELECT strftime(month, '%Y-%m 多 ') || {unit} "
            f"FROM {have} ANTI JOIN {due} USING (month, {unit}) WHERE month IN (SELECT month FROM {due})",
        )


def _figures(number: int, register: Register) -> Iterator[Check]:
    policy = register.policy.id
    short = policy.replace("-", "_")
    yield Check(f"complete_{short}", "figures", "每项指标对全市和每个县每个月都有数字", _incomplete(register))
    yield Check(f"sums_{short}", "figures", "各乡镇之和等于县,各县之和等于全市", _unequal(policy))
    yield Check(f"bounds_{short}", "figures", "下限 ≤ 数值 ≤ 上限,占比在 0 与 1 之间", _out_of_bounds(register))
    steady = "县和全市的数字与上月相比没有突变"
    yield Check(f"movement_{short}", "figures", steady, _jumps(register), grave=False, blocking=False)


def _indicators(register: Register) -> str:
    rows = ", ".join(f"('{i.id}', {str(i.is_share).lower()})" for i in register)
    return f"(VALUES {rows}) AS declared(indicator, is_share)"


def _incomplete(register: Register) -> str:
    return f"""
        SELECT strftime(month, '%Y-%m ') || indicator || ' ' || unit
        FROM (SELECT month, county AS unit FROM due_county UNION SELECT month, city FROM due_county),
             {_indicators(register)}
        WHERE month >= DATE '{register.since}' AND (month, indicator, unit) NOT IN (
            SELECT (month, indicator, unit) FROM figure WHERE policy = '{register.policy.id}' AND divisions = 'then')"""


_COUNTED = ("numerator", "denominator", "unknown", "scope_unknown", "carried", "answered")


def _unequal(policy: str) -> str:
    """Figures of the whole whose parts do not add up to them. Towns are added where the county has any."""
    sums = ", ".join(f"sum({name}) AS {name}" for name in _COUNTED)
    differs = " OR ".join(f"part.{name} IS DISTINCT FROM whole.{name}" for name in _COUNTED)
    figure = f"(SELECT * FROM figure WHERE policy = '{policy}' AND divisions = 'then')"
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
        WHERE policy = '{register.policy.id}' AND (
            lower > value OR value > upper OR NOT isfinite(coalesce(value, 0))
            OR numerator < 0 OR denominator < 0 OR is_share AND numerator > denominator)"""


def _jumps(register: Register) -> str:
    return f"""
        WITH rate AS (
            SELECT month, indicator, unit, is_share, (numerator / nullif(denominator, 0))::DOUBLE AS rate
            FROM figure JOIN {_indicators(register)} USING (indicator)
            WHERE policy = '{register.policy.id}' AND divisions = 'then' AND level <> 'town'),
        moved AS (
            SELECT *, lag(rate) OVER (PARTITION BY indicator, unit ORDER BY month) AS before,
                   lag(month) OVER (PARTITION BY indicator, unit ORDER BY month) AS last FROM rate)
        SELECT strftime(month, '%Y-%m ') || indicator || ' ' || unit FROM moved
        WHERE last = month - INTERVAL 1 MONTH AND before > 0
          AND abs(rate - before) > CASE WHEN is_share THEN {SHARE_JUMP} ELSE {RATIO_JUMP} * before END"""


# ---- what should be there: rosters of the months computed, and what is in force


def _prepare(warehouse: Warehouse) -> None:
    rosters, life = warehouse.reference.rosters, warehouse.life()
    computed = warehouse.con.execute("SELECT month FROM fingerprint WHERE what = 'then' ORDER BY month").fetchall()
    span = [row[0] for row in computed]
    units = [(m, u.code, u.town_code, u.county_code) for m in span for u in rosters.units(m)]
    counties = [(m, c.code, rosters.city.code) for m in span for c in rosters.counties(m)]
    force = [(m, county) for m, state in life.months.items() for county in state.effective]
    _table(warehouse, "due_unit", ("month", "unit", "town", "county"), units)
    _table(warehouse, "due_county", ("month", "county", "city"), counties)
    _table(warehouse, "in_force", ("month", "county"), force)


def _table(warehouse: Warehouse, name: str, columns: tuple[str, ...], rows: list[tuple]) -> None:
    types = (pa.date32(), *(pa.string() for _ in columns[1:]))
    given = zip(*rows, strict=True) if rows else ((),) * len(columns)
    table = pa.table({c: pa.array(v, t) for c, t, v in zip(columns, types, given, strict=True)})
    warehouse.con.register("incoming", table)
    warehouse.con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM incoming")
    warehouse.con.unregister("incoming")
