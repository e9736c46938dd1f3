"""Atomic, durable file writes, and small JSON files; errors of the disk as a `Refusal` in Chinese."""

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pipelines.errors import Refusal


def write_durably(place: Path, data: bytes, mode: int = 0o640) -> None:
    """Write `data` to `place` atomically: temporary name, fsync, rename, fsync of the folder."""
    make_folder(place.parent)
    sweep(place.parent, f".{place.name}.")
    temporary = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(place)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(place.parent)


def read_json(place: Path) -> dict[str, Any]:
    """The JSON object in a file; empty where the file is missing, cannot be read or holds something else."""
    with suppress(OSError, ValueError):
        content = json.loads(place.read_text(encoding="utf-8"))
        return content if isinstance(content, dict) else {}
    return {}


def sweep(folder: Path, prefix: str = ".") -> None:
    """Remove temporary files (of one target: those that begin with `prefix`) whose writer no longer runs."""
    for leftover in folder.iterdir():
        name = leftover.name
        if name.startswith(prefix) and name.endswith(".part"):
            writer = name.removesuffix(".part").rpartition(".")[2]
            if writer.isdigit() and not is_alive(int(writer)):
                leftover.unlink(missing_ok=True)


def is_alive(process: int) -> bool:
    """Whether a process with this id exists, of whatever user."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def make_folder(folder: Path) -> None:
    """Create the folder and its parents durably: a file is lost with the folder that a power cut removes."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """fsync a folder, so that renames in it are on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folders(root: Path) -> None:
    """fsync every folder under `root`; their files must be synced already."""
    for folder, _, _ in os.walk(root, topdown=False):
        sync_folder(Path(folder))


def link(source: Path, target: Path) -> None:
    """Hard-link `source` as `target`; copy where the file system has no hard links or is another one."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        if target.parent.exists():
            raise
        target.parent.mkdir(parents=True, exist_ok=True)
        link(source, target)
    except OSError:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        sync_folder(target)


# ---- errors of the disk

_WHY = {
    errno.ENOSPC: ("磁盘已满", "请清理磁盘（或换大磁盘）后再试"),
    errno.EDQUOT: ("磁盘配额已用完", "请清理或提高配额后再试"),
    errno.EROFS: ("磁盘是只读的", "请检查磁盘是否出错、是否以只读方式挂载，改为可写后再试"),
    errno.EACCES: ("没有写入权限", "请让运行本程序的用户对该文件夹有读写权限后再试"),
    errno.EPERM: ("没有写入权限", "请让运行本程序的用户对该文件夹有读写权限后再试"),
    errno.EIO: ("磁盘读写出错", "磁盘可能已损坏；请检查磁盘，必要时换盘并从备份恢复（shequ restore）"),
    errno.ENOLCK: ("该磁盘不支持文件锁", "数据文件夹须放在本机磁盘（ext4、xfs），不要放在网络盘"),
    errno.EMFILE: ("打开的文件过多", "请关闭其他程序后再试"),
    errno.ENFILE: ("打开的文件过多", "请关闭其他程序后再试"),
}


@contextmanager
def refusing(doing: str) -> Iterator[None]:
    """Turn disk errors in the block into a `Refusal` naming operation, cause and remedy; other OSErrors are bugs and pass."""
    try:
        yield
    except OSError as fault:
        if fault.errno not in _WHY:
            raise
        why, remedy = _WHY[fault.errno]
        place = f"（{fault.filename}）" if fault.filename else ""
        raise Refusal(f"{doing}未完成：{why}{place}；已存档的内容不受影响。{remedy}") from fault


def need_room(folder: Path, needed: int, doing: str) -> None:
    """Errors: `Refusal` when the disk of `folder` has less than `needed` bytes free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise Refusal(
            f"{doing}未开始：磁盘剩余 {free / 2**20:.0f} MB，至少需要 {needed / 2**20:.0f} MB（{folder}）；"
            "已存档的内容不受影响。请清理磁盘后再试"
        )
