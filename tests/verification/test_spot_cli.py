"""`shequ spotcheck` as programs meet it: JSON keys, exit status, refusals in Chinese."""

import json
from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner

from pipelines.cli.commands import main
from pipelines.intake import spot_visit_lists
from pipelines.months import SHANGHAI
from tests.verification import spot_office
from tests.verification.spot_office import FACILITY, says

PLAN = ("spotcheck", "plan", "--month", "2020-04", "--indicator", FACILITY)
CLAIM = {
    "policy", "indicator", "level", "unit", "at_most", "counted", "yes", "target", "required", "slack", "unmade_by", "looks",
    "strata", "plans", "recommended", "allowed",
}  # fmt: skip
RESULT = {
    "lower_count",
    "lower",
    "low95_count",
    "high95_count",
    "low95",
    "high95",
    "corrected",
    "status",
    "disproven",
    "text",
}


@pytest.fixture
def shequ(office):
    """`shequ(*words)`: (exit status, stdout, stderr) of one command on this installation."""

    def run(*words):
        environment = {"SHEQU_REFERENCE": str(office.settings.reference)}
        result = CliRunner().invoke(main, ["--data", str(office.settings.data), *map(str, words)], env=environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.stdout, result.stderr

    return run


def test_a_plan_tells_what_visits_prove_and_writes_nothing(shequ, office):
    status, out, _ = shequ(*PLAN, "--json")
    result = json.loads(out)
    assert status == 0 and result["list"] is None and result["claims"][0].keys() >= CLAIM
    assert result["visits"] == next(
        p["visits"] for p in result["claims"][0]["plans"] if p["allowed"] == result["claims"][0]["allowed"]
    )
    assert "个不实即不达标" in shequ(*PLAN)[1]
    assert "还没有抽查" in shequ("spotcheck", "result")[1]


def test_wrong_use_and_refusals(shequ):
    day = f"{datetime.now(SHANGHAI) + timedelta(days=1):%Y-%m-%d}"
    number = ("--source", "排列5", "--issue", "2020101", "--day", day)
    assert shequ(*PLAN, "--commit", *number)[0] == 2, "nobody is named"
    assert shequ(*PLAN, "--commit", "--by", "李某")[0] == 2, "no number"
    status, _, err = shequ(*PLAN, "--commit", "--by", "李某", "--source", "本系统台账", *number[2:])
    assert status == 1 and "由本系统产生" in err
    status, _, err = shequ("spotcheck", "plan", "--month", "2020-04", "--indicator", "nothing")
    assert status == 1 and "没有指标" in err
    assert shequ(*PLAN, "--commit", "--by", "李某", *number)[0] == 0
    status, _, err = shequ("spotcheck", "draw", 1, "--number", "12345", "--published", "网", "--by", "李某")
    assert status == 1 and "才公布" in err
    assert shequ("spotcheck", "plan", "--month", "2020-04", "--withdraw", 1, "--why", "选错", "--by", "李某")[0] == 0
    assert "已撤回：选错" in shequ("spotcheck", "result", 1)[1]
    assert shequ("spotcheck", "result", 5)[0] == 1


def test_draw_record_and_result(shequ, office, tmp_path):
    number = spot_office.planned(office)
    out = tmp_path / "名单"
    status, text, _ = shequ(
        "spotcheck",
        "draw",
        number,
        "--number",
        "12345",
        "--published",
        "体彩网",
        "--out",
        out,
        "--by",
        "李某",
        "--json",
    )
    result = json.loads(text)
    assert status == 0 and {"list", "digest", "plan", "value", "seed", "units", "strata", "files"} <= result.keys()
    assert result["value"] == "排列5 2020101 12345" and sorted(path.suffix for path in out.iterdir()) == [
        ".docx",
        ".xlsx",
    ]
    spot_list = spot_office.now_of(office, type("List", (), {"number": number}))
    today = f"{datetime.now(SHANGHAI):%Y-%m-%d}"
    path = spot_office.filled(
        spot_visit_lists.visit_lists(spot_list)[0], lambda task: says("属实", days=today), tmp_path / "交回"
    )
    status, text, _ = shequ("spotcheck", "record", path, "--by", "李某", "--json")
    back = json.loads(text)
    assert status == 0 and (back["list"], back["recorded"], back["open"], back["replaced"], back["late"]) == (
        1,
        result["units"],
        0,
        0,
        0,
    )
    status, text, _ = shequ("spotcheck", "result", number, "--json")
    verdict = json.loads(text)
    assert (
        verdict["state"] == "closed"
        and verdict["claims"][0].keys() >= RESULT
        and verdict["claims"][0]["status"] == "proven"
    )
    assert "已达标（经抽查核实）" in shequ("spotcheck", "result")[1]
    unit = spot_visit_lists.tasks(spot_list)[0].code
    assert "抽查（2020-04，1 号名单）：属实" in shequ("explain", FACILITY, "--unit", unit)[1]
    [figure] = json.loads(shequ("figures", "--indicator", FACILITY, "--level", "city", "--json")[1])
    assert figure["status"] == "met", "what was reported stays"
