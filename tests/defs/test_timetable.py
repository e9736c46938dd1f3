"""When the monthly run starts by itself, and for which month."""

from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from pipelines.definitions import build_defs


@pytest.fixture(scope="module")
def defs():
    return build_defs()


def asked_at(defs, moment: str) -> str:
    schedule = defs.resolve_schedule_def("monthly_schedule")
    time = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    with dg.build_schedule_context(scheduled_execution_time=time, repository_def=defs.get_repository_def()) as context:
        (request,) = schedule.evaluate_tick(context).run_requests
        return request.partition_key


@pytest.mark.parametrize(
    ("moment", "month"),
    [("2019-07-06 06:00", "2019-06"), ("2020-01-06 06:00", "2019-12"), ("2020-03-06 06:00", "2020-02")],
)
def test_on_the_sixth_the_month_that_has_ended_is_run(defs, moment, month):
    assert asked_at(defs, moment) == month


def test_the_timetable_is_that_of_shanghai_and_runs_without_being_told_to(defs):
    schedule = defs.resolve_schedule_def("monthly_schedule")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 6 6 * *", "Asia/Shanghai")
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING


def test_partitions_start_with_the_policy_and_end_with_the_last_month_that_is_over(defs, reference):
    asset = defs.resolve_assets_def("release")
    now = datetime(2019, 7, 31, 23, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    keys = asset.partitions_def.get_partition_keys(now)
    assert (keys[0], keys[-1]) == (f"{reference.first_month:%Y-%m}", "2019-06")


def test_many_months_are_one_run(defs):
    for name in ("submissions", "figures", "release", "report"):
        assert defs.resolve_assets_def(name).backfill_policy == dg.BackfillPolicy.single_run()
