"""Returned lists of spot checks: archived like workbooks, recorded as `spot_result`; `spot_close` is an event, so a rebuild needs no clock."""

from dataclasses import dataclass
from datetime import date, datetime

from pipelines import months
from pipelines.answers.findings import FindingRow
from pipelines.archive import month_state
from pipelines.archive.month_state import Life
from pipelines.archive.store import Archive, Event
from pipelines.edition import edition_folders
from pipelines.errors import Refusal
from pipelines.intake import spot_visit_lists
from pipelines.intake.outcome import Report
from pipelines.reference.reference_bundle import Reference
from pipelines.settings import Settings
from pipelines.verification import course, returned, spot_findings, spot_lists
from pipelines.verification.returned import Returned, Sheet
from pipelines.verification.spot_findings import SpotFinding
from pipelines.verification.spot_lists import SpotList
from pipelines.warehouse.projection import Warehouse
from pipelines.worker import worker_pool


@dataclass(frozen=True)
class Recognised:
    """A file that is a returned list. `list` is None where it belongs to no drawn list."""

    list: SpotList | None
    read: Returned
    late: bool = False

    @property
    def number(self) -> int | None:
        return self.list.number if self.list else None


def bring_up_to_date(opened: Warehouse, now: datetime) -> bool:
    """Record lists returned since the last call and close those that are due; returns whether the ledger has new events."""
    life = opened.life()
    if not _any_drawn(life):
        return False
    before = opened.archive.last_seq()
    door = _Door(opened, life, now)
    for event in door.unread():
        door.close_over(event.day)
        door.note(event)
    door.close_over(now.date())
    return opened.archive.last_seq() > before


def _any_drawn(life: Life) -> bool:
    return any(event.kind == spot_lists.DRAW for event in life.spots)


class _Door:
    """Records returned lists in the ledger; `spots` are its spot events, with those appended here."""

    def __init__(self, opened: Warehouse, life: Life, now: datetime):
        self.opened, self.life, self.now = opened, life, now
        self.archive, self.spots = opened.archive, list(life.spots)

    def lists(self) -> dict[int, SpotList]:
        return spot_lists.lists(self.spots, self.archive.read, self.life.withdrawn)

    def append(self, kind: str, body: dict[str, object], by: str = "系统") -> None:
        self.spots.append(self.archive.append(kind, body, by, self.now))

    def unread(self) -> list[Event]:
        """Refused submissions since the first draw that were not examined yet."""
        con = self.opened.con
        con.execute("CREATE TABLE IF NOT EXISTS no_list (seq BIGINT)")
        first = min(event.seq for event in self.spots if event.kind == spot_lists.DRAW)
        done = {event.body["returned"] for event in self.spots if event.kind == spot_lists.RESULT}
        done |= {seq for (seq,) in con.execute("FROM no_list").fetchall()}
        rows = con.execute("SELECT seq FROM submission WHERE refused AND seq > ?", [first]).fetchall()
        wanted = {seq for (seq,) in rows if seq not in done and self.life.status.get(seq) == "refused"}
        return [event for event in self.archive.events(after=first) if event.seq in wanted] if wanted else []

    def note(self, event: Event) -> None:
        file, day = event.body["file"], event.day
        sheets = worker_pool.visits(self.archive.read(event.body["sha256"]), file, self.opened.reference)
        if sheets is None:
            self.opened.con.execute("INSERT INTO no_list VALUES (?)", [event.seq])
            return
        returned_list = recognised(file, sheets, self.lists(), self.opened.reference, day)
        read = returned_list.read
        digest = self.archive.put(spot_lists.record_object(read.group, read.answers, read.findings, read.blank))
        body = {
            "list": returned_list.number, "returned": event.seq, "file": file, "object": digest, "late": returned_list.late,
        }  # fmt: skip
        self.append(spot_lists.RESULT, body, event.by)
        if returned_list.list and not returned_list.late:
            self._close_complete(returned_list.list.number, day)

    def _close_complete(self, number: int, day: date) -> None:
        spot_list = self.lists()[number]
        if spot_list.course.may_close(day, spot_list.without_result):
            self.append(spot_lists.CLOSE, {"list": number, "how": "complete"})

    def close_over(self, today: date) -> None:
        """Close every open list whose window was over before `today`."""
        for spot_list in self.lists().values():
            until = spot_list.course.until
            if spot_list.course.state(today) == course.OPEN and until and until < today:
                self.append(spot_lists.CLOSE, {"list": spot_list.number, "how": "window"})


# ---- which list, and what it says


def recognised(
    file: str, sheets: list[Sheet], lists: dict[int, SpotList], reference: Reference, today: date
) -> Recognised:
    """A returned list read against the list that it answers to."""
    spot_list, trouble = _which(sheets, lists)
    if spot_list is None:
        finding = spot_findings.finding("spot_list", file, None, None, trouble)
        return Recognised(None, Returned(returned.marks(sheets).get("group", ""), [], [finding], 0))
    issued = spot_visit_lists.issued(spot_list, _gone(spot_list, reference, today))
    return Recognised(spot_list, returned.read(file, sheets, issued, today), spot_list.closing is not None)


def _which(sheets: list[Sheet], lists: dict[int, SpotList]) -> tuple[SpotList | None, str]:
    """The list by its marks or title, else the one drawn list that has these units; or why there is none."""
    numbers = returned.numbers(sheets)
    if not numbers:
        codes = returned.codes(sheets)
        numbers = {
            spot_list.number
            for spot_list in lists.values()
            if codes & {task.code for task in spot_visit_lists.tasks(spot_list)}
        }
    if len(numbers) != 1:
        which = "、".join(map(str, sorted(numbers)))
        return None, f"看不出这是几号名单（可能是 {which} 号）" if numbers else "看不出这是几号名单"
    [number] = numbers
    spot_list = lists.get(number)
    if spot_list is None:
        return None, f"这是 {number} 号名单，台账中没有这一号"
    if spot_list.withdrawal:
        return None, f"这是 {number} 号名单，它已经撤回"
    return (spot_list, "") if spot_list.draw else (None, f"这是 {number} 号名单，它还没有抽取，不可能有结果")


def _gone(spot_list: SpotList, reference: Reference, today: date) -> set[str]:
    """Units of the list that are no longer on the newest roster."""
    now = {unit.uid for unit in reference.rosters.units(months.add(today.replace(day=1), -1))}
    return set(spot_list.units) - now


# ---- what the sender sees


def report_of(archive: Archive, life: Life, seq: int, report: Report) -> Report:
    """The report of a submission that is a returned list, in place of that of the reader of reports."""
    event = next(e for e in life.spots if e.kind == spot_lists.RESULT and e.body["returned"] == seq)
    content = spot_lists.record(archive.read, event)
    findings = [SpotFinding(**finding) for finding in content["findings"]]
    read = Returned(content["group"], content["answers"], findings, content["blank"])
    return _report(report, event.body["list"], read, event.body["late"])


def preview(
    data: bytes, report: Report, archive: Archive, life: Life, reference: Reference, today: date
) -> Report | None:
    """What a file that was refused as a report would be as a returned list; None where it is none, or no list was drawn."""
    if not _any_drawn(life):
        return None
    sheets = worker_pool.visits(data, report.file, reference)
    if sheets is None:
        return None
    lists = spot_lists.lists(life.spots, archive.read, life.withdrawn)
    returned_list = recognised(report.file, sheets, lists, reference, today)
    return _report(report, returned_list.number, returned_list.read, returned_list.late)


def _report(report: Report, number: int | None, read: Returned, late: bool) -> Report:
    rows = dict.fromkeys(report.rows, 0)
    held = len({(finding.sheet, finding.cell) for finding in read.findings if finding.severity == spot_findings.ERROR})
    rows |= {"read": len(read.answers) + held, "accepted": len(read.answers), "held": held}
    report.rows, report.refused = rows, not read.answers and held > 0
    report.findings = [_finding_row(finding) for finding in read.findings]
    report.state, report.waits, report.other_month = "spot" if report.seq is not None else report.state, None, None
    said = f"这是 {number} 号抽查名单" if number else "这是抽查名单"
    after = "；名单已结束，只有使下限降低的结果才算" if late else ""
    report.spot = f"{said}：{len(read.answers)} 条结果可以记录，{held} 处有误未记录，{read.blank} 行还没有结果{after}"
    return report


def _finding_row(finding: SpotFinding) -> FindingRow:
    return {
        "id": None, "code": finding.code, "severity": finding.severity, "sheet": finding.sheet, "cell": finding.cell, "field": None,
        "unit": None, "found": finding.found, "expected": None, "message": finding.message,
    }  # fmt: skip


def may_be_withdrawn(archive: Archive, life: Life, seq: int) -> bool:
    """Whether a submission is a returned list, whose results may be taken back or given back. False of any other.

    Errors: `Refusal` where the list was closed since.
    """
    event = next((e for e in life.spots if e.kind == spot_lists.RESULT and e.body["returned"] == seq), None)
    if event is None or event.body["list"] is None:
        return event is not None
    spot_list = spot_lists.lists(life.spots, archive.read, life.withdrawn)[event.body["list"]]
    if spot_list.closing:
        raise Refusal(
            f"第 {seq} 号是 {spot_list.number} 号名单的结果，名单已于 {spot_list.closing.day} 结束，不能撤回或恢复；"
            "如有错误，请交更正的结果并在说明里写明理由"
        )
    return True


def of_ledger(archive: Archive) -> dict[int, SpotList]:
    """Every list by number, from the ledger. Takes no lock."""
    life = month_state.fold(archive.decisions(), [])
    return spot_lists.lists(life.spots, archive.read, life.withdrawn)


def unmatched(settings: Settings) -> list[Event]:
    """Returned files that belong to no list; they are archived, and nothing is recorded of them."""
    life = month_state.fold(Archive(settings.archive).decisions(), [])
    return [event for event in life.spots if event.kind == spot_lists.RESULT and event.body["list"] is None]


def recorded(settings: Settings, seq: int | None) -> tuple[int | None, int, int]:
    """Of a submission that is a returned list: the list's number, rows that had another result before, rows that came late."""
    for number, spot_list in of_ledger(Archive(settings.archive)).items():
        own = [
            (versions, n)
            for versions in spot_list.versions.values()
            for n, v in enumerate(versions)
            if v.event.body["returned"] == seq
        ]
        if own or any(event.body["returned"] == seq for event in spot_list.results):
            replaced = sum(n > 0 and versions[n - 1].answer.result != versions[n].answer.result for versions, n in own)
            return number, replaced, sum(versions[n].late for versions, n in own)
    return None, 0, 0


def still_open(settings: Settings, number: int) -> int:
    """Rows of a list that have no result yet, 候补 that are due among them."""
    return of_ledger(Archive(settings.archive))[number].without_result


def closed_since(opened: Warehouse, settings: Settings) -> list[date]:
    """Months of lists that were closed, or got a late result, after the newest edition of the month was made."""
    life, due = opened.life(), set()
    for spot_list in spot_lists.lists(life.spots, opened.archive.read, life.withdrawn).values():
        last = max([*(event.seq for event in spot_list.results), spot_list.closing.seq]) if spot_list.closing else 0
        newest = edition_folders.usable(settings.releases, opened.archive, spot_list.month)[-1:]
        if newest and last > edition_folders.read_manifest(newest[0])["as_of"]:
            due.add(spot_list.month)
    return sorted(due)
