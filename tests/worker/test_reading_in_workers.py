"""Every file from outside is parsed in a child within limits; what falls ill there costs its file and nobody else's."""

import json
import signal
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pytest

from pipelines import settings
from pipelines.answers.read_failure import Costly
from pipelines.archive.store import Archive, Event
from pipelines.errors import Refusal
from pipelines.intake import submit_files
from pipelines.monthly import rebuild_editions
from pipelines.reference import reference_bundle
from pipelines.settings import Limits
from pipelines.worker import worker_pool, worker_process
from tests.books import Office

APRIL, COUNTY = date(2020, 4, 1), "130571"

WORKING = worker_process.PROGRAM
FAILING = ("-s", str(Path(__file__).with_name("failing_child.py")))


@pytest.fixture
def failing(monkeypatch):
    """Workers that fail over files of certain names, and low limits."""
    for name, limit in (("MEMORY", "1024"), ("CPU", "1"), ("WALL", "60")):
        monkeypatch.setenv(f"SHEQU_READ_{name}", limit)
    monkeypatch.setattr(worker_process, "PROGRAM", FAILING)


def named(path: Path, name: str) -> Path:
    """The same workbook under another name and with other bytes."""
    copy = path.with_name(name)
    copy.write_bytes(path.read_bytes() + name.encode())
    return copy


def ledger(office: Office, kind: str) -> list[Event]:
    return [event for event in Archive(office.settings.archive).events() if event.kind == kind]


def test_limits_come_from_the_environment(monkeypatch):
    assert settings.limits() == Limits(2048, 60, 90)
    monkeypatch.setenv("SHEQU_READ_WALL", "7")
    assert settings.limits() == Limits(2048, 60, 7)
    monkeypatch.setenv("SHEQU_READ_CPU", "一分钟")
    with pytest.raises(Refusal, match="SHEQU_READ_CPU=一分钟 不是正整数"):
        settings.limits()


def test_files_that_exceed_a_limit_are_refused_alone(office, failing):
    good = office.workbook(APRIL, COUNTY)
    whys = {"杀死": "died", "空转": "cpu", "吃内存": "memory"}
    reports = office.submit(*(named(good, f"{name}.xlsx") for name in whys), good)
    *bad, kept = reports
    assert kept.state == "effective" and not kept.refused
    assert [(r.state, [f["code"] for f in r.findings]) for r in bad] == [("refused", ["too_costly"])] * 3
    assert [r.findings[0]["found"] for r in bad] == list(whys.values())
    assert "处理器时间上限 1 秒" in bad[1].findings[0]["message"]
    assert "内存上限 1024 MB" in bad[2].findings[0]["message"]
    noted = {event.body["submission"]: event.body for event in ledger(office, "too_costly")}
    assert [noted[r.seq]["why"] for r in bad] == list(whys.values())
    assert noted[bad[0].seq]["limits"] == asdict(Limits(1024, 1, 60))


def test_a_file_that_stalls_is_refused_alone(office, failing, monkeypatch):
    monkeypatch.setenv("SHEQU_READ_WALL", "3")
    good = office.workbook(APRIL, COUNTY)
    stalled, kept = office.submit(named(good, "睡.xlsx"), good)
    assert (stalled.state, kept.state) == ("refused", "effective")
    assert "读取这个文件超过了上限（读取时间上限 3 秒），已停止读取；文件已原样存档" in stalled.findings[0]["message"]


def test_a_fault_of_the_program_refuses_the_file_and_ends_with_it(office, failing, monkeypatch, capfd):
    path = named(office.workbook(APRIL, COUNTY), "出错.xlsx")
    [report] = office.submit(path)
    assert [f["code"] for f in report.findings] == ["reader_fault"] and report.refused
    assert "KeyError: '一个缺陷'" in capfd.readouterr().err
    assert ledger(office, "too_costly") == []
    office.settings.warehouse.unlink()
    monkeypatch.setattr(worker_process, "PROGRAM", WORKING)
    worker_pool.dismiss()
    [again] = office.submit(path)
    assert not again.refused and again.seq == report.seq


def test_what_was_too_costly_once_is_so_on_every_machine(office, failing, monkeypatch):
    good = office.workbook(APRIL, COUNTY)
    bad = named(good, "杀死.xlsx")
    office.submit(bad, good)
    edition = office.run(APRIL)
    monkeypatch.setattr(worker_process, "PROGRAM", WORKING)  # a machine on which it can be read
    worker_pool.dismiss()
    office.settings.warehouse.unlink()
    verdict = rebuild_editions.rebuild(office.settings)
    assert verdict["agrees"], json.dumps(verdict, ensure_ascii=False)
    assert office.run(APRIL).new is False and edition.number == 1


def test_a_machine_that_cannot_read_what_is_published_refuses_and_decides_nothing(office, failing, monkeypatch):
    path = named(office.workbook(APRIL, COUNTY), "空转.xlsx")
    monkeypatch.setattr(worker_process, "PROGRAM", WORKING)
    office.submit(path)
    office.run(APRIL)
    office.settings.warehouse.unlink()
    monkeypatch.setattr(worker_process, "PROGRAM", FAILING)
    worker_pool.dismiss()
    with pytest.raises(Refusal, match=r"第 1 号文件“空转.xlsx”先前读得出，这次没有读出（处理器时间上限 1 秒）"):
        rebuild_editions.rebuild(office.settings)
    assert ledger(office, "too_costly") == []


def test_what_was_too_costly_may_be_sent_again_as_it_is(office, failing, monkeypatch):
    bad = named(office.workbook(APRIL, COUNTY), "杀死.xlsx")
    [first] = office.submit(bad)
    monkeypatch.setattr(worker_process, "PROGRAM", WORKING)
    worker_pool.dismiss()
    [second] = office.submit(bad)
    assert (first.state, second.state) == ("refused", "effective") and second.seq > first.seq
    assert office.submit(bad)[0].state == "known"


def test_a_worker_killed_between_files_is_replaced(office):
    event = Event(1, "2020-05-01", "submission", "", {"file": "空.xlsx", "sha256": ""}, "")
    for _ in range(2):
        [(_, tables)] = worker_pool.read_each([(event, lambda: b"")], office.reference)
        assert tables["finding"]["code"].to_pylist() == ["empty_file"]
        for child in worker_pool.idle():
            child.process.send_signal(signal.SIGKILL)
            child.process.wait()


def test_a_fork_does_not_share_the_pipes_of_its_parents_workers(office, monkeypatch):
    event = Event(1, "2020-05-01", "submission", "", {"file": "空.xlsx", "sha256": ""}, "")
    list(worker_pool.read_each([(event, lambda: b"")], office.reference))
    [child] = worker_pool.idle()
    with monkeypatch.context() as forked:
        forked.setattr(worker_process.os, "getpid", lambda: child.owner + 1)
        assert not child.alive
        child.stop()
    assert child.alive


def test_workers_have_no_environment_and_no_files_of_the_installation(office, monkeypatch):
    monkeypatch.setenv("SHEQU_SECRET", "geheim")
    worker_pool.dismiss()
    event = Event(1, "2020-05-01", "submission", "", {"file": "空.xlsx", "sha256": ""}, "")
    list(worker_pool.read_each([(event, lambda: b"")], office.reference))
    [child] = worker_pool.idle()
    process = Path(f"/proc/{child.process.pid}")
    assert b"geheim" not in (process / "environ").read_bytes()
    opened = {link.readlink().name for link in (process / "fd").iterdir()}
    assert not [name for name in opened if name.endswith((".duckdb", ".lock", ".jsonl"))]


def test_reference_data_changed_under_a_running_task_is_refused(office):
    reference = office.reference
    _ = reference.digests
    office.edit("form.yaml").write_text("")
    changed = reference_bundle.Reference(office.settings.reference, reference.form, reference.rosters)
    changed.__dict__["digests"] = reference.digests
    event = Event(1, "2020-05-01", "submission", "", {"file": "空.xlsx", "sha256": ""}, "")
    with pytest.raises(Refusal, match="读取程序无法启动"):
        list(worker_pool.read_each([(event, lambda: b"")], changed))


def test_a_receipt_that_cannot_be_marked_is_the_list_alone(office, monkeypatch):
    [report] = office.submit(office.workbook(APRIL, COUNTY))
    monkeypatch.setattr(worker_pool, "_ask", lambda *_: Costly("memory", Limits()))
    [path] = submit_files.write_receipts([report], office.settings, office.sent / "receipts")
    assert path.name.endswith("_回执_第1次.xlsx") and path.stat().st_size > 1000


def test_two_hundred_files_at_once(office):
    good = office.workbook(APRIL, COUNTY)
    reports = office.submit(*(named(good, f"{number}.xlsx") for number in range(200)))
    assert [r.seq for r in reports] == list(range(1, 201))
    assert [r.state for r in reports] == ["superseded"] * 199 + ["effective"]
