"""Why a figure moved between two months: five parts that add up to the change exactly (semantics §7).

Each step applies just one change and counts again:

| part | from → to |
|---|---|
| register | the earlier month as published → under the present definition |
| correction | → with what has been corrected in the earlier month since |
| boundary | → by the later month's roster, every unit with its answers of the earlier month |
| answers | → units known in both months answer as in the later one |
| reporting | → the later month: reports that arrived or went missing |

A figure that goes from 无数据 to a value, or back, because a report of the earlier month came late or was taken back is attributed to reporting.

It reads month tables as editions hold them (`pipelines.edition.month_tables`), and only those, so that a published edition can be
compared as well as one that is being made.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa

from pipelines.figures import figure_counts, measure
from pipelines.reference.form import Form, Part
from pipelines.reference.policy.register import Indicator, Register

PARTS = ("register", "correction", "boundary", "answers", "reporting")
STEPS = ("published", "redefined", "corrected", "shifted", "answered", "now")
# steps that are skipped where a late report makes the difference between 无数据 and a value
LATE = ("corrected", "shifted", "answered")
MOVEMENT = pa.schema(
    [(name, pa.string()) for name in ("policy", "indicator", "level", "unit", "part")]
    + [(name, pa.float64()) for name in ("before", "after", "change")]
    # whole units; of a ratio both sums in millionths; null where the place is not there
    + [(name, pa.decimal128(38, 0)) for name in ("yes_before", "yes_after", "scope_before", "scope_after")]
)


@dataclass(frozen=True)
class MonthTables:
    """SQL of one month's tables of an edition: answers with roster attributes, and the states of units and counties by one register."""

    standing: str
    county_standing: str
    state: str
    county_state: str


@dataclass(frozen=True)
class Compared:
    """Two months under one register: the earlier as published and as it is now, the later. `redefined`: the register has changed."""

    register: Register
    form: Form
    city: str
    earlier: date
    published: MonthTables
    before: MonthTables
    after: MonthTables
    redefined: bool


def create_empty(con: duckdb.DuckDBPyConnection) -> None:
    """Temporary `movement` and `movement_unit` without rows: all that can be said when nothing is published of the month before."""
    con.register("empty", pa.Table.from_pylist([], schema=MOVEMENT))
    con.execute("CREATE OR REPLACE TEMP TABLE movement AS SELECT * FROM empty")
    con.unregister("empty")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE movement_unit "
        '(policy VARCHAR, indicator VARCHAR, unit VARCHAR, county VARCHAR, part VARCHAR, "before" TINYINT, "after" TINYINT)'
    )


def add(con: duckdb.DuckDBPyConnection, compared: Compared) -> None:
    """Add the parts of one register's figures (city and counties) to `movement`, and the units behind them to `movement_unit`."""
    list_units = _Units(con, compared.register)
    _count_steps(con, compared, list_units)
    con.execute(f"INSERT INTO movement BY NAME {_parts_sql()}", {"policy": compared.register.policy.id})


def steps(con: duckdb.DuckDBPyConnection, compared: Compared) -> dict[tuple[str, str, str], dict[str, "Counted"]]:
    """By (indicator, level, unit) of city and counties, what was counted at each step; a step without the place is left out."""
    create_empty(con)
    _count_steps(con, compared, _Units(con, compared.register))
    counts: dict[tuple[str, str, str], dict[str, Counted]] = {}
    for step in STEPS:
        for indicator, level, unit, *counted in con.execute(f"SELECT {_COLUMNS} FROM step_{step}").fetchall():
            counts.setdefault((indicator, level, unit), {})[step] = Counted(*counted)
    return counts


@dataclass(frozen=True)
class Counted:
    """A figure as counted: value = factor · yes / scope; `has_value`: anything is known of it; `is_silent`: nothing, but something is asked."""

    factor: int
    yes: int
    scope: int
    has_value: bool
    is_silent: bool = False


_COLUMNS = "indicator, level, unit, factor, yes, scope, has_value, is_silent"


def _count_steps(con: duckdb.DuckDBPyConnection, compared: Compared, units: "_Units") -> None:
    """Temporary `step_<name>` for every step: one row per indicator, level (city, county) and unit."""
    con.execute(_ORIGINS.format(**vars(compared)))
    _take(con, compared, compared.published)
    _count(con, compared, "published", True)
    units.keep("published")
    if compared.redefined:
        _judge(con, compared, compared.published, _own_roster(compared.published), _own_counties(compared.published))
        _count(con, compared, "redefined", True)
        units.list_changed("published", "register")
        units.keep("published")
    else:
        con.execute("CREATE OR REPLACE TEMP TABLE step_redefined AS SELECT * FROM step_published")
    _take(con, compared, compared.before)
    _count(con, compared, "corrected", True)
    units.list_changed("published", "correction")
    if _same_roster(con, compared):
        con.execute("CREATE OR REPLACE TEMP TABLE step_shifted AS SELECT * FROM step_corrected")
    else:
        _judge(
            con,
            compared,
            compared.before,
            _SHIFTED.format(**vars(compared)),
            _SHIFTED_COUNTIES.format(**vars(compared)),
        )
        _count(con, compared, "shifted", False)
    _merge(con, compared, units)
    _count(con, compared, "answered", False)
    _take(con, compared, compared.after)
    _count(con, compared, "now", False)


# ---- states of a step, in the temporary tables `state` and `county_state`


def _take(con: duckdb.DuckDBPyConnection, compared: Compared, month: MonthTables) -> None:
    con.execute(f"CREATE OR REPLACE TEMP TABLE state AS SELECT * FROM {month.state}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE county_state AS SELECT * FROM {month.county_state}")
    for table, counted in _TABLES:
        known = _columns(con, table)
        for i in figure_counts.of(compared.register, counted):
            # an indicator that the edition did not have was not known of anybody
            if i.id not in known:
                con.execute(f'ALTER TABLE {table} ADD COLUMN "{i.id}" TINYINT DEFAULT 4')
            for part in () if i.is_share else (f"n:{i.id}", f"d:{i.id}"):
                if part not in known:
                    con.execute(f'ALTER TABLE {table} ADD COLUMN "{part}" {figure_counts.PART}')


_TABLES = (("state", "community"), ("county_state", "county"))


def _columns(con: duckdb.DuckDBPyConnection, source: str) -> set[str]:
    return {column[0] for column in con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}


def _judge(
    con: duckdb.DuckDBPyConnection, compared: Compared, answers: MonthTables, roster: str, counties: str
) -> None:
    """Judge the answers of the earlier month by a roster. The tables that this needs hide others of their names only here."""
    month = f"DATE '{compared.earlier}' AS month"
    parts = (
        (answers.standing, "standing", compared.form.community),
        (answers.county_standing, "county_standing", compared.form.county),
    )
    for source, table, part in parts:
        fields = _published_fields(con, source, part)
        con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {month}, unit, carried{fields} FROM {source}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE unit AS SELECT {month}, * FROM ({roster})")
    con.execute(f"CREATE OR REPLACE TEMP TABLE county AS SELECT {month}, * FROM ({counties})")
    try:
        figure_counts.judge_units(con, compared.form, [compared.earlier], compared.register)
    finally:
        for table in ("standing", "county_standing", "unit", "county"):
            con.execute(f"DROP TABLE temp.{table}")


def _published_fields(con: duckdb.DuckDBPyConnection, source: str, part: Part) -> str:
    """The fields of a published table under their ids; a question that was not asked then has no answer."""
    known, columns = _columns(con, source), ""
    for field in part:
        names = [name for name in (f"reported:{field.id}", field.id) if name in known]
        columns += f', "{names[0]}" AS "{field.id}"' if names else f', NULL::{field.sql_type} AS "{field.id}"'
    return columns


_ATTRIBUTES = "municipal_district, shared_funding, has_villages"


def _own_roster(month: MonthTables) -> str:
    return (
        f"SELECT unit AS code, uid, unit AS answered_as, town_code, county_code, county_code AS county_answered_as, kind, {_ATTRIBUTES} "
        f"FROM {month.standing}"
    )


def _own_counties(month: MonthTables) -> str:
    return f"SELECT unit AS code, unit AS answered_as, {_ATTRIBUTES} FROM {month.county_standing}"


# the units of the later month, each with the code and the county under which it answered in the earlier one
_SHIFTED = """
    SELECT a.unit AS code, a.uid, b.unit AS answered_as, a.town_code, a.county_code,
           coalesce(b.county_code, a.county_code) AS county_answered_as, a.kind, a.municipal_district, a.shared_funding, a.has_villages
    FROM {after.standing} AS a LEFT JOIN {before.standing} AS b USING (uid)
"""
_SHIFTED_COUNTIES = """
    SELECT a.unit AS code, coalesce(origin.earlier, a.unit) AS answered_as, a.municipal_district, a.shared_funding, a.has_villages
    FROM {after.county_standing} AS a LEFT JOIN origin ON origin.later = a.unit
"""
# counties that go on whole under another code: nine in ten of their units come from one that has ended
_ORIGINS = """
    CREATE OR REPLACE TEMP TABLE origin AS
    WITH came AS (
        SELECT a.county_code AS later, b.county_code AS earlier, count(*) AS units,
               sum(count(*)) OVER (PARTITION BY a.county_code) AS together
        FROM {after.standing} AS a LEFT JOIN {before.standing} AS b USING (uid) GROUP BY 1, 2)
    SELECT later, earlier FROM came
    WHERE 10 * units >= 9 * together AND later NOT IN (SELECT unit FROM {before.county_standing})
      AND earlier NOT IN (SELECT unit FROM {after.county_standing})
"""


def _same_roster(con: duckdb.DuckDBPyConnection, compared: Compared) -> bool:
    """Whether both months have the same units and counties with the same attributes."""
    unit = f"unit, uid, kind, town_code, county_code, {_ATTRIBUTES}"
    pairs = ((unit, "standing"), (f"unit, {_ATTRIBUTES}", "county_standing"))
    for columns, table in pairs:
        first, second = (
            f"SELECT {columns} FROM {getattr(month, table)}" for month in (compared.before, compared.after)
        )
        if con.execute(f"(({first}) EXCEPT ({second})) UNION ALL (({second}) EXCEPT ({first})) LIMIT 1").fetchall():
            return False
    return True


def _merge(con: duckdb.DuckDBPyConnection, compared: Compared, units: "_Units") -> None:
    """Put the later month's states where both months are known; keep the others; list the units that changed."""
    for table, counted in _TABLES:
        later = getattr(compared.after, table)
        indicators = figure_counts.of(compared.register, counted)
        units.list_pair(table, later, indicators, _KNOWN)
        columns = "".join(f", {column}" for i in indicators for column in _merged(i))
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE merged AS SELECT old.month, old.unit, old.town, old.county, old.carried{columns} "
            f"FROM {table} AS old JOIN {later} AS new USING (unit)"
        )
        con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * FROM merged")


def _merged(i: Indicator) -> Iterator[str]:
    for name in [i.id] if i.is_share else [i.id, f"n:{i.id}", f"d:{i.id}"]:
        yield f'CASE WHEN old."{i.id}" <= 2 AND new."{i.id}" <= 2 THEN new."{name}" ELSE old."{name}" END AS "{name}"'


# among units that are known in both months it is their answers, else whether they report
_KNOWN = "CASE WHEN packed // 8 <= 2 AND packed % 8 <= 2 THEN 'answers' ELSE 'reporting' END"


class _Units:
    """The units whose state changed, in the temporary `movement_unit`."""

    def __init__(self, con: duckdb.DuckDBPyConnection, register: Register):
        self.con, self.register = con, register

    def keep(self, name: str) -> None:
        """Keep the present states under a name."""
        for table, _ in _TABLES:
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE {table}_{name} AS SELECT * FROM {table}")

    def list_changed(self, earlier: str, part: str) -> None:
        """Units whose state differs from the kept one."""
        for table, counted in _TABLES:
            known = _columns(self.con, f"{table}_{earlier}")
            indicators = [i for i in figure_counts.of(self.register, counted) if i.id in known]
            self.list_pair(f"{table}_{earlier}", table, indicators, f"'{part}'")

    def list_pair(self, earlier: str, later: str, indicators: list[Indicator], part: str) -> None:
        """Units whose state differs between two tables, both states packed into a number; `part`: SQL of the movement's part."""
        if not indicators:
            return
        pairs = ", ".join(
            f'CASE WHEN old."{i.id}" <> new."{i.id}" THEN old."{i.id}" * 8 + new."{i.id}" END AS "{i.id}"'
            for i in indicators
        )
        names = ", ".join(f'"{i.id}"' for i in indicators)
        self.con.execute(
            f"""
            INSERT INTO movement_unit BY NAME
            WITH pair AS (SELECT new.unit, new.county, {pairs} FROM {later} AS new JOIN {earlier} AS old USING (unit)),
            changed AS (UNPIVOT pair ON {names} INTO NAME indicator VALUE packed)
            SELECT ? AS policy, indicator, unit, county, packed // 8 AS "before", packed % 8 AS "after", {part} AS part FROM changed
            """,
            [self.register.policy.id],
        )


# ---- counts of a step


def _count(con: duckdb.DuckDBPyConnection, compared: Compared, step: str, is_earlier: bool) -> None:
    """Count the present states as one step. A county that goes on whole has its later code in every step."""
    figure_counts.count(con, compared.city, 0, compared.register)
    queries = " UNION ALL ".join(measure.sums(kind) for kind in measure.kinds(0, compared.register))
    moved = "coalesce(origin.later, unit)" if is_earlier else "unit"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE step_{step} AS SELECT indicator, level, {moved} AS unit, factor, yes, scope, has_value, is_silent "
        f"FROM ({queries}) LEFT JOIN origin ON origin.earlier = unit"
    )


def _parts_sql() -> str:
    """One row per figure and part. A value that appears or disappears is attributed to the step at which it does, against 0; for a place that
    exists at one end only, all of the change is boundary. A step without a value is skipped: its change goes to the next with one.
    """
    joins = " ".join(f"LEFT JOIN step_{name} AS {name} USING (indicator, level, unit)" for name in STEPS)
    rows = " UNION ALL ".join(
        f'SELECT $policy AS policy, indicator, level, unit, \'{part}\' AS part, v{n} AS "before", v{n + 1} AS "after", '
        f"coalesce(v{n + 1}, 0) - coalesce(v{n}, 0) AS change, y{n} AS yes_before, y{n + 1} AS yes_after, s{n} AS scope_before, "
        f"s{n + 1} AS scope_after FROM steps"
        for n, part in enumerate(PARTS)
    )
    return f"""
        WITH place AS (SELECT indicator, level, unit FROM step_published UNION SELECT indicator, level, unit FROM step_now),
        steps AS (
            SELECT indicator, level, unit, coalesce({_IS_LATE}, FALSE) AS is_late, {", ".join(_link(n) for n in range(len(STEPS)))}
            FROM place {joins} WHERE published.has_value OR now.has_value)
        {rows}
    """


# a report of the earlier month that came late, or was taken back, makes all of the difference between 无数据 and a value
_IS_LATE = """
    published.yes IS NOT NULL AND (redefined.is_silent AND corrected.has_value AND now.has_value
    OR redefined.has_value AND NOT corrected.has_value AND now.is_silent)"""


def _link(n: int) -> str:
    """SQL of a step's value and counts in the chain from the figure published to the present one."""
    columns = [f"{name}{n}" for name in "vys"]
    if STEPS[n] in LATE:
        links = zip(columns, _linked(n), _linked(STEPS.index("redefined")), strict=True)
        return ", ".join(f"CASE WHEN is_late THEN {before} ELSE {own} END AS {name}" for name, own, before in links)
    return ", ".join(f"{sql} AS {name}" for name, sql in zip(columns, _linked(n), strict=True))


def _linked(n: int) -> tuple[str, str, str]:
    """SQL of a step's value, units met and units in scope."""
    step, so_far, from_now = STEPS[n], reversed(STEPS[: n + 1]), STEPS[n:]
    forwards, backwards = (f"coalesce({', '.join(map(_VALUE.format, steps))})" for steps in (so_far, from_now))
    moved = STEPS[0] if n < STEPS.index("shifted") else STEPS[-1]
    there = "published.yes IS NOT NULL AND now.yes IS NOT NULL"
    return (
        f"CASE WHEN NOT ({there}) THEN {_VALUE.format(moved)} WHEN now.has_value THEN {forwards} ELSE {backwards} END",
        f"CASE WHEN {there} THEN coalesce({step}.yes, published.yes) ELSE {moved}.yes END",
        f"CASE WHEN {there} THEN coalesce({step}.scope, published.scope) ELSE {moved}.scope END",
    )


_VALUE = "CASE WHEN {0}.has_value THEN {0}.factor * {0}.yes::DOUBLE / {0}.scope::DOUBLE END"
