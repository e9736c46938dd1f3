"""Rows of docs/bad-inputs.md about files and texts that no other test shows."""

import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import olefile
import openpyxl
import pytest

from pipelines import settings
from pipelines.answers import personal_data
from pipelines.reference import labels
from pipelines.workbook.open_workbook import Unreadable, open_workbook
from tests.workbook.container_files import converted, needs_office, patched, with_part, with_sheet, xlsx
from tests.workbook.test_container_refusals import costs

ROOT = Path(__file__).resolve().parents[2]

# what a worker allows for reading one file
READING = settings.Limits()


# ---- formats


def record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def excel_95() -> bytes:
    """The stream of a workbook in BIFF5: texts in the bytes of code page 936, none shared."""
    end, page = record(0x0A, b""), record(0x42, struct.pack("<H", 936))
    name = "表1".encode("gbk")
    start = record(0x809, struct.pack("<HHHH", 0x500, 5, 0, 0)) + page
    at = len(start) + 4 + 7 + len(name) + len(end)
    bound = record(0x85, struct.pack("<IBBB", at, 0, 0, len(name)) + name)
    cells = [
        record(0x204, struct.pack("<HHHH", 0, i, 0, len(t)) + t) for i, t in enumerate(map(gbk, ("代码", "前三里村")))
    ]
    number = record(0x203, struct.pack("<HHHd", 1, 0, 0, 130524100201.0))
    return start + bound + end + record(0x809, struct.pack("<HHHH", 0x500, 0x10, 0, 0)) + b"".join(cells) + number + end


def gbk(text: str) -> bytes:
    return text.encode("gbk")


@needs_office
def test_an_old_xls_of_excel_95_is_read(tmp_path):
    place = tmp_path / "表.xls"
    place.write_bytes(converted(xlsx(["甲"] * 200), "xls", tmp_path))
    with olefile.OleFileIO(place, write_mode=True) as ole:
        ole.write_stream("Workbook", excel_95().ljust(ole.get_size("Workbook"), b"\0"))
    book = open_workbook(place.read_bytes(), "表.xls")
    assert (book.kind, book.sheets[0].name) == ("xls", "表1")
    assert book.sheets[0].rows == [["代码", "前三里村"], [130524100201.0]]


@needs_office
def test_an_et_that_is_biff_is_read(tmp_path):
    book = open_workbook(converted(xlsx(["代码", 1]), "xls", tmp_path), "表.et")
    assert (book.kind, book.notes, book.sheets[0].rows) == ("xls", [], [["代码", 1.0]])


def test_a_csv_cut_within_a_row_is_refused():
    whole = "代码,名称,户数,人数\r\n1,甲村,12,30\r\n2,乙村,1200,3000\r\n"
    with pytest.raises(Unreadable) as caught:
        open_workbook(whole[: whole.index("00,3000")].encode(), "表.csv")
    assert caught.value.code == "truncated"
    assert caught.value.text.startswith("文件不完整，后半部分缺失（最后一行（第 3 行）只有 3 列，应有 4 列）；")
    # a signature below the table, and a whole last line, are honest
    for honest in (whole.rstrip(), whole + "填表人:张三"):
        assert [code for code, _ in open_workbook(honest.encode(), "表.csv").notes] == ["no_final_newline"]


def test_a_sheet_that_reaches_the_formats_last_row_is_asked_about():
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="A1048576"><v>2</v></c></row>'
    assert open_workbook(with_sheet(rows), "表.xlsx").notes == [("sheet_full", "表1")]
    assert open_workbook(with_sheet(rows.replace("1048576", "1048575")), "表.xlsx").notes == []


def test_sixteen_thousand_empty_columns_cost_seconds(tmp_path):
    letters = [openpyxl.utils.get_column_letter(i) for i in range(2, 16_385)]
    rows = [f'<row r="{r}"><c r="A{r}"><v>{r}</v></c>' + "".join(f'<c r="{c}{r}" s="1"/>' for c in letters) + "</row>"
            for r in range(1, 61)]  # fmt: skip
    seconds, megabytes, kept = costs(with_sheet("".join(rows)), tmp_path)
    assert kept == 60
    assert seconds <= READING.cpu and megabytes <= 300, (seconds, megabytes)


# ---- nothing outside


def test_openpyxl_parses_by_defusedxml():
    assert openpyxl.xml.DEFUSEDXML is True


HOSTILE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
LINK = b'<externalLink><ddeLink ddeService="cmd" ddeTopic="/c calc"/></externalLink>'
READ_THEM = """
import os, sys
sys.path.insert(0, sys.argv[1])
from pipelines.workbook import csv_text, ods, open_workbook, xls, xlsb
from pipelines.workbook.xlsx import fast_cells, read_xlsx
import python_calamine
files = [open(path, "rb").read() for path in sys.argv[2:]]
try:
    open_workbook.open_workbook(files[0], "a.xlsx")  # what is imported late is imported now
finally:
    os.access("/from-here-on", os.F_OK)
for data in files:
    try:
        open_workbook.open_workbook(data, "a.xlsx")
    except open_workbook.Unreadable as refused:
        print(refused.code)
"""


@pytest.mark.skipif(not shutil.which("strace"), reason="strace watches the system calls (apt-get install strace)")
def test_reading_a_workbook_opens_no_file_and_no_socket(tmp_path):
    linked = with_part(xlsx([1, "=1+1"]), "xl/externalLinks/externalLink1.xml", LINK)
    linked = with_part(linked, "xl/connections.xml", b"<connections/>")
    entity = patched(xlsx([1]), sheet1=lambda xml: HOSTILE + xml.replace(b"<v>1</v>", b"<v>&a;</v>"))
    paths = [tmp_path / name for name in ("linked.xlsx", "entity.xlsx")]
    for path, data in zip(paths, (linked, entity), strict=True):
        path.write_bytes(data)
    trace = tmp_path / "trace"
    command = [
        "strace",
        "-f",
        "-o",
        trace,
        "-e",
        "trace=%file,%network,execve",
        sys.executable,
        "-c",
        READ_THEM,
        ROOT,
        *paths,
    ]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=900, check=False)
    if "ptrace" in done.stderr:
        pytest.skip("ptrace 在这里不允许")
    assert done.stdout.split() == ["xml_entities"], done.stderr[-2000:]
    _, marked, after = trace.read_text(errors="replace").partition("/from-here-on")
    calls = [line for line in after.splitlines()[1:] if re.search(r"^\d+ +\w+\(", line)]
    # the cells go on through a file in memory, which is opened by its number
    strange = [line for line in calls if not re.search(r'"/proc/(self|\d+)/(fd/|task)|AT_EMPTY_PATH', line)]
    assert marked and strange == []


# ---- texts


def test_kangxi_radicals_and_compatibility_forms_are_the_same_label():
    assert labels.normalise("⼈⼝数") == labels.normalise("人口数")  # radicals, from a PDF
    assert labels.normalise("面积(m²)") == labels.normalise("面积（㎡）")
    assert labels.fold("e\u0301") == labels.fold("\u00e9")


PERSONAL = [
    "13800138000", "１３８００１３８０００", "138 0013 8000", "138-0013-8000", "8613800138000", "+86 13800138000",
    "130502199001011234", "13050219900101123X", "13050219900101123x",
    "6222021234567890123", "6222 0212 3456 7890", "6222-0212-3456-7890-123", "4111111111111111",
]  # fmt: skip
HARMLESS = [
    "130524100201", "130524100201000", "1.30524E+11", "20190601123045123", "2019-06-01 12:30:45", "1,234,567", "0319-2345678",
    "柏乡县2019年6月第12次", "1 234 567 890 123",
]  # fmt: skip


@pytest.mark.parametrize("number", PERSONAL)
def test_personal_numbers_of_every_kind_are_struck_out(number):
    assert personal_data.holds(f"联系人{number}。") and personal_data.any_in({"甲", number})
    assert personal_data.masked(f"张某{number}号") == "张某***号"


@pytest.mark.parametrize("text", HARMLESS)
def test_numbers_that_are_nobodys_stay(text):
    assert not personal_data.holds(text) and personal_data.masked(text) == text


@pytest.mark.parametrize("value", [13800138000.0, 1.3050219900101123e17, 6.222021234567890e15])
def test_a_persons_number_in_a_number_cell_is_seen(value):
    assert personal_data.holds(value)
