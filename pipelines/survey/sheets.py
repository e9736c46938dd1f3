"""Which sheet is 表1 and which is 表2, by what is on them; and what is said about the others, hidden ones and odd columns."""

import re
from collections import Counter
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from pipelines.survey import address, answers, labels, layout, record
from pipelines.survey.findings import Report
from pipelines.survey.form import Form, Part
from pipelines.survey.grid import Sheet, Workbook
from pipelines.survey.identity import MARKS
from pipelines.survey.layout import Column, Table
from pipelines.survey.record import Form2

NEAR = 60
_HARMLESS = {"序号", "编号", "行号", "备注", "说明", "填表说明", "行次"}
_PERSONAL = re.compile(r"电话|手机|联系方式|身份证|证件号|银行卡|银行账号|微信")
_NUMBERS = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|[1-9]\d{16}[\dXx])(?!\d)")


@dataclass
class Chosen:
    table: Table | None = None
    record: Form2 | None = None
    others: list[Sheet] = field(default_factory=list)


def choose(workbook: Workbook, form: Form, report: Report) -> Chosen:
    """The two sheets, found by content. Two candidates for one are refused by name, never chosen between."""
    open_ = [sheet for sheet in workbook.sheets if sheet.name != MARKS]
    tables = [table for sheet in open_ if (table := layout.find(sheet, form.community))]
    complete = [table for table in tables if not table.missing(form.community, required=True)]
    taken = {id(table.sheet) for table in tables}
    records = [found for sheet in open_ if id(sheet) not in taken and (found := record.find(sheet, form.county))]
    chosen = Chosen(_one_table(complete, tables, form, report), _one_record(records, report))
    used = {id(table.sheet) for table in (chosen.table, chosen.record) if table}
    chosen.others = [sheet for sheet in open_ if id(sheet) not in used and sheet.rows]
    return chosen


def _one_table(complete: list[Table], tables: list[Table], form: Form, report: Report) -> Table | None:
    filled = [table for table in complete if _has_rows(table)] or complete
    if len(filled) > 1:
        names = "、".join(f"“{table.sheet.name}”" for table in filled)
        report.add("two_community_sheets", found=names, expected=form.community.sheet)
        return None
    if filled:
        return filled[0]
    if tables:
        return max(tables, key=lambda table: len(table.columns))
    report.add("no_community_sheet", expected=form.community.sheet)
    return None


def _has_rows(table: Table) -> bool:
    """Whether anything stands under the header: an empty copy of the form is no second candidate."""
    positions = [table.columns[name].index - 1 for name in ("code", "name") if name in table.columns]
    rows = table.sheet.rows[table.last :]
    return any(row[p] not in (None, "") for row in rows for p in positions if p < len(row))


def _one_record(records: list[Form2], report: Report) -> Form2 | None:
    if len(records) > 1:
        report.add("two_county_sheets", found="、".join(f"“{item.sheet.name}”" for item in records))
        return None
    if not records:
        report.add("no_county_sheet")
        return None
    return records[0]


def county_of_codes(table: Table | None) -> str | None:
    """The county that most codes of the sheet begin with: at least four in five of five or more."""
    if table is None or "code" not in table.columns:
        return None
    position = table.columns["code"].index - 1
    cells = {row[position] for row in table.sheet.rows[table.last :] if position < len(row) and row[position] is not None}
    codes = [digits for cell in cells if len(digits := (answers.shown(cell) or "").strip()) >= 12 and digits[:12].isdigit()]
    if not codes:
        return None
    county, count = Counter(code[:6] for code in codes).most_common(1)[0]
    return county if 5 * count >= 4 * len(codes) else None


def check_columns(table: Table, part: Part, report: Report) -> bool:
    """Says what is wrong with the columns. Whether the sheet can be used: no field twice, no required one missing."""
    sheet, usable = table.sheet.name, True
    for name, columns in table.twice.items():
        cells = ",".join(address.cell(table.last, column.index) for column in columns)
        letters = "、".join(f"{column.letter}列“{column.header}”" for column in columns)
        report.add("column_twice", sheet=sheet, cell=cells, field=name, found=letters, label=part[name].label)
        usable = False
    for name, column in table.wrong_unit.items():
        cell = address.cell(table.last, column.index)
        report.add("unit_of_other_quantity", sheet=sheet, cell=cell, field=name, found=column.header, expected=part[name].unit, label=part[name].label)
    for field_ in table.missing(part, required=True):
        report.add("required_column_missing", sheet=sheet, field=field_.id, expected=field_.label)
        usable = False
    absent = [f.label for f in table.missing(part, required=False) if f.id not in table.wrong_unit]
    if absent:
        report.add("columns_missing", sheet=sheet, expected="、".join(absent), count=len(absent))
    _unknown_columns(table, part, report)
    _converted(table, part, report)
    return usable


def _unknown_columns(table: Table, part: Part, report: Report) -> None:
    known = {f.label: f for f in part}
    for column in table.unknown:
        values = [row[column.index - 1] for row in table.sheet.rows[table.last :] if column.index <= len(row)]
        filled = {value for value in values if value is not None}
        words = {"sheet": table.sheet.name, "cell": address.cell(table.last, column.index), "found": column.header}
        plain = labels.readings(column.header)[-1][0]
        if _PERSONAL.search(column.header) or _looks_personal(filled):
            report.add("personal_data", **words)
        elif filled and plain not in _HARMLESS:
            near = process.extractOne(plain, list(known), scorer=fuzz.ratio, score_cutoff=NEAR)
            missing = near and known[near[0]].id not in table.columns
            report.add("unknown_column", expected=near[0] if near and missing else None, hint=_hint(near, missing), **words)


def _hint(near: tuple | None, missing: object) -> str:
    if not near:
        return "表中没有相近的指标"
    return f"最接近的指标是“{near[0]}”" + ("" if missing else ",但该指标已有对应的列")


def _looks_personal(values: set) -> bool:
    """Two or more telephone or identity numbers."""
    return sum(bool(_NUMBERS.search(answers.shown(value) or "")) for value in list(values)[:200]) >= 2


def _converted(table: Table, part: Part, report: Report) -> None:
    for name, column in table.columns.items():
        if column.factor != 1:
            cell = address.cell(table.last, column.index)
            report.add("unit_converted", sheet=table.sheet.name, cell=cell, field=name, found=column.stated, expected=part[name].unit, label=part[name].label)


def note_hidden(workbook: Workbook, chosen: Chosen, report: Report) -> None:
    """Hidden rows, columns and sheets are read like others, and said."""
    for found in filter(None, (chosen.table, chosen.record)):
        sheet = found.sheet
        if sheet.visibility != "visible":
            report.add("hidden_sheet", sheet=sheet.name)
        inside = [row for row in sheet.hidden_rows if row <= len(sheet.rows)]
        width = max((len(row) for row in sheet.rows), default=0)
        columns = [column for column in sheet.hidden_cols if column <= width]
        if inside:
            report.add("hidden_rows", sheet=sheet.name, found=address.row_spans(inside), count=len(inside))
        if columns:
            report.add("hidden_columns", sheet=sheet.name, found=address.letter_spans(columns), count=len(columns))
    for sheet in chosen.others:
        state = "" if sheet.visibility == "visible" else "(隐藏)"
        report.add("other_sheet", sheet=sheet.name, state=state)
