"""Rows of sums: they are no units, and where they disagree with their parts it is asked which of the two is wrong."""

from decimal import Decimal
from typing import Any

from pipelines.answers import measurement_units, parse_value
from pipelines.answers.community_rows import CommunityRows, Context
from pipelines.answers.header_columns import Table
from pipelines.answers.parse_value import Asked
from pipelines.answers.unit_rows import Total
from pipelines.reference.form import Field, Part
from pipelines.reference.labels import fold
from pipelines.workbook import address


def check(totals: list[Total], rows: CommunityRows, table: Table, context: Context) -> None:
    """One warning for each row of sums that fits none of the groups of rows that it can be meant to sum."""
    fields = [f for f in context.part if f.id in table.columns and _adds_up(f)]
    for position, total in enumerate(totals):
        stated = _stated(total, fields, table)
        groups = _groups(position, totals, rows, table, context)
        wrong = [_differences(stated, group, rows, context.part) for group in groups if group]
        if stated and wrong and all(wrong):
            _report(total, wrong[0], rows, table, context)


def _adds_up(field: Field) -> bool:
    """Pay a head and percentages are no sums."""
    if field.type == "number":
        own = measurement_units.canonical(field.unit)
        return own in measurement_units.UNITS and measurement_units.UNITS[own][0] == "area"
    return field.type in ("count", "money")


def _stated(total: Total, fields: list[Field], table: Table) -> dict[str, Decimal]:
    """The sums that the row states, converted; what is no number is left out."""
    stated = {}
    for field in fields:
        column = table.columns[field.id]
        value = parse_value.decimal(table.sheet.value(total.row, column.index), column.stated)
        if isinstance(value, Decimal):
            stated[field.id] = value * Asked(column.factor).factor
    return stated


def _groups(position: int, totals: list[Total], rows: CommunityRows, table: Table, context: Context) -> list[list[int]]:
    """Positions of the rows that the total may sum, likeliest first."""
    total = totals[position]
    others = {row for block in table.blocks for row in block}
    everything = [i for i, row in enumerate(rows.row) if row not in others]
    before = max((other.row for other in totals[:position] if not other.grand), default=0)
    after = min((other.row for other in totals[position + 1 :]), default=1 << 30)
    above = [i for i, row in enumerate(rows.row) if before < row < total.row]
    below = [i for i, row in enumerate(rows.row) if total.row < row < after]
    block = next((block for block in table.blocks if total.row in block), None)
    if block:
        return [[i for i, row in enumerate(rows.row) if row in block]]
    town = _town(total, rows, table, context)
    return [everything, above, town, below] if total.grand else [town, above, below, everything]


def _town(total: Total, rows: CommunityRows, table: Table, context: Context) -> list[int]:
    cells = [total.label]
    if "town" in table.columns:
        cells.append(str(table.sheet.value(total.row, table.columns["town"].index) or ""))
    for text in cells:
        bare = text.removesuffix("小计").removesuffix("合计").removesuffix("(").strip(":")
        towns = context.index.town_codes(bare) if context.index and bare else set()
        if towns:
            return [i for i, code in enumerate(rows.unit) if code and code[:9] in towns]
    return []


def _differences(
    stated: dict[str, Decimal], group: list[int], rows: CommunityRows, part: Part
) -> dict[str, tuple[Decimal, Decimal]]:
    """Fields whose stated sum differs from the computed one (both returned); an unreadable part may be up to the field's maximum."""
    wrong = {}
    for field_id, value in stated.items():
        parts = [(rows.values[field_id][i], rows.raw[field_id][i]) for i in group]
        actual = sum((Decimal(value_) for value_, _ in parts if value_ is not None), Decimal(0))
        unread = sum(
            value_ is None and raw is not None and not parse_value.is_blank(fold(raw)) for value_, raw in parts
        )
        if not actual <= value <= actual + unread * (part[field_id].max or 0):
            wrong[field_id] = (value, actual)
    return wrong


def _report(total: Total, wrong: dict[str, Any], rows: CommunityRows, table: Table, context: Context) -> None:
    first = next(iter(wrong))
    stated, actual = wrong[first]
    cells = ",".join(address.cell(total.row, table.columns[name].index) for name in wrong)
    context.report.add(
        "total_differs", sheet=rows.sheet, cell=cells, row=total.row, field=first, found=str(stated), expected=str(actual),
        total=total.label or "（未写明的）合计", label=context.part[first].label,
    )  # fmt: skip
