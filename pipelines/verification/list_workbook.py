"""A group's list as a workbook: a sheet a county, A4 landscape, with drop-downs; the same list is the same bytes (§5)."""

import io
from collections.abc import Sequence
from datetime import datetime

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pipelines.template.template_workbook import sheet_name
from pipelines.verification.visit_list import COLUMNS, MARKS_SHEET, Task, VisitList, given

_A4 = 9
_TITLE, _GUIDE, _LABELS, _FIRST = 0, 1, 2, 3
_INK, _QUIET, _LINE, _HEAD, _WANTED = "#1F2933", "#7B8794", "#B8C2CC", "#DCE6F1", "#FFF8DC"
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_LEFT = {"town", "unit", "subject", "look_at", "note"}
_LONGEST_NAME = 20


def build(visit_list: VisitList) -> bytes:
    """The workbook's bytes."""
    buffer = io.BytesIO()
    workbook = Workbook(buffer, {**_OPTIONS, "default_format_properties": {"font_name": "宋体", "font_size": 10}})
    styles = _Styles(workbook)
    for tasks in visit_list.by_county().values():
        _county(workbook.add_worksheet(sheet_name(tasks[0].county)), styles, visit_list, tasks)
    marks = workbook.add_worksheet(MARKS_SHEET)
    for row, pair in enumerate(visit_list.marks.items()):
        marks.write_row(row, 0, pair)
    marks.very_hidden()
    made = datetime.combine(visit_list.drawn, datetime.min.time())
    workbook.set_properties({"title": visit_list.file_name, "created": made, "comments": visit_list.remark})
    workbook.close()
    return buffer.getvalue()


class _Styles:
    def __init__(self, workbook: Workbook):
        base = {"valign": "vcenter", "font_color": _INK}
        boxed = {**base, "border": 1, "border_color": _LINE, "text_wrap": True, "num_format": "@"}
        self.title = workbook.add_format({**base, "font_name": "黑体", "font_size": 16})
        self.guide = workbook.add_format({**base, "font_color": _QUIET, "text_wrap": True})
        self.label = workbook.add_format({**boxed, "bold": True, "align": "center", "bg_color": _HEAD})
        self._cells = {
            (left, filled): workbook.add_format(
                {**boxed, "align": "left" if left else "center", **({"bg_color": _WANTED} if filled else {})}
            )
            for left in (True, False)
            for filled in (True, False)
        }

    def cell(self, id: str, filled: bool) -> Format:
        return self._cells[id in _LEFT, filled]


def _county(sheet: Worksheet, styles: _Styles, visit_list: VisitList, tasks: Sequence[Task]) -> None:
    sheet.write_string(_TITLE, 0, f"{visit_list.title}　{tasks[0].county}　{visit_list.group}", styles.title)
    sheet.merge_range(_GUIDE, 0, _GUIDE, len(COLUMNS) - 1, visit_list.guide, styles.guide)
    sheet.set_row(_TITLE, 26)
    sheet.set_row(_GUIDE, 30)
    sheet.set_row(_LABELS, 20)
    for index, column in enumerate(COLUMNS):
        sheet.set_column(index, index, column.width)
        sheet.write_string(_LABELS, index, column.label, styles.label)
    for row, task in enumerate(tasks, _FIRST):
        _row(sheet, styles, row, task)
    _validate(sheet, tasks)
    _print(sheet, visit_list, len(tasks))


def _row(sheet: Worksheet, styles: _Styles, row: int, task: Task) -> None:
    sheet.set_row(row, 30)
    for index, (column, text) in enumerate(zip(COLUMNS, given(task), strict=True)):
        style = styles.cell(column.id, column.filled)
        if text:
            sheet.write_string(row, index, text, style)
        else:
            sheet.write_blank(row, index, None, style)


def _validate(sheet: Worksheet, tasks: Sequence[Task]) -> None:
    """Drop-downs for the results; what to write as date; a name that is not too long."""
    index = {column.id: position for position, column in enumerate(COLUMNS)}
    last = _FIRST + len(tasks) - 1
    for row, task in enumerate(tasks, _FIRST):
        choice = {
            "validate": "list",
            "source": list(task.results),
            "error_title": "结果",
            "error_message": f"请选择：{'、'.join(task.results)}。还没有去的，请留空。",
        }
        sheet.data_validation(row, index["result"], row, index["result"], choice)
    length = {
        "validate": "length",
        "criteria": "<=",
        "value": _LONGEST_NAME,
        "error_title": "检查人",
        "error_message": f"请写姓名或编号，不超过 {_LONGEST_NAME} 个字，不写电话和证件号码。",
    }
    sheet.data_validation(_FIRST, index["inspector"], last, index["inspector"], length)
    prompt = "例如 2021-01-05；未能核实的写两次的日期，中间用顿号。"
    hint = {"validate": "any", "input_title": "检查日期", "input_message": prompt}
    sheet.data_validation(_FIRST, index["days"], last, index["days"], hint)


def _print(sheet: Worksheet, visit_list: VisitList, rows: int) -> None:
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_TITLE, _LABELS)
    sheet.print_area(_TITLE, 0, _LABELS + rows, len(COLUMNS) - 1)
    sheet.freeze_panes(_FIRST, 0)
    sheet.set_footer(f"&L&9检查人签字：&C&9{visit_list.remark}&R&9第 &P 页 共 &N 页")
