"""The workbook that a county fills in: everything in it comes from the form and the month's roster.

`write_templates` makes one a county; `build` is for callers that fill it themselves (the sample).
"""

from pipelines.template.data_rows import Table
from pipelines.template.last_answers import Answered, LastAnswers, Prefilled
from pipelines.template.template_workbook import (
    EACH_TOWN,
    MARKS_SHEET,
    blank_table,
    build,
    file_name,
    sheet_name,
    write_templates,
)

__all__ = [
    "EACH_TOWN",
    "MARKS_SHEET",
    "Answered",
    "LastAnswers",
    "Prefilled",
    "Table",
    "blank_table",
    "build",
    "file_name",
    "sheet_name",
    "write_templates",
]
