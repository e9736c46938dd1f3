"""The one door for what comes in: check a workbook, submit it, decide.

Whoever sends something in (command line, Dagster, the upload page) comes through here. What is submitted is on disk in the archive,
byte for byte, before anybody is told that it was received.
"""

import hashlib
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

from pipelines import (
    access,
    checking,
    disk,
    file_names,
    inbox,
    live,
    locks,
    months,
    parallel,
    receipts,
    reference_set,
    reporting,
    warehouse,
)
from pipelines.archive import SHANGHAI, Archive, Event
from pipelines.checking import Preview
from pipelines.errors import Refusal
from pipelines.indicators import engine
from pipelines.receiving import Receiver
from pipelines.reporting import Report
from pipelines.settings import Settings
from pipelines.survey import units
from pipelines.warehouse import Warehouse

# Seconds that a submission waits for another writer: then it is in the archive, and the next task that writes reads it.
PATIENCE = 2.0
LARGEST = 64 * 1024 * 1024
Progress = Callable[[int, int, str], None]


# ---- check: reads and judges, stores nothing


def check(paths: Iterable[Path], settings: Settings, now: datetime | None = None) -> list[Report]:
    """Read and judge files without storing anything. Warnings about changes compare with the current release, if there is one."""
    reference = reference_set.load(settings.reference)
    release = checking.release_if_any(settings)
    today = (now or datetime.now(SHANGHAI)).date()
    return [checking.check_bytes(_read_file(path), file_names.of(path), reference, release, today) for path in paths]


def preview(data: bytes, name: str, settings: Settings, now: datetime | None = None) -> Preview:
    """Report and receipt of a file that is not stored. Waits for nobody. Errors: `Refusal` for a file that is too large."""
    name = file_names.of(name)
    if len(data) > LARGEST:
        raise _too_large(name, len(data))
    reference = reference_set.load(settings.reference)
    today = (now or datetime.now(SHANGHAI)).date()
    return checking.preview(data, name, reference, checking.release_if_any(settings), today)


def _read_file(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise _too_large(file_names.of(path), size)
        return path.read_bytes()
    except FileNotFoundError:
        raise Refusal(f"找不到文件“{path}”;请检查路径") from None
    except IsADirectoryError:
        raise Refusal(f"“{path}”是文件夹;请给出其中的文件") from None
    except PermissionError:
        raise Refusal(f"没有权限读取文件“{path}”;请检查文件权限") from None


def _too_large(name: str, size: int) -> Refusal:
    return Refusal(
        f"文件“{name}”有 {size / 2**20:.0f} MB,超过上限 {LARGEST // 2**20} MB,未接收;请删去图片和空白区域后另存再报"
    )


# ---- submit: archives, reads, stores


def _writer_lock(settings: Settings) -> Path:
    return settings.data / "warehouse" / "writer.lock"


@contextmanager
def writing(settings: Settings, doing: str, wait: float = 60.0):
    """The warehouse open for writing, under the lock that lets one writer in."""
    reference = reference_set.load(settings.reference)
    archive = Archive(settings.archive)
    archive.check_format()
    with (
        disk.refusing(doing),
        locks.hold(_writer_lock(settings), doing, wait),
        warehouse.quarantine(settings.warehouse),
        warehouse.open_warehouse(settings.warehouse, reference, archive, settings.data) as opened,
    ):
        yield opened


def submit(
    paths: Iterable[Path],
    settings: Settings,
    by: str | access.Actor = "命令行",
    report: Progress | None = None,
    now: datetime | None = None,
) -> list[Report]:
    """Archive the files, read them, store what counts. One report a file, in the order given.

    Never waits for another writer for long: then the files are in the archive, and the reports (state `received`) those of a check.
    Errors: `Refusal` for a file that the sender may not submit; then none of the files enters the archive.
    """
    files: Iterable[tuple[str, bytes]] = ((file_names.of(path), _read_file(path)) for path in paths)
    if not isinstance(by, str):
        files = list(files)  # what is judged is what is archived
        by = _admitted(files, settings, by, now)
    receiver = Receiver(Archive(settings.archive), by, lambda: reference_set.load(settings.reference), now)
    received = [(name, hashlib.sha256(data).hexdigest(), *receiver.take(data, name)) for name, data in files]
    try:
        with writing(settings, "接收报表", PATIENCE) as opened:
            settle(opened, report)
            return [_as_received(opened, seq, name, known) for name, _, seq, known in received]
    except locks.Busy:
        return [_unread(settings, seq, name, digest, known, now) for name, digest, seq, known in received]


def _admitted(files: list[tuple[str, bytes]], settings: Settings, by: access.Actor, now: datetime | None) -> str:
    """The sender's name, once every file is one that the sender may submit: for a county, as a reading of it tells."""
    if by.role != "县级":
        return access.require(by, "submit", settings)
    reference = reference_set.load(settings.reference)
    today = (now or datetime.now(SHANGHAI)).date()
    for name, data in files:
        county = checking.check_bytes(data, name, reference, None, today).county
        access.require(
            by, "submit", settings, county=county, file=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data)
        )
    return by.name


def settle(opened: Warehouse, report: Progress | None = None) -> list[int]:
    """Bring the projection up to the archive, and the months that it touches up to date. Returns the submissions read."""
    loaded = opened.sync(parallel.reader(opened.archive, opened.reference), report)
    life = opened.life()
    if life.reported:
        engine.bring_up_to_date(opened, life.reported[-1])
    live.keep(opened)
    return loaded


def _as_received(opened: Warehouse, seq: int, name: str, known: bool) -> Report:
    found, life = reporting.report(opened, seq, name), opened.life()
    found.state = "known" if known else life.status.get(seq, "refused")
    found.in_force = reporting.in_force(opened, life, found)
    return found


def _unread(settings: Settings, seq: int, name: str, digest: str, known: bool, now: datetime | None) -> Report:
    """What a check says of an archived file that is read later."""
    reference = reference_set.load(settings.reference)
    today = (now or datetime.now(SHANGHAI)).date()
    data = Archive(settings.archive).read(digest)
    found = checking.check_bytes(data, name, reference, checking.release_if_any(settings), today)
    found.seq, found.state = seq, "known" if known else "received"
    return found


def write_receipts(reports: list[Report], settings: Settings, folder: Path, wait: float = 60.0) -> list[Path]:
    """Receipts of submitted files into a folder, one a report: the county's own workbook with what was found.

    Errors: `locks.Busy` when another task writes for longer than `wait` seconds.
    """
    with writing(settings, "写回执", wait) as opened:
        settle(opened)
        read = [_as_received(opened, r.seq, r.file, False) if r.state == "received" else r for r in reports]
        return receipts.write_receipts(opened, read, folder)


# ---- the inbox

def collect(opened: Warehouse, settings: Settings, still_for: float = 0.0, report: Progress | None = None) -> list[int]:
    """Everything that lies in the inbox, archived and read."""
    take_in(opened.archive, settings, still_for)
    return settle(opened, report)


def take_in(archive: Archive, settings: Settings, still_for: float = 0.0) -> None:
    """Everything that lies in the inbox into the archive. A file leaves the inbox once the archive has it."""
    receiver = Receiver(archive, "收件箱", lambda: reference_set.load(settings.reference))
    for path in inbox.waiting_files(settings, still_for):
        try:
            before = path.stat()
            data = _read_file(path)
        except (Refusal, FileNotFoundError):
            continue  # too large or unreadable: it stays in the inbox, where `shequ status` lists it
        receiver.take(data, file_names.of(path))
        inbox.leave(path, before)


# ---- decisions


def approve(month: date, settings: Settings, by: str | access.Actor, why: str = "") -> Event:
    """Lock a month. What is lacking at that moment (`lacking`) stands in the ledger with the approval, and `why` all the same.

    Errors: `Refusal` when nothing is reported, or it is approved already.
    """
    by = access.require(by, "approve", settings, month=months.key(month))
    with writing(settings, "审核") as opened:
        settle(opened)
        life = opened.life()
        state = life.month(month)
        if not state.effective:
            raise Refusal(f"{months.label(month)}还没有任何有效报表,不能审核")
        if state.approved:
            raise Refusal(f"{months.label(month)}已于 {state.approved.at[:10]} 由{state.approved.by}审核")
        found = {**live.month_state(opened, life, month), "inbox": [file_names.of(path) for path in inbox.waiting_files(settings)]}
        told = lacking(found) | ({"why": why} if why.strip() else {})
        return _decide(opened, "approve", {"month": months.key(month), **told}, by)


def lacking(state: dict) -> dict[str, list]:
    """What a month lacks that may be approved, of its `status`: `missing` counties (codes), `refused` files not sent again in order
    (ledger numbers), files in the `inbox` and `unread` ones (ledger numbers). Nothing for a month that cannot be approved."""
    if state["state"] == "approved" or not any(county["seq"] for county in state["counties"]):
        return {}
    found = {
        "missing": [county["code"] for county in state["counties"] if county["seq"] is None],
        "refused": [one["seq"] for one in state["refused"]],
        "inbox": list(state["inbox"]),
        "unread": [one["seq"] for one in state.get("unread", [])],
    }
    return {what: which for what, which in found.items() if which}


def reopen(month: date, why: str, settings: Settings, by: str | access.Actor) -> Event:
    """Open an approved month again, with the reason; what waited for it comes into force."""
    by = access.require(by, "reopen", settings, month=months.key(month))
    _need("理由", why)
    with writing(settings, "退回") as opened:
        settle(opened)
        if not opened.life().month(month).approved:
            raise Refusal(f"{months.label(month)}未经审核,无需重开")
        return _decide(opened, "reopen", {"month": months.key(month), "why": why}, by)


def waive(finding: str, why: str, until: date, settings: Settings, by: str | access.Actor) -> Event:
    """Accept a finding until a month's end, with the reason."""
    by = access.require(by, "waive", settings, finding=finding)
    _need("理由", why)
    with writing(settings, "豁免") as opened:
        settle(opened)
        rows = opened.con.execute(
            "SELECT DISTINCT phase, severity, month FROM finding JOIN submission USING (seq) WHERE id = ?", [finding]
        ).fetchall()
        if not rows:
            raise Refusal(f"没有编号为 {finding} 的问题;编号见 shequ submit 的输出或回执的问题清单")
        if any(phase == "read" and severity == "error" for phase, severity, _ in rows):
            raise Refusal(f"问题 {finding} 是读不出或认不出的内容,不能豁免,只能改正后重报")
        first = min(month for _, _, month in rows if month)
        if until < first:
            raise Refusal(f"问题 {finding} 出现在{months.label(first)},豁免不能在此之前到期;请改 --until")
        return _decide(opened, "waive", {"finding": finding, "why": why, "until": months.key(until)}, by)


def resolve(finding: str, unit: str, settings: Settings, by: str | access.Actor) -> Event:
    """Say which unit of the roster an open question means; remembered for the county."""
    by = access.require(by, "resolve", settings, finding=finding)
    with writing(settings, "认定单位") as opened:
        settle(opened)
        rows = opened.con.execute(
            "SELECT submission.county, submission.month, answer.code, answer.name, answer.town FROM finding "
            "JOIN submission USING (seq) JOIN answer USING (seq, row_no) WHERE id = ? ORDER BY seq DESC", [finding],
        ).fetchall()  # fmt: skip
        if not rows:
            raise Refusal(f"没有编号为 {finding} 的待认定单位;编号见 shequ submit 的输出或回执的问题清单")
        county, month, *written = rows[0]
        known = {u.code: u for u in opened.reference.rosters.units(month) if u.county_code == county}
        if unit not in known:
            raise Refusal(f"{unit} 不是该县{months.label(month)}名册中的单位;请核对代码")
        return _decide(
            opened, "resolve", {"finding": finding, "county": county, "key": units.key(*written), "unit": unit}, by
        )


def _need(what: str, text: str) -> None:
    if not text.strip():
        raise Refusal(f"请写明{what}")


def _decide(opened: Warehouse, kind: str, body: dict, by: str) -> Event:
    event = opened.archive.append(kind, body, by)
    settle(opened)
    return event


# ---- who has reported


def news(settings: Settings, as_of: int) -> dict:
    """What is not in an edition yet, without waiting for anybody: read from ledger, inbox and lock, not from the warehouse.

    `arrived`: submissions after ledger number `as_of` (seq, file, by, at), the newest first; `inbox`: names of files;
    `running`: the task that writes at this moment (doing, pid, since), or None.
    """
    events = [event for event in Archive(settings.archive).events(after=as_of) if event.kind == "submission"]
    arrived = [{"seq": event.seq, "file": event.body["file"], "by": event.by, "at": event.at} for event in events]
    return {
        "arrived": arrived[::-1],
        "inbox": [file_names.of(path) for path in inbox.waiting_files(settings)],
        "running": locks.holder(_writer_lock(settings)),
    }


def status(settings: Settings, month: date | None = None) -> dict:
    """The state of a month (default: the latest reported): who has reported, what is open, what lies in the inbox.

    Waits for nobody. `as_of` is the last ledger number taken account of: while another task writes (`running`: doing, pid, since) that is
    what was so before it began, and `unread` are the submissions since (seq, file, by, at).
    """
    try:
        with writing(settings, "查看报送情况", wait=0.0) as opened:
            settle(opened)
            life = opened.life()
            month = month or (life.reported[-1] if life.reported else None)
            found = live.month_state(opened, life, month) if month else _NO_MONTH
            found, running = {**found, "as_of": opened.applied()}, None
    except locks.Busy:
        found, running = _as_kept(settings, month), _runs(settings)
    told = news(settings, found["as_of"])
    return {**found, "inbox": told["inbox"], "unread": told["arrived"][::-1], "running": running}


_NO_MONTH = {"month": None, "state": "open", "counties": [], "waiting": [], "refused": []}


def kept(settings: Settings, month: date) -> dict:
    """The same as `status`, without settling even if nobody writes: for a page, which is drawn again and again."""
    found = _as_kept(settings, month)
    told = news(settings, found["as_of"])
    return {**found, "inbox": told["inbox"], "unread": told["arrived"][::-1], "running": told["running"]}


def _as_kept(settings: Settings, month: date | None) -> dict:
    """A month as the last settling left it; without counties where none has left anything yet."""
    found, as_of = live.read(settings.data, month), live.as_of(settings.data)
    if found is None and month and as_of:
        found = live.nothing(reference_set.load(settings.reference), month)
    return {"as_of": as_of, **_NO_MONTH, "month": months.key(month) if month else None, **(found or {})}


def _runs(settings: Settings) -> dict:
    """Who holds the writer's lock; a holder that has not signed yet is said to have begun this moment."""
    found = locks.holder(_writer_lock(settings))
    return found or {"doing": "刚刚开始的任务", "pid": None, "since": datetime.now().isoformat(timespec="seconds")}


def unpublished(settings: Settings, as_of: int) -> list[dict]:
    """States of the months to which submissions after ledger number `as_of` belong, as last kept. Waits for nobody, reads nothing in."""
    return live.since(settings.data, as_of)
