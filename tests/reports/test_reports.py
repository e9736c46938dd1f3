"""The reports of a real (small) release: the same figures in all three, the same bytes again, nothing that runs or
leaks.
"""

import dataclasses
import hashlib
import html
import io
import json
import re
import zipfile
from pathlib import Path

import pytest
import yaml
from docx import Document
from docx.oxml.ns import qn
from python_calamine import CalamineWorkbook

from pipelines import settings
from pipelines.edition import Release, open_folder, open_release
from pipelines.errors import Refusal
from pipelines.punctuation import full_width
from pipelines.reports import (
    VARIANTS,
    brief_docx,
    file_names,
    office,
    overall_verdict,
    page_html,
    submission_facts,
    tables_xlsx,
    verdict,
    write_reports,
)
from pipelines.reports.facts import Facts, gather
from pipelines.reports.office import Office

HOSTILE = "<script>alert(1)</script>=cmd|'/C calc'!A0&\x07"


@pytest.fixture(scope="module")
def written(may: Release, tmp_path_factory) -> dict[str, Path]:
    return {path.suffix[1:]: path for path in write_reports(may, tmp_path_factory.mktemp("reports"))}


@pytest.fixture(scope="module")
def facts(may: Release) -> Facts:
    return gather(may)


def _tables(path: Path) -> list[list[list[str]]]:
    return [[[_text(cell) for cell in row.cells] for row in table.rows] for table in Document(path).tables]


def _text(cell) -> str:
    """A cell's paragraphs, without the breaks within a long name."""
    return "\n".join(paragraph.text.replace("\n", "") for paragraph in cell.paragraphs)


def _table_and_annexes(path: Path, facts: Facts) -> tuple[list[list[str]], list[list[list[str]]]]:
    """Rows of table 1, whose parts stand on a page each where it is long, and the tables of the annexes."""
    rows, tables = [], _tables(path)
    while len(rows) < len(facts.headline):
        rows += tables.pop(0)[1:]
    return rows, tables


def _page_data(path: Path) -> dict:
    match = re.search(
        r'<script type="application/json" id="data">(.*?)</script>', path.read_text(encoding="utf-8"), re.DOTALL
    )
    return json.loads(match[1])


# ---- the same facts


def test_docx_says_the_figures_of_the_release_digit_for_digit(written, may: Release, facts: Facts):
    rows = {row[1].split("\n")[0]: row for row in _table_and_annexes(written["docx"], facts)[0]}
    for item in facts.headline:
        [figure] = may.rows(
            "SELECT * FROM figure WHERE indicator = ? AND month = ? AND level = 'city' AND divisions = 'now'",
            [item.id, may.month],
        )
        row = rows[full_width(item.name)]
        if figure["shown"] is None:
            assert row[3] in ("无数据", "不适用")
            continue
        assert row[3].rstrip("*") == f"{figure['shown']}{item.unit}"
        beside = row[1].split("\n")[1:]
        assert beside == ([verdict.known(item.city, item)] if figure["unknown"] else [])
        assert row[-2] == facts.statuses[figure["status"]]


def test_annex_holds_every_indicator_with_its_clause(written, facts: Facts):
    annex = _table_and_annexes(written["docx"], facts)[1][0]
    words = "".join(row[1] for row in annex)
    assert sum(row[0].isdigit() for row in annex) == len(facts.items) == 96
    assert all(full_width(item.name) in words for item in facts.items)
    counted = {row[1].split("\n")[0]: row[3].split("\n")[1:] for row in annex if row[0].isdigit()}
    for item in facts.items:
        exact = item.city and item.is_share and item.city.shown is not None
        counts = [f"{item.city.numerator.normalize():f}/{item.city.denominator.normalize():f}"] if exact else []
        assert [text.replace(",", "") for text in counted[full_width(item.name)]] == counts


def test_the_list_of_what_lacks_names_units_of_the_edition(written, may: Release, facts: Facts):
    book = CalamineWorkbook.from_path(str(written["xlsx"]))
    rows = book.get_sheet_by_name("缺口清单").to_python()[3:]
    lacking = sum(i.city.lacking for i in facts.headline if i.counted == "community" and i.is_share and i.city)
    assert len(rows) == lacking
    codes = {row["unit"] for row in may.rows("SELECT unit FROM unit")}
    assert {row[3] for row in rows} <= codes


def test_the_tidy_sheet_is_an_excel_table_of_every_figure_unrounded(written, may: Release):
    heads, *rows = CalamineWorkbook.from_path(str(written["xlsx"])).get_sheet_by_name("数据").to_python()
    assert heads == ["月份", "层级", "代码", "指标编号", "指标", "分子", "分母", "未填报", "现值", "状态"]
    listed = {
        (f["indicator"], f["unit"]): f
        for f in may.rows("SELECT * FROM figure WHERE month = ? AND divisions = 'now'", [may.month])
    }
    listed |= {
        (f["indicator"], f["unit"]): f
        for f in may.rows("SELECT * FROM figure WHERE month = ? AND divisions = 'then'", [may.month])
    }
    assert len(rows) == len(listed)
    for row in rows:
        figure = listed[row[3], row[2]]
        assert (row[5], row[6], row[7]) == (float(figure["numerator"]), float(figure["denominator"]), figure["unknown"])
        assert (row[8] == "") if figure["value"] is None else abs(row[8] - figure["value"]) < 1e-9
    with zipfile.ZipFile(written["xlsx"]) as package:
        tables = [package.read(name).decode() for name in package.namelist() if name.startswith("xl/tables/")]
    assert len(tables) == 1 and f'ref="A1:J{len(rows) + 1}"' in tables[0]


def test_definitions_are_chinese_sentences(written):
    heads, *rows = CalamineWorkbook.from_path(str(written["xlsx"])).get_sheet_by_name("指标定义").to_python()[2:]
    how = [row[heads.index("算法")] for row in rows]
    assert all("分子：" in text and "分母：" in text for text in how)
    assert not any(re.search(r"\b(AND|OR|NOT|IS|scope)\b", text) for text in how)


def test_xlsx_holds_every_figure_of_city_counties_and_towns_as_numbers(written, may: Release, facts: Facts):
    book = CalamineWorkbook.from_path(str(written["xlsx"]))
    names = {item.name: item.id for item in facts.items}
    cells = {}
    for sheet in ("全市", "县市区", *(name for name in book.sheet_names if name.startswith("乡镇"))):
        heads, *rows = book.get_sheet_by_name(sheet).to_python()[2:]
        for row in rows:
            line = {head: None if cell == "" else cell for head, cell in zip(heads, row, strict=True)}
            numbers = (line["现值"], line["已有（分子）"], line["应有（分母）"], line["未填报"], line["状态"])
            cells[names[line["指标"]], line.get("代码", "130500")] = numbers
    listed = may.rows("SELECT * FROM figure WHERE month = ? AND divisions = 'then'", [may.month])
    assert len(listed) == len(cells) > 10_000
    for f in listed:
        shown = None if f["shown"] is None else float(f["shown"])
        expected = (shown, float(f["numerator"]), float(f["denominator"]), f["unknown"], facts.statuses[f["status"]])
        assert cells[f["indicator"], f["unit"]] == expected


def test_html_says_the_same_as_the_release(written, facts: Facts):
    items = {item["id"]: item for item in _page_data(written["html"])["items"]}
    assert set(items) == {item.id for item in facts.items}
    for item in facts.items:
        assert items[item.id]["city"]["v"] == item.city.shown
        assert items[item.id]["moved"] == ("—" if item.change is None else items[item.id]["moved"])
        assert {unit: f["v"] for unit, f in items[item.id]["counties"].items()} == {
            f.unit: f.shown for f in item.counties
        }


def test_the_judgement_is_one_and_the_same_in_docx_and_html(written):
    paragraphs = [p.text for p in Document(written["docx"]).paragraphs]
    page = written["html"].read_text(encoding="utf-8")
    start, end = (
        paragraphs.index("一、总体判断"),
        next(n for n, text in enumerate(paragraphs) if text.startswith("表1")),
    )
    for text in (text for text in paragraphs[start + 1 : end] if text and not re.match(r"[一二三四五六七]、", text)):
        assert html.escape(text) in page or text in page


# ---- made again


def test_an_old_edition_opened_again_gives_the_same_bytes(written, may: Release, tmp_path: Path):
    again = {path.suffix[1:]: path for path in write_reports(open_folder(may.folder), tmp_path)}
    for kind, path in written.items():
        assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(again[kind].read_bytes()).digest(), kind


def test_file_names_tell_place_month_and_edition(facts: Facts):
    assert file_names(facts)[0] == "邢台市城乡社区治理月报_2020-05_第2版.docx"


def test_a_month_has_its_own_paper_also_where_a_quarter_ends(june: Release, tmp_path: Path):
    names = [path.name for path in write_reports(june, tmp_path)]
    # the quarter began in a month that the edition does not have
    assert names == file_names(gather(june))


def test_the_late_county_of_the_first_edition_is_named(place):
    first, second = (gather(open_release("2020-05", edition, settings=place)) for edition in (1, 2))
    words = "".join(text for _, paragraphs in brief_docx.sections(first, VARIANTS["month"]) for text in paragraphs)
    assert "20个县（市、区）中3个报送" in words and "柏乡县" in submission_facts.paragraph(first)
    assert "20个县（市、区）中4个报送" in overall_verdict.paragraph(second)
    assert "新采用2020年5月柏乡县报表" in submission_facts.corrections(second)[0]


# ---- nothing that runs, nothing that leaves


def _hostile(facts: Facts) -> Facts:
    items = tuple(dataclasses.replace(i, name=HOSTILE + str(n)) for n, i in enumerate(facts.items))
    counties = tuple({**c, "short": HOSTILE, "name": HOSTILE} for c in facts.counties)
    findings = tuple({**f, "found": HOSTILE, "file": HOSTILE} for f in facts.findings)
    return dataclasses.replace(facts, items=items, counties=counties, findings=findings)


def test_names_are_text_in_the_page(facts: Facts):
    text = page_html.build(_hostile(facts), VARIANTS["month"]).decode()
    assert "<script>alert" not in text
    assert len(re.findall(r"<script", text)) == 2


def test_names_are_text_in_the_workbook(facts: Facts):
    data = tables_xlsx.build(_hostile(facts), VARIANTS["month"])
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        sheets = [package.read(name).decode() for name in package.namelist() if name.startswith("xl/worksheets/sheet")]
        strings = package.read("xl/sharedStrings.xml").decode()
    assert not any("<f>" in sheet for sheet in sheets)
    assert "&lt;script&gt;" in strings and any("&lt;script&gt;" in sheet for sheet in sheets)


def test_names_are_text_in_the_paper(facts: Facts):
    paper = Document(io.BytesIO(brief_docx.build(_hostile(facts), VARIANTS["month"])))
    assert "<script>" in paper.tables[0].rows[1].cells[1].text


def test_page_asks_for_nothing_outside(written):
    text = written["html"].read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    links = set(re.findall(r"https?://[^\s\"'<)]+", text))
    assert links == {"http://www.w3.org/2000/svg"}
    assert written["html"].stat().st_size < 1_000_000


# ---- the paper is a paper


def test_paper_has_the_standards_layout(written):
    paper = Document(written["docx"])
    section = paper.sections[0]
    assert [
        round(side.mm)
        for side in (section.top_margin, section.bottom_margin, section.left_margin, section.right_margin)
    ] == [37, 35, 28, 26]
    with zipfile.ZipFile(written["docx"]) as package:
        document, styles, fonts = (
            package.read(f"word/{name}.xml").decode() for name in ("document", "styles", "fontTable")
        )
    assert 'w:linePitch="579"' in document
    for font in ("方正小标宋简体", "仿宋_GB2312", "楷体_GB2312", "黑体"):
        assert font in styles and font in fonts
    assert document.count("<w:tblHeader/>") == len(paper.tables)
    assert document.count("<w:cantSplit/>") == sum(len(table.rows) for table in paper.tables)


def test_headings_are_real_and_numbered(written):
    heads = [p.text for p in Document(written["docx"]).paragraphs if p.style.name == "Heading 1"]
    assert heads[0] == "一、总体判断"
    assert [head[0] for head in heads] == list("一二三四五六七")[: len(heads)]


def test_the_paper_has_the_elements_of_an_official_one(written, facts: Facts):
    paragraphs = [p.text for p in Document(written["docx"]).paragraphs]
    assert paragraphs[0] == "邢台市城乡社区建设领导小组办公室" and paragraphs[1] == "2020年第5期"
    assert "中共邢台市委、邢台市人民政府：" in paragraphs
    closing = paragraphs.index("邢台市城乡社区建设领导小组办公室", 1)
    assert paragraphs[closing - 4].startswith("附件：1．") and re.fullmatch(r"\d+年\d+月\d+日", paragraphs[closing + 1])
    box = Document(written["docx"]).element.body[-2].iter(qn("w:txbxContent"))
    imprint = ["".join(p.itertext()).strip() for content in box for p in content]
    assert imprint[0].startswith("抄送：") and imprint[1].endswith("印发") and imprint[2].startswith("数据版本：")


def test_an_office_sets_its_own_head(facts: Facts, tmp_path: Path):
    place = tmp_path / "letterhead.yaml"
    place.write_text(
        "issuer: 某办公室\nnumber: 邢社治〔{year}〕{month}号\ncontact: 李某\nphone: 0319-1\n", encoding="utf-8"
    )
    own = dataclasses.replace(facts, office=Office(office._letterhead(place)))
    paragraphs = [p.text for p in Document(io.BytesIO(brief_docx.build(own, VARIANTS["month"]))).paragraphs]
    assert paragraphs[:2] == ["某办公室", "邢社治〔2020〕5号"] and "（联系人：李某，电话：0319-1）" in paragraphs
    place.write_text("isuer: 某办公室\n", encoding="utf-8")
    with pytest.raises(Refusal, match="只能有 issuer"):
        office._letterhead(place)


def test_departments_are_quoted_from_the_policys_text():
    for place in sorted((settings.REPOSITORY / "data/reference/policies").glob("*/departments.yaml")):
        text = (place.parent / "text.txt").read_text(encoding="utf-8")
        for entry in yaml.safe_load(place.read_text(encoding="utf-8")):
            assert entry["quote"] in text and entry["departments"]


def test_no_thumbnail_of_the_library_is_in_the_package(written):
    with zipfile.ZipFile(written["docx"]) as package:
        assert not [name for name in package.namelist() if "thumbnail" in name]


def test_chart_is_native_and_editable(written):
    with zipfile.ZipFile(written["docx"]) as package:
        names = package.namelist()
        chart = package.read("word/charts/chart1.xml").decode()
    assert "word/embeddings/chart1.xlsx" in names
    assert "externalData" in chart and "<c:v>" in chart
