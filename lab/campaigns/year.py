"""Twelve months unattended: begun by an earlier program, upgraded in the middle, one month without power; then everything is looked at.

    python -m lab.campaigns.year --data DIR --earlier FOLDER [--month 2020-03 | --look]

FOLDER holds the earlier program (`git worktree add FOLDER 978b57f`). Without `--month` all twelve are lived through (about ten minutes of
CPU) and looked at; with it one, and `--look` only looks. Needs time-machine (`pip install time-machine`), which is not locked: nothing
but this campaign uses it.
"""

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path

from pipelines import months
from pipelines.archive.store import Archive
from pipelines.edition import edition_folders, figures, open_release, verify_files
from pipelines.intake import session, submit_files
from pipelines.monthly import monthly_run, rebuild_editions, whole_backup
from pipelines.months import SHANGHAI
from pipelines.notify import dispatch
from pipelines.serving import health
from pipelines.settings import REPOSITORY, Settings, load

FIRST, LAST = "2020-01", "2020-12"
UPGRADED, DARK = "2020-07", "2020-09"
DRIVER = Path(__file__).with_name("one_month.py")


def live(data: Path, key: str, earlier: Path) -> None:
    """One month, by the program that was installed then."""
    program = earlier if key < UPGRADED else REPOSITORY
    command = [sys.executable, "-W", "ignore", str(DRIVER), "--data", str(data), "--month", key]
    environment = {**os.environ, "PYTHONPATH": str(program), "SHEQU_BACKUP": str(data.parent / "copy")}
    environment["SHEQU_REFERENCE"] = str(program / "data" / "reference")
    subprocess.run([*command, *(["--dark"] if key == DARK else [])], cwd=program, env=environment, check=True)


def look(data: Path) -> dict:
    """What came of the twelve months; each value is a fact, `faults` is empty where all is as it should be."""
    place, archive = load(data), Archive(load(data).archive)
    life = json.loads((data / "campaign.json").read_text())
    now = datetime(2021, 1, 1, 12, tzinfo=SHANGHAI)
    reported = [months.key(month) for month in months.parse_span("2019-12..2020-11")]
    released = {folder.parent.name for folder in edition_folders.released(place.releases, archive)}
    verdict = rebuild_editions.rebuild(place)
    copy = whole_backup.verify(data.parent / "copy")
    kept = {promise.what: promise.well for promise in health.state(place, now)}
    state = {
        "runs": Counter(f"{run['job']} {'well' if run['well'] else 'failed'}" for run in life["runs"]),
        "months released": sorted(released & set(reported)),
        "archive": archive.verify(),
        "rebuild": verdict["message"],
        "backup": copy["message"],
        "messages": Counter(path.name.split("-")[0] for path in (data / "outbox" / "sent").glob("*.json")),
        "waiting": len(dispatch.outbox(place).waiting()),
        "size": {name: _megabytes(data / name) for name in ("archive", "releases", "warehouse", "dagster", "outbox")},
        "promises kept": sorted(what for what, well in kept.items() if well),
        "promises broken": sorted(what for what, well in kept.items() if not well),
        "same figures as at once": _same(place, data.parent / "at-once"),
    }
    faults = [*state["archive"], *copy["faults"], *verify_files.faults(place.releases)]
    faults += [f"not released: {key}" for key in reported if key not in released]
    faults += [f"{item['release']}: {item['tables']}" for item in verdict["differ"] if not _by_other_rules(item)]
    faults += (
        [] if state["same figures as at once"] else ["other figures than an installation that received all at once"]
    )
    return {**state, "faults": faults}


def _by_other_rules(item: dict) -> bool:
    """Whether an edition of the earlier program differs only in what the files were asked: its figures agree."""
    return item["release"] < f"{UPGRADED}/" and all(name.startswith("finding/") for name in item["tables"])


def _same(place: Settings, folder: Path) -> bool:
    """Whether an installation that receives the same files in the same order, today, has the same figures of the last month."""
    bare, archive = Settings(folder, place.reference), Archive(place.archive)
    if not bare.archive.exists():
        incoming = folder.parent / "incoming"
        incoming.mkdir(parents=True, exist_ok=True)
        for event in archive.events():
            if event.kind == "submission":
                path = incoming / event.body["file"]
                path.write_bytes(archive.read(event.body["sha256"]))
                submit_files.submit([path], bare, by="核对")
    last = max(edition_folders.released(place.releases, archive), key=lambda folder: folder.parent.name)
    month = months.parse(last.parent.name)
    with session.settled(bare, "核对") as opened:
        monthly_run.publish_month(opened, bare, month)
    ours, theirs = (_figures(settings, month) for settings in (place, bare))
    return ours == theirs


def _figures(settings: Settings, month) -> list[dict]:
    rows = figures(open_release(month, settings=settings), month=month)
    return [{name: value for name, value in row.items() if name != "edition"} for row in rows]


def _megabytes(folder: Path) -> float:
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20, 1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--earlier", type=Path, required=True)
    parser.add_argument("--month")
    parser.add_argument("--look", action="store_true")
    given = parser.parse_args()
    given.data.mkdir(parents=True, exist_ok=True)
    if not given.look:
        for month in [months.parse(given.month)] if given.month else months.parse_span(f"{FIRST}..{LAST}"):
            live(given.data.resolve(), months.key(month), given.earlier.resolve())
    if given.look or not given.month:
        state = look(given.data.resolve())
        print(json.dumps(state, ensure_ascii=False, indent=1))
        return int(bool(state["faults"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
