"""The sheet 问题清单 as a worksheet part."""

import math
from functools import lru_cache

from pipelines.receipt import xml_text
from pipelines.receipt.cell_styles import Styles
from pipelines.receipt.finding_list import HEADINGS, THIS, Cell
from pipelines.workbook.address import letter as column_letters


def worksheet(lines: list[list[Cell]], heading: int, name: str, styles: Styles, ns: str) -> bytes:
    """`heading` is the index of the line with the column headings; the lines down to it are frozen."""
    rows = "".join(_row(number, line, heading, styles) for number, line in enumerate(lines, 1))
    last = column_letters(len(HEADINGS))
    widths = "".join(
        f'<col min="{i}" max="{i}" width="{width}" customWidth="1"/>' for i, width in enumerate(HEADINGS.values(), 1)
    )
    end = heading + 1
    while end < len(lines) and lines[end] and isinstance(lines[end][0].value, int):
        end += 1
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{ns}">'
        '<sheetPr><tabColor rgb="FFE5706A"/><pageSetUpPr fitToPage="1"/></sheetPr>'
        f'<dimension ref="A1:{last}{max(len(lines), 1)}"/>'
        f'<sheetViews><sheetView showGridLines="0" tabSelected="1" workbookViewId="0"><pane ySplit="{heading + 1}" '
        f'topLeftCell="A{heading + 2}" activePane="bottomLeft" state="frozen"/>'
        f'<selection pane="bottomLeft" activeCell="A{heading + 2}" sqref="A{heading + 2}"/></sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/><cols>{widths}</cols><sheetData>{rows}</sheetData>'
        f'<autoFilter ref="A{heading + 1}:{last}{end}"/>{_links(lines, name)}'
        '<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.6" header="0.3" footer="0.3"/>'
        '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/>'
        "<headerFooter><oddFooter>&amp;C第 &amp;P 页，共 &amp;N 页</oddFooter></headerFooter></worksheet>"
    ).encode()


def _row(number: int, line: list[Cell], heading: int, styles: Styles) -> str:
    bare = number <= heading
    cells = "".join(
        _cell(f"{column_letters(column)}{number}", cell, bare, styles) for column, cell in enumerate(line, 1)
    )
    height = 24 if number == 1 else 15 if bare else _height(line)
    return f'<row r="{number}" ht="{height}" customHeight="1">{cells}</row>'


def _height(line: list[Cell]) -> int:
    """Height of the line in points, by its fullest cell; not every program computes it."""
    pairs = zip(line, HEADINGS.values(), strict=False)
    wrapped = [(cell.value, width) for cell, width in pairs if isinstance(cell.value, str) and cell.style != "strong"]
    most: float = max((_wide(value) / (width - 1) for value, width in wrapped), default=1)
    return 3 + 13 * max(1, min(math.ceil(most), 25))


@lru_cache(maxsize=4096)
def _wide(content: str) -> int:
    """Width of a text in digits; a Chinese character is as wide as two."""
    return len(content) + sum(letter > "\u2000" for letter in content)


def _cell(address: str, cell: Cell, bare: bool, styles: Styles) -> str:
    if cell.value is None and bare:
        return ""
    style = styles.of_list("plain" if bare and cell.style == "text" else cell.style)
    if cell.value in (None, ""):
        return f'<c r="{address}" s="{style}"/>'
    if isinstance(cell.value, int):
        return f'<c r="{address}" s="{style}"><v>{cell.value}</v></c>'
    content = xml_text.xml(cell.value)
    return f'<c r="{address}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{content}</t></is></c>'


def _links(lines: list[list[Cell]], name: str) -> str:
    links = "".join(
        _link(f"{column_letters(column)}{number}", *cell.link, name)
        for number, line in enumerate(lines, 1)
        for column, cell in enumerate(line, 1)
        if cell.link
    )
    return f"<hyperlinks>{links}</hyperlinks>" if links else ""


def _link(address: str, sheet: str, cell: str, name: str) -> str:
    target = xml_text.attribute(xml_text.reference(name if sheet == THIS else sheet, cell))
    return f'<hyperlink ref="{address}" location="{target}"/>'
