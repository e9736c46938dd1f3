"""Which sheet is 表1 and which is 表2, by what is on them; and what is said about the others, hidden ones and odd columns."""

from collections import Counter
from dataclasses import dataclass, field, replace

from rapidfuzz import fuzz, process

from pipelines.answers import county_sheet, header_columns, measurement_units, parse_value, personal_data
from pipelines.answers.county_and_month import MARKS
from pipelines.answers.county_sheet import Form2
from pipelines.answers.findings import Report
from pipelines.answers.header_columns import Table
from pipelines.reference import labels
from pipelines.reference.form import Form, Part
from pipelines.reference.prefilled_marks import LAST_SHEET, REMARKS_SHEET, REMARKS_TITLE, TICK
from pipelines.workbook import address
from pipelines.workbook.grid import Sheet, Workbook

NEAR = 60
OURS = ("填表说明", "问题清单")  # the template's and the receipt's own, of which nobody needs to be told
_HARMLESS = {"序号", "编号", "行号", "备注", "说明", "填表说明", "行次", TICK}
_FEW = 3  # cells under no header that are notes rather than a column


@dataclass
class Chosen:
    table: Table | None = None
    record: Form2 | None = None
    others: list[Sheet] = field(default_factory=list)


def choose(workbook: Workbook, form: Form, report: Report, of_town: bool = False) -> Chosen:
    """The two sheets, found by content. Two candidates for one are refused by name, never chosen between.

    A workbook of one town has no 表2.
    """
    open_ = [sheet for sheet in workbook.sheets if sheet.name not in (MARKS, LAST_SHEET)]
    tables = [table for sheet in open_ if (table := header_columns.find(sheet, form.community))]
    complete = [table for table in tables if not table.missing(form.community, required=True)]
    taken = {id(table.sheet) for table in tables}
    records = [found for sheet in open_ if id(sheet) not in taken and (found := county_sheet.find(sheet, form.county))]
    chosen = Chosen(_one_table(complete, tables, form, report), _one_record(records, report, of_town))
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


def _one_record(records: list[Form2], report: Report, of_town: bool) -> Form2 | None:
    if len(records) > 1:
        report.add("two_county_sheets", found="、".join(f"“{item.sheet.name}”" for item in records))
        return None
    if not records and not of_town:
        report.add("no_county_sheet")
    return records[0] if records else None


def county_of_codes(table: Table | None) -> str | None:
    """The county that most codes of the sheet begin with: at least four in five of five or more."""
    if table is None or "code" not in table.columns:
        return None
    position = table.columns["code"].index - 1
    cells = {
        row[position] for row in table.sheet.rows[table.last :] if position < len(row) and row[position] is not None
    }
    codes = [
        digits
        for cell in cells
        if len(digits := (parse_value.shown(cell) or "").strip()) >= 12 and digits[:12].isdigit()
    ]
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
        report.add(
            "unit_of_other_quantity",
            sheet=sheet,
            cell=cell,
            field=name,
            found=column.header,
            expected=part[name].unit,
            label=part[name].label,
        )
    for field_ in table.missing(part, required=True):
        report.add("required_column_missing", sheet=sheet, field=field_.id, expected=field_.label)
        usable = False
    absent = [f.label for f in table.missing(part, required=False) if f.id not in table.wrong_unit]
    if absent:
        report.add("columns_missing", sheet=sheet, expected="、".join(absent), count=len(absent))
    _unknown_columns(table, part, report)
    _headless_columns(table, report)
    apply_unit_line(table, part, report)
    _converted(table, part, report)
    return usable


def _unknown_columns(table: Table, part: Part, report: Report) -> None:
    known = {f.label: f for f in part}
    for column in table.unknown:
        values = [row[column.index - 1] for row in table.sheet.rows[table.last :] if column.index <= len(row)]
        filled = {value for value in values if value is not None}
        words = {"sheet": table.sheet.name, "cell": address.cell(table.last, column.index), "found": column.header}
        plain = labels.readings(column.header)[-1][0]
        if personal_data.HEADERS.search(column.header) or sum(map(personal_data.holds, filled)) >= 2:
            report.add("personal_data", **words)
        elif filled and plain not in _HARMLESS:
            near = process.extractOne(plain, list(known), scorer=fuzz.ratio, score_cutoff=NEAR)
            missing = near and known[near[0]].id not in table.columns
            report.add(
                "unknown_column", expected=near[0] if near and missing else None, hint=_hint(near, missing), **words
            )


def _hint(near: tuple | None, missing: object) -> str:
    if not near:
        return "表中没有相近的指标"
    return f"最接近的指标是“{near[0]}”" + ("" if missing else ",但该指标已有对应的列")


def _headless_columns(table: Table, report: Report) -> None:
    """Columns with data under no header. A few cells are a note that somebody wrote beside the table."""
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
        if sheet.name in OURS or is_remarks(sheet):
            continue
        state = "" if sheet.visibility == "visible" else "(隐藏)"
        report.add("other_sheet", sheet=sheet.name, state=state)


def is_remarks(sheet: Sheet) -> bool:
    """The template's sheet on which a county says what is wrong with the roster."""
    title = sheet.value(1, 1)
    return sheet.name == REMARKS_SHEET and isinstance(title, str) and title.startswith(REMARKS_TITLE)


def note_remarks(chosen: Chosen, report: Report) -> None:
    """What a county says is wrong with the roster, word for word: the city has to look at it."""
    for sheet in filter(is_remarks, chosen.others):
        for number, row in enumerate(sheet.rows[3:], 4):
            said = "：".join(str(value).strip() for value in row[1:] if value not in (None, ""))
            if said:
                report.add("roster_remark", sheet=sheet.name, cell=f"B{number}", row=None, found=said)
