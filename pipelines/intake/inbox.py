"""List stable files in the inbox; remove processed ones."""

import os
import time
from pathlib import Path

from pipelines.settings import Settings

_IGNORED_NAMES = {"thumbs.db", "desktop.ini", ".ds_store"}
_IGNORED_ENDINGS = (".tmp", ".part", ".crdownload", ".swp")


def is_ignored(path: Path) -> bool:
    """Whether a file is no report: lock files of Office and WPS, system files of macOS and Windows, partial downloads."""
    name = path.name.lower()
    return name.startswith(("~$", ".", "._", ".~")) or name in _IGNORED_NAMES or name.endswith(_IGNORED_ENDINGS)


def waiting_files(settings: Settings, still_for: float = 0.0) -> list[Path]:
    """Files in the inbox that may be reports and have not changed for `still_for` seconds, in order of path."""
    moment = time.time()
    files = [path for path in _lying(settings) if not is_ignored(path)]
    return [path for path in files if _is_still(path, moment, still_for)]


def _is_still(path: Path, moment: float, still_for: float) -> bool:
    """Whether a file has not changed for so long. A modification time in the future comes from a wrong clock and counts as still."""
    try:
        return abs(moment - path.stat().st_mtime) >= still_for
    except FileNotFoundError:
        return False  # removed in between


def passed_over(settings: Settings) -> list[Path]:
    """Files in the inbox that are no reports and stay there."""
    return [path for path in _lying(settings) if is_ignored(path)]


def _lying(settings: Settings) -> list[Path]:
    # the order of paths, ten times as fast
    lying = sorted(settings.inbox.rglob("*"), key=lambda path: path.parts)
    return [path for path in lying if path.is_file() and not path.is_symlink()]


def leave(path: Path, before: os.stat_result) -> None:
    """Remove a file from the inbox unless it was modified since it was read; then it is taken again next time."""
    try:
        now = path.stat()
    except FileNotFoundError:
        return  # removed by another process
    if (now.st_size, now.st_mtime_ns, now.st_ino) == (before.st_size, before.st_mtime_ns, before.st_ino):
        path.unlink()
