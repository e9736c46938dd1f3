"""What lies in the inbox: which files are reports, which lie still, and how one leaves it."""

import os
import time
from pathlib import Path

from pipelines.settings import Settings

_IGNORED_NAMES = {"thumbs.db", "desktop.ini", ".ds_store"}
_IGNORED_ENDINGS = (".tmp", ".part", ".crdownload", ".swp")


def is_ignored(path: Path) -> bool:
    """Lock files of Office and WPS, leftovers of macOS and Windows, files being downloaded: never anybody's report."""
    name = path.name.lower()
    return name.startswith(("~$", ".", "._", ".~")) or name in _IGNORED_NAMES or name.endswith(_IGNORED_ENDINGS)


def waiting_files(settings: Settings, still_for: float = 0.0) -> list[Path]:
    """Files in the inbox that are nobody's lock file and have not changed for `still_for` seconds, in order of arrival by name."""
    moment = time.time()
    files = [path for path in _lying(settings) if not is_ignored(path)]
    return [path for path in files if _is_still(path, moment, still_for)]


def _is_still(path: Path, moment: float, still_for: float) -> bool:
    """A time of change that lies ahead is no writing at this moment: it comes from a clock that was wrong, here or at the sender's."""
    try:
        return abs(moment - path.stat().st_mtime) >= still_for
    except FileNotFoundError:
        return False  # somebody took it away again


def passed_over(settings: Settings) -> list[Path]:
    """Files in the inbox that are nobody's report and stay where they are."""
    return [path for path in _lying(settings) if is_ignored(path)]


def _lying(settings: Settings) -> list[Path]:
    # by parts, which is how paths compare, ten times as fast
    lying = sorted(settings.inbox.rglob("*"), key=lambda path: path.parts)
    return [path for path in lying if path.is_file() and not path.is_symlink()]


def leave(path: Path, before: os.stat_result) -> None:
    """Out of the inbox, unless somebody went on writing since it was read: then it stays and is taken whole next time."""
    try:
        now = path.stat()
    except FileNotFoundError:
        return  # somebody took it away himself
    if (now.st_size, now.st_mtime_ns, now.st_ino) == (before.st_size, before.st_mtime_ns, before.st_ino):
        path.unlink()
