"""The cells of every figure of the month in the workbook, computed by the database: a city has fifteen thousand, most of them of towns."""

from collections.abc import Sequence
from typing import NamedTuple

from pipelines.edition.statuses import LEVELS, NAMES
from pipelines.reports.below_counties import many_towns
from pipelines.reports.facts import Facts
from pipelines.reports.indicator_figures import Item
from pipelines.reports.list_limits import TOWNS_SHOWN

Value = str | int | float | None


class FigureRow(NamedTuple):
    """A figure; `numerator` and `denominator` are in millionths, of which the database keeps no smaller part."""

    level: str
    indicator: str
    county: str | None
    town: str | None
    unit: str
    shown: float | None
    known_shown: float | None
    low: float | None
    high: float | None
    numerator: int
    denominator: int
    unknown: int
    carried: int
    status: str
    gap: int | None
    gap_failing: int | None
    gap_unknown: int | None
    has_value: bool


_MILLION = 1_000_000
# bounds are rounded half up to one decimal
_FIGURES = f"""
    SELECT f.level, f.indicator, n.county, n.town, f.unit, f.shown::DOUBLE, f.known_shown::DOUBLE,
        CASE WHEN f.lower IS NOT NULL THEN ((2000 * top + whole) // (2 * whole)) / 10 END,
        CASE WHEN f.lower IS NOT NULL THEN ((2000 * (top + {_MILLION} * f.unknown) + whole) // (2 * whole)) / 10 END,
        top, bottom, f.unknown, f.carried, f.status, f.gap, f.gap_failing, f.gap_unknown, f.value IS NOT NULL AND bottom <> 0
    FROM (SELECT *, (numerator * {_MILLION})::HUGEINT AS top, (denominator * {_MILLION})::HUGEINT AS bottom,
              bottom + {_MILLION} * scope_unknown AS whole
          FROM figure WHERE policy = $policy AND month = $month) AS f
    JOIN indicator AS i USING (policy, indicator)
    LEFT JOIN (SELECT DISTINCT town_code, town, county FROM unit) AS n ON f.level = 'town' AND n.town_code = f.unit
"""
_ABOVE = "WHERE f.level IN ('city', 'county') AND f.divisions = 'now'"
_TOWNS = "WHERE f.level = 'town' AND f.divisions = 'then' AND n.town_code IS NOT NULL"
_ORDER = "ORDER BY f.level, i.position, f.unit"


def read(facts: Facts) -> list[FigureRow]:
    """Figures of city, counties and towns, each in the register's order; of very many towns those that lack most."""
    if not many_towns(facts):
        return _rows(facts, f"{_ABOVE} OR {_TOWNS.removeprefix('WHERE')} {_ORDER}")
    # one indicator at a time: a country has millions of such rows, more than a reader's memory
    most = f"{_TOWNS} AND f.indicator = $indicator ORDER BY f.gap DESC NULLS LAST, f.value NULLS LAST, f.unit LIMIT {TOWNS_SHOWN}"
    rows = _rows(facts, f"{_ABOVE} {_ORDER}")
    for item in facts.items:
        rows += sorted(_rows(facts, most, indicator=item.id), key=lambda row: row.unit)
    return rows


def _rows(facts: Facts, which: str, **more: str) -> list[FigureRow]:
    known = {"policy": facts.policy["id"], "month": facts.month, **more}
    with facts.release.con.cursor() as cursor:
        return [FigureRow._make(row) for row in cursor.execute(_FIGURES + which, known).fetchall()]


def measured(row: FigureRow, item: Item) -> list[Value]:
    """The cells under `tables_xlsx.MEASURES`."""
    return [
        row.shown, row.known_shown, row.low, row.high, item.unit, _number(row.numerator), _number(row.denominator), row.unknown, row.carried,
        NAMES[row.status], row.gap, row.gap_failing, row.gap_unknown, item.gap_unit if row.gap else None,
    ]  # fmt: skip


def tidy(rows: Sequence[FigureRow], items: dict[str, Item], month: str) -> list[Sequence[Value]]:
    """One row a figure, for pivot tables and other programs. The value is not rounded."""
    return [
        (
            month, LEVELS[row.level], row.unit, row.indicator, (item := items[row.indicator]).name, _number(row.numerator),
            _number(row.denominator), row.unknown, item.factor * row.numerator / row.denominator if row.has_value else None,
            NAMES[row.status],
        )
        for row in rows
    ]  # fmt: skip


def _number(millionths: int) -> int | float:
    whole, part = divmod(millionths, _MILLION)
    return millionths / _MILLION if part else whole
