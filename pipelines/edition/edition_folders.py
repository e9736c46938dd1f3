"""Editions on disk: finding them, their manifests, and the pointer to the current one."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

from pipelines import months
from pipelines.archive import month_state
from pipelines.archive.store import Archive, write_durably
from pipelines.errors import Refusal
from pipelines.system import locks

# Written into every manifest; the next number is for a change that an older program would misread.
# 1: identified by the bytes of its month tables. 2: by their content. 3: closed periods are databases of their own. 4: the entries of
# their month tables are in shared files; submissions are in the table of that name, not in the manifest.
# 5: verdicts by semantics version 2: the figures have `known`, the gap in two parts, `if_low`, `if_high`, `if_last`, `deciding`.
FORMAT = 5
# from this format on an edition is identified by the content of its month tables
BY_CONTENT = 2
# from this one on by that content only
WITHOUT_INPUTS = 4
# from this one on its verdicts can be computed again; of an older one only the figures are compared
VERDICTS = 5

HALF_WRITTEN_PAPERS = "????-??/*/.reports.part"
_LABEL = re.compile(r"\d{4}-\d{2}/\d{1,6}")


class Damaged(Refusal):
    """An edition of which files are missing or altered."""


class Lost(Refusal):
    """An edition of the ledger is missing on disk and cannot be made again, because other submissions are in force now."""


def editions(shelf: Path, month: date | None = None) -> Iterator[Path]:
    """Folders of complete editions (those with a manifest), by month and number."""
    for place in [months.key(month)] if month else sorted(filter(_MONTH.fullmatch, _names(shelf))):
        numbers = sorted(int(name) for name in _names(shelf / place) if name.isdigit())
        yield from (folder for n in numbers if (folder := shelf / place / str(n)).joinpath("manifest.json").exists())


_MONTH = re.compile(r"\d{4}-\d{2}")


def _names(folder: Path) -> list[str]:
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        return [entry.name for entry in entries]
    return []


def latest_edition(shelf: Path, month: date) -> Path | None:
    """Folder of the newest complete edition of a month; None without one."""
    return max(editions(shelf, month), key=lambda folder: int(folder.name), default=None)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of an edition. Errors: `Refusal` when the folder is no complete edition."""
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        newer = manifest["format"] > FORMAT
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(
            f"发布版 {folder.parent.name}/{folder.name} 不完整（缺少或损坏 manifest.json），不予打开；请运行 shequ rebuild，由档案补回"
        ) from error
    if newer:
        raise Refusal(f"发布版 {folder.parent.name}/{folder.name} 由更新版本的程序生成，本程序不能读取；请升级程序")
    return manifest


def month_tables(folder: Path, manifest: dict[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    """Table → month → entry of an edition's series, with those of closed periods. Errors: `Damaged` for a missing file."""
    tables: dict[str, dict[str, dict[str, Any]]] = {}
    pages = [_page(folder, name) for name in sorted(manifest["files"]) if re.fullmatch(r".+/.+\.json", name)]
    for page in (*pages, manifest["tables"]):
        for table, entries in page.items():
            tables.setdefault(table, {}).update(entries)
    return tables


def _page(folder: Path, name: str) -> dict[str, dict[str, dict[str, Any]]]:
    try:
        tables: dict[str, dict[str, dict[str, Any]]] = json.loads((folder / name).read_text(encoding="utf-8"))
        return tables
    except (OSError, ValueError) as error:
        raise Damaged(
            f"发布版 {folder.parent.name}/{folder.name} 不完整（缺少或损坏 {name}），不予打开；请运行 shequ rebuild，由档案补回"
        ) from error


def whole(folder: Path) -> dict[str, Any]:
    """The manifest of an edition with the month tables of its whole series."""
    manifest = read_manifest(folder)
    return {**manifest, "tables": month_tables(folder, manifest)}


def current(shelf: Path) -> Path | None:
    """The folder that `current` names; None where it does not exist."""
    folder = named(shelf)
    return folder if folder and (folder / "manifest.json").exists() else None


def named(shelf: Path) -> Path | None:
    """The folder that `current` names, existing or not; None where the pointer is missing or invalid."""
    name = _text(shelf)
    return shelf / name if _LABEL.fullmatch(name) else None


def _text(shelf: Path) -> str:
    """Content of `current`; empty where it is missing or unreadable."""
    try:
        return (shelf / "current").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def point_current(shelf: Path, archive: Archive) -> None:
    """Point `current` at the newest released edition complete on disk, atomically; it stays where none is complete."""
    shown = month_state.editions(archive).shown()
    standing = [name for name in shown if (shelf / name / "manifest.json").exists()]
    if standing and _text(shelf) != standing[-1]:
        write_durably(shelf / "current", f"{standing[-1]}\n".encode())
    elif not shown and archive.ledger.exists():
        (shelf / "current").unlink(missing_ok=True)


def papers_lock(shelf: Path) -> Path:
    """The lock for writing papers of editions; not the writer's lock."""
    return shelf / ".reports.lock"


def sweep(shelf: Path) -> None:
    """Remove what a killed writer left of month tables, editions and papers (unless being written). The caller holds the lock."""
    for leftover in shelf.glob("*/.*.part"):
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    if any(shelf.glob(HALF_WRITTEN_PAPERS)):
        with suppress(locks.Busy), locks.hold(papers_lock(shelf), "清理", wait=0):
            for leftover in shelf.glob(HALF_WRITTEN_PAPERS):
                shutil.rmtree(leftover)


def released(shelf: Path, archive: Archive, month: date | None = None) -> list[Path]:
    """Complete released editions (of a month), in order; all of them where there is no ledger, as on a copied shelf."""
    standing = list(editions(shelf, month))
    if not archive.ledger.exists():
        return standing
    shown = set(month_state.editions(archive).shown())
    return [folder for folder in standing if name_of(folder) in shown]


def usable(shelf: Path, archive: Archive, month: date | None = None) -> list[Path]:
    """Complete editions (of a month) that were not retracted, working ones among them, in order."""
    retracted = month_state.editions(archive).retracted
    return [folder for folder in editions(shelf, month) if name_of(folder) not in retracted]


def is_name(text: str) -> bool:
    """Whether a text is of the form `2020-06/2`."""
    return bool(_LABEL.fullmatch(text))


def name_of(folder: Path) -> str:
    """`2020-06/2`: the name of the edition in a folder."""
    return f"{folder.parent.name}/{folder.name}"
