"""表2: one field a row, 序号 | 项目 | 单位 | 填报值 | 备注."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pipelines import months
from pipelines.reference.form import Field, Form, Part
from pipelines.reference.prefilled_marks import REST_OF_RECORD
from pipelines.template import cell_checks
from pipelines.template.community_table import condition_of, set_page_marks, write_rest
from pipelines.template.template_styles import Styles, protect

HEADERS = ("序号", "项目", "单位", "填报值", "备注")
HEADER, BODY = 2, 3  # 0-based rows
_WIDTHS = (45, 330, 60, 150, 220)
_VALUE = 3
_A4 = 9
GIVEN = ("county_code", "county")  # filled in from the roster
LAST_NAME = "shequ_last_record"  # a column of the hidden copy, row by row as on this sheet


def write(
    sheet: Worksheet,
    styles: Styles,
    form: Form,
    record: Mapping[str, Any],
    closed: set[str],
    county: str,
    month: date,
    watermark: str | None,
    last: Mapping[str, object] | None = None,
    rest: str | None = None,
) -> None:
    """Write 表2; `record`: value cells by field id, `closed` fields, `last` accepted answers, `rest`: what confirms them."""
    part = form.county
    mark = f"（{watermark}）" if watermark else ""
    sheet.set_row(0, 27)
    sheet.write_string(0, 0, f"{county}{months.label(month)}工作情况表{mark}", styles.title)
    sheet.write_string(1, 0, f"填报单位：{county}民政局        填报日期：    年  月  日", styles.line)
    for column, (text, width) in enumerate(zip(HEADERS, _WIDTHS, strict=True)):
        sheet.set_column_pixels(column, column, width)
        sheet.write_string(HEADER, column, text, styles.heading())
    for offset, field in enumerate(part):
        value = record.get(field.id)
        style = styles.cell(
            field, given=field.id in GIVEN, closed=field.id in closed, last=last is not None and value is not None
        )
        _write_field(sheet, styles, BODY + offset, offset + 1, field, value, style)
    _add_checks(sheet, styles, form, closed)
    if last is not None:
        write_rest(sheet, styles, 1, _VALUE - 1, REST_OF_RECORD, rest)
        _mark_changed(sheet, styles, part)
    protect(sheet)
    sheet.freeze_panes(BODY, 0)
    _finish(sheet, part)
    set_page_marks(sheet, "", f"填报单位：{county}民政局", watermark)


def _mark_changed(sheet: Worksheet, styles: Styles, part: Part) -> None:
    first, last = BODY + 1 + len(GIVEN), BODY + len(part.fields)
    changed = f'=D{first}&""<>INDEX({LAST_NAME},ROW(D{first}))&""'
    sheet.conditional_format(f"D{first}:D{last}", {"type": "formula", "criteria": changed, "format": styles.changed})


def _write_field(
    sheet: Worksheet, styles: Styles, row: int, number: int, field: Field, value: object, style: Format
) -> None:
    sheet.set_row(row, 20)
    sheet.write_number(row, 0, number, styles.boxed(align="center", locked=True))
    sheet.write_string(row, 1, field.label, styles.boxed(align="left", locked=True))
    sheet.write_string(row, 2, field.unit or "", styles.boxed(align="center", locked=True))
    write_value(sheet, row, _VALUE, value, style)
    sheet.write_blank(row, 4, None, styles.boxed(align="left"))


def write_value(sheet: Worksheet, row: int, column: int, value: object, style: object) -> None:
    """One cell: text never becomes a formula, a link or a number."""
    if value is None:
        sheet.write_blank(row, column, None, style)
    elif isinstance(value, (int, Decimal)):
        sheet.write_number(row, column, value, style)
    else:
        sheet.write_string(row, column, str(value), style)


def _add_checks(sheet: Worksheet, styles: Styles, form: Form, closed: set[str]) -> None:
    part = form.county
    row = {field.id: BODY + offset for offset, field in enumerate(part)}
    for field in part:
        address = f"D{row[field.id] + 1}"
        condition = condition_of(field, address)
        if field.id not in closed:
            sheet.data_validation(address, condition)
        if field.required:
            sheet.conditional_format(address, {"type": "blanks", "format": styles.wanted})
    for rule in form.rules:
        formula = (
            cell_checks.broken(rule, part, lambda field: f"$D${row[field] + 1}") if rule.form == "county" else None
        )
        for field in cell_checks.fields_of(rule, part) if formula else []:
            style = styles.alarm(rule.severity)
            sheet.conditional_format(
                f"D{row[field.id] + 1}", {"type": "formula", "criteria": f"={formula}", "format": style}
            )


def _finish(sheet: Worksheet, part: Part) -> None:
    last = BODY + len(part.fields)
    sheet.write_string(last, 0, "填表人：")
    sheet.write_string(last, 2, "审核人：")
    sheet.set_paper(_A4)
    sheet.set_margins(left=0.6, right=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(HEADER)
    sheet.print_area(0, 0, last, len(HEADERS) - 1)
