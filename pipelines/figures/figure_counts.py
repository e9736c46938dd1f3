"""Figures of a month at every level, from the answers in force (semantics §5).

Every unit is judged against every indicator: its *state*.

| state | scope | share (ratio) |
|---|---|---|
| 0 | false | – |
| 1 | true | true (both parts answered) |
| 2 | true | false |
| 3 | true | unknown (a part not answered) |
| 4 | unknown | – |

Over the units of a level S = states 1–3, Y = state 1, Q = state 3, U = state 4; sums of a ratio run over state 1. Everything is
counted in integers and decimals; whole counts and sums add up exactly, so that a county's are those of its towns' units.
"""

from datetime import date

import duckdb

from pipelines.reference.form import KINDS, Field, Form
from pipelines.reference.policy.register import Indicator, Register
from pipelines.warehouse.projection import Warehouse, among

# A unit's part of a ratio keeps the six decimals of the answers; sums over units are whole millionths, so they are exact.
PART = "DECIMAL(24,6)"
MICRO = 1_000_000


def create(warehouse: Warehouse) -> None:
    """For each policy `state_<n>` and `county_state_<n>`: one row per month, divisions and unit."""
    for number, register in enumerate(warehouse.reference.registers):
        for table, indicators in (
            (f"state_{number}", of(register, "community")),
            (f"county_state_{number}", of(register, "county")),
        ):
            fixed = "month DATE, divisions VARCHAR, uid VARCHAR, unit VARCHAR, town VARCHAR, county VARCHAR, carried BOOLEAN"
            ensure(warehouse, table, [fixed, *_state_columns(indicators)])


def ensure(warehouse: Warehouse, table: str, columns: list[str]) -> None:
    """The table with these columns; one of another register's columns is replaced, for all its months are computed again."""
    con, declared = warehouse.con, ", ".join(columns)
    # an edition that is just being written has tables of the same names, in a database beside
    there = con.execute(
        "SELECT column_name FROM duckdb_columns() WHERE database_name = current_database() AND table_name = ? ORDER BY column_index",
        [table],
    )
    if [name for (name,) in there.fetchall()] != [column.split()[0].strip('"') for column in declared.split(", ")]:
        con.execute(f"CREATE OR REPLACE TABLE {table} ({declared})")


def of(register: Register, counted: str) -> list[Indicator]:
    """The register's indicators of communities, or of counties."""
    return [indicator for indicator in register if indicator.of == counted]


def _state_columns(indicators: list[Indicator]) -> list[str]:
    states = [f'"{i.id}" TINYINT' for i in indicators]
    parts = [f'"{part}:{i.id}" {PART}' for i in indicators if not i.is_share for part in ("n", "d")]
    return [*states, *parts]


def compute(warehouse: Warehouse, span: list[date], basis: str = "then") -> None:
    """Judge and count months for each policy (see `count`), and keep every unit's state in `state_*`.

    Uses the temporary tables `unit` and `county` (the rosters to count by, month by month) and `standing`, `county_standing`.
    `basis` names these rosters (`as_now.key`).
    """
    for number, register in enumerate(warehouse.reference.registers):
        since = [month for month in span if month >= register.since]
        with warehouse.transaction():
            _keep_states(warehouse, span, since, number, register, basis)
        if since:
            city = warehouse.reference.rosters.city.code
            count(warehouse.con, city, number, register, f"month IN {among(since)} AND divisions = '{basis}'")


def judge_units(con: duckdb.DuckDBPyConnection, form: Form, span: list[date], register: Register) -> None:
    """Temporary `state` and `county_state`: every unit's state for one policy, from the answers in force in the months."""
    for table, query in _states(form, span, register).items():
        con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {query}")


def _states(form: Form, span: list[date], register: Register) -> dict[str, str]:
    months = among(span)
    return {
        "state": _community_states(register, months),
        "county_state": _county_states(register, form, months),
    }


def count(con: duckdb.DuckDBPyConnection, city: str, number: int, register: Register, kept: str | None = None) -> None:
    """Temporary `counted_<n>` and `county_counted_<n>` from the temporary `state` and `county_state`, or from what is `kept` of them.

    One row per month, level and unit above community, one column per indicator: its counts in one number (`lane`), and of a ratio
    both sums in whole millionths as `n:<id>` and `d:<id>`. `kept` is a condition on what was kept.
    """
    for table, counted in (("state", "community"), ("county_state", "county")):
        if indicators := of(register, counted):
            name = table.replace("state", f"counted_{number}")
            source = f"(SELECT * FROM {table}_{number} WHERE {kept})" if kept else table
            query = _counted(source, indicators, counted, city)
            con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")


def _keep_states(
    warehouse: Warehouse, span: list[date], since: list[date], number: int, register: Register, basis: str
) -> None:
    for table, query in _states(warehouse.reference.form, since or span, register).items():
        kept = f"{table}_{number}"
        warehouse.con.execute(f"DELETE FROM {kept} WHERE month IN {among(span)} AND divisions = ?", [basis])
        if since:
            warehouse.con.execute(f"INSERT INTO {kept} BY NAME SELECT *, ? AS divisions FROM ({query})", [basis])


# ---- states


def _community_states(register: Register, span: str) -> str:
    columns = ", ".join(_judged(of(register, "community")))
    return f"""
        SELECT roster.month, roster.uid, roster.code AS unit, roster.town_code AS town,
               roster.county_code AS county, coalesce(answer.carried, FALSE) AS carried{", " if columns else ""}{columns}
        FROM (SELECT * FROM unit WHERE month IN {span}) AS roster
        LEFT JOIN (SELECT * FROM standing WHERE month IN {span}) AS answer
             ON answer.unit = roster.answered_as AND answer.month = roster.month
        LEFT JOIN (SELECT * FROM county_standing WHERE month IN {span}) AS county
             ON county.unit = roster.county_answered_as AND county.month = roster.month
    """


def _county_states(register: Register, form: Form, span: str) -> str:
    columns = ", ".join(_judged(of(register, "county")))
    rollups = "".join(f", {_rollup(name, form.community[rollup.sum])}" for name, rollup in register.rollups.items())
    return f"""
        WITH rollup AS (
            SELECT roster.month, roster.county_code AS unit{rollups}
            FROM unit AS roster
            LEFT JOIN (SELECT * FROM standing WHERE month IN {span}) AS answer
                 ON answer.unit = roster.answered_as AND answer.month = roster.month
            GROUP BY 1, 2)
        SELECT roster.month, roster.code AS uid, roster.code AS unit, NULL::VARCHAR AS town,
               roster.code AS county, coalesce(county.carried, FALSE) AS carried{", " if columns else ""}{columns}
        FROM (SELECT * FROM county WHERE month IN {span}) AS roster
        LEFT JOIN (SELECT * FROM county_standing WHERE month IN {span}) AS county
             ON county.unit = roster.answered_as AND county.month = roster.month
        LEFT JOIN rollup ON rollup.unit = roster.code AND rollup.month = roster.month
    """


def _rollup(name: str, field: Field) -> str:
    """A county's total over the communities that are asked: at least (what is known), and at most (null where unbounded)."""
    kinds = ", ".join(f"'{kind}'" for kind in KINDS.get(field.applies, KINDS["all"]))
    known = f'coalesce(sum(answer."{field.id}"::BIGINT), 0)::BIGINT'
    missing = f'count(*) FILTER (answer."{field.id}" IS NULL AND roster.kind IN ({kinds}))'
    # an unknown yes-or-no adds one at most; an unknown count has no such limit
    high = f"{known} + {missing}" if field.type == "flag" else f"CASE WHEN {missing} = 0 THEN {known} END"
    return f'{known} AS "{name}", {high} AS "{name}:high"'


def _judged(indicators: list[Indicator]) -> list[str]:
    states = [f'({_state(i)})::TINYINT AS "{i.id}"' for i in indicators]
    return [*states, *(column for i in indicators if not i.is_share for column in _parts(i))]


def _state(indicator: Indicator) -> str:
    scope = indicator.scope.sql()
    if indicator.share is not None:
        share = indicator.share.sql()
        answered = f"WHEN ({share}) IS NULL THEN 3 WHEN {share} THEN 1 ELSE 2"
    else:
        numerator, denominator = (part.sql() for part in (indicator.numerator, indicator.denominator) if part)
        answered = f"WHEN ({numerator}) IS NULL OR ({denominator}) IS NULL THEN 3 ELSE 1"
    return f"CASE WHEN ({scope}) IS NULL THEN 4 WHEN NOT ({scope}) THEN 0 {answered} END"


def _parts(indicator: Indicator) -> list[str]:
    answered = f"({_state(indicator)}) = 1"
    return [
        f'CASE WHEN {answered} THEN ({expression.sql()})::{PART} END AS "{part}:{indicator.id}"'
        for part, expression in (("n", indicator.numerator), ("d", indicator.denominator))
        if expression
    ]


# ---- counting

# How many units are in each of the states 1 to 4, and how many of those that count were carried, are added side by side in one
# whole number of 125 bits: one sum an indicator counts them all. A lane holds 33 million units.
LANE = 25
YES, NO, SHARE_UNKNOWN, SCOPE_UNKNOWN, CARRIED = range(5)


def lane(number: int) -> str:
    """SQL of one of the counts in the column `packed`."""
    return f"((packed >> {LANE * number}) & {(1 << LANE) - 1})::BIGINT"


# The number that a unit's state adds, without and with the lane of carried answers, as columns: planned once, not for every indicator.
_LANE_OF_STATE = '0::HUGEINT AS "plain:0", ' + ", ".join(
    f"""{1 << LANE * (state - 1)}::HUGEINT AS "plain:{state}",
        CASE WHEN carried THEN {(1 << LANE * (state - 1)) + (1 << LANE * CARRIED)}::HUGEINT ELSE "plain:{state}" END AS "lent:{state}" """
    for state in (1, 2, 3, 4)
)


def _packed(indicator: Indicator) -> str:
    """A unit's state as a number to be summed. Carried are the units in scope of a share, those that have both parts of a ratio."""
    inside = (1, 2, 3) if indicator.is_share else (1,)
    cases = " ".join(f'WHEN {state} THEN "{"lent" if state in inside else "plain"}:{state}"' for state in (1, 2, 3, 4))
    return f'CASE "{indicator.id}" {cases} ELSE "plain:0" END'


def _counted(states: str, indicators: list[Indicator], counted: str, city: str) -> str:
    """The states summed by town, and the towns by county and for the city; a unit without a town counts in what it has."""
    parts = [f"{part}:{i.id}" for i in indicators if not i.is_share for part in ("n", "d")]
    first = [f'sum({_packed(i)}) AS "{i.id}"' for i in indicators]
    first += [f'coalesce(sum("{part}"), 0) AS "{part}"' for part in parts]
    then = [f'sum("{i.id}") AS "{i.id}"' for i in indicators]
    then += [f'(sum("{part}") * {MICRO})::HUGEINT AS "{part}"' for part in parts]
    sets = "(month), (month, county)" + (", (month, county, town)" if counted == "community" else "")
    has_town = "grouping(town) = 0" if counted == "community" else "FALSE"
    return f"""
        SELECT month, CASE WHEN {has_town} THEN 'town' WHEN grouping(county) = 0 THEN 'county' ELSE 'city' END AS level,
               CASE WHEN {has_town} THEN any_value(town) WHEN grouping(county) = 0 THEN county
                    ELSE '{city}' END AS unit, {", ".join(then)}
        FROM (SELECT month, county, town, {", ".join(first)} FROM (SELECT *, {_LANE_OF_STATE} FROM {states}) GROUP BY month, county, town)
        GROUP BY GROUPING SETS ({sets}) HAVING unit IS NOT NULL AND count(*) > 0
    """
