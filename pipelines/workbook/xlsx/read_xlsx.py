"""xlsx and xlsm: plain sheets in bulk (`fast_cells`), others by calamine with a search of the XML (`sheet_scan`).

calamine does not get the file itself but a package written here from parts that were unpacked within the limits and searched:
bare sheets, the shared strings, no number formats. So both readers read the same bytes, whatever a malicious zip or its
relations do; parts are unpacked once; and dates follow our rules (calamine does not know the date formats of Chinese
Excel, and reads a negative date as midnight).
"""

import re
from dataclasses import dataclass, field
from functools import partial
from html import unescape
from xml.etree.ElementTree import Element

from pipelines.workbook import number_formats
from pipelines.workbook.address import cell as a1
from pipelines.workbook.grid import Limits, Row, Sheet, Unreadable, Workbook
from pipelines.workbook.xlsx import formula_references, shared_strings
from pipelines.workbook.xlsx.calamine_package import BarePackage
from pipelines.workbook.xlsx.fast_cells import rows_of, strings_used
from pipelines.workbook.xlsx.sheet_scan import Scan, cells, scan
from pipelines.workbook.zip_package import Package, local


@dataclass
class Book:
    """Contents of `workbook.xml` and its relations."""

    folder: str
    sheets: list[tuple[str, str, str]] = field(default_factory=list)  # (name, visibility, part)
    date1904: bool = False
    recalculates: bool = False
    styles: str | None = None
    strings: str | None = None


def read(package: Package, main: str, kind: str, limits: Limits) -> Workbook:
    """The workbook whose main part is `main`."""
    book = _book(package, main, limits)
    kinds = _kinds(package.tree(book.styles)) if book.styles and book.styles in package else {}
    wanted = {str(index).encode() for index, style in kinds.items() if style != number_formats.NUMBER}
    parts = {part: partial(package.chunks, part) for _, _, part in book.sheets}
    scanned: dict[str, Scan] = {}
    area = 0
    with BarePackage() as bare:
        for part, result in scan(parts, wanted, limits):
            result.numbers = [bare.add(piece) for piece in result.pieces]
            result.pieces.clear()  # `bare` holds them now
            scanned[part] = result
            if (area := area + result.area) > limits.cells:
                raise Unreadable("too_large", f"数据区超过 {limits.cells:,} 个单元格，请检查最右一列和最末一行是否误填")
        scans = [scanned[part] for part in parts]
        strings = shared_strings.table(package, book.strings)
        package.inflate_rest()
        sheets = _filled(bare, book, scans, kinds, strings)
    sources = set().union(*(result.sources for result in scans))
    collected = formula_references.named_in(sources, [name for name, _, _ in book.sheets])
    return Workbook(kind, sheets, _notes(package, book, scans), book.date1904, collected=collected)


def _filled(bare: BarePackage, book: Book, scans: list[Scan], kinds: dict[int, str], strings: bytes) -> list[Sheet]:
    texts = _texts(bare, scans, strings)
    sheets = []
    for i, result in enumerate(scans):
        rows = rows_of(result.bulk, texts) if result.bulk else bare.rows(result.numbers)
        sheet = _sheet(book, i, result, rows)
        if not result.bulk:
            _cross_check(sheet, result, bare, strings)
        _apply_styles(sheet, result, kinds, book.date1904)
        sheet.references = formula_references.of_zeros(result.zeros, result.shared, sheet.name)
        sheets.append(sheet)
    return sheets


def _texts(bare: BarePackage, scans: list[Scan], strings: bytes) -> list[str | None]:
    """The shared strings of the sheets that were read in bulk. Completes `bare` for reading the others."""
    used = max((strings_used(result.bulk) for result in scans if result.bulk), default=0)
    if used > shared_strings.count(strings):
        raise Unreadable("damaged", "单元格引用了不存在的文本")
    texts = shared_strings.plain_texts(strings) if used else []
    if texts is None:
        listed = bare.add_strings(used)
        bare.finish(strings)
        return _through_calamine(bare.rows([listed]), strings)
    if any(result.numbers for result in scans):
        bare.finish(strings)
    return texts


def _through_calamine(rows: list[Row], strings: bytes) -> list[str | None]:
    """Shared strings, one a row. One that calamine returns as blank must be blank in the file too."""
    texts = [row[0] if row else None for row in rows]
    blanks = shared_strings.blanks(strings) if None in texts else ()
    if any(text is None and b"%d" % i not in blanks for i, text in enumerate(texts)):
        raise Unreadable("extent_mismatch", "共享文本")
    return texts


def _sheet(book: Book, index: int, result: Scan, rows: list[Row]) -> Sheet:
    name, visibility, _ = book.sheets[index]
    for row, col in (*result.errors, *result.unevaluated):
        if row <= len(rows) and col <= len(rows[row - 1]):
            rows[row - 1][col - 1] = None
            while rows[row - 1] and rows[row - 1][-1] is None:
                rows[row - 1].pop()
    while rows and not rows[-1]:
        rows.pop()
    return Sheet(
        name, visibility, rows, result.merges, result.errors, result.unevaluated, result.formulas,
        result.hidden_rows, result.hidden_cols, result.filtered, mixed=not result.bulk or bool(result.bulk.booleans),
        numeric=result.bulk.numeric if result.bulk else None,
    )  # fmt: skip


def _cross_check(sheet: Sheet, result: Scan, bare: BarePackage, strings: bytes) -> None:
    """Compare two counts of the cells with content; where they differ, check every cell."""
    if sum(len(row) - row.count(None) for row in sheet.rows) == result.values:
        return
    blanks = shared_strings.blanks(strings)
    seen = set()
    for number in result.numbers:
        for row, col, attributes, content in cells(bare.piece(number)):
            if (row, col) in seen:
                raise Unreadable("damaged", f"工作表“{sheet.name}”的单元格 {a1(row, col)} 出现两次")
            seen.add((row, col))
            known = sheet.value(row, col) is not None or (row, col) in result.errors or (row, col) in result.unevaluated
            if not known and not _is_blank(attributes, content, blanks):
                raise Unreadable("extent_mismatch", f"工作表“{sheet.name}”的单元格 {a1(row, col)} 有内容而未读出")


def _is_blank(attributes: bytes, content: bytes, blanks: set[bytes]) -> bool:
    """Whether a cell is blank in the file: no value, or an empty text."""
    value = re.search(rb"<v(?: [^>]*)?>([^<]*)</v>", content)
    if b't="s"' in attributes:
        return not value or value[1].strip() in blanks
    texts = re.findall(rb"<t(?: [^>]*)?>([^<]*)</t>", content) + ([value[1]] if value else [])
    return not any(unescape(text.decode(errors="replace")).strip() for text in texts)


def _apply_styles(sheet: Sheet, result: Scan, kinds: dict[int, str], date1904: bool) -> None:
    """Record percent cells; convert numbers in date cells."""
    for style, addresses in result.styled.items():
        kind = kinds[int(style)]
        if kind == number_formats.PERCENT:
            _note_percent(sheet, addresses)
            continue
        for row, col in addresses:
            value = sheet.value(row, col)
            if type(value) is float:
                sheet.rows[row - 1][col - 1] = number_formats.from_serial(value, kind, date1904)


def _note_percent(sheet: Sheet, addresses: list[tuple[int, int]]) -> None:
    for row, col in addresses:
        if type(sheet.value(row, col)) is float:
            sheet.percent.setdefault(col, set()).add(row)


def _book(package: Package, main: str, limits: Limits) -> Book:
    folder, _, file = main.rpartition("/")
    related, types = relations(package, folder, file)
    book = Book(folder, styles=types.get("styles"), strings=types.get("sharedStrings"))
    for element in package.tree(main).iter():
        tag = local(element.tag)
        if tag == "workbookPr":
            book.date1904 = element.get("date1904") in ("1", "true", "on")
        elif tag == "calcPr":
            book.recalculates = element.get("fullCalcOnLoad") in ("1", "true", "on")
        elif tag == "sheet":
            kind, part = related.get(_relation_id(element), ("", ""))
            if kind == "worksheet":
                visibility = {"hidden": "hidden", "veryHidden": "very_hidden"}.get(element.get("state", ""), "visible")
                book.sheets.append((element.get("name", ""), visibility, part))
    _check_sheets(book, limits)
    return book


def _check_sheets(book: Book, limits: Limits) -> None:
    if not book.sheets:
        raise Unreadable("no_sheets")
    if len(book.sheets) > limits.sheets:
        raise Unreadable("too_large", f"{len(book.sheets)} 个工作表，上限 {limits.sheets} 个")
    if len({part.lower() for _, _, part in book.sheets}) < len(book.sheets):
        raise Unreadable("damaged", "两个工作表指向同一个部件")


def _relation_id(element: Element) -> str:
    return next((value for key, value in element.attrib.items() if "relationships}" in key and local(key) == "id"), "")


def relations(package: Package, folder: str, file: str) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """Relations of a part: id → (type, part), and type → part. External targets are left out."""
    by_id: dict[str, tuple[str, str]] = {}
    by_type: dict[str, str] = {}
    name = f"{folder}/_rels/{file}.rels".lstrip("/")
    if name not in package:
        raise Unreadable("damaged", f"缺少部件 {name}")
    for element in package.tree(name).iter():
        if local(element.tag) == "Relationship" and element.get("TargetMode") != "External":
            kind = element.get("Type", "").rpartition("/")[2]
            part = resolve(folder, element.get("Target", ""))
            by_id[element.get("Id", "")] = kind, part
            by_type.setdefault(kind, part)
    return by_id, by_type


def resolve(folder: str, target: str) -> str:
    """A relation's target as a part name: absolute, or relative to the folder."""
    target = target.replace("\\", "/")
    steps: list[str] = []
    for step in (target if target.startswith("/") else f"{folder}/{target}").split("/"):
        if step == "..":
            steps[-1:] = []
        elif step not in ("", "."):
            steps.append(step)
    return "/".join(steps)


def _kinds(styles: Element) -> dict[int, str]:
    """Index of a cell style → kind of its number format."""
    codes: dict[int, str] = {}
    kinds: dict[int, str] = {}
    for element in styles.iter():
        if local(element.tag) == "numFmt" and element.get("numFmtId", "").isdigit():
            codes[int(element.get("numFmtId", ""))] = element.get("formatCode", "")
    for group in styles:
        if local(group.tag) == "cellXfs":
            for index, style in enumerate(group):
                written = style.get("numFmtId", "0")
                number = int(written) if written.isdigit() else 0
                kinds[index] = number_formats.kind_of(number, codes.get(number))
    return kinds


def package_notes(package: Package) -> list[tuple[str, str]]:
    """Notes on macros, links and embedded objects, by the names of the parts; nothing is executed or fetched."""
    names = [name.lower() for name in package.names]
    notes = []
    for code, mark in (("macros", "vbaproject.bin"), ("connections", "/connections.xml")):
        notes += [(code, "")] if any(name.endswith(mark) for name in names) else []
    links = [name for name in names if "/externallinks/" in name and name.endswith((".xml", ".bin"))]
    if links:
        notes.append(("external_links", f"{len(links)} 个"))
    if any(b"ddeLink" in package.read(name) for name in links if name.endswith(".xml")):
        notes.append(("dde", ""))
    if any("/embeddings/" in name or "/activex/" in name for name in names):
        notes.append(("embedded_objects", ""))
    return notes


def _notes(package: Package, book: Book, scans: list[Scan]) -> list[tuple[str, str]]:
    notes = package_notes(package)
    if book.recalculates and any(result.formulas for result in scans):
        notes.append(("formulas_not_recalculated", ""))
    return notes + [
        ("normalized", sheet[0]) for sheet, result in zip(book.sheets, scans, strict=True) if result.normalized
    ]
