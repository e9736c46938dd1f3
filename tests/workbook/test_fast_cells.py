"""Two ways of reading a sheet must agree: in bulk, and through calamine. Every case is read both ways."""

import random

import pytest

from pipelines.workbook.open_workbook import Unreadable, open_workbook
from pipelines.workbook.xlsx import fast_cells, sheet_scan
from tests.answers.sheets_of_a_form import book, page, units_of
from tests.workbook.container_files import parts, shared, with_part, with_sheet, xlsx, xlsx_of
from tests.workbook.fuzz_container import mutate
from tests.workbook.test_container import rich


def _read(data: bytes) -> tuple[str, int]:
    """What came out, and how many sheets were read in bulk."""
    taken = []
    real = fast_cells.rows_of
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.workbook.xlsx.read_xlsx.rows_of", lambda *given: taken.append(1) or real(*given))
        try:
            return repr(open_workbook(data, "表.xlsx")), len(taken)
        except Unreadable as refusal:
            return refusal.code, len(taken)


def both_ways(data: bytes) -> tuple[str, str, int]:
    in_bulk, taken = _read(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheet_scan, "_in_bulk", lambda parts, _: [None] * len(parts))
        through_calamine, none = _read(data)
    assert none == 0
    return in_bulk, through_calamine, taken


def disagreements(seed: int, count: int) -> tuple[list[int], int]:
    """Mutated files that come out differently, and how many sheets were read in bulk."""
    rows = [["代码", "名称", "数"], *([f"1305020010{i:02}", f"村{i}", i * 1.5] for i in range(60))]
    files = {
        "plain": shared(*rows),
        "inline": xlsx(*rows, [True, "甲 & 乙", "=C2"]),
        "county": book(page(units_of("130524")[:10])),
        "rich": rich(),
    }
    different, taken = [], 0
    for index in range(count):
        chance = random.Random(f"{seed}/{index}")
        in_bulk, through_calamine, more = both_ways(mutate(files[chance.choice(sorted(files))], chance))
        taken += more
        if in_bulk != through_calamine:
            different.append(index)
    return different, taken


@pytest.mark.slow
def test_mutated_files_come_out_the_same_both_ways():
    different, taken = disagreements(seed=1, count=100)
    assert different == []
    assert taken > 20


def test_a_county_workbook_is_read_in_bulk_and_comes_out_the_same():
    in_bulk, through_calamine, taken = both_ways(book(page(units_of("130524")[:40])))
    assert taken == 2
    assert in_bulk == through_calamine


def _cell(text: str) -> str:
    return f'<row r="1"><c r="A1" s="1"/><c r="B1">{text}</c></row><row r="3" hidden="1"/>'


def _typed(kind: str, content: str) -> str:
    return f'<row r="1"><c r="A1"><v>7</v></c><c r="B1" t="{kind}">{content}</c></row>'


@pytest.mark.parametrize(
    "rows",
    [
        _cell("<v>1</v>"),
        _cell("<v>-1.50E-7</v>"),
        _cell("<f>A1&gt;0</f><v>2</v>"),
        _cell('<f t="shared" si="0"/><v>2</v>'),
        _cell("<f>A1</f>"),
        _cell("<v></v>"),
        _cell("<v/>"),
        _cell("<f>A1</f><v/>"),
        _cell("<f>A1</f><v />"),
        _typed("inlineStr", "<is><t>甲</t></is>"),
        _typed("inlineStr", "<is><t> 甲\n</t></is>"),
        _typed("inlineStr", '<is><t xml:space="preserve"> 甲 </t></is>'),
        _typed("inlineStr", "<is><t>&#26725;&#x4E1C; &amp;&lt;&#10;</t></is>"),
        _typed("inlineStr", "<is><t>a&#128;b&#13;]]</t></is>"),
        _typed("inlineStr", "<is><t></t></is>"),
        _typed("inlineStr", ""),
        _typed("str", "<f>A1</f><v> 甲&amp;&#20013; </v>"),
        _typed("str", "<f>A1</f><v></v>"),
        _typed("b", "<v>1</v>"),
        _typed("b", "<f>A1</f><v>0</v>"),
        '<row r="2"><c r="A2" t="e"><v>#REF!</v></c><c r="ZZ2"><v>007</v></c></row>',
        "",
    ],
)
def test_plain_cells_are_read_in_bulk(rows):
    in_bulk, through_calamine, taken = both_ways(with_sheet(rows))
    assert in_bulk == through_calamine
    assert taken == (1 if rows else 0)


@pytest.mark.parametrize(
    "rows",
    [
        _cell("<v> 1</v>"),
        _cell("<v>1</v> "),
        _cell("<is><t>7</t></is>"),
        _typed("inlineStr", "<v>7</v>"),
        _typed("inlineStr", "<v/>"),
        _typed("inlineStr", "<f>A1</f><is><t>甲</t></is>"),
        _typed("inlineStr", "<is><t>甲_x000D_乙</t></is>"),
        _typed("inlineStr", "<is><t>甲\r\n乙</t></is>"),
        _typed("inlineStr", "<is><t>甲&#0;</t></is>"),
        _typed("inlineStr", "<is><t>甲&nbsp;</t></is>"),
        _typed("inlineStr", "<is><t>甲 & 乙</t></is>"),
        _typed("inlineStr", "<is><t>\ue000&#57344;</t></is>"),
        _typed("inlineStr", "<is><t>&#57344;</t></is>"),
        _typed("inlineStr", "<is><t>]]>&amp;</t></is>"),
        _typed("inlineStr", "<is><t xml:space='preserve'>甲</t></is>"),
        _typed("inlineStr", '<is><t xml:space="default">甲</t></is>'),
        _typed("inlineStr", "<is><t>甲</t>乙</is>"),
        _typed("inlineStr", "<is><r><t>甲</t></r><r><t>乙</t></r></is>"),
        _typed("inlineStr", "<is><t/></is>"),
        _typed("str", "<is><t>甲</t></is>"),
        _typed("b", "<v>2</v>"),
        _typed("b", "<v>true</v>"),
        _typed("b", "<v></v>"),
        _typed("s", "<v></v>"),
        _typed("e", "<v></v>"),
        _typed("d", "<v>2019-06-01</v>"),
        _cell("<v>nan</v>"),
        _cell("<v>1_0</v>"),
        _cell("<v>&#49;</v>"),
        _cell("<v>1</v><!-- -->"),
        _cell("<v>1</v>x"),
        _cell("<v>1</v><v>2</v>"),
        '<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>2</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>',
        '<row r="1"><c r="A2"><v>1</v></c></row>',
        '<row r="1"><c r="A01"><v>1</v></c></row>',
        '<row r="1"><c r="a1"><v>1</v></c></row>',
        '<row r="1"><c r="A1" cm="1"><v>1</v></c></row>',
        '<row r="/" r="1"><c r="A1"><v>1</v></c></row>',
        '<row r="1"><c r="A1" t="e"><v>99</v></c></row>',
        '<row r="1"><c r="A1" t="n" s="1"><v>1</v></c></row>',
        '<row r="1">x<c r="A1"><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v></c>x</row>',
        '<row r="1"><c r="A1"><v>1</v></c></row>x<row r="2"/>',
        '<row r="1"><c r="A1" t="s"><v>99999</v></c></row>',
        '<row r="1"><c r="A1" t="s"><v>-1</v></c></row>',
        '<row r="1"><c r="A1" t="s"><v>1.5</v></c></row>',
    ],
)
def test_what_is_not_plain_comes_out_the_same_all_the_same(rows):
    in_bulk, through_calamine, _ = both_ways(with_sheet(rows))
    assert in_bulk == through_calamine


def test_small_sheets_are_read_at_one_look_and_each_by_itself_where_one_is_odd():
    data = xlsx_of({"甲": [["一", 1]], "空": [], "乙": [["=A1", None, "三"], [None, True]], "丙": [[4]]})
    in_bulk, through_calamine, taken = both_ways(data)
    assert in_bulk == through_calamine
    assert taken == 3
    odd = with_part(
        data, "xl/worksheets/sheet4.xml", parts(data)["xl/worksheets/sheet4.xml"].replace(b"<v>4</v>", b"<v>4</v> ")
    )
    in_bulk, through_calamine, taken = both_ways(odd)
    assert in_bulk == through_calamine
    assert taken == 2


def test_blank_shared_strings_are_blank_both_ways():
    in_bulk, through_calamine, taken = both_ways(shared(["甲", " ", "乙"], ["", "甲"]))
    assert in_bulk == through_calamine
    assert taken == 1


@pytest.mark.parametrize(
    "item",
    [
        "<si><t> 甲 乙\n</t></si>",
        '<si><t xml:space="preserve"> 甲\t</t></si>',
        '<si><t xml:space="preserve">  </t></si>',
        "<si><t>　</t></si>",
        "<si><t></t></si>",
        "<si><t/></si>",
        "<si/>",
        "<si><t>&lt;甲&gt; &amp;amp; &quot;乙&apos;</t></si>",
        "<si><t>&#20013;&#10;文</t></si>",
        "<si><t>甲_x000D_乙</t></si>",
        "<si><t>甲\r\n乙</t></si>",
        "<si><r><t>甲</t></r><r><t>乙</t></r></si>",
        '<si><t>甲</t><rPh sb="0" eb="1"><t>jia</t></rPh></si>',
        "x<si><t>甲</t></si>",
        "<si>x<t>甲</t></si>",
        "<si><t>甲</t></si> <si><t>丙</t></si>",
        "<si><t>甲</si><si></t></si>",
    ],
)
def test_shared_strings_are_the_same_both_ways(item):
    data = shared(["甲"], ["乙"])
    table = parts(data)["xl/sharedStrings.xml"].replace("<si><t>甲</t></si>".encode(), item.encode())
    in_bulk, through_calamine, _ = both_ways(with_part(data, "xl/sharedStrings.xml", table))
    assert in_bulk == through_calamine


def test_a_row_whose_attributes_are_no_xml_is_refused_both_ways():
    in_bulk, through_calamine, taken = both_ways(with_sheet('<row r="1" spans"1:2"><c r="A1"><v>1</v></c></row>'))
    assert (in_bulk, taken) == (through_calamine, 0)


def test_a_table_of_texts_whose_attributes_are_no_xml_is_the_same_both_ways():
    data = shared(["甲"], ["乙"])
    table = parts(data)["xl/sharedStrings.xml"].replace(b' count="', b' coun"')
    in_bulk, through_calamine, _ = both_ways(with_part(data, "xl/sharedStrings.xml", table))
    assert in_bulk == through_calamine
