"""The receipt: the county's own workbook back, faulty cells marked and noted, with a sheet 问题清单 that links to them.

An xlsx or xlsm is patched part by part: parts that this package does not handle (pictures, shapes, validations, charts) are
copied byte for byte. For other formats an xlsx is made that holds the list and, where the file can be read, a copy of its
values with the marks. The receipt is always an .xlsx without macros, which would run at the county as if they were ours.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines.answers.findings import FindingRow
from pipelines.receipt.context import ReceiptContext, Try, file_name

if TYPE_CHECKING:
    from pipelines.receipt.finding_list import Entry

__all__ = ["ReceiptContext", "Try", "file_name", "write_receipt"]


def write_receipt(
    original: bytes, name: str, findings: Sequence[FindingRow], context: ReceiptContext
) -> tuple[bytes, str]:
    """The receipt's bytes and its file name. Never raises for what the file or the findings hold."""
    # imported late: a worker that only reads files marks none
    from lxml import etree

    from pipelines.receipt import finding_list, mark_workbook
    from pipelines.workbook.grid import Unreadable

    entries = finding_list.entries(findings, context)
    try:
        data = mark_workbook.mark(original, entries, finding_list.Header(name, context, own=True))
    except (Unreadable, etree.LxmlError, ValueError):  # ValueError: a malformed number in the XML
        data = _new_workbook(original, name, entries, context)
    return data, file_name(context)


def _new_workbook(original: bytes, name: str, entries: "list[Entry]", context: ReceiptContext) -> bytes:
    """A new xlsx: values with marks where the file can be read, else the list alone."""
    from pipelines.receipt import finding_list, mark_workbook, plain_workbook
    from pipelines.workbook.grid import Unreadable
    from pipelines.workbook.open_workbook import open_workbook

    try:
        sheets = open_workbook(original, name).sheets
    except Unreadable:
        sheets = []
    if sum(len(row) for sheet in sheets for row in sheet.rows) > plain_workbook.MOST_CELLS:
        sheets = []
    header = finding_list.Header(name, context, own=False, copied=bool(sheets))
    return mark_workbook.mark(plain_workbook.package(sheets, finding_list.codes(entries)), entries, header)
