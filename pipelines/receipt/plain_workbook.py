"""A plain xlsx with the values of a file in another format, to be marked like an xlsx."""

import io
import zipfile
from collections.abc import Container
from datetime import date, datetime, time, timedelta

from pipelines.answers import parse_value, personal_data
from pipelines.receipt import xml_text
from pipelines.receipt.cell_styles import MINIMAL
from pipelines.workbook.address import cell as a1
from pipelines.workbook.address import letter as column_letters
from pipelines.workbook.grid import Sheet

MOST_CELLS = 1_000_000
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SML = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_STATES = {"hidden": ' state="hidden"', "very_hidden": ' state="veryHidden"'}
_WIDEST, _NARROWEST = 40, 6


def package(sheets: list[Sheet], codes: Container[str] = ()) -> bytes:
    """Values and merged ranges of sheets, without formulas and formats; `codes`: damaged unit codes, which are not masked."""
    names = [f"xl/worksheets/sheet{i}.xml" for i in range(1, len(sheets) + 1)]
    parts = {
        "[Content_Types].xml": _types(names),
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": _workbook(sheets),
        "xl/_rels/workbook.xml.rels": _relations(
            [*(("worksheet", name.removeprefix("xl/")) for name in names), ("styles", "styles.xml")]
        ),
        "xl/styles.xml": MINIMAL.format(ns=_MAIN),
    } | {name: _worksheet(sheet, codes) for name, sheet in zip(names, sheets, strict=True)}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as out:
        for name, content in parts.items():
            out.writestr(name, content)
    return stream.getvalue()


def _types(names: list[str]) -> str:
    main = f'<Override PartName="/xl/workbook.xml" ContentType="{_SML}.sheet.main+xml"/>'
    styles = f'<Override PartName="/xl/styles.xml" ContentType="{_SML}.styles+xml"/>'
    sheets = "".join(f'<Override PartName="/{name}" ContentType="{_SML}.worksheet+xml"/>' for name in names)
    rels = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    xml = '<Default Extension="xml" ContentType="application/xml"/>'
    return f'<Types xmlns="{_PACKAGE}/content-types">{rels}{xml}{main}{styles}{sheets}</Types>'


def _relations(related: list[tuple[str, str]]) -> str:
    entries = "".join(
        f'<Relationship Id="rId{i}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for i, (kind, target) in enumerate(related, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{entries}</Relationships>'


def _workbook(sheets: list[Sheet]) -> str:
    listed = "".join(
        f'<sheet name="{xml_text.attribute(sheet.name)}" sheetId="{i}"{_STATES.get(sheet.visibility, "")} r:id="rId{i}"/>'
        for i, sheet in enumerate(sheets, 1)
    )
    return f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><bookViews/><sheets>{listed}</sheets></workbook>'


def _worksheet(sheet: Sheet, codes: Container[str]) -> str:
    rows = "".join(_row(number, row, sheet, codes) for number, row in enumerate(sheet.rows, 1))
    merges = "".join(
        f'<mergeCell ref="{a1(m.first_row, m.first_col)}:{a1(m.last_row, m.last_col)}"/>' for m in sheet.merges
    )
    merged = f'<mergeCells count="{len(sheet.merges)}">{merges}</mergeCells>' if merges else ""
    return f'<worksheet xmlns="{_MAIN}">{_columns(sheet)}<sheetData>{rows}</sheetData>{merged}</worksheet>'


def _columns(sheet: Sheet) -> str:
    widths: dict[int, int] = {}
    for row in sheet.rows[:60]:
        for column, value in enumerate(row, 1):
            if isinstance(value, str) and len(row) > 3:
                widths[column] = max(widths.get(column, 0), sum(2 if ord(c) > 255 else 1 for c in value) + 2)
    entries = "".join(
        f'<col min="{c}" max="{c}" width="{min(max(width, _NARROWEST), _WIDEST)}" customWidth="1"/>'
        for c, width in sorted(widths.items())
    )
    return f"<cols>{entries}</cols>" if entries else ""


def _row(number: int, row: list[object], sheet: Sheet, codes: Container[str]) -> str:
    cells = (
        _cell(f"{column_letters(column)}{number}", _value(value, sheet, (number, column), codes))
        for column, value in enumerate(row, 1)
        if value is not None or (number, column) in sheet.errors
    )
    return f'<row r="{number}">{"".join(cells)}</row>'


def _value(value, sheet: Sheet, place: tuple[int, int], codes: Container[str]):
    """The value to be shown: a percentage as such, a date as text, an error by its name."""
    if value is None:
        return sheet.errors[place]
    if personal_data.holds(value) and parse_value.shown(value) not in codes:
        return personal_data.masked(value, codes) if isinstance(value, str) else "***"
    if isinstance(value, float) and sheet.is_percent(*place):
        return f"{value * 100:.10g}%"
    return value


def _cell(address: str, value) -> str:
    if isinstance(value, bool):
        return f'<c r="{address}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{address}"><v>{value!r}</v></c>'
    if isinstance(value, date | datetime | time | timedelta):
        value = str(value)
    return f'<c r="{address}" t="inlineStr"><is><t xml:space="preserve">{xml_text.xml(value)}</t></is></c>'
