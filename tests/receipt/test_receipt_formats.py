"""Receipts of what cannot carry notes, of packages by other writers, and of hostile ones."""

import io
import re

import openpyxl
import pytest
from openpyxl.comments import Comment

from pipelines.receipt import write_receipt
from tests.answers import sheets_of_a_form as pages
from tests.receipt import receipt_books as books
from tests.receipt.receipt_books import (
    context,
    decorated,
    faults_of_package,
    faulty,
    findings_of,
    parts,
    receipt,
    replaced,
)
from tests.workbook.container_files import converted, needs_office

FAULTY = faulty(households=["约300", 200, -3])
XLSX = pages.book(FAULTY)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def opened(data: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data))


def advice(data: bytes) -> str:
    return opened(data)["问题清单"]["A6"].value


# -- formats without notes


def test_a_csv_gets_a_copy_of_its_values_with_the_marks():
    data = receipt(pages.csv_bytes(FAULTY), name="柏乡县2019年6月.csv")
    book = opened(data)
    sheet = book.worksheets[0]
    assert (
        sheet["E4"].value == "约300"
        and sheet["E4"].fill.fgColor.rgb == "FFE5706A"
        and "约300" in sheet["E4"].comment.text
    )
    assert book.active.title == "问题清单" and "副本" in advice(data) and faults_of_package(data) == []


@needs_office
@pytest.mark.parametrize("extension", ["xls", "ods"])
def test_older_and_open_formats_get_a_copy(extension, tmp_path):
    data = receipt(converted(XLSX, extension, tmp_path), name=f"柏乡县2019年6月.{extension}")
    sheet = opened(data).worksheets[0]
    assert sheet["E4"].value == "约300" and sheet["E4"].comment and sheet["A4"].value == books.UNITS[0].code
    assert sheet["E5"].value == 200 and faults_of_package(data) == []


@pytest.mark.parametrize(
    "original",
    [b"", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, XLSX[:3000], b"<html><table></table></html>", b"PK\3\4"],
)
def test_what_cannot_be_read_gets_the_list_alone(original):
    findings = findings_of(original, "a.xlsx")
    data, name = write_receipt(
        original, "a.xlsx", findings, context(county=None, number=7, refused=True, state="不能采用")
    )
    book = opened(data)
    assert book.sheetnames == ["问题清单"] and len(findings) == 1 and book.active["H9"].value.endswith("再报。")
    assert name == "未认定_回执_收件第7号.xlsx" and "不能写入批注" in advice(data) and faults_of_package(data) == []


def test_errors_dates_percentages_and_merges_of_a_copy_are_shown():
    from datetime import date

    from pipelines.receipt import plain_workbook
    from pipelines.workbook.grid import Merge, Sheet

    rows = [["表", None, date(2019, 6, 1)], [0.5, True, 12, None]]
    sheet = Sheet('<a&"b>', rows=rows, merges=[Merge(1, 1, 1, 2)], errors={(2, 4): "#REF!"}, percent={1: {2}})
    book = opened(plain_workbook.package([sheet]))
    values = [[cell.value for cell in row] for row in book['<a&"b>'].iter_rows()]
    assert values == [["表", None, "2019-06-01", None], ["50%", True, 12, "#REF!"]]
    assert [str(merge) for merge in book['<a&"b>'].merged_cells.ranges] == ["A1:B1"]


# -- macros, signatures, other writers


def with_macros() -> bytes:
    package = parts(XLSX)
    types = package["[Content_Types].xml"].replace(b"spreadsheetml.sheet.main", b"ms-excel.sheet.macroEnabled.main")
    types = types.replace(b"vnd.openxmlformats-officedocument.ms-excel", b"vnd.ms-excel")
    types = types.replace(
        b"<Override", b'<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/><Override', 1
    )
    rels = package["xl/_rels/workbook.xml.rels"].replace(
        b"</Relationships>",
        b'<Relationship Id="rIdM" Type="http://schemas.microsoft.com/office/2006/relationships/vbaProject" '
        b'Target="vbaProject.bin"/></Relationships>',
    )
    changed = {"[Content_Types].xml": types, "xl/_rels/workbook.xml.rels": rels, "xl/vbaProject.bin": b"MACRO"}
    return replaced(XLSX, parts=changed)


def test_macros_are_left_out():
    data, name = write_receipt(with_macros(), "柏乡县2019年6月.xlsm", findings_of(XLSX), context())
    package = parts(data)
    assert name.endswith(".xlsx") and not any("vba" in part.lower() for part in package)
    assert (
        b"macroEnabled" not in package["[Content_Types].xml"]
        and b"vbaProject" not in package["xl/_rels/workbook.xml.rels"]
    )
    assert opened(data)["Sheet1"]["E4"].comment and faults_of_package(data) == []


def test_a_macro_sheet_gets_a_receipt_beside_it():
    rels = parts(XLSX)["xl/_rels/workbook.xml.rels"]
    kind = b"http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet"
    changed = re.sub(rb'Type="[^"]*/worksheet"(?=[^>]*sheet2)', b'Type="' + kind + b'"', rels)
    data = receipt(replaced(XLSX, parts={"xl/_rels/workbook.xml.rels": changed}))
    assert opened(data)["Sheet1"]["E4"].comment and faults_of_package(data) == []


def test_a_signature_that_no_longer_holds_is_left_out():
    package = parts(XLSX)
    rels = package["_rels/.rels"].replace(
        b"</Relationships>",
        b'<Relationship Id="rIdS" Type="http://schemas.openxmlformats.org/package/2006/relationships/'
        b'digital-signature/origin" Target="_xmlsignatures/origin.sigs"/></Relationships>',
    )
    types = package["[Content_Types].xml"].replace(
        b"<Override",
        b'<Default Extension="sigs" ContentType="application/vnd.openxmlformats-package.digital-signature-origin"/>'
        b"<Override", 1,
    )  # fmt: skip
    changed = {"_rels/.rels": rels, "[Content_Types].xml": types, "_xmlsignatures/origin.sigs": b" "}
    data = receipt(replaced(XLSX, parts=changed))
    assert not any("signature" in name for name in parts(data)) and faults_of_package(data) == []


def test_the_drawing_of_another_writer_is_added_to():
    book = opened(XLSX)
    book["Sheet1"]["E4"].comment = Comment("县里的话", "李四")
    book["Sheet1"]["B7"].comment = Comment("别处的话", "李四")
    stream = io.BytesIO()
    book.save(stream)
    data = receipt(stream.getvalue())
    sheet = opened(data)["Sheet1"]
    assert (
        sheet["E4"].comment.text.startswith("县里的话")
        and sheet["B7"].comment.text == "别处的话"
        and sheet["E6"].comment
    )
    assert faults_of_package(data) == []


def test_modern_threads_are_not_written_into():
    findings = parts(decorated(FAULTY))
    rels = findings["xl/worksheets/_rels/sheet1.xml.rels"].replace(
        b"</Relationships>",
        b'<Relationship Id="rIdT" Type="http://schemas.microsoft.com/office/2017/10/relationships/threadedComment" '
        b'Target="../threadedComments/threadedComment1.xml"/></Relationships>',
    )
    thread = (
        '<ThreadedComments xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments">'
        '<threadedComment ref="E4" id="{1}"><text>问</text></threadedComment></ThreadedComments>'
    ).encode()
    changed = {"xl/worksheets/_rels/sheet1.xml.rels": rels, "xl/threadedComments/threadedComment1.xml": thread}
    sheet = opened(receipt(replaced(decorated(FAULTY), parts=changed)))["表1"]
    assert (
        sheet["E4"].comment.text == "县里自己的批注"
        and sheet["E4"].fill.fgColor.rgb == "FFE5706A"
        and sheet["E6"].comment
    )


def test_prefixed_and_bare_xml_is_marked_too():
    package = parts(XLSX)
    sheet = package["xl/worksheets/sheet1.xml"].decode()
    body = re.sub(r"<(/?)([a-zA-Z])", r"<\1x:\2", sheet.partition("?>")[2]).replace('xmlns="', 'xmlns:x="', 1)
    body = re.sub(r'(<x:c) r="[A-Z]+\d+"', r"\1", body)  # cells need not say where they stand
    data = receipt(replaced(XLSX, parts={"xl/worksheets/sheet1.xml": body.encode()}))
    assert opened(data)["Sheet1"]["E4"].comment
    assert any("约300" in str(cell.value) for cell in opened(data)["问题清单"]["I"])
    assert 'ref="E4"' in parts(data)["xl/comments1.xml"].decode()


def test_strict_names_are_kept_to():
    strict = {
        name: content.replace(MAIN.encode(), b"http://purl.oclc.org/ooxml/spreadsheetml/main").replace(
            b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
            b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        )
        for name, content in parts(XLSX).items()
        if name.endswith((".xml", ".rels"))
    }
    data = receipt(replaced(XLSX, parts=strict))
    package = parts(data)
    assert b"purl.oclc.org/ooxml/spreadsheetml/main" in package["xl/worksheets/receipt1.xml"]
    assert (
        b"purl.oclc.org/ooxml/officeDocument/relationships/comments" in package["xl/worksheets/_rels/sheet1.xml.rels"]
    )
    assert pages.reading(data, books.NAME).community is not None


def test_a_workbook_without_styles_gets_some():
    package = parts(XLSX)
    rels = re.sub(rb"<Relationship [^>]*styles[^>]*/>", b"", package["xl/_rels/workbook.xml.rels"])
    types = re.sub(rb"<Override [^>]*styles[^>]*/>", b"", package["[Content_Types].xml"])
    sheets = {
        name: re.sub(rb' s="\d+"', b"", content) for name, content in package.items() if "/worksheets/sheet" in name
    }
    changed = {"xl/styles.xml": None, "xl/_rels/workbook.xml.rels": rels, "[Content_Types].xml": types, **sheets}
    data = receipt(replaced(XLSX, parts=changed))
    assert opened(data)["Sheet1"]["E4"].fill.fgColor.rgb == "FFE5706A" and faults_of_package(data) == []


@pytest.mark.parametrize(
    "name", ["xl/workbook.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml", "xl/_rels/workbook.xml.rels"]
)
@pytest.mark.parametrize("content", [b"", b"<a", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"<a/>"])
def test_a_spoiled_part_still_gets_a_list(name, content):
    spoiled = replaced(XLSX, parts={name: content})
    data, _ = write_receipt(spoiled, "a.xlsx", findings_of(XLSX), context())
    assert "问题清单" in opened(data).sheetnames


# -- as LibreOffice shows it


@needs_office
@pytest.mark.slow
def test_libreoffice_opens_the_receipt_with_marks_notes_and_list(tmp_path):
    sheet = opened(converted(receipt(decorated(FAULTY)), "xlsx", tmp_path))
    assert sheet.sheetnames == ["表1", "表2", "问题清单"]
    assert sheet["表1"]["E4"].fill.fgColor.rgb == "FFE5706A" and "约300" in sheet["表1"]["E4"].comment.text
    assert sheet["问题清单"]["E9"].hyperlink and len(sheet["表1"]._images) == 1
