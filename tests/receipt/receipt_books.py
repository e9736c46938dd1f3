"""Workbooks to make receipts of, and what Excel demands of a package: checked part by part."""

import io
import re
import struct
import zipfile
import zlib
from posixpath import dirname, join, normpath

import xlsxwriter
from lxml import etree

from pipelines.answers import findings
from pipelines.answers.findings import finding_id
from pipelines.receipt import ReceiptContext, Try, write_receipt
from tests.answers import sheets_of_a_form as pages

KINDS = findings.load(pages.REFERENCE)
NAME = "柏乡县2019年6月.xlsx"
UNITS = pages.units_of("130524")[:8]
TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"
# ECMA-376 part 1, 18.3.1.99: the children of a worksheet, in this order and no other
ORDER = (
    "sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetCalcPr", "sheetProtection",
    "protectedRanges", "scenarios", "autoFilter", "sortState", "dataConsolidate", "customSheetViews", "mergeCells",
    "phoneticPr", "conditionalFormatting", "dataValidations", "hyperlinks", "printOptions", "pageMargins",
    "pageSetup", "headerFooter", "rowBreaks", "colBreaks", "customProperties", "cellWatches", "ignoredErrors",
    "smartTags", "drawing", "legacyDrawing", "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls",
    "webPublishItems", "tableParts", "extLst",
)  # fmt: skip


def png() -> bytes:
    """A red picture of 8 × 8, so that no imaging library is needed."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\xd0\x20\x20" * 8 for _ in range(8))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def faulty(**values: object) -> pages.Page:
    """A right page with these answers of the first units put wrong: `households=["约300"]`."""
    made = pages.page(UNITS)
    for field, given in values.items():
        made.column(field).values[: len(given)] = given
    return made


def decorated(made: pages.Page, extra=None, options: dict | None = None) -> bytes:
    """The page with all that careless writers lose: picture, chart, shape, note, validation, rules, protection."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False, **(options or {})})
    sheet = book.add_worksheet("表1")
    rows, first, positions = pages.grid(made)
    pages._put(sheet, rows)
    sheet.set_column(0, 0, 17)
    sheet.freeze_panes(first + 1, 2)
    sheet.set_row(first, 40, book.add_format({"bold": True, "font_color": "#FFFFFF", "bg_color": "#1F4E79"}))
    sheet.insert_image(2, 12, "logo.png", {"image_data": io.BytesIO(png())})
    sheet.insert_textbox(12, 12, "填报说明见附件")
    sheet.write_comment(positions[0], 4, "县里自己的批注", {"author": "张三"})
    sheet.write_comment(positions[5], 7, "另一条", {"author": "张三"})
    sheet.data_validation(positions[0], 3, positions[-1], 3, {"validate": "list", "source": ["城市社区", "农村社区"]})
    red = book.add_format({"bg_color": "#FFC7CE"})
    cells = {"type": "cell", "criteria": ">", "value": 0, "format": red}
    sheet.conditional_format(positions[0], 4, positions[-1], 5, cells)
    sheet.protect("", {"format_cells": True})
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": ["表1", positions[0], 5, positions[-1], 5]})
    sheet.insert_chart(20, 2, chart)
    sheet.repeat_rows(first)
    if extra:
        extra(book, sheet)
    pages._put(book.add_worksheet(made.record_sheet), made.record_rows)
    book.close()
    return stream.getvalue()


def findings_of(data: bytes, name: str = NAME) -> list[dict]:
    """What the reader finds, as `intake.Report` has it; but for the units that these small books leave out."""
    reading = pages.reading(data, name)
    findings = [finding for finding in reading.findings if finding.code != "units_missing"]
    return [{**vars(finding), "id": finding_id(reading.county, finding)} for finding in findings]


def context(*earlier: list[dict], **changes) -> ReceiptContext:
    labels = {field.id: field.label for field in pages.form().community}
    base = dict(
        county="柏乡县", month=pages.MONTH, number=len(earlier) + 1, state="已接收", received="2019-07-02 10:11",
        rows={"read": 8, "accepted": 7, "held": 1}, labels=labels, earlier=tuple(Try(tuple(findings_before)) for findings_before in earlier),
        units={unit.code: unit.name for unit in UNITS}, remedies={code: kind.remedy for code, kind in KINDS.items()},
    )  # fmt: skip
    return ReceiptContext(**{**base, **changes})


def receipt(data: bytes, *earlier: list[dict], name: str = NAME, **changes) -> bytes:
    return write_receipt(data, name, findings_of(data, name), context(*earlier, **changes))[0]


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def replaced(data: bytes, **changes) -> bytes:
    """The package with parts changed or added: `{name: bytes}`; None takes one out."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in {**parts(data), **changes["parts"]}.items():
            if content is not None:
                package.writestr(name, content)
    return stream.getvalue()


def faults_of_package(data: bytes) -> list[str]:
    """What Excel would call damage."""
    package = parts(data)
    types = etree.fromstring(package["[Content_Types].xml"])
    overrides = [e.get("PartName") for e in types.iter(f"{TYPES}Override")]
    defaults = {e.get("Extension").lower() for e in types.iter(f"{TYPES}Default")}
    faults = [f"{name} 有两个类型" for name in overrides if overrides.count(name) > 1]
    faults += [f"{name} 有类型而无部件" for name in overrides if name.lstrip("/") not in package]
    for name, content in package.items():
        if f"/{name}" not in overrides and name.rpartition(".")[2].lower() not in defaults | {"xml]"}:
            faults.append(f"{name} 没有类型") if name != "[Content_Types].xml" else None
        if name.endswith((".xml", ".rels", ".vml")):
            etree.fromstring(content)
        if name.endswith(".rels"):
            faults += _faults_of_relations(name, content, package)
        if "/worksheets/" in name and name.endswith(".xml"):
            faults += _faults_of_sheet(name, etree.fromstring(content), package)
    return faults + _faults_of_styles(package) + _faults_of_shapes(package)


def _faults_of_relations(name: str, content: bytes, package: dict) -> list[str]:
    entries = etree.fromstring(content)
    ids = [entry.get("Id") for entry in entries]
    faults = [f"{name}:{id_} 两次" for id_ in ids if ids.count(id_) > 1]
    base = dirname(dirname(name))
    for entry in entries:
        target = entry.get("Target")
        path = target.lstrip("/") if target.startswith("/") else normpath(join(base, target))
        if entry.get("TargetMode") != "External" and path not in package:
            faults.append(f"{name}:{target} 不存在")
    return faults


def _faults_of_sheet(name: str, root, package: dict) -> list[str]:
    order = [etree.QName(child).localname for child in root]
    places = [ORDER.index(tag) for tag in order if tag in ORDER]
    faults = [] if places == sorted(places) else [f"{name} 的次序 {order}"]
    styles = len(etree.fromstring(package["xl/styles.xml"]).find("{*}cellXfs"))
    cells = list(root.iter("{*}c"))
    faults += [f"{name} {cell.get('r')} 的样式" for cell in cells if int(cell.get("s") or 0) >= styles]
    for row in root.iter("{*}row"):
        columns = [_column(cell.get("r")) for cell in row]
        faults += [] if columns == sorted(set(columns)) else [f"{name} 第{row.get('r')}行的次序"]
    numbers = [int(row.get("r")) for row in root.iter("{*}row")]
    faults += [] if numbers == sorted(set(numbers)) else [f"{name} 的行次序"]
    rules = [int(rule.get("priority")) for rule in root.iter("{*}cfRule")]
    return faults + ([] if len(rules) == len(set(rules)) else [f"{name} 的优先级 {rules}"])


def _column(address: str) -> int:
    number = 0
    for letter in re.match(r"[A-Z]+", address)[0]:
        number = number * 26 + ord(letter) - 64
    return number


def _faults_of_styles(package: dict) -> list[str]:
    root = etree.fromstring(package["xl/styles.xml"])
    size = {tag: len(root.find(f"{{*}}{tag}")) for tag in ("fonts", "fills", "borders")}
    faults = [f"{tag} 的 count" for tag in size if root.find(f"{{*}}{tag}").get("count") != str(size[tag])]
    for xf in root.find("{*}cellXfs"):
        pairs = (("fontId", "fonts"), ("fillId", "fills"), ("borderId", "borders"))
        faults += [f"xf 的 {key}" for key, tag in pairs if int(xf.get(key) or 0) >= size[tag]]
    return faults


def _faults_of_shapes(package: dict) -> list[str]:
    """Shape ids are unique in the workbook and lie in the blocks that their drawing names."""
    seen: list[int] = []
    faults = []
    for name, content in package.items():
        if name.endswith(".vml"):
            text = content.decode()
            blocks = {int(n) for data in re.findall(r'idmap[^>]*data="([\d,]+)"', text) for n in data.split(",")}
            ids = [int(n) for n in re.findall(r'id="_x0000_s(\d+)"', text)]
            faults += [f"{name} 的 {n}" for n in ids if n // 1024 not in blocks]
            seen += ids
    return faults + [f"形状 {n} 两次" for n in set(seen) if seen.count(n) > 1]
