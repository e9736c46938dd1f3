"""Notes and warnings from comparing with what was in force, the county's last layout, the months before. They hold no row."""

from datetime import date
from itertools import groupby
from operator import itemgetter

from pipelines.answers import findings, layout_changes, reporting_anomalies
from pipelines.answers.findings import Finding, Report
from pipelines.answers.layout_changes import Place
from pipelines.warehouse.projection import Warehouse

LISTED = 20
Findings = list[tuple[int, str | None, Finding]]


def compare(warehouse: Warehouse, month: date, sent: dict[str, list[int]], before: dict[str, list[int]]) -> Findings:
    """(seq, county, finding) of submissions `sent` (by county) against `before`, those in force in the month before."""
    # a county that goes on under another code is the same: its layout is compared with the one it had
    rosters = warehouse.reference.rosters
    before = {rosters.county_in(county, month) or county: seqs for county, seqs in before.items()}
    _load_pairs(warehouse, sent, before)
    files = dict(warehouse.con.execute("SELECT seq, file FROM pair JOIN submission USING (seq)").fetchall())
    reports = {seq: Report(file, _taxonomy(warehouse)) for seq, file in files.items()}
    _with_earlier(warehouse, reports)
    layouts = _layouts(warehouse, files)
    compared: Findings = []
    for county, seqs in sorted(sent.items()):
        compared += [
            (seq, county, finding) for seq in seqs for finding in [*reports[seq].close(), *layouts.get(seq, [])]
        ]
    asked = reporting_anomalies.questions(
        warehouse.con,
        warehouse.reference.form,
        month,
        sorted(files),
        reporting_anomalies.load(warehouse.reference.folder),
        _taxonomy(warehouse),
    )
    return [*compared, *asked]


def _load_pairs(warehouse: Warehouse, now: dict[str, list[int]], before: dict[str, list[int]]) -> None:
    """Temporary `pair`, one row per submission: its county, and that county's last one of the month before (or null)."""
    warehouse.con.execute(
        """
        CREATE OR REPLACE TEMP TABLE pair AS
        SELECT own.seq, county, last.seq AS last_seq
        FROM (SELECT unnest($seqs::BIGINT[]) AS seq, unnest($counties::VARCHAR[]) AS county) AS own
        LEFT JOIN (SELECT unnest($last_seqs::BIGINT[]) AS seq, unnest($last_counties::VARCHAR[]) AS county) AS last
             USING (county)
        """,
        {
            "seqs": [seq for seqs in now.values() for seq in seqs],
            "counties": [county for county, seqs in now.items() for _ in seqs],
            "last_seqs": [seqs[-1] for seqs in before.values()], "last_counties": list(before),
        },
    )  # fmt: skip


def _taxonomy(warehouse: Warehouse) -> dict[str, findings.Kind]:
    return findings.load(warehouse.reference.folder)


def _with_earlier(warehouse: Warehouse, reports: dict[int, Report]) -> None:
    """What a later submission of the month leaves as it was, changes, and does not replace because its own row is held."""
    for code, query in (("units_kept", _KEPT), ("answers_changed", _CHANGED), ("earlier_row_counts", _HELD)):
        for seq, units in groupby(warehouse.con.execute(query).fetchall(), key=itemgetter(0)):
            listed = [(unit, name) for _, unit, name in units]
            reports[seq].add(code, found=_names(listed), count=len(listed))


_KEPT = """
    SELECT pair.seq, unit, any_value(name) FROM pair JOIN submission AS older USING (county) JOIN accepted ON accepted.seq = older.seq
    WHERE older.seq < pair.seq AND EXISTS (FROM accepted AS own WHERE own.seq = pair.seq)
      AND NOT EXISTS (FROM answer AS own WHERE own.seq = pair.seq AND own.unit = accepted.unit)
    GROUP BY ALL ORDER BY 1, 2
"""
_CHANGED = "SELECT seq, unit, name FROM accepted SEMI JOIN pair USING (seq) WHERE change = 'changed' ORDER BY 1, 2"
_HELD = """
    SELECT row.seq, row.unit, any_value(row.name) FROM row SEMI JOIN pair USING (seq)
    WHERE (held OR broken) AND EXISTS (FROM accepted AS older WHERE older.unit = row.unit AND older.seq < row.seq)
    GROUP BY ALL ORDER BY 1, 2
"""


def _names(units: list[tuple[str, str]]) -> str:
    shown = "、".join(f"{name or ''}（{code}）" for code, name in units[:LISTED])
    return shown + (f"等{len(units)}个" if len(units) > LISTED else "")


def _layouts(warehouse: Warehouse, files: dict[int, str]) -> dict[int, list[Finding]]:
    """Notes on what has changed in the sheets since the county's submission in force of the month before, by seq."""
    changed = warehouse.con.execute(_MOVED).fetchall()
    wanted = [seq for pair in changed for seq in pair]
    places = _places(warehouse, wanted)
    form, taxonomy = warehouse.reference.form, _taxonomy(warehouse)
    return {
        seq: layout_changes.compare(places.get(last, []), places.get(seq, []), form, files[seq], taxonomy)
        for seq, last in changed
    }


# submissions in which a field is elsewhere or under another header: of the others there is nothing to say
_MOVED = """
    WITH now AS (SELECT pair.seq, last_seq, part, field, cell, header FROM source JOIN pair USING (seq) WHERE last_seq IS NOT NULL),
    before AS (SELECT pair.seq, last_seq, part, field, cell, header FROM source JOIN pair ON pair.last_seq = source.seq)
    SELECT DISTINCT seq, last_seq FROM (
        (FROM now EXCEPT FROM before) UNION ALL (FROM before EXCEPT FROM now)) ORDER BY seq
"""


def _places(warehouse: Warehouse, seqs: list[int]) -> dict[int, list[Place]]:
    rows = warehouse.con.execute(
        "SELECT seq, part, field, sheet, cell, header FROM source "
        "SEMI JOIN (SELECT unnest(?::BIGINT[]) AS seq) USING (seq) ORDER BY seq, part, field", [seqs],
    ).fetchall()  # fmt: skip
    return {seq: [Place(*place) for _, *place in group] for seq, group in groupby(rows, key=itemgetter(0))}
