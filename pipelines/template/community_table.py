"""表1: a row for each community or village. Title, two header rows, body, notes; checks over the body."""

from datetime import date
from functools import cache
from itertools import groupby
from typing import Any

from xlsxwriter.utility import xl_col_to_name, xl_range
from xlsxwriter.worksheet import Worksheet

from pipelines import months
from pipelines.reference.form import Field, Form, Part
from pipelines.reference.prefilled_marks import REST_OF_ROWS, TICK, TICKED, WIDTH
from pipelines.reference.roster import KINDS
from pipelines.template import cell_checks, field_wording
from pipelines.template.data_rows import FILLED
from pipelines.template.last_answers import GIVEN
from pipelines.template.template_styles import Styles, protect

TITLE, LINE, GROUPS, LABELS, BODY = range(5)  # 0-based rows
FROZEN = ("code", "name")
_A3_LANDSCAPE = 8
_PRINTED_PIXELS = 1800  # width of A3 landscape between the margins at the scale below
_SCALE = 78
_REST = 5  # column of the line that confirms the rest
LAST_NAME = "shequ_last"  # the hidden copy, a text for each row
_WIDEST = {"code": 108, "name": 150, "town": 104, "kind": 66, "month": 62, "choice": 92}
NOTES_OF_LAST = (
    "绿色、蓝色为上月已报的答案（蓝色的每月都会变动，请重新核对），改动后变黄。",
    "无变化的行请在“已核对”列打√，或在表头上方“其余各行已核对，无变化”后选“是”；既未改动也未核对的行按上月沿用，不算本月填报。",
)
NOTES = (
    "注：灰色格不适用于该类社区（村），请留空；淡黄色为必填项，填好后颜色消失；红色为前后矛盾，橙色请核对。",
    "填报方法见“填表说明”。请勿改动标题行和代码，不要插入或删除列。",
)


class Grid:
    """Layout of the sheet: columns of fields, rows of units."""

    def __init__(self, part: Part, kinds: list[str]):
        self.part, self.kinds = part, kinds
        self.column = {field.id: index for index, field in enumerate(part)}
        self.last = BODY + len(kinds) - 1

    def letter(self, field_id: str) -> str:
        return xl_col_to_name(self.column[field_id])

    def rows(self, field: Field, applies: bool) -> list[tuple[int, int]]:
        """Runs of rows to which the field does (not) apply, first and last."""
        return self._runs(tuple(field.applies_to(kind) == applies for kind in KINDS))

    @cache  # noqa: B019 - a grid lives as long as its workbook is written
    def _runs(self, wanted: tuple[bool, ...]) -> list[tuple[int, int]]:
        kinds = {kind for kind, is_wanted in zip(KINDS, wanted, strict=True) if is_wanted}
        runs = groupby(enumerate(self.kinds, BODY), key=lambda pair: pair[1] in kinds)
        numbers = [[row for row, _ in run] for holds, run in runs if holds]
        return [(run_rows[0], run_rows[-1]) for run_rows in numbers]

    def ranges(self, fields: list[Field], applies: bool = True) -> list[str]:
        """The cells of the fields as ranges; neighbouring columns that apply alike are joined."""
        cells = []
        for _, run in groupby(enumerate(fields), key=lambda pair: (self.column[pair[1].id] - pair[0], pair[1].applies)):
            columns = [field for _, field in run]
            first, last = self.column[columns[0].id], self.column[columns[-1].id]
            cells += [xl_range(top, first, bottom, last) for top, bottom in self.rows(columns[0], applies)]
        return cells


def write(
    sheet: Worksheet,
    styles: Styles,
    form: Form,
    grid: Grid,
    county: str,
    month: date,
    watermark: str | None,
    prefilled: bool = False,
    rest: str | None = None,
) -> dict[str, int]:
    """Write all but the units' rows; returns kind → pattern row (from 1). `rest`: the answer that confirms other rows."""
    part = form.community
    _write_top(sheet, styles, part, county, month, watermark)
    _write_bottom(sheet, styles, grid, prefilled)
    _set_columns(sheet, part, styles)
    if grid.kinds:
        _add_checks(sheet, styles, form, grid)
    if prefilled:
        write_rest(sheet, styles, LINE, _REST, REST_OF_ROWS, rest)
        _add_ticks(sheet, styles, grid)
    protect(sheet)
    sheet.freeze_panes(BODY, len([f for f in part if f.id in FROZEN]))
    _set_print(sheet, part, grid, county, month, watermark)
    patterns = _write_patterns(sheet, styles, part, grid)
    return patterns | _write_filled_patterns(sheet, styles, part, grid) if prefilled else patterns


def write_rest(sheet: Worksheet, styles: Styles, row: int, column: int, text: str, given: str | None) -> None:
    """The line that confirms all other rows: its text, three columns on its answer."""
    sheet.write_string(row, column, f"{text}：", styles.of(bold=True))
    style = styles.boxed(align="center", bg_color="#FFF8DC")
    if given:
        sheet.write_string(row, column + 3, given, style)
    else:
        sheet.write_blank(row, column + 3, None, style)
    words = {"input_title": "无变化时选“是”", "input_message": "选“是”表示没有改动的都已核对、仍与上月相同。"}
    sheet.data_validation(row, column + 3, row, column + 3, {"validate": "list", "source": ["是"], **words})


def _add_ticks(sheet: Worksheet, styles: Styles, grid: Grid) -> None:
    """The column 已核对, and the colour of cells that differ from the hidden copy, wherever their row was sorted to."""
    column = len(grid.part.fields)
    sheet.write_string(GROUPS, column, "核对", styles.heading(1, group=True))
    sheet.write_string(LABELS, column, TICK, styles.heading(1))
    sheet.set_column_pixels(column, column, 58, styles.of())
    if not grid.kinds:
        return
    words = {"input_title": "本行已核对", "input_message": "本行无变化的打√；有改动的不必打。"}
    sheet.data_validation(BODY, column, grid.last, column, {"validate": "list", "source": [TICKED], **words})
    first = xl_col_to_name(len(GIVEN))
    cell, place = f"{first}{BODY + 1}", f'MATCH($A{BODY + 1}&"*",{LAST_NAME},0)'
    known = f"TRIM(MID(INDEX({LAST_NAME},{place}),COLUMN({cell})*{WIDTH}-{WIDTH - 1},{WIDTH}))"
    changed = f'=IF(ISNA({place}),FALSE,LEFT({cell}&"",{WIDTH})<>{known})'
    cells = xl_range(BODY, len(GIVEN), grid.last, column - 1)
    sheet.conditional_format(cells, {"type": "formula", "criteria": changed, "format": styles.changed})


def _write_top(sheet: Worksheet, styles: Styles, part: Part, county: str, month: date, watermark: str | None) -> None:
    mark = f"（{watermark}）" if watermark else ""
    sheet.set_row(TITLE, 27)
    sheet.write_string(TITLE, 0, f"{county}{months.label(month)}城乡社区基本情况表{mark}", styles.title)
    sheet.write_string(LINE, 0, f"填报单位：{county}民政局", styles.line)
    sheet.write_string(LINE, 3, "填报日期：    年  月  日", styles.line)
    if watermark:
        sheet.write_string(LINE, 10, f"{watermark}：程序生成，非真实填报", styles.watermark)
    _write_header(sheet, styles, part)


def _write_header(sheet: Worksheet, styles: Styles, part: Part) -> None:
    column = 0
    for shade, (name, fields) in enumerate(part.groups):
        last = column + len(fields) - 1
        if last > column:
            sheet.merge_range(GROUPS, column, GROUPS, last, name, styles.heading(shade, group=True))
        else:
            sheet.write_string(GROUPS, column, name, styles.heading(shade, group=True))
        for offset, field in enumerate(fields):
            sheet.write_string(LABELS, column + offset, field_wording.header(field), styles.heading(shade))
        column = last + 1
    sheet.set_row(GROUPS, 21)
    sheet.set_row(LABELS, 66)


def _write_bottom(sheet: Worksheet, styles: Styles, grid: Grid, prefilled: bool) -> None:
    row, notes = grid.last + 1, (*NOTES, *NOTES_OF_LAST) if prefilled else NOTES
    for offset, note in enumerate(notes):
        sheet.write_string(row + offset, 0, note, styles.line)
    row += len(notes)
    for column, text in ((0, "填表人："), (2, "联系电话："), (4, "审核人："), (7, "单位负责人：")):
        sheet.write_string(row, column, text)


def width(field: Field) -> int:
    """Pixels: wide enough for the answers, and for the header in at most five lines."""
    line = -(-len(field.label) // 4)
    return max(_WIDEST.get(field.type, 50), _WIDEST.get(field.id, 0), line * 13 + 12)


def _set_columns(sheet: Worksheet, part: Part, styles: Styles) -> None:
    for index, field in enumerate(part):
        sheet.set_column_pixels(index, index, width(field), styles.of())


def _write_patterns(sheet: Worksheet, styles: Styles, part: Part, grid: Grid) -> dict[str, int]:
    patterns = {}
    for kind in dict.fromkeys(grid.kinds):
        row = BODY + grid.kinds.index(kind)
        sheet.set_row(row, 18)
        for column, field in enumerate(part):
            closed = not field.applies_to(kind)
            sheet.write_blank(row, column, None, styles.cell(field, given=field.id in GIVEN, closed=closed))
        sheet.write_blank(row, len(part.fields), None, styles.boxed(align="center"))
        patterns[kind] = row + 1
    return patterns


def _write_filled_patterns(sheet: Worksheet, styles: Styles, part: Part, grid: Grid) -> dict[str, int]:
    """Below everything else: the styles of cells that hold last month's answer. These rows are read, and not kept."""
    patterns = {}
    for row, kind in enumerate(dict.fromkeys(grid.kinds), grid.last + 20):
        for column, field in enumerate(part):
            closed = not field.applies_to(kind)
            style = styles.cell(field, given=field.id in GIVEN, closed=closed, last=True)
            sheet.write_blank(row, column, None, style)
        sheet.write_blank(row, len(part.fields), None, styles.boxed(align="center"))
        patterns[FILLED + kind] = row + 1
    return patterns


def _add_checks(sheet: Worksheet, styles: Styles, form: Form, grid: Grid) -> None:
    for field in grid.part:
        ranges = grid.ranges([field])
        if ranges:
            _validate(sheet, field, ranges, grid.letter(field.id))
    _close(sheet, grid)
    _mark_rules(sheet, styles, form, grid)
    wanted = grid.ranges([field for field in grid.part if field.required])
    if wanted:
        _format(sheet, wanted, {"type": "blanks", "format": styles.wanted})


def _validate(sheet: Worksheet, field: Field, ranges: list[str], letter: str) -> None:
    # the formula is relative to the top left cell of all the ranges, which need not be a cell of the first unit
    condition = condition_of(field, f"{letter}{_first_row(ranges)}")
    if condition:
        sheet.data_validation(ranges[0], {**condition, "multi_range": " ".join(ranges)})


def condition_of(field: Field, cell: str) -> dict[str, Any]:
    """The check of one field's cells, with prompt and complaint; `cell` is the first of them."""
    condition = _condition(field, cell)
    return condition | {
        "input_title": field.label[:32],
        "input_message": field_wording.prompt(field),
        "error_title": "填写不符合要求",
        "error_message": field_wording.complaint(field),
    }


def _condition(field: Field, cell: str) -> dict[str, Any]:
    limit = (
        {"criteria": ">=", "value": 0}
        if field.max is None
        else {"criteria": "between", "minimum": 0, "maximum": field.max}
    )
    match field.type:
        case "flag":
            return {"validate": "list", "source": [cell_checks.YES[0], cell_checks.NO[0]]}
        case "choice":
            return {"validate": "list", "source": field.choices}
        case "count":
            return {"validate": "integer", **limit}
        case "number" | "money":
            return {"validate": "decimal", **limit}
        case "percent":
            return {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 100}
        case "code":
            return {"validate": "length", "criteria": "between", "minimum": 6, "maximum": 12}
        case "month":
            return {"validate": "custom", "value": _month_formula(cell)}
    return {"validate": "any"}


def _month_formula(cell: str) -> str:
    """True for a real date from 1900 on, and for text like 2019-06."""
    text = f'AND(LEN({cell})=7,MID({cell},5,1)="-",ISNUMBER(--LEFT({cell},4)),ISNUMBER(--RIGHT({cell},2)))'
    return f"=OR(ISNUMBER({cell}),IF({text},AND(--RIGHT({cell},2)>=1,--RIGHT({cell},2)<=12),FALSE))"


def _first_row(ranges: list[str]) -> int:
    return int("".join(filter(str.isdigit, ranges[0].partition(":")[0])))


def _close(sheet: Worksheet, grid: Grid) -> None:
    ranges = grid.ranges(list(grid.part), applies=False)
    if ranges:
        refusal = {
            "validate": "custom",
            "value": "=FALSE",
            "error_title": "不适用",
            "error_message": "本项不适用于该类社区（村），请留空。",
        }
        sheet.data_validation(ranges[0], {**refusal, "multi_range": " ".join(ranges)})


def _mark_rules(sheet: Worksheet, styles: Styles, form: Form, grid: Grid) -> None:
    for rule in form.rules:
        formula = (
            cell_checks.broken(rule, grid.part, lambda field: f"${grid.letter(field)}{BODY + 1}")
            if rule.form == "community"
            else None
        )
        if formula:
            columns = [grid.column[field.id] for field in cell_checks.fields_of(rule, grid.part)]
            ranges = [xl_range(BODY, column, grid.last, column) for column in columns]
            _format(
                sheet, ranges, {"type": "formula", "criteria": f"={formula}", "format": styles.alarm(rule.severity)}
            )


def _format(sheet: Worksheet, ranges: list[str], options: dict[str, Any]) -> None:
    sheet.conditional_format(ranges[0], {**options, "multi_range": " ".join(ranges)})


def _set_print(sheet: Worksheet, part: Part, grid: Grid, county: str, month: date, watermark: str | None) -> None:
    sheet.set_landscape()
    sheet.set_paper(_A3_LANDSCAPE)
    sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
    sheet.set_print_scale(_SCALE)
    sheet.repeat_rows(GROUPS, LABELS)
    sheet.repeat_columns(0, len([field for field in part if field.id in FROZEN]) - 1)
    sheet.set_v_pagebreaks(page_breaks(part))
    sheet.print_across()
    # title and signatures are in the page's header and footer: here the repeated columns would cut them off
    sheet.print_area(GROUPS, 0, grid.last, len(part.fields) - 1)
    set_page_marks(sheet, f"{county}{months.label(month)}城乡社区基本情况表", f"填报单位：{county}民政局", watermark)


def set_page_marks(sheet: Worksheet, title: str, sender: str, watermark: str | None) -> None:
    """Header and footer of each printed page."""
    mark = f"（{watermark}）" if watermark else ""
    sheet.set_header(f'&L&9{sender}&C&"黑体"&14{title}{mark}&R&9&A')
    sheet.set_footer(f"&L&9填表人：                    审核人：&C&9{watermark or ''}&R&9第 &P 页 共 &N 页")


def page_breaks(part: Part) -> list[int]:
    """Columns before which a new page begins: whole groups, as many as fit beside the repeated columns."""
    frozen = sum(width(field) for field in part if field.id in FROZEN)
    breaks: list[int] = []
    used = column = 0
    for _, fields in part.groups:
        needed = sum(width(field) for field in fields)
        if used and used + needed > _PRINTED_PIXELS - (frozen if breaks else 0):
            breaks.append(column)
            used = 0
        used += needed
        column += len(fields)
    return breaks
