"""A county's workbook whose every text is hostile, through everything: what comes out holds words and nothing that acts."""

import email
import email.policy
import io
import json
import os
import re
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from docx import Document
from streamlit.testing.v1 import AppTest

from dashboards.components import submission_desk
from dashboards.text import escape
from pipelines.archive.store import Archive
from pipelines.cli.commands import main
from pipelines.edition import open_release
from pipelines.intake import collect_inbox, file_names, session
from pipelines.notify import messages, senders
from tests import small_city
from tests.books import Office

ROOT = Path(__file__).resolve().parents[1]
APRIL, COUNTY = date(2020, 4, 1), "130571"
WORDS = [
    '=HYPERLINK("http://evil.example/x","点")', "+cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", r"$\href{javascript:alert(1)}{x}$", "{{7*7}}{% raw %}",
    "[x](javascript:alert(1))", "![x](http://evil.example/a.png)", "甲\u202e乙fdp", "../../../../etc/passwd", "CON",
    "😀👨‍👩‍👧村", "A&B县<乡>", "𠙶家庄", "_x001B_[31m红_x0007_", "甲_x000A_BCC: evil@example.com", ":red[x] :material/home:",
]  # fmt: skip
LONG = "长" * 400
SHEET = "=1+1<script>{{7}}$x$😀"
FILE = "河北邢台经济开发区2020年4月\x1b[31m\n\u202eBcc:x$\\href{}$<script>{{7*7}}[x](javascript:1)'=cmd😀.xlsx"
# what no output may hold: control characters but the line's end, and turns of the reading direction
ACTS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def spoiled(path: Path) -> bytes:
    """The workbook with hostile names, towns, answers, a header and a sheet name."""
    book = openpyxl.load_workbook(path)
    sheet = book["表1 城乡社区基本情况表"] if "表1 城乡社区基本情况表" in book.sheetnames else book.worksheets[0]
    header = {cell.value: cell for row in sheet.iter_rows(max_row=8) for cell in row if isinstance(cell.value, str)}
    first = max(cell.row for label, cell in header.items() if label.startswith("社区（村）名称")) + 1
    columns = {label: cell.column for label, cell in header.items()}
    named = next(column for label, column in columns.items() if label.startswith("社区（村）名称"))
    placed = next(column for label, column in columns.items() if label.startswith("所属街道"))
    counted = next(column for label, column in columns.items() if label.startswith("居民户数"))
    for i, word in enumerate([*WORDS, LONG]):
        for column in (named, placed) if i % 2 else (placed, counted):
            _write(sheet.cell(first + i, column), word)
    last = sheet.max_column + 1
    _write(sheet.cell(first - 1, last), "<script>alert(2)</script>=1+1")
    _write(sheet.cell(first, last), "=1+1")
    sheet.title = SHEET
    stream = io.BytesIO()
    book.save(stream)
    # what openpyxl escapes is to stand in the file as Excel writes it: then readers turn it into the character itself
    return _rewritten(stream.getvalue(), lambda xml: xml.replace(b"_x005F_x", b"_x"))


def _write(cell, word: str) -> None:
    cell.value, cell.data_type = word, "s"


def _rewritten(data: bytes, change) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name.endswith(".xml") else old.read(name))
    return stream.getvalue()


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Office:
    folder = tmp_path_factory.mktemp("hostile")
    reference = small_city.measure_only(small_city.make(folder / "reference", [COUNTY]), ("facility_rural",))
    return Office(folder / "data", reference)


@pytest.fixture(scope="module")
def workbook(office) -> Path:
    good = office.workbook(APRIL, COUNTY, record={"population": 12000})
    place = good.with_name(FILE)
    place.write_bytes(spoiled(good))
    return place


@pytest.fixture(scope="module")
def said(office, workbook) -> dict[str, str]:
    """What the command line says on the way from the file to the reports."""
    sent = office.sent
    steps = {
        "check": ["check", workbook],
        "submit": ["submit", workbook, "--receipts", sent / "receipts"],
        "submit_json": ["submit", workbook, "--json"],
        "run": ["run", "--month", "2020-04"],
        "status": ["status"],
        "report": ["report", "--out", sent / "reports"],
        "feeds": ["feeds", file_names.of(workbook), "A5"],
        "explain": ["explain", "facility_rural", "--unit", COUNTY],
        "approve": ["approve", "2020-04", "--by", "市局李某"],
        "after": ["submit", office.workbook(APRIL, COUNTY)],
        "audit": ["audit"],
    }
    outputs = {}
    for name, words in steps.items():
        done = CliRunner().invoke(
            main,
            ["--data", str(office.settings.data), *map(str, words)],
            env={"SHEQU_REFERENCE": str(office.settings.reference)},
        )
        assert done.exception is None or isinstance(done.exception, SystemExit), (name, done.exception)
        assert "Traceback" not in done.output, name
        outputs[name] = done.output
    return outputs


@pytest.fixture(scope="module")
def release(office, said):
    return open_release(settings=office.settings)


def test_hostile_words_go_through_everything_as_words(said, release):
    """Nothing acts on a terminal; the findings name the words; the file's rows count where they can."""
    assert not {name: ACTS.findall(text) for name, text in said.items() if ACTS.search(text)}
    assert "居民户数”的值为“=HYPERLINK" in said["submit"] and "<script>alert(1)</script>" in said["submit"]
    assert "text_too_long" in said["submit"]
    line = said["submit_json"].splitlines()[-1]
    assert json.loads(line)["file"] == FILE  # the ledger's text is the name as it was
    assert release.rows("SELECT count(*) AS n FROM standing WHERE row_state = 'accepted'")[0]["n"] > 10
    codes = {row["code"] for row in release.rows("SELECT DISTINCT code FROM finding_all")}
    assert codes >= {"name_differs", "not_a_number", "text_too_long", "unknown_column"}
    assert "已成版 2020年4月第1版" in said["run"] and "已发布（" in said["run"]


def test_a_waiting_file_is_told_how_to_reopen(said):
    assert "2020年4月已审定，本件待重开后计入" in said["after"]


def formulas(data: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        sheets = [package.read(name).decode() for name in package.namelist() if name.startswith("xl/worksheets/")]
    return [formula for sheet in sheets for formula in re.findall(r"<f[ >].*?</f>|<f>.*?</f>", sheet)]


def test_no_workbook_that_goes_out_holds_a_formula_of_theirs(office, said, workbook):
    receipts = list((office.sent / "receipts").iterdir())
    out = [*receipts, *(path for path in (office.sent / "reports").iterdir() if path.suffix == ".xlsx")]
    assert receipts and len(out) > len(receipts)
    allowed = set(formulas(workbook.read_bytes()))
    for path in out:
        assert set(formulas(path.read_bytes())) <= allowed, path.name
        assert not ACTS.search(path.name)
        openpyxl.load_workbook(path)  # whole, for a strict reader
    book = openpyxl.load_workbook(receipts[0])
    cells = [cell for row in book["问题清单"].iter_rows() for cell in row if isinstance(cell.value, str)]
    assert any("=HYPERLINK" in cell.value for cell in cells) and {cell.data_type for cell in cells} == {"s"}
    links = [cell.hyperlink for cell in cells if cell.hyperlink]
    assert links and not [link.target for link in links if link.target]  # into the workbook itself only


def test_the_reports_are_whole_and_their_page_runs_nothing_of_theirs(office, said):
    for path in (office.sent / "reports").iterdir():
        if path.suffix == ".docx":
            assert len(Document(path).paragraphs) > 5
        if path.suffix == ".html":
            text = path.read_text(encoding="utf-8")
            assert "<script>alert" not in text and "<img src=x" not in text and len(re.findall("<script", text)) == 2


def test_a_download_of_findings_neither_calculates_nor_breaks_its_lines(release):
    rows = release.rows("SELECT * FROM finding_all")
    names = dict.fromkeys(("found", "message", "sheet", "cell", "unit"))
    csv = escape.sheet(rows, {name: name for name in names}).decode("utf-8-sig")
    starts = [line[:2] for line in csv.splitlines()]
    assert len(rows) > 20 and not [
        start for start in starts if start.lstrip('"').startswith(("=", "+", "-", "@", "\t"))
    ]


PAGES = {"county": {"county": COUNTY}, "quality": {}, "reporting": {"county": COUNTY}, "unit": {}, "overview": {}}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_the_words_and_lets_none_act(office, release, monkeypatch, page):
    monkeypatch.setenv("SHEQU_DATA", str(office.settings.data))
    monkeypatch.setenv("SHEQU_REFERENCE", str(office.settings.reference))
    opened = AppTest.from_file(str(ROOT / "dashboards" / "app.py"), default_timeout=900)
    if page != "overview":
        opened.switch_page(f"app_pages/{page}.py")
    unit = release.rows("SELECT unit FROM finding_all WHERE found LIKE '<script>%' AND unit IS NOT NULL")[0]["unit"]
    for name, value in {**PAGES[page], **({"unit": unit} if page == "unit" else {})}.items():
        opened.query_params[name] = value
    opened.run()
    assert not opened.exception
    shown = [str(node.value) for kind in ("markdown", "caption", "info", "warning", "error", "success", "header")
             for node in getattr(opened, kind)]  # fmt: skip
    shown += [str(value) for table in opened.table for value in table.value.to_numpy().ravel()]
    acting = ("](javascript:", "![x](http", "<script>alert", "<img src=x", r"$\href{", ":red[x]", ":material/home:")
    assert [text for text in shown if any(word in text for word in acting)] == []


# ---- names of files


NAMES = [
    b"\xb1\xed\xb8\xf1.xlsx", b"\xff\xfe\x81.xlsx", b"x\x1b[31mred\x07.xlsx", b"a\nBcc: c.xlsx", "\u202excod.xlsx".encode(),
    ("长" * 80 + ".xlsx").encode(), b"CON.xlsx", b'=HYPERLINK("x").xlsx', "😀[b]$\\href{x}$.xlsx".encode(), b"trailing. ", b"C:\\a..\\b",
]  # fmt: skip


def test_no_name_of_a_file_stops_the_inbox_or_leaves_it(office, workbook, tmp_path):
    place = Office(tmp_path / "data", office.settings.reference).settings
    place.inbox.mkdir(parents=True)
    for i, name in enumerate(NAMES):
        (place.inbox / os.fsdecode(name)).write_bytes(b"%d" % i)
    command = ["--data", str(place.data), "status"]
    listed = CliRunner().invoke(main, command, env={"SHEQU_REFERENCE": str(place.reference)})
    assert listed.exit_code == 0 and not ACTS.search(listed.output)
    with session.writing(place, "测试") as opened:
        taken = collect_inbox.collect(opened, place)
    assert len(taken) == len(NAMES) and list(place.inbox.iterdir()) == []
    events = [event for event in Archive(place.archive).events() if event.kind == "submission"]
    assert {event.body["file"] for event in events} >= {"表格.xlsx", "CON.xlsx", "\u202excod.xlsx", "a\nBcc: c.xlsx"}
    assert {path.name for path in tmp_path.iterdir()} == {"data"}
    assert all(
        re.fullmatch("[0-9a-f]{64}", path.name) for path in (place.archive / "objects").rglob("*") if path.is_file()
    )


@pytest.mark.parametrize(
    "name",
    [
        "../../evil.xlsx",
        "a\0b.xlsx",
        "长" * 400 + ".xlsx",
        "C:\\x\\..\\y.xlsx",
        "/etc/passwd",
        "",
        "..",
        ".",
        "\ud800.xlsx",
        " ",
    ],
)
def test_an_uploads_name_never_becomes_a_path(name):
    def look(place: Path) -> tuple[str, list[str]]:
        return place.name, [path.name for path in place.parent.iterdir()]

    called, there = submission_desk._tried(look, name, b"x")
    assert there == [called] and len(called.encode()) <= 255 and "/" not in called and called not in ("", ".", "..")
    assert file_names.of(name).encode() is not None


# ---- mail


def test_a_message_cannot_be_given_a_header(tmp_path):
    message = messages.Message(
        "k", "shi@example.gov.cn", "甲\nBcc: evil@example.com\r\n\r\n<b>", "收件箱:a\nBcc: c.xlsx"
    )
    senders.ToFile(tmp_path).send(message)
    read = email.message_from_bytes((tmp_path / "k.eml").read_bytes(), policy=email.policy.default)
    assert read["Bcc"] is None and read["To"] == "shi@example.gov.cn" and "Bcc" in read["Subject"]
