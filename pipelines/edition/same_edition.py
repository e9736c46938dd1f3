"""Compare editions by the content of their month tables and the reference data they were made with.

Format 1 hashed the bytes of the month tables' files; later ones hash their content. Up to format 3 the submissions in force were hashed
as well (`inputs`), which the table `submission` makes redundant. An edition of format 1 is compared by reading its files. Verdicts
follow semantics version 2 from format 5 on; of an older edition only the figures can be made again (`differing`).
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from pipelines.edition import content_hash, edition_folders, month_tables
from pipelines.edition.month_tables import Object
from pipelines.warehouse.projection import Warehouse, scalar


def digest(manifest: dict[str, Any]) -> str:
    """The hash of an edition in the ledger, for any format. `tables` are those of its whole series."""
    if manifest["format"] < edition_folders.BY_CONTENT:
        return _hash({key: manifest[key] for key in ("format", "month", "reference", "inputs", "tables")})
    contents = {
        table: {key: entry["content"] for key, entry in entries.items()}
        for table, entries in manifest["tables"].items()
    }
    pinned = {"month": manifest["month"], "reference": manifest["reference"], "tables": contents}
    if manifest["format"] < edition_folders.WITHOUT_INPUTS:
        return _hash({**pinned, "format": edition_folders.BY_CONTENT, "inputs": manifest["inputs"]})
    return _hash({**pinned, "format": edition_folders.WITHOUT_INPUTS})


def _hash(pinned: dict[str, Any]) -> str:
    return sha256(json.dumps(pinned, sort_keys=True).encode()).hexdigest()


def known(warehouse: Warehouse, place: Path, entry: dict[str, Any]) -> Object:
    """A month table by its entry in a manifest; one of format 1 is read."""
    if "content" in entry:
        return Object(**entry)
    return Object(**entry, content=_content_of(warehouse, place, entry["sha256"]))


def _content_of(warehouse: Warehouse, place: Path, digest: str) -> str:
    """The content hash of a file by the hash of its bytes, cached: every later edition of the series names it again."""
    if digest not in _CONTENT:
        _CONTENT[digest] = _content_read_once(warehouse, place, digest)
    return _CONTENT[digest]


# noted in the warehouse, and read in one query: ten thousand single ones would take seconds
_CONTENT: dict[str, str] = {}


def _content_read_once(warehouse: Warehouse, place: Path, digest: str) -> str:
    con = warehouse.con
    con.execute("CREATE TABLE IF NOT EXISTS file_content (sha256 VARCHAR, content VARCHAR)")
    content: str | None = scalar(con, "SELECT content FROM file_content WHERE sha256 = ?", [digest])
    if content is None:
        content = month_tables.content_of(warehouse, place)
        con.execute("INSERT INTO file_content VALUES (?, ?)", [digest, content])
    return content


def retold(warehouse: Warehouse, folder: Path) -> dict[str, Any]:
    """An edition's manifest with the content of every month table of its series, which format 1 does not hold."""
    manifest = edition_folders.whole(folder)
    if manifest["format"] >= edition_folders.BY_CONTENT:
        return manifest
    tables = {
        table: {
            key: vars(known(warehouse, folder / month_tables.file_of(table, key), entry))
            for key, entry in entries.items()
        }
        for table, entries in manifest["tables"].items()
    }
    return {**manifest, "tables": tables}


def same(warehouse: Warehouse, folder: Path, manifest: dict[str, Any]) -> bool:
    """Whether an edition on the shelf has the content of a new one. One with verdicts of semantics version 1 never does."""
    before = edition_folders.read_manifest(folder)
    if not _comparable(before, manifest):
        return False
    if before["format"] == manifest["format"]:
        return bool(before["digest"] == manifest["digest"])
    both = (
        {**described, "format": edition_folders.WITHOUT_INPUTS} for described in (retold(warehouse, folder), manifest)
    )
    return len({digest(described) for described in both}) == 1


def _comparable(before: dict[str, Any], manifest: dict[str, Any]) -> bool:
    """Whether both were made with the same reference data and by the same version of the semantics."""
    restated = before["format"] < edition_folders.VERDICTS <= manifest["format"]
    return bool(before["reference"] == manifest["reference"]) and not restated


def same_figures(warehouse: Warehouse, folder: Path, manifest: dict[str, Any]) -> bool:
    """Whether an edition on the shelf has the same figures and states, whatever was reported since."""
    if not _comparable(edition_folders.read_manifest(folder), manifest):
        return False
    changed = differing(warehouse, folder, manifest)
    return not any(name.startswith(("figure/", "figure_now/", "state-", "county_state-")) for name in changed)


# columns that an edition with verdicts of semantics version 1 shares with one made again: figures, not verdicts
_FIGURES = ("figure", "figure_now")
_FIGURE_COLUMNS = (
    "policy", "indicator", "month", "divisions", "level", "unit", "value", "lower", "upper", "shown", "numerator", "denominator",
    "unknown", "scope_unknown", "carried", "answered", "target", "due",
)  # fmt: skip


def differing(warehouse: Warehouse, folder: Path, manifest: dict[str, Any]) -> list[str]:
    """Month tables `table/month` that differ from those made again; verdicts of semantics version 1 are not compared."""
    store = folder.parent.parent / "objects"
    before, now = retold(warehouse, folder), manifest["tables"]
    restated = before["format"] < edition_folders.VERDICTS <= manifest["format"]
    differences = []
    for table, key in sorted((table, key) for table, entries in before["tables"].items() for key in entries):
        was, again = before["tables"][table][key], now.get(table, {}).get(key)
        if again and was["content"] == again["content"]:
            continue
        places = again and (folder / month_tables.file_of(table, key), month_tables.object_path(store, again["sha256"]))
        if not (restated and table in _FIGURES and places and _same_figures(warehouse, *places)):
            differences.append(f"{table}/{key}")
    if not restated:
        differences += [
            f"{table}/{key}"
            for table, entries in now.items()
            for key in entries
            if key not in before["tables"].get(table, {})
        ]
    return sorted(differences)


def _same_figures(warehouse: Warehouse, was: Path, again: Path) -> bool:
    columns = ", ".join(_FIGURE_COLUMNS)
    tables = (
        warehouse.con.sql(f"SELECT {columns} FROM read_parquet('{quoted}') ORDER BY ALL").to_arrow_table()
        for quoted in (str(place).replace("'", "''") for place in (was, again))
    )
    return len({content_hash.digest(table) for table in tables}) == 1


def is_what_the_ledger_knows(folder: Path, known_digest: str) -> bool:
    """Whether an edition's manifest gives the digest that the ledger holds, whatever its format."""
    return known_digest == digest(edition_folders.whole(folder))
