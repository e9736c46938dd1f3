"""A telephone, an identity number and a card in every place of a workbook: told of, and nowhere but in the archived bytes."""

import io
import re
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from pipelines.archive.store import Archive
from pipelines.cli.commands import main
from pipelines.edition import open_release
from pipelines.intake import submit_files
from pipelines.receipt import ReceiptContext, write_receipt
from pipelines.warehouse import projection
from pipelines.workbook.open_workbook import open_workbook
from tests import small_city
from tests.books import Office

APRIL, COUNTY = date(2020, 4, 1), "130571"
PHONE, IDENTITY, CARD, SPACED = "13800138000", "130502199001011234", "6222021234567890123", "139 1234 5678"
NUMBERS = (PHONE, IDENTITY, CARD, SPACED)
FILE = f"河北邢台经济开发区2020年4月 张三{PHONE}.xlsx"


def with_numbers(path: Path) -> bytes:
    """The numbers in names, answers, a header's remark, a column of the county's own, a note, a title, another sheet, a sheet's name."""
    book = openpyxl.load_workbook(path)
    sheet = book["表1 城乡社区基本情况表"] if "表1 城乡社区基本情况表" in book.sheetnames else book.worksheets[0]
    header = {c.value: c for row in sheet.iter_rows(max_row=8) for c in row if isinstance(c.value, str)}
    column = {
        key: next(c for label, c in header.items() if label.startswith(key))
        for key in ("社区（村）名称", "居民户数", "所属街道")
    }
    first = column["社区（村）名称"].row + 1
    sheet.cell(first, column["社区（村）名称"].column).value += IDENTITY
    sheet.cell(first, column["所属街道"].column).value = f"某街道 {SPACED}"
    sheet.cell(first + 1, column["居民户数"].column).value = int(PHONE)
    sheet.cell(first + 2, column["居民户数"].column).value = f"问{CARD}"
    column["居民户数"].value += f"({PHONE})"
    last = sheet.max_column + 1
    sheet.cell(first - 1, last).value = "负责人"
    for row, number in enumerate([*NUMBERS, int(PHONE), float(IDENTITY)], first):
        sheet.cell(row, last).value = number
    sheet.cell(first, last + 1).value = f'="{PHONE}"'
    sheet.cell(sheet.max_row + 2, 1).value = f"填表人:张三 {PHONE}"
    sheet["A1"].comment = openpyxl.comments.Comment(f"问 {PHONE}", "张三")
    record = next(other for other in book.worksheets if "表2" in other.title)
    for row in record.iter_rows():
        for cell in row:
            if cell.value == 12000:
                cell.value = f"电话{PHONE}"
    book.create_sheet(f"通讯录{PHONE}").append(["张三", IDENTITY, float(CARD)])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Office:
    folder = tmp_path_factory.mktemp("personal")
    reference = small_city.measure_only(small_city.make(folder / "reference", [COUNTY]), ("facility_rural",))
    return Office(folder / "data", reference)


@pytest.fixture(scope="module")
def workbook(office) -> bytes:
    return with_numbers(office.workbook(APRIL, COUNTY, record={"population": 12000}))


@pytest.fixture(scope="module")
def said(office, workbook) -> str:
    """All that the command line says from the inbox to the report, with a log of every level."""
    inbox = office.settings.inbox
    inbox.mkdir(parents=True)
    (inbox / FILE).write_bytes(workbook)
    out, lines = office.sent / "out", []
    for words in (
        ["status"], ["check", inbox / FILE], ["submit", inbox / FILE, "--receipts", out], ["run", "--month", "2020-04"],
        ["submit", inbox / FILE, "--json"], ["report", "--out", out], ["status", "--json"], ["health"], ["reminders"], ["audit"],
    ):  # fmt: skip
        done = CliRunner().invoke(
            main,
            ["--data", str(office.settings.data), *map(str, words)],
            env={"SHEQU_REFERENCE": str(office.settings.reference)},
        )
        assert done.exception is None or isinstance(done.exception, SystemExit), (words, done.exception)
        lines.append(done.output)
    return "\n".join(lines)


def numbers_in(text: str) -> list[str]:
    """Numbers that stand in a text, also where a program wrote them as a float."""
    wanted = [*NUMBERS, *(number.replace(" ", "") for number in NUMBERS)]
    floats = re.findall(r"1\.305021990010\d*[eE]\+?17|6\.22202123456\d*[eE]\+?18", text)
    return [number for number in wanted if number in text] + floats


def tables(con) -> dict[str, list]:
    names = con.execute("SELECT DISTINCT table_name FROM information_schema.tables").fetchall()
    return {name: con.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in names}


def test_a_persons_numbers_are_nowhere_but_in_the_archived_bytes(office, said, workbook):
    assert numbers_in(said) == [] and "personal_data" in said and "***" in said
    with_them = []
    for path in office.settings.data.rglob("*"):
        if path.is_file() and numbers_in(path.read_bytes().decode("utf-8", "ignore")):
            with_them.append(path)
    assert [path for path in with_them if "objects" not in path.parts and path.name != FILE] == []
    ledger = (office.settings.archive / "ledger.jsonl").read_text(encoding="utf-8")
    assert "张三***.xlsx" in ledger
    [event] = [event for event in Archive(office.settings.archive).events() if event.kind == "submission"]
    assert Archive(office.settings.archive).read(event.body["sha256"]) == workbook


def test_neither_warehouse_nor_release_holds_one(office, said):
    con = projection.connect(office.settings.warehouse, office.settings.data)
    held = {name: numbers_in(str(rows)) for name, rows in tables(con).items()}
    con.close()
    release = open_release(settings=office.settings)
    published = {name: numbers_in(str(rows)) for name, rows in tables(release.con).items()}
    assert len(held) > 8 and len(published) > 8
    assert {name: numbers for name, numbers in (held | published).items() if numbers} == {}


def words_of(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return "\n".join(
            package.read(name).decode("utf-8", "ignore") for name in package.namelist() if "workbook.xml" not in name
        )


def test_the_countys_own_receipt_shows_the_cell_and_not_the_number(office, said, workbook):
    paths = [path for path in (office.sent / "out").iterdir() if path.suffix == ".xlsx"]
    assert len(paths) >= 2
    for path in paths:
        assert numbers_in(words_of(path.read_bytes())) == [], path.name
    [receipt] = [path for path in paths if "回执" in path.name]
    before, after = openpyxl.load_workbook(io.BytesIO(workbook)), openpyxl.load_workbook(receipt)
    first = before.worksheets[0].title
    assert {sheet.title for sheet in before} < {sheet.title for sheet in after}
    struck = [cell for row in after[first].iter_rows() for cell in row if cell.value and "***" in str(cell.value)]
    assert len(struck) >= 12
    open_workbook(receipt.read_bytes(), "回执.xlsx")
    again = submit_files.preview(receipt.read_bytes(), "河北邢台经济开发区2020年4月.xlsx", office.settings)
    assert not again.report.refused


def test_a_receipt_of_another_format_is_a_copy_without_them():
    data = f"代码,名称\r\n130571001201,甲村{PHONE}\r\n{IDENTITY},乙村\r\n".encode()
    context = ReceiptContext(county=None, month=None, number=1, state="", refused=True)
    receipt, _ = write_receipt(data, "表.csv", [], context)
    assert numbers_in(words_of(receipt)) == [] and words_of(receipt).count("***") == 2
