"""Clocks that are wrong, or jump: what a file is about its content says; a refusal of the calendar's is no lasting one (issue F 2)."""

import time
from datetime import datetime, timedelta

import pytest

from pipelines.archive.store import Archive
from pipelines.edition import figures, open_release
from pipelines.errors import Refusal
from pipelines.intake import session, submit_files
from pipelines.monthly import gate
from pipelines.months import SHANGHAI
from pipelines.serving import preflight
from tests.books import but
from tests.faults.test_backup import APRIL, COUNTY, MAY, office, published

__all__ = ["office", "published"]

IN_APRIL = datetime(2020, 4, 30, 23, 59, 50, tzinfo=SHANGHAI)
IN_MAY = IN_APRIL + timedelta(seconds=20)


def sent(office, path, now: datetime):
    (report,) = submit_files.submit([path], office.settings, "测试", now=now)
    return report


def test_a_report_of_a_month_still_to_come_waits_and_counts_once_it_is_over(office):
    early = office.workbook(MAY, COUNTY)
    waiting = sent(office, early, IN_APRIL)
    assert waiting.state == "waiting"
    assert "month_future" in {finding["code"] for finding in waiting.findings}
    assert sent(office, early, IN_APRIL).state == "known", "同月再报,仍是那一份"
    assert sent(office, early, IN_MAY).state == "known", "五月还没有过完"
    again = sent(office, early, IN_MAY + timedelta(days=62))
    assert (again.state, again.seq, again.in_force["seq"]) == ("known", waiting.seq, waiting.seq), "已自行生效"
    assert Archive(office.settings.archive).verify() == []


def test_what_was_refused_for_another_reason_stays_the_same_submission(office):
    broken = office.sent / "柏乡县2020年5月.xlsx"
    office.sent.mkdir(exist_ok=True)
    broken.write_bytes(b"PK\x03\x04 not a workbook")
    first = sent(office, broken, IN_APRIL)
    assert (first.state, sent(office, broken, IN_MAY).seq) == ("refused", first.seq)


@pytest.mark.parametrize("shift", [timedelta(days=31), timedelta(days=-31), timedelta(days=-1), timedelta(days=4000)])
def test_a_jump_of_the_clock_moves_no_figure(office, shift):
    """Two corrections, between them a jump: the later of the ledger counts, whatever the clock says."""
    village = next(unit.name for unit in office.units(APRIL, COUNTY) if unit.kind == "农村社区")
    now = datetime(2020, 6, 15, 12, tzinfo=SHANGHAI)
    sent(office, office.workbook(APRIL, COUNTY, but(village, facility="否", facility_area=None)), now)
    sent(office, office.workbook(APRIL, COUNTY, but(village, households=201)), now + shift)
    office.run(APRIL)
    shown = figures(open_release(settings=office.settings), indicator="facility_rural", unit=COUNTY)
    assert [row["numerator"] for row in shown] == [row["denominator"] for row in shown]
    assert office.run(APRIL).new is False


def test_a_clock_that_was_set_back_is_told_before_anything_starts(office):
    last = preflight.last_event(office.settings)
    with pytest.raises(Refusal, match=r"时间被拨回过，定时任务会停住不动；请先校准系统时间"):
        preflight.clock(office.settings, last - timedelta(days=1))
    preflight.clock(office.settings, last + timedelta(days=40))


def test_a_month_is_released_by_the_clock_of_the_calendar_whatever_zone_the_machine_has(office, monkeypatch):
    """April 2020 is due on 6 May: the 5th was the last day of a holiday; it is released on the 7th at 06:00."""
    with session.settled(office.settings, "测试") as opened:
        # its one county has reported, which would open the gate at once
        monkeypatch.setattr(gate, "all_reported", lambda *_: False)
        for zone in ("", "UTC", "America/Los_Angeles"):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            assert gate.opened_by(opened, APRIL, datetime(2020, 5, 7, 5, 59, tzinfo=SHANGHAI)) is None
            assert gate.opened_by(opened, APRIL, datetime(2020, 5, 7, 6, 0, tzinfo=SHANGHAI)) == gate.BY_TIME
    monkeypatch.undo()
    time.tzset()
