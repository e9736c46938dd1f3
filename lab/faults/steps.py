"""The steps of a month on a small installation, each with how a next ordinary run goes on from wherever it was killed."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipelines.archive import backup as copies
from pipelines.edition import figures, open_release
from pipelines.errors import Refusal
from pipelines.intake import decisions, submit_files
from pipelines.monthly import monthly_run, rebuild_editions
from pipelines.settings import Settings
from tests import small_city
from tests.books import Office

APRIL, MAY = date(2020, 4, 1), date(2020, 5, 1)
COUNTY = "130571"


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
    monthly_run.report_latest(place.settings, [MAY])


def approve(place: Place, ack: Callable[[str], None]) -> None:
    decisions.approve(MAY, place.settings, "测试")


def rebuild(place: Place, ack: Callable[[str], None]) -> None:
    rebuild_editions.rebuild(place.settings)


def backup(place: Place, ack: Callable[[str], None]) -> None:
    copies.backup(place.settings, place.copy)


def restore(place: Place, ack: Callable[[str], None]) -> None:
    copies.restore(place.settings, place.copy)
    rebuild_editions.rebuild(place.settings)


STEPS = {step.__name__: step for step in (submit, run, approve, report, rebuild, backup, restore)}


def prepare(root: Path) -> tuple[Path, Path]:
    """`root/before-<step>` for every step: an installation as it stands before it. Returns workbook and reference data."""
    reference = small_city.make(root / "reference", [COUNTY])
    office = Office(root / "data", small_city.measure_only(reference, ("facility_rural", "platform_rural")))
    office.send(APRIL, COUNTY)
    office.run(APRIL)
    workbook = office.workbook(MAY, COUNTY)
    place = Place(root, workbook, reference)
    for name, step in list(STEPS.items())[:3]:
        shutil.copytree(office.settings.data, root / f"before-{name}" / "data")
        step(place, lambda digest: None)
    shutil.copytree(office.settings.data, root / "before-backup" / "data")
    shutil.copytree(office.settings.data, root / "before-report" / "data")
    shutil.rmtree(root / "before-report" / "data" / "releases" / "2020-05" / "1" / "reports")
    shutil.copytree(office.settings.data / "archive", root / "before-rebuild" / "data" / "archive")
    backup(place, lambda digest: None)
    shutil.copytree(place.copy, root / "before-restore" / "copy")
    return workbook, reference


def go_on(name: str, place: Place) -> None:
    """What happens next in ordinary life: the same step again, then the month's."""
    if name == "restore" and not (place.settings.archive / "ledger.jsonl").exists():
        copies.restore(place.settings, place.copy)
    submit_files.submit([place.workbook], place.settings, "测试")
    monthly_run.run(place.settings, MAY, "测试")
    try:
        decisions.approve(MAY, place.settings, "测试")
    except Refusal as refusal:
        assert "已于" in str(refusal), refusal
    if name == "backup":
        assert copies.backup(place.settings, place.copy)["whole"]


def shown(place: Place) -> dict:
    """What people read in the end: the figures, and which reports there are."""
    release = open_release(settings=place.settings)
    return {
        "figures": figures(release),
        "reports": sorted(path.name for path in (release.folder / "reports").iterdir()),
    }
