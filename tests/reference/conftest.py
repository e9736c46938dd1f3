"""The repository's own rosters, and a way to make small ones."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines import settings
from pipelines.reference import roster

REFERENCE = settings.REPOSITORY / "data" / "reference"
COUNTIES = """
city: {code: "130500", name: 邢台市}
counties:
  - {code: "130501", type: 县, municipal_district: never, shared_funding: never}
  - {code: "130502", type: 市辖区, municipal_district: [{from: 2020-06}], shared_funding: always}
  - {code: "130581", type: 县级市, municipal_district: never, shared_funding: never}
"""


@pytest.fixture(scope="session")
def rosters() -> roster.Rosters:
    return roster.load(REFERENCE)


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    """A copy of the reference data that a test may spoil."""
    (tmp_path / "rosters").mkdir()
    for name in ("counties.yaml", "kinds.yaml", "succession.yaml"):
        shutil.copy(REFERENCE / name, tmp_path / name)
    for path in (REFERENCE / "rosters").iterdir():
        shutil.copy(path, tmp_path / "rosters" / path.name)
    return tmp_path


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., roster.Rosters]:
    """`made({2019: "code name town", 2020: …}, reviewed="…")`: rosters of a few units; the county is named by its code."""

    def make(editions: dict[int, str], reviewed: str = "", variants: str = "", overrides: str = "") -> roster.Rosters:
        folder = tmp_path / "rosters"
        folder.mkdir(exist_ok=True)
        listed = "\n".join(f"  - {{year: {year}, cut_off: {year}-06-30, file: {year}.csv}}" for year in editions)
        (folder / "editions.yaml").write_text(f"source: 试验\neditions:\n{listed}\n", encoding="utf-8")
        for year, lines in editions.items():
            (folder / f"{year}.csv").write_text(_csv(lines), encoding="utf-8")
        (tmp_path / "counties.yaml").write_text(COUNTIES, encoding="utf-8")
        (tmp_path / "kinds.yaml").write_text(f"overrides: [{overrides}]\n", encoding="utf-8")
        text = f"variants: [{variants}]\nreviewed: [{reviewed}]\n"
        (tmp_path / "succession.yaml").write_text(text, encoding="utf-8")
        return roster.load(tmp_path)

    return make


def _csv(lines: str) -> str:
    rows = [line.split() for line in lines.strip().splitlines()]
    table = [f"{code},{name},{code[:9]},{town},{code[:6]},县{code[:6]}" for code, name, town in rows]
    return "\n".join(["code,name,town_code,town,county_code,county", *table]) + "\n"
