"""A reading as rows of the warehouse's tables, in Arrow: what crosses from the process that reads, and what is inserted."""

import json
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.json as arrow_json

from pipelines.answers import personal_data
from pipelines.answers.community_sheet import CommunityRows
from pipelines.answers.county_sheet import CountyRecord
from pipelines.answers.findings import Finding, finding_id, place
from pipelines.answers.read_workbook import Reading
from pipelines.archive.store import Event
from pipelines.reference.form import Form, Part

ARROW = {
    "VARCHAR": pa.string(),
    "BOOLEAN": pa.bool_(),
    "BIGINT": pa.int64(),
    "DECIMAL(18,6)": pa.decimal128(18, 6),
    "DATE": pa.date32(),
}
_MICRO = Decimal("0.000001")
Tables = dict[str, pa.Table]


def tables(form: Form, event: Event, reading: Reading) -> Tables:
    """One reading as rows of the warehouse's tables."""
    tables = {"submission": pa.Table.from_pylist([_submission(event, reading)], schema=_SUBMISSION)}
    places: list[dict[str, Any]] = []
    if reading.community is not None:
        tables |= _community_tables(form.community, event.seq, reading.community, reading.findings)
        places += _columns(event.seq, reading.community)
        tables["moved"] = _moved(event.seq, reading.community)
    if reading.record is not None:
        tables |= _record_tables(form.county, event.seq, reading.record)
        places += _cells(event.seq, reading.record)
    tables["source"] = pa.Table.from_pylist(places, schema=_SOURCE)
    if reading.explanations:
        tables["explanation_sent"] = _explanations(event.seq, reading)
    if reading.findings:
        tables["finding"] = finding_table("read", [(event.seq, reading.county, f) for f in reading.findings])
    return tables


_MOVED = pa.schema(
    [("seq", pa.int64()), ("row_no", pa.int32()), *((n, pa.string()) for n in ("field", "sheet", "cell"))]
)
_EXPLANATION = pa.schema([("seq", pa.int64()), ("finding", pa.string()), ("text", pa.string())])
_SUBMISSION = pa.schema(
    [("seq", pa.int64())]
    + [(n, pa.string()) for n in ("received_at", "received_by", "file", "sha256", "county")]
    + [("month", pa.date32()), ("form_version", pa.string()), ("refused", pa.bool_()), ("sender", pa.string())]
)
_SOURCE = pa.schema(
    [("seq", pa.int64())]
    + [(n, pa.string()) for n in ("part", "field", "sheet", "cell", "header")]
    + [("factor", pa.decimal128(18, 6))]
)


def _explanations(seq: int, reading: Reading) -> pa.Table:
    said = [{"seq": seq, "finding": e.finding, "text": e.text} for e in reading.explanations]
    return pa.Table.from_pylist(said, schema=_EXPLANATION)


def _submission(event: Event, reading: Reading) -> dict[str, Any]:
    return {
        "seq": event.seq, "received_at": event.at, "received_by": event.by, "file": reading.file, "sha256": event.body["sha256"],
        "county": reading.county, "month": reading.month, "form_version": reading.form_version,
        "refused": reading.refused, "sender": event.body.get("sender"),
    }  # fmt: skip


def _columns(seq: int, rows: CommunityRows) -> list[dict[str, Any]]:
    return [
        {"seq": seq, "part": "community", "field": field, "sheet": column.sheet or rows.sheet, "cell": column.letter,
         "header": personal_data.masked(column.header), "factor": Decimal(column.factor)}
        for field, column in rows.columns.items()
    ]  # fmt: skip


def _cells(seq: int, record: CountyRecord) -> list[dict[str, Any]]:
    return [
        {
            "seq": seq,
            "part": "county",
            "field": field,
            "sheet": record.sheet,
            "cell": cell,
            "header": None,
            "factor": Decimal(1),
        }
        for field, cell in record.cells.items()
    ]


def _community_tables(part: Part, seq: int, rows: CommunityRows, findings: list[Finding]) -> dict[str, pa.Table]:
    count = len(rows.row)
    keys = {"seq": pa.array([seq] * count, pa.int64()), "row_no": pa.array(rows.row, pa.int32())}
    state = {
        "unit": pa.array(rows.unit, pa.string()),
        "held": pa.array(rows.held, pa.bool_()),
        "unreadable": pa.array(_unreadable(rows, findings), pa.list_(pa.string())),
    }
    raw = {field.id: pa.array(rows.raw.get(field.id) or [None] * count, pa.string()) for field in part}
    return {
        "answer": pa.table({**keys, **state, **_typed(part, rows.values, count)}),
        "answer_raw": pa.table({**keys, **raw}),
    }


def _record_tables(part: Part, seq: int, record: CountyRecord) -> dict[str, pa.Table]:
    key = {"seq": pa.array([seq], pa.int64())}
    values = {field.id: [record.values.get(field.id)] for field in part}
    raw = {field.id: pa.array([record.raw.get(field.id)], pa.string()) for field in part}
    return {
        "county_answer": pa.table({**key, "held": pa.array([record.held], pa.bool_()), **_typed(part, values, 1)}),
        "county_raw": pa.table({**key, **raw}),
    }


def _moved(seq: int, rows: CommunityRows) -> pa.Table:
    listed = [
        {"seq": seq, "row_no": row, "field": field, "sheet": sheet, "cell": cell}
        for (row, field), (sheet, cell) in rows.elsewhere.items()
    ]
    return pa.Table.from_pylist(listed, schema=_MOVED)


def relocated(finding: Finding, moved: dict[tuple[int, str], tuple[str, str]]) -> Finding:
    """A finding about cells of a joined table, at the sheet and cells of the file; of several sheets, at the first."""
    fields, cells = (finding.field or "").split(","), (finding.cell or "").split(",")
    if not moved or not finding.cell or len(fields) not in (1, len(cells)):
        return finding
    pairs = zip(fields * len(cells) if len(fields) == 1 else fields, cells, strict=True)
    placed = [
        moved.get((int(digits), field), (finding.sheet, cell))
        for field, cell in pairs
        if (digits := cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")).isdigit()
    ]
    if not placed:
        return finding
    sheet = placed[0][0]
    there = [cell for name, cell in placed if name == sheet]
    message = finding.message.replace(_place(finding.sheet, cells), _place(sheet, there))
    return replace(finding, sheet=sheet, cell=",".join(there), message=message)


def _place(sheet: str | None, cells: list[str]) -> str:
    return place("", sheet, ",".join(cells)).removeprefix("文件“”")


def finding_table(phase: str, findings: list[tuple[int, str | None, Finding]]) -> pa.Table:
    """Table `finding` from (seq, county, finding), numbered within a submission; by JSON, since `pa.array` imports pandas."""
    if not findings:
        return FINDINGS.empty_table()
    seen: Counter[int] = Counter()
    lines = []
    for seq, county, finding in findings:
        numbers = {"seq": seq, "number": seen[seq], "row_no": finding.row}
        texts = {name: getattr(finding, name) for name in _FINDING}
        lines.append(json.dumps({**numbers, "phase": phase, "id": finding_id(county, finding), **texts}))
        seen[seq] += 1
    data = "\n".join(lines).encode()
    # in one piece: a finding may list thousands of cells
    whole = arrow_json.ReadOptions(use_threads=False, block_size=len(data) + 1)
    return arrow_json.read_json(pa.py_buffer(data), whole, arrow_json.ParseOptions(explicit_schema=FINDINGS))


_FINDING = ("code", "severity", "sheet", "cell", "field", "unit", "found", "expected", "message")
FINDINGS = pa.schema([
    ("seq", pa.int64()), ("phase", pa.string()), ("number", pa.int32()), ("id", pa.string()), ("row_no", pa.int32()),
    *((name, pa.string()) for name in _FINDING),
])  # fmt: skip


def _unreadable(rows: CommunityRows, findings: list[Finding]) -> list[list[str]]:
    """For each row, the fields that were answered but could not be read: no rule may take them for missing."""
    given = rows.unreadable or [[] for _ in rows.row]
    unreadable = {row: list(fields) for row, fields in zip(rows.row, given, strict=True)}
    for finding in findings:
        if finding.severity == "error" and finding.row in unreadable and finding.field:
            unreadable[finding.row] += [
                field for field in finding.field.split(",") if field not in unreadable[finding.row]
            ]
    return [unreadable[row] for row in rows.row]


def _typed(part: Part, values: dict[str, list[Any]], count: int) -> dict[str, pa.Array]:
    columns = {}
    for field in part:
        given = values.get(field.id) or [None] * count
        if field.sql_type.startswith("DECIMAL"):
            columns[field.id] = _decimals(given, ARROW[field.sql_type])
        else:
            columns[field.id] = pa.array(given, ARROW[field.sql_type])
    return columns


def _decimals(given: list[Any], kind: pa.DataType) -> pa.Array:
    """Rounded to the column's six places where a value has more; ten times faster where none has."""
    try:
        return pa.array(given, kind)
    except pa.ArrowInvalid:
        return pa.array([None if v is None else Decimal(v).quantize(_MICRO) for v in given], kind)


def load(con: duckdb.DuckDBPyConnection, rows: pa.Table, statement: str) -> None:
    """Run a statement that reads an Arrow table under the name `incoming`."""
    con.register("incoming", rows)
    con.execute(statement)
    con.unregister("incoming")
