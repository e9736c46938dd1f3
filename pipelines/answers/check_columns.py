"""Findings about the columns of 表1: those that occur twice, are missing, unknown or in another unit of measurement."""

from collections import Counter
from dataclasses import replace

from rapidfuzz import fuzz, process

from pipelines.answers import measurement_units, personal_data
from pipelines.answers.findings import Report, Where
from pipelines.answers.header_columns import Table
from pipelines.reference import labels
from pipelines.reference.form import Part
from pipelines.reference.prefilled_marks import TICK
from pipelines.workbook import address

NEAR = 60  # per cent of likeness from which a label is suggested
_HARMLESS = {"序号", "编号", "行号", "备注", "说明", "填表说明", "行次", TICK}
_FEW = 3  # cells under no header that are notes rather than a column


def check_columns(table: Table, part: Part, report: Report) -> bool:
    """Report faults of the columns; returns whether the sheet can be used: no field twice, no required one missing."""
    sheet, usable = table.sheet.name, True
    for name, columns in table.twice.items():
        cells = ",".join(address.cell(table.last, column.index) for column in columns)
        letters = "、".join(f"{column.letter}列“{column.header}”" for column in columns)
        report.add("column_twice", sheet=sheet, cell=cells, field=name, found=letters, label=part[name].label)
        usable = False
    for name, column in table.wrong_unit.items():
        cell = address.cell(table.last, column.index)
        report.add(
            "unit_of_other_quantity",
            sheet=sheet,
            cell=cell,
            field=name,
            found=column.header,
            expected=part[name].unit,
            label=part[name].label,
        )
    if lacking := table.missing(part, required=True):
        names = "、".join(field.label for field in lacking)
        only = lacking[0].id if len(lacking) == 1 else None
        report.add("required_column_missing", sheet=sheet, field=only, expected=names, count=len(lacking))
        usable = False
    absent = [f.label for f in table.missing(part, required=False) if f.id not in table.wrong_unit]
    if absent:
        report.add("columns_missing", sheet=sheet, expected="、".join(absent), count=len(absent))
    unknown_columns(table, part, report)
    _headless_columns(table, report)
    apply_unit_line(table, part, report)
    _converted(table, part, report)
    return usable


def unknown_columns(table: Table, part: Part, report: Report) -> None:
    """Report filled columns that are no question of the form."""
    known = {labels.fold(f.label): f for f in part}
    for column in table.unknown:
        values = [row[column.index - 1] for row in table.sheet.rows[table.last :] if column.index <= len(row)]
        filled = {value for value in values if value is not None}
        where: Where = {"sheet": table.sheet.name, "cell": address.cell(table.last, column.index)}
        plain = labels.readings(column.header)[-1][0]
        # a group's header may be above it: 核对 已核对
        own = labels.readings(column.header.split()[-1])[-1][0] if column.header.split() else ""
        if personal_data.HEADERS.search(column.header) or sum(map(personal_data.holds, filled)) >= 2:
            report.add("personal_data", found=column.header, **where)
        elif filled and not {plain, own} & _HARMLESS:
            near = process.extractOne(plain, list(known), scorer=fuzz.ratio, score_cutoff=NEAR)
            missing = near and known[near[0]].id not in table.columns
            report.add(
                "unknown_column",
                found=column.header,
                expected=known[near[0]].label if near and missing else None,
                hint=_hint(known[near[0]].label if near else None, missing),
                **where,
            )


def _hint(near: str | None, missing: object) -> str:
    if near is None:
        return "表中没有相近的指标"
    return f"最接近的指标是“{near}”" + ("" if missing else "，但该指标已有对应的列")


def _headless_columns(table: Table, report: Report) -> None:
    """Report columns of data without a header; a few cells only are taken for a note beside the table."""
    headed = {column.index for column in (*table.columns.values(), *table.unknown, *table.wrong_unit.values())}
    headed |= {column.index for columns in table.twice.values() for column in columns}
    counts: Counter[int] = Counter()
    widest = max((len(row) for row in table.sheet.rows[table.last :]), default=0)
    for index in sorted(set(range(1, widest + 1)) - headed):
        cells = [row[index - 1] for row in table.sheet.rows[table.last :] if index <= len(row)]
        counts[index] = sum(cell is not None and cell != "" for cell in cells)
    for index, count in counts.items():
        if count > _FEW:
            report.add(
                "column_without_header", sheet=table.sheet.name, cell=address.cell(table.last, index), found=None
            )


def apply_unit_line(table: Table, part: Part, report: Report) -> None:
    """A line above the table that states one unit of money (金额单位:元) holds for the money columns that state none."""
    unit, cell = _unit_line(table)
    if unit is None or cell is None:
        return
    changed = []
    for name, column in table.columns.items():
        question = part[name]
        factor = (
            measurement_units.factor(unit, measurement_units.canonical(question.unit) or "")
            if question.type == "money"
            else None
        )
        if factor is not None and factor != 1 and column.stated is None:
            table.columns[name] = replace(column, factor=factor, stated=unit)
            changed.append(question.label)
    if changed:
        report.add("unit_line", sheet=table.sheet.name, cell=cell, found=unit, fields="、".join(changed))


def _unit_line(table: Table) -> tuple[str | None, str | None]:
    for number, row in enumerate(table.sheet.rows[: table.first - 1], 1):
        for column, value in enumerate(row[:200], 1):
            if isinstance(value, str) and "单位:" in (folded := labels.fold(value).strip("()")):
                units = measurement_units.all_of(folded.partition("单位:")[2])
                money = [unit for unit in units if measurement_units.UNITS[unit][0] == "money"]
                if len(money) == 1:
                    return money[0], address.cell(number, column)
    return None, None


def _converted(table: Table, part: Part, report: Report) -> None:
    for name, column in table.columns.items():
        if column.factor != 1:
            cell = address.cell(table.last, column.index)
            report.add(
                "unit_converted",
                sheet=table.sheet.name,
                cell=cell,
                field=name,
                found=column.stated,
                expected=part[name].unit,
                label=part[name].label,
            )
