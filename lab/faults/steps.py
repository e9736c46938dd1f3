"""The steps of a month on a small installation, each with how a next ordinary run goes on from wherever it was killed."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from pipelines.archive import backup as copies
from pipelines.archive import month_state
from pipelines.archive.store import Archive
from pipelines.edition import figures, open_release
from pipelines.errors import Refusal
from pipelines.intake import decisions, session, submit_files
from pipelines.monthly import month_decisions, monthly_run, papers, rebuild_editions
from pipelines.months import SHANGHAI
from pipelines.reference import reference_bundle
from pipelines.settings import Settings
from tests import small_city
from tests.books import Office, but, plain, write

APRIL, MAY, JUNE = date(2020, 4, 1), date(2020, 5, 1), date(2020, 6, 1)
COUNTY = "130571"
IN_JUNE = datetime(2020, 6, 15, 12, tzinfo=SHANGHAI)


@dataclass(frozen=True)
class Place:
    """One round's own folder: data, backup, reference data, the workbook that is sent."""

    root: Path
    workbook: Path
    reference: Path

    @property
    def settings(self) -> Settings:
        return Settings(self.root / "data", self.reference)

    @property
    def copy(self) -> Path:
        return self.root / "copy"


def submit(place: Place, ack: Callable[[str], None]) -> None:
    ack(submit_files.submit([place.workbook], place.settings, "测试")[0].sha256)


def run(place: Place, ack: Callable[[str], None]) -> None:
    monthly_run.run(place.settings, MAY, "测试")


def report(place: Place, ack: Callable[[str], None]) -> None:
    papers.issue_latest(place.settings, [MAY])


def approve(place: Place, ack: Callable[[str], None]) -> None:
    month_decisions.approve(MAY, place.settings, "测试")


def retract(place: Place, ack: Callable[[str], None]) -> None:
    """May's edition is taken back, and that again."""
    event = month_decisions.retract("2020-05/1", "数字有误", place.settings, "测试")
    month_decisions.withdraw(event.seq, "没有错", place.settings, "测试")


def rebuild(place: Place, ack: Callable[[str], None]) -> None:
    rebuild_editions.rebuild(place.settings)


def backup(place: Place, ack: Callable[[str], None]) -> None:
    copies.backup(place.settings, place.copy)


def restore(place: Place, ack: Callable[[str], None]) -> None:
    copies.restore(place.settings, place.copy)
    rebuild_editions.rebuild(place.settings)


def withdraw(place: Place, ack: Callable[[str], None]) -> None:
    """The wrong correction of May is taken back."""
    decisions.withdraw(_wrong(place), "错发", place.settings, "测试")


def resend(place: Place, ack: Callable[[str], None]) -> None:
    """The good file again after the wrong one: it is put back in force."""
    submit(place, ack)


def decide(place: Place, ack: Callable[[str], None]) -> None:
    """Decisions of every kind that needs no finding, one taken back and given back."""
    town = next(unit.town_code for unit in reference_bundle.load(place.reference).rosters.units(MAY))
    decisions.admit("新村", town, "农村社区", MAY, "新设", place.settings, "测试")
    event = decisions.extend(MAY, COUNTY, place.settings, "测试", "停电", excuse=True)
    taken = decisions.withdraw(event.seq, "不需要", place.settings, "测试")
    decisions.withdraw(taken.seq, "仍需要", place.settings, "测试")


def month_over(place: Place, ack: Callable[[str], None]) -> None:
    """What was sent in June for June comes into force."""
    with session.settled(place.settings, "测试"):
        pass


def answer(place: Place, ack: Callable[[str], None]) -> None:
    """May's receipt comes back with an explanation in its list."""
    ack(submit_files.submit([place.root / "answered.xlsx"], place.settings, "测试")[0].sha256)


def _wrong(place: Place) -> int:
    good = hashlib.sha256(place.workbook.read_bytes()).hexdigest()
    events = [event for event in Archive(place.settings.archive).events() if event.kind == "submission"]
    return [event.seq for event in events if event.body["sha256"] != good][-1]


ORDINARY = (submit, run, approve, retract, report, rebuild, backup, restore)
# begun where a wrong correction of May was sent
MISTAKEN = (withdraw, resend, decide, month_over, answer)
STEPS = {step.__name__: step for step in (*ORDINARY, *MISTAKEN)}


def ends_as(name: str) -> str:
    """Steps after which the figures are the same as before: each mistake is withdrawn."""
    return name if name in ("decide", "answer") else "all others"


def prepare(root: Path) -> tuple[Path, Path]:
    """`root/before-<step>` for every step: an installation as it stands before it. Returns workbook and reference data."""
    reference = small_city.make(root / "reference", [COUNTY])
    office = Office(root / "data", small_city.measure_only(reference, ("facility_rural", "platform_rural")))
    office.send(APRIL, COUNTY)
    office.run(APRIL, with_papers=True)
    workbook = office.workbook(MAY, COUNTY)
    place = Place(root, workbook, reference)
    _mistaken(office, root, workbook)
    for name, step in list(STEPS.items())[:4]:
        shutil.copytree(office.settings.data, root / f"before-{name}" / "data")
        step(place, lambda digest: None)
    shutil.copytree(office.settings.data, root / "before-backup" / "data")
    shutil.copytree(office.settings.data, root / "before-report" / "data")
    shutil.rmtree(root / "before-report" / "data" / "releases" / "2020-05" / "1" / "reports")
    shutil.copytree(office.settings.data / "archive", root / "before-rebuild" / "data" / "archive")
    backup(place, lambda digest: None)
    shutil.copytree(place.copy, root / "before-restore" / "copy")
    return workbook, reference


def _mistaken(office: Office, root: Path, workbook: Path) -> None:
    """`root/before-<step>` for what begins after a mistake; the installation itself goes on without it."""
    clean = shutil.copytree(office.settings.data, root / "clean")
    office.submit(workbook)
    office.send(MAY, COUNTY, lambda unit: plain(unit) | {"facility": "否", "facility_area": None})
    for step in MISTAKEN:
        shutil.copytree(office.settings.data, root / f"before-{step.__name__}" / "data")
    early = office.workbook(JUNE, COUNTY)
    waiting = Settings(root / "before-month_over" / "data", office.settings.reference)
    submit_files.submit([early], waiting, "测试", now=IN_JUNE)
    _asked(office, root / "before-answer")
    shutil.rmtree(office.settings.data)
    clean.rename(office.settings.data)


def _asked(office: Office, root: Path) -> None:
    """A question of May in the installation below `root`, and the receipt with its answer."""
    place, village = Settings(root / "data", office.settings.reference), office.units(MAY, COUNTY)[0].name
    sent = office.workbook(MAY, COUNTY, but(village, households=200, population=90_000))
    [report] = submit_files.submit([sent], place, "测试")
    [receipt] = submit_files.write_receipts([report], place, root / "receipts")
    finding = next(row["id"] for row in report.findings if row["severity"] == "warning" and row["unit"])
    write(receipt, finding, "外来务工人员集中居住，派出所登记数").rename(root / "answered.xlsx")


def go_on(name: str, place: Place) -> None:
    """What happens next in ordinary life: the same step again, then the month's."""
    if name == "restore" and not (place.settings.archive / "ledger.jsonl").exists():
        copies.restore(place.settings, place.copy)
    if name == "withdraw":
        try:
            withdraw(place, lambda digest: None)
        except Refusal as refusal:
            assert "已于" in str(refusal), refusal
    if name == "answer":
        answer(place, lambda digest: None)
    submit_files.submit([place.workbook], place.settings, "测试")
    monthly_run.run(place.settings, MAY, "测试")
    for event in month_state.editions(Archive(place.settings.archive)).retracted.values():
        month_decisions.withdraw(event.seq, "没有错", place.settings, "测试")
    if name == "approve":
        try:
            month_decisions.approve(MAY, place.settings, "测试")
        except Refusal as refusal:
            assert "已于" in str(refusal), refusal
    if name == "backup":
        assert copies.backup(place.settings, place.copy)["whole"]


def shown(place: Place) -> dict:
    """What people read in the end: the figures, which reports there are, what was explained."""
    release = open_release(settings=place.settings)
    return {
        "figures": figures(release),
        "explained": [
            event.body["text"] for event in Archive(place.settings.archive).decisions() if event.kind == "explain"
        ],
        "reports": [path.name for path in papers.papers(release.folder)],
    }
