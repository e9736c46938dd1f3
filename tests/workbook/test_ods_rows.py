"""Plain rows of an ods, which are recognised by their text, read as expat alone reads them."""

import io
import random
import zipfile
from dataclasses import asdict

import pytest

from pipelines.workbook import ods_rows
from pipelines.workbook.grid import Unreadable
from pipelines.workbook.open_workbook import open_workbook

URN = "urn:oasis:names:tc:opendocument:xmlns:"
SPACES = "".join(f' xmlns:{name}="{URN}{name}:1.0"' for name in ("office", "table", "text", "style"))
ROOT = f'<office:document-content{SPACES} xmlns:calcext="urn:org:documentfoundation:names:calc:xmlns:calcext:1.0">'
TEXT = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
NUMBER = '<table:table-cell office:value-type="float" office:value="{0}"><text:p>{0}</text:p></table:table-cell>'
CELLS = [
    TEXT.format("桥东区"),
    TEXT.format("a &lt; b &amp;amp; &quot;c&quot;"),
    TEXT.format('一<text:s text:c="3"/>二<text:s/>三'),
    TEXT.format("一</text:p><text:p/><text:p>三"),
    TEXT.format(""),
    TEXT.format("#REF!"),
    NUMBER.format("2025"),
    NUMBER.format("0.5").replace("float", "percentage"),
    NUMBER.format("x"),
    '<table:table-cell table:number-columns-repeated="3"/>',
    '<table:table-cell table:number-columns-repeated="3" office:value-type="float" office:value="1"/>',
    '<table:table-cell table:number-columns-repeated="一" office:value-type="float" office:value="1"/>',
    '<table:table-cell table:number-columns-repeated="16380" office:value-type="float" office:value="1"/>',
    '<table:covered-table-cell/>',
    '<table:table-cell table:number-rows-spanned="2" office:value-type="string"><text:p>合并</text:p></table:table-cell>',
    '<table:table-cell table:formula="of:=[.A1]" office:value-type="float" office:value="0"><text:p>0</text:p></table:table-cell>',
    '<table:table-cell table:formula="of:=&quot;&quot;"/>',
    '<table:table-cell office:value-type="string" calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>',
    '<table:table-cell office:value-type="date" office:date-value="2020-12-01"><text:p>x</text:p></table:table-cell>',
    # nothing of these is plain
    TEXT.format("<text:span>样式</text:span>"),
    TEXT.format("<![CDATA[</table:table-row>]]>"),
    TEXT.format("&#19968;"),
    TEXT.format("甲\n乙"),
    TEXT.format("甲\x01"),
    TEXT.format("甲\uffff"),
    TEXT.format("]]>"),
    '<table:table-cell office:value-type="float" office:value="1" office:value="2"/>',
    '<table:table-cell unknown:value="1"/>',
    '<table:table-cell xmlns:office="urn:other" office:value-type="float" office:value="1"/>',
    '<table:table-cell><office:annotation><text:p>注</text:p></office:annotation><text:p>文</text:p></table:table-cell>',
    '<table:table-cell><table:table table:name="内"><table:table-row><table:table-cell/></table:table-row></table:table></table:table-cell>',
]  # fmt: skip
BETWEEN = [
    "",
    "\n ",
    "<!-- <table:table-row><table:table-cell/></table:table-row> -->",
    f'<table:table-row {ods_rows.MARK}="0"/>',
    '<table:table-header-rows xmlns:table="urn:other"><table:table-row><table:table-cell/></table:table-row></table:table-header-rows>',
    '<table:table-rows><table:table-row table:visibility="filter"></table:table-row></table:table-rows>',
    '<table:table-row table:number-rows-repeated="2"/>',
    "<table:table-row>",
]


def read(content: str) -> object:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        file.writestr("content.xml", content.encode())
    try:
        return asdict(open_workbook(package.getvalue(), "表.ods"))
    except Unreadable as refused:
        return refused.code, str(refused)


def content(rows: list[str]) -> str:
    table = f'<table:table table:name="表1"><table:table-column/>{"".join(rows)}</table:table>'
    return f'<?xml version="1.0" encoding="UTF-8"?>{ROOT}<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body></office:document-content>'


def row(*cells: str) -> str:
    return f'<table:table-row table:style-name="ro1">{"".join(cells)}</table:table-row>'


def alone(monkeypatch: pytest.MonkeyPatch, xml: str) -> object:
    """What expat alone makes of it."""
    with monkeypatch.context() as patch:
        patch.setattr(ods_rows.PlainRows, "replaced", lambda self, chunk, first=False: chunk)
        return read(xml)


@pytest.mark.parametrize("cell", range(len(CELLS)))
def test_a_row_with_any_cell(cell, monkeypatch):
    xml = content([row(CELLS[0], CELLS[cell], CELLS[6]), row(CELLS[6]), row(CELLS[cell])])
    assert read(xml) == alone(monkeypatch, xml)


@pytest.mark.parametrize("between", range(len(BETWEEN)))
def test_anything_between_rows(between, monkeypatch):
    xml = content([row(CELLS[0], CELLS[6]), BETWEEN[between], row(CELLS[1], CELLS[9], CELLS[6])])
    assert read(xml) == alone(monkeypatch, xml)


@pytest.mark.slow
def test_many_rows_in_several_chunks(monkeypatch):
    dice = random.Random(22)
    rows = [row(*dice.choices(CELLS[:11] + CELLS[13:20], k=30)) for _ in range(1_200)]
    xml = content([f"{one}{dice.choice(BETWEEN[:3])}" for one in rows])
    assert len(xml) > 2 << 20
    seen = read(xml)
    assert isinstance(seen, dict) and len(seen["sheets"][0]["rows"]) > 1_000
    assert seen == alone(monkeypatch, xml)


@pytest.mark.slow
def test_files_that_are_cut_or_changed_anywhere(monkeypatch):
    dice = random.Random(23)
    whole = content([row(*dice.sample(CELLS[:19], 4)) for _ in range(6)])
    for _ in range(300):
        at = dice.randrange(len(whole))
        xml = (
            whole[:at]
            + dice.choice(["", "<", ">", '"', "&", "/", ' xmlns:table="x"', "<table:table-row>"])
            + whole[at + dice.randrange(3) :]
        )
        assert read(xml) == alone(monkeypatch, xml), at


def test_plain_rows_are_recognised(monkeypatch):
    """The short way is taken at all: of plain rows expat sees no cell."""
    seen: list[bytes] = []
    replaced = ods_rows.PlainRows.replaced
    monkeypatch.setattr(
        ods_rows.PlainRows,
        "replaced",
        lambda self, *given, **more: seen.append(replaced(self, *given, **more)) or seen[-1],
    )
    read(content([row(CELLS[0], CELLS[6]), row(CELLS[2])]))
    assert b"table-cell" not in b"".join(seen) and seen[0].count(ods_rows.MARK.encode()) == 2
