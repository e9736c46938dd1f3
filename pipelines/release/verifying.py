"""Editions against their manifests: whether every file is there and is what it was."""

import hashlib
import os
from functools import lru_cache
from pathlib import Path

from pipelines import months
from pipelines.archive import is_right
from pipelines.release import editions, tables
from pipelines.release.tables import Object


def faults(releases: Path) -> list[str]:
    """What is wrong with the latest edition of each month, in Chinese. Shared month tables are read once."""
    latest = {folder.parent.name: folder for folder in editions.editions(releases)}
    seen: dict[tuple[int, int], str] = {}
    return [fault for folder in latest.values() for fault in edition_faults(folder, seen)]


def edition_faults(folder: Path, seen: dict[tuple[int, int], str] | None = None) -> list[str]:
    """What is wrong with one edition. `seen` remembers digests by inode, because months share their files."""
    seen = {} if seen is None else seen
    return [
        f"{folder.parent.name}/{folder.name}/{name}:缺失或与清单的校验值不符"
        for name, digest in _listed(editions.read_manifest(folder)).items()
        if _digest(folder / name, seen) != digest
    ]


def require_whole(folder: Path) -> None:
    """Errors: `editions.Damaged` naming the files. An edition found whole is read again only when a file of it was touched."""
    _require_whole(folder, _touched(folder))


@lru_cache(maxsize=8)
def _require_whole(folder: Path, _touched: int) -> None:
    found = edition_faults(folder)
    if found:
        raise editions.Damaged(";".join(found[:3]) + (f"等 {len(found)} 个文件" if len(found) > 3 else ""))


def _touched(folder: Path) -> int:
    """Another number when a file of the edition has been written, replaced, added or removed."""
    found = []
    for place, _, names in os.walk(folder):
        states = [(name, (Path(place) / name).stat(follow_symlinks=False)) for name in names]
        found += [(place, name, state.st_ino, state.st_size, state.st_mtime_ns) for name, state in states]
    return hash(tuple(sorted(found)))


def damaged_objects(store: Path, content: dict[str, dict[str, Object]]) -> list[Path]:
    """Month tables (table → month → object) that are not in the store, or do not hold what their name says."""
    named = {item.sha256 for entries in content.values() for item in entries.values()}
    return [place for digest in sorted(named) if not is_right(place := tables.object_path(store, digest), digest)]


def _listed(manifest: dict) -> dict[str, str]:
    month_tables = {
        tables.file_name(table, months.parse(key)): item["sha256"]
        for table, entries in manifest["tables"].items()
        for key, item in entries.items()
    }
    return {**month_tables, **manifest["files"]}


def _digest(path: Path, seen: dict[tuple[int, int], str]) -> str | None:
    try:
        state = path.stat()
        key = (state.st_dev, state.st_ino)
        if key not in seen:
            with path.open("rb") as file:
                seen[key] = hashlib.file_digest(file, "sha256").hexdigest()
        return seen[key]
    except OSError:
        return None
