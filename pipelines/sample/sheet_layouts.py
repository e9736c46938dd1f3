"""Workbooks that a county has made itself: other headers, order and units, subtotals; no hidden marks, no guide."""

import io
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from pipelines import months
from pipelines.reference.form import Field, Form
from pipelines.reference.roster import County
from pipelines.sample import keyed_random
from pipelines.template import Table, county_table, data_rows, sheet_name
from pipelines.template.community_table import set_page_marks, width
from pipelines.template.template_styles import Styles, options

_SUMMED = ("households", "population")


def build(
    form: Form,
    place: County,
    month: date,
    table: Table,
    record: Mapping[str, Any],
    layout: str,
    watermark: str,
    with_record: bool,
) -> bytes:
    """The workbook's bytes in one of `wording.REWORKED`."""
    buffer = io.BytesIO()
    workbook = Workbook(buffer, options())
    workbook.set_properties({"created": datetime.combine(month, datetime.min.time()), "comments": watermark})
    styles, fields = Styles(workbook), _order(form, layout)
    sheet = workbook.add_worksheet(sheet_name(form.community.sheet) if layout == "grouped" else "Sheet1")
    first = _write_top(sheet, styles, fields, place, month, layout, watermark)
    rows = _unit_rows(table, first, layout)
    patterns = _write_patterns(sheet, styles, fields, table.kinds, rows)
    if layout == "subtotals":
        _write_subtotals(sheet, styles, fields, table, rows)
    _write_bottom(sheet, (rows[-1] if rows else first) + 2)
    sheet.set_landscape()
    set_page_marks(sheet, f"{place.name}{months.label(month)}", f"{place.name}民政局", watermark)
    if with_record:
        county_table.write(workbook.add_worksheet("表2"), styles, form, record, set(), place.name, month, watermark)
    workbook.close()
    columns = [_column(field, table, layout) for field in fields]
    return data_rows.fill(buffer.getvalue(), columns, table.kinds, rows, patterns)


def _order(form: Form, layout: str) -> list[Field]:
    groups = [fields for _, fields in form.community.groups]
    if layout == "grouped":
        groups = [groups[0], *groups[2:], groups[1]] if len(groups) > 1 else groups
    return [field for fields in groups for field in fields]


def _label(field: Field, layout: str, number: int) -> str:
    """The county's wording of a header: an alias now and then, money in 元 where it keeps its books so."""
    if layout != "grouped":
        return field.label
    name = field.aliases[0] if field.aliases and keyed_random.number("alias", field.id) % 5 == 0 else field.label
    unit = "元" if field.type == "money" else field.unit
    return f"{number}.{name}\n({unit})" if unit else f"{number}.{name}"


def _column(field: Field, table: Table, layout: str) -> list[Any]:
    values = table.columns.get(field.id) or [None] * len(table)
    if layout != "grouped" or field.type != "money":
        return values
    return [int(value * 10000) if isinstance(value, (int, Decimal)) else value for value in values]


def _write_top(
    sheet: Worksheet, styles: Styles, fields: list[Field], place: County, month: date, layout: str, watermark: str
) -> int:
    """Title, line and header; returns the first row of the body, 1-based."""
    title = f"{place.name}{months.label(month)}城乡社区基本情况表（{watermark}）"
    sheet.merge_range(0, 0, 0, len(fields) - 1, title, styles.of(font_name="黑体", font_size=16, align="center"))
    sheet.write_string(1, 0, f"填报单位：{place.name}民政局")
    sheet.write_string(1, 3, f"填报日期：{months.last_day(month):%Y}年{month.month}月{28 - len(place.name) % 4}日")
    row = 2
    if layout == "grouped":
        _write_groups(sheet, styles, fields, row)
        row += 1
    for column, field in enumerate(fields):
        sheet.write_string(row, column, _label(field, layout, column + 1), styles.heading())
        sheet.set_column_pixels(column, column, width(field))
    sheet.set_row(row, 60)
    sheet.freeze_panes(row + 1, 2)
    return row + 2


def _write_groups(sheet: Worksheet, styles: Styles, fields: list[Field], row: int) -> None:
    column = 0
    for name, run in groupby(fields, key=lambda field: field.group):
        count = len(list(run))
        if count > 1:
            sheet.merge_range(row, column, row, column + count - 1, name, styles.heading(1, group=True))
        else:
            sheet.write_string(row, column, name, styles.heading(1, group=True))
        column += count


def _unit_rows(table: Table, first: int, layout: str) -> list[int]:
    """The sheet's row of each unit, 1-based; with subtotals one row is left free after each town."""
    towns = table.columns.get("town") or [None] * len(table)
    rows, row = [], first
    for position, town in enumerate(towns):
        if layout == "subtotals" and position and town != towns[position - 1]:
            row += 1
        rows.append(row)
        row += 1
    return rows


def _write_patterns(
    sheet: Worksheet, styles: Styles, fields: list[Field], kinds: list[str], rows: list[int]
) -> dict[str, int]:
    patterns = {}
    for kind in dict.fromkeys(kinds):
        patterns[kind] = rows[kinds.index(kind)]
        for column, field in enumerate(fields):
            sheet.write_blank(patterns[kind] - 1, column, None, _cell_style(styles, field))
    return patterns


def _cell_style(styles: Styles, field: Field) -> object:
    if field.type == "month":
        return styles.boxed(align="center", num_format="yyyy/m")
    return styles.cell(field)


def _write_subtotals(sheet: Worksheet, styles: Styles, fields: list[Field], table: Table, rows: list[int]) -> None:
    runs = groupby(range(len(table)), key=lambda position: table.columns["town"][position])
    for _, run in runs:
        positions = list(run)
        _write_sum(sheet, styles, fields, table, positions, rows[positions[-1]], "小计")
    _write_sum(sheet, styles, fields, table, list(range(len(table))), rows[-1] + 1, "合计")


def _write_sum(
    sheet: Worksheet, styles: Styles, fields: list[Field], table: Table, positions: list[int], row: int, label: str
) -> None:
    """A row of sums; `row` is 0-based here: the one after the last unit's."""
    for column, field in enumerate(fields):
        if field.id == "name":
            sheet.write_string(row, column, label, styles.boxed(bold=True))
        elif field.id in _SUMMED:
            values = [table.columns[field.id][position] for position in positions]
            sheet.write_number(row, column, sum(v for v in values if isinstance(v, int)), styles.boxed(bold=True))


def _write_bottom(sheet: Worksheet, row: int) -> None:
    sheet.write_string(row, 0, "注：本表由乡镇汇总后填报。")
    sheet.write_string(row + 1, 0, "填表人：")
    sheet.write_string(row + 1, 2, "审核人：")
