"""What a later edition of a month changed: which submissions, definitions and months, and which city figures, from what to what."""

from pathlib import Path

from pipelines import months
from pipelines.release import editions, identity, tables
from pipelines.release.tables import Object
from pipelines.warehouse import Warehouse

MOST = 200


def since(
    warehouse: Warehouse, store: Path, earlier: Path, now: dict, content: dict[str, dict[str, Object]]
) -> dict:
    """The difference between an edition's folder and the next one of its month, which is about to be written.

    `figures` lists city figures that differ (at most `MOST`, `figures_changed` counts all); null stands for no value.
    """
    before, figures = editions.read_manifest(earlier), content["figure"]
    was = {month: earlier / tables.file_name("figure", months.parse(month)) for month in before["tables"]["figure"]}
    changed = [
        key
        for key, item in sorted(figures.items())
        if key not in was or identity.known(warehouse, was[key], before["tables"]["figure"][key]).content != item.content
    ]
    rows = [
        row
        for key in changed
        if key in was
        for row in _figures(warehouse, was[key], tables.object_path(store, figures[key].sha256))
    ]
    return {
        "reference": sorted(
            part for part, digest in now["reference"].items() if before["reference"].get(part) != digest
        ),
        "submissions_added": _files(now, before),
        "submissions_dropped": _files(before, now),
        "months": changed,
        "figures_changed": len(rows),
        "figures": rows[:MOST],
    }


def _files(first: dict, second: dict) -> list[dict]:
    """Submissions in force in the first edition and not in the second."""
    known = {item["seq"] for item in second["inputs"]}
    return [
        {k: item[k] for k in ("county", "month", "seq", "file")}
        for item in first["inputs"]
        if item["seq"] not in known
    ]


def _figures(warehouse: Warehouse, before: Path, now: Path) -> list[dict]:
    cursor = warehouse.con.execute(
        """
        SELECT policy, indicator, strftime(month, '%Y-%m') AS month, old.shown AS "before", new.shown AS "after",
               old.status AS status_before, new.status AS status_after
        FROM read_parquet(?) AS new FULL JOIN read_parquet(?) AS old USING (policy, indicator, month, level, unit, divisions)
        WHERE level = 'city' AND (old.numerator, old.denominator, old.unknown)
                             IS DISTINCT FROM (new.numerator, new.denominator, new.unknown)
        ORDER BY ALL
        """,
        [str(now), str(before)],
    )
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
