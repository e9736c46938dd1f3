"""A group's list on paper: A4 landscape, a table a county, its heading on every page (§5)."""

import io
import re
from collections.abc import Sequence
from datetime import datetime
from xml.sax.saxutils import escape

from docx import Document
from docx.document import Document as Paper
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

from pipelines.system.zip_bytes import unzipped, zipped
from pipelines.verification.visit_list import COLUMNS, Task, VisitList, given

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_WIDTH_MM = 297 - 2 * 12
_TWIPS_PER_MM = 1440 / 25.4
_UNSAFE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_EDGES = "".join(
    f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
    for side in ("top", "left", "bottom", "right", "insideH", "insideV")
)


def build(visit_list: VisitList) -> bytes:
    """The docx's bytes; the same list is the same bytes."""
    paper = Document()
    _layout(paper, visit_list)
    for position, tasks in enumerate(visit_list.by_county().values()):
        heading = paper.add_paragraph()
        heading.paragraph_format.page_break_before = position > 0
        heading.paragraph_format.keep_with_next = True
        _write(heading, f"{tasks[0].county}　{len(tasks)} 项", 14, "黑体")
        paper.element.body.insert_element_before(parse_xml(_table(tasks)), "w:sectPr")
    _write(paper.add_paragraph(), visit_list.guide, 9)
    buffer = io.BytesIO()
    paper.save(buffer)
    return zipped(unzipped(buffer.getvalue()).items(), mode=0)


def _layout(paper: Paper, visit_list: VisitList) -> None:
    section = paper.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = Mm(12)
    section.top_margin, section.bottom_margin = Mm(18), Mm(15)
    section.header_distance = section.footer_distance = Mm(8)
    normal = paper.styles["Normal"]
    normal.paragraph_format.space_after = Pt(4)
    normal.font.size = Pt(9)
    _font(normal.element.get_or_add_rPr().get_or_add_rFonts(), "宋体")
    head = "　".join(filter(None, (visit_list.title, visit_list.group, visit_list.remark)))
    _write(section.header.paragraphs[0], head, 12, "黑体")
    _page_numbers(section.footer.paragraphs[0])
    about = paper.core_properties
    about.title, about.author, about.last_modified_by, about.comments = visit_list.file_name, "", "", visit_list.remark
    about.created = about.modified = datetime.combine(visit_list.drawn, datetime.min.time())


def _write(paragraph: Paragraph, text: str, size: int, font: str = "宋体") -> None:
    run = paragraph.add_run(_UNSAFE.sub("", text))
    run.font.size = Pt(size)
    _font(run._r.get_or_add_rPr().get_or_add_rFonts(), font)


def _font(fonts, east: str) -> None:
    for side in ("w:ascii", "w:hAnsi", "w:eastAsia"):
        fonts.set(qn(side), east)


def _page_numbers(paragraph: Paragraph) -> None:
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for piece in ("第 ", "PAGE", " 页 共 ", "NUMPAGES", " 页"):
        if piece.isupper():
            field = f'<w:fldSimple {_W} w:instr=" {piece} "><w:r><w:t>1</w:t></w:r></w:fldSimple>'
            paragraph._p.append(parse_xml(field))
        else:
            _write(paragraph, piece, 9)


def _table(tasks: Sequence[Task]) -> str:
    """The table as XML: setting its cells one by one through the library is slow."""
    total = sum(column.width for column in COLUMNS)
    widths = [round(column.width * _WIDTH_MM * _TWIPS_PER_MM / total) for column in COLUMNS]
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    body = _row([column.label for column in COLUMNS], widths, head=True)
    body += "".join(_row(given(task), widths) for task in tasks)
    return (
        f'<w:tbl {_W}><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblBorders>{_EDGES}</w:tblBorders>'
        '<w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="57" w:type="dxa"/><w:right w:w="57" w:type="dxa"/>'
        f"</w:tblCellMar></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{body}</w:tbl>"
    )


def _row(texts: Sequence[str], widths: Sequence[int], head: bool = False) -> str:
    rules = "<w:cantSplit/>" + ("<w:tblHeader/>" if head else '<w:trHeight w:val="567" w:hRule="atLeast"/>')
    cells = "".join(_cell(text, width, head) for text, width in zip(texts, widths, strict=True))
    return f"<w:tr><w:trPr>{rules}</w:trPr>{cells}</w:tr>"


def _cell(text: str, width: int, head: bool) -> str:
    shade = '<w:shd w:val="clear" w:color="auto" w:fill="EDEDED"/>' if head else ""
    bold = "<w:b/>" if head else ""
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}<w:vAlign w:val="center"/></w:tcPr>'
        f'<w:p><w:pPr><w:spacing w:after="0"/></w:pPr><w:r><w:rPr>{bold}<w:sz w:val="18"/></w:rPr>'
        f'<w:t xml:space="preserve">{escape(_UNSAFE.sub("", text))}</w:t></w:r></w:p></w:tc>'
    )
