"""What a count says: whole numbers, value, bounds, and whether it reaches the target (semantics §5).

All of it is SQL over a row an indicator, month and unit (a *series*), which costs the same to plan however many indicators there are.
Shares are counted in units, ratios in millionths: whole numbers of eight bytes are much cheaper than those of sixteen.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.figures.figure_counts import CARRIED, MICRO, NO, SCOPE_UNKNOWN, SHARE_UNKNOWN, YES, lane, of
from pipelines.reference.policy.register import Indicator, Register

# Targets are held in ten-thousandths; the register's gate refuses finer ones.
SCALE = 10_000


@dataclass(frozen=True)
class Kind:
    """All shares or all ratios of a policy: those of communities and of counties, by the tables that `figures` counted them in."""

    share: bool
    counted: tuple[tuple[str, tuple[Indicator, ...]], ...]

    @property
    def name(self) -> str:
        return "share" if self.share else "ratio"

    @property
    def number(self) -> str:
        """SQL type of its whole numbers."""
        return "BIGINT" if self.share else "HUGEINT"

    @property
    def columns(self) -> tuple[str, ...]:
        """What a series holds of a count."""
        return ("packed",) if self.share else ("packed", "n", "d")


def kinds(number: int, register: Register) -> Iterator[Kind]:
    """The policy's shares and its ratios, as far as it has any."""
    for share in (True, False):
        counted = [
            (f"{prefix}counted_{number}", tuple(i for i in of(register, level) if i.is_share == share))
            for prefix, level in (("", "community"), ("county_", "county"))
        ]
        if any(indicators for _, indicators in counted):
            yield Kind(share, tuple((table, indicators) for table, indicators in counted if indicators))


def series(kind: Kind) -> str:
    """SQL of a row an indicator, month and unit with its packed count, and both sums of a ratio."""
    return " UNION ALL ".join(_spread(kind, table, indicators) for table, indicators in kind.counted)


def _spread(kind: Kind, table: str, indicators: tuple[Indicator, ...]) -> str:
    lists = {"indicator": [f"'{i.id}'" for i in indicators], "packed": [f'"{i.id}"' for i in indicators]}
    lists |= {part: [f'"{part}:{i.id}"' for i in indicators] for part in kind.columns[1:]}
    columns = ", ".join(f"unnest([{', '.join(values)}]) AS {name}" for name, values in lists.items())
    return f"SELECT month, level, unit, {columns} FROM {table}"


def counts(kind: Kind, series: str) -> str:
    """SQL of the series with its whole numbers: `yes` of `scope`, and how many are unknown, carried, answered."""
    inside = " + ".join(lane("packed", number) for number in (YES, NO, SHARE_UNKNOWN))
    sums = f"{lane('packed', YES)} AS yes, {inside} AS scope" if kind.share else "n AS yes, d AS scope"
    return f"SELECT *, {_LANES}, {sums} FROM ({series})"


_LANES = f"""
    {lane("packed", SHARE_UNKNOWN)} AS share_unknown, {lane("packed", SCOPE_UNKNOWN)} AS scope_unknown,
    {lane("packed", CARRIED)} AS carried, {lane("packed", YES)} AS answered
"""


def filled(template: str, kind: Kind) -> str:
    """SQL for this kind of indicators. `micro` is how many of the numbers are one."""
    micro = "1::BIGINT" if kind.share else f"{MICRO}::HUGEINT"
    words = {"share": str(kind.share), "big": kind.number, "micro": micro}
    for word, value in words.items():
        template = template.replace(f"<{word}>", value)
    return template


def measured(kind: Kind, series: str) -> str:
    """SQL of the counts with their target, value and bounds; whether it is met, whatever the unknown would answer (`meets`), and
    whether the month counts for how the series goes on (`judged`). `$policy` is the policy.
    """
    return filled(_MEASURED, kind).replace("<counts>", counts(kind, series))


VALUE = "CASE WHEN scope > 0 AND NOT (<share> AND share_unknown = scope) THEN factor * yes::DOUBLE / scope::DOUBLE END"


def _reaches(lowest: str, highest: str, whole: str) -> str:
    """SQL: the target holds for both ends, in whole numbers. Null bounds do not bind; no target is never reached."""
    return (
        "(target IS NOT NULL AND scope > 0 AND NOT (<share> AND share_unknown = scope)"
        f" AND coalesce({SCALE} * factor * {lowest} >= low * {whole}, TRUE)"
        f" AND coalesce({SCALE} * factor * {highest} <= high * {whole}, TRUE))"
    )


_MEASURED = f"""
    SELECT *, {VALUE} AS value,
           CASE WHEN <share> AND scope > 0 THEN factor * yes::DOUBLE / whole::DOUBLE END AS lower,
           CASE WHEN <share> AND scope > 0 THEN factor * most::DOUBLE / whole::DOUBLE END AS upper,
           {_reaches("yes", "most", "whole")} AS meets, {_reaches("yes", "yes", "scope")} AS value_meets,
           NOT december OR month(month) = 12 AS judged
    FROM (
        SELECT counts.*, policy, factor::<big> AS factor, low::<big> AS low, high::<big> AS high, target, due, december,
               target.base_month AS declared_month, target.base_value AS declared_value,
               scope + CASE WHEN <share> THEN scope_unknown ELSE 0 END AS whole,
               yes + CASE WHEN <share> THEN share_unknown + scope_unknown ELSE 0 END AS most
        FROM (<counts>) AS counts JOIN target USING (indicator) WHERE policy = $policy
    )
"""

# HUGEINT millionths back to decimals; 31 + 7 digits are all that DECIMAL holds.
DECIMAL = "CASE WHEN <share> THEN {0}::DECIMAL(38,6) ELSE {0}::DECIMAL(31,0) * 0.000001::DECIMAL(7,6) END"


def values(kind: Kind) -> str:
    """SQL over what `figures` counted of one month: value and sums (yes, scope) of figures of counties and the city."""
    factors = " ".join(f"WHEN '{i.id}' THEN {i.factor}" for _, indicators in kind.counted for i in indicators)
    query = f"""
        SELECT indicator, level, unit, {VALUE} AS value, {DECIMAL.format("yes")}::DOUBLE AS yes,
               {DECIMAL.format("scope")}::DOUBLE AS scope
        FROM (SELECT *, CASE indicator {factors} END AS factor FROM (<counts>))"""
    above = f"SELECT * FROM ({series(kind)}) WHERE level <> 'town'"
    return filled(query, kind).replace("<counts>", counts(kind, above))
