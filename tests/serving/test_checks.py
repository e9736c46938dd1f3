"""Before the start: each refusal names the thing and the remedy."""

import socket
from collections import namedtuple
from datetime import datetime, timedelta

import pytest

from pipelines import settings
from pipelines.archive.store import Archive
from pipelines.errors import Refusal
from pipelines.months import SHANGHAI
from pipelines.serving import dagster_home, preflight, probes, start
from pipelines.serving.programs import Ports
from pipelines.settings import Settings

NOW = datetime(2026, 3, 6, 8, 0, tzinfo=SHANGHAI)
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def installation(tmp_path) -> Settings:
    return Settings(tmp_path / "data", settings.load().reference)


def free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_an_empty_folder_and_free_ports_are_enough(installation):
    preflight.before_start(installation, Ports(free(), free(), free()), NOW)
    assert (installation.data / "logs").is_dir()


@pytest.mark.parametrize("address", ["0.0.0.0", "10.1.2.3", "shequ.example"])  # noqa: S104
def test_an_address_that_others_reach_is_refused_without_sign_in(installation, address):
    with pytest.raises(Refusal, match=f"地址 {address} 能从别的机器访问，而这里没有设置登录"):
        preflight.before_start(installation, Ports(free(), free(), free(), address), NOW)


def test_a_folder_that_is_a_file_is_named(installation):
    installation.data.mkdir()
    (installation.data / "releases").write_text("")
    with pytest.raises(Refusal, match=r"文件夹 .*releases 不能写入"):
        preflight.writable(installation)


def test_a_port_in_use_is_named_with_the_option_that_moves_it():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Refusal, match=rf"Dagster 界面的端口 127.0.0.1:{port} 不能使用.*--dagster-port"):
            preflight.free_ports(Ports(free(), port, free()))


def test_a_full_disk_is_refused_and_a_nearly_full_one_is_said(installation, monkeypatch):
    installation.data.mkdir()
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(100 * 2**30, 0, 100 * 2**20))
    with pytest.raises(Refusal, match="只剩 100 MB，至少需要 500 MB"):
        preflight.room(installation)
    assert preflight.scarce(installation.data) == "磁盘只剩 0.1 GB（0%，应不少于 20%）；请清理或扩容"


def test_a_clock_set_back_behind_the_ledger_is_refused(installation):
    Archive(installation.archive).append("approve", {"month": "2026-01"}, "某人", NOW)
    preflight.clock(installation, NOW - timedelta(minutes=9))
    with pytest.raises(Refusal, match=r"系统时间是 2026-03-05 08:00，而台账最后一条记录写于 2026-03-06 08:00"):
        preflight.clock(installation, NOW - timedelta(days=1))


BEAT = {"daemonType": "SCHEDULER", "required": True, "lastHeartbeatTime": 1000.0}


@pytest.mark.parametrize(
    ("now", "said"),
    [(1500, None), (1700, "已 12 分钟没有心跳"), (300, "心跳在未来：系统时间被拨回过")],
)
def test_a_heartbeat_is_too_old_or_ahead(now, said):
    trouble = probes.stale([BEAT], now)
    assert trouble is None if said is None else said in trouble


def test_the_operators_own_dagster_yaml_counts(installation):
    installation.data.mkdir()
    (installation.data / "dagster.yaml").write_text("telemetry: {enabled: false}\nlocal: data/dagster/x\n")
    text = (dagster_home.dagster_home(installation) / "dagster.yaml").read_text()
    assert text == f"telemetry: {{enabled: false}}\nlocal: {installation.data}/dagster/x\n"


def test_the_ports_of_the_last_start_are_remembered(installation):
    installation.data.mkdir()
    assert start.ports_of(installation) == Ports()
    start._remember(installation, Ports(dashboard=9000))
    assert start.ports_of(installation) == Ports(dashboard=9000)
