"""The papers of an edition in its `reports/`, issued again when a decision changes what they say; earlier issues in `reports/earlier/<n>/`."""

import gc
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from pipelines import months, reports
from pipelines.archive.store import Archive, write_durably
from pipelines.edition import Release, edition_folders, open_folder
from pipelines.edition.open_edition import Row, with_decisions
from pipelines.intake import month_now
from pipelines.monthly import public_folder
from pipelines.reports import office
from pipelines.settings import Settings
from pipelines.system import durable_files, locks

EARLIER = "earlier"
# mark of the decisions that an issue includes
_MARK = ".decisions"


def issue_latest(settings: Settings, wanted: list[date]) -> dict[date, list[Path]]:
    """Issue papers of the last of `wanted` months and of the current edition; public pages first, which are quick."""
    public_folder.bring_up_to_date(settings)
    archive = Archive(settings.archive)
    newest = [
        editions[-1]
        for month in sorted(wanted)
        if (editions := edition_folders.usable(settings.releases, archive, month))
    ]
    current = edition_folders.current(settings.releases)
    due = {*newest[-1:], *([current] if current else [])}
    return {months.parse(folder.parent.name): issue(settings, folder) for folder in due}


def issue(settings: Settings, folder: Path) -> list[Path]:
    """Issue the papers of an edition where they are missing or out of date: all or none, by one process at a time."""
    with durable_files.refusing("生成报告"), locks.hold(edition_folders.papers_lock(settings.releases), "生成报告"):
        _finish_interrupted(settings.releases)
        with with_decisions(open_folder(folder), settings) as release:
            mark = _mark(release)
            if not papers(folder) or _issued_mark(folder, release) != mark:
                with _steady():
                    caveats = month_now.of(settings, release.month).caveats
                    reports.write_reports(release, _aside(folder), caveats=caveats, office=office.load(settings))
                write_durably(_aside(folder) / _MARK, json.dumps(mark).encode())
                _replace(folder)
    return papers(folder)


def papers(folder: Path) -> list[Path]:
    """The files of the newest issue of an edition's papers; empty where there is none."""
    return sorted(path for path in (folder / "reports").glob("*.*") if path.is_file() and path.name != _MARK)


def behind(settings: Settings, folder: Path) -> bool:
    """Whether decisions or explanations since the issue of an edition's papers change their content."""
    with with_decisions(open_folder(folder), settings) as release:
        return bool(papers(folder)) and _issued_mark(folder, release) != _mark(release)


def _mark(release: Release) -> list[int | str]:
    """Inputs of the papers besides the edition: numbers of decisions, notes and replies to last month's tasks, state of each explanation."""
    key, before = months.key(release.month), months.key(months.add(release.month, -1))
    kinds = ("approve", "reopen", "extend")
    decided = [row["seq"] for row in release.decisions() or [] if row["kind"] in kinds and row["month"] == key]
    decided += [reply["seq"] for reply in release.replied if reply["month"] == before]
    decided += [note["seq"] for note in release.noted]
    return [*sorted(decided), *(_standing(row) for row in release.explanations(release.month))]


def _standing(explained: Row) -> str:
    return f"{explained['finding']} {explained['at']} {explained['state']} {explained['settled_at'] or ''}".strip()


def _issued_mark(folder: Path, release: Release) -> list[int | str]:
    """The mark of the present issue; of one by an earlier program, which stored none, the decisions before the edition."""
    place, as_of = folder / "reports" / _MARK, release.manifest["as_of"]
    if place.exists():
        return json.loads(place.read_text(encoding="ascii"))
    return [seq for seq in _mark(release) if not isinstance(seq, int) or seq <= as_of]


# ---- replacing an issue; after a kill the old or the new one is complete


def _aside(folder: Path) -> Path:
    return folder / ".reports.part"


def _before(folder: Path) -> Path:
    return folder / ".reports.before"


def _finish_interrupted(releases: Path) -> None:
    """Finish an interrupted replacement of any edition. Under the lock nobody else writes papers."""
    for folder in {part.parent for part in releases.glob("????-??/*/.reports.*")}:
        if _before(folder).exists() and not (folder / "reports").exists():
            _before(folder).replace(folder / "reports")
        shutil.rmtree(_before(folder), ignore_errors=True)
        shutil.rmtree(_aside(folder), ignore_errors=True)


def _replace(folder: Path) -> None:
    """Replace the issue; earlier ones move to a folder below it."""
    place, aside = folder / "reports", _aside(folder)
    if (place / EARLIER).exists():
        shutil.copytree(place / EARLIER, aside / EARLIER)
    if before := papers(folder):
        kept = aside / EARLIER / str(len(list((aside / EARLIER).glob("*"))) + 1)
        kept.mkdir(parents=True)
        for path in before:
            shutil.copy2(path, kept / path.name)
    durable_files.sync_folders(aside)
    if place.exists():
        place.replace(_before(folder))
    aside.replace(place)
    shutil.rmtree(_before(folder), ignore_errors=True)


@contextmanager
def _steady() -> Iterator[None]:
    """Freeze existing objects for the garbage collector, which would traverse all of Dagster's for the half million objects of a report."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
