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
    _count_steps(con, compared)
    con.execute(f"INSERT INTO movement BY NAME {_parts_sql()}", {"policy": compared.register.policy.id})


def steps(con: duckdb.DuckDBPyConnection, compared: Compared) -> dict[tuple[str, str, str], dict[str, "Counted"]]:
    """By (indicator, level, unit) of city and counties, what was counted at each step; a step without the place is left out."""
    create_empty(con)
    _count_steps(con, compared)
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


# SQL of the states of units and counties, by table name
States = dict[str, str]


def _count_steps(con: duckdb.DuckDBPyConnection, compared: Compared) -> None:
    """Temporary `step_<name>` for every step: one row per indicator, level (city, county) and unit; the units whose state changed."""
    same_roster = _same_roster(con, compared)
    if not same_roster:
        con.execute(_ORIGINS.format(**vars(compared)))
    states = {"published": _taken(con, compared, compared.published)}
    if compared.redefined:
        roster, counties = _own_roster(compared.published), _own_counties(compared.published)
        states["redefined"] = _judged(con, compared, compared.published, roster, counties, "redefined")
        _list_changed(con, compared.register, states["published"], states["redefined"], "'register'")
    earlier = states.get("redefined", states["published"])
    if compared.redefined or compared.published != compared.before:
        states["corrected"] = _taken(con, compared, compared.before)
        _list_changed(con, compared.register, earlier, states["corrected"], "'correction'")
        earlier = states["corrected"]
    if not same_roster:
        roster, counties = (sql.format(**vars(compared)) for sql in (_SHIFTED, _SHIFTED_COUNTIES))
        earlier = states["shifted"] = _judged(con, compared, compared.before, roster, counties, "shifted")
    states["now"] = _taken(con, compared, compared.after)
    states["answered"] = _merged(compared.register, earlier, states["now"])
    _list_changed(con, compared.register, earlier, states["now"], _KNOWN)
    _count(con, compared, states, same_roster)


# ---- states of a step


def _taken(con: duckdb.DuckDBPyConnection, compared: Compared, month: MonthTables) -> States:
    """The states of an edition. An indicator that it did not have was not known of anybody."""
    states = {}
    for (table, counted), source in zip(_TABLES, (month.state, month.county_state), strict=True):
        known = _columns(con, source)
        columns = ", ".join(
            f'"{name}"'
            if name in known
            else f'{"4::TINYINT" if name == i.id else f"NULL::{figure_counts.PART}"} AS "{name}"'
            for i in figure_counts.of(compared.register, counted)
            for name in _names(i)
        )
        states[table] = f"(SELECT unit, county, carried{', ' if columns else ''}{columns} FROM {source})"
    return states


_TABLES = (("state", "community"), ("county_state", "county"))


def _names(i: Indicator) -> list[str]:
    """The columns of an indicator: the state, and of a ratio both parts."""
    return [i.id] if i.is_share else [i.id, f"n:{i.id}", f"d:{i.id}"]


def _columns(con: duckdb.DuckDBPyConnection, source: str) -> set[str]:
    return {column[0] for column in con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}


def _judged(
    con: duckdb.DuckDBPyConnection, compared: Compared, answers: MonthTables, roster: str, counties: str, step: str
) -> States:
    """The answers of the earlier month judged by a roster. The tables that this needs hide others of their names only here."""
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
    for table, _ in _TABLES:
        con.execute(f"DROP TABLE IF EXISTS temp.{table}_{step}")
        con.execute(f"ALTER TABLE temp.{table} RENAME TO {table}_{step}")
    return {table: f"temp.{table}_{step}" for table, _ in _TABLES}


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


def _merged(register: Register, earlier: States, later: States) -> States:
    """The later states where both are known; else the earlier ones."""
    states = {}
    for table, counted in _TABLES:
        columns = "".join(
            f', CASE WHEN old."{i.id}" <= 2 AND new."{i.id}" <= 2 THEN new."{name}" ELSE old."{name}" END AS "{name}"'
            for i in figure_counts.of(register, counted)
            for name in _names(i)
        )
        states[table] = (
            f"(SELECT old.county, old.carried{columns} FROM {earlier[table]} AS old JOIN {later[table]} AS new USING (unit))"
        )
    return states


# among units that are known in both months it is their answers, else whether they report
_KNOWN = "CASE WHEN packed // 8 <= 2 AND packed % 8 <= 2 THEN 'answers' ELSE 'reporting' END"


def _list_changed(
    con: duckdb.DuckDBPyConnection, register: Register, earlier: States, later: States, part: str
) -> None:
    """Units whose state differs, into `movement_unit`, both states packed into a number; `part`: SQL of the movement's part."""
    for table, counted in _TABLES:
        if not (indicators := figure_counts.of(register, counted)):
            continue
        pairs = ", ".join(
            f'CASE WHEN old."{i.id}" <> new."{i.id}" THEN old."{i.id}" * 8 + new."{i.id}" END AS "{i.id}"'
            for i in indicators
        )
        names = ", ".join(f'"{i.id}"' for i in indicators)
        con.execute(
            f"""
            INSERT INTO movement_unit BY NAME
            WITH pair AS (SELECT new.unit, new.county, {pairs} FROM {later[table]} AS new JOIN {earlier[table]} AS old USING (unit)),
            changed AS (UNPIVOT pair ON {names} INTO NAME indicator VALUE packed)
            SELECT ? AS policy, indicator, unit, county, packed // 8 AS "before", packed % 8 AS "after", {part} AS part FROM changed
            """,
            [register.policy.id],
        )


# ---- counts of a step


def _count(con: duckdb.DuckDBPyConnection, compared: Compared, states: dict[str, States], same_roster: bool) -> None:
    """Count all steps at once, each as a month of its own, because planning so many columns costs more than the rows. A step without states
    of its own is the one before. A county that goes on whole has its later code in every step.
    """
    for table, counted in _TABLES:
        names = ", ".join(f'"{name}"' for i in figure_counts.of(compared.register, counted) for name in _names(i))
        each = (
            f"SELECT {_month_of(step)} AS month, NULL::VARCHAR AS town, county, carried{', ' if names else ''}{names} FROM {own[table]}"
            for step, own in states.items()
        )
        # others leave tables of these names
        con.execute(f"DROP TABLE IF EXISTS temp.{table}")
        con.execute(f"CREATE TEMP VIEW {table} AS {' UNION ALL '.join(each)}")
    try:
        figure_counts.count(con, compared.city, 0, compared.register)
    finally:
        for table, _ in _TABLES:
            con.execute(f"DROP VIEW temp.{table}")
    queries = " UNION ALL ".join(measure.sums(kind) for kind in measure.kinds(0, compared.register))
    con.execute(f"CREATE OR REPLACE TEMP TABLE counted_step AS {queries}")
    counted = ""
    for step in STEPS:
        counted = step if step in states else counted
        moved = STEPS.index(counted) < STEPS.index("shifted") and not same_roster
        unit, origin = (
            ("coalesce(origin.later, unit)", "LEFT JOIN origin ON origin.earlier = unit") if moved else ("unit", "")
        )
        con.execute(
            f"CREATE OR REPLACE TEMP VIEW step_{step} AS SELECT * EXCLUDE (month) REPLACE ({unit} AS unit) "
            f"FROM (SELECT * FROM counted_step WHERE month = {_month_of(counted)}) {origin}"
        )


def _month_of(step: str) -> str:
    return f"DATE '2000-{STEPS.index(step) + 1:02}-01'"


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
