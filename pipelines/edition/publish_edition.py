"""Make an immutable working edition (semantics §4, Gate): completed aside, moved in one step, then noted in the ledger."""

import json
import shutil
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from pipelines import months
from pipelines.archive.month_state import Life
from pipelines.archive.store import Archive, Event
from pipelines.edition import (
    closed_periods,
    data_package,
    database,
    edition_differences,
    edition_folders,
    month_tables,
    same_edition,
    spot_month_tables,
    verify_files,
)
from pipelines.edition.month_table_store import Exports, Made
from pipelines.edition.month_tables import Object
from pipelines.errors import Refusal
from pipelines.figures import as_now as later_divisions
from pipelines.figures import effective_answers, update
from pipelines.months import SHANGHAI
from pipelines.reference import reference_bundle
from pipelines.settings import Settings
from pipelines.system import durable_files, program_version
from pipelines.system.durable_files import make_folder, sync_folder, write_durably
from pipelines.verification import spot_tables
from pipelines.warehouse.projection import Progress, Warehouse

Tables = dict[str, dict[str, Object]]


@dataclass(frozen=True)
class Edition:
    """One edition of one month. `new`: made by this call."""

    month: date
    number: int
    folder: Path
    new: bool

    @property
    def label(self) -> str:
        return f"{months.key(self.month)}/{self.number}"


def publish(
    warehouse: Warehouse,
    settings: Settings,
    month: date,
    by: str = "系统",
    report: Progress | None = None,
    now: datetime | None = None,
    only_figures: bool = False,
) -> Edition:
    """A working edition of a month from all that the warehouse holds; the latest edition where nothing changed (`only_figures`: where no
    figure did).

    Errors: `Refusal` when the disk is too full for it, when no month up to this one has a submission in force, or when the month is
    approved and would change.
    """
    _need_room(settings)
    _heal(settings, warehouse.archive)
    update.bring_up_to_date(warehouse, month, report)
    life = warehouse.life()
    if month not in effective_answers.answered_months(life, month):
        raise Refusal(f"{months.label(month)}没有任何有效报表，也没有可沿用的，无法成版；请先提交报表（shequ submit）")
    latest = edition_folders.latest_edition(settings.releases, month)
    lost = _lost(life, month, latest)
    approved = None if lost else _approved(settings, life).get(month)
    if approved and not life.spots:
        # an approved month keeps its figures until it is reopened, whatever has come in since
        return Edition(month, int(approved.name), approved, new=False)
    draft = drafted(warehouse, settings, month, life, lost.body.get("format", 1) if lost else edition_folders.FORMAT)
    if approved and not spot_month_tables.is_checked(warehouse, draft.manifest, approved):
        return Edition(month, int(approved.name), approved, new=False)
    if lost:
        return _put_again(warehouse, settings, lost, draft)
    same = same_edition.same_figures if only_figures else same_edition.same
    # a retracted edition is not made again under another number; the one before it counts
    for folder in [
        *edition_folders.usable(settings.releases, warehouse.archive, month)[-1:],
        *([latest] if latest and life.editions.retracted_by_hand(edition_folders.name_of(latest)) else []),
    ]:
        if same(warehouse, folder, draft.manifest):
            return Edition(month, int(folder.name), folder, new=False)
    draft = _mended(warehouse, settings, draft, life, latest)
    moment = now or datetime.now(SHANGHAI)
    number = int(latest.name) + 1 if latest else 1
    folder = write(warehouse, settings.releases, draft, approved or latest, number, by, moment)
    _announce(settings, warehouse.archive, folder, moment)
    verify_files.note_for_readers(warehouse, settings.releases, folder)
    return Edition(month, int(folder.name), folder, new=True)


def _need_room(settings: Settings) -> None:
    """Errors: `Refusal` where the disk lacks three times a month of the projection: for itself, its log, and the edition."""
    size = settings.warehouse.stat().st_size if settings.warehouse.exists() else 0
    published = sum(1 for _ in settings.releases.glob("????-??"))
    durable_files.need_room(settings.data, 3 * size // max(1, published), "发布")


@dataclass(frozen=True)
class Draft:
    """An edition that is not written yet: its manifest, and table → month → object."""

    month: date
    manifest: dict[str, Any]
    content: Tables


def drafted(
    warehouse: Warehouse, settings: Settings, month: date, life: Life, wanted: int = edition_folders.FORMAT
) -> Draft:
    """Draft of a month's edition, whose months are computed; `wanted`: the format to make again, none before `VERDICTS`."""
    content = _content(warehouse, settings, life, effective_answers.answered_months(life, month))
    edition_format = wanted if wanted >= edition_folders.VERDICTS else edition_folders.FORMAT
    return Draft(month, _manifest(warehouse, life, month, content, edition_format), content)


def _mended(warehouse: Warehouse, settings: Settings, draft: Draft, life: Life, latest: Path | None) -> Draft:
    """The draft with damaged month tables made again. Errors: `Refusal` where only a rebuild can do that."""
    store = settings.releases / "objects"
    still: list[Path] = []
    if damaged := verify_files.damaged_objects(warehouse, store, draft.content):
        for place in damaged:
            place.unlink(missing_ok=True)
        draft = drafted(warehouse, settings, draft.month, life)
        still = verify_files.damaged_objects(warehouse, store, draft.content)
    faults = verify_files.edition_faults(latest, noted=verify_files.noted(warehouse)) if latest else []
    faults += [f"{place.name}：内容与校验值不符" for place in still]
    if faults:
        raise Refusal(
            f"已发布的文件有损坏（{'；'.join(faults[:3])}），未发布新版；请先运行 shequ rebuild，由档案补回，再运行 shequ run"
        )
    return draft


# ---- content


def _content(warehouse: Warehouse, settings: Settings, life: Life, span: list[date]) -> Tables:
    """table → month → object, for every month of the series."""
    content: Tables = {}
    marks = update.fingerprints(warehouse, span)
    with Exports(warehouse, settings.releases / "objects") as exports:
        # figures by the divisions of the last month are counted while the files are written
        own = _own(warehouse, settings, life, marks, exports)
        divisions = later_divisions.bring_up_to_date(warehouse, span, span[-1], marks)
        for month in span:
            now = partial(_now_query, warehouse, month, divisions)
            objects = own[month]() | exports.of(month, divisions, marks[month], now)
            for table, exported in objects.items():
                if table not in spot_tables.TABLES:
                    content.setdefault(table, {})[months.key(month)] = exported
    return content | spot_month_tables.stored(warehouse, settings.releases / "objects", life, span)


def _now_query(warehouse: Warehouse, month: date, divisions: str) -> dict[str, str]:
    return {"figure_now": month_tables.now_query(warehouse, month, divisions)}


def _own(
    warehouse: Warehouse, settings: Settings, life: Life, marks: dict[date, str], exports: Exports
) -> dict[date, Made]:
    """Month → function that waits for its tables by its own divisions; an approved month has its published tables."""
    made: dict[date, Made] = {}
    statuses, approved, last = _statuses(warehouse, life), _approved(settings, life), max(marks)
    for month, mark in marks.items():
        folder = approved.get(month) if month != last else None
        if folder:
            make = partial(_adopted_objects, warehouse, settings, folder, month)
            made[month] = partial(exports.noted, month, "approved", f"{folder.parent.name}/{folder.name}", make)
        else:
            mark = f"{mark} {statuses.get(month, [])}"
            made[month] = exports.begin(month, "then", mark, partial(_month_queries, warehouse, life, month))
    return made


def _month_queries(warehouse: Warehouse, life: Life, month: date) -> dict[str, str]:
    effective_answers.load_rosters(warehouse, month)
    return month_tables.queries(warehouse, life, month)


def _approved(settings: Settings, life: Life) -> dict[date, Path]:
    """Approved months, with the folder of their newest edition that was not retracted, according to the ledger."""
    approved = [month for month, state in life.months.items() if state.approved]
    named = {month: life.editions.usable(months.key(month))[-1:] for month in approved}
    folders = {month: settings.releases / names[0] for month, names in named.items() if names}
    return {month: folder for month, folder in folders.items() if (folder / "manifest.json").exists()}


def _adopted_objects(warehouse: Warehouse, settings: Settings, published: Path, month: date) -> dict[str, Object]:
    listed, key = edition_folders.read_manifest(published)["tables"], months.key(month)
    return {
        table: _adopted(warehouse, settings, published / month_tables.file_name(table, month), entries[key])
        for table, entries in listed.items()
        if key in entries
    }


def _adopted(warehouse: Warehouse, settings: Settings, place: Path, entry: dict[str, Any]) -> Object:
    """A month table of an existing edition, copied back to the store where it is missing there."""
    exported = same_edition.known(warehouse, place, entry)
    stored = month_tables.object_path(settings.releases / "objects", exported.sha256)
    if not stored.exists():
        durable_files.link(place, stored)
    return exported


def _statuses(warehouse: Warehouse, life: Life) -> dict[date, list[tuple[int, str]]]:
    """State of every submission, by month; a waiting one counts as a change too."""
    statuses: dict[date, list[tuple[int, str]]] = {}
    for month, seq in warehouse.con.execute("SELECT month, seq FROM submission ORDER BY seq").fetchall():
        statuses.setdefault(month, []).append((seq, life.status.get(seq, "refused")))
    return statuses


def _manifest(warehouse: Warehouse, life: Life, month: date, content: Tables, wanted: int) -> dict[str, Any]:
    """The manifest with its digest; time and number are added when it is written."""
    reference = warehouse.reference
    pinned = {
        "format": wanted,
        "city": warehouse.reference.rosters.city.name,
        "month": months.key(month),
        "reference": reference.digests,
        "program": {"version": program_version.__version__, "sha256": program_version.digest(__name__)},
        "months": sorted({key for entries in content.values() for key in entries}),
        "states": {months.key(m): s.state for m, s in sorted(life.months.items()) if m <= month},
        **({} if wanted >= edition_folders.WITHOUT_INPUTS else {"inputs": _inputs(warehouse, life, month)}),
        "sample": _is_sample(warehouse, life, month),
        "tables": {table: {key: vars(item) for key, item in entries.items()} for table, entries in content.items()},
    }
    return {**pinned, "as_of": warehouse.applied(), "digest": same_edition.digest(pinned)}


def _inputs(warehouse: Warehouse, life: Life, month: date) -> list[dict[str, Any]]:
    """Submissions in force for the series, as in formats 2 and 3: county, month, ledger number, hash and file name."""
    rows = warehouse.con.execute(
        "SELECT county, strftime(month, '%Y-%m'), seq, sha256, file FROM submission WHERE month <= ? ORDER BY seq",
        [month],
    ).fetchall()
    force = {seq for m in life.reported if m <= month for seqs in life.counted(m).values() for seq in seqs}
    names = ("county", "month", "seq", "sha256", "file")
    return [dict(zip(names, row, strict=True)) for row in rows if row[2] in force]


def _is_sample(warehouse: Warehouse, life: Life, month: date) -> bool:
    """Whether any submission in force of the series is sample data, which everything made of it must state."""
    seqs = {row[0] for row in warehouse.con.execute("SELECT seq FROM finding WHERE code = 'sample_data'").fetchall()}
    counted = (seqs for m in life.reported if m <= month for seqs in life.counted(m).values())
    return bool(seqs) and any(seq in seqs for own in counted for seq in own)


# ---- writing


def write(
    warehouse: Warehouse, shelf: Path, draft: Draft, latest: Path | None, number: int, by: str, now: datetime
) -> Path:
    """The folder of an edition, complete but not yet announced. `latest`: the edition of the month that it follows."""
    store = shelf / "objects"
    before = edition_folders.read_manifest(latest) if latest else None
    manifest = {
        "edition": number,
        "kind": "checked"
        if latest and spot_month_tables.is_checked(warehouse, draft.manifest, latest)
        else _kind(draft.manifest, before),
        "changes": edition_differences.since(warehouse, store, latest, draft.manifest, draft.content)
        if latest
        else None,
        "published_at": now.isoformat(timespec="seconds"),
        "published_by": by,
        **draft.manifest,
    }
    return _shelve(warehouse, shelf, manifest, draft.content)


def _shelve(warehouse: Warehouse, shelf: Path, manifest: dict[str, Any], content: Tables) -> Path:
    """Move the edition's folder to its place, complete and synced before it gets its name."""
    place = shelf / str(manifest["month"])
    aside, folder = place / f".{manifest['edition']}.part", place / str(manifest["edition"])
    if aside.exists():
        shutil.rmtree(aside)
    make_folder(place)
    build(warehouse, shelf / "objects", aside, manifest, content)
    durable_files.sync_folders(aside)
    if folder.exists():
        # a folder without a manifest: an interrupted copy
        shutil.rmtree(folder)
    aside.replace(folder)
    sync_folder(place)
    return folder


def _lost(life: Life, month: date, latest: Path | None) -> Event | None:
    """The newest edition of the month in the ledger, where it is not on the shelf."""
    events = [event for event in life.releases if event.body["month"] == months.key(month)]
    newest = max(events, key=lambda event: event.body["edition"], default=None)
    return newest if newest and (latest is None or int(latest.name) < newest.body["edition"]) else None


def _put_again(warehouse: Warehouse, settings: Settings, lost: Event, draft: Draft) -> Edition:
    """Restore a lost edition as recorded in the ledger. Errors: `Lost` where the data in force have changed since."""
    month, number = lost.body["month"], lost.body["edition"]
    if lost.body["digest"] != draft.manifest["digest"]:
        raise edition_folders.Lost(
            f"发布版 {month}/{number} 已发布而不在发布文件夹中，现有数据又与它不同；为免同一编号有两种内容，未发布。"
            "请先运行 shequ rebuild，由档案补回，再运行 shequ run"
        )
    body = {"edition": number, "kind": lost.body["kind"], "changes": lost.body["changes"]}
    body |= {"published_at": lost.at, "published_by": lost.by, **draft.manifest}
    folder = _shelve(warehouse, settings.releases, body, draft.content)
    edition_folders.point_current(settings.releases, warehouse.archive)
    return Edition(draft.month, number, folder, new=False)


def _kind(manifest: dict[str, Any], before: dict[str, Any] | None) -> str:
    """original; corrected where the answers or decisions changed; restated where the definitions or the rules of verdicts did."""
    if before is None:
        return "original"
    same_rules = before["reference"] == manifest["reference"] and before["format"] >= edition_folders.VERDICTS
    return "corrected" if same_rules else "restated"


def build(warehouse: Warehouse, store: Path, folder: Path, manifest: dict[str, Any], content: Tables) -> None:
    """A whole release folder: month tables, the small database, the manifest last."""
    folder.mkdir(parents=True)
    for table, entries in content.items():
        for key, exported in entries.items():
            stored = month_tables.object_path(store, exported.sha256)
            durable_files.link(stored, folder / month_tables.file_of(table, key))
    files = database.build_database(warehouse, store.parent, folder, manifest)
    files |= data_package.write(warehouse.con, folder, manifest, warehouse.reference)
    if manifest["format"] >= edition_folders.WITHOUT_INPUTS:
        pages, manifest = closed_periods.put_pages(store, folder, manifest)
        files |= pages
    (folder / "reports").mkdir()
    write_durably(
        folder / "manifest.json",
        json.dumps({**manifest, "files": files}, ensure_ascii=False, indent=1, sort_keys=True).encode(),
        mode=0o440,
    )
    sync_folder(folder)


def _announce(settings: Settings, archive: Archive, folder: Path, now: datetime) -> None:
    """Append the event of a complete folder: a working edition, until its gate opens (`pipelines.monthly.gate`)."""
    manifest = edition_folders.read_manifest(folder)
    bundle = archive.put(reference_bundle.bundle(settings.reference))
    body = {"bundle": bundle, "gated": True} | {
        key: manifest[key]
        for key in ("format", "month", "edition", "kind", "digest", "as_of", "reference", "program", "changes")
    }
    archive.append("release", body, by=manifest["published_by"], now=now)


def _heal(settings: Settings, archive: Archive) -> None:
    """Repair after a kill: folders not in the ledger, a stale pointer. (Partial folders: `edition_folders.sweep`.)"""
    known = {(e.body["month"], e.body["edition"]) for e in archive.decisions() if e.kind == "release"}
    for folder in list(edition_folders.editions(settings.releases)):
        if (folder.parent.name, int(folder.name)) not in known:
            moment = datetime.fromisoformat(edition_folders.read_manifest(folder)["published_at"])
            _announce(settings, archive, folder, moment)
    edition_folders.point_current(settings.releases, archive)
