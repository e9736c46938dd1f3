"""Figures from counts: whole numbers, value, bounds, gaps, and whether the target is reached (semantics §5).

All of it is SQL over one row per indicator, month and unit (a *series*), which costs the same to plan however many indicators there
are. Shares are counted in units, ratios in millionths: whole numbers of eight bytes are much cheaper than those of sixteen.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.figures.figure_counts import CARRIED, MICRO, NO, SCOPE_UNKNOWN, SHARE_UNKNOWN, YES, lane, of
from pipelines.reference.policy.register import Indicator, Register

# Targets are held in ten-thousandths; the register's gate refuses finer ones.
SCALE = 10_000


@dataclass(frozen=True)
class Kind:
    """All shares or all ratios of a policy: those of communities and of counties, by the tables that `figure_counts` counted them in."""

    share: bool
    number: int
    counted: tuple[tuple[str, tuple[Indicator, ...]], ...]

    @property
    def name(self) -> str:
        return "share" if self.share else "ratio"

    @property
    def columns(self) -> tuple[str, ...]:
        """What a series holds of a count."""
        return ("packed",) if self.share else ("packed", "n", "d")


def kinds(number: int, register: Register) -> Iterator[Kind]:
    """The policy's shares and its ratios, as far as it has any. `number` is the policy's position."""
    for share in (True, False):
        counted = [
            (f"{prefix}counted_{number}", tuple(i for i in of(register, level) if i.is_share == share))
            for prefix, level in (("", "community"), ("county_", "county"))
        ]
        if any(indicators for _, indicators in counted):
            yield Kind(share, number, tuple((table, indicators) for table, indicators in counted if indicators))


def series(kind: Kind) -> str:
    """SQL of one row per indicator, month and unit with its packed count, and both sums of a ratio."""
    return " UNION ALL ".join(_spread(kind, table, indicators) for table, indicators in kind.counted)


def _spread(kind: Kind, table: str, indicators: tuple[Indicator, ...]) -> str:
    lists = {"indicator": [f"'{i.id}'" for i in indicators], "packed": [f'"{i.id}"' for i in indicators]}
    lists |= {part: [f'"{part}:{i.id}"' for i in indicators] for part in kind.columns[1:]}
    columns = ", ".join(f"unnest([{', '.join(values)}]) AS {name}" for name, values in lists.items())
    return f"SELECT month, level, unit, {columns} FROM {table}"


def counts(kind: Kind, series: str) -> str:
    """SQL of the series with its whole numbers: `yes` of `scope`, and how many are unknown, carried, answered, failing."""
    inside = " + ".join(lane(number) for number in (YES, NO, SHARE_UNKNOWN))
    sums = f"{lane(YES)} AS yes, {inside} AS scope" if kind.share else "n AS yes, d AS scope"
    return f"SELECT *, {_LANES}, {sums} FROM ({series})"


_LANES = f"""
    {lane(SHARE_UNKNOWN)} AS share_unknown, {lane(SCOPE_UNKNOWN)} AS scope_unknown,
    {lane(CARRIED)} AS carried, {lane(YES)} AS answered, {lane(NO)} AS failing
"""


def filled(template: str, kind: Kind) -> str:
    """SQL for this kind of indicators. `micro` is how many of the numbers are one."""
    big = "BIGINT" if kind.share else "HUGEINT"
    micro = "1::BIGINT" if kind.share else f"{MICRO}::HUGEINT"
    for word, value in {"share": str(kind.share), "big": big, "micro": micro}.items():
        template = template.replace(f"<{word}>", value)
    return template


IN_FORCE = "month BETWEEN starts AND ends"


def measured(kind: Kind, series: str, which: str = IN_FORCE) -> str:
    """SQL of the counts with their target, value and bounds; whether the target is met whatever the unknown units would answer
    (`meets`), and whether the month counts for the rest of the series (`judged`).

    `$policy` is the policy; `which` selects the targets: those in force in the month, or others.
    """
    return filled(_MEASURED, kind).replace("<counts>", counts(kind, series)).replace("<which>", which)


_VALUE = "CASE WHEN scope > 0 AND NOT (<share> AND share_unknown = scope) THEN factor * yes::DOUBLE / scope::DOUBLE END"


def reaches(lowest: str, highest: str) -> str:
    """SQL: every point between two ends is within the target's bounds, in whole numbers. Null bounds do not bind."""
    return (
        f"(coalesce({SCALE} * factor * {lowest} >= low * whole, TRUE)"
        f" AND coalesce({SCALE} * factor * {highest} <= high * whole, TRUE))"
    )


# Of 100 units in scope at least this many must have answered both parts of a ratio before it is judged (semantics §5).
_RATIO_ANSWERED = 95
_MEASURED = f"""
    SELECT *, {_VALUE} AS value, factor * yes::DOUBLE / nullif(known_scope, 0)::DOUBLE AS known,
           CASE WHEN <share> AND scope > 0 THEN factor * yes::DOUBLE / whole::DOUBLE END AS lower,
           CASE WHEN <share> AND scope > 0 THEN factor * most::DOUBLE / whole::DOUBLE END AS upper,
           target IS NOT NULL AND value IS NOT NULL AND NOT thin AND {reaches("yes", "most")} AS meets,
           NOT december OR month(month) = 12 AS judged
    FROM (
        SELECT *, NOT <share> AND 100 * known_units < {_RATIO_ANSWERED} * units AS thin
        FROM (
            SELECT counts.*, policy, number, factor::<big> AS factor, low::<big> AS low, high::<big> AS high, target, due, december,
                   yearly, target.since, target.base_month AS declared_month, target.base_value AS declared_value,
                   scope + CASE WHEN <share> THEN scope_unknown ELSE 0 END AS whole,
                   yes + CASE WHEN <share> THEN share_unknown + scope_unknown ELSE 0 END AS most,
                   scope - CASE WHEN <share> THEN share_unknown ELSE 0 END AS known_scope,
                   CASE WHEN <share> THEN scope - share_unknown ELSE answered END AS known_units,
                   CASE WHEN <share> THEN scope ELSE answered + share_unknown END + scope_unknown AS units
            FROM (<counts>) AS counts JOIN target USING (indicator) WHERE policy = $policy AND <which>
        )
    )
"""

# Whole units that a share with an at_least target needs in all, and still needs to show; and were every unknown unit met.
_NEEDED = f"(low * whole + {SCALE} * factor - 1) // ({SCALE} * factor)"
_COUNTABLE = "<share> AND low IS NOT NULL AND high IS NULL AND whole > 0"
GAPS = f"""
    CASE WHEN {_COUNTABLE} THEN {_NEEDED} END AS needed,
    CASE WHEN {_COUNTABLE} THEN greatest(0, {_NEEDED} - yes) END AS gap,
    CASE WHEN {_COUNTABLE} THEN greatest(0, {_NEEDED} - most) END AS gap_failing
"""

# HUGEINT millionths back to decimals; 31 + 7 digits are all that DECIMAL holds.
DECIMAL = "CASE WHEN <share> THEN {0}::DECIMAL(38,6) ELSE {0}::DECIMAL(31,0) * 0.000001::DECIMAL(7,6) END"


def sums(kind: Kind) -> str:
    """SQL of a month's counts for counties and city: factor, whole `yes` and `scope` (ratios in millionths), value or 无数据."""
    factors = " ".join(f"WHEN '{i.id}' THEN {i.factor}" for _, indicators in kind.counted for i in indicators)
    query = f"""
        SELECT month, indicator, level, unit, CASE indicator {factors} END AS factor, yes::HUGEINT AS yes, scope::HUGEINT AS scope,
               scope > 0 AND NOT (<share> AND share_unknown = scope) AS has_value,
               NOT has_value AND share_unknown + scope_unknown > 0 AS is_silent
        FROM (<counts>)"""
    above = f"SELECT * FROM ({series(kind)}) WHERE level <> 'town'"
    return filled(query, kind).replace("<counts>", counts(kind, above))
