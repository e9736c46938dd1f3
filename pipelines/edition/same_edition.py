"""When two editions are the same: by the content of their month tables, by the reference data they were made with, and by nothing else.

Format 1 hashed the bytes of the month tables' files; later ones hash what they say. Up to format 3 the submissions in force were hashed
once more (`inputs`), though the table `submission` tells them. An edition of format 1 is compared by reading its files.
"""

import json
from hashlib import sha256
from pathlib import Path

from pipelines.edition import edition_folders, month_tables
from pipelines.edition.month_tables import Object
from pipelines.warehouse.projection import Warehouse, scalar


def digest(manifest: dict) -> str:
    """The hash by which the ledger knows an edition, of any format. `tables` are those of its whole series."""
    if manifest["format"] < edition_folders.BY_CONTENT:
        return _hash({key: manifest[key] for key in ("format", "month", "reference", "inputs", "tables")})
    told = {
        table: {key: item["content"] for key, item in entries.items()} for table, entries in manifest["tables"].items()
    }
    pinned = {"month": manifest["month"], "reference": manifest["reference"], "tables": told}
    if manifest["format"] < edition_folders.WITHOUT_INPUTS:
        return _hash({**pinned, "format": edition_folders.BY_CONTENT, "inputs": manifest["inputs"]})
    return _hash({**pinned, "format": edition_folders.WITHOUT_INPUTS})


def _hash(pinned: dict) -> str:
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
        found = month_tables.content_of(warehouse, place)
        con.execute("INSERT INTO file_content VALUES (?, ?)", [digest, found])
    return found


def retold(warehouse: Warehouse, folder: Path) -> dict:
    """An edition's manifest with the content of every month table of its series, which format 1 did not tell."""
    manifest = edition_folders.whole(folder)
    if manifest["format"] >= edition_folders.BY_CONTENT:
        return manifest
    told = {
        table: {
            key: vars(known(warehouse, folder / month_tables.file_of(table, key), item))
            for key, item in entries.items()
        }
        for table, entries in manifest["tables"].items()
    }
    return {**manifest, "tables": told}


def same(warehouse: Warehouse, folder: Path, manifest: dict) -> bool:
    """Whether an edition on the shelf, of whatever format, says what a new one would."""
    before = edition_folders.read_manifest(folder)
    if before["reference"] != manifest["reference"]:
        return False
    if before["format"] == manifest["format"]:
        return before["digest"] == manifest["digest"]
    both = ({**found, "format": edition_folders.WITHOUT_INPUTS} for found in (retold(warehouse, folder), manifest))
    return len({digest(found) for found in both}) == 1


def same_figures(warehouse: Warehouse, folder: Path, manifest: dict) -> bool:
    """Whether an edition on the shelf says the same of every place and unit, whatever was reported since."""
    if edition_folders.read_manifest(folder)["reference"] != manifest["reference"]:
        return False
    changed = differing(warehouse, folder, manifest)
    return not any(name.startswith(("figure/", "figure_now/", "state-", "county_state-")) for name in changed)


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
    return told == digest(edition_folders.whole(folder))
