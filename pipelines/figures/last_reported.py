"""What an unproven verdict would be if every unknown unit stood by its last answers of any age: `if_last` (semantics §6)."""

from dataclasses import dataclass, replace
from datetime import date

from pipelines import months
from pipelines.figures import county_origins, figure_counts, progress
from pipelines.reference.form import Part
from pipelines.reference.policy.register import Indicator, Register
from pipelines.warehouse.projection import Warehouse


@dataclass(frozen=True)
class Judged:
    """A month to be judged again: roster `basis`, `divisions` its figures are stored under, first month `opened`."""

    month: date
    basis: str
    divisions: str
    opened: date


def compute(warehouse: Warehouse, judged: Judged) -> None:
    """Write `if_last` of the month's unproven figures, from accepted answers of earlier months, by the temporary rosters."""
    unproven = _unproven(warehouse, judged)
    for number, register in enumerate(warehouse.reference.registers):
        indicators = tuple(i for i in register if (register.policy.id, i.id) in unproven)
        if indicators:
            opened = max(judged.opened, register.since)
            _judge_again(warehouse, replace(judged, opened=opened), number, replace(register, indicators=indicators))


def _unproven(warehouse: Warehouse, judged: Judged) -> set[tuple[str, str]]:
    sql = "SELECT DISTINCT policy, indicator FROM figure WHERE month = ? AND divisions = ? AND status = 'unproven'"
    return set(warehouse.con.execute(sql, [judged.month, judged.divisions]).fetchall())


def _judge_again(warehouse: Warehouse, judged: Judged, number: int, register: Register) -> None:
    con, month = warehouse.con, judged.month
    _load_last_answers(warehouse, month, judged.opened, register)
    try:
        figure_counts.judge_units(warehouse.con, warehouse.reference.form, [month], register)
    finally:
        con.execute("DROP TABLE temp.standing")
        con.execute("DROP TABLE temp.county_standing")
    for table, counted in (("state", "community"), ("county_state", "county")):
        _keep_what_is_known(
            warehouse, month, judged.basis, table, f"{table}_{number}", figure_counts.of(register, counted)
        )
    figure_counts.count(warehouse.con, warehouse.reference.rosters.city.code, number, register)
    for kind in progress.in_batches(warehouse, number, register):
        with progress.drawn(warehouse, [month], judged.basis, judged.opened, kind, register, assumed=True):
            con.execute(_WRITE, [month, judged.divisions, register.policy.id])


_WRITE = """
    UPDATE figure SET if_last = drawn.status FROM drawn
    WHERE figure.month = ? AND figure.divisions = ? AND figure.policy = ? AND figure.status = 'unproven'
      AND (figure.indicator, figure.level, figure.unit) = (drawn.indicator, drawn.level, drawn.unit)
"""


def _keep_what_is_known(
    warehouse: Warehouse, month: date, basis: str, table: str, kept: str, indicators: list[Indicator]
) -> None:
    """The temporary table of states, with the unit's present state wherever that is known."""
    columns = [
        f'CASE WHEN now."{i.id}" > 2 THEN last."{name}" ELSE now."{name}" END AS "{name}"'
        for i in indicators
        for name in ([i.id] if i.is_share else [i.id, f"n:{i.id}", f"d:{i.id}"])
    ]
    listed = "".join(f", {column}" for column in columns)
    warehouse.con.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT now.month, now.uid, now.unit, now.town, now.county, now.carried{listed} "
        f"FROM (SELECT * FROM {kept} WHERE month = ? AND divisions = ?) AS now JOIN {table} AS last USING (uid)",
        [month, basis],
    )


# ---- last answers


def _load_last_answers(warehouse: Warehouse, month: date, opened: date, register: Register) -> None:
    """Temporary `standing` and `county_standing` of the month that hide the present ones: every gap filled with the last answer."""
    con, form = warehouse.con, warehouse.reference.form
    asked = {name for indicator in register for name in indicator.fields}
    own = asked | {rollup.sum for name, rollup in register.rollups.items() if f"rollup.{name}" in asked}
    shared = asked | {name.removeprefix("county.") for name in asked}
    county_origins.load(warehouse, months.span(opened, month), month)
    for table, key, part, fields, source in (
        ("standing", "uid", form.community, own, "main.standing"),
        ("county_standing", "unit", form.county, shared, _COUNTY_SOURCE),
    ):
        kept = ", ".join(f"now.{name}" for name in dict.fromkeys(("month", "unit", key, "carried")))
        con.execute(
            f"CREATE TEMP TABLE {table} AS SELECT {kept}{_completed(part, fields)} "
            f"FROM (SELECT * FROM main.{table} WHERE month = DATE '{month}') AS now LEFT JOIN ("
            f"SELECT {key}{_last(part, fields, month)} FROM {source} WHERE month <= DATE '{month}' AND row_state = 'accepted' "
            f"GROUP BY {key}) AS last USING ({key})"
        )


def _last(part: Part, asked: set[str], month: date) -> str:
    """Each question's last answer; of a `year` question in the month's year."""
    columns = ""
    for field in part:
        if field.id in asked:
            new_year = f"CASE WHEN year(month) = {month.year} THEN " if field.period == "year" else ""
            end = " END" if new_year else ""
            columns += f', arg_max({new_year}"{field.id}"{end}, month) AS "{field.id}"'
    return columns


def _completed(part: Part, asked: set[str]) -> str:
    return "".join(
        f', coalesce(now."{f.id}", last."{f.id}") AS "{f.id}"' if f.id in asked else f', now."{f.id}"' for f in part
    )


# a county's own answers, under the code that it has in the month judged
_COUNTY_SOURCE = """
    (SELECT report.* REPLACE (origin.code AS unit) FROM main.county_standing AS report
     JOIN origin ON (origin.month, origin.answered_as) = (report.month, report.unit))"""
