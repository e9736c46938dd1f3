"""When the monthly run starts by itself, and for which month."""

import shutil
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from pipelines.definitions import build_defs
from pipelines.defs import schedule
from pipelines.defs.resource import Station
from pipelines.intake import collect_inbox, session
from pipelines.months import SHANGHAI
from tests.defs.conftest import FIRST, LAST, installed


@pytest.fixture(scope="module")
def defs():
    return build_defs()


@pytest.fixture(scope="module")
def station(reference, workbooks, tmp_path_factory):
    """Two months of 2018, received today."""
    settings = installed(tmp_path_factory.mktemp("timetable"), reference)
    shutil.copytree(workbooks, settings.inbox, dirs_exist_ok=True)
    with session.writing(settings, "接收") as opened:
        collect_inbox.collect(opened, settings)
    return Station(data=str(settings.data), reference=str(settings.reference))


def asked_at(defs, station, moment: datetime) -> list[str]:
    given = {"resources": {"station": station}, "repository_def": defs.get_repository_def()}
    with dg.build_schedule_context(scheduled_execution_time=moment, **given) as context:
        result = defs.resolve_schedule_def("monthly_schedule").evaluate_tick(context)
    return [request.partition_key for request in result.run_requests or []]


def test_what_came_in_before_the_tick_is_asked_for_and_what_came_later_waits(defs, station):
    now = datetime.now(SHANGHAI)
    assert asked_at(defs, station, now + timedelta(seconds=5)) == [FIRST, LAST]
    assert asked_at(defs, station, now - timedelta(days=1)) == []


def test_the_timetable_is_that_of_the_calendar_and_runs_without_being_told_to(defs):
    schedule = defs.resolve_schedule_def("monthly_schedule")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 6 * * *", "Asia/Shanghai")
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING


def test_partitions_start_with_the_policy_and_end_with_the_last_month_that_is_over(defs, reference):
    asset = defs.resolve_assets_def("edition")
    now = datetime(2019, 7, 31, 23, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    keys = asset.partitions_def.get_partition_keys(now)
    assert (keys[0], keys[-1]) == (f"{reference.first_month:%Y-%m}", "2019-06")


@pytest.mark.parametrize("year", range(2027, 2031))
def test_a_year_without_a_holiday_notice_has_its_months_and_its_due_days_move_by_weekends(defs, reference, year):
    now = datetime(year, 12, 31, 12, tzinfo=SHANGHAI)
    keys = defs.resolve_assets_def("edition").partitions_def.get_partition_keys(now)
    assert keys[-13:] == [f"{year - 1}-11", f"{year - 1}-12", *(f"{year}-{month:02}" for month in range(1, 12))]
    calendar, month = reference.calendar, datetime(year, 9, 1).date()
    assert not calendar.is_known(year) and f"没有{year}年的安排" in calendar.caveat(month)
    due = calendar.due_day(month)  # within the National Day holiday, were it announced
    assert due.month == 10 and due.day == {5: 7, 6: 6}.get(datetime(year, 10, 5).weekday(), 5)
    asked = schedule.requests({month: "mark"}, defs.resolve_assets_def("edition").partitions_def, now)
    assert [request.partition_key for request in asked] == [f"{year}-09"]


def test_many_months_are_one_run(defs):
    for name in ("submission", "verdicts", "edition", "docx"):
        assert defs.resolve_assets_def(name).backfill_policy == dg.BackfillPolicy.single_run()
