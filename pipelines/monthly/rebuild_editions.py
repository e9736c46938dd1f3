"""Rebuild warehouse and editions from the archive, aside; compare with the ledger by content; replace editions that are missing or damaged."""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import Any, TypedDict

from pipelines import months
from pipelines.archive import reference_in_force
from pipelines.archive.store import Archive, Event, sync_folder
from pipelines.edition import edition_folders, publish_edition, same_edition, verify_files
from pipelines.edition.verify_files import Hashed
from pipelines.errors import Refusal
from pipelines.figures import update
from pipelines.monthly import papers, public_folder
from pipelines.reference import reference_bundle
from pipelines.reference.reference_bundle import Reference
from pipelines.settings import Settings
from pipelines.system import durable_files, locks
from pipelines.warehouse import projection
from pipelines.warehouse.projection import Warehouse
from pipelines.warehouse.second_connection import Beside
from pipelines.worker import prefetch

Progress = Callable[[int, int, str], None]


@dataclass
class _Outcome:
    """One edition of the ledger (month/number), made again in `folder`.

    `agrees`: by content; `sound`: the folder on the shelf is undamaged; `old`: it has verdicts that cannot be computed again;
    `same_program`: it was published by this program; `tables` are those that differ; `restored`: it was put back on the shelf.
    """

    release: str
    agrees: bool
    sound: bool
    old: bool
    same_program: bool
    tables: list[str]
    folder: Path
    restored: bool = False


class Differing(TypedDict):
    """An edition that does not agree, in a verdict."""

    release: str
    tables: list[str]
    same_program: bool
    old: bool
    sound: bool


class Verdict(TypedDict):
    """`releases`: editions in the ledger, `agree` of them; `restored` ones; `agrees`: all agree and the archive has no fault."""

    agrees: bool
    releases: int
    agree: int
    restored: list[str]
    differ: list[Differing]
    archive: list[str]
    message: str


def rebuild(settings: Settings, report: Progress | None = None) -> Verdict:
    """Make the warehouse and every edition again, compare, and put back the editions that are missing or damaged."""
    archive = Archive(settings.archive)
    faults = archive.verify()
    lock = settings.data / "warehouse" / "writer.lock"
    with durable_files.refusing("重建"), locks.hold(lock, "重建"), _aside(settings) as aside:
        releases = [event for event in archive.decisions() if event.kind == "release"]
        outcomes = list(_replay(settings, aside, releases, report))
        if not faults:
            _put_back(settings, aside, outcomes)
    current = edition_folders.current(settings.releases)
    if current is not None:
        papers.issue(settings, current)
    public_folder.bring_up_to_date(settings, anew=True)
    return _verdict(outcomes, faults)


@contextmanager
def _aside(settings: Settings) -> Iterator[Settings]:
    folder = settings.data / ".rebuild"
    shutil.rmtree(folder, ignore_errors=True)
    edition_folders.sweep(settings.releases)
    # month tables are named by their content, so the store already holds those that come out the same
    store = settings.releases / "objects"
    store.mkdir(parents=True, exist_ok=True)
    (folder / "releases").mkdir(parents=True)
    (folder / "releases" / "objects").symlink_to(store.resolve(), target_is_directory=True)
    try:
        yield replace(settings, data=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _replay(settings: Settings, aside: Settings, releases: list[Event], report: Progress | None) -> Iterator[_Outcome]:
    """One outcome per edition of the ledger, in its order."""
    archive = Archive(settings.archive)
    hashed: Hashed = {}
    with ExitStack() as stack, _Writing() as writing:
        opened: Warehouse | None = None
        for done, event in enumerate(releases, 1):
            if opened is None or not _made_with(opened.reference, event):
                reference = _reference(settings, aside, archive, event)
                opened = stack.enter_context(_fresh_warehouse(aside, reference, archive, done))
                read = stack.enter_context(prefetch.reader(archive, reference, _last(releases[done - 1 :], event)))
            opened.sync(read, until=event.body["as_of"])
            yield _again(opened, replace(aside, reference=opened.reference.folder), settings, event, hashed, writing)
            if report:
                report(done, len(releases), f"{event.body['month']}/{event.body['edition']}")


def _last(rest: list[Event], first: Event) -> int:
    """Ledger number up to which a warehouse is needed: that of the last edition in a row made with the same reference data."""
    same = takewhile(lambda event: event.body["reference"] == first.body["reference"], rest)
    return max(event.body["as_of"] for event in same)


def _made_with(reference: Reference, event: Event) -> bool:
    return reference.digests == event.body["reference"]


def _reference(settings: Settings, aside: Settings, archive: Archive, event: Event) -> Reference:
    """The reference data that an edition was made with: the present one where it is the same, else the archived bundle."""
    until = event.body["as_of"]
    present = reference_in_force.of_folder(settings.reference, archive, until)
    if _made_with(present, event):
        return present
    folder = aside.data / f"reference-{event.body['bundle'][:12]}"
    if not folder.exists():
        reference_bundle.unbundle(archive.read(event.body["bundle"]), folder)
    return reference_in_force.of_folder(folder, archive, until)


@contextmanager
def _fresh_warehouse(aside: Settings, reference: Reference, archive: Archive, number: int) -> Iterator[Warehouse]:
    path = aside.data / f"warehouse-{number}.duckdb"
    # it reads the published editions too; synced to disk only when it replaces the old one
    opening = projection.open_warehouse(path, reference, archive, aside.data.parent, durable=False)
    with projection.quarantine(path), opening as opened:
        yield opened


class _Writing:
    """One edition is written by a thread of its own while the next one's months are computed."""

    def __enter__(self) -> "_Writing":
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writing")
        self._last: Future[Path] | None = None
        return self

    def __exit__(self, failed: type[BaseException] | None, *_) -> None:
        self._thread.shutdown()
        if failed is None:
            self.finish()

    def begin(self, opened: Warehouse, *arguments: Any) -> None:
        """Start writing an edition of the warehouse as it is now; `arguments` are those of `publish_edition.write`."""
        beside = Beside(opened)

        def write() -> Path:
            try:
                return publish_edition.write(beside, *arguments)
            finally:
                beside.con.close()

        self._last = self._thread.submit(write)

    def finish(self) -> None:
        """Wait until the last edition is written. Errors: those of writing it."""
        if self._last:
            self._last.result()
        self._last = None


def _again(
    opened: Warehouse, aside: Settings, settings: Settings, event: Event, hashed: Hashed, writing: _Writing
) -> _Outcome:
    """One edition made again and compared with the ledger and the shelf. `hashed`: files that editions share."""
    month, number = months.parse(event.body["month"]), event.body["edition"]
    update.bring_up_to_date(opened, month)
    # the editions before this one are read from here on
    writing.finish()
    draft = publish_edition.drafted(opened, aside, month, opened.life(), event.body.get("format", 1))
    standing = settings.releases / event.body["month"] / str(number)
    sound = _sound(standing, event, hashed)
    agrees = _agrees(opened, event, draft, standing if sound else None)
    return _Outcome(
        f"{event.body['month']}/{number}",
        agrees,
        sound,
        _is_old(event),
        event.body["program"]["sha256"] == draft.manifest["program"]["sha256"],
        same_edition.differing(opened, standing, draft.manifest) if sound and not agrees else [],
        _stand_aside(opened, aside, draft, event, standing if sound else None, writing),
    )


def _is_old(event: Event) -> bool:
    """Whether the edition has verdicts that cannot be computed again: only its figures are compared (`same_edition.differing`)."""
    return event.body.get("format", 1) < edition_folders.VERDICTS


def _sound(folder: Path, event: Event, hashed: Hashed) -> bool:
    """Whether the folder on the shelf is undamaged and is the edition of the ledger, or one that an earlier rebuild put there."""
    try:
        if verify_files.edition_faults(folder, hashed):
            return False
        made_again = _is_old(event) and edition_folders.read_manifest(folder)["format"] >= edition_folders.VERDICTS
        return made_again or same_edition.is_what_the_ledger_knows(folder, event.body["digest"])
    except Refusal:
        return False


def _agrees(opened: Warehouse, event: Event, draft: publish_edition.Draft, standing: Path | None) -> bool:
    if not _is_old(event):
        return draft.manifest["digest"] == event.body["digest"]
    return standing is not None and not same_edition.differing(opened, standing, draft.manifest)


def _stand_aside(
    opened: Warehouse,
    aside: Settings,
    draft: publish_edition.Draft,
    event: Event,
    standing: Path | None,
    writing: _Writing,
) -> Path:
    """The edition's folder on the aside shelf, where later editions look for it: a link to a sound one, else made again."""
    place = aside.releases / months.key(draft.month)
    folder = place / str(event.body["edition"])
    if standing is None:
        before = edition_folders.latest_edition(aside.releases, draft.month)
        moment = datetime.fromisoformat(event.at)
        writing.begin(opened, aside.releases, draft, before, event.body["edition"], event.by, moment)
    else:
        place.mkdir(parents=True, exist_ok=True)
        folder.symlink_to(standing.resolve(), target_is_directory=True)
    return folder


# ---- putting back


def _put_back(settings: Settings, aside: Settings, outcomes: list[_Outcome]) -> None:
    """Replace missing or damaged editions by those made again, where these agree with the ledger; then pointer and projection."""
    for outcome in outcomes:
        # an edition of the old format cannot be compared once its folder is lost: the message says so
        if not outcome.sound and (outcome.agrees or outcome.old):
            _replace_folder(outcome.folder, settings.releases / outcome.release)
            outcome.restored = True
    edition_folders.point_current(settings.releases, Archive(settings.archive))
    made = sorted(aside.data.glob("warehouse-*.duckdb"), key=lambda path: path.stat().st_mtime)
    if made:
        _replace_warehouse(made[-1], settings.warehouse)


def _replace_folder(made: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    damaged = target.parent / f".{target.name}.damaged.part"
    if target.exists():
        target.replace(damaged)
    made.replace(target)
    sync_folder(target.parent)
    shutil.rmtree(damaged, ignore_errors=True)


def _replace_warehouse(made: Path, place: Path) -> None:
    """The new warehouse in place of the old one and of those set aside as unusable."""
    with made.open("rb") as file:
        os.fsync(file.fileno())
    place.parent.mkdir(parents=True, exist_ok=True)
    # the write-ahead log first: beside the new file it would be replayed into it
    for name in (f"{place.name}.wal", f"{place.name}.unusable", f"{place.name}.wal.unusable"):
        place.with_name(name).unlink(missing_ok=True)
    made.replace(place)
    sync_folder(place.parent)


def _verdict(outcomes: list[_Outcome], faults: list[str]) -> Verdict:
    differ: list[Differing] = [
        {"release": o.release, "tables": o.tables, "same_program": o.same_program, "old": o.old, "sound": o.sound}
        for o in outcomes
        if not o.agrees
    ]
    restored = [o.release for o in outcomes if o.restored]
    agree = len(outcomes) - len(differ)
    return {
        "agrees": not differ and not faults,
        "releases": len(outcomes),
        "agree": agree,
        "restored": restored,
        "differ": differ,
        "archive": faults,
        "message": _message(len(outcomes), agree, restored, differ, faults),
    }


def _message(count: int, agree: int, restored: list[str], differ: list[Differing], faults: list[str]) -> str:
    lines = [f"台账所载 {count} 个发布版中，{agree} 个重做后逐项一致。"]
    if restored:
        lines.append(f"已补回缺失或损坏的发布版：{'、'.join(restored)}。")
        lines.append(
            "当前发布版的报告已重新生成；其他各版的报告可用 shequ report --month 月份 --out 文件夹 重新生成，内容相同。"
        )
    lines += [_difference(edition) for edition in differ]
    lines += [f"档案：{fault}" for fault in faults]
    return "\n".join(lines)


def _difference(edition: Differing) -> str:
    if edition["old"] and not edition["sound"]:
        return (
            f"发布版 {edition['release']} 是旧格式，架上的已缺失或损坏，无从逐项核对；已按档案重做并放回。"
            "如有备份，请用备份中的原件核对"
        )
    why = "" if edition["same_program"] else "（发布时的程序与现在不同）"
    return f"发布版 {edition['release']} 不一致{why}：{'、'.join(edition['tables'][:8]) or '架上没有可比的版本'}"
