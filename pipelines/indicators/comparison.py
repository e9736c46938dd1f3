"""Findings that come from comparing: with the submission superseded, with the county's last layout, with the months before.

They tell or ask and hold nothing back.
"""

from datetime import date

from pipelines import months
from pipelines.lifecycle import Life
from pipelines.survey import behaviour, findings, layout_memory
from pipelines.survey.findings import Finding, Report
from pipelines.survey.layout_memory import Place
from pipelines.warehouse import Warehouse

LISTED = 20
Found = list[tuple[int, str, Finding]]


def compare(warehouse: Warehouse, month: date, life: Life) -> Found:
    """(seq, county, finding) for the submissions in force in the month; `row` and earlier `standing` are filled."""
    effective = life.effective(month)
    found: Found = []
    for county, seq in sorted(effective.items()):
        report = Report(_file(warehouse, seq), _taxonomy(warehouse))
        _with_superseded(warehouse, seq, _superseded(warehouse, county, month, seq), report)
        found += [(seq, county, finding) for finding in report.close()]
        found += [(seq, county, finding) for finding in _layout(warehouse, county, month, seq, life)]
    asked = behaviour.questions(
        warehouse.con,
        warehouse.reference.form,
        month,
        sorted(effective.values()),
        behaviour.load(warehouse.reference.folder),
        _taxonomy(warehouse),
    )
    return [*found, *asked]


def _taxonomy(warehouse: Warehouse) -> dict:
    return findings.load(warehouse.reference.folder)


def _file(warehouse: Warehouse, seq: int) -> str:
    return warehouse.con.execute("SELECT file FROM submission WHERE seq = ?", [seq]).fetchall()[0][0]


def _superseded(warehouse: Warehouse, county: str, month: date, seq: int) -> int | None:
    """The county's submission for the month before this one, if there is one that was not refused."""
    rows = warehouse.con.execute(
        "SELECT max(seq) FROM submission WHERE county = ? AND month = ? AND seq < ? AND NOT refused",
        [county, month, seq],
    ).fetchall()
    return rows[0][0]


def _with_superseded(warehouse: Warehouse, seq: int, before: int | None, report: Report) -> None:
    if before is None:
        return
    gone = _listed(warehouse, _WITHDRAWN, [before, seq])
    if gone:
        report.add("units_withdrawn", found=_names(gone), count=len(gone))
    fields = [f'"{f.id}"' for f in warehouse.reference.form.community]
    changed = _listed(warehouse, _CHANGED.format(fields=", ".join(fields)), [before, seq])
    if changed:
        report.add("answers_changed", found=_names(changed), count=len(changed))


_WITHDRAWN = """
    SELECT unit, any_value(name) FROM answer WHERE seq = ? AND unit IS NOT NULL
      AND unit NOT IN (SELECT unit FROM answer WHERE seq = ? AND unit IS NOT NULL) GROUP BY unit ORDER BY unit
"""
_CHANGED = """
    SELECT unit, any_value(name) FROM (
        SELECT unit, {fields} FROM answer WHERE seq = $1 AND unit IS NOT NULL
        EXCEPT SELECT unit, {fields} FROM answer WHERE seq = $2 AND unit IS NOT NULL)
    WHERE unit IN (SELECT unit FROM answer WHERE seq = $2 AND unit IS NOT NULL) GROUP BY unit ORDER BY unit
"""


def _listed(warehouse: Warehouse, query: str, seqs: list[int]) -> list[tuple[str, str]]:
    return warehouse.con.execute(query, seqs).fetchall()


def _names(units: list[tuple[str, str]]) -> str:
    shown = "、".join(f"{name or ''}({code})" for code, name in units[:LISTED])
    return shown + (f"等{len(units)}个" if len(units) > LISTED else "")


def _layout(warehouse: Warehouse, county: str, month: date, seq: int, life: Life) -> list[Finding]:
    """Notes on what has changed in the sheets since the county's submission in force of the month before."""
    before = life.effective(months.add(month, -1)).get(county)
    if before is None:
        return []
    form = warehouse.reference.form
    return layout_memory.compare(
        _places(warehouse, before), _places(warehouse, seq), form, _file(warehouse, seq), _taxonomy(warehouse)
    )


def _places(warehouse: Warehouse, seq: int) -> list[Place]:
    rows = warehouse.con.execute(
        "SELECT part, field, sheet, cell, header FROM source WHERE seq = ? ORDER BY part, field", [seq]
    ).fetchall()
    return [Place(*row) for row in rows]
