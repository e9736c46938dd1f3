"""Findings that come from comparing: with the submission superseded, with the county's last layout, with the months before.

They tell or ask and hold nothing back.
"""

from datetime import date
from itertools import groupby
from operator import itemgetter

from pipelines import months
from pipelines.answers import findings, layout_changes, reporting_anomalies
from pipelines.answers.findings import Finding, Report
from pipelines.answers.layout_changes import Place
from pipelines.archive.month_state import Life
from pipelines.warehouse.projection import Warehouse

LISTED = 20
Found = list[tuple[int, str, Finding]]


def compare(warehouse: Warehouse, month: date, life: Life) -> Found:
    """(seq, county, finding) for the submissions in force in the month; `row` and earlier `standing` are filled."""
    effective = life.effective(month)
    before = life.effective(months.add(month, -1))
    # a county that goes on under another code is the same: its layout is compared with the one it had
    before = {warehouse.reference.rosters.county_in(county, month) or county: seq for county, seq in before.items()}
    _load_pairs(warehouse, month, effective, before)
    files = dict(warehouse.con.execute("SELECT seq, file FROM pair JOIN submission USING (seq)").fetchall())
    reports = {seq: Report(file, _taxonomy(warehouse)) for seq, file in files.items()}
    _with_superseded(warehouse, reports)
    layouts = _layouts(warehouse, files)
    found: Found = []
    for county, seq in sorted(effective.items()):
        found += [(seq, county, finding) for finding in [*reports[seq].close(), *layouts.get(seq, [])]]
    asked = reporting_anomalies.questions(
        warehouse.con,
        warehouse.reference.form,
        month,
        sorted(effective.values()),
        reporting_anomalies.load(warehouse.reference.folder),
        _taxonomy(warehouse),
    )
    return [*found, *asked]


def _load_pairs(warehouse: Warehouse, month: date, now: dict[str, int], before: dict[str, int]) -> None:
    """Temporary `pair`, one row per submission in force: which it superseded, and which stood the month before (or null)."""
    con = warehouse.con
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE pair AS
        SELECT own.seq, county, last.seq AS last_seq,
               (SELECT max(older.seq) FROM submission AS older WHERE older.county = own.county AND older.month = $month
                AND older.seq < own.seq AND NOT older.refused) AS superseded
        FROM (SELECT unnest($seqs::BIGINT[]) AS seq, unnest($counties::VARCHAR[]) AS county) AS own
        LEFT JOIN (SELECT unnest($last_seqs::BIGINT[]) AS seq, unnest($last_counties::VARCHAR[]) AS county) AS last
             USING (county)
        """,
        {
            "month": month,
            "seqs": list(now.values()), "counties": list(now),
            "last_seqs": list(before.values()), "last_counties": list(before),
        },
    )  # fmt: skip


def _taxonomy(warehouse: Warehouse) -> dict:
    return findings.load(warehouse.reference.folder)


def _with_superseded(warehouse: Warehouse, reports: dict[int, Report]) -> None:
    """What a correction leaves out or changes, told of the submission that corrects."""
    fields = ", ".join(f'"{field.id}"' for field in warehouse.reference.form.community)
    for code, query in (("units_withdrawn", _WITHDRAWN), ("answers_changed", _CHANGED.format(fields=fields))):
        for seq, units in groupby(warehouse.con.execute(query).fetchall(), key=itemgetter(0)):
            listed = [(unit, name) for _, unit, name in units]
            reports[seq].add(code, found=_names(listed), count=len(listed))


_WITHDRAWN = """
    SELECT pair.seq, unit, any_value(name) FROM answer JOIN pair ON pair.superseded = answer.seq
    WHERE unit IS NOT NULL AND NOT EXISTS (FROM answer AS kept WHERE kept.seq = pair.seq AND kept.unit = answer.unit)
    GROUP BY ALL ORDER BY 1, 2
"""
_CHANGED = """
    WITH before AS (SELECT pair.seq, {fields}, unit FROM answer JOIN pair ON pair.superseded = answer.seq),
    now AS (SELECT pair.seq, {fields}, unit FROM answer JOIN pair USING (seq) WHERE pair.superseded IS NOT NULL)
    SELECT seq, unit, any_value(name) FROM (FROM before WHERE unit IS NOT NULL EXCEPT FROM now WHERE unit IS NOT NULL)
    SEMI JOIN now USING (seq, unit) GROUP BY ALL ORDER BY 1, 2
"""


def _names(units: list[tuple[str, str]]) -> str:
    shown = "、".join(f"{name or ''}({code})" for code, name in units[:LISTED])
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


# submissions in which a field stands elsewhere or under another header: of the others there is nothing to say
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
