"""A small city of real units: the repository's reference data with some counties only, so that tests are quick.

The 2020-06 change of divisions happens in it as it did. What tests change, they change in such a copy.
"""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from pipelines import settings

REFERENCE = settings.REPOSITORY / "data" / "reference"
YEARS = ("2018", "2019", "2020")
# 县 without a change, the zone, and 任县 (130526) that becomes 任泽区 (130505) in 2020-06
PLAIN = ("130524", "130571", "130526", "130505")
# and the old city districts between which 邢台县 (130521) was split
SPLIT = (*PLAIN, "130502", "130503", "130521")


def make(folder: Path, counties: Iterable[str] = PLAIN) -> Path:
    """Reference data in `folder`: everything of the repository's, with the units of `counties` only."""
    kept = set(counties)
    (folder / "rosters").mkdir(parents=True)
    for path in REFERENCE.glob("*.yaml"):
        shutil.copy(path, folder / path.name)
    shutil.copytree(REFERENCE / "boundaries", folder / "boundaries")
    shutil.copytree(REFERENCE / "policies", folder / "policies")
    for year in YEARS:
        _roster(folder / "rosters", year, kept)
    listed = _lines(REFERENCE / "rosters" / "editions.yaml", lambda line: not _is_edition(line) or _year(line) in YEARS)
    (folder / "rosters" / "editions.yaml").write_text(re.sub(r", sha256: \w+", "", listed), encoding="utf-8")
    reviewed = _lines(REFERENCE / "succession.yaml", lambda line: _stays(line, kept))
    reviewed += "" if reviewed.rstrip().splitlines()[-1].startswith("  - {from") else "  []\n"
    (folder / "succession.yaml").write_text(reviewed, encoding="utf-8")
    return folder


def measure_only(folder: Path, indicators: Iterable[str]) -> Path:
    """The same reference data with a few indicators of the first policy only: a month costs a fraction."""
    place = folder / "policies" / "opinions-2018" / "register.yaml"
    marks = tuple(f"  - {{id: {indicator}," for indicator in indicators)
    text = _lines(place, lambda line: not line.startswith("  - {id:") or line.startswith(marks))
    place.write_text(text, encoding="utf-8")
    shutil.rmtree(folder / "policies" / "plan-2021")
    return folder


def replace(path: Path, old: str, new: str) -> None:
    """One place of a file edited, as a person would."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, (path.name, old, text.count(old))
    path.write_text(text.replace(old, new), encoding="utf-8")


def _roster(folder: Path, year: str, kept: set[str]) -> None:
    name = f"xingtai_{year}.csv"
    lines = _lines(REFERENCE / "rosters" / name, lambda line: line.startswith("code") or line[:6] in kept)
    (folder / name).write_text(lines, encoding="utf-8")


def _lines(path: Path, wanted) -> str:
    return "".join(line for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if wanted(line))


def _is_edition(line: str) -> bool:
    return line.strip().startswith("- {year")


def _year(line: str) -> str:
    return re.search(r"year: (\d+)", line)[1]


def _stays(line: str, kept: set[str]) -> bool:
    points = re.findall(r'"(\d{4}):(\d{12})"', line)
    return all(year in YEARS and code[:6] in kept for year, code in points)
