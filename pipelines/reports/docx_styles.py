"""A blank official paper laid out by GB/T 9704: page, type area, styles, page numbers; and a docx without a clock in
it.

A4; margins top 37, left (binding) 28, right 26, bottom 35 mm, so the type area is 156 × 225 mm; 22 lines of 28
characters in 仿宋 三号; title 小标宋 二号; headings 黑体 and 楷体 三号; page numbers 四号 宋体 between dashes, odd
right, even left.
The fonts that the standard names are asked for by name; each carries the name that Windows or WPS has instead.
"""

import io
from datetime import datetime

from docx import Document
from docx.document import Document as Paper
from docx.oxml import parse_xml
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

from pipelines.system.zip_bytes import unzipped, zipped

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
TYPE_WIDTH_MM = 156
POINT_MM = 25.4 / 72
TWIPS_PER_MM = 1440 / 25.4
# 225 mm in 22 lines, in twips
LINE = 579
# 28 characters of 16 pt are 2 mm more than 156 mm: each gives a quarter of a point. Said by the style and not by
# the page's grid, which programs read differently: LibreOffice puts 17 characters into a line that Word fills with 28.
_TIGHT = '<w:spacing w:val="-5"/>'
_FONTS = {
    "方正小标宋简体": "华文中宋",
    "仿宋_GB2312": "仿宋",
    "楷体_GB2312": "楷体",
    "黑体": "SimHei",
    "宋体": "SimSun",
}


def blank(title: str, subject: str, made: datetime) -> Paper:
    """An empty paper with the standard's layout. `made` is the only time in it."""
    paper = Document()
    _styles(paper)
    _font_table(paper)
    _page(paper)
    _page_numbers(paper)
    properties = paper.core_properties
    properties.title, properties.subject, properties.author, properties.language = (
        title,
        subject,
        "社区治理进展系统",
        "zh-CN",
    )
    properties.comments, properties.last_modified_by, properties.revision = "", "社区治理进展系统", 1
    properties.created = properties.modified = made
    _drop_thumbnail(paper)
    return paper


def _drop_thumbnail(paper: Paper) -> None:
    """Remove the picture in the library's template."""
    relations = paper.part.package.rels
    for name in [name for name, relation in relations.items() if relation.reltype.endswith("/thumbnail")]:
        del relations[name]


def fit_on_one_line(paragraph: Paragraph, points: int) -> None:
    """Set so large that the paragraph's text stands on one line, at most in so many points."""
    fits = int((TYPE_WIDTH_MM - 2) / (max(len(paragraph.text), 1) * POINT_MM))
    paragraph.runs[0].font.size = Pt(min(points, fits))


def to_bytes(paper: Paper) -> bytes:
    """The docx; the same content is the same bytes."""
    buffer = io.BytesIO()
    paper.save(buffer)
    return zipped(unzipped(buffer.getvalue()).items())


def _page(paper: Paper) -> None:
    section = paper.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    # the number stands 7 mm below the type area
    section.header_distance, section.footer_distance = Mm(15), Mm(23)
    for old in section._sectPr.findall(f"{{{_ns()}}}docGrid"):
        section._sectPr.remove(old)
    section._sectPr.append(parse_xml(f'<w:docGrid {W} w:type="lines" w:linePitch="{LINE}"/>'))


def _ns() -> str:
    return W.split('"')[1]


def _page_numbers(paper: Paper) -> None:
    paper.settings.odd_and_even_pages_header_footer = True
    section = paper.sections[0]
    for footer, style in ((section.footer, "PageOdd"), (section.even_page_footer, "PageEven")):
        footer.is_linked_to_previous = False
        old = footer.paragraphs[0]._p
        old.addnext(parse_xml(_NUMBER.format(W=W, style=style)))
        old.getparent().remove(old)


_NUMBER = (
    '<w:p {W}><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t xml:space="preserve">— </w:t></w:r>'
    '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r>'
    '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>1</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    '<w:r><w:t xml:space="preserve"> —</w:t></w:r></w:p>'
)


# ---- styles


def _styles(paper: Paper) -> None:
    """Our styles instead of the library's: real headings, a table style, and nothing that is not used."""
    root = paper.styles.element
    for child in list(root):
        root.remove(child)
    for child in parse_xml(f"<w:styles {W}>{_DEFAULTS}{''.join(_STYLES)}{_TABLE}</w:styles>"):
        root.append(child)


def _fonts(east: str, west: str = "Times New Roman") -> str:
    return f'<w:rFonts w:ascii="{west}" w:hAnsi="{west}" w:eastAsia="{east}" w:cs="{west}"/>'


def _style(id: str, name: str, paragraph: str, run: str = "", based: str = "Normal", more: str = "") -> str:
    default = ' w:default="1"' if id == "Normal" else ""
    parent = f'<w:basedOn w:val="{based}"/>' if id != "Normal" else ""
    return (
        f'<w:style w:type="paragraph"{default} w:styleId="{id}"><w:name w:val="{name}"/>{parent}{more}<w:qFormat/>'
        f"<w:pPr>{paragraph}</w:pPr><w:rPr>{run}</w:rPr></w:style>"
    )


def _size(points: float) -> str:
    return f'<w:sz w:val="{round(points * 2)}"/><w:szCs w:val="{round(points * 2)}"/>'


def _lines(twips: int, before: int = 0, after: int = 0) -> str:
    return f'<w:spacing w:before="{before}" w:after="{after}" w:line="{twips}" w:lineRule="exact"/>'


_INDENT = '<w:ind w:firstLineChars="200" w:firstLine="640"/>'
_NO_INDENT = '<w:ind w:firstLineChars="0" w:firstLine="0"/>'
# no automatic space between digits and Chinese characters: all programs break lines at the same place
_NO_SPACE = '<w:autoSpaceDE w:val="0"/><w:autoSpaceDN w:val="0"/>'
_FREE = '<w:snapToGrid w:val="0"/>'
_NEXT = '<w:next w:val="BodyText"/>'
_DEFAULTS = (
    f"<w:docDefaults><w:rPrDefault><w:rPr>{_fonts('仿宋_GB2312')}{_size(16)}"
    '<w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr></w:rPrDefault><w:pPrDefault>'
    '<w:pPr><w:overflowPunct w:val="0"/></w:pPr></w:pPrDefault></w:docDefaults>'
)
_STYLES = (
    _style(
        "Normal",
        "Normal",
        f'<w:widowControl w:val="0"/><w:overflowPunct w:val="0"/>{_NO_SPACE}{_lines(LINE)}<w:jc w:val="both"/>',
        _size(16),
    ),
    _style("BodyText", "Body Text", f'<w:overflowPunct w:val="0"/>{_NO_SPACE}{_INDENT}', _TIGHT),
    _style(
        "Title",
        "Title",
        f'{_lines(640, after=60)}<w:jc w:val="center"/><w:outlineLvl w:val="9"/>',
        _fonts("方正小标宋简体") + _size(22),
    ),
    _style("Subtitle", "Subtitle", f'{_lines(LINE, after=LINE)}<w:jc w:val="center"/>', _fonts("楷体_GB2312")),
    _style("Heading1", "heading 1", f'<w:keepNext/>{_INDENT}<w:outlineLvl w:val="0"/>', _fonts("黑体"), more=_NEXT),
    _style(
        "Heading2", "heading 2", f'<w:keepNext/>{_INDENT}<w:outlineLvl w:val="1"/>', _fonts("楷体_GB2312"), more=_NEXT
    ),
    _style("Annex", "附件", f'<w:keepNext/><w:pageBreakBefore/>{_NO_INDENT}<w:outlineLvl w:val="0"/>', _fonts("黑体")),
    _style(
        "Caption",
        "caption",
        f'<w:keepNext/>{_FREE}{_lines(400, 60, 60)}<w:jc w:val="center"/>',
        _fonts("黑体") + _size(12),
    ),
    _style(
        "Picture",
        "图",
        f'<w:keepLines/>{_FREE}<w:spacing w:before="0" w:after="60" w:line="240" w:lineRule="auto"/>'
        '<w:jc w:val="center"/>',
    ),
    _style("Note", "表注", f"{_FREE}{_lines(300, 60, 60)}", _size(10.5)),
    _style("CellText", "表文", f'{_FREE}{_lines(290)}<w:jc w:val="left"/>', _size(10.5)),
    _style("CellNumber", "表数", '<w:jc w:val="right"/>', based="CellText"),
    _style("CellMark", "表中", '<w:jc w:val="center"/>', based="CellText"),
    _style("CellHead", "表头", '<w:keepNext/><w:jc w:val="center"/>', _fonts("黑体"), based="CellText"),
    _style("CellSmall", "表小字", f"{_lines(215)}", _size(9), based="CellText"),
    _style("DenseText", "密表文", _lines(215), _size(9), based="CellText"),
    _style("DenseNumber", "密表数", '<w:jc w:val="right"/>', based="DenseText"),
    _style("DenseMark", "密表中", '<w:jc w:val="center"/>', based="DenseText"),
    _style("DenseHead", "密表头", '<w:keepNext/><w:jc w:val="center"/>', _fonts("黑体"), based="DenseText"),
    _style(
        "Issuer",
        "发文机关标志",
        f'<w:keepNext/>{_FREE}<w:spacing w:before="0" w:after="60" w:line="800" w:lineRule="exact"/><w:jc w:val="center"/>',
        _fonts("方正小标宋简体") + '<w:color w:val="C00000"/>',
    ),
    # the red rule of the head stands below the number
    _style(
        "Serial",
        "文号",
        '<w:keepNext/><w:pBdr><w:bottom w:val="single" w:sz="12" w:space="4" w:color="C00000"/></w:pBdr>'
        f'{_lines(LINE, after=60)}<w:jc w:val="center"/>',
    ),
    _style(
        "PrintedFirst",
        "版记首行",
        f'<w:pBdr><w:top w:val="single" w:sz="8" w:space="2" w:color="000000"/></w:pBdr>{_FREE}{_lines(400)}',
        _size(14),
    ),
    _style(
        "Printed",
        "版记",
        '<w:pBdr><w:top w:val="single" w:sz="4" w:space="2" w:color="000000"/>'
        f'<w:bottom w:val="single" w:sz="8" w:space="2" w:color="000000"/></w:pBdr>{_FREE}{_lines(400)}',
        _size(14),
    ),
    _style("Contact", "联系人", f"{_INDENT}", based="BodyText"),
    _style("Signature", "Signature", '<w:keepNext/><w:ind w:rightChars="400" w:right="1280"/><w:jc w:val="right"/>'),
    _style(
        "PageOdd",
        "页码单",
        f'{_FREE}{_lines(300)}<w:ind w:rightChars="100" w:right="280"/><w:jc w:val="right"/>',
        _fonts("宋体", "宋体") + _size(14),
    ),
    _style(
        "PageEven",
        "页码双",
        f'{_FREE}{_lines(300)}<w:ind w:leftChars="100" w:left="280"/><w:jc w:val="left"/>',
        _fonts("宋体", "宋体") + _size(14),
    ),
)
_EDGE = '<w:{} w:val="single" w:sz="{}" w:space="0" w:color="000000"/>'
_TABLE = (
    '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/>'
    '<w:uiPriority w:val="99"/>'
    '<w:tblPr><w:tblInd w:w="0" w:type="dxa"/><w:tblCellMar><w:left w:w="57" w:type="dxa"/>'
    '<w:right w:w="57" w:type="dxa"/>'
    "</w:tblCellMar></w:tblPr></w:style>"
    '<w:style w:type="table" w:styleId="Report"><w:name w:val="报表"/><w:basedOn w:val="TableNormal"/>'
    "<w:tblPr><w:tblBorders>"
    + "".join(
        _EDGE.format(side, 8 if side in ("top", "bottom") else 4)
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    + '</w:tblBorders></w:tblPr><w:tblStylePr w:type="firstRow"><w:tcPr>'
    '<w:shd w:val="clear" w:color="auto" w:fill="EDEDED"/>'
    "</w:tcPr></w:tblStylePr></w:style>"
)


def _font_table(paper: Paper) -> None:
    """Names to fall back to where a machine has not the standard's fonts."""
    fonts = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{other}"/><w:charset w:val="86"/></w:font>'
        for name, other in _FONTS.items()
    )
    for part in paper.part.package.iter_parts():
        if part.partname.endswith("/fontTable.xml"):
            part._blob = (
                f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:fonts {W}>{fonts}</w:fonts>'.encode()
            )
