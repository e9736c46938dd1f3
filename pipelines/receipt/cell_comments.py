"""Cell notes: their texts in the comments part, their boxes in the VML drawing."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from pipelines.receipt import xml_text
from pipelines.workbook.address import column_number

AUTHOR = "社区核查"
MARK = "—— 社区核查 ——"  # between a note of the county and our text in it
VML_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_BLOCK = 1024  # shape ids are assigned to drawings in blocks of this size
_WIDE, _LINE = 300, 17  # pixels: width of a note, height of a line
# Inserted elements declare their namespaces: writers choose their own prefixes (openpyxl: ns0, ns1).
_NAMED = (
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel"'
)
_SHAPETYPE = (
    f'<v:shapetype {_NAMED} id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_EMPTY_VML = f"<xml {_NAMED}></xml>"
_SHAPE = re.compile(r"<(\w+:)?shape\s.*?</\1shape>\s*", re.DOTALL)
_IDMAP = re.compile(r'(<(?:\w+:)?idmap\b[^>]*\bdata=")([\d,\s]*)"')
_ADDRESS = re.compile(r"([A-Z]+)(\d+)")


@dataclass(frozen=True)
class Note:
    """The comment of one cell (A1)."""

    cell: str
    text: str

    @property
    def place(self) -> tuple[int, int]:
        """Row and column, 1-based; 0 and 0 where a writer named no cell."""
        address = _ADDRESS.fullmatch(self.cell)
        return (int(address[2]), column_number(address[1])) if address else (0, 0)


# ---- texts


def empty(ns: str) -> etree._Element:
    """A comments part without comments."""
    return etree.fromstring(f'<comments xmlns="{ns}"><authors/><commentList/></comments>')


def remove_ours(root: etree._Element) -> set[str]:
    """Remove the notes of an earlier receipt; returns the cells that have no note left."""
    authors = [author.text for author in root.iterfind("{*}authors/{*}author")]
    ours = {str(i) for i, name in enumerate(authors) if name == AUTHOR}
    removed = set()
    table = root.find("{*}commentList")
    for comment in list(table):
        if comment.get("authorId") in ours:
            removed.add(comment.get("ref"))
            table.remove(comment)
        else:
            _cut(comment)
    return removed


def _cut(comment: etree._Element) -> None:
    in_ours = False
    for piece in list(comment.iter("{*}t")):
        if not in_ours and MARK in (piece.text or ""):
            piece.text, in_ours = piece.text.partition(MARK)[0].rstrip("\n"), True
        elif in_ours:
            piece.text = ""


def add(root: etree._Element, notes: Iterable[Note]) -> list[Note]:
    """Write the notes, appended to existing ones; returns the notes that need a new box."""
    ns = etree.QName(root).namespace
    table = root.find("{*}commentList")
    existing = {comment.get("ref"): comment for comment in table}
    author, new = _author(root), []
    for note in notes:
        if note.cell in existing:
            existing[note.cell].find("{*}text").append(_run(f"\n{MARK}\n{note.text}", ns))
        else:
            table.append(_comment(note, author, ns))
            new.append(note)
    # in the order of the cells, as Excel writes them
    table[:] = sorted(table, key=lambda comment: Note(comment.get("ref") or "A1", "").place)
    return new


def _author(root: etree._Element) -> int:
    authors = root.find("{*}authors")
    names = [author.text for author in authors]
    if AUTHOR not in names:
        etree.SubElement(authors, f"{{{etree.QName(root).namespace}}}author").text = AUTHOR
        names.append(AUTHOR)
    return names.index(AUTHOR)


def _comment(note: Note, author: int, ns: str) -> etree._Element:
    comment = etree.Element(f"{{{ns}}}comment", ref=note.cell, authorId=str(author))
    etree.SubElement(comment, f"{{{ns}}}text").append(_run(note.text, ns))
    return comment


def _run(content: str, ns: str) -> etree._Element:
    return etree.fromstring(
        f'<r xmlns="{ns}"><rPr><sz val="9"/><color indexed="81"/><rFont val="宋体"/><charset val="134"/></rPr>'
        f'<t xml:space="preserve">{xml_text.xml(content)}</t></r>'
    )


# ---- boxes


def blocks(vml: str) -> set[int]:
    """The blocks of shape ids that a drawing uses."""
    return {int(number) for _, data in _IDMAP.findall(vml) for number in re.findall(r"\d+", data)}


def draw(vml: str | None, notes: list[Note], removed: set[str], widths: dict[int, int], taken: set[int]) -> str:
    """The drawing with a hidden box for each note, and without the boxes of removed notes."""
    vml = _without(vml or _EMPTY_VML, {Note(cell, "").place for cell in removed})
    if not notes:
        return vml
    own = _free_blocks(taken | blocks(vml), -(-len(notes) // (_BLOCK - 1)))
    vml = _with_blocks(vml, own)
    kind = "" if 'id="_x0000_t202"' in vml else _SHAPETYPE
    shapes = (
        _shape(note, own[i // (_BLOCK - 1)] * _BLOCK + 1 + i % (_BLOCK - 1), i, widths) for i, note in enumerate(notes)
    )
    head, end, tail = vml.rpartition("</xml>")
    return "".join([head, kind, *shapes, end, tail])


def _free_blocks(taken: set[int], count: int) -> list[int]:
    free: list[int] = []
    number = 1
    while len(free) < count:
        if number not in taken:
            free.append(number)
        number += 1
    return free


def _with_blocks(vml: str, own: list[int]) -> str:
    idmap = _IDMAP.search(vml)
    named = ",".join(map(str, own))
    if idmap:
        return f"{vml[: idmap.end(2)]},{named}{vml[idmap.end(2) :]}"
    layout = f'<o:shapelayout {_NAMED} v:ext="edit"><o:idmap v:ext="edit" data="{named}"/></o:shapelayout>'
    start = vml.index(">", vml.index("<xml")) + 1
    return f"{vml[:start]}{layout}{vml[start:]}"


def _without(vml: str, places: set[tuple[int, int]]) -> str:
    return _SHAPE.sub(lambda shape: "" if _place_of(shape[0]) in places else shape[0], vml) if places else vml


def _place_of(shape: str) -> tuple[int, int] | None:
    row = re.search(r"<(?:\w+:)?Row>\s*(\d+)", shape)
    column = re.search(r"<(?:\w+:)?Column>\s*(\d+)", shape)
    return (int(row[1]) + 1, int(column[1]) + 1) if row and column else None


def _shape(note: Note, number: int, order: int, widths: dict[int, int]) -> str:
    row, column = note.place
    return (
        f'<v:shape {_NAMED} id="_x0000_s{number}" type="#_x0000_t202" '
        f'style="position:absolute;margin-left:80pt;margin-top:5pt;width:{_WIDE * 3 // 4}pt;'
        f'height:{_height(note.text) * 3 // 4}pt;z-index:{order + 1};visibility:hidden" '
        'fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/>'
        '<v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div>'
        '</v:textbox><x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
        f"<x:Anchor>{_anchor(note, row, column, widths)}</x:Anchor><x:AutoFill>False</x:AutoFill>"
        f"<x:Row>{row - 1}</x:Row><x:Column>{column - 1}</x:Column></x:ClientData></v:shape>"
    )


def _height(content: str) -> int:
    """Pixels that the text needs at nine points, about 22 Chinese characters a line."""
    lines = sum(1 + len(line) // 22 for line in content.split("\n"))
    return min(max(lines + 1, 3) * _LINE, 420)


def _anchor(note: Note, row: int, column: int, widths: dict[int, int]) -> str:
    """Left column, offset, top row, offset, right column, offset, bottom row, offset: 0-based, in pixels."""
    right, left_over = column, _WIDE
    while left_over > (width := widths.get(right + 1, 64)) and right < 16_383:
        left_over, right = left_over - width, right + 1
    down, rest = divmod(_height(note.text), 20)
    return f"{column}, 15, {max(row - 2, 0)}, 10, {right}, {left_over}, {max(row - 2, 0) + down}, {rest}"
