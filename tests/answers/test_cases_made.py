"""The kinds of `../shared/cases`, made here from one right workbook: what says the same is read the same."""

import io
import re
import struct
from collections.abc import Callable
from datetime import date

import msoffcrypto
import pytest
from msoffcrypto.format.ooxml import OOXMLFile

from pipelines.answers import findings
from pipelines.workbook import address
from tests.answers import sheets_of_a_form as pages
from tests.workbook.container_files import csv_bytes, packed, parts, patched

UNITS = pages.units_of("130524")[:12]
NAME = "柏乡县2019年6月.xlsx"


def made(**changes) -> pages.Page:
    page = pages.page(UNITS, 3)
    for name, value in changes.items():
        setattr(page, name, value)
    return page


def right(outcome, page: pages.Page, most: int = 1) -> None:
    assert not outcome.refused, [finding.message for finding in outcome.findings]
    assert (outcome.county, outcome.month) == ("130524", pages.MONTH)
    assert pages.answers_of(outcome) == pages.meant_by(page)
    own = [f for f in outcome.findings if f.code not in ("units_missing", "no_county_sheet")]
    assert len(own) <= most, [finding.message for finding in own]


# -- programs ---------------------------------------------------------------------------------------------------------


def spaced(xml: bytes) -> bytes:
    return xml.replace(b"</v>", b" </v>")


def lower_case(xml: bytes) -> bytes:
    return re.sub(rb'<c r="([A-Z]+)', lambda cell: b'<c r="' + cell[1].lower(), xml)


def a_break(xml: bytes) -> bytes:
    """One more text, which is only a line break, in a stray cell."""
    return xml.replace(b"</sst>", b"<si><t>&#xA;</t></si></sst>")


def with_break(data: bytes) -> bytes:
    count = parts(data)["xl/sharedStrings.xml"].count(b"<si>")
    cell = b'<c r="CZ2" t="s"><v>%d</v></c></row><row r="3"' % count
    return patched(data, sharedStrings=a_break, sheet1=lambda xml: xml.replace(b'</row><row r="3"', cell, 1))


def without_styles(data: bytes) -> bytes:
    content = parts(data)
    del content["xl/styles.xml"]
    return packed(content)


def under_default_password(data: bytes) -> bytes:
    sealed = io.BytesIO()
    OOXMLFile(io.BytesIO(data)).encrypt("VelvetSweatshop", sealed)
    return sealed.getvalue()


PROGRAMS: dict[str, Callable[[bytes], bytes]] = {
    "blanks behind the index of a text": lambda data: patched(data, sheet1=spaced),
    "lower-case references": lambda data: patched(data, sheet1=lower_case),
    "a stray line break": with_break,
    "no part of styles": without_styles,
    "bytes before the zip": lambda data: b"\r\n\r\n" + data,
    "the default password": under_default_password,
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_a_program_writes_oddly_is_read_the_same(program):
    page = made()
    right(pages.reading(PROGRAMS[program](pages.book(page)), NAME), page)


def test_another_password_is_refused_and_says_how_to_take_it_off():
    sealed = io.BytesIO()
    OOXMLFile(io.BytesIO(pages.book(made()))).encrypt("secret", sealed)
    (finding,) = pages.reading(sealed.getvalue(), NAME).findings
    assert finding.code == "encrypted" and all(
        word in finding.message for word in ("打开密码", "保护工作簿", "删去密码")
    )
    assert msoffcrypto.OfficeFile(io.BytesIO(sealed.getvalue())).is_encrypted()


def xml2003(page: pages.Page) -> bytes:
    """XML Spreadsheet 2003, typed as programs type it."""

    def cell(value: object) -> str:
        if value is None:
            return "<Cell/>"
        kind = "String" if isinstance(value, str) else "Number"
        text = str(value).replace("&", "&amp;").replace("<", "&lt;")
        return f'<Cell><Data ss:Type="{kind}">{text}</Data></Cell>'

    rows = "".join(f"<Row>{''.join(map(cell, row))}</Row>" for row in pages.grid(page)[0])
    urn = "urn:schemas-microsoft-com:office:spreadsheet"
    return (
        f'<?xml version="1.0"?><Workbook xmlns="{urn}" xmlns:ss="{urn}"><Worksheet ss:Name="表1"><Table>{rows}</Table>'
        "</Worksheet></Workbook>"
    ).encode()


def html(page: pages.Page) -> bytes:
    def cell(value: object) -> str:
        return f"<td>{'' if value is None else str(value).replace('&', '&amp;').replace('<', '&lt;')}"

    rows = "".join(f"<tr>{''.join(map(cell, row))}</tr>" for row in pages.grid(page)[0])
    return f'<html><meta charset="gbk"><body><table>{rows}</table></body></html>'.encode("gb18030")


@pytest.mark.parametrize("write", [xml2003, html])
def test_plain_tables_that_programs_name_xls_are_read(write):
    page = made(record_rows=[])
    right(pages.reading(write(page), "柏乡县2019年6月.xls"), page, 0)


@pytest.mark.parametrize(("separator", "end"), [("\t", "\r\n"), (";", "\n"), (",", "\r")])
def test_csv_with_any_separator_and_line_end(separator, end):
    page = made(record_rows=[])
    rows = [separator.join("" if v is None else str(v) for v in row) for row in pages.grid(page)[0]]
    right(pages.reading(csv_bytes(end.join(rows) + end, "gb18030"), "柏乡县2019年6月.csv"), page, 0)


LOCK = bytes([4]) + b"user" + b" " * 50 + struct.pack("<H", 4) + "user".encode("utf-16-le") + b" \0" * 50
DBASE = (
    bytes([3, 119, 6, 30])
    + struct.pack("<IHH", 1, 65, 11)
    + b"\0" * 20
    + b"NAME\0\0\0\0\0\0\0C"
    + b"\0" * 20
    + b"\r"
    + b" " * 11
)


@pytest.mark.parametrize(
    ("data", "name", "code", "word"),
    [
        (b"ID;PWXL;N;E\r\nC;Y1;X1;K\"a\"\r\nE\r\n", "a.slk", "unsupported_format", "SYLK"),
        (b"TABLE\r\n0,1\r\n\"EXCEL\"\r\nVECTORS\r\n0,1\r\n", "a.dif", "unsupported_format", "DIF"),
        (DBASE, "a.dbf", "unsupported_format", "dBase"),
        (b"\0\0\x02\0\x06\x04\x06\0\x08\0" + b"\1" * 40, "a.wk1", "unsupported_format", "Lotus"),
        (LOCK[:165].ljust(165, b"\0"), "~$柏乡县.xlsx", "lock_file", "锁文件"),
    ],
)  # fmt: skip
def test_what_is_no_workbook_is_called_by_its_name_and_by_nothing_else(data, name, code, word):
    (finding,) = pages.reading(data, name).findings
    assert finding.code == code and word in finding.message


# -- people -----------------------------------------------------------------------------------------------------------


def test_one_sheet_a_town_is_joined():
    page = made()
    rows, _, positions = pages.grid(page)
    first, rest = positions[5], positions[6:]
    page.others = [("乙镇", [*rows[: positions[0]], *(rows[p] for p in rest), ["小计", None, None, None, 1]])]
    whole = pages.page(UNITS, 3)
    page.units = UNITS[:6]
    for column in page.columns:
        column.values = column.values[:6]
    reading = pages.reading(pages.book(page), NAME)
    assert first and "sheets_joined" in pages.codes(reading, "note")
    right(reading, whole, 2)
    row = reading.community.row[-1]
    assert reading.community.elsewhere[row, "code"] == ("乙镇", f"A{positions[0] + 6}")


def test_blocks_of_columns_in_another_row_order_are_joined_by_code():
    page, whole = made(), pages.page(UNITS, 3)
    keys = [page.columns[i] for i in range(2)]
    moved = page.columns[40:]
    page.columns = page.columns[:40]
    order = list(reversed(range(len(UNITS))))
    block = [["柏乡县2019年6月表1续"], [column.header[-1] for column in (*keys, *moved)]]
    block += [[column.values[i] for column in (*keys, *moved)] for i in order]
    page.others = [("表1-2", block)]
    reading = pages.reading(pages.book(page), NAME)
    right(reading, whole)
    assert reading.community.elsewhere[reading.community.row[0], moved[0].question.id] == (
        "表1-2",
        f"C{2 + len(UNITS)}",
    )


def test_last_months_sheet_is_set_aside():
    page = made()
    rows = [list(row) for row in pages.grid(page)[0]]
    rows[0][0] = rows[0][0].replace("6月", "5月")
    rows[8][4] = 1.0
    page.others = [("5月", rows)]
    reading = pages.reading(pages.book(page), "柏乡县.xlsx")
    right(reading, page)
    (note,) = [finding for finding in reading.findings if finding.code == "sheets_set_aside"]
    assert "“5月”写明的是2019年5月" in note.message


def test_a_prefilled_form_without_answers_is_set_aside():
    page = made()
    rows, _, positions = pages.grid(page)
    blank = [list(row) if i not in positions else row[:4] for i, row in enumerate(rows)]
    page.others = [("空白表", blank)]
    reading = pages.reading(pages.book(page), NAME)
    right(reading, page)
    (note,) = [finding for finding in reading.findings if finding.code == "sheets_set_aside"]
    assert "“空白表”是没有填报的空表" in note.message


def test_table_2_below_table_1_on_one_sheet():
    page = made()
    alone = pages.reading(pages.book(page), NAME).record.values
    page.below = [[], *page.record_rows]
    page.record_rows = []
    reading = pages.reading(pages.book(page), NAME)
    right(reading, page, 0)
    assert reading.record.values == alone


def test_table_2_alone_is_accepted_and_half_a_report_is_not():
    page = made()
    reading = pages.reading(_sheets({"表2": page.record_rows}), NAME)
    assert not reading.refused and pages.codes(reading) == {"only_county_sheet"} and reading.community is None
    half = {"表2": page.record_rows, "x": [["甲", "乙"], *([unit.code, unit.name] for unit in UNITS)]}
    reading = pages.reading(_sheets(half), NAME)
    assert reading.refused and pages.codes(reading) == {"no_community_sheet"}


def _sheets(sheets: dict[str, list[list]]) -> bytes:
    page = made(record_rows=[])
    data = pages.book(pages.Page(page.units[:0] or page.units, page.meant, page.columns, others=list(sheets.items())))
    names = {name: i for i, name in enumerate(("Sheet1", *sheets), 1)}
    content = parts(data)
    content["xl/workbook.xml"] = re.sub(rb'<sheet name="Sheet1"[^>]*/>', b"", content["xl/workbook.xml"])
    del content[f"xl/worksheets/sheet{names['Sheet1']}.xml"]
    return packed(content)


def test_a_transposed_table_is_refused_by_name():
    page = made(record_rows=[])
    turned = list(map(list, zip(*[[c.header[-1], *c.values] for c in page.columns], strict=True)))
    turned = [list(row) for row in zip(*turned, strict=True)]
    (finding,) = pages.reading(_sheets({"表1": [[page.title], *turned]}), NAME).findings
    assert finding.code == "transposed" and "行列互换" in finding.message


def test_a_year_of_two_digits_is_quoted():
    page = made(title="柏乡县19年6月城乡社区基本情况表", record_rows=[])
    reading = pages.reading(pages.book(page), "柏乡县.xlsx")
    assert reading.refused and [f.code for f in reading.findings if f.severity == "error"] == ["month_two_digits"]
    assert "19年6月" in reading.findings[0].message


def test_a_reference_to_an_empty_cell_is_blank_and_one_to_a_zero_is_zero():
    page = made()
    index = next(i for i, column in enumerate(page.columns) if column.question.id == "facility_area")
    _, _, positions = pages.grid(page)
    cells = {positions[i] + 1: i for i in range(3)}
    source = [[None], [0.0], [7.5]]
    page.others = [("录入", source)]
    letters = address.letter(index + 1)

    def collected(xml: bytes) -> bytes:
        for row, i in cells.items():
            formula = b"<f>'\xe5\xbd\x95\xe5\x85\xa5'!A%d</f><v>%s</v></c>" % (i + 1, (b"0", b"0", b"7.5")[i])
            tag = b'<c r="%s%d">' % (letters.encode(), row)
            xml = (
                re.sub(tag.replace(b">", rb"[^>]*>") + b".*?</c>", tag + formula, xml)
                if tag in xml
                else _added(xml, tag, formula, row)
            )
        return xml

    reading = pages.reading(patched(pages.book(page), sheet1=collected), NAME)
    given = pages.answers_of(reading)
    assert [given[unit.code]["facility_area"] for unit in UNITS[:3]] == [None, 0, pytest.approx(7.5)]
    assert "other_sheet" not in pages.codes(reading)


def _added(xml: bytes, tag: bytes, content: bytes, row: int) -> bytes:
    """A cell that was blank, put where its column belongs."""
    column = re.search(rb'"([A-Z]+)', tag)[1]
    match = re.search(rb'<row r="%d"[^>]*>(.*?)</row>' % row, xml)
    order = lambda letters: (len(letters), letters)  # noqa: E731
    behind = next(
        (c.start() for c in re.finditer(rb'<c r="([A-Z]+)', match[1]) if order(c[1]) > order(column)), len(match[1])
    )
    at = match.start(1) + behind
    return xml[:at] + tag + content + xml[at:]


def test_ticks_beside_blanks_are_asked_about_once_and_settled_once():
    page = made()
    flags = [column for column in page.columns if column.question.type == "flag"]
    for column in flags:
        column.values = ["√" if value == "是" else None for value in column.values]
    reading = pages.reading(pages.book(page), NAME)
    asked = [finding for finding in reading.findings if finding.code == "ticks_and_blanks"]
    assert len(asked) == 1 and asked[0].severity == "warning"
    settled = pages.reading(pages.book(page), NAME, resolutions={"130524": {"ticks_and_blanks:": "no"}})
    assert "ticks_and_blanks" not in pages.codes(settled)
    assert False in {value for row in pages.answers_of(settled).values() for value in row.values()}


def test_months_that_lost_a_zero_and_bare_years_are_asked_once_a_column():
    page = made(record_rows=[])
    page.column("established").values = ["2018.1"] * 6 + ["2003"] * 6
    reading = pages.reading(pages.csv_bytes(page), "柏乡县2019年6月.csv")
    asked = {f.code: f for f in reading.findings if f.field == "established"}
    assert set(asked) == {"month_unclear", "month_year_only"} and "有 6 处" in asked["month_unclear"].message
    assert {row["established"] for row in pages.answers_of(reading).values()} == {None}
    decided = {"130524": {"month_unclear:established": "10"}}
    reading = pages.reading(pages.csv_bytes(page), "柏乡县2019年6月.csv", resolutions=decided)
    assert {row["established"] for row in pages.answers_of(reading).values()} == {date(2018, 10, 1), None}


def test_a_column_that_also_holds_2018_10_means_january_with_2018_1():
    page = made(record_rows=[])
    page.column("established").values = ["2018.1"] * 11 + ["2018.10"]
    reading = pages.reading(pages.csv_bytes(page), "柏乡县2019年6月.csv")
    assert {row["established"] for row in pages.answers_of(reading).values()} == {date(2018, 1, 1), date(2018, 10, 1)}


def test_no_habit_gives_more_than_sixty_findings():
    page = pages.page(pages.units_of("130524"), 1)
    for column in page.columns:
        if column.question.type == "flag":
            column.values = ["○"] * len(column.values)
    reading = pages.reading(pages.book(page), NAME)
    (asked,) = [f for f in reading.findings if f.code == "flag_word_unclear"]
    assert len(reading.findings) <= 5 and asked.found == "○" and len(asked.cell.split(",")) > 1000
    unread = reading.community.unreadable
    assert len(unread) == len(page.units) and all("party_org" in row for row in unread)


def test_remedies_destroy_nothing_and_name_no_class():
    for kind in findings.load(pages.REFERENCE).values():
        for text in (kind.message, kind.remedy):
            assert "请只保留一张" not in text and "Error" not in text


# -- found by the second round ----------------------------------------------------------------------------------------


def halves(*keys: int) -> tuple[pages.Page, pages.Page]:
    """表1 of 40 columns, the others on a sheet of their own beside the columns `keys`; and the whole."""
    page = made()
    beside = [*(page.columns[i] for i in keys), *page.columns[40:]]
    page.columns = page.columns[:40]
    rows = [[column.values[i] for column in beside] for i in range(len(UNITS))]
    page.others = [("续表", [[column.header[-1] for column in beside], *rows])]
    return page, made()


def test_half_a_form_that_names_no_unit_is_refused_with_its_neighbour():
    page, _ = halves()
    reading = pages.reading(pages.book(page), NAME)
    (finding,) = reading.findings
    assert reading.refused and finding.code == "columns_without_units"
    assert "“续表”" in finding.message and "统计用区划代码" in finding.message


def test_blocks_of_columns_are_joined_by_name_where_one_has_no_codes():
    page, whole = halves(1)
    right(pages.reading(pages.book(page), NAME), whole)


def test_a_name_that_stands_twice_is_not_joined_by_name():
    page, _ = halves(1)
    page.column("name").values[1] = page.others[0][1][2][0] = page.column("name").values[0]
    given = pages.answers_of(pages.reading(pages.book(page), NAME))
    assert not {UNITS[0].code, UNITS[1].code} & set(given) and UNITS[5].code in given


def test_a_sheet_of_units_without_header_is_asked_about():
    page = made()
    rows, _, positions = pages.grid(page)
    page.units = UNITS[:6]
    for column in page.columns:
        column.values = column.values[:6]
    page.others = [("乙镇", [rows[p] for p in positions[6:]])]
    (asked,) = [f for f in pages.reading(pages.book(page), NAME).findings if f.code == "sheet_without_header"]
    assert asked.severity == "warning" and "6 行" in asked.message


@pytest.mark.parametrize(
    "written", ["1.{}", "（12）{}", "*{}。", "3、{}", "河北省邢台市柏乡县{}", "河北省邢台市柏乡县柏乡镇{}"]
)
def test_what_lists_put_around_a_name_is_no_part_of_it(written):
    page = made()
    page.column("code").values = [None] * len(UNITS)
    page.column("name").values = [written.format(unit.name) for unit in UNITS]
    assert {unit.town for unit in UNITS} == {"柏乡镇"}
    right(pages.reading(pages.book(page), NAME), page)


@pytest.mark.parametrize("pair", [("[√]是[ ]否", "[ ]是[√]否"), ("【√】有【 】无", "【 】有【√】无")])
def test_pairs_in_any_brackets(pair):
    page = made()
    for column in page.columns:
        if column.question.type == "flag":
            column.values = [{"是": pair[0], "否": pair[1]}.get(value) for value in column.values]
    right(pages.reading(pages.book(page), NAME), page, 0)


def test_a_zip_of_workbooks_says_to_unpack_it():
    (finding,) = pages.reading(packed({"报表/柏乡县2019年6月.xlsx": pages.book(made())}), "报表.zip").findings
    assert "“柏乡县2019年6月.xlsx”等 1 份表格：请解压后逐份报送" in finding.message


def test_damage_is_told_without_the_readers_english():
    broken = patched(pages.book(made()), sheet1=lambda xml: xml.replace(b"</sheetData>", b"\xe6</sheetData>"))
    for data in (broken, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504):
        (finding,) = pages.reading(data, NAME).findings
        said = finding.message.split("】", 1)[1]
        assert finding.code in ("damaged", "not_a_workbook") and not re.search(
            r"[A-Za-z]{5,}", said.replace("Excel", "")
        )
