"""The list as workbook and on paper: what the group gets, and that it can be read back (§5)."""

import io
from dataclasses import replace

import docx
import openpyxl
import pytest
from docx.enum.section import WD_ORIENT

from pipelines.verification import list_docx, list_workbook
from pipelines.verification.returned import Sheet, read
from tests.verification.spot_list import FILLED, ISSUED, LABELS, LIST, TASKS, TODAY


def _book():
    return openpyxl.load_workbook(io.BytesIO(list_workbook.build(LIST)))


def _sheets(book) -> list[Sheet]:
    return [Sheet(sheet.title, [[cell.value for cell in line] for line in sheet.rows]) for sheet in book]


def test_a_sheet_a_county_and_the_hidden_marks():
    book = _book()
    assert book.sheetnames == ["柏乡县", "信都区", "_shequ"]
    assert book["_shequ"].sheet_state == "veryHidden"
    marks = {key.value: value.value for key, value in book["_shequ"].rows}
    assert marks == {"shequ": "spot", "list": "7", "plan": "cd" * 32, "group": "第一组", "month": "2020-12"}


def test_columns_and_given_cells():
    sheet = _book()["柏乡县"]
    assert [cell.value for cell in sheet[3]] == LABELS
    assert [cell.value for cell in sheet[4]] == [
        "1", "柏乡县", "柏乡镇", "东街村委会", "130524101200", "农村社区综合服务设施覆盖率", "是", "现场查看，并看月末以前的材料",
        None, None, None, None, None,
    ]  # fmt: skip
    assert sheet["A1"].value == "2020年12月抽查名单（7 号）　柏乡县　第一组"


def test_print_setup_repeats_the_heading_on_a4_landscape():
    sheet = _book()["柏乡县"]
    assert (sheet.page_setup.orientation, str(sheet.page_setup.paperSize)) == ("landscape", "9")
    assert sheet.print_title_rows == "$1:$3"
    assert (sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr.fitToPage) == (0, True)
    assert "示例数据" in sheet.oddFooter.center.text


def test_drop_downs_offer_what_the_row_is_asked():
    sheet = _book()["信都区"]
    offered = {
        str(check.sqref): check.formula1 for check in sheet.data_validations.dataValidation if check.type == "list"
    }
    assert offered == {"I4": '"属实,不属实,未能核实"', "I5": '"有,无,未能核实"'}


def test_the_same_list_is_the_same_bytes():
    assert list_workbook.build(LIST) == list_workbook.build(LIST)
    assert list_docx.build(LIST) == list_docx.build(LIST)


def test_a_text_that_looks_like_a_formula_stays_text():
    odd = replace(LIST, tasks=[replace(TASKS[0], unit="=1+1", town="<b>&")])
    sheet = openpyxl.load_workbook(io.BytesIO(list_workbook.build(odd)))["柏乡县"]
    assert (sheet["D4"].value, sheet["D4"].data_type) == ("=1+1", "s")
    assert "<b>&" in [cell.text for cell in docx.Document(io.BytesIO(list_docx.build(odd))).tables[0].rows[1].cells]


def test_a_filled_workbook_is_read_back():
    book = _book()
    for name, line in (("柏乡县", 5), ("信都区", 4)):
        for offset, value in enumerate(FILLED.values()):
            book[name].cell(line, 9 + offset).value = value
    saved = io.BytesIO()
    book.save(saved)
    back = read("回收.xlsx", _sheets(openpyxl.load_workbook(saved)), ISSUED, TODAY)
    assert [(answer.uid, answer.claim) for answer in back.answers] == [
        ("130524101200@2016", "pilot_share"),
        ("130503101205@2016", "facility_rural"),
    ]
    assert (back.group, back.blank, [answer.code for answer in back.findings]) == ("第一组", 3, ["spot_own_county"])


def test_an_untouched_workbook_says_nothing():
    back = read("回收.xlsx", _sheets(_book()), ISSUED, TODAY)
    assert (back.answers, back.findings, back.blank) == ([], [], 5)


def test_the_paper_has_a_table_a_county_with_a_repeated_heading():
    paper = docx.Document(io.BytesIO(list_docx.build(LIST)))
    section = paper.sections[0]
    assert section.orientation == WD_ORIENT.LANDSCAPE
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (297, 210)
    assert section.header.paragraphs[0].text == "2020年12月抽查名单（7 号）　第一组　示例数据"
    assert [len(table.rows) for table in paper.tables] == [4, 3]
    for table in paper.tables:
        assert [cell.text for cell in table.rows[0].cells] == LABELS
        assert table.rows[0]._tr.trPr.find(docx.oxml.ns.qn("w:tblHeader")) is not None
    texts = [paragraph.text for paragraph in paper.paragraphs]
    assert texts[0] == "柏乡县　3 项"
    assert texts[-1] == LIST.guide


@pytest.mark.parametrize(
    ("tasks", "words"),
    [(TASKS, "（所报不明的填有、无、未能核实）"), (TASKS[:3], "结果填属实、不属实、未能核实。未能核实的")],
)
def test_the_guide(tasks, words):
    guide = replace(LIST, tasks=tasks).guide
    assert words in guide
    assert guide.startswith("核查 2020年12月31日的情况。") and guide.endswith("请于2021年1月17日前交回。")
