"""Tables of a Word paper as XML, because the library sets one cell at a time. Text is escaped; rows do not split, header rows repeat."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape

from docx.document import Document as Paper
from docx.oxml import parse_xml

from pipelines.punctuation import full_width
from pipelines.reports.docx_styles import TWIPS_PER_MM, TYPE_WIDTH_MM, W

# where a long name may be parted: behind 的, before what is measured
_WORD = re.compile(r"(?<=的)|(?=覆盖率|达标率|合规率|建成率|占比|比例)")
_BREAK, _LINE = "\n", '</w:t><w:br/><w:t xml:space="preserve">'
_UNSAFE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Column:
    """A column: head, width in mm (None: as wide as its text; 0: the rest), style CellText, CellNumber or CellMark."""

    head: str
    width: float | None = None
    style: str = "CellText"


@dataclass(frozen=True)
class Cell:
    """A cell with more than a text: a grey shade (white letters on a dark one), or a smaller second line."""

    text: str
    shade: str | None = None
    small: str | None = None
    style: str | None = None


@dataclass(frozen=True)
class Band:
    """A row across the whole table, naming the group below it."""

    text: str


Row = Sequence[str | Cell] | Band


def clean(text: str) -> str:
    """Text as it may stand in the paper's XML, with the marks of Chinese print."""
    return escape(printable(text))


def printable(text: str) -> str:
    """The text without characters that a docx cannot hold."""
    return _UNSAFE.sub("", full_width(text))


# padding at both sides of a cell and its borders, mm
_PADDING = 2.6
# em in mm of the cells' 10.5 points, and of a dense table's 9 points
_EM, _DENSE_EM, _SMALL_EM = 3.71, 3.18, 3.18
# ems of marks in the widest face that stands in for the standard's where a machine has not got it
_NARROW = {**dict.fromkeys("0123456789", 0.64), **dict.fromkeys(".,:;/'- ", 0.36), "%": 0.95, "+": 0.84, "*": 0.5}


def measured(text: str, em: float) -> float:
    """The width of a text in mm, not narrower than it is printed: a Chinese character is one em, a digit half of one."""
    return sum(_NARROW.get(mark, 0.72 if mark.isascii() else 1.0) for mark in printable(text)) * em


# between a Chinese character and a number beside it a quarter of a character is left free
_SPACE, _ABUT = 0.25, re.compile(r"(?<=[\u4e00-\u9fff])(?=[0-9A-Za-z])|(?<=[0-9A-Za-z%])(?=[\u4e00-\u9fff])")


def spaced(text: str, em: float) -> float:
    """The width of a text in mm with the space that a program leaves between Chinese and numbers."""
    return measured(text, em) + _SPACE * em * len(_ABUT.findall(text))


def fitted(columns: Sequence[Column], rows: Sequence[Row], dense: bool = False) -> list[float]:
    """Widths in mm: of measured columns their widest text with its padding, of the open one what is left of the type area."""
    em = _DENSE_EM if dense else _EM
    cells = [row for row in rows if not isinstance(row, Band)]
    widths = [
        c.width if c.width is not None else _widest([c.head, *(row[n] for row in cells)], em)
        for n, c in enumerate(columns)
    ]
    left = max(TYPE_WIDTH_MM - sum(widths), 0.0)
    return [left if column.width == 0 else width for column, width in zip(columns, widths, strict=True)]


def _widest(cells: Sequence[str | Cell], em: float) -> float:
    texts = [cell if isinstance(cell, Cell) else Cell(cell) for cell in cells]
    return _PADDING + max(max(measured(cell.text, em), measured(cell.small or "", _SMALL_EM)) for cell in texts)


# points of a line of a cell, and of a dense table's or a small one
_CELL_LINE, _DENSE_LINE, _BORDER = 14.5, 10.75, 0.5


def heights(rows: Sequence[Row], widths: Sequence[float], dense: bool = False) -> list[float]:
    """Heights of the rows in points, not smaller than they are printed; `widths` of the columns in mm."""
    em, line = (_DENSE_EM, _DENSE_LINE) if dense else (_EM, _CELL_LINE)
    return [
        max(_height(cell, width, em, line) for cell, width in zip(_cells(row), widths, strict=False)) for row in rows
    ]


def _cells(row: Row) -> Sequence[str | Cell]:
    return [row.text] if isinstance(row, Band) else row


def _height(cell: str | Cell, width: float, em: float, line: float) -> float:
    cell = cell if isinstance(cell, Cell) else Cell(cell)
    inner = width - _PADDING
    # a character that does not fit whole goes to the next line
    lines = math.ceil(spaced(cell.text, em) / max(inner - em, em)) if spaced(cell.text, em) > inner else 1
    small = math.ceil(measured(cell.small, _SMALL_EM) / inner) if cell.small else 0
    return lines * line + small * _DENSE_LINE + _BORDER


def add_table(
    paper: Paper,
    columns: Sequence[Column],
    rows: Sequence[Row],
    title: str,
    whole: bool = False,
    dense: bool = False,
    widths: Sequence[float] | None = None,
) -> None:
    """Appends a table. `title` is read out to those who cannot see it; a `whole` one is not parted by a page's
    end, and keeps the note below it; a `dense` one is set in 9 points; `widths` in mm, where they are not these rows' own."""
    twips = [round(width * TWIPS_PER_MM) for width in widths or fitted(columns, rows, dense)]
    if dense:
        columns = [replace(column, style=f"Dense{column.style.removeprefix('Cell')}") for column in columns]
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in twips)
    body = _header(columns, twips) + "".join(_row(row, columns, twips, whole) for row in rows)
    xml = (
        f'<w:tbl {W}><w:tblPr><w:tblStyle w:val="Report"/><w:tblW w:w="{sum(twips)}" w:type="dxa"/>'
        '<w:jc w:val="center"/>'
        '<w:tblLayout w:type="fixed"/>'
        '<w:tblLook w:val="0020" w:firstRow="1" w:lastRow="0" w:firstColumn="0" w:lastColumn="0" '
        f'w:noHBand="1" w:noVBand="1"/><w:tblCaption w:val="{clean(title).replace(chr(34), "")}"/></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{body}</w:tbl>"
    )
    paper.element.body.insert_element_before(parse_xml(xml), "w:sectPr")


def _header(columns: Sequence[Column], widths: list[int]) -> str:
    cells = "".join(
        _cell(Cell(c.head, style="DenseHead" if c.style.startswith("Dense") else "CellHead"), c, width)
        for c, width in zip(columns, widths, strict=True)
    )
    return f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{cells}</w:tr>"


def _row(row: Row, columns: Sequence[Column], widths: list[int], keep: bool) -> str:
    if isinstance(row, Band):
        properties = (
            f'<w:tcW w:w="{sum(widths)}" w:type="dxa"/><w:gridSpan w:val="{len(columns)}"/><w:vAlign w:val="center"/>'
        )
        inner = f"<w:tc><w:tcPr>{properties}</w:tcPr>{_paragraph(row.text, 'CellHead', side='left', keep=True)}</w:tc>"
    else:
        inner = "".join(
            _cell(cell, column, width, keep) for cell, column, width in zip(row, columns, widths, strict=True)
        )
    return f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{inner}</w:tr>"


def _cell(cell: str | Cell, column: Column, width: int, keep: bool = False) -> str:
    cell = cell if isinstance(cell, Cell) else Cell(cell)
    shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{cell.shade}"/>' if cell.shade else ""
    light = cell.shade is not None and int(cell.shade[:2], 16) < 0x80
    right = column.style.endswith("Number")
    small = _paragraph(cell.small, "CellSmall", side="right" if right else "") if cell.small else ""
    dense = column.style.startswith("Dense")
    inner = width / TWIPS_PER_MM - _PADDING
    told = _in_two(cell.text, inner, _DENSE_EM if dense else _EM) if column.style.endswith("Text") else cell.text
    text = _paragraph(told, cell.style or column.style, light=light, keep=keep)
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}<w:vAlign w:val="center"/>'
        f"</w:tcPr>{text}{small}</w:tc>"
    )


def _in_two(text: str, width: float, em: float) -> str:
    """A name that needs a second line parted at the word nearest its middle, so that no single character is left for it."""
    behind = [match.start() for match in _WORD.finditer(text)]
    if "、" in text or not width < spaced(text, em) <= 2 * width or not behind:
        return text
    at = min(behind, key=lambda place: abs(2 * place - len(text)))
    fits = all(spaced(part, em) <= width for part in (text[:at], text[at:]))
    return f"{text[:at]}\n{text[at:]}" if fits else text


def _paragraph(text: str, style: str, light: bool = False, side: str = "", keep: bool = False) -> str:
    look = '<w:rPr><w:b/><w:color w:val="FFFFFF"/></w:rPr>' if light else ""
    form = ("<w:keepNext/>" if keep else "") + (f'<w:jc w:val="{side}"/>' if side else "")
    return (
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{form}</w:pPr><w:r>{look}'
        f'<w:t xml:space="preserve">{clean(text).replace(_BREAK, _LINE)}</w:t></w:r></w:p>'
    )
