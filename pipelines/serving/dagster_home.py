"""Dagster's home folder: `dagster.yaml` with absolute paths, the workspace file, and unusable databases set aside."""

import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from pipelines.archive.store import write_durably
from pipelines.errors import Refusal
from pipelines.months import SHANGHAI
from pipelines.settings import REPOSITORY, Settings

LOCATION = "shequ"
TICKS = Path("storage/schedules/schedules.db")
# Clocks of a network differ by seconds; what was recorded ten minutes ahead of now means that the clock was set back.
TOLERATED = timedelta(minutes=10)


def dagster_home(settings: Settings) -> Path:
    """Dagster's home under the data folder, with absolute paths; the operator's own `data/dagster.yaml` goes first."""
    home = settings.data / "dagster"
    own = settings.data / "dagster.yaml"
    source = own if own.exists() else REPOSITORY / "dagster.yaml"
    _write(home / "dagster.yaml", source.read_text(encoding="utf-8").replace("data/dagster", _quoted(home)))
    return home


def set_aside_unusable(home: Path, now: datetime) -> list[str]:
    """Rename Dagster's damaged databases (they hold only history) or such with future ticks; one Chinese sentence each."""
    moved = []
    for place in sorted((home / "storage").rglob("*.db")):
        if _is_damaged(place):
            moved.append(_set_aside(home, place, "已损坏"))
    if ahead := tick_ahead(home, now):
        moved.append(_set_aside(home, home / TICKS, f"记有未来的定时（{ahead:%Y-%m-%d %H:%M}，系统时间被拨回过）"))
    return moved


def tick_ahead(home: Path, now: datetime) -> datetime | None:
    """The last tick where it lies in the future, until when Dagster schedules nothing; else None."""
    if not (home / TICKS).exists():
        return None
    try:
        with closing(sqlite3.connect(home / TICKS, timeout=1.0)) as con:
            (last,) = con.execute("SELECT max(timestamp) FROM job_ticks").fetchone()
    except sqlite3.DatabaseError:
        return None  # held by another process, or not made yet
    tick = last and datetime.fromisoformat(last).replace(tzinfo=UTC).astimezone(SHANGHAI)
    return tick if tick and tick - now > TOLERATED else None


def _set_aside(home: Path, place: Path, why: str) -> str:
    moment = time.strftime("%Y%m%d-%H%M%S")
    for name in (place, place.with_name(f"{place.name}-wal"), place.with_name(f"{place.name}-shm")):
        if name.exists():
            name.replace(name.with_name(f"{name.name}.unusable-{moment}"))
    return (
        f"Dagster 的数据库 {place.relative_to(home)} {why}，已移开（{place.name}.unusable-{moment}）并重新建立；"
        "只失去运行历史，已收到的报表和发布版不受影响"
    )


def _is_damaged(place: Path) -> bool:
    """Whether SQLite's quick check fails. A database locked by another process does not count as damaged."""
    try:
        with closing(sqlite3.connect(place, timeout=1.0)) as con:
            return con.execute("PRAGMA quick_check(1)").fetchone() != ("ok",)
    except sqlite3.OperationalError:
        return place.is_dir()
    except sqlite3.DatabaseError:
        return True


def workspace(home: Path, port: int) -> Path:
    """The workspace file: one code location, which web server and daemon share."""
    server = {"host": "127.0.0.1", "port": port, "location_name": LOCATION}
    _write(home / "workspace.yaml", yaml.safe_dump({"load_from": [{"grpc_server": server}]}))
    return home / "workspace.yaml"


def _write(place: Path, text: str) -> None:
    if not place.exists() or place.read_text(encoding="utf-8") != text:
        write_durably(place, text.encode())


def _quoted(home: Path) -> str:
    """The folder's name for YAML. Errors: `Refusal` for a name that YAML would read as something else."""
    if yaml.safe_load(f"{home}/x") != f"{home}/x":
        raise Refusal(f"数据文件夹的名称“{home}”含有 Dagster 配置不能使用的字符；请换一个名称")
    return str(home)
