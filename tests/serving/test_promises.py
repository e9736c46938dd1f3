"""The promises of an installation: each kept and broken, by the clock that is given."""

import json
import os
import socket
import threading
import time
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from pipelines import settings
from pipelines.archive.ledger import Ledger
from pipelines.archive.store import Archive
from pipelines.months import SHANGHAI
from pipelines.notify import dispatch
from pipelines.notify.messages import Message
from pipelines.reference import reference_bundle
from pipelines.serving import (
    backup_promises,
    health,
    message_promises,
    network_process,
    probes,
    programs,
    start,
    supervisor,
)
from pipelines.serving.promise import Promise
from pipelines.settings import Settings
from pipelines.system.locks import hold

NOW = datetime(2026, 3, 20, 8, 0, tzinfo=SHANGHAI)


@pytest.fixture
def installation(tmp_path, monkeypatch) -> Settings:
    for name in ("SHEQU_SMTP_HOST", "SHEQU_SWITCH"):
        monkeypatch.delenv(name, raising=False)
    made = Settings(tmp_path / "data", settings.load().reference)
    made.inbox.mkdir(parents=True)
    return made


def state(installation: Settings, now: datetime = NOW) -> dict[str, Promise]:
    return {promise.what: promise for promise in health.state(installation, now)}


def test_an_installation_that_stood_still_since_2020_keeps_few_of_its_promises(installation):
    """What `health` once called well: no contacts, an archive never read, nothing published, an old roster, a policy that is over."""
    Archive(installation.archive).append("approve", {"month": "2020-06"}, "李某", now=NOW - timedelta(days=200))
    seen = state(installation)
    broken = {what for what, promise in seen.items() if not promise.well}
    assert {"联系人", "档案核对", "备份", "恢复演练", "月度发布", "名册", "政策"} <= broken
    assert seen["月度发布"].says.startswith("2026年2月应于 2026-03-06 发布而没有发布；还没有发布过")


def test_a_line_of_json_is_one_promise(installation):
    line = state(installation)["名册"].public()
    assert set(line) == {"what", "well", "due", "says"} and line["due"] == "2025-01-01"


def test_the_month_is_published_until_the_next_one_is_due(installation):
    Archive(installation.archive).append("release", {"month": "2026-02", "edition": 1}, "定时", now=NOW)
    kept = state(installation)["月度发布"]
    assert kept.well and kept.due and kept.due.month == 4, kept
    assert not state(installation, datetime(2026, 4, 10, tzinfo=SHANGHAI))["月度发布"].well


def test_what_waits_too_long_to_be_sent_is_told_with_the_reason(installation):
    dispatch.post(installation, [Message("a", "x@y.example", "题", "文")])
    assert state(installation, datetime.now(SHANGHAI))["消息"].well
    place = installation.data / "outbox" / "queue" / "a.json"
    os.utime(place, (time.time() - 3 * 3600,) * 2)
    (installation.data / "outside.json").write_text(json.dumps({"troubles": ["邮件服务器没有应答"]}))
    seen = state(installation, datetime.now(SHANGHAI))["消息"]
    assert (seen.well, seen.says) == (False, "待发 1 条，最早的已等 3 小时：邮件服务器没有应答")


def test_contacts_are_the_operator_and_the_counties(installation):
    reference = reference_bundle.load(installation.reference)
    place = installation.data / "contacts.yaml"
    for text, well in (("", False), ("operator: a@b.example", False), ('counties: {"130502": a@b.example}', False)):
        place.write_text(text)
        assert message_promises.people(installation, reference, NOW.date()).well is well, text
    place.write_text('operator: a@b.example\ncounties: {"130524": a@b.example}')
    seen = message_promises.people(installation, reference, NOW.date())
    assert seen.well and "不会收到催报" in seen.says and "襄都区" in seen.says


@pytest.mark.parametrize(
    ("year", "kept"),
    [
        (2024, {"名册", "政策", "节假日"}),
        (2025, {"政策", "节假日"}),
        (2026, {"节假日"}),
        *((year, set()) for year in range(2027, 2031)),
    ],
)
def test_roster_policy_and_holidays_run_out_one_after_another_and_are_told_each_year(installation, year, kept):
    """The committed ones: a roster cut off in June 2023, a plan until December 2025, holidays until 2026."""
    seen = state(installation, datetime(year, 7, 1, tzinfo=SHANGHAI))
    assert {what for what in ("名册", "政策", "节假日") if seen[what].well} == kept
    assert all(seen[what].due for what in ("名册", "政策", "节假日"))
    said = " ".join(seen[what].says for what in ("名册", "政策", "节假日"))
    for what, words in (
        ("名册", "请登记新版名册"),
        ("政策", "期限已于2025年12月届满"),
        ("节假日", f"没有{year}年的安排"),
    ):
        assert what in kept or words in said


def test_a_rehearsal_counts_for_a_quarter_and_only_when_the_figures_agreed(installation):
    ledger = Ledger(installation.data / "audit" / "audit.jsonl")
    ledger.append("rehearsal", {"agrees": True, "message": "3/3 一致"}, now=NOW - timedelta(days=98))
    assert backup_promises.rehearsed(installation, NOW).well
    assert not backup_promises.rehearsed(installation, NOW + timedelta(days=2)).well
    ledger.append("rehearsal", {"agrees": False, "message": "2/3 一致"}, now=NOW)
    assert backup_promises.rehearsed(installation, NOW).says.endswith("2/3 一致")


def test_a_backup_that_was_not_whole_is_none(installation):
    Ledger(installation.data / "audit" / "audit.jsonl").append("backup", {"whole": False}, now=NOW)
    assert not backup_promises.backed_up(installation, NOW).well


# ---- sensors


def ticking(last: datetime | None, on: bool = True) -> probes.Ticking:
    return probes.Ticking("inbox", True, on, last, timedelta(minutes=10))


def test_a_sensor_that_fails_or_is_off_is_late():
    assert ticking(NOW).late(None, NOW) is None
    assert ticking(NOW - timedelta(hours=1)).late(NOW - timedelta(minutes=5), NOW) is None, "just started"
    assert "上次正常运行是 2026-03-20 07:00" in ticking(NOW - timedelta(hours=1)).late(NOW - timedelta(hours=2), NOW)
    assert "没有正常运行过" in ticking(None).late(NOW - timedelta(hours=1), NOW)
    assert "已停用" in ticking(NOW, on=False).late(None, NOW)


@pytest.mark.parametrize(
    ("cron", "days"), [("0 6 * * *", 1), ("0 3 * * 0", 7), ("0 2 1 * *", 31)], ids=["daily", "weekly", "monthly"]
)
def test_a_schedule_may_be_as_old_as_its_cron_line_says(cron, days):
    assert probes._term({"cronSchedule": cron}) == timedelta(days=days, hours=2)
    assert [probes._patience({"minIntervalSeconds": n}) for n in (30, 300)] == [timedelta(minutes=n) for n in (10, 25)]


# ---- outside


@pytest.fixture
def silent():
    """A mail server that accepts and says nothing."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(50)
        yield server.getsockname()[1]


def test_a_silent_mail_server_costs_one_round_of_the_outside_program_and_no_sensor(installation, silent, monkeypatch):
    monkeypatch.setenv("SHEQU_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("SHEQU_SMTP_PORT", str(silent))
    monkeypatch.setenv("SHEQU_SMTP_SECURITY", "none")
    monkeypatch.setattr("pipelines.notify.outbox.SECONDS", 0.2)
    monkeypatch.setattr(health, "look", lambda *_: [])
    dispatch.post(installation, [Message(str(n), f"{n}@y.example", "题", "文") for n in range(5)])
    network_process.one_round(installation, datetime.now(SHANGHAI))
    known = network_process.note(installation)
    assert len(known["troubles"]) == 1, "the server is left alone after the first"
    assert network_process.probe(installation) is None
    assert (installation.data / "outbox" / "queue" / "0.json").exists()


def test_one_sign_of_life_a_day_says_what_is_broken_first(installation):
    seen = [Promise("磁盘", True, "空间充足"), Promise("备份", False, "没有备份记录")]
    mail = network_process.sign_of_life(seen, NOW, "op@y.example")
    assert (mail.key, mail.subject) == ("life-2026-03-20", "社区治理系统 3月20日：1 项有问题")
    assert mail.body.splitlines() == ["问题  备份：没有备份记录", "正常  磁盘：空间充足"]
    done = {"tried": NOW.isoformat(), "at": NOW.isoformat()}
    assert not network_process._is_due(done, NOW + timedelta(hours=20)), "4 o'clock of the next day"
    assert network_process._is_due(done, NOW + timedelta(hours=24))
    assert network_process._is_due({**done, "trouble": "x"}, NOW + timedelta(hours=1))


class Touched(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        """Quiet."""


def test_the_switch_is_touched_once_a_day_while_all_that_reports_trouble_works(installation, monkeypatch, tmp_path):
    with HTTPServer(("127.0.0.1", 0), Touched) as server:
        server.seen = []
        threading.Thread(target=server.handle_request, daemon=True).start()
        monkeypatch.setenv("SHEQU_SWITCH", f"http://127.0.0.1:{server.server_address[1]}/ping")
        monkeypatch.setattr(health, "grave", lambda *_: [Promise("磁盘", True, "")])
        assert "at" in network_process._switch(installation, NOW) and server.seen == ["/ping"]
    monkeypatch.setenv("SHEQU_SWITCH", str(tmp_path / "beat"))
    network_process._switch(installation, NOW)
    assert (tmp_path / "beat").exists()
    monkeypatch.setattr(health, "grave", lambda *_: [Promise("看板", False, "没有应答")])
    kept = network_process._switch(installation, NOW)
    assert kept["trouble"] == "未触碰，因为有问题：看板"
    (installation.data / "outside.json").write_text(json.dumps({"switch": kept}))
    assert not message_promises.switch(installation, NOW).well


def test_the_certificate_of_the_mail_server_has_a_day(installation, monkeypatch):
    monkeypatch.setenv("SHEQU_SMTP_HOST", "mail.example")
    assert not message_promises.certificate(installation, NOW).well
    until = (NOW + timedelta(days=13)).isoformat()
    (installation.data / "outside.json").write_text(
        json.dumps({"certificate": {"at": NOW.isoformat(), "until": until}})
    )
    assert "不足两周" in message_promises.certificate(installation, NOW).says
    assert message_promises.certificate(installation, NOW - timedelta(days=2)).well


@pytest.mark.parametrize("security", ["none", "starttls", "off"])
def test_a_mail_server_without_a_certificate_or_without_an_answer_ends_no_round(installation, monkeypatch, security):
    """The process that sends goes on, and so does all that is stopped with it."""
    monkeypatch.setenv("SHEQU_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("SHEQU_SMTP_PORT", "9")
    monkeypatch.setenv("SHEQU_SMTP_SECURITY", security)
    network_process.one_round(installation, NOW)
    network_process.one_round(installation, NOW + timedelta(days=1))
    seen = message_promises.certificate(installation, NOW + timedelta(days=1))
    assert seen.well == (security == "none") and (seen.well or seen.says.startswith("看不到：")), seen


# ---- processes


def test_a_supervisor_is_given_up_only_for_deaths_within_an_hour():
    deaths: list[float] = []
    assert not any(start.given_up(deaths, 3000.0 * n) for n in range(20))
    assert [start.given_up(deaths, 100_000.0 + n) for n in range(5)] == [False, False, False, False, True]


def test_the_dashboard_alone_passes_a_signal_on_and_leaves_nothing(tmp_path):
    """Stopped by SIGTERM or killed outright: what it started goes with it."""
    import signal
    import subprocess
    import sys

    script = "import sys\nfrom pipelines.serving import programs\nsys.exit(programs._until_stopped([sys.executable, '-c', sys.argv[1]], {}))"
    sleeper = f"import time, os\nopen({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)"
    for number in (signal.SIGTERM, signal.SIGKILL):
        (tmp_path / "pid").unlink(missing_ok=True)
        # as a shell starts it in the background
        command = [sys.executable, "-c", f"import signal; signal.signal(15, signal.SIG_IGN)\n{script}", sleeper]
        parent = subprocess.Popen(command, cwd=Path(__file__).parents[2])
        child = int(_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text()))
        parent.send_signal(number)
        parent.wait(60)
        _until(
            lambda child=child: not Path(f"/proc/{child}").exists() or "Z" in Path(f"/proc/{child}/stat").read_text()
        )
        assert parent.returncode == (0 if number == signal.SIGTERM else -9)


def _until(asked, seconds: float = 120):
    deadline = time.monotonic() + seconds
    while not (answer := asked()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return answer


def test_five_programs_are_watched_in_the_order_of_starting_and_listen_on_loopback(installation):
    made = programs.all_of(installation, programs.Ports())
    assert [program.name for program in made] == ["code", "web", "daemon", "dashboard", "outside"]
    commands = [" ".join(program.command) for program in made]
    assert "-h 127.0.0.1 -p 4266" in commands[0] and "-h 127.0.0.1 -p 3000" in commands[1]
    assert "--server.address 127.0.0.1 --server.port 8501" in commands[3]
    assert [program.silence for program in made] == [45.0, 180.0, 180.0, 180.0, 180.0] and made[3].most_mb == 2500
    pace = supervisor.Pace()
    assert (pace.longest_pause, pace.well_after, pace.most_failures, pace.grace, pace.stray_grace) == (
        60,
        600,
        8,
        60,
        10,
    )


def test_a_second_serve_on_the_same_data_does_not_start(installation, monkeypatch):
    monkeypatch.setattr(start.locks, "hold", lambda place, doing, wait: hold(place, doing, 0.0))
    with hold(installation.data / "serve.lock", "shequ serve"):
        assert start.supervise(installation, programs.Ports()) == 1
    assert "未启动：另一个任务正在写入（shequ serve" in (installation.data / "logs" / "serve.log").read_text()
