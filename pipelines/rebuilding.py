"""Everything again from the archive: the projection, every edition, and whether each figure agrees.

The ledger tells which editions were published, after which event and with which reference data (kept in the archive as a bundle).
They are made again in that order, aside; what is missing or damaged in `data/releases` is then put in its place. Nothing that agrees
is touched, and the ledger is not written.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from pipelines import locks, monthly, months, parallel, reference_set, warehouse
from pipelines.archive import Archive, Event
from pipelines.errors import Refusal
from pipelines.reference_set import Reference
from pipelines.release import editions
from pipelines.release.publishing import publish
from pipelines.settings import Settings
from pipelines.warehouse import Warehouse

Progress = Callable[[int, int, str], None]


class Replay(Archive):
    """An archive that is only read: events appended while replaying are the ones that the ledger has already."""

    def append(self, kind: str, body: dict, by: str = "系统", now: datetime | None = None) -> Event:
        return Event(0, "", kind, by, body, "")

    def put(self, data: bytes) -> str:
        return ""


def rebuild(settings: Settings, report: Progress | None = None) -> dict:
    """Make the warehouse and every edition again and compare.

    Returns `agrees`, `releases` (how many the ledger names), `agree`, `restored` (put back), `differ` (with the tables concerned),
    `archive` (faults of the archive itself) and `message`.
    """
    archive = Archive(settings.archive)
    faults = archive.verify()
    with locks.hold(settings.data / "warehouse" / "writer.lock", "重建"), _aside(settings) as aside:
        told = [event for event in archive.events() if event.kind == "release"]
        outcomes = list(_replay(settings, aside, told, report))
        if not faults:
            _put_back(settings, aside, outcomes)
    current = editions.current(settings.releases)
    if current is not None:
        monthly.report_latest(settings, [months.parse(current.parent.name)])
    return _verdict(outcomes, faults)


@contextmanager
def _aside(settings: Settings) -> Iterator[Settings]:
    folder = settings.data / ".rebuild"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield replace(settings, data=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _replay(settings: Settings, aside: Settings, told: list[Event], report: Progress | None) -> Iterator[dict]:
    """One outcome per edition of the ledger, in its order."""
    archive = Replay(settings.archive)
    with ExitStack() as stack:
        opened: Warehouse | None = None
        for done, event in enumerate(told, 1):
            if opened is None or not _made_with(opened.reference, event):
                reference = _reference(settings, aside, archive, event)
                opened = stack.enter_context(_fresh_warehouse(aside, reference, archive, done))
            opened.sync(parallel.reader(archive, opened.reference), until=event.body["as_of"])
            yield _again(opened, replace(aside, reference=opened.reference.folder), settings, event)
            if report:
                report(done, len(told), f"{event.body['month']}/{event.body['edition']}")


def _made_with(reference: Reference, event: Event) -> bool:
    return reference.digests == event.body["reference"]


def _reference(settings: Settings, aside: Settings, archive: Archive, event: Event) -> Reference:
    """The reference data that an edition was made with: the present one where it is the same, else the archived bundle."""
    present = reference_set.load(settings.reference)
    if _made_with(present, event):
        return present
    folder = aside.data / f"reference-{event.body['bundle'][:12]}"
    if not folder.exists():
        reference_set.unbundle(archive.read(event.body["bundle"]), folder)
    return reference_set.load(folder)


@contextmanager
def _fresh_warehouse(aside: Settings, reference: Reference, archive: Archive, number: int) -> Iterator[Warehouse]:
    with warehouse.open_warehouse(aside.data / f"warehouse-{number}.duckdb", reference, archive) as opened:
        yield opened


def _again(opened: Warehouse, aside: Settings, settings: Settings, event: Event) -> dict:
    """One edition made again, and how it compares with the ledger and with what stands on the shelf."""
    body = event.body
    month = months.parse(body["month"])
    made = publish(opened, aside, month, event.by, now=datetime.fromisoformat(event.at))
    manifest = editions.read_manifest(made.folder)
    standing = settings.releases / body["month"] / str(body["edition"])
    agrees = manifest["digest"] == body["digest"] and made.number == body["edition"]
    return {
        "release": f"{body['month']}/{body['edition']}",
        "agrees": agrees,
        "missing": not _whole(standing),
        "folder": made.folder,
        "program": body["program"]["sha256"] == manifest["program"]["sha256"],
        "tables": [] if agrees else _differing(standing, manifest),
    }


def _whole(folder: Path) -> bool:
    """Whether an edition's folder has its manifest and every file that it names."""
    try:
        manifest = editions.read_manifest(folder)
    except Refusal:
        return False
    named = [f"tables/{table}/{key}.parquet" for table, entries in manifest["tables"].items() for key in entries]
    return all((folder / name).exists() for name in [*named, *manifest["files"]])


def _differing(folder: Path, manifest: dict) -> list[str]:
    """Month tables whose content is another than in the edition on the shelf."""
    if not _whole(folder):
        return []
    before = editions.read_manifest(folder)["tables"]
    return sorted(
        f"{table}/{key}"
        for table, entries in manifest["tables"].items()
        for key, item in entries.items()
        if before.get(table, {}).get(key, {}).get("sha256") != item["sha256"]
    )


def _put_back(settings: Settings, aside: Settings, outcomes: list[dict]) -> None:
    """Editions that are missing or damaged, where what was made again is what the ledger knows; then the pointer."""
    for outcome in outcomes:
        target = settings.releases / outcome["release"]
        if outcome["missing"] and outcome["agrees"]:
            shutil.rmtree(target, ignore_errors=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            outcome["folder"].replace(target)
            outcome["restored"] = True
    editions.repair_current(settings.releases)
    made = sorted(aside.data.glob("warehouse-*.duckdb"), key=lambda path: path.stat().st_mtime)
    if made:
        # the old WAL first: beside another file it would be taken for that one's
        settings.warehouse.with_name(settings.warehouse.name + ".wal").unlink(missing_ok=True)
        made[-1].replace(settings.warehouse)


def _verdict(outcomes: list[dict], faults: list[str]) -> dict:
    differ = [
        {"release": o["release"], "tables": o["tables"], "same_program": o["program"]}
        for o in outcomes
        if not o["agrees"]
    ]
    restored = [o["release"] for o in outcomes if o.get("restored")]
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


def _message(count: int, agree: int, restored: list[str], differ: list[dict], faults: list[str]) -> str:
    lines = [f"台账所载 {count} 个发布版中,{agree} 个重做后逐项一致。"]
    if restored:
        lines.append(f"已补回缺失或损坏的发布版:{'、'.join(restored)}。")
        lines.append("当前发布版的报告已重新生成;其他各版的报告可用 shequ report --month 月份 --out 文件夹 重新生成,内容相同。")
    for item in differ:
        why = "" if item["same_program"] else "(发布时的程序与现在不同)"
        lines.append(
            f"发布版 {item['release']} 不一致{why}:{'、'.join(item['tables'][:8]) or '架上没有可比的版本'}"
        )
    lines += [f"档案:{fault}" for fault in faults]
    return "\n".join(lines)
