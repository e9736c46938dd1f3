"""Figures of a month at every level, from the answers that stand (semantics §5).

Every unit is judged against every indicator: its *state*.

| state | scope | share (ratio) |
|---|---|---|
| 0 | false | – |
| 1 | true | true (both parts answered) |
| 2 | true | false |
| 3 | true | unknown (a part not answered) |
| 4 | unknown | – |

Over the units of a level S = states 1–3, Y = state 1, Q = state 3, U = state 4; sums of a ratio run over state 1. Everything is
counted in integers and decimals; a figure at a higher level is computed from its units, never from lower figures.
"""

from datetime import date

from pipelines.policy.register import Indicator, Register
from pipelines.survey.form import KINDS, Field, Form
from pipelines.warehouse import Warehouse

# A unit's part of a ratio keeps the six decimals of the answers; sums over units are whole millionths, so they are exact.
PART = "DECIMAL(24,6)"
MICRO = 1_000_000


def create(warehouse: Warehouse) -> None:
    """The tables `tally` (levels above community) and, for each policy, `state_<n>` (one row per month and unit)."""
    warehouse.con.execute(
        """
        CREATE TABLE IF NOT EXISTS tally (
            policy VARCHAR, indicator VARCHAR, month DATE, divisions VARCHAR, level VARCHAR, unit VARCHAR,
            yes HUGEINT, scope HUGEINT, share_unknown BIGINT, scope_unknown BIGINT, carried BIGINT, answered BIGINT)
        """
    )
    for number, register in enumerate(warehouse.reference.registers):
        community, county = _of(register, "community"), _of(register, "county")
        for table, indicators in ((f"state_{number}", community), (f"county_state_{number}", county)):
            columns = "".join(f", {column}" for column in _state_columns(indicators))
            warehouse.con.execute(
                f"CREATE TABLE IF NOT EXISTS {table} (month DATE, unit VARCHAR, town VARCHAR, "
                f"county VARCHAR, carried BOOLEAN{columns})"
            )


def _of(register: Register, counted: str) -> list[Indicator]:
    return [indicator for indicator in register if indicator.of == counted]


def _state_columns(indicators: list[Indicator]) -> list[str]:
    states = [f'"{i.id}" TINYINT' for i in indicators]
    parts = [f'"{part}:{i.id}" {PART}' for i in indicators if not i.is_share for part in ("n", "d")]
    return [*states, *parts]


def compute(warehouse: Warehouse, month: date, divisions: str = "then") -> None:
    """Write `tally` of a month and, by the month's own divisions, its `state_*`.

    Uses the temporary tables `unit` and `county` (the roster to count by) and `standing`, `county_standing` of the month.
    `divisions` names that roster: `then`, or the edition that an as-now reading follows.
    """
    con = warehouse.con
    for number, register in enumerate(warehouse.reference.registers):
        con.execute(
            "DELETE FROM tally WHERE month = ? AND divisions = ? AND policy = ?",
            [month, divisions, register.policy.id],
        )
        judge_units(warehouse, month, register)
        if month >= register.since:
            count(warehouse, month, divisions, register)
        if divisions == "then":
            _keep_states(warehouse, month, number, register)


def judge_units(warehouse: Warehouse, month: date, register: Register) -> None:
    """Temporary `state` and `county_state`: every unit's state for one policy, from the answers that stand for the month."""
    params = {"month": month}
    warehouse.con.execute(f"CREATE OR REPLACE TEMP TABLE state AS {_community_states(register)}", params)
    query = _county_states(register, warehouse.reference.form)
    warehouse.con.execute(f"CREATE OR REPLACE TEMP TABLE county_state AS {query}", params)


def count(warehouse: Warehouse, month: date, divisions: str, register: Register) -> None:
    """Add the counts of the temporary `state` and `county_state` to `tally`, under a name for the divisions."""
    params = {"month": month, "divisions": divisions, "policy": register.policy.id}
    for table, counted in (("state", "community"), ("county_state", "county")):
        indicators = _of(register, counted)
        if indicators:
            warehouse.con.execute(f"CREATE OR REPLACE TEMP TABLE grouped AS {_grouped(table, indicators)}")
        for of_a_kind in ([i for i in indicators if i.is_share], [i for i in indicators if not i.is_share]):
            if of_a_kind:
                warehouse.con.execute(_aggregate(of_a_kind, counted), params)


def _keep_states(warehouse: Warehouse, month: date, number: int, register: Register) -> None:
    for table in ("state", "county_state"):
        warehouse.con.execute(f"DELETE FROM {table}_{number} WHERE month = ?", [month])
        if month >= register.since:
            warehouse.con.execute(f"INSERT INTO {table}_{number} BY NAME SELECT * FROM {table}")


# ---- states


def _community_states(register: Register) -> str:
    columns = ", ".join(_judged(_of(register, "community")))
    return f"""
        SELECT $month::DATE AS month, roster.code AS unit, roster.town_code AS town,
               roster.county_code AS county, coalesce(answer.carried, FALSE) AS carried{", " if columns else ""}{columns}
        FROM unit AS roster
        LEFT JOIN (SELECT * FROM standing WHERE month = $month) AS answer ON answer.unit = roster.answered_as
        LEFT JOIN (SELECT * FROM county_standing WHERE month = $month) AS county ON county.unit = roster.county_answered_as
    """


def _county_states(register: Register, form: Form) -> str:
    columns = ", ".join(_judged(_of(register, "county")))
    rollups = "".join(f", {_rollup(name, form.community[rollup.sum])}" for name, rollup in register.rollups.items())
    return f"""
        WITH rollup AS (
            SELECT roster.county_code AS unit{rollups}
            FROM unit AS roster
            LEFT JOIN (SELECT * FROM standing WHERE month = $month) AS answer ON answer.unit = roster.answered_as
            GROUP BY 1)
        SELECT $month::DATE AS month, roster.code AS unit, NULL::VARCHAR AS town,
               roster.code AS county, coalesce(county.carried, FALSE) AS carried{", " if columns else ""}{columns}
        FROM county AS roster
        LEFT JOIN (SELECT * FROM county_standing WHERE month = $month) AS county ON county.unit = roster.answered_as
        LEFT JOIN rollup ON rollup.unit = roster.code
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
    if indicator.is_share:
        share = indicator.share.sql()
        answered = f"WHEN ({share}) IS NULL THEN 3 WHEN {share} THEN 1 ELSE 2"
    else:
        numerator, denominator = indicator.numerator.sql(), indicator.denominator.sql()
        answered = f"WHEN ({numerator}) IS NULL OR ({denominator}) IS NULL THEN 3 ELSE 1"
    return f"CASE WHEN ({scope}) IS NULL THEN 4 WHEN NOT ({scope}) THEN 0 {answered} END"


def _parts(indicator: Indicator) -> list[str]:
    answered = f"({_state(indicator)}) = 1"
    return [
        f'CASE WHEN {answered} THEN ({expression.sql()})::{PART} END AS "{part}:{indicator.id}"'
        for part, expression in (("n", indicator.numerator), ("d", indicator.denominator))
    ]


# ---- counting

# A unit's code is that of its town and three digits: under one town's digits there are fewer than 1,000 units, so that how many
# are in each of the states 1 to 4 fits side by side into one whole number, and one sum an indicator counts them all.
LANE = 12
_COUNTED = " ".join(f"WHEN {state} THEN {1 << LANE * (state - 1)}" for state in (1, 2, 3, 4))


def _grouped(table: str, indicators: list[Indicator]) -> str:
    """One row per county, town, digits of the units' own town, and carried or not: each indicator's counts in one number.

    All that follows adds these up: tens of thousands of rows instead of a row for each unit and indicator.
    """
    sums = [f'sum((CASE "{i.id}" {_COUNTED} ELSE 0 END)::BIGINT)::BIGINT AS "{i.id}"' for i in indicators]
    parts = [f"{part}:{i.id}" for i in indicators if not i.is_share for part in ("n", "d")]
    sums += [f'coalesce(sum("{part}"), 0) AS "{part}"' for part in parts]
    return f"SELECT county, town, carried, {', '.join(sums)} FROM {table} GROUP BY county, town, left(unit, 9), carried"


def _aggregate(indicators: list[Indicator], counted: str) -> str:
    """INSERT of the counts of the temporary `grouped` at all levels, for indicators that are all shares or all ratios."""
    is_share = indicators[0].is_share
    sets = "(indicator, county), (indicator)" + (", (indicator, county, town)" if counted == "community" else "")
    yes, scope = ("yes", "yes + no + share_unknown") if is_share else ("n", "d")
    yes, scope = (f"(sum({x})::HUGEINT * {MICRO})" if is_share else f"(sum({x}) * {MICRO})" for x in (yes, scope))
    return f"""
        INSERT INTO tally BY NAME
        WITH long AS ({_unpivoted(indicators)}),
        counts AS (
            SELECT *, packed & {_MASK} AS yes, (packed >> {LANE}) & {_MASK} AS no,
                   (packed >> {2 * LANE}) & {_MASK} AS share_unknown, packed >> {3 * LANE} AS scope_unknown
            FROM long)
        SELECT $policy AS policy, indicator, $month::DATE AS month, $divisions AS divisions,
               CASE WHEN grouping(county) = 1 THEN 'city' WHEN {_no_town(counted)} THEN 'county' ELSE 'town' END AS level,
               CASE WHEN grouping(county) = 1 THEN (SELECT any_value(city_code) FROM county)
                    WHEN {_no_town(counted)} THEN county ELSE any_value(town) END AS unit,
               {yes}::HUGEINT AS yes, {scope}::HUGEINT AS scope,
               sum(share_unknown) AS share_unknown, sum(scope_unknown) AS scope_unknown,
               coalesce(sum({"yes + no + share_unknown" if is_share else "yes"}) FILTER (carried), 0) AS carried,
               sum(yes) AS answered
        FROM counts GROUP BY GROUPING SETS ({sets})
        HAVING unit IS NOT NULL
    """


_MASK = (1 << LANE) - 1


def _no_town(counted: str) -> str:
    return "grouping(town) = 1" if counted == "community" else "TRUE"


def _unpivoted(indicators: list[Indicator]) -> str:
    """`grouped` with a row an indicator: its packed counts, and of a ratio both sums."""
    if indicators[0].is_share:
        return f"UNPIVOT grouped ON {', '.join(_quoted(i.id) for i in indicators)} INTO NAME indicator VALUE packed"
    triples = ", ".join(f"({_quoted(i.id)}, {_quoted(f'n:{i.id}')}, {_quoted(f'd:{i.id}')}) AS '{i.id}'" for i in indicators)
    return f"UNPIVOT grouped ON {triples} INTO NAME indicator VALUE packed, n, d"


def _quoted(name: str) -> str:
    return f'"{name}"'
