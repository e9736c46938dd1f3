"""Checks before the programs are started; each refusal says what is wrong and what to do."""

import shutil
import socket
import tempfile
from datetime import datetime
from pathlib import Path

from pipelines.access import roles
from pipelines.archive.store import Archive
from pipelines.errors import Refusal
from pipelines.months import SHANGHAI
from pipelines.serving import dagster_home
from pipelines.serving.programs import ADDRESS, Ports
from pipelines.settings import Settings

LEAST_FREE_MB = 500
SCARCE = 0.20


def before_start(settings: Settings, ports: Ports, now: datetime | None = None) -> None:
    """All checks in turn. Errors: `Refusal` of the first that fails."""
    roles.may_listen(settings, ports.address, ports.anonymous)
    roles.before_serving(settings)
    writable(settings)
    free_ports(ports)
    room(settings)
    clock(settings, now or datetime.now(SHANGHAI))


def writable(settings: Settings) -> None:
    """Every folder of run-time state can be written to."""
    names = ("archive", "inbox", "receipts", "warehouse", "releases", "dagster", "logs")
    for folder in (settings.data, *(settings.data / name for name in names)):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise Refusal(
                f"文件夹 {folder} 不能写入（{error.strerror}）；请让运行本程序的用户拥有它，或检查磁盘是否只读、已满"
            ) from None


def free_ports(ports: Ports) -> None:
    """Errors: `Refusal` for a port that another program uses, naming the option to change it."""
    wanted = [
        ("看板", ports.address, ports.dashboard, "--port"),
        ("Dagster 界面", ADDRESS, ports.web, "--dagster-port"),
    ]
    wanted.append(("Dagster 代码服务", ADDRESS, ports.code, "--code-port"))
    for label, address, port, option in wanted:
        _free(label, address, port, option)


def _free(label: str, address: str, port: int, option: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise Refusal(
                f"{label}的端口 {address}:{port} 不能使用（{error.strerror}）；"
                f"多半是已有一个 shequ serve 或 shequ dashboard 在运行：先停止它，或用 {option} 换一个端口"
            ) from None


def room(settings: Settings) -> None:
    """Errors: `Refusal` where the disk has less than `LEAST_FREE_MB` free."""
    free = shutil.disk_usage(settings.data).free / 2**20
    if free < LEAST_FREE_MB:
        raise Refusal(f"{settings.data} 所在磁盘只剩 {free:.0f} MB，至少需要 {LEAST_FREE_MB} MB；请先清出空间")


def scarce(folder: Path) -> str | None:
    """In Chinese, that the disk is nearly full; None while there is room."""
    usage = shutil.disk_usage(folder)
    if usage.free >= SCARCE * usage.total:
        return None
    return (
        f"磁盘只剩 {usage.free / 2**30:.1f} GB（{usage.free / usage.total:.0%}，应不少于 {SCARCE:.0%}）；请清理或扩容"
    )


def clock(settings: Settings, now: datetime) -> None:
    """Errors: `Refusal` where the last event of the ledger lies in the future."""
    last = last_event(settings)
    if last and last - now > dagster_home.TOLERATED:
        raise Refusal(
            f"系统时间是 {now:%Y-%m-%d %H:%M}，而台账最后一条记录写于 {last:%Y-%m-%d %H:%M}：时间被拨回过，"
            "定时任务会停住不动；请先校准系统时间（timedatectl）"
        )


def last_event(settings: Settings) -> datetime | None:
    """When the archive's last event was recorded."""
    archive = Archive(settings.archive)
    for event in archive.events(after=max(0, archive.last_seq() - 1)):
        return datetime.fromisoformat(event.at)
    return None
