"""When two editions are the same: by the content of their month tables, by what they were made from, and by nothing else.

Format 1 hashed the bytes of the month tables' files; format 2 and later hash what they say. An edition of format 1 is compared by reading
its files.
"""

import json
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from pipelines import months
from pipelines.release import editions, tables
from pipelines.release.tables import Object
from pipelines.warehouse import Warehouse, scalar


def digest(manifest: dict) -> str:
    """The hash by which the ledger knows an edition. Every entry of the month tables tells its `content`."""
    pinned = {key: manifest[key] for key in ("month", "reference", "inputs")}
    told = {
        table: {key: item["content"] for key, item in entries.items()} for table, entries in manifest["tables"].items()
    }
    return sha256(json.dumps({**pinned, "format": editions.BY_CONTENT, "tables": told}, sort_keys=True).encode()).hexdigest()


def old_digest(manifest: dict) -> str:
    """The same of an edition of format 1."""
    pinned = {key: manifest[key] for key in ("format", "month", "reference", "inputs", "tables")}
    return sha256(json.dumps(pinned, sort_keys=True).encode()).hexdigest()


def known(warehouse: Warehouse, place: Path, entry: dict) -> Object:
    """A month table by its entry in a manifest; one of format 1 is read."""
    if "content" in entry:
        return Object(**entry)
    return Object(**entry, content=_content_of(warehouse, place, entry["sha256"]))


def _content_of(warehouse: Warehouse, place: Path, digest: str) -> str:
    """The content of a file by the hash of its bytes, read once: every later edition of the series names it again."""
    if digest not in _CONTENT:
        _CONTENT[digest] = _content_read_once(warehouse, place, digest)
    return _CONTENT[digest]


# what bytes say is the same for ever; asking the warehouse for each of ten thousand entries would take seconds
_CONTENT: dict[str, str] = {}


def _content_read_once(warehouse: Warehouse, place: Path, digest: str) -> str:
    con = warehouse.con
    con.execute("CREATE TABLE IF NOT EXISTS file_content (sha256 VARCHAR, content VARCHAR)")
    found = scalar(con, "SELECT content FROM file_content WHERE sha256 = ?", [digest])
    if found is None:
        found = tables.content_of(warehouse, place)
        con.execute("INSERT INTO file_content VALUES (?, ?)", [digest, found])
    return found


def retold(warehouse: Warehouse, folder: Path) -> dict:
    """An edition's manifest as this format tells it: the content of every month table, and the digest over it."""
    manifest = editions.read_manifest(folder)
    if manifest["format"] >= editions.BY_CONTENT:
        return manifest
    told = {
        table: {
            key: asdict(known(warehouse, folder / tables.file_name(table, months.parse(key)), item))
            for key, item in entries.items()
        }
        for table, entries in manifest["tables"].items()
    }
    return {**manifest, "tables": told, "digest": digest({**manifest, "tables": told})}


def same(warehouse: Warehouse, folder: Path, manifest: dict) -> bool:
    """Whether an edition on the shelf says what a new one would."""
    before = editions.read_manifest(folder)
    if any(before[key] != manifest[key] for key in ("month", "reference", "inputs")):
        return False
    return retold(warehouse, folder)["digest"] == manifest["digest"]


def differing(warehouse: Warehouse, folder: Path, manifest: dict) -> list[str]:
    """Month tables, as `table/month`, whose content is another than in the edition on the shelf."""
    before = retold(warehouse, folder)["tables"]
    return sorted(
        f"{table}/{key}"
        for table, entries in manifest["tables"].items()
        for key, item in entries.items()
        if before.get(table, {}).get(key, {}).get("content") != item["content"]
    )


def is_what_the_ledger_knows(folder: Path, told: str) -> bool:
    """Whether an edition's manifest gives the digest that the ledger holds, whatever its format."""
    manifest = editions.read_manifest(folder)
    return told == (old_digest(manifest) if manifest["format"] == 1 else digest(manifest))
