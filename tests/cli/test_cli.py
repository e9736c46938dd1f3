"""The command line as programs meet it: JSON keys, exit status, refusals in Chinese without a traceback."""

import getpass
import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli.commands import main
from pipelines.intake import submit_files
from pipelines.system import locks
from tests import small_city
from tests.books import Office, but, plain

APRIL = date(2020, 4, 1)
COUNTY = "130571"
FILE = {"file", "sha256", "county", "month", "refused", "rows", "findings"}
ROWS = {"read", "accepted", "held", "new", "changed", "unchanged", "kept"}
FINDING = {"code", "severity", "sheet", "cell", "count", "field", "unit", "found", "expected", "message"}
FIGURE = {
    "indicator", "month", "level", "unit", "name", "value", "known", "lower", "upper", "numerator", "denominator", "unknown",
    "failing", "carried", "target", "status", "if_low", "if_high", "if_last", "gap", "gap_failing", "gap_unknown", "edition",
}  # fmt: skip
ANSWER = {"value", "raw", "file", "sha256", "sheet", "cell", "carried_from"}


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Office:
    folder = tmp_path_factory.mktemp("office")
    return Office(folder / "data", small_city.make(folder / "reference", [COUNTY]))


@pytest.fixture(scope="module")
def village(office):
    return next(unit for unit in office.units(APRIL, COUNTY) if unit.kind == "农村社区")


@pytest.fixture(scope="module")
def shequ(office):
    """`shequ(*words)`: (exit status, stdout, stderr) of one command on this installation."""
    runner = CliRunner()

    def run(*words, data=office.settings.data):
        environment = {"SHEQU_REFERENCE": str(office.settings.reference)}
        result = runner.invoke(main, ["--data", str(data), *map(str, words)], env=environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in result.output
        return result.exit_code, result.stdout, result.stderr

    return run


@pytest.fixture(scope="module")
def published(office, shequ, village):
    """The county's file of April, with one unreadable answer, submitted and published."""
    path = office.workbook(APRIL, COUNTY, but(village.name, facility="大概有"), {"agency": "是"})
    status, _, _ = shequ("submit", path)
    assert status == 1, "一处读不出"
    assert shequ("run", "--month", "2020-04")[0] == 0
    return path


# ---- check


def test_check_tells_one_object_a_file_and_stores_nothing(office, shequ, village, tmp_path):
    path = office.workbook(APRIL, COUNTY, but(village.name, facility="大概有"), {"agency": "是"})
    status, out, _ = shequ("check", "--json", path, path, data=tmp_path / "empty")
    objects = [json.loads(line) for line in out.splitlines()]
    assert status == 1
    assert len(objects) == 2
    assert objects[0].keys() >= FILE
    assert objects[0]["rows"].keys() == ROWS
    assert (objects[0]["county"], objects[0]["month"], objects[0]["refused"]) == (COUNTY, "2020-04", False)
    [finding] = [f for f in objects[0]["findings"] if f["severity"] == "error"]
    assert finding.keys() >= FINDING
    assert (finding["unit"], finding["field"], finding["found"]) == (village.code, "facility", "大概有")
    assert finding["cell"].rstrip("0123456789").isalpha()
    assert not (tmp_path / "empty" / "archive").exists()


def test_check_of_a_good_file_ends_with_0(office, shequ):
    path = office.workbook(date(2020, 5, 1), COUNTY, lambda unit: {**plain(unit), "households": 203}, {"agency": "是"})
    assert shequ("check", "--json", path)[0] == 0


def test_a_file_that_is_no_workbook_is_a_refused_report(shequ, tmp_path):
    path = tmp_path / "坏.xlsx"
    path.write_bytes("这不是工作簿".encode())
    status, out, _ = shequ("check", "--json", path)
    report = json.loads(out)
    assert (status, report["refused"], report["rows"]) == (1, True, dict.fromkeys(ROWS, 0))
    assert [f["severity"] for f in report["findings"]] == ["error"]


def test_for_people_errors_come_first_and_of_a_refused_file_no_row_counts(office, shequ, village, tmp_path):
    path = office.workbook(APRIL, COUNTY, but(village.name, facility="大概有"), {"agency": "是"})
    findings = shequ("check", path)[1].splitlines()[1:]
    grades = [line.split()[0] for line in findings]
    assert grades == sorted(grades, key=["错误", "需核实", "提示"].index) and grades[0] == "错误"
    assert f"{village.town} {village.name}：【not_a_flag】" in findings[0] and "单元格" in findings[0]
    other = tmp_path / "2020年3月.xlsx"
    shutil.copy(path, other)
    told = shequ("check", other)[1].splitlines()
    assert "不能采用" in told[0] and "整份不计入" in told[0] and "，计入" not in told[0]
    assert "把标题和文件名改为同一月份" in told[1]


def test_a_bad_path_costs_only_itself(office, shequ, tmp_path):
    good = office.workbook(APRIL, COUNTY)
    last = office.workbook(APRIL, COUNTY, lambda unit: {**plain(unit), "households": 205})
    big = tmp_path / "过大.xlsx"
    with big.open("wb") as file:
        file.truncate(submit_files.LARGEST + 1)
    files, receipts = (good, tmp_path / "没有.xlsx", big, last), tmp_path / "receipts"
    for words in (("check",), ("submit", "--receipts", receipts)):
        status, out, _ = shequ(*words, "--json", *files, data=tmp_path / "data")
        objects = [json.loads(line) for line in out.splitlines()]
        assert status == 1
        assert [report["refused"] for report in objects] == [False, True, True, False]
        assert (
            "找不到文件" in objects[1]["findings"][0]["message"] and "超过上限" in objects[2]["findings"][0]["message"]
        )
        assert all(report.keys() >= FILE and not report.keys() & {"id", "number"} for report in objects)
        assert all(finding.keys() >= FINDING for report in objects for finding in report["findings"])
    assert [report["state"] for report in objects] == ["superseded", "refused", "refused", "effective"]
    assert (objects[0]["seq"], objects[1]["seq"], objects[1]["receipt"]) == (1, None, None)
    assert {Path(report["receipt"]) for report in objects if report["seq"]} == set(receipts.iterdir())


def test_a_finding_of_one_cause_says_in_how_many_cells_it_stands(office, shequ, tmp_path):
    path = office.workbook(APRIL, COUNTY, lambda unit: {**plain(unit), "population": "约300"}, {"agency": "是"})
    report = json.loads(shequ("check", "--json", path, data=tmp_path / "data")[1])
    [finding] = [row for row in report["findings"] if row["field"] == "population"]
    assert finding["count"] == len(office.units(APRIL, COUNTY)) > 40


def test_a_file_is_stored_and_said_to_be_while_another_task_keeps_its_receipt(office, shequ, tmp_path, monkeypatch):

    def busy(*_):
        raise locks.Busy("另一个任务正在写入")

    monkeypatch.setattr(submit_files, "write_receipts", busy)
    words = ("submit", "--json", "--receipts", tmp_path / "receipts", office.workbook(APRIL, COUNTY))
    _, out, err = shequ(*words, data=tmp_path / "data")
    assert (json.loads(out)["state"], json.loads(out)["receipt"]) == ("effective", None)
    assert err.strip() == "回执未写：另一个任务正在写入"


# ---- taking back, and what waits


DECISIONS = [
    ("withdraw", "1", "--why", "错发"),
    ("explain-finding", "abc", "--text", "实地数过"),
    ("accept", "abc"),
    ("ask", "abc", "--text", "何时"),
    ("dismiss", "abc", "--why", "测试文件"),
    ("extend", "2020-04", "--county", COUNTY, "--until", "2020-05-10", "--why", "停电"),
    ("admit", "--name", "新村", "--town", "130571001000", "--kind", "农村社区", "--from", "2020-04", "--why", "新设"),
]


@pytest.mark.parametrize("words", DECISIONS, ids=lambda words: words[0])
@pytest.mark.parametrize("name", [None, "", "root", getpass.getuser()])
def test_every_decision_needs_a_persons_name(shequ, tmp_path, words, name):
    signed = () if name is None else ("--by", name)
    assert shequ(*words, *signed, data=tmp_path / "data")[0] == 2


def test_a_submission_is_taken_back_and_read_as_it_was_sent(office, shequ, tmp_path):
    data, path = tmp_path / "data", office.workbook(APRIL, COUNTY)
    seq = json.loads(shequ("submit", "--json", path, data=data)[1])["seq"]
    status, out, _ = shequ("withdraw", seq, "--why", "错发", "--by", "市局李某", "--json", data=data)
    assert (status, json.loads(out)["of"]) == (0, seq)
    status, out, _ = shequ("withdraw", seq, "--why", "错发", "--by", "市局李某", data=data)
    assert status == 1
    status, out, _ = shequ("original", seq, "--out", tmp_path / "out", "--json", data=data)
    assert (tmp_path / "out" / f"{seq}-{path.name}").read_bytes() == path.read_bytes()


def test_matters_are_listed_with_their_keys(shequ, tmp_path):
    bad = tmp_path / "不知谁的.xlsx"
    bad.write_bytes("这不是工作簿".encode())
    shequ("submit", bad, data=tmp_path / "data")
    [matter] = json.loads(shequ("matters", "--json", data=tmp_path / "data")[1])
    assert matter.keys() >= {"id", "kind", "county", "month", "file", "since", "state", "message"}
    assert (matter["kind"], matter["county"], matter["file"], matter["state"]) == ("no_county", None, bad.name, "open")
    shequ("dismiss", matter["id"], "--why", "测试文件", "--by", "市局李某", data=tmp_path / "data")
    [after] = json.loads(shequ("matters", "--json", data=tmp_path / "data")[1])
    assert after["state"] == "dismissed"


def test_several_matters_are_settled_at_once_and_those_refused_are_named(shequ, tmp_path):
    bad = [tmp_path / name for name in ("不知谁的.xlsx", "也不知谁的.xlsx")]
    for path in bad:
        path.write_bytes(path.name.encode())
        shequ("submit", path, data=tmp_path / "data")
    ids = [matter["id"] for matter in json.loads(shequ("matters", "--json", data=tmp_path / "data")[1])]
    words = ("dismiss", *ids, "abc", "--why", "测试文件", "--by", "市局李某", "--json")
    status, out, err = shequ(*words, data=tmp_path / "data")
    assert {event["matter"] for event in json.loads(out)} == set(ids)
    assert (status, err.strip()) == (1, "未完成：abc：没有编号为 abc 的待办事项；编号见 shequ matters")


# ---- figures


def test_figures_have_the_keys_and_exact_decimals(shequ, published, office):
    status, out, _ = shequ("figures", "--json", "--level", "county", "--indicator", "facility_rural")
    [row] = json.loads(out)
    villages = sum(unit.kind == "农村社区" for unit in office.units(APRIL, COUNTY))
    assert status == 0
    assert row.keys() >= FIGURE
    assert (row["unit"], row["month"], row["level"], row["edition"]) == (COUNTY, "2020-04", "county", "2020-04/1")
    assert (row["numerator"], row["denominator"], row["unknown"], row["carried"]) == (villages - 1, villages, 1, 0)
    assert isinstance(row["value"], str) and len(row["value"].replace(".", "")) >= 12
    assert float(row["value"]) == pytest.approx(100 * (villages - 1) / villages)
    assert row["upper"] == "100"


@pytest.mark.parametrize("level", ["city", "county", "town", "community"])
def test_figures_of_every_level(shequ, published, level):
    status, out, _ = shequ("figures", "--json", "--level", level, "--indicator", "facility_rural")
    rows = json.loads(out)
    assert status == 0
    assert {row["level"] for row in rows} == {level}
    assert all(row.keys() >= FIGURE for row in rows)
    if level == "city":
        assert [row["unit"] for row in rows] == ["130500"]


def test_figures_without_a_value_are_null(shequ, published):
    _, out, _ = shequ("figures", "--json", "--level", "city", "--indicator", "video_coverage")
    [row] = json.loads(out)
    assert (row["value"], row["lower"], row["upper"], row["status"]) == (None, "0", "100", "no_data")


# ---- explain


def test_explain_leads_to_the_cell(shequ, published, village):
    status, out, _ = shequ("explain", "facility_rural", "--unit", village.code, "--json")
    story = json.loads(out)
    assert status == 0
    assert story.keys() >= {"indicator", "clause", "quote", "figure", "units"}
    assert (story["clause"], story["quote"]) == ("四(二)", "农村社区综合服务设施覆盖率达到50%以上")
    assert story["figure"].keys() >= FIGURE
    [unit] = story["units"]
    assert (unit["unit"], unit["name"], unit["counts"]) == (village.code, village.name, "unknown")
    answer = unit["answer"]["facility"]
    assert answer.keys() == ANSWER
    assert (answer["value"], answer["raw"], answer["file"]) == (None, "大概有", published.name)
    assert answer["cell"].rstrip("0123456789").isalpha()


# ---- status and decisions


def test_status_tells_who_has_reported(shequ, published, office):
    status, out, _ = shequ("status", "--json")
    state = json.loads(out)
    assert status == 0
    assert state.keys() >= {"month", "state", "counties", "waiting", "inbox"}
    assert (state["month"], state["state"]) == ("2020-04", "open")
    [county] = state["counties"]
    assert (county["code"], county["state"], county["errors"]) == (COUNTY, "effective", 1)
    assert county["units"] == len(office.units(APRIL, COUNTY))


def test_decisions_are_told_with_their_number(office, published, shequ, tmp_path):
    data = shutil.copytree(office.settings.data, tmp_path / "data")
    status, out, _ = shequ("approve", "2020-04", "--by", "市局李某", "--json", data=data)
    report = json.loads(out)
    assert (status, report["kind"], report["month"]) == (0, "approve", "2020-04")
    status, _, err = shequ("approve", "2020-04", "--by", "市局李某", data=data)
    assert status == 1
    assert err.startswith("未完成：2020年4月已于") and "由市局李某审定" in err
    assert shequ("reopen", "2020-04", "--why", "更正", "--by", "市局李某", data=data)[0] == 0
    report = json.loads(shequ("status", "--month", "2020-04", "--json", data=data)[1])
    assert [(decision["kind"], decision["by"], decision["in_force"]) for decision in report["decisions"]] == [
        ("reopen", "市局李某", True), ("approve", "市局李某", True),
    ]  # fmt: skip


def test_an_edition_is_taken_back_and_given_out_again_by_name(office, published, shequ, village, tmp_path):
    data = shutil.copytree(office.settings.data, tmp_path / "data")
    shequ("submit", office.workbook(APRIL, COUNTY, but(village.name, facility="否", facility_area=None)), data=data)
    made = json.loads(shequ("run", "--month", "2020-04", "--json", data=data)[1])
    assert (made["release"], made["new"], made["released"]) == ("2020-04/2", True, True)
    status, out, _ = shequ("retract", "2020-04/2", "--why", "报错了", "--by", "市局李某", "--json", data=data)
    assert (status, json.loads(out)["edition"]) == (0, 2)
    asked = ("figures", "--json", "--level", "city", "--indicator", "facility_rural")
    shown = {
        edition: json.loads(shequ(*asked, *edition, data=data)[1])[0]["edition"]
        for edition in ((), ("--edition", "2020-04/2"))
    }
    assert shown == {(): "2020-04/1", ("--edition", "2020-04/2"): "2020-04/2"}
    again = json.loads(shequ("run", "--month", "2020-04", "--json", data=data)[1])
    assert (again["release"], again["new"], again["released"]) == ("2020-04/2", False, False), (
        "收回的不因再算一次而复现"
    )
    status, _, err = shequ("retract", "2020-04/2", "--why", "报错了", "--by", "市局李某", data=data)
    assert (status, "由市局李某收回；要恢复，请撤回这个决定" in err) == (1, True)


@pytest.mark.parametrize("by", [(), ("--by", ""), ("--by", "root"), ("--by", "Root"), ("--by", "nobody")])
@pytest.mark.parametrize(
    "words", [("approve", "2020-04"), ("reopen", "2020-04", "--why", "x"), ("release", "2020-04"), ("retract", "2020-04/1", "--why", "x"),
              ("waive", "abc", "--why", "x", "--until", "2020-12"), ("resolve", "abc", "--unit", "1"), ("withdraw", "1", "--why", "x")],
)  # fmt: skip
def test_a_decision_without_a_persons_name_is_wrong_use(shequ, published, words, by):
    status, _, err = shequ(*words, *by)
    assert status == 2 and "--by" in err


# ---- refusals and wrong use


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("figures", "--month", "2019-01"), "未完成：发布版 2020-04/1 没有 2019-01 的数字；它包含 2020-04 至 2020-04"),
        (("figures", "--indicator", "facility_rurl"), "未完成：没有指标 facility_rurl；是否为 facility_rural？"),
        (("figures", "--policy", "甲"), "未完成：没有政策 甲；现有：opinions-2018"),
        (("explain", "facility_rural", "--unit", "1305"), "未完成：“1305”不是 6 位（县）、9 位（乡镇）或 12 位（社区、村）的代码"),
        (("reopen", "2020-04", "--why", "更正", "--by", "李某"), "未完成：2020年4月未经审定，无需重开"),
        (("run", "--month", "2030-01"), "未完成：2030年1月没有任何有效报表，不予成版；请核对月份，或先提交报表（shequ submit）"),
        (("waive", "abc", "--why", "无妨", "--until", "2020-12", "--by", "李某"), "未完成：没有编号为 abc 的问题；编号见 shequ submit 的输出或回执的问题清单"),
        (("approve", "2020-05", "--by", "李某"), "未完成：2020年5月还没有任何有效报表，不能审定"),
    ],
)  # fmt: skip
def test_a_refusal_is_one_chinese_line_and_ends_with_1(shequ, published, words, said):
    status, out, err = shequ(*words)
    assert (status, out, err.strip()) == (1, "", said)


@pytest.mark.parametrize("command", [("figures", "--json"), ("explain", "facility_rural"), ("run",)])
def test_an_empty_installation_says_what_to_do(shequ, tmp_path, command):
    status, out, err = shequ(*command, data=tmp_path / "empty")
    assert (status, out) == (1, "")
    assert err.strip().startswith("未完成：还没有") and "shequ submit" in err


@pytest.mark.parametrize(
    "words",
    [
        ("figures", "--level", "村"),
        ("figures", "--month", "四月"),
        ("reopen", "2020-04"),
        ("nothing",),
        ("check",),
        *(
            (command, "--month", month)
            for command in ("run", "status", "matters")
            for month in ("2018-13", "9999-12", "0000-01")
        ),
    ],
)
def test_wrong_use_ends_with_2(shequ, words):
    assert shequ(*words)[0] == 2


def test_status_of_an_empty_installation(shequ, tmp_path):
    status, out, _ = shequ("status", "--json", data=tmp_path / "empty")
    assert (status, json.loads(out)["month"]) == (0, None)


def test_every_command_says_in_the_list_what_it_is_for():
    said = CliRunner().invoke(main, ["--help"], terminal_width=200).output.split("Commands:")[1].strip().splitlines()
    assert len(said) == len(main.commands)
    assert not [line for line in said if line.split(maxsplit=1)[1].strip(" .…") == ""]
