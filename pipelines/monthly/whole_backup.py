"""Backup of a whole installation: the archive (`pipelines.archive.backup`), its configuration, and the current edition.

Beside the archive: `edition/`, and `installation/` with the configuration (`access.yaml`, `contacts.yaml`, an own `dagster.yaml`,
`.streamlit/secrets.toml`), unsent messages and the reference data. Environment variables (`/etc/shequ/environment`) are not included.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TypedDict

from pipelines.access import audit_log
from pipelines.archive import backup as archive_backup
from pipelines.archive.store import Archive, is_right, write_durably
from pipelines.edition import edition_folders, same_edition, verify_files
from pipelines.errors import Refusal
from pipelines.monthly import rebuild_editions
from pipelines.months import SHANGHAI
from pipelines.settings import Settings
from pipelines.system import durable_files, locks

Progress = Callable[[int, int, str], None]
FILES = ("access.yaml", "contacts.yaml", "dagster.yaml", ".streamlit/secrets.toml")
FOLDERS = ("outbox/queue",)
REFERENCE = "reference"
# lists of files that are kept, one a day
KEPT = 60


class Verified(archive_backup.Verified):
    """A verified backup: `files` counts the configuration (None where it has faults), `edition` names the edition in it."""

    files: int | None
    edition: str | None


class BackedUp(Verified):
    """A backup brought up to date: `copied` new files of `bytes` bytes in its archive."""

    copied: int
    bytes: int


class Restored(archive_backup.Restored):
    """What was restored: `served` is the edition that can be read (None: none), `notes` what a person must look at, in Chinese."""

    served: str | None
    notes: list[str]


class Rehearsal(TypedDict):
    """A restore that was compared and removed. `releases` counts the editions, `detail` is the message of the rebuild."""

    folder: str
    agrees: bool
    seconds: int
    message: str
    releases: int
    served: str | None
    detail: str


class _Copy(TypedDict):
    sha256: str
    mode: int


def backup(settings: Settings, folder: Path, by: str = "系统", report: Progress | None = None) -> BackedUp:
    """Bring the copy up to the installation and verify all of it. Errors: as `archive_backup.backup`."""
    copied = archive_backup.backup(settings, folder, by, report)
    place = Path(copied["folder"])
    with durable_files.refusing("备份"), locks.hold(place / ".backup.lock", "备份"):
        _copy_files(settings, place / "installation")
        _copy_edition(settings, place / "edition")
    verified = _with_rest(copied, place, [*_file_faults(place / "installation"), *_edition_faults(place)])
    return {**copied, **verified}


# ---- configuration


def _set_up(settings: Settings) -> Iterator[tuple[str, Path]]:
    """(name in the copy, file) of the configuration."""
    for name in FILES:
        if (settings.data / name).is_file():
            yield name, settings.data / name
    for folder in FOLDERS:
        for path in sorted((settings.data / folder).glob("*.json")):
            yield f"{folder}/{path.name}", path
    for path in sorted(settings.reference.rglob("*")):
        if path.is_file() and not any(
            part.startswith((".", "__")) for part in path.relative_to(settings.reference).parts
        ):
            yield f"{REFERENCE}/{path.relative_to(settings.reference).as_posix()}", path


def _copy_files(settings: Settings, place: Path) -> None:
    """Copy every file once, under its SHA-256; the list of the day has names and modes."""
    listed = {}
    for name, path in _set_up(settings):
        try:
            data, mode = path.read_bytes(), path.stat().st_mode & 0o777
        except FileNotFoundError:
            continue  # a message that was sent in between
        digest = hashlib.sha256(data).hexdigest()
        if not is_right(place / "objects" / digest, digest):
            write_durably(place / "objects" / digest, data, mode=0o400)
        listed[name] = {"sha256": digest, "mode": mode}
    write_durably(place / f"{datetime.now(SHANGHAI):%Y-%m-%d}.json", json.dumps(listed, ensure_ascii=False).encode())
    for old in sorted(place.glob("*.json"))[:-KEPT]:
        old.unlink()


def _listed(place: Path) -> dict[str, _Copy]:
    """The newest list; empty in a copy made by an earlier program. Errors: `Refusal` where it is damaged."""
    newest = max(place.glob("????-??-??.json"), default=None)
    if newest is None:
        return {}
    try:
        return json.loads(newest.read_text(encoding="utf-8"))
    except ValueError:
        raise Refusal(f"备份中的清单 {newest} 已损坏；请重新备份") from None


def _file_faults(place: Path) -> list[str]:
    try:
        listed = _listed(place)
    except Refusal as damaged:
        return [str(damaged)]
    return [
        f"备份中的配置文件 {name} 缺失或已损坏"
        for name, copy in listed.items()
        if not is_right(place / "objects" / copy["sha256"], copy["sha256"])
    ]


def _restore_files(settings: Settings, place: Path) -> list[str]:
    """Restore missing files, never replacing one; returns notes for a person."""
    differing = []
    for name, copy in _listed(place).items():
        data = (place / "objects" / copy["sha256"]).read_bytes()
        if name.startswith(f"{REFERENCE}/"):
            target = settings.reference / name.removeprefix(f"{REFERENCE}/")
            if not (target.exists() and target.read_bytes() == data):
                differing.append(name)
        elif not (settings.data / name).exists():
            write_durably(settings.data / name, data, mode=copy["mode"])
    return _reference_aside(settings, place, differing) if differing else []


def _reference_aside(settings: Settings, place: Path, differing: list[str]) -> list[str]:
    """Restore reference data that differ from the installation's into a folder of their own; returns the note about it."""
    folder = settings.data / "reference-restored"
    for name, copy in _listed(place).items():
        if name.startswith(f"{REFERENCE}/"):
            data = (place / "objects" / copy["sha256"]).read_bytes()
            write_durably(folder / name.removeprefix(f"{REFERENCE}/"), data)
    shown = "、".join(name.removeprefix(f"{REFERENCE}/") for name in differing[:3])
    return [
        f"备份的基础数据与本机的不同（{shown} 等 {len(differing)} 个文件），已放在 {folder}；"
        f"要用它，请设置 SHEQU_REFERENCE={folder}"
    ]


# ---- the current edition


def _copy_edition(settings: Settings, place: Path) -> None:
    """Copy the current edition unless it is there; older copies are removed once the new one is complete."""
    current = edition_folders.current(settings.releases)
    if current is None:
        return
    target = place / current.parent.name / current.name
    if not target.exists():
        aside = place / ".part"
        shutil.rmtree(aside, ignore_errors=True)
        shutil.copytree(current, aside, ignore=shutil.ignore_patterns(".*.part", ".reports.*"))
        _sync(aside)
        target.parent.mkdir(parents=True, exist_ok=True)
        aside.replace(target)
        durable_files.sync_folder(target.parent)
    for other in edition_folders.editions(place):
        if other != target:
            shutil.rmtree(other)


def _sync(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    durable_files.sync_folders(folder)


def _edition(place: Path) -> Path | None:
    return next(iter(reversed(list(edition_folders.editions(place / "edition")))), None)


def _edition_faults(place: Path) -> list[str]:
    folder = _edition(place)
    return [f"备份中的发布版：{fault}" for fault in verify_files.edition_faults(folder)] if folder else []


def _restore_edition(settings: Settings, place: Path) -> str | None:
    """Restore the edition where it is undamaged and in the ledger; returns its name."""
    folder = _edition(place)
    if folder is None or verify_files.edition_faults(folder) or not _is_known(settings, folder):
        return None
    name = edition_folders.name_of(folder)
    target = settings.releases / name
    if not target.exists():
        aside = target.with_name(f".{target.name}.part")
        shutil.rmtree(aside, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(folder, aside)
        _sync(aside)
        aside.replace(target)
    edition_folders.point_current(settings.releases, Archive(settings.archive))
    return name


def _is_known(settings: Settings, folder: Path) -> bool:
    label = edition_folders.name_of(folder)
    for event in Archive(settings.archive).decisions():
        if event.kind == "release" and f"{event.body['month']}/{event.body['edition']}" == label:
            return same_edition.is_what_the_ledger_knows(folder, event.body["digest"])
    return False


# ---- verify, restore, rehearse


def verify(folder: Path) -> Verified:
    """Verify a copy without changing it."""
    verified = archive_backup.verify(folder)
    place = Path(verified["folder"])
    more = [*_file_faults(place / "installation"), *_edition_faults(place)]
    return _with_rest(verified, place, more)


def _with_rest(verified: archive_backup.Verified, place: Path, more: list[str]) -> Verified:
    edition = _edition(place)
    files = len(_listed(place / "installation")) if not more else None
    faults = [*verified["faults"], *more]
    name = edition_folders.name_of(edition) if edition else None
    summary = f"配置和基础数据 {files} 个文件，发布版 {name or '无'}。"
    message = "\n".join([verified["message"], *([f"有缺陷：{fault}" for fault in more] or [summary])])
    return {**verified, "files": files, "edition": name, "faults": faults, "whole": not faults, "message": message}


def restore(settings: Settings, folder: Path, by: str = "系统", report: Progress | None = None) -> Restored:
    """Restore archive, configuration and current edition; a rebuild makes the rest. Errors: as `archive_backup.restore`."""
    restored = archive_backup.restore(settings, folder, by, report)
    place = Path(restored["folder"])
    if faults := _file_faults(place / "installation"):
        notes = [f"配置未恢复：{'；'.join(faults)}"]
    else:
        notes = _restore_files(settings, place / "installation")
    with durable_files.refusing("恢复发布版"):
        served = _restore_edition(settings, place)
    return {**restored, "served": served, "notes": notes}


def _holds(verdict: rebuild_editions.Verdict) -> bool:
    """Whether every edition made by this program came out the same; one of an earlier program may differ."""
    return not verdict["archive"] and not any(edition["same_program"] for edition in verdict["differ"])


def rehearse(settings: Settings, folder: Path, by: str = "系统", report: Progress | None = None) -> Rehearsal:
    """Restore into a temporary folder, rebuild, compare with the ledger, note the result in the audit log. Errors: as `restore`."""
    began, here = time.monotonic(), settings.data / ".rehearsal"
    shutil.rmtree(here, ignore_errors=True)
    try:
        there = Settings(here, settings.reference)
        restored = restore(there, folder, by, report)
        readable = time.monotonic() - began
        verdict = rebuild_editions.rebuild(there, report)
    finally:
        shutil.rmtree(here, ignore_errors=True)
    seconds = round(time.monotonic() - began)
    agrees = _holds(verdict) and (restored["served"] is not None or not verdict["releases"])
    first = f"{readable:.0f} 秒后可看 {restored['served']}，" if restored["served"] else ""
    message = f"{first}{seconds} 秒后 {verdict['agree']}/{verdict['releases']} 个发布版的数字一致"
    if earlier := sum(not edition["same_program"] for edition in verdict["differ"]):
        message += f"，另有 {earlier} 个由早先的程序发布，重做后不同或无从核对"
    audit_log.note(
        settings, "rehearsal", by, folder=restored["folder"], agrees=agrees, seconds=seconds, message=message
    )
    return {
        "folder": restored["folder"], "agrees": agrees, "seconds": seconds, "message": message, "releases": verdict["releases"],
        "served": restored["served"], "detail": verdict["message"],
    }  # fmt: skip
