"""Differences of a later edition of a month: submissions, definitions, months, and city figures with both values."""

from pathlib import Path
from typing import Any, TypeVar, cast

from pipelines.edition import edition_folders, month_tables, same_edition
from pipelines.edition.figure_types import AddedFile, Difference, FigureDifference
from pipelines.edition.month_tables import Object
from pipelines.warehouse.projection import Warehouse

MOST = 200
Typed = TypeVar("Typed")


def since(
    warehouse: Warehouse, store: Path, earlier: Path, now: dict[str, Any], content: dict[str, dict[str, Object]]
) -> Difference:
    """Difference to the next edition of the month; `figures`: at most `MOST` city figures with other counts or verdicts."""
    before = edition_folders.whole(earlier)
    figures = _changed(warehouse, store, earlier, before, "figure", content)
    sent = _changed(warehouse, store, earlier, before, "submission", content)
    rows = [row for was, now in figures.values() if was and now for row in _figures(warehouse, was, now)]
    return {
        "reference": sorted(
            part for part, digest in now["reference"].items() if before["reference"].get(part) != digest
        ),
        "submissions_added": _files(warehouse, [(later, former) for former, later in sent.values()]),
        "submissions_dropped": _files(warehouse, list(sent.values())),
        "months": [key for key, (_, after) in figures.items() if after],
        "figures_changed": len(rows),
        "figures": rows[:MOST],
    }


Pair = tuple[Path | None, Path | None]


def _changed(
    warehouse: Warehouse,
    store: Path,
    earlier: Path,
    before: dict[str, Any],
    table: str,
    content: dict[str, dict[str, Object]],
) -> dict[str, Pair]:
    """Months, in order, whose table differs: the earlier and the later file; None where there is none."""
    entries, now = before["tables"].get(table, {}), content.get(table, {})
    pairs: dict[str, Pair] = {}
    for key in sorted({*entries, *now}):
        was = earlier / month_tables.file_of(table, key) if key in entries else None
        known = was and same_edition.known(warehouse, was, entries[key]).content
        if known != (now[key].content if key in now else None):
            pairs[key] = was, month_tables.object_path(store, now[key].sha256) if key in now else None
    return pairs


def _files(warehouse: Warehouse, pairs: list[Pair]) -> list[AddedFile]:
    """Submissions in force in the first file of a pair and not in the second."""
    files: list[AddedFile] = []
    for first, second in pairs:
        if first:
            known = {row["seq"] for row in _in_force(warehouse, second)} if second else set()
            files += [row for row in _in_force(warehouse, first) if row["seq"] not in known]
    return sorted(files, key=lambda row: row["seq"])


def _in_force(warehouse: Warehouse, place: Path) -> list[AddedFile]:
    return _rows(
        AddedFile,
        warehouse,
        "SELECT county, strftime(month, '%Y-%m') AS month, seq, file FROM read_parquet(?) WHERE status = 'effective'",
        [str(place)],
    )


def _figures(warehouse: Warehouse, before: Path, now: Path) -> list[FigureDifference]:
    return _rows(
        FigureDifference,
        warehouse,
        """
        SELECT policy, indicator, strftime(month, '%Y-%m') AS month, old.shown AS "before", new.shown AS "after",
               old.status AS status_before, new.status AS status_after
        FROM read_parquet(?) AS new FULL JOIN read_parquet(?) AS old USING (policy, indicator, month, level, unit, divisions)
        WHERE level = 'city' AND (old.numerator, old.denominator, old.unknown, old.target, old.status)
                             IS DISTINCT FROM (new.numerator, new.denominator, new.unknown, new.target, new.status)
        ORDER BY ALL
        """,
        [str(now), str(before)],
    )


def _rows(kind: type[Typed], warehouse: Warehouse, sql: str, parameters: list[object]) -> list[Typed]:
    cursor = warehouse.con.execute(sql, parameters)
    names = [column[0] for column in cursor.description]
    return cast(list[Typed], [dict(zip(names, row, strict=True)) for row in cursor.fetchall()])
