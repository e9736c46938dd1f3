"""A second copy of the archive, on another disk, and bringing it back.

It is laid out as the archive is, with `backup.json`, which says whose it is and up to which event. The ledger is read up to a fixed event
first and put in place last, so that a backup taken during a submission, or interrupted, is a whole backup of an earlier moment.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypedDict

from pipelines.archive.ledger import Ledger, audit_ledger
from pipelines.archive.store import Archive, is_right, objects_of
from pipelines.errors import Refusal
from pipelines.months import SHANGHAI
from pipelines.reference import roster
from pipelines.settings import Settings
from pipelines.system import durable_files, locks
from pipelines.system.durable_files import write_durably

Progress = Callable[[int, int, str], None]
FORMAT = 1
MARK = "backup.json"


class City(TypedDict):
    """Whose archive it is."""

    code: str
    name: str


class Mark(TypedDict):
    """`backup.json`: the last event that the backup holds, and when it was made."""

    format: int
    city: City
    seq: int
    made: str


class Verified(TypedDict):
    """A verified backup: `objects` counts its files, `faults` are sentences, `whole` is that there are none."""

    folder: str
    city: str
    made: str
    seq: int
    objects: int
    faults: list[str]
    whole: bool
    message: str


class BackedUp(Verified):
    """A backup brought up to date: `copied` new files of `bytes` bytes."""

    copied: int
    bytes: int


class Restored(TypedDict):
    """What was restored, and from where."""

    folder: str
    seq: int
    objects: int


@dataclass(frozen=True)
class _Place:
    root: Path

    @property
    def archive(self) -> Archive:
        return Archive(self.root / "archive")

    @property
    def audit(self) -> Path:
        return self.root / "audit" / "audit.jsonl"

    def mark(self) -> Mark | None:
        """Content of `backup.json`; None in an empty folder. Errors: `Refusal` when this is no backup, or a newer program's."""
        try:
            mark: Mark = json.loads((self.root / MARK).read_text(encoding="utf-8"))
            newer = mark["format"] > FORMAT
        except FileNotFoundError:
            if self.root.exists() and any(not _is_ours(path.name) for path in self.root.iterdir()):
                raise Refusal(f"“{self.root}”不是空文件夹，也不是备份（没有 {MARK}），未作改动；请另选文件夹") from None
            return None
        except (ValueError, KeyError, TypeError):
            raise Refusal(f"备份的说明文件 {self.root / MARK} 已损坏，未作改动；请另选文件夹重新备份") from None
        if newer:
            raise Refusal(f"备份“{self.root}”由更新版本的程序写成，本程序不能使用，未作改动；请改用更新版本的程序")
        return mark


def _is_ours(name: str) -> bool:
    """Whether a file was left by a backup that was killed before it wrote its mark."""
    return name == ".backup.lock" or (name.startswith(f".{MARK}.") and name.endswith(".part"))


# ---- backup


def backup(settings: Settings, folder: Path, by: str = "系统", report: Progress | None = None) -> BackedUp:
    """Bring the backup in `folder` up to the archive and verify all of it.

    Returns `folder`, `seq` (last event in it), `objects`, `copied` (new ones), `bytes` (copied), `faults`, `whole` and `message`.
    Errors: `Refusal` when the folder holds another city's backup, one that the archive does not continue, or is in the data folder.
    """
    place, source = _Place(folder.resolve()), Archive(settings.archive)
    _check_place(settings, place, source)
    with durable_files.refusing("备份"):
        durable_files.make_folder(place.root)
        with locks.hold(place.root / ".backup.lock", "备份"):
            ledger, audit = _whole_lines(source.ledger), _whole_lines(audit_ledger(settings).path)
            city = _city(settings)
            _check_continues(place, ledger, city)
            if place.mark() is None:
                _write_mark(place, city, 0)
            copied, faults = _copy(ledger, source, place.archive, report)
            _put_ledgers(place, source, ledger, audit)
            last = _events(ledger)[-1]["seq"]
            _write_mark(place, city, last)
    verified = verify(place.root)
    faults += verified["faults"]
    result: BackedUp = {
        **verified, "copied": len(copied), "bytes": sum(copied.values()), "faults": faults, "whole": not faults,
    }  # fmt: skip
    result["message"] = _message(result)
    noted = {key: value for key, value in result.items() if key in _NOTED}
    with durable_files.refusing("记录备份"):
        audit_ledger(settings).append("backup", noted, by)
    return result


_NOTED = ("folder", "seq", "objects", "copied", "bytes", "whole")  # in the audit log


def _check_place(settings: Settings, place: _Place, source: Archive) -> None:
    source.check_format()
    if not source.last_seq():
        raise Refusal("档案还是空的，没有可备份的内容；请先提交报表（shequ submit）")
    if place.root.is_relative_to(settings.data):
        raise Refusal(f"备份不能放在数据文件夹之内（{settings.data}）：磁盘坏了会一起丢失；请另选磁盘上的文件夹")
    place.mark()


def _city(settings: Settings) -> City:
    city = roster.load(settings.reference).city
    return {"code": city.code, "name": city.name}


def _whole_lines(path: Path) -> bytes:
    """A ledger up to the end of its last whole line: a line being written is the next backup's."""
    data = path.read_bytes() if path.exists() else b""
    return data[: data.rfind(b"\n") + 1]


def _check_continues(place: _Place, ledger: bytes, city: City) -> None:
    """Errors: `Refusal` when the archive is not what the backup was made of, or has fewer events than it."""
    mark = place.mark()
    if mark is None:
        return
    if mark["city"]["code"] != city["code"]:
        raise Refusal(f"“{place.root}”是{mark['city']['name']}的备份，本机是{city['name']}，未作改动；请另选文件夹")
    kept = _whole_lines(place.archive.ledger)
    if ledger.startswith(kept):
        return
    ours, theirs = ledger.splitlines(), kept.splitlines()
    if kept.startswith(ledger):
        fault = f"备份比档案长：备份到第 {len(theirs)} 行，档案只到第 {len(ours)} 行；档案丢失了事件"
    else:
        number = next((n for n, (a, b) in enumerate(zip(ours, theirs, strict=False), 1) if a != b), len(ours))
        fault = f"档案与备份从台账第 {number} 行起不同：不是同一份档案，或有一方被改动"
    raise Refusal(
        f"{fault}。为免覆盖完好的备份，未作改动；请另选文件夹备份，并用 shequ backup --verify 检查原备份，再决定以哪一份为准"
    )


def _events(ledger: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ledger.splitlines() if line.startswith(b"{") and line.endswith(b"}")]


def _copy(ledger: bytes, source: Archive, target: Archive, report: Progress | None) -> tuple[dict[str, int], list[str]]:
    """Objects that the target lacks or has damaged, copied: digest → size. And what the source itself lacks."""
    copied: dict[str, int] = {}
    faults: list[str] = []
    wanted = list(dict.fromkeys(digest for event in _events(ledger) for digest in objects_of(event["body"])))
    for done, digest in enumerate(wanted, 1):
        if not is_right(target.path(digest), digest):
            try:
                data = source.read(digest)
            except Refusal as fault:
                faults.append(str(fault))
                continue
            write_durably(target.path(digest), data, mode=0o440)
            copied[digest] = len(data)
        if report:
            report(done, len(wanted), digest[:12])
    return copied, faults


def _put_ledgers(place: _Place, source: Archive, ledger: bytes, audit: bytes) -> None:
    if (source.root / "format").exists():
        write_durably(place.archive.root / "format", (source.root / "format").read_bytes(), mode=0o440)
    if audit:
        write_durably(place.audit, audit)
    write_durably(place.archive.ledger, ledger)


def _write_mark(place: _Place, city: City, seq: int) -> None:
    made = datetime.now(SHANGHAI).isoformat(timespec="seconds")
    mark: Mark = {"format": FORMAT, "city": city, "seq": seq, "made": made}
    write_durably(place.root / MARK, json.dumps(mark, ensure_ascii=False).encode())


def _message(result: BackedUp) -> str:
    lines = [
        f"已备份到 {result['folder']}：台账至第 {result['seq']} 号，共 {result['objects']} 个文件，"
        f"本次新增 {result['copied']} 个（{result['bytes'] / 2**20:.1f} MB）。"
    ]
    lines += [f"有缺陷：{fault}" for fault in result["faults"]]
    return "\n".join([*lines, "逐个校验无误。" if result["whole"] else "备份不完整，请按上面的提示处理后重新备份。"])


# ---- verify


def verify(folder: Path) -> Verified:
    """Verify every line and object of a backup by its hash; changes nothing. Errors: `Refusal` when this is no backup."""
    place = _Place(folder.resolve())
    mark = place.mark()
    if mark is None:
        raise Refusal(f"“{place.root}”里没有备份；请核对路径")
    faults = [*place.archive.verify(), *Ledger(place.audit, "审计日志").verify()]
    seq = place.archive.last_seq()
    if seq < mark["seq"]:
        faults.append(f"备份的台账只到第 {seq} 号，应到第 {mark['seq']} 号：有事件丢失")
    objects = {digest for event in place.archive.events() for digest in objects_of(event.body)}
    verdict = "逐个校验无误" if not faults else "；".join(faults)
    return {
        "folder": str(place.root),
        "city": mark["city"]["name"],
        "made": mark["made"],
        "seq": seq,
        "objects": len(objects),
        "faults": faults,
        "whole": not faults,
        "message": f"{mark['city']['name']}的备份，台账至第 {seq} 号，{len(objects)} 个文件：{verdict}。",
    }


# ---- restore


def restore(settings: Settings, folder: Path, by: str = "系统", report: Progress | None = None) -> Restored:
    """The archive and the audit from a backup, into an installation that has none. Everything else is then made by a rebuild.

    Returns `seq` and `objects`. Interrupted, it continues where it stopped, also when only the rebuild was left to do; the archive is
    there whole or not at all. Errors: `Refusal` when there is an archive already, or when the backup is not whole.
    """
    place = _Place(folder.resolve())
    target = settings.data / "archive.restoring"
    verified = verify(place.root)
    restored: Restored = {
        "folder": verified["folder"], "seq": verified["seq"], "objects": verified["objects"],
    }  # fmt: skip
    with durable_files.refusing("恢复"), locks.hold(settings.data / "warehouse" / "writer.lock", "恢复备份"):
        ledger, audit = _whole_lines(place.archive.ledger), _whole_lines(place.audit)
        if _is_this_restored(settings, ledger, audit):
            return restored
        _check_empty(settings, audit)
        if not verified["whole"]:
            raise Refusal(f"备份不完整，未恢复：{'；'.join(verified['faults'])}。请改用另一份备份")
        _, faults = _copy(ledger, place.archive, Archive(target), report)
        if faults:
            raise Refusal(f"备份在恢复时读不出，未恢复：{'；'.join(faults)}。请检查备份所在的磁盘，或改用另一份备份")
        _put_restored(settings, place, target, ledger)
        audit_ledger(settings).append("restore", {**restored}, by)
    return restored


def _is_this_restored(settings: Settings, ledger: bytes, audit: bytes) -> bool:
    """Whether the archive is this backup's, and nothing has happened since it was put there."""
    if not ledger or _whole_lines(Archive(settings.archive).ledger) != ledger:
        return False
    ours = _whole_lines(audit_ledger(settings).path)
    return ours.startswith(audit) and all(line["kind"] == "restore" for line in _events(ours[len(audit) :]))


def _check_empty(settings: Settings, audit: bytes) -> None:
    """Errors: `Refusal` for an installation with an archive or releases, or with an audit other than the backup's."""
    taken = [path for path in (settings.archive, settings.releases) if path.is_dir() and any(path.iterdir())]
    if not audit.startswith(_whole_lines(audit_ledger(settings).path)):
        taken.append(audit_ledger(settings).path)
    if taken:
        raise Refusal(f"数据文件夹不是空的（已有 {taken[0]}），未作改动；请用 --data 另指一个空文件夹恢复")


def _put_restored(settings: Settings, place: _Place, target: Path, ledger: bytes) -> None:
    """Ledgers beside the objects, then everything under its name in one step, the archive last."""
    if (place.archive.root / "format").exists():
        write_durably(target / "format", (place.archive.root / "format").read_bytes(), mode=0o440)
    write_durably(target / "ledger.jsonl", ledger)
    if place.audit.exists():
        write_durably(audit_ledger(settings).path, place.audit.read_bytes())
    if settings.archive.exists():
        settings.archive.rmdir()
    target.replace(settings.archive)
    durable_files.sync_folder(settings.data)
