"""What cells, sheets and formats come out as: one grid whatever the file."""

import io
import struct
from datetime import date, datetime, time, timedelta
from html import escape

import openpyxl
import pytest
import python_calamine
import xlsxwriter
from openpyxl.worksheet.filters import FilterColumn, Filters

from pipelines.workbook.grid import UNREADABLE
from pipelines.workbook.open_workbook import Merge, Unreadable, open_workbook
from pipelines.workbook.xls_strings import StringTable
from tests.workbook.container_files import (
    MAIN,
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
    xlsb_cell,
    xlsb_row,
    xlsx,
)


def sheet_of(data: bytes, name: str = "表.xlsx"):
    return open_workbook(data, name).sheets[0]


def rich() -> bytes:
    """A sheet with one of everything, as a county would fill it."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "表1"
    sheet.append(["代码", "名称", "率", "日期", "达标", "公式", "错误"])
    sheet.append(["130502001001", "甲村 \n东", 0.925, date(2019, 6, 1), True, '=A2&"x"', "=1/0"])
    sheet.append([130502001001, "𠙶<&>村", 3, datetime(2019, 6, 1, 12, 30), False, '=""', "=NA()"])
    sheet.append([-1.5, None, None, date(2019, 6, 1), None, "=1+1", "=#REF!"])
    sheet["C2"].number_format = "0.0%"
    sheet["D4"].number_format = 'yyyy"年"m"月"'
    sheet.merge_cells("A6:B8")
    sheet["A6"] = "合并"
    sheet.row_dimensions[3].hidden = sheet.column_dimensions["B"].hidden = True
    hidden = book.create_sheet("隐藏表")
    hidden.sheet_state = "hidden"
    hidden["C3"] = 1
    return saved(book)


def assert_rich(sheet, flags=(True, False)) -> None:
    assert sheet.rows[1] == ["130502001001", "甲村 \n东", 0.925, date(2019, 6, 1), flags[0], "130502001001x"]
    assert sheet.rows[2] == [130502001001.0, "𠙶<&>村", 3.0, datetime(2019, 6, 1, 12, 30), flags[1]]
    assert sheet.rows[3] == [-1.5, None, None, date(2019, 6, 1), None, 2.0]
    assert sheet.errors == {(2, 7): "#DIV/0!", (3, 7): "#N/A", (4, 7): "#REF!"}
    assert sheet.unevaluated == set()
    assert sheet.merges == [Merge(6, 1, 8, 2)]
    assert (sheet.hidden_rows, sheet.hidden_cols) == ([3], [2])
    assert sheet.is_percent(2, 3) and not sheet.is_percent(3, 3)


@needs_office
@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_one_of_everything_reads_alike_from_every_format(kind, tmp_path):
    workbook = open_workbook(converted(rich(), kind, tmp_path), f"表.{kind}")
    assert (workbook.kind, workbook.notes) == (kind, [])
    assert_rich(workbook.sheets[0])
    assert [(sheet.name, sheet.visibility) for sheet in workbook.sheets] == [("表1", "visible"), ("隐藏表", "hidden")]
    assert workbook.sheets[1].rows == [[], [], [None, None, 1.0]]


def test_xlsb_reads_alike():
    sheet = sheet_of(
        xlsb(
            record(60, struct.pack("<4IH", 1, 1, 2000, 0, 1)),
            xlsb_row(0), xlsb_cell(7, 0, b"\0\0\0\0"), xlsb_cell(6, 1, b"\2\0\0\0" + "丙村".encode("utf-16-le")),
            xlsb_row(2, hidden=True), xlsb_cell(5, 0, struct.pack("<d", 0.925), style=1),
            xlsb_cell(2, 1, struct.pack("<I", 43617 << 2 | 2), style=2),
            xlsb_cell(3, 2, b"\x17"), xlsb_cell(4, 3, b"\1"),
            xlsb_cell(11, 4, b"\x2a\0\0"), xlsb_cell(9, 5, struct.pack("<d", 7.0)), xlsb_cell(1, 6, b""),
            record(176, struct.pack("<4I", 4, 5, 0, 1)),
        ),
        "表.xlsb",
    )  # fmt: skip
    assert sheet.rows == [["甲村", "丙村"], [], [0.925, date(2019, 6, 1), None, True, None, 7.0]]
    assert sheet.errors == {(3, 3): "#REF!", (3, 5): "#N/A"}
    assert (sheet.hidden_rows, sheet.hidden_cols, sheet.merges) == ([3], [2], [Merge(5, 1, 6, 2)])
    assert sheet.is_percent(3, 1) and not sheet.is_percent(3, 6)
    assert sheet.formulas == 2


def test_text_of_xls_that_runs_over_a_record_keeps_its_characters():
    """The second half of the text stands in a CONTINUE record, in one byte a character instead of two."""
    first = struct.pack("<II", 2, 2) + struct.pack("<HB", 4, 1) + "甲村".encode("utf-16-le")
    table = StringTable(first)
    table.add(b"\0ab" + struct.pack("<HB", 1, 0) + b"c")
    assert table.read() == ["甲村ab", "c"]


@pytest.mark.parametrize("code", ["#REF!", "#N/A", "#DIV/0!", "#NAME?", "#VALUE!", "#NUM!", "#NULL!"])
def test_an_error_cell_of_xlsx_is_no_blank(code):
    sheet = sheet_of(with_sheet(f'<row r="2"><c r="B2" t="e"><f>X1</f><v>{code}</v></c><c r="C2"><v>1</v></c></row>'))
    assert sheet.errors == {(2, 2): code}
    assert sheet.rows == [[], [None, None, 1.0]]


def test_an_error_cell_alone_in_its_row_is_seen():
    assert sheet_of(with_sheet('<row r="9"><c r="Z9" t="e"><v>#N/A</v></c></row>')).errors == {(9, 26): "#N/A"}


@pytest.mark.parametrize(
    ("cell", "unevaluated"),
    [
        ('<c r="A1"><f>B1</f></c>', True),
        ('<c r="A1"><f>B1</f><v></v></c>', True),
        ('<c r="A1"><f>B1</f><v/></c>', True),
        ('<c r="A1"><f t="shared" si="0"/></c>', True),
        ('<c r="A1" t="str"><f>B1</f></c>', True),
        ('<c r="A1" t="str"><f>B1</f><v></v></c>', False),
        ('<c r="A1"><f>B1</f><v>0</v></c>', False),
        ('<c r="A1"><f>B1</f>\n  <v>0</v></c>', False),
        ('<c r="A1" t="b"><f>B1</f><v>1</v></c>', False),
    ],
)
def test_a_formula_without_stored_value_is_told_from_one_that_gave_an_empty_text(cell, unevaluated):
    sheet = sheet_of(with_sheet(f'<row r="1">{cell}</row>'))
    assert (sheet.unevaluated, sheet.formulas) == ({(1, 1)} if unevaluated else set(), 1)


STYLES = (
    '<numFmts><numFmt numFmtId="164" formatCode="0.00%"/>'
    '<numFmt numFmtId="165" formatCode="yyyy&quot;年&quot;m&quot;月&quot;"/>'
    '<numFmt numFmtId="166" formatCode="0&quot;%&quot;"/>'
    '<numFmt numFmtId="167" formatCode="[h]:mm"/></numFmts><cellXfs>'
    + "".join(f'<xf numFmtId="{number}"/>' for number in (0, 9, 10, 164, 14, 57, 165, 166, 167, 20))
    + "</cellXfs>"
)


@pytest.mark.parametrize(
    ("style", "number", "value", "percent"),
    [
        (0, "43617", 43617.0, False),
        (1, "0.6", 0.6, True),
        (2, "0.925", 0.925, True),
        (3, "0.925", 0.925, True),
        (4, "43617", date(2019, 6, 1), False),
        (4, "43617.5", datetime(2019, 6, 1, 12), False),
        (4, "-5", -5.0, False),
        (4, "59", date(1900, 2, 28), False),
        (5, "43617", date(2019, 6, 1), False),
        (6, "43617", date(2019, 6, 1), False),
        (7, "92.5", 92.5, False),
        (8, "1.5", timedelta(days=1, hours=12), False),
        (9, "0.5", time(12), False),
        (99, "1", 1.0, False),
    ],
)
def test_number_formats_decide_between_number_percent_and_date(style, number, value, percent):
    """57 is the yyyy年m月 of Chinese Excel, which is written without a format code; in 166 the % is only a text."""
    sheet = sheet_of(with_sheet(f'<row r="1"><c r="A1" s="{style}"><v>{number}</v></c></row>', styles=STYLES))
    assert sheet.rows == [[value]] and type(sheet.rows[0][0]) is type(value)
    assert sheet.is_percent(1, 1) is percent


def test_a_workbook_of_1904_gives_true_dates():
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"date_1904": True})
    book.add_worksheet().write_datetime(0, 0, datetime(2019, 6, 1), book.add_format({"num_format": "yyyy-mm-dd"}))
    book.close()
    workbook = open_workbook(stream.getvalue(), "表.xlsx")
    assert workbook.date1904 and workbook.sheets[0].rows == [[date(2019, 6, 1)]]


@pytest.mark.parametrize("text", ["000123", "a\nb", " x ", "<script>&amp;", "=1+1", "𠙶村"])
def test_texts_keep_zeros_spaces_line_breaks_and_marks(text):
    cell = f'<c r="A1" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'
    assert sheet_of(with_sheet(f'<row r="1">{cell}</row>')).rows == [[text]]
    assert sheet_of(shared([text.removeprefix("=")])).rows == [[text.removeprefix("=")]]


def test_hidden_and_filtered_rows_and_columns_are_named():
    book = openpyxl.Workbook()
    for row in range(1, 6):
        book.active.append([row, row])
    book.active.row_dimensions[4].hidden = True
    book.active.column_dimensions["B"].hidden = True
    book.active.auto_filter.ref = "A1:B5"
    book.active.auto_filter.filterColumn.append(FilterColumn(colId=0, filters=Filters(filter=["1"])))
    sheet = sheet_of(saved(book))
    assert (sheet.hidden_rows, sheet.hidden_cols, sheet.filtered) == ([4], [2], True)
    assert len(sheet.rows) == 5


def test_rows_and_columns_without_extent_count_as_hidden():
    rows = '<row r="1" ht="0" customHeight="1"><c r="A1"><v>1</v></c></row><row r="3" spans="1:2" hidden="true"/>'
    sheet = sheet_of(with_sheet(rows, head='<cols><col min="3" max="4" width="0"/></cols>'))
    assert (sheet.hidden_rows, sheet.hidden_cols) == ([1, 3], [3, 4])


def test_a_very_hidden_sheet_is_read():
    book = openpyxl.Workbook()
    book.active["A1"] = 1
    book.create_sheet("很隐蔽").sheet_state = "veryHidden"
    assert [sheet.visibility for sheet in open_workbook(saved(book), "表.xlsx").sheets] == ["visible", "very_hidden"]


PLAIN = with_sheet(
    '<row r="2"><c r="B2"><v>1</v></c><c r="C2" t="str"><v>甲</v></c></row>',
    tail='<mergeCells><mergeCell ref="A1:B1"/></mergeCells>',
)


@pytest.mark.parametrize(
    "change",
    [
        lambda xml: xml.replace(b"<", b"<x:").replace(b"<x:/", b"</x:").replace(b"xmlns=", b"xmlns:x="),
        lambda xml: xml.replace(b'"', b"'"),
        lambda xml: xml.replace(b"><", b">\n  <"),
        lambda xml: xml.replace(b' r="C2"', b""),
        lambda xml: xml.replace("甲".encode(), "<![CDATA[甲]]>".encode()),
        lambda xml: xml.replace(b"<sheetData>", b'<!-- <row r="1"><c r="A1"><v>9</v></c></row> --><sheetData>'),
        lambda xml: xml.replace(b'r="C2" t="str"', b't="str" r="C2"'),
        lambda xml: b"\xef\xbb\xbf" + xml,
        lambda xml: ('<?xml version="1.0" encoding="UTF-16"?>' + xml.decode()).encode("utf-16"),
        lambda xml: b'<?xml version="1.0" encoding="GBK"?>' + xml.decode().encode("gbk"),
        lambda xml: xml.replace(MAIN.encode(), b"http://purl.oclc.org/ooxml/spreadsheetml/main"),
    ],
    ids=["prefix", "quotes", "pretty", "no address", "cdata", "comment", "order", "bom", "utf-16", "gbk", "strict"],
)  # fmt: skip
def test_lawful_but_unusual_xml_reads_the_same(change):
    sheet = sheet_of(patched(PLAIN, sheet1=change))
    assert sheet.rows == [[], [None, 1.0, "甲"]]
    assert sheet.merges == [Merge(1, 1, 1, 2)]


def test_ooxml_strict_reads_as_a_whole():
    def strict(xml: bytes) -> bytes:
        xml = xml.replace(
            b"schemas.openxmlformats.org/spreadsheetml/2006/main", b"purl.oclc.org/ooxml/spreadsheetml/main"
        )
        return xml.replace(b"schemas.openxmlformats.org/officeDocument/2006", b"purl.oclc.org/ooxml/officeDocument")

    data = shared(["代码", 1], [date(2019, 6, 1), True])
    content = {name: strict(part) for name, part in parts(data).items()}
    assert sheet_of(packed(content)).rows == [["代码", 1.0], [date(2019, 6, 1), True]]


def test_rows_out_of_order_are_put_in_order():
    rows = '<row r="5"><c r="A5"><v>5</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>'
    assert sheet_of(with_sheet(rows)).rows == [[], [2.0], [], [], [5.0]]


@pytest.mark.parametrize("extent", ["A1", "A1:A1", "A1:XFD1048576"])
def test_a_declared_extent_that_lies_is_ignored(extent):
    rows = "".join(f'<row r="{i}"><c r="A{i}"><v>{i}</v></c><c r="D{i}"><v>{i}</v></c></row>' for i in range(1, 5))
    assert len(sheet_of(with_sheet(rows, head=f'<dimension ref="{extent}"/>')).rows) == 4


def test_a_number_that_calamine_would_lose_is_noticed(monkeypatch):
    """Two readers must agree. Here calamine is made to forget a row, as openpyxl did for a wrong extent."""

    class Forgetful:
        def __init__(self, real):
            self.real = real

        def get_sheet_by_index(self, index):
            class Sheet:
                start = (0, 0)

                def to_python(_):
                    return self.real.get_sheet_by_index(index).to_python()[:-1]

            return Sheet()

    real = python_calamine.CalamineWorkbook.from_path

    class Calamine:
        from_path = staticmethod(lambda path: Forgetful(real(path)))
        from_filelike = from_path

    monkeypatch.setattr(python_calamine, "CalamineWorkbook", Calamine)
    with pytest.raises(Unreadable, match=r"单元格 A2 有内容而未读出") as refusal:
        open_workbook(
            with_sheet('<row r="1"><c r="A1" t="d"><v>2019-06-01</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>'),
            "表.xlsx",
        )
    assert refusal.value.code == "extent_mismatch"


def test_empty_shared_texts_are_blanks_and_no_mismatch():
    data = shared(["甲", "乙"])
    emptied = patched(data, sharedStrings=lambda xml: xml.replace("<t>乙</t>".encode(), b"<t></t>"))
    assert sheet_of(emptied).rows == [["甲"]]


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ("xl/vbaProject.bin", "macros"),
        ("xl/externalLinks/externalLink1.xml", "external_links"),
        ("xl/embeddings/oleObject1.bin", "embedded_objects"),
        ("xl/connections.xml", "connections"),
    ],
)
def test_what_stands_beside_the_cells_is_noted_and_not_opened(part, code):
    workbook = open_workbook(with_part(xlsx([1]), part), "表.xlsx")
    assert workbook.sheets[0].rows == [[1.0]]
    assert [note for note, _ in workbook.notes] == [code]


def test_a_dde_link_is_noted():
    link = b"<externalLink><ddeLink ddeService='cmd' ddeTopic='/c calc'/></externalLink>"
    notes = open_workbook(with_part(xlsx([1]), "xl/externalLinks/externalLink1.xml", link), "表.xlsx").notes
    assert ("dde", "") in notes


def test_the_content_decides_and_a_wrong_extension_is_noted():
    workbook = open_workbook(xlsx([1]), "表.xls")
    assert (workbook.kind, workbook.notes) == ("xlsx", [("extension_differs", "实际为 xlsx")])
    assert open_workbook(xlsx([1]), "表.et").notes == []


def test_macro_workbooks_are_called_so():
    data = patched(
        xlsx([1]), **{"[Content_Types]": lambda xml: xml.replace(b"sheet.main+xml", b"sheet.macroEnabled.main+xml", 1)}
    )
    assert open_workbook(data, "表.xlsm").kind in ("xlsm", "xlsx")


def test_every_refusal_says_what_is_wrong_and_what_to_do():
    for code, (message, remedy) in UNREADABLE.items():
        error = Unreadable(code, "第 3 行")
        assert error.text == f"{message}（第 3 行）；{remedy}"
        assert remedy.startswith("请") and str(error) == error.text
