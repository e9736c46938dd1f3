"""Marks the county's own workbook: parts with marks are changed, all others are copied."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from pipelines.answers import personal_data
from pipelines.answers.findings import SEVERITY_NAMES
from pipelines.receipt import cell_comments, cell_styles, finding_list, finding_list_sheet, masking, xml_text
from pipelines.receipt.cell_comments import Note
from pipelines.receipt.cell_styles import Styles
from pipelines.receipt.finding_list import Entry, Header
from pipelines.receipt.marked_sheet import Marks, SheetPart
from pipelines.receipt.package_parts import Parts
from pipelines.workbook.grid import Unreadable

MARK = "_shequ_receipt"  # a hidden defined name that identifies a returned receipt and the sheet of its list
NOTES_MOST = 3_000  # most notes on a sheet; with more Excel opens slowly
_NOTE_FINDINGS, _NOTE_LENGTH = 6, 400
_SML = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_MACROS = ("vbaproject", "vbadata", "wordvbadata", "vbaprojectsignature", "customui", "xlmacrosheet", "ribbon")
_STRICT = "http://purl.oclc.org/ooxml/"
_BEFORE_NAMES = ("sheets", "functionGroups", "externalReferences")
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_RANK = {"error": 2, "warning": 1, "note": 0}


@dataclass
class _Book:
    """The main part: its tree and the sheets, name → part."""

    parts: Parts
    main: str
    root: etree._Element
    sheets: dict[str, str]

    @property
    def ns(self) -> str:
        return etree.QName(self.root).namespace or ""

    @property
    def relations_ns(self) -> str:
        """Namespace of relation types and of r:id; Strict has its own."""
        strict = self.ns.startswith(_STRICT)
        return f"{_STRICT}officeDocument/relationships" if strict else f"{_OFFICE}/relationships"

    @property
    def folder(self) -> str:
        return self.main.rpartition("/")[0]


def mark(data: bytes, entries: list[Entry], header: Header) -> bytes:
    """The workbook with fills, notes and the list. Raises `Unreadable` where it is no xlsx that can be patched."""
    book = _open(data)
    masking.mask(book.parts, finding_list.codes(entries))
    _drop_macros(book)
    _drop_signatures(book)
    made = _styles(book)
    returned = _list_of_earlier(book)
    marks = _marks(entries, book.sheets)
    for name, part in book.sheets.items():
        if name != returned and (returned or name in marks):
            _mark_sheet(book, part, marks.get(name, Marks()), made, bool(returned))
    _add_list(book, entries, header, made, returned)
    return book.parts.save()


def _open(data: bytes) -> _Book:
    if data[:4] != b"PK\x03\x04":
        raise Unreadable("unsupported_format")
    parts = Parts(data)
    if "_rels/.rels" not in parts:
        raise Unreadable("unsupported_format")
    main = next((part for _, kind, part, _ in parts.related("") if kind == "officeDocument"), "")
    root = parts.tree(main) if main in parts and main.lower().endswith(".xml") else None
    if root is None or etree.QName(root).localname != "workbook":
        raise Unreadable("unsupported_format")
    return _Book(parts, main, root, _sheets(parts, main, root))


def _sheets(parts: Parts, main: str, root: etree._Element) -> dict[str, str]:
    related = {identifier: (kind, part) for identifier, kind, part, _ in parts.related(main)}
    sheets = {}
    for sheet in root.iterfind("{*}sheets/{*}sheet"):
        identifier = next((value for key, value in sheet.attrib.items() if key.endswith("relationships}id")), "")
        kind, part = related.get(identifier, ("", ""))
        if kind in ("xlMacrosheet", "dialogsheet"):
            raise Unreadable("unsupported_format")  # only allowed in files with macros
        if kind == "worksheet" and part in parts:
            sheets[personal_data.masked(sheet.get("name", ""))] = part  # as in the findings
    return sheets


# ---- parts that are removed


def _drop_macros(book: _Book) -> None:
    parts = book.parts
    for holder in ("", book.main):
        for _, kind, part, element in parts.related(holder):
            if kind.lower() in _MACROS or part.lower().endswith(("vbaproject.bin", "vbadata.xml")):
                element.getparent().remove(element)
                _remove_with_related(parts, part)
    for name in [name for name in parts.names if "vbaproject" in name.lower()]:
        parts.remove(name)
    parts.write(book.main, book.root, f"{_SML}.sheet.main+xml")


def _remove_with_related(parts: Parts, part: str) -> None:
    related = [target for _, _, target, _ in parts.related(part)]
    for name in (part, parts.rels_name(part), *related):
        if name in parts:
            parts.remove(name)


def _drop_signatures(book: _Book) -> None:
    """Remove signatures: the bytes that they cover have changed."""
    for _, kind, _, element in book.parts.related(""):
        if kind == "origin":
            element.getparent().remove(element)
    for name in [name for name in book.parts.names if name.lower().startswith("_xmlsignatures/")]:
        book.parts.remove(name)


# ---- styles


def _styles(book: _Book) -> Styles:
    part = next((part for _, kind, part, _ in book.parts.related(book.main) if kind == "styles"), "")
    if part and part in book.parts:
        return Styles(book.parts.tree(part))
    part = f"{book.folder}/styles.xml".lstrip("/")
    root = etree.fromstring(cell_styles.MINIMAL.format(ns=book.ns))
    book.parts.write(part, root, f"{_SML}.styles+xml")
    book.parts.relate(book.main, f"{book.relations_ns}/styles", part)
    return Styles(root)


# ---- marks


def _marks(entries: Iterable[Entry], sheets: dict[str, str]) -> dict[str, Marks]:
    """Sheet → its marks. A cell with several findings has the fill of the worst and one note with all."""
    by_sheet: dict[str, Marks] = {}
    by_cell: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        if entry.sheet is not None and entry.sheet in sheets:
            for cell in entry.cells:
                by_cell.setdefault((entry.sheet, cell), []).append(entry)
    for (sheet, cell), of_cell in by_cell.items():
        marks = by_sheet.setdefault(sheet, Marks())
        marks.fills[cell] = max((entry.severity for entry in of_cell), key=_RANK.__getitem__)
        if len(marks.notes) < NOTES_MOST:
            marks.notes[cell] = _note(of_cell)
    return by_sheet


def _note(entries: list[Entry]) -> str:
    lines = [_note_line(entry) for entry in entries[:_NOTE_FINDINGS]]
    more = len(entries) - _NOTE_FINDINGS
    return "\n".join([*lines, *([f"另有 {more} 条，见“{finding_list.SHEET}”。"] if more > 0 else [])])


def _note_line(entry: Entry) -> str:
    words = [SEVERITY_NAMES[entry.finding["severity"]], "已豁免" if entry.waived else entry.state]
    text = entry.text if len(entry.text) <= _NOTE_LENGTH else f"{entry.text[:_NOTE_LENGTH]}…"
    return f"{entry.number}.【{'，'.join(word for word in words if word)}】{text}"


def _mark_sheet(book: _Book, part: str, marks: Marks, made: Styles, returned: bool) -> None:
    sheet = SheetPart(book.parts.tree(part))
    if returned:
        sheet.clear(made)
    _fills_and_notes(sheet, marks)
    if marks.fills:
        sheet.fill(marks.fills, made)
    _write_notes(book, part, sheet, [Note(cell, text) for cell, text in marks.notes.items()], returned)


def _fills_and_notes(sheet: SheetPart, marks: Marks) -> None:
    """Moves the marks of a cell inside a merged range to the range's first cell, which is visible."""
    for cell in [cell for cell in marks.fills if cell in sheet.anchors]:
        anchor, severity = sheet.anchor(cell), marks.fills.pop(cell)
        marks.fills[anchor] = max((severity, marks.fills.get(anchor, "note")), key=_RANK.__getitem__)
        text = marks.notes.pop(cell, None)
        if text and text not in marks.notes.get(anchor, ""):
            marks.notes[anchor] = "\n".join(filter(None, (marks.notes.get(anchor), text)))


def _write_notes(book: _Book, part: str, sheet: SheetPart, notes: list[Note], returned: bool) -> None:
    parts = book.parts
    related = {kind: target for _, kind, target, _ in parts.related(part)}
    old = related.get("comments", "")
    if not notes and not (returned and old in parts):
        return
    notes = _not_threaded(parts, related, notes)
    texts = parts.tree(old) if old in parts else cell_comments.empty(book.ns)
    if texts.find("{*}commentList") is None or texts.find("{*}authors") is None:
        raise Unreadable("damaged")
    removed = cell_comments.remove_ours(texts) if old in parts else set()
    new = cell_comments.add(texts, notes)
    if old not in parts:
        name = parts.free_name(f"{book.folder}/comments{{}}.xml".lstrip("/"))
        parts.write(name, texts, cell_comments.COMMENTS_TYPE)
        parts.relate(part, f"{book.relations_ns}/comments", name)
    _draw(book, part, sheet, new, removed)


def _not_threaded(parts: Parts, related: dict[str, str], notes: list[Note]) -> list[Note]:
    """Notes of cells without a threaded comment, behind which Excel hides a note."""
    thread = related.get("threadedComment", "")
    if thread not in parts:
        return notes
    cells = {comment.get("ref") for comment in parts.tree(thread)}
    return [note for note in notes if note.cell not in cells]


def _draw(book: _Book, part: str, sheet: SheetPart, new: list[Note], removed: set[str]) -> None:
    parts, identifier = book.parts, sheet.drawing_id(book.relations_ns)
    name = next((target for known, _, target, _ in parts.related(part) if known == identifier), "")
    taken = _taken_blocks(parts)
    if name in parts:
        old = parts.read(name).decode("utf-8", errors="replace")
        parts.write(name, cell_comments.draw(old, new, removed, sheet.widths(), taken).encode())
        return
    name = parts.free_name(f"{book.folder}/drawings/vmlDrawing{{}}.vml".lstrip("/"))
    parts.default_type("vml", cell_comments.VML_TYPE)
    parts.write(name, cell_comments.draw(None, new, removed, sheet.widths(), taken).encode())
    sheet.set_drawing(parts.relate(part, f"{book.relations_ns}/vmlDrawing", name), book.relations_ns)


def _taken_blocks(parts: Parts) -> set[int]:
    drawings = [name for name in parts.names if name.lower().endswith(".vml")]
    return {
        block for name in drawings for block in cell_comments.blocks(parts.read(name).decode("utf-8", errors="replace"))
    }


# ---- the list


def _list_of_earlier(book: _Book) -> str | None:
    """The sheet of the list where the file is a returned receipt."""
    for name in book.root.iterfind("{*}definedNames/{*}definedName"):
        if name.get("name") == MARK:
            sheet = (name.text or "").rpartition("!")[0].strip("'").replace("''", "'")
            return sheet if sheet in book.sheets else None
    return None


def _add_list(book: _Book, entries: list[Entry], header: Header, made: Styles, returned: str | None) -> None:
    name = returned or _free_sheet_name(book)
    lines, heading = finding_list.lines(entries, header)
    content = finding_list_sheet.worksheet(lines, heading, name, made, book.ns)
    if returned:
        _replace_sheet(book, book.sheets[returned], content)
    else:
        _append_sheet(book, name, content)
    _select(book, name)


def _free_sheet_name(book: _Book) -> str:
    taken = {sheet.get("name", "").lower() for sheet in book.root.iterfind("{*}sheets/{*}sheet")}
    number = 1
    while (name := finding_list.SHEET + (f"({number})" if number > 1 else "")) in taken:
        number += 1
    return name


def _replace_sheet(book: _Book, part: str, content: bytes) -> None:
    parts = book.parts
    if parts.rels_name(part) in parts:
        parts.remove(parts.rels_name(part))
    parts.write(part, content)


def _append_sheet(book: _Book, name: str, content: bytes) -> None:
    part = book.parts.free_name(f"{book.folder}/worksheets/receipt{{}}.xml".lstrip("/"))
    book.parts.write(part, content, f"{_SML}.worksheet+xml")
    identifier = book.parts.relate(book.main, f"{book.relations_ns}/worksheet", part)
    table = book.root.find("{*}sheets")
    number = max((int(sheet.get("sheetId") or 0) for sheet in table), default=0) + 1
    etree.SubElement(
        table,
        f"{{{book.ns}}}sheet",
        {"name": name, "sheetId": str(number), f"{{{book.relations_ns}}}id": identifier},
        nsmap={"r": book.relations_ns},
    )
    book.sheets[name] = part
    _add_name(book, name)


def _add_name(book: _Book, sheet: str) -> None:
    names = book.root.find("{*}definedNames")
    if names is None:
        names = etree.Element(f"{{{book.ns}}}definedNames")
        before = [e for e in book.root.iterchildren("{*}*") if etree.QName(e).localname in _BEFORE_NAMES]
        before[-1].addnext(names)
    for old in [name for name in names if name.get("name") == MARK]:
        names.remove(old)
    etree.SubElement(names, f"{{{book.ns}}}definedName", name=MARK, hidden="1").text = xml_text.reference(sheet, "$A$1")


def _select(book: _Book, name: str) -> None:
    """Select the list alone: with two sheets selected, input goes into both."""
    order = [sheet.get("name") for sheet in book.root.iterfind("{*}sheets/{*}sheet")]
    views = book.root.find("{*}bookViews")
    if views is None:
        views = etree.Element(f"{{{book.ns}}}bookViews")
        book.root.find("{*}sheets").addprevious(views)
    if not len(views):
        etree.SubElement(views, f"{{{book.ns}}}workbookView")
    for view in views:
        view.set("activeTab", str(order.index(name)))
    for other in _all_sheet_parts(book):
        if other != book.sheets[name]:
            _deselect(book.parts, other)


def _all_sheet_parts(book: _Book) -> list[str]:
    kinds = ("worksheet", "chartsheet")
    return [part for _, kind, part, _ in book.parts.related(book.main) if kind in kinds and part in book.parts]


def _deselect(parts: Parts, part: str) -> None:
    """Deselect a sheet. Views precede the cells, so only the beginning of an unparsed part is changed."""
    if parts.is_tree(part):
        for view in parts.tree(part).iterfind("{*}sheetViews/{*}sheetView[@tabSelected]"):
            view.set("tabSelected", "0")
        return
    head, cells, rest = parts.read(part).partition(b"<sheetData")
    new = re.sub(rb'(\btabSelected\s*=\s*["\'])(?:1|true)', rb"\g<1>0", head)
    if new != head:
        parts.write(part, new + cells + rest)
