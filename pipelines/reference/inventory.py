"""Content of a folder of reference data, its age, and files in it that are not used: for `shequ reference check`."""

import csv
import hashlib
import io
import re
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TypedDict

from pipelines import months
from pipelines.errors import Refusal
from pipelines.reference import age, reference_bundle
from pipelines.reference.age import Caveat
from pipelines.reference.reference_bundle import Reference
from pipelines.reference.roster import kinds
from pipelines.reference.roster.roster_file import Row


@dataclass(frozen=True)
class Unlisted:
    """A roster file that no entry names: how many units it has, and the entry to add; or why it cannot be one (`trouble`)."""

    file: str
    units: int
    entry: str
    trouble: str = ""


class RosterFile(TypedDict):
    """One edition of the roster: `units` counts communities and villages, statistical look-alikes left out."""

    year: int
    cut_off: str
    file: str
    units: int


class PolicyTerm(TypedDict):
    """One policy: its first month, the last month in which something of it is due, and its number of indicators."""

    id: str
    title: str
    since: str
    until: str
    indicators: int


@dataclass(frozen=True)
class Inventory:
    """The content of a folder of reference data. `caveats` concern the month checked."""

    folder: str
    month: date
    form: list[str]
    rosters: list[RosterFile]
    policies: list[PolicyTerm]
    holidays: list[int]
    caveats: list[Caveat]
    unlisted: list[Unlisted]

    def to_json(self) -> dict[str, object]:
        """Dates as text, months as `YYYY-MM`."""
        return {**asdict(self), "month": months.key(self.month)}


def take(folder: Path, month: date) -> Inventory:
    """The inventory of a folder for a month. Errors: `Refusal` naming file, entry and repair where something cannot be loaded."""
    reference = reference_bundle.load(folder)
    return Inventory(
        folder=str(folder),
        month=month,
        form=[form.version for form in reference.form.versions],
        rosters=_rosters(reference),
        policies=[
            {
                "id": register.policy.id,
                "title": register.policy.title,
                "since": register.policy.since,
                "until": months.key(age.term_end(register)),
                "indicators": len(register.indicators),
            }
            for register in reference.registers
        ],
        holidays=_holidays(reference),
        caveats=[caveat for caveat in age.caveats(reference, month) if not caveat.id.startswith("unlisted:")],
        unlisted=[_unlisted(folder / "rosters" / caveat.id.split(":", 1)[1]) for caveat in age.unlisted(reference)],
    )


def _rosters(reference: Reference) -> list[RosterFile]:
    rosters = reference.rosters
    return [
        {
            "year": edition.year,
            "cut_off": str(edition.cut_off),
            "file": edition.path.name,
            "units": sum(map(kinds.is_unit, rosters.lines(edition.year)["code"].to_pylist())),
        }
        for edition in rosters.editions
    ]


def _holidays(reference: Reference) -> list[int]:
    try:
        return list(reference.calendar.years_known)
    except Refusal:  # reference data kept with an old edition has no calendar
        return []


def _unlisted(path: Path) -> Unlisted:
    data = path.read_bytes()
    try:
        lines = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    except UnicodeDecodeError:
        return Unlisted(path.name, 0, "", "不是 UTF-8 编码，请另存为 UTF-8 的 CSV")
    if missing := [name for name in Row._fields if name not in (lines.fieldnames or [])]:
        return Unlisted(path.name, 0, "", f"第一行缺少列 {'、'.join(missing)}")
    units = sum(kinds.is_unit(line["code"]) for line in lines)
    year = (re.findall(r"\d{4}", path.stem) or ["YYYY"])[-1]
    digest = hashlib.sha256(data).hexdigest()
    entry = f"  - {{year: {year}, cut_off: {year}-MM-DD, file: {path.name}, sha256: {digest}}}"
    return Unlisted(path.name, units, entry)
