"""Files that are still being copied, and times of change that cannot be: taken whole, once, and never left lying (issue F 2)."""

import os
import time
from datetime import date

import pytest

from pipelines.archive.store import Archive
from pipelines.defs import inbox_sensor
from pipelines.defs.inbox_sensor import Waiting
from pipelines.intake import collect_inbox, submit_files
from pipelines.intake import inbox as lying
from tests.books import Office
from tests.faults.test_backup import COUNTY, MAY, office, published

__all__ = ["office", "published"]
# seconds: no machine is so slow that they pass between two parts of a file
STILL = 3600


@pytest.fixture
def book(office) -> bytes:
    office.settings.inbox.mkdir()
    return office.workbook(MAY, COUNTY).read_bytes()


def received(office: Office) -> list[int]:
    """Sizes of what came by the inbox, in order."""
    events = Archive(office.settings.archive).events()
    return [event.body["size"] for event in events if event.by == "收件箱"]


def take(office: Office, still_for: float) -> None:
    collect_inbox.take_in(Archive(office.settings.archive), office.settings, still_for)


def test_a_file_on_a_slow_copy_is_left_alone_and_taken_whole_when_it_is_finished(office, book):
    place = office.settings.inbox / "河北邢台经济开发区2020年5月.xlsx"

    with place.open("wb") as file:
        for start in range(0, len(book), len(book) // 8):
            file.write(book[start : start + len(book) // 8])
            file.flush()
            take(office, STILL)
            assert received(office) == []
    finished = time.time() - STILL
    os.utime(place, (finished, finished))
    take(office, STILL)
    assert (received(office), place.exists()) == ([len(book)], False)


def test_a_file_that_grew_while_it_was_read_stays_and_is_taken_whole_the_next_time(office, book, monkeypatch):
    place = office.settings.inbox / "河北邢台经济开发区2020年5月.xlsx"
    place.write_bytes(book[:-500])
    read = submit_files.read_file

    def and_then_the_rest_arrives(path):
        data = read(path)
        place.write_bytes(book)
        return data

    with monkeypatch.context() as slow:
        slow.setattr(collect_inbox, "read_file", and_then_the_rest_arrives)
        take(office, 0)
    assert place.read_bytes() == book, "留在收件箱"
    office.run(date(2020, 4, 1))
    take(office, 0)
    assert (received(office), place.exists()) == ([len(book) - 500, len(book)], False)
    office.run(MAY)
    assert office.current == "2020-05/1"


@pytest.mark.parametrize("ahead", [86_400, 86_400 * 400])
def test_a_file_from_a_clock_that_runs_ahead_is_taken_all_the_same(office, book, ahead):
    place = office.settings.inbox / "河北邢台经济开发区2020年5月.xlsx"
    place.write_bytes(book)
    os.utime(place, (time.time() + ahead,) * 2)
    take(office, 30)
    assert received(office) == [len(book)]


def test_a_file_that_is_taken_away_while_one_looks_is_nothing(office, book, monkeypatch):
    place = office.settings.inbox / "河北邢台经济开发区2020年5月.xlsx"
    monkeypatch.setattr(lying, "_lying", lambda settings: [place])
    assert lying.waiting_files(office.settings, 0) == []


def test_the_same_file_is_one_run_in_a_month_and_another_in_the_next():
    files = [Waiting("a.xlsx", 1, 1, "0" * 64)]
    november, december = date(2026, 11, 30), date(2026, 12, 1)
    assert inbox_sensor._run_key(files, november) == inbox_sensor._run_key(files, november.replace(day=1))
    assert inbox_sensor._run_key(files, november) != inbox_sensor._run_key(files, december)
