"""Why a figure moved since last month: five parts that add up to the change exactly (semantics §7).

Each step applies just one change and counts again:

| part | from → to |
|---|---|
| register | last month as published → under the present definition |
| correction | → with what has been corrected in last month since |
| boundary | → by this month's roster, every unit with last month's answer |
| answers | → units known in both months answer as this month |
| reporting | → this month: reports that arrived or went missing |
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa

from pipelines.figures import as_now, effective_answers, figure_counts, measure, progress
from pipelines.reference.policy.register import Register
from pipelines.warehouse.projection import Warehouse

PARTS = ("register", "correction", "boundary", "answers", "reporting")
_STEPS = ("published", "redefined", "corrected", "shifted", "answered", "now")
MOVEMENT = pa.schema(
    [(name, pa.string()) for name in ("policy", "indicator", "level", "unit", "part")]
    + [(name, pa.float64()) for name in ("before", "after", "change")]
    + [(name, pa.float64()) for name in ("yes_before", "yes_after", "scope_before", "scope_after")]
)


@dataclass(frozen=True)
class Published:
    """Last month as it was published: its Parquet tables, and whether its registers are still the same."""

    figure: Path
    standing: Path
    county_standing: Path
    registers: dict[str, str]


def compute(warehouse: Warehouse, month: date, before: date, published: Published) -> None:
    """Temporary tables `movement` (city and counties) and `movement_unit` (units whose state changed) of a month."""
    create_empty(warehouse)
    progress.load_targets(warehouse)
    for number, register in enumerate(warehouse.reference.registers):
        if before >= register.since:
            _policy(warehouse, month, before, number, register, published)


def create_empty(warehouse: Warehouse) -> None:
    """Both tables without rows: all that can be said when there is no release of the month before."""
    con = warehouse.con
    con.register("empty", pa.Table.from_pylist([], schema=MOVEMENT))
    con.execute("CREATE OR REPLACE TEMP TABLE movement AS SELECT * FROM empty")
    con.unregister("empty")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE movement_unit "
        '(policy VARCHAR, indicator VARCHAR, unit VARCHAR, county VARCHAR, part VARCHAR, "before" TINYINT, "after" TINYINT)'
    )


def _policy(warehouse, month: date, before: date, number: int, register: Register, published: Published) -> None:
    con, policy = warehouse.con, register.policy.id
    same = published.registers.get(f"register:{policy}") == warehouse.reference.digests[f"register:{policy}"]
    con.execute(f"CREATE OR REPLACE TEMP TABLE step_published AS {_PUBLISHED}", [str(published.figure), policy])
    _redefined(warehouse, before, number, register, published, same)
    _list_restated(warehouse, before, number, register, published, same)
    con.execute(f"CREATE OR REPLACE TEMP TABLE step_corrected AS {_STANDS}", [before, policy])
    _shift(warehouse, month, before, number, register)
    _merge(warehouse, number, register, month)
    _step(warehouse, "answered", number, register)
    con.execute(f"CREATE OR REPLACE TEMP TABLE step_now AS {_STANDS}", [month, policy])
    con.execute(f"INSERT INTO movement BY NAME {_parts_sql()}", {"policy": policy})


_PUBLISHED = """
    SELECT indicator, level, unit, value, numerator::DOUBLE AS yes, denominator::DOUBLE AS scope
    FROM read_parquet(?) WHERE policy = ? AND divisions = 'then' AND level IN ('city', 'county')
"""
_STANDS = """
    SELECT indicator, level, unit, value, numerator::DOUBLE AS yes, denominator::DOUBLE AS scope
    FROM figure WHERE month = ? AND policy = ? AND divisions = 'then' AND level IN ('city', 'county')
"""


def _step(warehouse: Warehouse, name: str, number: int, register: Register) -> None:
    """Count the temporary `state` and `county_state` as they stand, as one step."""
    figure_counts.count(warehouse, number, register)
    queries = " UNION ALL ".join(measure.values(kind) for kind in measure.kinds(number, register))
    warehouse.con.execute(f"CREATE OR REPLACE TEMP TABLE step_{name} AS {queries}")


def _redefined(
    warehouse: Warehouse, before: date, number: int, register: Register, published: Published, same: bool
) -> None:
    """Last month's published answers under the present register; the published figures where it has not changed."""
    con = warehouse.con
    if same:
        con.execute("CREATE OR REPLACE TEMP TABLE step_redefined AS SELECT * FROM step_published")
        return
    effective_answers.load_rosters(warehouse, before)
    _as_published(warehouse, published)
    try:
        figure_counts.judge_units(warehouse, [before], register)
    finally:
        con.execute("DROP TABLE temp.standing")
        con.execute("DROP TABLE temp.county_standing")
    _step(warehouse, "redefined", number, register)


def _list_restated(
    warehouse: Warehouse, before: date, number: int, register: Register, published: Published, same: bool
) -> None:
    """The units behind the parts register and correction: as published, as redefined (where it was), as corrected."""
    for table, counted in (("state", "community"), ("county_state", "county")):
        place = published.figure.parent.parent / f"{table}-{register.policy.id}" / published.figure.name
        if not place.exists():
            continue
        con = warehouse.con
        con.execute("CREATE OR REPLACE TEMP TABLE was AS SELECT * FROM read_parquet(?)", [str(place)])
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE corrected AS SELECT * FROM {table}_{number} WHERE month = ? AND divisions = ?",
            [before, as_now.key(warehouse, before)],
        )
        known = {column[0] for column in con.execute("DESCRIBE was").fetchall()}
        indicators = [i for i in register if i.of == counted and i.id in known]
        steps = [("was", "corrected", "correction")]
        if not same:
            steps = [("was", table, "register"), (table, "corrected", "correction")]
        for old, new, part in steps if indicators else []:
            changed = _changed_units(old, new, indicators, f"'{part}'")
            con.execute(f"INSERT INTO movement_unit BY NAME {changed}", [register.policy.id])


def _as_published(warehouse: Warehouse, published: Published) -> None:
    """Temporary `standing` and `county_standing` that hide the present ones: the answers as they were published."""
    form = warehouse.reference.form
    for table, place, part in (
        ("standing", published.standing, form.community),
        ("county_standing", published.county_standing, form.county),
    ):
        names = {c[0] for c in warehouse.con.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(place)]).fetchall()}
        fields = ", ".join(_published_field(field, names) for field in part)
        warehouse.con.execute(
            f"CREATE TEMP TABLE {table} AS SELECT month, unit, carried, {fields} FROM read_parquet(?)", [str(place)]
        )


def _published_field(field, names: set[str]) -> str:
    """A field's column in a published table; a question that was not asked then has no answer."""
    for name in (f"reported:{field.id}", field.id):
        if name in names:
            return f'"{name}" AS "{field.id}"'
    return f'NULL::{field.sql_type} AS "{field.id}"'


def _shift(warehouse: Warehouse, month: date, before: date, number: int, register: Register) -> None:
    """Temporary `state`, counted as a step: this month's units, each judged by the answers that it had last month."""
    con, rosters = warehouse.con, warehouse.reference.rosters
    if rosters.same(before, month):
        # nothing has moved: last month's states are theirs
        for table in ("state", "county_state"):
            query = f"SELECT * FROM {table}_{number} WHERE month = ? AND divisions = ?"
            con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {query}", [before, as_now.key(warehouse, before)])
        con.execute("CREATE OR REPLACE TEMP TABLE step_shifted AS SELECT * FROM step_corrected")
        return
    _by_other_divisions(warehouse, month, before)
    figure_counts.judge_units(warehouse, [before], register)
    _step(warehouse, "shifted", number, register)


def _by_other_divisions(warehouse: Warehouse, month: date, before: date) -> None:
    """Temporary `unit` and `county`: the units of a month that answer with what stood for them in the month before."""
    con = warehouse.con
    as_now.load_later_divisions(warehouse, [before], month)
    con.execute("CREATE OR REPLACE TEMP TABLE place AS SELECT code, county_answered_as, uid FROM unit")
    con.execute("CREATE OR REPLACE TEMP TABLE later_county AS SELECT * FROM county")
    effective_answers.load_rosters(warehouse, month)
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE unit AS
        SELECT unit.* REPLACE (DATE '{before}' AS month, place.code AS answered_as,
                               coalesce(place.county_answered_as, unit.county_code) AS county_answered_as)
        FROM unit LEFT JOIN place USING (uid)
        """
    )
    con.execute("CREATE OR REPLACE TEMP TABLE county AS SELECT * FROM later_county")


def _merge(warehouse: Warehouse, number: int, register: Register, month: date) -> None:
    """Put this month's states where both months are known; keep the others; list the units that changed."""
    for table, counted in (("state", "community"), ("county_state", "county")):
        indicators = [i for i in register if i.of == counted]
        if indicators:
            _merge_table(warehouse, table, f"{table}_{number}", indicators, register, month)


def _merge_table(warehouse, table: str, now: str, indicators: list, register: Register, month: date) -> None:
    con = warehouse.con
    columns = []
    for i in indicators:
        both = f'old."{i.id}" <= 2 AND new."{i.id}" <= 2'
        names = [i.id] if i.is_share else [i.id, f"n:{i.id}", f"d:{i.id}"]
        columns += [f'CASE WHEN {both} THEN new."{n}" ELSE old."{n}" END AS "{n}"' for n in names]
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE current_state AS SELECT * FROM {now} WHERE month = ? AND divisions = ?",
        [month, as_now.key(warehouse, month)],
    )
    changed = _changed_units(table, "current_state", indicators, _KNOWN)
    con.execute(f"INSERT INTO movement_unit BY NAME {changed}", [register.policy.id])
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE merged AS SELECT old.month, old.unit, old.town, old.county, old.carried, "
        f"{', '.join(columns)} FROM {table} AS old JOIN current_state AS new USING (unit)"
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * FROM merged")


# among units that are known in both months it is their answers, else whether they report
_KNOWN = "CASE WHEN packed // 8 <= 2 AND packed % 8 <= 2 THEN 'answers' ELSE 'reporting' END"


def _changed_units(earlier: str, later: str, indicators: list, part: str) -> str:
    """Units whose state differs between two tables of states; `part` is SQL for the part of the movement.

    Each unit's two states of an indicator are packed into one number where they differ: only what changed is spread into rows.
    """
    pairs = ", ".join(
        f'CASE WHEN old."{i.id}" <> new."{i.id}" THEN old."{i.id}" * 8 + new."{i.id}" END AS "{i.id}"'
        for i in indicators
    )
    names = ", ".join(f'"{i.id}"' for i in indicators)
    return f"""
        WITH pair AS (SELECT new.unit, new.county, {pairs} FROM {later} AS new JOIN {earlier} AS old USING (unit)),
        changed AS (UNPIVOT pair ON {names} INTO NAME indicator VALUE packed)
        SELECT ? AS policy, indicator, unit, county, packed // 8 AS "before", packed % 8 AS "after", {part} AS part FROM changed
    """


def _parts_sql() -> str:
    """One row per figure and part. A step without a value leaves its change to the next that has one."""
    joins = " ".join(f"LEFT JOIN step_{name} AS {name} USING (indicator, level, unit)" for name in _STEPS[1:-1])
    columns = ["published.value AS v0", "published.yes AS y0", "published.scope AS s0"]
    for n, name in enumerate(_STEPS[1:-1], 1):
        known = ", ".join(f"{step}.{{0}}" for step in reversed(_STEPS[: n + 1]))
        columns += [f"coalesce({known.format('value')}) AS v{n}"]
        columns += [
            f"coalesce({name}.yes, published.yes) AS y{n}",
            f"coalesce({name}.scope, published.scope) AS s{n}",
        ]
    end = len(_STEPS) - 1
    columns += [f"now.value AS v{end}", f"now.yes AS y{end}", f"now.scope AS s{end}"]
    rows = " UNION ALL ".join(
        f'SELECT $policy AS policy, indicator, level, unit, \'{part}\' AS part, v{n} AS "before", v{n + 1} AS "after", '
        f"v{n + 1} - v{n} AS change, y{n} AS yes_before, y{n + 1} AS yes_after, s{n} AS scope_before, s{n + 1} AS scope_after "
        "FROM steps"
        for n, part in enumerate(PARTS)
    )
    return f"""
        WITH steps AS (
            SELECT indicator, level, unit, {", ".join(columns)}
            FROM step_published AS published JOIN step_now AS now USING (indicator, level, unit) {joins}
            WHERE published.value IS NOT NULL AND now.value IS NOT NULL)
        {rows}
    """
