"""What is refused, by which code, and what it costs: nothing is unpacked, run or fetched beyond the limits."""

import io
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import msoffcrypto
import openpyxl
import pytest

from pipelines import settings
from pipelines.workbook.open_workbook import Limits, Unreadable, open_workbook
from tests.workbook.container_files import (
    converted,
    needs_office,
    packed,
    parts,
    patched,
    record,
    saved,
    shared,
    with_part,
    with_sheet,
    xlsb,
    xlsb_row,
    xlsx,
)

ROOT = Path(__file__).resolve().parents[2]

# what a worker allows for reading one file
READING = settings.Limits()


def refusal(data: bytes, name: str = "表.xlsx", limits: Limits | None = None) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        open_workbook(data, name, limits or Limits())
    return caught.value


ODT = b"application/vnd.oasis.opendocument.text"


@pytest.mark.parametrize("data", [b"", b"\0" * 4096, b"\r\n"])
def test_an_empty_file_is_called_empty(data):
    assert refusal(data).text == "文件是空的，没有任何内容；请重新导出或复制后再报"


@pytest.mark.parametrize(
    ("data", "code", "detail"),
    [
        (b"%PDF-1.7 ...", "not_a_workbook", "实际为 PDF"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 99, "not_a_workbook", "实际为 PNG 图片"),
        (b"\xff\xd8\xff\xe0JFIF", "not_a_workbook", "实际为 JPEG 图片"),
        ("情况说明:本月无变化".encode(), "not_a_workbook", "实际为纯文本"),
        (b"\x01\x02\x03\x04" * 50, "not_a_workbook", "实际为二进制文件"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "html_page", ""),
        (b"\xef\xbb\xbf\r\n<table><tr><td>1", "html_page", ""),
        (b'<meta charset="gbk"><table>', "html_page", ""),
        (b"<a b='urn:schemas-microsoft-com:office:spreadsheet'/>", "no_sheets", ""),
        (b"\x09\x04\x06\x00\x00\x04\x10\x00", "unsupported_format", "Excel 2.0 至 4.0 的 xls"),
        (packed({"a.txt": b"x"}), "not_a_workbook", "实际为普通压缩包"),
        (packed({"mimetype": ODT, "content.xml": b""}), "not_a_workbook", "实际为 OpenDocument 文字文档"),
    ],
)  # fmt: skip
def test_what_is_no_workbook_is_called_what_it_is(data, code, detail):
    error = refusal(data)
    assert (error.code, error.detail) == (code, detail)


def test_a_word_document_is_called_so():
    relations = parts(xlsx())["_rels/.rels"].replace(b"xl/workbook.xml", b"word/document.xml")
    data = packed({"[Content_Types].xml": b"<Types/>", "_rels/.rels": relations, "word/document.xml": b"<document/>"})
    assert refusal(data).detail == "实际为 Word 文档"


def test_a_workbook_with_a_password_is_called_encrypted(tmp_path):
    plain, locked = io.BytesIO(xlsx([1])), io.BytesIO()
    msoffcrypto.OfficeFile(plain).encrypt("秘密", locked)
    refused = refusal(locked.getvalue())
    assert refused.code == "encrypted" and "打开密码" in refused.text and "保护工作簿" in refused.text


@needs_office
def test_an_xls_with_a_password_is_called_encrypted(tmp_path):
    data = converted(xlsx(["甲"]), "xls", tmp_path)
    start = data.index(struct.pack("<HHH", 0x809, 16, 0x600)) + 20
    locked = data[:start] + struct.pack("<HH", 0x2F, struct.unpack_from("<H", data, start + 2)[0]) + data[start + 4 :]
    assert refusal(locked, "表.xls").code == "encrypted"


@needs_office
def test_an_ods_with_a_password_is_called_encrypted(tmp_path):
    data = converted(xlsx(["甲"]), "ods", tmp_path)
    manifest = parts(data)["META-INF/manifest.xml"]
    entry = b"<manifest:encryption-data/><manifest:file-entry"
    locked = with_part(data, "META-INF/manifest.xml", manifest.replace(b"<manifest:file-entry", entry, 1))
    assert refusal(locked, "表.ods").code == "encrypted"


@pytest.mark.parametrize("share", [0.3, 0.66, 0.95])
def test_a_workbook_cut_short_is_called_truncated(share):
    data = shared(*([["甲", i] for i in range(500)]))
    assert refusal(data[: int(len(data) * share)]).code == "truncated"


def test_a_changed_byte_in_a_part_is_found_by_its_checksum():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as package:
        for name, part in parts(xlsx([12345])).items():
            package.writestr(name, part)
    assert refusal(stream.getvalue().replace(b"12345", b"12346")).code == "damaged_zip"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["xl/worksheets/sheet1.xml", "XL/worksheets/SHEET1.xml", "xl\\worksheets\\sheet1.xml"])
def test_two_parts_of_one_name_are_refused(name):
    stream = io.BytesIO(xlsx([1]))
    with zipfile.ZipFile(stream, "a") as package:
        package.writestr(name, b"<worksheet/>")
    assert refusal(stream.getvalue()).code == "unsafe_zip"


@pytest.mark.parametrize("name", ["../evil.xml", "xl/../../evil", "/etc/passwd", "..\\evil", "C:/evil"])
def test_a_part_that_points_outside_is_refused(name):
    assert refusal(with_part(xlsx([1]), name)).code == "unsafe_zip"


def test_a_symbolic_link_is_refused():
    stream = io.BytesIO(xlsx([1]))
    with zipfile.ZipFile(stream, "a") as package:
        link = zipfile.ZipInfo("xl/media/link")
        link.external_attr = 0o120777 << 16
        package.writestr(link, "/etc/passwd")
    assert refusal(stream.getvalue()).code == "unsafe_zip"


def test_too_many_parts_are_refused():
    content = parts(xlsx([1])) | {f"xl/media/{i}": b"" for i in range(1000)}
    error = refusal(packed(content))
    assert (error.code, error.detail) == ("too_many_parts", f"{len(content)} 个，上限 1000 个")


def test_a_file_above_the_limit_says_size_and_limit():
    error = refusal(b"PK" + b"x" * (3 << 20), limits=Limits(file_size=2 << 20))
    assert (error.code, error.detail) == ("too_large", "文件 3.0 MB，上限 2 MB")


def test_a_bomb_that_declares_its_size_is_refused_unopened():
    bomb = with_part(xlsx([1]), "xl/media/a.bin", bytes(301 << 20))
    assert refusal(bomb).code == "too_large"


@pytest.mark.slow
@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/media/picture.png"])
def test_a_bomb_that_lies_about_its_size_is_refused_within_its_limit(part):
    """The directory says 100 bytes; what comes out is cut there and its checksum is wrong. Nothing more is unpacked."""
    data = bytearray(packed(parts(xlsx([1])) | {part: bytes(150 << 20)}))
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        if data[at + 46 : at + 46 + len(part)] == part.encode():
            struct.pack_into("<I", data, at + 24, 100)
        at += 4
    assert refusal(bytes(data)).code == "damaged_zip"


@pytest.mark.slow
def test_a_part_beyond_a_ratio_is_refused():
    assert "压缩比" in refusal(with_part(xlsx([1]), "xl/media/a.bin", bytes(100 << 20))).detail


BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("prolog", [BOMB, OUTSIDE], ids=["laughs", "external"])
@pytest.mark.parametrize("part", ["sheet1", "workbook", "styles", "sharedStrings"])
def test_a_dtd_in_any_part_is_refused(part, prolog):
    data = patched(shared(["甲"]), **{part: lambda xml: prolog + xml.partition(b"?>")[2]})
    assert refusal(data).code == "xml_entities"


@needs_office
def test_a_dtd_in_ods_is_refused(tmp_path):
    data = patched(converted(xlsx([1]), "ods", tmp_path), content=lambda xml: BOMB + xml.partition(b"?>")[2])
    assert refusal(data, "表.ods").code == "xml_entities"


def test_a_dtd_in_another_encoding_is_refused():
    sheet = (BOMB.decode().replace("?>", ' encoding="utf-16"?>') + "<worksheet/>").encode("utf-16")
    assert refusal(patched(xlsx([1]), sheet1=sheet)).code == "xml_entities"


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>',
        '<row r="1"><c r="AAAAAAA1"><v>1</v></c></row>',
        '<row r="1"><c r="XFE1"><v>1</v></c></row>',
        '<row r="1048577"><c r="A1048577"><v>1</v></c></row>',
        '<row r="1"><c r="A7"><v>1</v></c></row>',
        '<row r="1"><c r="A1" t="zz"><v>1</v></c></row>',
        '<row r="1"><c r="A1" t="s"><v>99</v></c></row>',
        '<row r="1"><c r="A1" t="b"><v>7</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v></row>',
        '<row r="2"/><row r="2"/>',
        '<row r="1"><c r="A1" t="str"><v>&undefined;</v></c></row>',
    ],
)
def test_cells_that_cannot_be_are_refused_and_never_guessed(rows):
    assert refusal(with_sheet(rows)).code == "damaged"


def test_an_area_too_large_to_lay_out_is_refused():
    rows = "".join(f'<row r="{i}"><c r="A{i}"><v>1</v></c></row>' for i in range(1, 4000))
    error = refusal(with_sheet(rows + '<row r="4000"><c r="XFD4000"><v>1</v></c></row>'))
    assert error.code == "too_large" and "最右一列" in error.detail


@pytest.mark.slow
def test_one_value_in_the_last_cell_of_the_sheet_is_read():
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    sheet = open_workbook(with_sheet(rows), "表.xlsx").sheets[0]
    assert (sheet.value(1, 1), sheet.value(1_048_576, 16_384)) == (1.0, 2.0)


COSTS = """
import re, sys, time
sys.path.insert(0, sys.argv[2])
from pipelines.workbook.open_workbook import open_workbook
data = open(sys.argv[1], "rb").read()
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
started, before = time.process_time(), peak()
book = open_workbook(data, "a.xlsx")
print(time.process_time() - started, peak() - before, len(book.sheets[0].rows))
"""


def costs(data: bytes, folder: Path) -> tuple[float, float, int]:
    """Seconds, MB above the start, and rows, of reading in a fresh process."""
    file = folder / "file.xlsx"
    file.write_bytes(data)
    run = subprocess.run(
        [sys.executable, "-c", COSTS, str(file), str(ROOT)], capture_output=True, text=True, check=True
    )
    seconds, kilobytes, rows = run.stdout.split()
    return float(seconds), int(kilobytes) / 1024, int(rows)


@pytest.mark.slow
def test_a_million_formatted_empty_rows_cost_seconds(tmp_path):
    """bad-inputs 20: five styled cells in each of 1,048,576 rows, three rows of data."""
    rows = [f'<row r="{i}"><c r="A{i}"><v>{i}</v></c></row>' for i in range(1, 4)]
    cells = "".join(f'<c r="{letter}%d" s="1"/>' for letter in "ABCDE")
    rows += [f'<row r="{i}" spans="1:5">{cells}</row>' % ((i,) * 5) for i in range(4, 1_048_577)]
    seconds, megabytes, kept = costs(with_sheet("".join(rows)), tmp_path)
    assert kept == 3
    assert seconds <= READING.cpu and megabytes <= 300, (seconds, megabytes)


def test_one_formatted_cell_at_the_end_of_the_sheet_costs_nothing(tmp_path):
    book = openpyxl.Workbook()
    book.active["A1"] = 1
    data = patched(
        saved(book),
        sheet1=lambda xml: xml.replace(
            b"</sheetData>", b'<row r="1048576"><c r="XFD1048576" s="1"/></row></sheetData>'
        ),
    )
    seconds, megabytes, kept = costs(data, tmp_path)
    assert kept == 1
    assert seconds <= READING.cpu and megabytes <= 300, (seconds, megabytes)


@pytest.mark.slow
@needs_office
@pytest.mark.parametrize("kind", ["xls", "ods"])
def test_xls_and_ods_cut_or_altered_are_refused(kind, tmp_path):
    data = converted(shared(*([["甲", i] for i in range(300)])), kind, tmp_path)
    for share in (0.2, 0.5, 0.9):
        assert refusal(data[: int(len(data) * share)], f"表.{kind}").code in ("truncated", "damaged", "damaged_zip")


def test_an_ods_row_repeated_without_end_is_refused():
    urn = "urn:oasis:names:tc:opendocument:xmlns"
    names = f'xmlns:office="{urn}:office:1.0" xmlns:table="{urn}:table:1.0"'
    cell = '<table:table-cell table:number-columns-repeated="16384" office:value-type="float" office:value="1"/>'
    row = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    content = f"<office:document-content {names}><table:table>{row}</table:table></office:document-content>"
    data = packed({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": content.encode()})
    assert refusal(data, "表.ods").code == "too_large"


def test_xlsb_records_cut_short_are_refused():
    assert refusal(xlsb(xlsb_row(0), record(7, b"\0" * 12)[:-3]), "表.xlsb").code == "truncated"
    assert refusal(xlsb(xlsb_row(0), record(7, b"\0" * 8 + b"\xff\0\0\0")), "表.xlsb").code == "damaged"
