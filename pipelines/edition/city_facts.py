"""Tables of an edition about its city: outlines of the counties, changes of the divisions, due days.

| table | one row per |
|---|---|
| `outline` | county and span of months: its rings of longitude and latitude as JSON |
| `without_outline` | county that has no public outline, and beside which county its mark is drawn |
| `division_change` | month in which divisions changed: what changed, in a sentence |
| `due_day` | month of the series: the last day on which its reports are in time |
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, cast

import pyarrow as pa

from pipelines import months
from pipelines.reference import city_declarations, working_days

if TYPE_CHECKING:  # only for the annotation: publishing does not import opening
    from pipelines.edition.open_edition import Release

_OUTLINE = [
    ("first", pa.date32()),
    ("last", pa.date32()),
    ("code", pa.string()),
    ("name", pa.string()),
    ("rings", pa.string()),
]
_SCHEMAS = {
    "outline": pa.schema(_OUTLINE),
    "without_outline": pa.schema(
        [("code", pa.string()), ("beside", pa.string()), ("east", pa.float64()), ("north", pa.float64())]
    ),
    "division_change": pa.schema([("month", pa.date32()), ("text", pa.string())]),
    "due_day": pa.schema([("month", pa.date32()), ("due_day", pa.date32())]),
}


class OutlineRow(TypedDict):
    """A county's outline in the months first..last (null: open); `rings` is JSON."""

    first: date | None
    last: date | None
    code: str
    name: str
    rings: str


class WithoutOutlineRow(TypedDict):
    """A county without an outline, drawn `east` and `north` degrees from the middle of another."""

    code: str
    beside: str
    east: float
    north: float


class DivisionChangeRow(TypedDict):
    """What changed of the divisions in a month."""

    month: date
    text: str


class DueDayRow(TypedDict):
    """The last day on which reports of a month are in time."""

    month: date
    due_day: date


class CityTables(TypedDict):
    """The rows of each table."""

    outline: list[OutlineRow]
    without_outline: list[WithoutOutlineRow]
    division_change: list[DivisionChangeRow]
    due_day: list[DueDayRow]


def tables(folder: Path, span: Sequence[date]) -> dict[str, pa.Table]:
    """The tables of a folder of reference data for the months of an edition, to be written into it."""
    declared: Mapping[str, Any] = _declared(folder, span)
    return {name: pa.Table.from_pylist(declared[name], schema=schema) for name, schema in _SCHEMAS.items()}


def rows(release: "Release", folder: Path) -> CityTables:
    """The tables of an edition; those that an older edition lacks are made of the reference data in `folder`."""
    held = {row["view_name"] for row in release.rows("SELECT view_name FROM duckdb_views()")}
    own: dict[str, object] = {
        name: release.rows(f'SELECT * FROM "{name}" ORDER BY ALL') for name in _SCHEMAS if name in held
    }
    if len(own) < len(_SCHEMAS):
        own = {**_declared(folder, [months.parse(key) for key in release.manifest["months"]]), **own}
    return cast(CityTables, own)


def _declared(folder: Path, span: Sequence[date]) -> CityTables:
    facts = city_declarations.load(folder)
    return {
        "outline": [
            {"first": o.first, "last": o.last, "code": o.code, "name": o.name, "rings": json.dumps(o.rings)}
            for o in facts.outlines
        ],
        "without_outline": [
            {"code": county.code, "beside": county.beside, "east": county.shift[0], "north": county.shift[1]}
            for county in facts.without_outline
        ],
        "division_change": [{"month": month, "text": text} for month, text in facts.division_changes],
        "due_day": _due_days(folder, span),
    }


def _due_days(folder: Path, span: Sequence[date]) -> list[DueDayRow]:
    """None where the reference data are older than the calendar."""
    if not (folder / working_days.FILE).exists():
        return []
    calendar = working_days.load(folder)
    return [{"month": month, "due_day": calendar.due_day(month)} for month in span]
