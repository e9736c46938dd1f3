"""Dagster kept in order: lost runs are let go, missed months asked for, old runs deleted; trouble is told."""

import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import yaml

from pipelines import months
from pipelines.archive.store import Archive
from pipelines.definitions import build_defs
from pipelines.defs import maintenance_jobs, partitions, schedule
from pipelines.defs import notifications as told
from pipelines.edition import publish
from pipelines.intake import collect_inbox, session
from pipelines.monthly import monthly_run, overdue
from pipelines.months import SHANGHAI
from pipelines.notify import dispatch
from pipelines.settings import REPOSITORY
from tests.defs.conftest import FIRST, LAST, installed, run


@pytest.fixture
def instance(tmp_path):
    with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


@dg.op
def prints():
    print("x" * 1000)


@dg.job
def small():
    prints()


def started(instance: dg.DagsterInstance, pid: int) -> str:
    """A run that says it runs in a process."""
    made = instance.create_run_for_job(small)
    instance.report_engine_event("started", made, _in_process(pid))
    instance.report_dagster_event(dg.DagsterEvent(dg.DagsterEventType.PIPELINE_START.value, small.name), made.run_id)
    return made.run_id


def _in_process(pid: int):
    from dagster._core.events import EngineEventData

    return EngineEventData.in_process(pid)


def status(instance, run_id: str) -> dg.DagsterRunStatus:
    return instance.get_run_by_id(run_id).status


def test_a_run_without_process_is_let_go_and_one_with_it_is_left(instance):
    gone, here = started(instance, 2**22 + 1), started(instance, os.getpid())
    assert status(instance, gone) == dg.DagsterRunStatus.STARTED
    assert maintenance_jobs.release_lost(instance) == [gone]
    assert status(instance, gone) == dg.DagsterRunStatus.FAILURE
    assert status(instance, here) == dg.DagsterRunStatus.STARTED


def test_a_process_that_has_the_id_since_later_is_another_one():
    now = datetime.now().timestamp()
    assert maintenance_jobs.is_alive(os.getpid(), now)
    assert not maintenance_jobs.is_alive(os.getpid(), now - 30 * 86400)


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_old_runs_go_with_their_logs_and_the_home_stays_bounded(instance, tmp_path):
    sizes = []
    for _ in range(2):
        for _ in range(2):
            assert small.execute_in_process(instance=instance).success
        sizes.append(size(tmp_path))
        assert maintenance_jobs.purge(instance, datetime.now(SHANGHAI) + timedelta(seconds=1)) == 2
    assert instance.get_runs_count() == 0
    assert sizes[1] < 1.1 * sizes[0]


def test_a_young_run_and_a_running_one_stay(instance):
    small.execute_in_process(instance=instance)
    kept = started(instance, os.getpid())
    assert maintenance_jobs.purge(instance, datetime.now(SHANGHAI) - maintenance_jobs.KEPT) == 0
    assert maintenance_jobs.purge(instance, datetime.now(SHANGHAI) + timedelta(seconds=1)) == 1
    assert status(instance, kept) == dg.DagsterRunStatus.STARTED


@pytest.fixture(scope="module")
def reported(reference, workbooks, tmp_path_factory):
    """Two months are reported, none is published."""
    settings = installed(tmp_path_factory.mktemp("reported"), reference)
    shutil.copytree(workbooks, settings.inbox, dirs_exist_ok=True)
    with session.writing(settings, "接收") as opened:
        collect_inbox.collect(opened, settings)
    return settings


def test_a_month_is_owed_an_hour_after_the_tick_that_should_have_released_it(reported, reference):
    """The next 06:00, its first hour, and what the runs are called."""
    calendar = reference.calendar
    tick = overdue.last_tick(calendar, datetime.now(SHANGHAI)) + timedelta(days=1)
    assert overdue.missed(reported, tick + timedelta(minutes=59)) == {}
    due = overdue.missed(reported, tick + timedelta(minutes=60))
    assert [months.key(month) for month in due] == [FIRST, LAST]
    requests = schedule.requests(due, partitions.partitions(reference), datetime.now(SHANGHAI))
    assert [request.partition_key for request in requests] == [FIRST, LAST]
    assert requests[0].run_key != requests[1].run_key


def test_what_is_released_is_not_owed_and_is_told_once(reported, tmp_path):
    data = tmp_path / "copy"
    shutil.copytree(reported.data, data)
    settings = type(reported)(data, reported.reference)
    before = Archive(settings.archive).last_seq()
    tomorrow = datetime.now(SHANGHAI) + timedelta(days=1)
    with session.settled(settings, "成版") as opened:
        working = publish(opened, settings, months.parse(FIRST))
    assert dispatch.outbox(settings).waiting() == [], "工作版不发消息"
    assert [months.key(m) for m in overdue.owed(settings, tomorrow)] == [FIRST, LAST], "工作版不算已发布"
    with session.writing(settings, "发布") as opened:
        assert monthly_run.publish_month(opened, settings, months.parse(FIRST)).label == working.label
    assert [months.key(m) for m in overdue.owed(settings, tomorrow)] == [LAST]
    last = dispatch.releases(settings, before)
    (message,) = dispatch.outbox(settings).waiting()
    assert message.subject == "2018年8月第1版已发布"
    assert "项主要指标" in message.body
    assert dispatch.releases(settings, last) == last


def test_a_failed_run_is_told_with_its_reason(reported, instance):
    failed = run(reported, instance, "2019-01", "2019-01")
    events = [event for event in failed.all_node_events if event.is_step_failure]
    assert told.reasons(events) == ["2019年1月没有任何有效报表，没有可计算的内容（最近有报表的月份是2018年9月）"]


def test_a_damaged_archive_fails_the_weekly_look_and_is_told(reported, instance, tmp_path):
    data = tmp_path / "copy"
    shutil.copytree(reported.data, data)
    settings = type(reported)(data, reported.reference)
    assert overdue.verify(settings, datetime.now(SHANGHAI)) == []
    victim = next(path for path in settings.archive.glob("objects/*/*"))
    victim.unlink()
    job = build_defs(settings).resolve_job_def("housekeeping")
    result = job.execute_in_process(instance=instance, raise_on_error=False)
    assert not result.success
    (message,) = dispatch.outbox(settings).waiting()
    assert message.subject == "档案有损坏"
    assert victim.name[:12] in message.body


def test_a_damaged_edition_fails_the_weekly_look_and_is_told(reported, instance, tmp_path):
    data = tmp_path / "copy"
    shutil.copytree(reported.data, data)
    settings = type(reported)(data, reported.reference)
    with session.writing(settings, "发布") as opened:
        edition = monthly_run.publish_month(opened, settings, months.parse(FIRST))
    victim = edition.folder / "tables" / "standing" / f"{FIRST}.parquet"
    victim.unlink()
    job = build_defs(settings).resolve_job_def("housekeeping")
    result = job.execute_in_process(instance=instance, raise_on_error=False)
    assert [event.step_key for event in result.all_node_events if event.is_step_failure] == ["editions_verified"]
    (message,) = dispatch.outbox(settings).waiting()
    assert message.subject.startswith("发布版有损坏")
    assert f"{FIRST}/1/tables/standing/{FIRST}.parquet" in message.body


def test_everything_that_watches_runs_without_being_told_to():
    defs = build_defs()
    assert {sensor.name for sensor in defs.sensors} == {"inbox", "lost_runs", "missed_months", "notices", "failures"}
    assert all(sensor.default_status == dg.DefaultSensorStatus.RUNNING for sensor in defs.sensors)
    assert all(schedule.default_status == dg.DefaultScheduleStatus.RUNNING for schedule in defs.schedules)
    times = {schedule.job_name: schedule.cron_schedule for schedule in defs.schedules}
    assert times == {
        "monthly": "0 6 * * *", "reminders": "30 8 * * *", "housekeeping": "0 3 * * 0", "duty": "50 6 * * *", "copies": "0 2 * * *",
    }  # fmt: skip
    assert {schedule.execution_timezone for schedule in defs.schedules} == {"Asia/Shanghai"}
    assert timedelta(days=400) == maintenance_jobs.KEPT


def test_a_run_that_crashed_is_begun_again_twice_and_one_that_failed_is_not():
    config = yaml.safe_load((REPOSITORY / "dagster.yaml").read_text())
    assert config["run_retries"] == {"enabled": True, "max_retries": 2, "retry_on_asset_or_op_failure": False}
