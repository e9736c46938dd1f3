"""The sensor on the inbox: what it asks for, what it leaves, and that it asks once."""

import os
import time
from types import SimpleNamespace

import dagster as dg
import pytest

from pipelines.definitions import build_defs
from pipelines.defs.assets import INBOX
from pipelines.defs.resource import Station
from tests.defs.conftest import installed


class Sensor:
    """The sensor over one inbox, ticking with its own cursor and remembering run keys as the daemon does."""

    def __init__(self, settings):
        self.inbox, self.cursor, self.keys = settings.inbox, None, set()
        self.repository = build_defs(settings).get_repository_def()
        self.definition = self.repository.get_sensor_def("inbox")
        self.station = Station(data=str(settings.data), reference=str(settings.reference))

    def tick(self) -> list[dg.RunRequest]:
        """The runs that would be started."""
        given = {"resources": {"station": self.station}, "repository_def": self.repository}
        with dg.build_sensor_context(cursor=self.cursor, **given) as context:
            result = self.definition.evaluate_tick(context)
        self.cursor = result.cursor
        started = [request for request in result.run_requests if request.run_key not in self.keys]
        self.keys |= {request.run_key for request in started}
        return started

    def drop(self, name: str, data: bytes = b"workbook", still_for: float = 60) -> None:
        path = self.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        moment = time.time() - still_for
        os.utime(path, (moment, moment))


@pytest.fixture
def sensor(tmp_path, reference) -> Sensor:
    return Sensor(installed(tmp_path, reference))


def months_of(requests) -> list[str]:
    return [request.partition_key for request in requests]


def test_an_empty_inbox_asks_for_nothing(sensor):
    assert sensor.tick() == []


def test_a_still_file_is_asked_for_once_in_the_month_of_its_name(sensor):
    sensor.drop("柏乡县2019年6月.xlsx")
    assert months_of(sensor.tick()) == ["2019-06"]
    assert sensor.tick() == []


@pytest.mark.parametrize(
    "name", ["~$柏乡县2019年6月.xlsx", ".~柏乡县.xlsx", "._柏乡县.xlsx", "Thumbs.db", "a.tmp", "a.xlsx.part"]
)
def test_lock_files_and_leftovers_are_nobodys_report(sensor, name):
    sensor.drop(name)
    assert sensor.tick() == []


def test_a_file_being_written_waits_until_it_lies_still(sensor):
    sensor.drop("柏乡县2019年6月.xlsx", b"half", still_for=5)
    assert sensor.tick() == []
    sensor.drop("柏乡县2019年6月.xlsx", b"half and the rest", still_for=60)
    assert len(sensor.tick()) == 1


def test_the_same_content_under_another_name_is_not_run_again(sensor):
    sensor.drop("柏乡县2019年6月.xlsx")
    assert len(sensor.tick()) == 1
    sensor.drop("柏乡县2019年6月(2).xlsx")
    assert sensor.tick() == []


def test_the_same_content_dropped_again_after_it_was_taken_is_not_run_again(sensor):
    sensor.drop("柏乡县2019年6月.xlsx")
    assert len(sensor.tick()) == 1
    (sensor.inbox / "柏乡县2019年6月.xlsx").unlink()
    assert sensor.tick() == []
    sensor.drop("柏乡县2019年6月.xlsx")
    assert sensor.tick() == []


def test_a_file_that_changed_under_its_name_is_asked_for_again(sensor):
    sensor.drop("柏乡县2019年6月.xlsx", b"first")
    first = sensor.tick()
    sensor.drop("柏乡县2019年6月.xlsx", b"second", still_for=50)
    second = sensor.tick()
    assert len(first) == len(second) == 1
    assert first[0].run_key != second[0].run_key


def test_a_batch_is_one_run_over_the_newest_month_that_its_names_speak_of(sensor):
    for number, name in enumerate(("柏乡县2019年6月.xlsx", "隆尧县2019年7月.xlsx", "柏乡县2019年6月第2次.xlsx")):
        sensor.drop(name, b"%d" % number)
    (request,) = sensor.tick()
    assert request.partition_key == "2019-07"
    assert (request.tags["shequ/files"], request.tags[INBOX]) == ("3", "1")


def test_a_new_file_beside_one_already_asked_for_is_a_run_of_its_own(sensor):
    sensor.drop("柏乡县2019年6月.xlsx", b"1")
    first = sensor.tick()
    sensor.drop("隆尧县2019年6月.xlsx", b"2")
    second = sensor.tick()
    assert [request.tags["shequ/files"] for request in first + second] == ["1", "1"]


@pytest.mark.parametrize("name", ["报表.xlsx", "2019年6月2019年7月.xlsx", "柏乡县1999年1月.xlsx"])
def test_a_name_that_tells_no_month_goes_to_the_last_month_that_is_over(sensor, name):
    sensor.drop(name)
    (request,) = sensor.tick()
    assert request.partition_key >= "2020-12"


def test_files_in_folders_are_seen_and_links_are_not(sensor, tmp_path):
    sensor.drop("柏乡县/2019年6月.xlsx")
    (sensor.inbox / "2019年5月.xlsx").symlink_to(tmp_path / "elsewhere.xlsx")
    assert months_of(sensor.tick()) == ["2019-06"]


def test_the_sensor_watches_without_being_told_to(sensor):
    assert sensor.definition.default_status == dg.DefaultSensorStatus.RUNNING


def test_what_is_passed_over_is_noted_once(sensor, monkeypatch):
    messages: list[str] = []
    monkeypatch.setattr(dg.SensorEvaluationContext, "log", property(lambda _: SimpleNamespace(info=messages.append)))
    for name in ("~$柏乡县2019年6月.xlsx", os.fsdecode(b"._\xb1\xed.xlsx")):
        sensor.drop(name)
    assert sensor.tick() == [] and sensor.tick() == []
    assert sorted(messages) == [
        "收件箱中的 ._表.xlsx 是锁定文件或未完成的文件，不读取",
        "收件箱中的 ~$柏乡县2019年6月.xlsx 是锁定文件或未完成的文件，不读取",
    ]


def test_a_name_in_another_encoding_is_seen_and_asked_for(sensor):
    sensor.drop(os.fsdecode("柏乡县2019年6月.xlsx".encode("gbk")))
    assert months_of(sensor.tick()) == ["2019-06"]
    assert sensor.tick() == []
