"""What an edition holds of its city: outlines of the counties, changes of the divisions, due days.

| table | one row per |
|---|---|
| `outline` | county and span of months: its rings of longitude and latitude as JSON |
| `without_outline` | county that has no public outline, and beside which county its mark stands |
| `division_change` | month in which divisions changed: what changed, in a sentence |
| `due_day` | month of the series: the last day on which its reports are in time |
"""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pipelines import months
from pipelines.reference import city_declarations, working_days

if TYPE_CHECKING:  # publishing an edition needs nothing of opening it
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


def tables(folder: Path, span: Sequence[date]) -> dict[str, pa.Table]:
    """The tables of a folder of reference data for the months of an edition, to be written into it."""
    return {name: pa.Table.from_pylist(rows, schema=_SCHEMAS[name]) for name, rows in _declared(folder, span).items()}


def rows(release: "Release", table: str, folder: Path) -> list[dict[str, Any]]:
    """The rows of one of the tables. An edition made before it had them takes those of the reference data in `folder`."""
    if release.rows("SELECT 1 FROM duckdb_views() WHERE view_name = ?", [table]):
        return release.rows(f'SELECT * FROM "{table}" ORDER BY ALL')
    return _declared(folder, [months.parse(key) for key in release.manifest["months"]])[table]


def _declared(folder: Path, span: Sequence[date]) -> dict[str, list[dict[str, Any]]]:
    facts = city_declarations.load(folder)
    return {
        "outline": [{**vars(outline), "rings": json.dumps(outline.rings)} for outline in facts.outlines],
        "without_outline": [
            {"code": item.code, "beside": item.beside, "east": item.shift[0], "north": item.shift[1]}
            for item in facts.without_outline
        ],
        "division_change": [{"month": month, "text": text} for month, text in facts.division_changes],
        "due_day": _due_days(folder, span),
    }


def _due_days(folder: Path, span: Sequence[date]) -> list[dict[str, Any]]:
    """Reference data kept with an edition from before the calendar has none."""
    if not (folder / working_days.FILE).exists():
        return []
    calendar = working_days.load(folder)
    return [{"month": month, "due_day": calendar.due_day(month)} for month in span]
