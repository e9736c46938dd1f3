"""One look at everything, and the units of systemd."""

import json
import shutil
import subprocess
from dataclasses import asdict
from datetime import date, datetime, timedelta

import pytest
from click.testing import CliRunner

from pipelines import settings
from pipelines.archive.ledger import Ledger
from pipelines.archive.store import Archive
from pipelines.cli.commands import main
from pipelines.monthly import overdue
from pipelines.months import SHANGHAI
from pipelines.serving import health, probes, systemd_units
from pipelines.serving.programs import Ports
from pipelines.serving.promise import Promise
from pipelines.settings import Settings
from tests.serving.test_checks import free

NOW = datetime(2026, 3, 20, 8, 0, tzinfo=SHANGHAI)


@pytest.fixture
def installation(tmp_path) -> Settings:
    made = Settings(tmp_path / "data", settings.load().reference)
    made.inbox.mkdir(parents=True)
    return made


def seen(installation: Settings, what: str) -> Promise:
    return {promise.what: promise for promise in health.state(installation, NOW)}[what]


def test_programs_that_do_not_answer_are_named(installation):
    (installation.data / "serve.json").write_text(json.dumps(asdict(Ports(free(), free(), free()))))
    looks = health.running(installation, NOW)
    assert [promise.what for promise in looks if not promise.well] == [
        "看板",
        "Dagster 代码服务",
        "Dagster 界面",
        "Dagster 守护进程",
        "对外收发",
        "Dagster 定时",
    ]


def test_the_command_tells_a_promise_a_line_and_ends_with_1_where_one_is_broken(installation):
    (installation.data / "serve.json").write_text(json.dumps(asdict(Ports(free(), free(), free()))))
    result = CliRunner().invoke(main, ["--data", str(installation.data), "health", "--json"])
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1 and not any(line["well"] for line in lines if line["what"] == "看板")
    assert all(set(line) == {"what", "well", "due", "says"} for line in lines) and "档案核对" in result.stdout
    assert {"名册", "备份", "档案核对", "联系人", "政策", "节假日"} <= {line["what"] for line in lines}


def test_a_schedule_that_was_called_in_the_future_is_told_with_what_to_do():
    now = NOW.timestamp()
    assert probes.ahead([("inbox", now - 30), ("monthly_schedule", now + 60)], now) is None
    said = probes.ahead([("inbox", now + 86400), ("reminders_schedule", now + 2 * 86400)], now)
    assert said.startswith("inbox、reminders_schedule 的上次触发记在未来（最晚 2026-03-22 08:00）")
    assert "timedatectl" in said and "重新启动 shequ serve" in said


def test_an_old_reading_of_the_archive_is_a_fault_and_a_fresh_one_is_not(installation):
    overdue.verify(installation, NOW - timedelta(days=7))
    assert seen(installation, "档案核对").well
    overdue.verify(installation, NOW - timedelta(days=9))
    assert "已超过 8 天" in seen(installation, "档案核对").says


def test_damage_found_is_told(installation):
    overdue.verified_at(installation).write_text(json.dumps({"at": NOW.isoformat(), "faults": ["台账第 3 行残缺"]}))
    assert seen(installation, "档案核对") == Promise(
        "档案核对", False, "1 处损坏，如：台账第 3 行残缺", date(2026, 3, 28)
    )


def test_no_backup_is_a_fault_and_the_last_one_is_told(installation):
    assert not seen(installation, "备份").well
    (installation.data / "audit").mkdir()
    Ledger(installation.data / "audit" / "audit.jsonl").append("backup", {}, now=NOW - timedelta(days=1))
    assert seen(installation, "备份") == Promise("备份", True, "上次备份 2026-03-19T08:00", date(2026, 3, 21))


def test_the_last_release_in_the_ledger_is_the_last_successful_run(installation):
    assert seen(installation, "上次成功运行").says == "还没有运行过"
    for edition in (1, 2):
        Archive(installation.archive).append("release", {"month": "2026-02", "edition": edition}, by="定时", now=NOW)
    assert seen(installation, "上次成功运行") == Promise(
        "上次成功运行", True, "2026-03-20T08:00，2026-02 第 2 版（定时）"
    )


def test_a_file_that_nobody_takes_is_named(installation):
    (installation.inbox / "柏乡县.xlsx").write_bytes(b"x")
    late = {
        promise.what: promise for promise in health.state(installation, datetime.now(SHANGHAI) + timedelta(hours=2))
    }
    assert late["收件箱"].says == "超过 1 小时未被接收：柏乡县.xlsx"


def test_late_counties_are_told_and_are_no_broken_promise(installation):
    assert seen(installation, "报送").well
    assert seen(installation, "报送").says.startswith("2026年2月已报 0 个县，应于 2026-03-05 前报送；逾期：")


def test_reference_data_has_an_age(installation):
    """The last roster ends on 2023-06-30, the last policy in 2025-12; holidays are known up to 2026."""
    roster, policy, holidays = (seen(installation, what) for what in ("名册", "政策", "节假日"))
    assert (roster.well, roster.due, "2023年版名册" in roster.says) == (False, date(2025, 1, 1), True)
    assert (policy.well, policy.due) == (False, date(2025, 12, 31))
    assert (holidays.well, holidays.due) == (True, date(2026, 12, 31))
    later = {promise.what: promise for promise in health.state(installation, datetime(2026, 12, 10, tzinfo=SHANGHAI))}[
        "节假日"
    ]
    assert (later.well, "没有2027年的安排" in later.says) == (False, True)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_accepts_the_units(installation, tmp_path, monkeypatch):
    monkeypatch.setenv("SHEQU_BACKUP", "/srv/copy")
    places = systemd_units.write(installation, tmp_path / "units", "daemon")
    assert not any("@" in place.read_text() for place in places)
    service = next(place for place in places if place.name == "shequ.service").read_text()
    assert f"ReadWritePaths={installation.data} -/srv/copy\n" in service
    done = subprocess.run(["systemd-analyze", "verify", *map(str, places)], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "shequ" in line]
    assert (done.returncode, ours) == (0, [])
