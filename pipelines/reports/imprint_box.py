"""版记 at the foot of a paper's last page (GB/T 9704): a box that stands at the bottom of the type area, whatever stands above it."""

import math
from collections.abc import Sequence
from typing import Any

from docx.document import Document as Paper
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from pipelines.reports.docx_styles import POINT_MM, TWIPS_PER_MM, TYPE_WIDTH_MM, W
from pipelines.reports.docx_table import clean, spaced

# points of a letter and of a line, those of the rules and what is left free around them, and the least distance from the text above
_LETTER, _LINE, _RULES, _ABOVE = 14, 20, 16, 20
# rows of a table that go with its note to the last page
_ROWS = 3


def add(paper: Paper, lines: Sequence[str]) -> None:
    """Appends the lines in a box at the bottom of the last page. An empty paragraph as high as the box holds its place there, so that
    nothing stands below it; what precedes stands on the same page, so that the box is not alone."""
    _keep_with_next(paper.element.body[-2])
    height = _LINE * sum(_printed_lines(line) for line in lines) + _RULES
    paper.element.body.insert_element_before(parse_xml(_room(lines, height)), "w:sectPr")


def _printed_lines(line: str) -> int:
    # a mark that opens no line may cost a character
    return max(1, math.ceil(spaced(line, 1) / (TYPE_WIDTH_MM / (_LETTER * POINT_MM) - 1)))


def _keep_with_next(last: Any) -> None:
    """The last paragraph of the text, and the last rows of the table that it is a note of."""
    table = last.getprevious()
    rows = table.findall(qn("w:tr"))[-_ROWS:] if table is not None and table.tag == qn("w:tbl") else []
    for paragraph in [*(found for row in rows for found in row.iter(qn("w:p"))), last]:
        paragraph.get_or_add_pPr().get_or_add_keepNext()


def _room(lines: Sequence[str], height: int) -> str:
    """The paragraph that keeps the room, and the box in it."""
    inner = "".join(
        f'<w:p><w:pPr><w:pStyle w:val="{"Printed" if number else "PrintedFirst"}"/></w:pPr>'
        f'<w:r><w:t xml:space="preserve">{clean(line)}</w:t></w:r></w:p>'
        for number, line in enumerate(lines)
    )
    room = round((height + _ABOVE) * POINT_MM * TWIPS_PER_MM)
    return f"""
    <w:p {W} xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
         xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"
         xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape">
      <w:pPr><w:snapToGrid w:val="0"/><w:spacing w:before="0" w:after="0" w:line="{room}" w:lineRule="exact"/></w:pPr>
      <w:r><w:drawing>
        <wp:anchor distT="0" distB="0" distL="0" distR="0" simplePos="0" relativeHeight="1" behindDoc="0" locked="1"
                   layoutInCell="1" allowOverlap="1">
          <wp:simplePos x="0" y="0"/>
          <wp:positionH relativeFrom="margin"><wp:align>left</wp:align></wp:positionH>
          <wp:positionV relativeFrom="margin"><wp:align>bottom</wp:align></wp:positionV>
          <wp:extent cx="{Mm(TYPE_WIDTH_MM)}" cy="{Pt(height)}"/><wp:effectExtent l="0" t="0" r="0" b="0"/><wp:wrapNone/>
          <wp:docPr id="99" name="版记"/><wp:cNvGraphicFramePr/>
          <a:graphic><a:graphicData uri="http://schemas.microsoft.com/office/word/2010/wordprocessingShape">
            <wps:wsp><wps:cNvSpPr txBox="1"/>
              <wps:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{Mm(TYPE_WIDTH_MM)}" cy="{Pt(height)}"/></a:xfrm>
                <a:prstGeom prst="rect"><a:avLst/></a:prstGeom><a:noFill/><a:ln><a:noFill/></a:ln></wps:spPr>
              <wps:txbx><w:txbxContent>{inner}</w:txbxContent></wps:txbx>
              <wps:bodyPr lIns="0" tIns="0" rIns="0" bIns="0" anchor="b"><a:noAutofit/></wps:bodyPr>
            </wps:wsp></a:graphicData></a:graphic>
        </wp:anchor></w:drawing></w:r></w:p>"""
