"""The receipt is the county's own workbook: marked, noted, listed; nothing else of it changes (issue B, point 5)."""

import io

import openpyxl
import python_calamine

from pipelines.receipt import Try, file_name, write_receipt
from tests.answers import sheets_of_a_form as pages
from tests.receipt import receipt_books as books
from tests.receipt.receipt_books import (
    KINDS,
    context,
    decorated,
    faults_of_package,
    faulty,
    findings_of,
    parts,
    receipt,
)

ERROR, WARNING = "FFE5706A", "FFF2BC4B"
FAULTY = decorated(faulty(households=["约300", 200, -3], population=["=1+1"], facility=["待定"]))


def opened(data: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data))


def lines(data: bytes) -> list[list]:
    return [list(row) for row in opened(data)["问题清单"].iter_rows(values_only=True)]


def table(data: bytes) -> list[dict]:
    """The list's lines as dicts by heading."""
    rows = lines(data)
    start = next(i for i, row in enumerate(rows) if row[0] == "序号")
    return [dict(zip(rows[start], row, strict=True)) for row in rows[start + 1 :] if isinstance(row[0], int)]


def top(data: bytes) -> str:
    return "\n".join(" ".join(str(value) for value in row if value is not None) for row in lines(data)[:7])


def test_every_faulty_cell_is_filled_and_noted():
    sheet = opened(receipt(FAULTY))["表1"]
    for finding in findings_of(FAULTY):
        for cell in (finding["cell"] or "").split(","):
            if cell:
                assert sheet[cell].fill.fgColor.rgb == ERROR, cell
                assert "错误" in sheet[cell].comment.text
    assert "“居民户数”的值为“约300”" in sheet["E4"].comment.text and "文件“" not in sheet["E4"].comment.text


def test_what_is_not_faulty_is_left_alone():
    before, after = opened(FAULTY)["表1"], opened(receipt(FAULTY))["表1"]
    marked = {cell for f in findings_of(FAULTY) for cell in (f["cell"] or "").split(",")}
    for row in before.iter_rows():
        for cell in row:
            other = after[cell.coordinate]
            assert cell.value == other.value
            if cell.coordinate not in marked:
                assert (cell.fill.fgColor.rgb, cell.font.b, cell.comment and cell.comment.text) == (
                    other.fill.fgColor.rgb, other.font.b, other.comment and other.comment.text,
                )  # fmt: skip


def test_pictures_charts_validations_and_protection_stay():
    before, after = parts(FAULTY), parts(receipt(FAULTY))
    kept = [n for n in before if n.startswith(("xl/media", "xl/charts", "xl/theme", "xl/drawings/drawing", "docProps"))]
    assert len(kept) >= 5 and all(before[name] == after[name] for name in kept)
    old, new = opened(FAULTY)["表1"], opened(receipt(FAULTY))["表1"]
    assert new.protection.sheet and new.freeze_panes == old.freeze_panes
    assert len(new.data_validations.dataValidation) == 1 and new.print_title_rows == old.print_title_rows
    assert {str(m) for m in new.merged_cells.ranges} == {str(m) for m in old.merged_cells.ranges}
    assert len(new._images) == 1 and new.column_dimensions["A"].width == old.column_dimensions["A"].width


def test_the_countys_own_note_stays_and_ours_follows():
    sheet = opened(receipt(FAULTY))["表1"]
    assert (
        sheet["E4"].comment.text.startswith("县里自己的批注\n—— 社区核查 ——\n") and "约300" in sheet["E4"].comment.text
    )
    assert sheet["H9"].comment.text == "另一条"


def test_conditional_colours_do_not_cover_the_marks():
    rules = [
        (str(area.sqref), rule.priority, rule.formula)
        for area in opened(receipt(FAULTY))["表1"].conditional_formatting
        for rule in area.rules
    ]
    first = min(rules, key=lambda rule: rule[1])
    assert "E4" in first[0] and "社区核查" in first[2][0] and len(rules) == 2


def test_the_package_is_what_excel_demands():
    assert faults_of_package(FAULTY) == []
    once = receipt(FAULTY)
    assert faults_of_package(once) == []
    assert faults_of_package(receipt(once, findings_of(FAULTY))) == []


def test_the_list_links_to_each_cell_and_says_what_to_do():
    data = receipt(FAULTY)
    first = table(data)[0]
    assert first["级别"] == "错误" and first["单元格"] == "E4" and first["所填"] == "约300"
    assert first["社区（村）"] == books.UNITS[0].name and first["指标"] == "居民户数"
    assert first["处理办法"] == KINDS["not_a_number"].remedy and first["应为"] == "0 至 20000 的整数"
    links = [cell.hyperlink.location for row in opened(data)["问题清单"].iter_rows() for cell in row if cell.hyperlink]
    assert links[0] == "'表1'!E4" and len(links) == len([f for f in findings_of(FAULTY) if f["cell"]])


def test_the_top_tells_what_was_read_and_how_much_is_wrong():
    text = top(receipt(FAULTY))
    assert "问题清单 柏乡县2019年6月（第1次报送）" in text and "读到 8 行社区（村），计入 7 行，暂不计入 1 行。" in text
    assert "错误 4 需核实 0 提示 0" in text and "首次报送" in text and "2019-07-02 10:11" in text


def test_a_right_workbook_gets_a_receipt_too():
    data = receipt(decorated(faulty()))
    assert (
        "错误 0 需核实 0 提示 0" in top(data) and "没有发现问题。" in str(lines(data)) and faults_of_package(data) == []
    )


def test_the_list_is_what_opens_and_only_one_sheet_is_selected():
    book = opened(receipt(FAULTY))
    assert book.active.title == "问题清单"
    assert [sheet.title for sheet in book.worksheets if sheet.sheet_view.tabSelected] == ["问题清单"]


def test_calamine_reads_the_receipt():
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(receipt(FAULTY)))
    assert book.sheet_names == ["表1", "表2", "问题清单"]
    assert book.get_sheet_by_name("问题清单").to_python()[0][0].startswith("问题清单")


# -- what came of the last try


def test_mended_open_new_and_reopened_are_told_apart():
    tries = [
        decorated(faulty(households=["约300", -3], grids=["?"])),
        decorated(faulty(households=[300, -3, "待定"], grids=["?"])),
        decorated(faulty(households=["约300", -3, 20], grids=[2])),
    ]
    findings = [findings_of(data) for data in tries]
    second, third = receipt(tries[1], findings[0]), receipt(tries[2], findings[0], findings[1])
    assert {row["单元格"]: row["与上次相比"] for row in table(second)} == {
        "E5": "仍未改",
        "E6": "新出现",
        "U4": "仍未改",
    }
    assert "仍未改 2 新出现 1 又出现 0 已改正 1" in top(second)
    assert {row["单元格"]: row["与上次相比"] for row in table(third)} == {"E4": "又出现", "E5": "仍未改"}
    assert "仍未改 1 新出现 0 又出现 1 已改正 2" in top(third)
    mended = [row for row in lines(third) if row[2] == "已改正"]
    assert {row[4] for row in mended} == {"E6", "U4"} and {row[8] for row in mended} == {"待定", "?"}
    assert "仍未改" in opened(third)["表1"]["E5"].comment.text


def test_another_wrong_value_in_the_same_place_is_not_mended():
    before, now = (findings_of(decorated(faulty(households=[text]))) for text in ("约300", "约400"))
    data = receipt(decorated(faulty(households=["约400"])), before)
    assert before[0]["id"] != now[0]["id"] and "仍未改 1 新出现 0 又出现 0 已改正 0" in top(data)


def test_a_refused_file_in_between_mends_nothing():
    first = findings_of(decorated(faulty(households=["约300"])))
    broken = [{**first[0], "id": "f" * 12, "code": "truncated", "cell": None, "unit": None, "sheet": None}]
    now = decorated(faulty(households=["约300"]))
    earlier = (Try(tuple(first)), Try(tuple(broken), refused=True))
    data = write_receipt(now, books.NAME, findings_of(now), context(earlier=earlier, number=3))[0]
    assert "仍未改 1 新出现 0 又出现 0 已改正 1" in top(data)
    refused = write_receipt(b"PK\3\4", "x.xlsx", broken, context(first, refused=True))[0]
    assert "新出现 1 又出现 0 已改正 0" in top(refused)


def test_waived_findings_are_shown_as_such():
    findings = findings_of(FAULTY)
    data = receipt(FAULTY, waived=frozenset({findings[0]["id"]}))
    assert table(data)[0]["与上次相比"] == "已豁免" and opened(data)["表1"]["E4"].fill.fgColor.rgb == "FFD7E6F4"


# -- a receipt that comes back as the next try


def test_a_receipt_mended_in_place_is_read_and_its_marks_go():
    once = receipt(FAULTY)
    book = opened(once)
    book["表1"]["E4"], book["表1"]["F4"] = 300, 900
    stream = io.BytesIO()
    book.save(stream)
    back = stream.getvalue()
    reading = pages.reading(back, books.NAME)
    assert not reading.refused and len(reading.community.row) == len(books.UNITS)
    again = receipt(back, findings_of(FAULTY))
    sheet = opened(again)["表1"]
    assert opened(again).sheetnames == ["表1", "表2", "问题清单"]
    assert sheet["E4"].fill.fgColor.rgb != ERROR and sheet["E4"].comment.text == "县里自己的批注"
    assert sheet["E6"].fill.fgColor.rgb == ERROR and sheet["E6"].comment.text.count("不能为负") == 1
    assert sheet["F4"].comment is None and "已改正 2" in top(again) and faults_of_package(again) == []
    rules = [rule for area in sheet.conditional_formatting for rule in area.rules]
    assert len(rules) == 2


def test_the_answers_of_a_receipt_are_those_of_the_workbook():
    plain = decorated(faulty())
    assert pages.answers_of(pages.reading(receipt(plain))) == pages.answers_of(pages.reading(plain))


# -- odd contents


def test_text_stays_text_and_names_are_shown_as_written():
    names = ["<script>alert(1)</script>", '=HYPERLINK("http://a")', "+cmd", "@x", "_x0041_", "\t制表"]
    data = receipt(decorated(faulty(households=names)))
    sheet = opened(data)["问题清单"]
    shown = {cell.value: cell for row in sheet.iter_rows() for cell in row if cell.column == 9}
    for name in names[:4]:
        assert shown[name].data_type == "s" and shown[name].quotePrefix
    assert b"<f>" not in parts(data)["xl/worksheets/receipt1.xml"] and faults_of_package(data) == []
    assert "_x005F_x0041_" in parts(data)["xl/worksheets/receipt1.xml"].decode()


def test_control_characters_and_endless_texts_do_not_break_the_file():
    findings = findings_of(FAULTY)
    findings[0] |= {"found": "\x00\x0b\ud800￾" + "长" * 40_000, "message": "\x01" * 9 + "文" * 50_000}
    data = write_receipt(FAULTY, "\x02甲.xlsx", findings, context())[0]
    assert faults_of_package(data) == [] and max(len(str(v)) for row in lines(data) for v in row if v) < 32_767


def test_a_blank_cell_and_a_row_that_is_not_there_can_be_marked():
    findings = findings_of(FAULTY)[0]
    data = write_receipt(FAULTY, "a.xlsx", [{**findings, "cell": "E5,XFD40,A1048576"}], context())[0]
    sheet = opened(data)["表1"]
    assert sheet["XFD40"].fill.fgColor.rgb == ERROR and sheet["A1048576"].comment and faults_of_package(data) == []


def test_a_cell_inside_a_merged_range_is_marked_where_it_can_be_seen():
    def merge(book, sheet):
        sheet.merge_range("M30:N31", "合并", book.add_format({"border": 1}))

    data = decorated(faulty(), merge)
    findings = {**findings_of(FAULTY)[0], "cell": "N31"}
    sheet = opened(write_receipt(data, "a.xlsx", [findings], context())[0])["表1"]
    assert sheet["M30"].fill.fgColor.rgb == ERROR and sheet["M30"].comment


def test_several_findings_of_a_cell_share_one_note_and_the_worst_colour():
    base = findings_of(FAULTY)[0]
    findings = [
        {**base, "severity": severity, "id": severity} for severity in ("note", "warning", "error", *["note"] * 9)
    ]
    cell = opened(write_receipt(FAULTY, "a.xlsx", findings, context())[0])["表1"]["E4"]
    assert cell.fill.fgColor.rgb == ERROR and cell.comment.text.count("约300") == 6 and "另有 6 条" in cell.comment.text


def test_white_text_stays_readable_under_a_mark():
    findings = {**findings_of(FAULTY)[0], "cell": "B3", "severity": "warning"}
    cell = opened(write_receipt(FAULTY, "a.xlsx", [findings], context())[0])["表1"]["B3"]
    assert cell.fill.fgColor.rgb == WARNING and cell.font.b and cell.font.color is None


def test_a_long_list_is_cut_where_nobody_reads_on():
    base = findings_of(FAULTY)[0]
    findings = [{**base, "id": f"{i:012x}", "cell": f"{'ABCDEFGHIJ'[i % 10]}{i // 10 + 4}"} for i in range(12_000)]
    data = write_receipt(FAULTY, "a.xlsx", findings, context())[0]
    listed, notes = parts(data)["xl/worksheets/receipt1.xml"], parts(data)["xl/comments1.xml"]
    assert listed.count(b"<hyperlink ") == 10_000 and "另有 2000 条未列出".encode() in listed
    assert notes.count(b"<comment ") == 3_000 and faults_of_package(data) == []


def test_a_sheet_of_that_name_that_is_the_countys_own_is_not_touched():
    def add(book, _):
        book.add_worksheet("问题清单").write(0, 0, "本县自己的清单")

    book = opened(receipt(decorated(faulty(households=["?"]), add)))
    assert book["问题清单"]["A1"].value == "本县自己的清单" and "问题清单(2)" in book.sheetnames


def test_file_names_come_from_what_we_know():
    assert file_name(context()) == "柏乡县2019年6月_回执_第1次.xlsx"
    assert file_name(context(county="../x:\\y", number=2)) == "xy2019年6月_回执_第2次.xlsx"
    assert file_name(context(county=None, number=41)) == "未认定_回执_收件第41号.xlsx"


def test_the_same_receipt_is_the_same_bytes():
    assert receipt(FAULTY) == receipt(FAULTY)
