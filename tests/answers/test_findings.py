"""The taxonomy is closed: what is raised is listed, what is listed is raised and produced by a test, and the page is current."""

import re
from pathlib import Path

import pytest

from pipelines.answers import findings
from pipelines.answers.findings import Finding, Report, finding_id
from pipelines.errors import Refusal
from pipelines.workbook.grid import NOTES, UNREADABLE
from tests.answers import sheets_of_a_form as pages

ROOT = Path(__file__).resolve().parents[2]
KINDS = findings.load(pages.REFERENCE)
OTHERS = [ROOT / "pipelines" / "figures" / "comparisons.py", ROOT / "pipelines" / "answers" / "read_failure.py"]
SOURCES = [path for room in ("answers", "workbook") for path in (ROOT / "pipelines" / room).rglob("*.py")] + OTHERS
TESTS = [*(ROOT / "tests").rglob("test_*.py")]


def quoted(paths: list[Path]) -> set[str]:
    return {word for path in paths for word in re.findall(r'"([a-z][a-z0-9_]+)"', path.read_text(encoding="utf-8"))}


def test_every_code_is_raised_somewhere():
    assert set(KINDS) - quoted(SOURCES) == set()


def test_every_trouble_of_the_container_has_an_entry():
    assert {*UNREADABLE, *NOTES} <= set(KINDS)


def test_a_code_that_is_not_listed_cannot_be_raised():
    with pytest.raises(KeyError):
        Report("a.xlsx", KINDS).add("no_such_code")


def test_every_code_of_the_reader_is_produced_by_a_test():
    assert set(KINDS) - set(UNREADABLE) - set(NOTES) - quoted(TESTS) == set()


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.code)
def test_messages_are_in_one_voice(kind):
    assert (
        kind.message.endswith("。")
        and kind.meaning.endswith("。")
        and kind.cause.endswith("。")
        and kind.remedy.endswith("。")
    )
    if kind.severity == "error" and kind.code not in UNREADABLE:
        assert "请" in kind.message or "应为" in kind.message


def finding(**changes) -> Finding:
    base = dict(
        code="too_big",
        severity="error",
        sheet="表1",
        cell="D4",
        field="grids",
        unit="1",
        found="9",
        expected="",
        message="",
    )
    return Finding(**{**base, **changes})


def test_the_id_of_a_finding_stays_until_the_value_changes():
    first = finding_id("130524", finding())
    assert len(first) == 12
    assert first == finding_id("130524", finding(cell="E9", sheet="Sheet1", row=9, message="x"))
    assert first != finding_id("130524", finding(found="10"))
    assert first != finding_id("130525", finding())
    assert first != finding_id("130524", finding(unit="2"))


def test_long_and_odd_values_are_shortened_in_messages():
    report = Report("a\u202eb.xlsx", KINDS)
    report.add(
        "not_a_flag", sheet="表", cell="A1", field="x", found="长" * 500 + "\n", expected="是", label="甲", effect=""
    )
    assert "（共501字）" in report.findings[0].message and "\u202e" not in report.findings[0].message
    assert report.findings[0].found == "长" * 500 + "\n"


def flood(fields: list[str], rows: int) -> list[Finding]:
    report = Report("a.xlsx", KINDS)
    words = {"found": "?", "expected": "是", "label": "甲", "effect": "该项按未填处理"}
    for name in fields:
        for row in range(1, rows + 1):
            report.add("not_a_flag", sheet="表", cell=f"A{row}", field=name, row=row, unit=str(row), **words)
    return report.close()


def test_few_findings_of_a_kind_are_listed_one_by_one():
    assert len(flood(["x"], findings.SINGLY)) == findings.SINGLY


def test_one_cause_is_one_finding_with_the_count_and_the_first_cells():
    (finding,) = flood(["x"], findings.SINGLY + 1)
    assert "等41处" in finding.message and "同类共 41 处" in finding.message
    assert finding.cell.startswith("A1,A2,A3,") and (finding.row, finding.unit, finding.found) == (None, None, "?")


def test_a_habit_in_all_columns_is_one_finding_a_column_or_one_for_the_sheet():
    assert len(flood([f"f{i}" for i in range(35)], 121)) == 35
    (finding,) = flood([f"f{i}" for i in range(70)], 600)
    assert "同类共 42000 处" in finding.message and finding.field is None


def test_errors_come_first():
    report = Report("a.xlsx", KINDS)
    report.add("hidden_sheet", sheet="表")
    report.add("matched_by_name", sheet="表", count=1)
    report.add("no_units", sheet="表")
    assert [f.severity for f in report.close()] == ["error", "warning", "note"]


def test_a_code_that_stands_twice_is_refused(tmp_path):
    text = (pages.REFERENCE / "findings.yaml").read_text(encoding="utf-8")
    entry = text[text.index("  - code:") : text.index("  - code:", text.index("  - code:") + 5)]
    (tmp_path / "findings.yaml").write_text(text + entry, encoding="utf-8")
    with pytest.raises(Refusal, match="出现两次"):
        findings.load(tmp_path)
