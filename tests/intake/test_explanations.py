"""A warning answered in the list 问题清单 of a receipt that comes back (semantics §4, Explanation; issue K.2)."""

from datetime import date
from pathlib import Path

import openpyxl
import pytest
from docx import Document

from pipelines.archive.store import Archive
from pipelines.edition import explain, explained_answers, open_release
from pipelines.intake import answer_matters, decisions, submit_files
from pipelines.monthly import papers
from tests import small_city
from tests.books import Office, but, listed, write

APRIL, MAY = date(2020, 4, 1), date(2020, 5, 1)
ZONE = "130571"
LI = "市局李某"
MANY = {"households": 200, "population": 90_000}
REASON = "外来务工人员集中居住，派出所登记数"


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    city = small_city.make(tmp_path_factory.mktemp("explanations") / "reference", [ZONE])
    return small_city.measure_only(city, ("facility_rural", "volunteers"))


@pytest.fixture
def office(reference, tmp_path) -> Office:
    return Office(tmp_path / "data", reference)


@pytest.fixture
def village(office) -> str:
    return next(unit.name for unit in office.units(APRIL, ZONE) if unit.kind == "农村社区")


def receipt_of(office, report) -> Path:
    (path,) = submit_files.write_receipts([report], office.settings, office.sent.parent / "receipts" / str(report.seq))
    return path


def warned(office, village: str, month: date = APRIL) -> tuple[str, Path]:
    """A row with a warning: the finding's id, and the receipt."""
    report = office.send(month, ZONE, but(village, **MANY), {"agency": "是", "towns": 3})
    return next(f["id"] for f in report.findings if f["code"] == "people_per_household"), receipt_of(office, report)


def events(office, kind: str = "explain") -> list:
    return [event for event in Archive(office.settings.archive).events() if event.kind == kind]


def state(office, finding: str) -> tuple:
    [matter] = [m for m in answer_matters.matters(office.settings) if m["id"] == finding]
    return matter["state"], matter["explanation"], matter["question"]


def test_a_reason_written_into_the_receipt_is_read_asked_about_and_accepted(office, village):
    finding, receipt = warned(office, village)
    [report] = office.submit(write(receipt, finding, f"{REASON}，联系人13912345678"))
    [event] = events(office)
    assert event.body == {"finding": finding, "text": f"{REASON}，联系人***", "submission": report.seq}
    assert event.by == "测试" and state(office, finding) == ("explained", f"{REASON}，联系人***", None)
    answer_matters.ask(finding, "请附登记表", office.settings, LI)
    again = receipt_of(office, report)
    line = next(line for line in listed(again) if line["编号"] == finding)
    assert line["与上次相比"] == "市里追问" and line["处理办法"].startswith("市里追问：请附登记表。")
    assert line["情况说明"] == f"{REASON}，联系人***"
    office.submit(write(again, finding, "登记表已于5月3日报送市局，登记人数九万"))
    assert state(office, finding) == ("explained", "登记表已于5月3日报送市局，登记人数九万", None)
    answer_matters.accept(finding, office.settings, LI)
    assert state(office, finding)[0] == "settled"
    later = office.send(MAY, ZONE, but(village, **MANY))
    assert [f["severity"] for f in later.findings if f["id"] == finding] == ["note"]


def test_the_same_answer_sent_twice_or_carried_along_is_one_explanation(office, village):
    finding, receipt = warned(office, village)
    answered = write(receipt, finding, REASON)
    office.submit(answered, answered)
    [report] = office.submit(write(receipt_of(office, office.submit(answered)[0]), finding, REASON))
    assert len(events(office)) == 1
    answer_matters.ask(finding, "请附登记表", office.settings, LI)
    office.submit(write(receipt_of(office, report), finding, REASON))
    assert state(office, finding) == ("open", REASON, "请附登记表"), "原来的说明不是对追问的答复"


def test_an_explanation_taken_back_stays_away_and_goes_with_its_submission(office, village):
    finding, receipt = warned(office, village)
    [report] = office.submit(write(receipt, finding, REASON))
    taken = decisions.withdraw(events(office)[0].seq, "写错", office.settings, LI)
    assert state(office, finding) == ("open", None, None) and len(events(office)) == 1
    decisions.withdraw(taken.seq, "没有写错", office.settings, LI)
    assert state(office, finding)[0] == "explained"
    decisions.withdraw(report.seq, "错发", office.settings, LI)
    assert state(office, finding) == ("open", None, None) and len(events(office)) == 1


def test_what_says_nothing_is_told_and_an_error_is_not_explained_away(office, village):
    finding, receipt = warned(office, village)
    [report] = office.submit(write(receipt, finding, "核实无误。"))
    [unanswered] = [f for f in report.findings if f["code"] == "explanation_says_nothing"]
    assert "“核实无误。”" in unanswered["message"] and unanswered["sheet"] == "问题清单" and events(office) == []
    other = office.send(MAY, ZONE, but(village, facility="大概有"))
    error = next(f["id"] for f in other.findings if f["severity"] == "error")
    office.submit(write(receipt_of(office, other), error, "确实如此，请予采纳"))
    assert events(office) == []


def test_another_countys_finding_is_not_answered(reference, tmp_path):
    both = small_city.measure_only(
        small_city.make(tmp_path / "two" / "reference", [ZONE, "130524"]), ("facility_rural",)
    )
    office = Office(tmp_path / "data", both)
    unit = next(unit for unit in office.units(APRIL, ZONE) if unit.kind == "农村社区")
    finding, receipt = warned(office, unit.name)
    foreign = receipt_of(office, office.send(APRIL, "130524"))
    book = openpyxl.load_workbook(foreign)
    sheet, line = book["问题清单"], next(line for line in listed(receipt) if line["编号"] == finding)
    for place, value in enumerate(list(line.values())[:-1], 1):
        sheet.cell(40, place).value = value
    sheet.cell(40, list(line).index("情况说明") + 1).value = REASON
    book.save(foreign)
    office.submit(foreign)
    assert events(office) == []


def test_the_explanation_is_published_with_the_figure_and_told_as_it_is_now(office, village):
    finding, receipt = warned(office, village)
    office.submit(write(receipt, finding, REASON))
    office.run(APRIL)
    release = open_release(settings=office.settings)
    [row] = release.rows("SELECT finding, text, state FROM explanation")
    assert row == {"finding": finding, "text": REASON, "state": "explained"}
    [sentence] = release.explanations(APRIL, ZONE)
    assert (sentence["unit"][:6], sentence["code"], sentence["text"]) == (ZONE, "people_per_household", REASON)
    answer_matters.accept(finding, office.settings, LI)
    release = open_release(settings=office.settings)
    assert [(line["state"], line["settled_by"]) for line in release.explanations(APRIL)] == [("settled", LI)]
    assert release.explanations(APRIL, "130524") == []
    assert explain(release, "facility_rural", APRIL)["explanations"] == []
    using = release.rows("SELECT indicator FROM indicator WHERE list_contains(fields, 'population')")
    for line in using:
        assert [e["text"] for e in explain(release, line["indicator"], APRIL)["explanations"]] == [REASON]
    assert using, "有指标用到人口数"
    sentence = explained_answers.sentence(explained_answers.explained(release, APRIL)[0])
    assert sentence == f"开发区{village}（常住人口、居民户数）：{REASON}（已采纳）"
    assert village not in explained_answers.sentence(explained_answers.explained(release, APRIL)[0], units=False)


def test_papers_print_the_explanation_with_the_figure(office, village):
    finding, receipt = warned(office, village)
    office.submit(write(receipt, finding, f"{REASON}，联系人13912345678"))
    folder = office.run(APRIL, with_papers=True).folder / "reports"
    docx, html, xlsx = (next(folder.glob(f"*月报*.{kind}")) for kind in ("docx", "html", "xlsx"))
    cells = [cell.text for table in Document(docx).tables for row in table.rows for cell in row.cells]
    assert f"{REASON}，联系人***" in cells and "待采纳" in cells
    page = html.read_text(encoding="utf-8")
    assert "县里的情况说明" in page and REASON in page and "13912345678" not in page
    rows = list(openpyxl.load_workbook(xlsx)["情况说明"].iter_rows(min_row=4, values_only=True))
    assert [(row[1], row[4], row[5]) for row in rows] == [(village, f"{REASON}，联系人***", "待采纳")]


def test_papers_are_issued_anew_once_an_explanation_is_accepted(office, village):
    finding, receipt = warned(office, village)
    office.submit(write(receipt, finding, REASON))
    folder = office.run(APRIL, with_papers=True).folder
    assert not papers.behind(office.settings, folder)
    answer_matters.accept(finding, office.settings, LI)
    assert papers.behind(office.settings, folder)
    issued = papers.issue(office.settings, folder)
    assert not papers.behind(office.settings, folder)
    before = next((folder / "reports" / "earlier" / "1").glob("*月报*.html")).read_text(encoding="utf-8")
    now = next(path for path in issued if path.suffix == ".html" and "月报" in path.name).read_text(encoding="utf-8")
    assert f"{REASON}（待采纳）" in before and f"{REASON}（已采纳）" in now
