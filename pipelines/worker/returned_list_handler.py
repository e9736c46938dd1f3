"""Request handler of the worker for returned lists of spot checks; apart from `request_handlers`, on whose code the projection depends.

| op | takes | gives |
|---|---|---|
| `visits` | name; the file | `sheets`, as `returned.packed` gives them; null of a file that is no returned list |
"""

from pipelines.verification import returned
from pipelines.workbook.grid import Unreadable
from pipelines.workbook.open_workbook import open_workbook
from pipelines.worker.protocol import Head, Message

OP = "visits"


def answer(request: Head, parts: list[bytes]) -> Message:
    """The sheets of a returned list."""
    try:
        workbook = open_workbook(parts[0], request["name"])
    except Unreadable:
        return {"sheets": None}, []
    sheets = [returned.Sheet(sheet.name, sheet.rows) for sheet in workbook.sheets]
    return {"sheets": returned.packed(sheets) if returned.is_list(sheets) else None}, []
