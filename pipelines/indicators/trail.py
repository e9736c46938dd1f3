"""Where each series began and whether it was ever met: what a month's pace needs of the months before (semantics §6).

| table (n: the policy's number) | one row per | for every indicator |
|---|---|---|
| `trail_<n>`, `county_trail_<n>` | month, divisions, level and unit of which a series began then | when it began, and its first sums |
| `met` | policy, what is counted, month, divisions, level, unit | whether it was met by then, in the register's order |

A series begins once, so that a month costs the same however many came before. What holds before a month is read from the rows of the
months before it; so an earlier month can be computed again, and those after it follow in order.
"""

from datetime import date

from pipelines import months
from pipelines.indicators.figures import LANE, NO, SCOPE_UNKNOWN, SHARE_UNKNOWN, YES, ensure, lane, of
from pipelines.policy.register import Indicator, Register
from pipelines.warehouse import Warehouse

# Targets are held in ten-thousandths; the register's gate refuses finer ones.
SCALE = 10_000
_PARTS = (("", "community"), ("county_", "county"))


def create(warehouse: Warehouse) -> None:
    """The tables of this module, where they are not there yet."""
    for number, register in enumerate(warehouse.reference.registers):
        for prefix, counted in _PARTS:
            if indicators := of(register, counted):
                fixed = "month DATE, divisions VARCHAR, level VARCHAR, unit VARCHAR"
                ensure(warehouse, f"{prefix}trail_{number}", [fixed, *(c for i in indicators for c in _columns(i))])
    warehouse.con.execute(
        """
        CREATE TABLE IF NOT EXISTS met (policy VARCHAR, counted VARCHAR, month DATE, divisions VARCHAR, level VARCHAR, unit VARCHAR,
            met BOOLEAN[])
        """
    )


def _columns(indicator: Indicator) -> list[str]:
    return [
        f'"month:{indicator.id}" DATE',
        *(f'"{first}:{indicator.id}" HUGEINT' for first in _firsts(indicator).values()),
    ]


def _firsts(indicator: Indicator) -> dict[str, str]:
    """What is kept of a first count: a share's as it was counted, a ratio's as both sums. Column of the count → name kept under."""
    kept = {"": "first"} if indicator.is_share else {"n:": "first_n", "d:": "first_d"}
    return {f'"{part}{indicator.id}"': name for part, name in kept.items()}


def load_past(warehouse: Warehouse, month: date, divisions: str, number: int, register: Register) -> None:
    """Temporary `past_<n>`, `county_past_<n>`: one row per level and unit, as it was before the month; `met` is null where nothing was."""
    for prefix, counted in _PARTS:
        if of(register, counted):
            parameters = {
                "month": month, "before": months.add(month, -1), "divisions": divisions,
                "policy": register.policy.id, "counted": counted,
            }  # fmt: skip
            query = _PAST.format(table=f"{prefix}trail_{number}")
            warehouse.con.execute(f"CREATE OR REPLACE TEMP TABLE {prefix}past_{number} AS {query}", parameters)


_PAST = """
    WITH known AS (SELECT * FROM {table} WHERE month < $month AND divisions = $divisions),
    newest AS (SELECT level, unit, max(month) AS month FROM known GROUP BY level, unit),
    began AS (SELECT known.* EXCLUDE (month, divisions) FROM known SEMI JOIN newest USING (level, unit, month))
    SELECT * FROM began FULL JOIN (
        SELECT level, unit, met FROM met
        WHERE month = $before AND divisions = $divisions AND policy = $policy AND counted = $counted) USING (level, unit)
"""


def advance(warehouse: Warehouse, month: date, divisions: str, number: int, register: Register) -> None:
    """Write what the month adds: series that begin, and which targets are met by now. Uses `counted_<n>` and `past_<n>`."""
    con = warehouse.con
    con.execute(
        "DELETE FROM met WHERE month = ? AND divisions = ? AND policy = ?", [month, divisions, register.policy.id]
    )
    for prefix, counted in _PARTS:
        if indicators := of(register, counted):
            parameters = {"month": month, "divisions": divisions}
            table, names = f"{prefix}trail_{number}", {"n": number, "prefix": prefix}
            con.execute(f"DELETE FROM {table} WHERE month = ? AND divisions = ?", [month, divisions])
            # planning hundreds of columns costs more than a city's rows, and in most months no series begins
            if con.execute(_any_begins(indicators, month).format(**names)).fetchall():
                con.execute(f"INSERT INTO {table} BY NAME {_began(indicators, month).format(**names)}", parameters)
            parameters |= {"policy": register.policy.id, "counted": counted}
            con.execute(f"INSERT INTO met BY NAME {_met(indicators, month).format(**names)}", parameters)


def _counts(indicator: Indicator, month: date) -> bool:
    """A month counts for the trail when it has a value and, of what is judged in December, when it is one."""
    return indicator.judged != "december" or month.month == 12


_NOW = "(SELECT * FROM {prefix}counted_{n} LEFT JOIN {prefix}past_{n} USING (level, unit)) AS now"


def _begins(indicators: list[Indicator], month: date) -> dict[str, str]:
    """SQL by indicator: its series has its first value. Indicators that do not count in this month are left out."""
    return {i.id: f'now."month:{i.id}" IS NULL AND {_has_value(i)}' for i in indicators if _counts(i, month)}


def _any_begins(indicators: list[Indicator], month: date) -> str:
    """A row where any series of any unit begins."""
    tests = " OR ".join(f"({test})" for test in _begins(indicators, month).values()) or "FALSE"
    return f"SELECT 1 FROM {_NOW} WHERE {tests} LIMIT 1"


def _began(indicators: list[Indicator], month: date) -> str:
    """A row for every unit of which a series has its first value."""
    tests = {i.id: f'"month:{i.id}" IS NULL AND {_has_value(i)}' if _counts(i, month) else "FALSE" for i in indicators}
    begins = "".join(f', {test} AS "begins:{name}"' for name, test in tests.items())
    some = " OR ".join(f'"begins:{name}"' for name in tests)
    columns = ", ".join(column for i in indicators for column in _first(i))
    return f"""
        SELECT $month::DATE AS month, $divisions AS divisions, level, unit, {columns}
        FROM (SELECT *{begins} FROM {{prefix}}counted_{{n}} LEFT JOIN {{prefix}}past_{{n}} USING (level, unit)) WHERE {some}
    """


def _first(indicator: Indicator) -> list[str]:
    values = {"month": "$month::DATE", **{name: column for column, name in _firsts(indicator).items()}}
    names = {part: f'"{part}:{indicator.id}"' for part in values}
    return [
        f'CASE WHEN "begins:{indicator.id}" THEN {values[p]} ELSE {name} END AS {name}' for p, name in names.items()
    ]


def _met(indicators: list[Indicator], month: date) -> str:
    """A row for every unit that is counted or was; a target that was met stays so."""
    flags = [
        f"coalesce(past.met[{n}], FALSE) OR {f'coalesce({_meets(i)}, FALSE)' if _counts(i, month) else 'FALSE'}"
        for n, i in enumerate(indicators, 1)
    ]
    return f"""
        SELECT $policy AS policy, $counted AS counted, $month::DATE AS month, $divisions AS divisions, level, unit,
               [{", ".join(flags)}] AS met
        FROM {{prefix}}counted_{{n}} AS now FULL JOIN {{prefix}}past_{{n}} AS past USING (level, unit)
    """


# ---- what a packed count says


def yes(indicator: Indicator) -> str:
    """SQL of a figure's numerator: units, or a ratio's sum in millionths."""
    return lane(f'"{indicator.id}"', YES) if indicator.is_share else f'"n:{indicator.id}"'


def scope(indicator: Indicator) -> str:
    """SQL of a figure's denominator: units, or a ratio's sum in millionths."""
    packed = f'"{indicator.id}"'
    inside = " + ".join(lane(packed, number) for number in (YES, NO, SHARE_UNKNOWN))
    return f"({inside})" if indicator.is_share else f'"d:{indicator.id}"'


def _has_value(indicator: Indicator) -> str:
    """SQL: somebody has answered. A share of which nothing is known has no value, a ratio needs a denominator."""
    packed = f'"{indicator.id}"'
    answered = (1 << LANE * (NO + 1)) - 1
    return f"({packed} & {answered} > 0)" if indicator.is_share else f"({scope(indicator)} > 0)"


def _meets(indicator: Indicator) -> str:
    """SQL: the target holds whatever the unknown would answer."""
    target, packed, most, whole = indicator.target, f'"{indicator.id}"', yes(indicator), scope(indicator)
    if target is None:
        return "FALSE"
    if indicator.is_share:
        most = f"({most} + {lane(packed, SHARE_UNKNOWN)} + {lane(packed, SCOPE_UNKNOWN)})"
        whole = f"({whole} + {lane(packed, SCOPE_UNKNOWN)})"
    low, high = scaled(target.low), scaled(target.high)
    bounds = [_has_value(indicator)]
    bounds += [f"{indicator.factor * SCALE}::HUGEINT * {yes(indicator)} >= {low} * {whole}"] if low is not None else []
    bounds += [f"{indicator.factor * SCALE}::HUGEINT * {most} <= {high} * {whole}"] if high is not None else []
    return f"({' AND '.join(bounds)})"


def scaled(bound) -> int | None:
    """A target's bound in ten-thousandths."""
    return None if bound is None else int(bound * SCALE)
