"""What a later edition of a month changed: which submissions, definitions and months, and which city figures, from what to what."""

from pathlib import Path

from pipelines.release import tables
from pipelines.release.tables import Object
from pipelines.warehouse import Warehouse

MOST = 200


def since(
    warehouse: Warehouse, store: Path, before: dict, now: dict, content: dict[str, dict[str, Object]]
) -> dict:
    """The difference between two editions of one month, by their manifests.

    `figures` lists city figures that differ (at most `MOST`, `figures_changed` counts all); null stands for no value.
    """
    changed = sorted(
        key
        for key, item in content["figure"].items()
        if before["tables"]["figure"].get(key, {}).get("sha256") != item.sha256
    )
    rows = [
        row
        for key in changed
        for row in _figures(warehouse, store, before["tables"]["figure"].get(key), content["figure"][key])
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


def _figures(warehouse: Warehouse, store: Path, before: dict | None, now: Object) -> list[dict]:
    if before is None:
        return []
    cursor = warehouse.con.execute(
        """
        SELECT policy, indicator, strftime(month, '%Y-%m') AS month, old.shown AS "before", new.shown AS "after",
               old.status AS status_before, new.status AS status_after
        FROM read_parquet(?) AS new FULL JOIN read_parquet(?) AS old USING (policy, indicator, month, level, unit, divisions)
        WHERE level = 'city' AND (old.numerator, old.denominator, old.unknown)
                             IS DISTINCT FROM (new.numerator, new.denominator, new.unknown)
        ORDER BY ALL
        """,
        [str(tables.object_path(store, now.sha256)), str(tables.object_path(store, before["sha256"]))],
    )
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
