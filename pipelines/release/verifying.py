"""Editions against their manifests: whether every file is there and is what it was."""

import hashlib
import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from pipelines import months
from pipelines.archive import is_right
from pipelines.release import editions, tables
from pipelines.release.tables import Object
from pipelines.warehouse import Warehouse


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
        for name, digest in _listed(folder).items()
        if _digest(folder / name, seen) != digest
    ]


def touched_faults(warehouse: Warehouse, folder: Path) -> list[str]:
    """The same of one edition, for which only those of its files are read that were touched since they were found right."""
    named: dict[str, Path] = {}
    for name, digest in _listed(editions.read_manifest(folder)).items():
        # files of the same content are links of one: where they are not, or one is gone, all are read
        if _state(named.setdefault(digest, folder / name)) != _state(folder / name) or not (folder / name).exists():
            return edition_faults(folder)
    return edition_faults(folder) if damaged(warehouse, named) else []


def require_whole(folder: Path) -> None:
    """Errors: `editions.Damaged` naming the files. An edition found whole is read again only when a file of it was touched."""
    _require_whole(folder, _touched(folder))


@lru_cache(maxsize=8)
def _require_whole(folder: Path, _touched: int) -> None:
    found = edition_faults(folder)
    if found:
        raise editions.Damaged(";".join(found[:3]) + (f"等 {len(found)} 个文件" if len(found) > 3 else ""))


def _touched(folder: Path) -> int:
    """Another number when a file of the edition has been written, replaced, added or removed; reports come later and do not count."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "reports" and not name.startswith(".")]
        for name in names:
            with suppress(FileNotFoundError):
                state = (Path(place) / name).stat(follow_symlinks=False)
                found.append((place, name, state.st_ino, state.st_size, state.st_mtime_ns))
    return hash(tuple(sorted(found)))


def damaged_objects(warehouse: Warehouse, store: Path, content: dict[str, dict[str, Object]]) -> list[Path]:
    """Month tables (table → month → object) that are not in the store, or do not hold what their name says."""
    objects = [item for entries in content.values() for item in entries.values()]
    return damaged(warehouse, {item.sha256: tables.object_path(store, item.sha256) for item in objects})


def damaged(warehouse: Warehouse, named: dict[str, Path]) -> list[Path]:
    """Files, by the SHA-256 that they must have, which are not there or have another.

    A file found right is read again once it was touched: else a month would cost more with every month before it. What a disk loses
    without a touch is found where whole editions are read (`faults`, `require_whole`).
    """
    con = warehouse.con
    con.execute("CREATE TABLE IF NOT EXISTS found_right (sha256 VARCHAR, state VARCHAR)")
    known = dict(con.execute(_KNOWN, [list(named)]).fetchall())
    touched = {digest: place for digest, place in named.items() if known.get(digest) != _state(place)}
    wrong = {digest: place for digest, place in touched.items() if not is_right(place, digest)}
    _note(warehouse, {digest: place for digest, place in touched.items() if digest not in wrong})
    return sorted(wrong.values())


_KNOWN = "SELECT sha256, state FROM found_right SEMI JOIN (SELECT unnest(?::VARCHAR[]) AS sha256) USING (sha256)"


def _note(warehouse: Warehouse, right: dict[str, Path]) -> None:
    """What was found right, with the state that it is in."""
    if right:
        rows = pa.table({"sha256": list(right), "state": [_state(place) for place in right.values()]})
        with warehouse.transaction():
            warehouse.con.register("incoming", rows)
            warehouse.con.execute("DELETE FROM found_right WHERE sha256 IN (SELECT sha256 FROM incoming)")
            warehouse.con.execute("INSERT INTO found_right SELECT sha256, state FROM incoming")
            warehouse.con.unregister("incoming")


def _state(place: Path) -> str | None:
    """What changes when a file is written or replaced, and not when another edition links it."""
    try:
        state = place.stat()
    except FileNotFoundError:
        return None
    return f"{state.st_ino} {state.st_size} {state.st_mtime_ns}"


def _listed(folder: Path) -> dict[str, str]:
    """File name → SHA-256. A page that is damaged names nothing, and is itself found wrong."""
    manifest = editions.read_manifest(folder)
    with suppress(editions.Damaged):
        manifest["tables"] = editions.month_tables(folder, manifest)
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
