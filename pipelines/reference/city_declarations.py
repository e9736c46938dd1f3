"""Facts of the city for maps and explanations, declared in `city.yaml`: outlines, counties without one, changes of the divisions."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import Field

from pipelines import months
from pipelines.errors import Refusal
from pipelines.reference.roster.county_attributes import Span
from pipelines.reference.strict_yaml import Entry, Plain, build, load_yaml

FILE = "city.yaml"
Rings = list[list[list[float]]]


class OutlineFile(Span):
    """A GeoJSON file with the outlines of the counties, for a span of months."""

    file: str


class WithoutOutline(Entry):
    """A county with no public outline, drawn as a mark `shift` degrees (longitude, latitude) from the middle of another."""

    code: str = Field(pattern=r"^\d{6}$")
    beside: str = Field(pattern=r"^\d{6}$")
    shift: tuple[float, float] = Field((0.0, 0.0), strict=False)


class DivisionChange(Entry):
    """What changed of the divisions in a month, in a sentence."""

    month: str
    text: str


class _File(Entry):
    outlines: list[Plain] = []
    without_outline: list[Plain] = []
    division_changes: list[Plain] = []


@dataclass(frozen=True)
class Outline:
    """A county's outline: rings of longitude and latitude in degrees, for the months first..last (None: open)."""

    first: date | None
    last: date | None
    code: str
    name: str
    rings: Rings


@dataclass(frozen=True)
class CityFacts:
    """All that `city.yaml` declares."""

    outlines: tuple[Outline, ...]
    without_outline: tuple[WithoutOutline, ...]
    division_changes: tuple[tuple[date, str], ...]


def load(folder: Path) -> CityFacts:
    """The facts of a folder of reference data; none where it has no `city.yaml`. Errors: `Refusal` naming entry and repair."""
    path = folder / FILE
    declared = build(_File, load_yaml(path) if path.exists() else {}, FILE)
    files = [build(OutlineFile, entry, f"{FILE}：outlines 第{n}条") for n, entry in enumerate(declared.outlines, 1)]
    return CityFacts(
        outlines=tuple(outline for entry in files for outline in _outlines(folder, entry)),
        without_outline=tuple(
            build(WithoutOutline, entry, f"{FILE}：without_outline 第{n}条")
            for n, entry in enumerate(declared.without_outline, 1)
        ),
        division_changes=tuple(
            _change(build(DivisionChange, entry, f"{FILE}：division_changes 第{n}条"))
            for n, entry in enumerate(declared.division_changes, 1)
        ),
    )


def files(folder: Path) -> list[Path]:
    """The files that the facts are read from, for their digest; empty where there is no `city.yaml`."""
    path = folder / FILE
    if not path.exists():
        return []
    declared = build(_File, load_yaml(path), FILE)
    return [path, *(folder / entry["file"] for entry in declared.outlines)]


def _change(entry: DivisionChange) -> tuple[date, str]:
    return months.parse(entry.month), entry.text


def _outlines(folder: Path, entry: OutlineFile) -> list[Outline]:
    entry.check(f"{FILE}：{entry.file}")
    path = folder / entry.file
    if not path.exists():
        raise Refusal(f"{FILE}：没有文件 {entry.file}；请把边界文件放在 {FILE} 旁边，或删去这一条")
    first, last = (months.parse(text) if text else None for text in (entry.first, entry.last))
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    return [
        Outline(first, last, feature["properties"]["code"], feature["properties"]["name"], _rings(feature["geometry"]))
        for feature in features
    ]


def _rings(geometry: Plain) -> Rings:
    """The outer ring of each polygon."""
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return [part[0] for part in parts]
