"""Verify the files of editions against their manifests, cached by inode, size and time: ten years of a country take 50 GB.

A reader always reads an edition's own month and database; once a week everything is read (`faults`), to detect silent disk corruption.
"""

import hashlib
import json
import os
import re
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from pipelines.archive.store import is_right
from pipelines.edition import edition_folders, month_tables
from pipelines.edition.month_tables import Object
from pipelines.system.durable_files import read_json, write_durably
from pipelines.warehouse.projection import Warehouse

# SHA-256 → the state in which the file was intact
Noted = dict[str, str]
# device and inode → SHA-256
Hashed = dict[tuple[int, int], str]


def faults(releases: Path) -> list[str]:
    """Faults of the latest edition of each month, in Chinese. Every file is read, shared month tables once."""
    latest = {folder.parent.name: folder for folder in edition_folders.editions(releases)}
    hashed: Hashed = {}
    return [fault for folder in latest.values() for fault in edition_faults(folder, hashed)]


def _but_own(folder: Path, noted: Noted) -> Noted:
    """The verified files without the edition's own month and database."""
    own = (f"/{folder.parent.name}.parquet", "release.duckdb")
    read = {digest for name, digest in _listed(folder).items() if name.endswith(own)}
    return {digest: state for digest, state in noted.items() if digest not in read}


def edition_faults(folder: Path, hashed: Hashed | None = None, noted: Noted | None = None) -> list[str]:
    """Faults of an edition, in Chinese. `hashed`: digests by inode, since months share files; files unchanged since `noted` are not read."""
    hashed, noted = {} if hashed is None else hashed, noted or {}
    return [
        f"{folder.parent.name}/{folder.name}/{name}：缺失或与清单的校验值不符"
        for name, digest in _listed(folder).items()
        if not (digest in noted and noted[digest] == _state(f"{folder}/{name}"))
        and _digest(folder / name, hashed) != digest
    ]


def touched_faults(warehouse: Warehouse, folder: Path) -> list[str]:
    """Faults of one edition; files that were not modified since they were verified are not read."""
    known = noted(warehouse)
    faults = edition_faults(folder, noted=known)
    if not faults:
        _note(warehouse, {digest: folder / name for name, digest in _listed(folder).items() if digest not in known})
    return faults


def require_whole(folder: Path) -> None:
    """Check the files of an edition, verified and unmodified ones without reading. Errors: `Damaged` naming the files."""
    _require_whole(folder, _touched(folder))


@lru_cache(maxsize=8)
def _require_whole(folder: Path, _touched: int) -> None:
    faults = edition_faults(folder, noted=_but_own(folder, read_noted(folder.parents[1])))
    if faults:
        raise edition_folders.Damaged("；".join(faults[:3]) + (f"等 {len(faults)} 个文件" if len(faults) > 3 else ""))


def _touched(folder: Path) -> int:
    """Changes when a file of the edition is written, replaced, added or removed, except its reports."""
    touched = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "reports" and not name.startswith(".")]
        for name in names:
            with suppress(FileNotFoundError):
                state = (Path(place) / name).stat(follow_symlinks=False)
                touched.append((place, name, state.st_ino, state.st_size, state.st_mtime_ns))
    return hash(tuple(sorted(touched)))


def damaged_objects(warehouse: Warehouse, store: Path, content: dict[str, dict[str, Object]]) -> list[Path]:
    """Month tables (table → month → object) that are not in the store, or whose bytes do not match their name."""
    objects = [entry for entries in content.values() for entry in entries.values()]
    return damaged(warehouse, {entry.sha256: month_tables.object_path(store, entry.sha256) for entry in objects})


def damaged(warehouse: Warehouse, named: dict[str, Path]) -> list[Path]:
    """Of files by the SHA-256 that they must have, those missing or different. A verified file is read again only once it was modified."""
    con = warehouse.con
    con.execute(_NOTED)
    known = dict(con.execute(_KNOWN, [list(named)]).fetchall())
    touched = {digest: place for digest, place in named.items() if known.get(digest, "") != _state(place)}
    wrong = {digest: place for digest, place in touched.items() if not is_right(place, digest)}
    _note(warehouse, {digest: place for digest, place in touched.items() if digest not in wrong})
    return sorted(wrong.values())


_NOTED = "CREATE TABLE IF NOT EXISTS found_right (sha256 VARCHAR, state VARCHAR)"
_KNOWN = "SELECT sha256, state FROM found_right SEMI JOIN (SELECT unnest(?::VARCHAR[]) AS sha256) USING (sha256)"


def noted(warehouse: Warehouse) -> Noted:
    """The verified files noted in the warehouse."""
    warehouse.con.execute(_NOTED)
    return dict(warehouse.con.execute("FROM found_right").fetchall())


def note_for_readers(warehouse: Warehouse, releases: Path, folder: Path) -> None:
    """Note the verified files for readers, with those of a new edition, which were just hashed."""
    files = edition_folders.read_manifest(folder)["files"]
    _note(warehouse, {digest: folder / name for name, digest in files.items()})
    write_durably(releases / _RIGHT, json.dumps(noted(warehouse), separators=(",", ":")).encode())


def read_noted(releases: Path) -> Noted:
    """The recorded checks; empty where the record is missing or damaged, so that every file is read."""
    noted = read_json(releases / _RIGHT)
    return noted if all(isinstance(state, str) and _STATE.fullmatch(state) for state in noted.values()) else {}


_RIGHT = "right.json"
_STATE = re.compile(r"\d+ \d+ \d+")


def _note(warehouse: Warehouse, right: dict[str, Path]) -> None:
    """Note files as verified in their present state."""
    if right:
        rows = pa.table({"sha256": list(right), "state": [_state(place) for place in right.values()]})
        with warehouse.transaction():
            warehouse.con.register("incoming", rows)
            warehouse.con.execute("DELETE FROM found_right WHERE sha256 IN (SELECT sha256 FROM incoming)")
            warehouse.con.execute("INSERT INTO found_right SELECT sha256, state FROM incoming")
            warehouse.con.unregister("incoming")


def _state(place: Path | str) -> str | None:
    """State of a file that changes when it is written or replaced, and not when it is linked."""
    try:
        state = os.stat(place)  # noqa: PTH116 - asked of every file of a series: text is cheaper than a `Path`
    except OSError:
        return None
    return f"{state.st_ino} {state.st_size} {state.st_mtime_ns}"


def _listed(folder: Path) -> dict[str, str]:
    """File name → SHA-256. A damaged page lists no files and is itself a fault."""
    manifest = edition_folders.read_manifest(folder)
    with suppress(edition_folders.Damaged):
        manifest["tables"] = edition_folders.month_tables(folder, manifest)
    shared = {
        month_tables.file_of(table, key): entry["sha256"]
        for table, entries in manifest["tables"].items()
        for key, entry in entries.items()
    }
    return {**shared, **manifest["files"]}


def _digest(path: Path, hashed: Hashed) -> str | None:
    try:
        state = path.stat()
        key = (state.st_dev, state.st_ino)
        if key not in hashed:
            with path.open("rb") as file:
                hashed[key] = hashlib.file_digest(file, "sha256").hexdigest()
        return hashed[key]
    except OSError:
        return None
