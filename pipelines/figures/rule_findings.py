"""The form's rules on the temporary `row`, `county_row` and `origin`: findings that name every cell. Rows that an error rule holds are marked."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from pipelines.answers.findings import Finding, finding_id
from pipelines.archive.finding_state import Waiver
from pipelines.reference import labels
from pipelines.reference.form import Field, Part
from pipelines.reference.rules import CompiledRule, broken_sql, previous_fields
from pipelines.warehouse.projection import Warehouse

Findings = list[tuple[int, str | None, Finding]]  # (seq, county, finding)
BrokenRow = dict[str, Any]  # a row's key, its answers by field, and the id of the rule that it breaks


def broken(warehouse: Warehouse, month: date) -> Findings:
    """Each broken rule, of the rows first and then of the counties' records."""
    reference = warehouse.reference
    parts = (
        (_COMMUNITY, reference.form.community, reference.rules_in(month)),
        (_COUNTY, reference.form.county, reference.county_rules_in(month)),
    )
    findings: Findings = []
    for template, part, rules in parts:
        rows = _broken_rows(warehouse, rules, _query(template, part, rules, month))
        findings += _findings(warehouse, rows, {rule.rule.id: rule for rule in rules}, part)
    return findings


_COMMUNITY = """
    SELECT answer.seq, answer.row_no, answer.unit, answer.unreadable, {0}{2}, unnest({{broken}}) AS rule
    FROM row AS answer JOIN unit AS roster ON roster.code = answer.unit
    LEFT JOIN ({1}) AS prev ON prev.uid = answer.uid
"""
_COUNTY = """
    SELECT answer.seq, NULL AS row_no, answer.unit, []::VARCHAR[] AS unreadable, {0}{2}, unnest({{broken}}) AS rule
    FROM county_row AS answer JOIN county AS roster ON roster.code = answer.unit
    LEFT JOIN ({1}) AS prev ON prev.uid = answer.unit
"""


def _query(template: str, part: Part, rules: list[CompiledRule], month: date) -> str:
    """The query for broken rules: a row's answers, its last ones as `prev:<field>`, and `{broken}` still to fill in."""
    answers = ", ".join(f'answer."{field.id}"' for field in part)
    fields = previous_fields(rules)
    previous = "".join(f', prev."{field}" AS "prev:{field}"' for field in fields)
    return template.format(answers, last_answers(part, fields, month), previous)


def last_answers(part: Part, fields: Iterable[str], month: date) -> str:
    """SQL: last accepted answers before a month, also under an earlier code of the county; annual counts not across New Year."""
    table, uid, same = _LAST[part.id]
    before = f"(SELECT max(month) FROM {table} WHERE month < DATE '{month}')"
    fresh = f"year({before}) = {month.year}"
    columns = "".join(
        f', CASE WHEN {fresh} THEN "{field}" END AS "{field}"' if part[field].period == "year" else f', "{field}"'
        for field in fields
    )
    return f"SELECT {uid} AS uid{columns} FROM {table} AS last {same} WHERE last.month = {before}"


_LAST = {
    "community": ("last_answer", "last.uid", ""),
    "county": (
        "last_county_answer",
        "origin.code",
        "JOIN origin ON (origin.month, origin.answered_as) = (last.month, last.uid)",
    ),
}


def _broken_rows(warehouse: Warehouse, rules: list[CompiledRule], query: str) -> list[BrokenRow]:
    """One entry per row and broken rule, in the order of the rows."""
    broken = query.format(broken=broken_sql(rules))
    cursor = warehouse.con.execute(f"{broken} ORDER BY answer.seq, row_no, answer.unit, rule")
    names = [column[0] for column in cursor.description]
    by_id = {rule.rule.id: rule for rule in rules}
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [row for row in rows if not set(row["unreadable"]) & set(by_id[row["rule"]].fields)]


def _findings(warehouse: Warehouse, rows: list[BrokenRow], rules: dict[str, CompiledRule], part: Part) -> Findings:
    if not rows:
        return []
    places = _places(warehouse, {row["seq"] for row in rows}, part.id)
    counties = dict(warehouse.con.execute("SELECT seq, county FROM submission SEMI JOIN chosen USING (seq)").fetchall())
    return [
        (
            row["seq"],
            counties[row["seq"]],
            rule_finding(rules[row["rule"]], row, places.get(row["seq"], {}), part.by_id),
        )
        for row in rows
    ]


def _places(warehouse: Warehouse, seqs: set[int], part: str) -> dict[int, dict[str, tuple[str, str]]]:
    """seq → field → (sheet, column letter or cell)."""
    rows = warehouse.con.execute(
        "SELECT seq, field, sheet, cell FROM source SEMI JOIN (SELECT unnest(?::BIGINT[]) AS seq) USING (seq) WHERE part = ?",
        [list(seqs), part],
    ).fetchall()
    places: dict[int, dict[str, tuple[str, str]]] = {}
    for seq, field, sheet, cell in rows:
        places.setdefault(seq, {})[field] = (sheet, cell)
    return places


def rule_finding(
    rule: CompiledRule, row: BrokenRow, places: dict[str, tuple[str, str]], fields: dict[str, Field]
) -> Finding:
    """A broken rule as a finding: all its cells, the values in them, and what to do."""
    row_no = row["row_no"]
    cells = [f"{places[f][1]}{row_no or ''}" for f in rule.fields if f in places]
    sheet = next((places[f][0] for f in rule.fields if f in places), None)
    values = {fields[f].label: _shown(row[f]) for f in rule.fields}
    # half-width: the finding's id, by which waivers name it, is made of it
    content = ",".join(f"{labels.fold(label)}={value}" for label, value in values.items())
    answers = "，".join(f"{label}={value}" for label, value in values.items())
    where = f"工作表“{sheet}”单元格 {'、'.join(cells)}：" if cells else ""
    before = "".join(f"，此前{fields[f].label}={_shown(row[f'prev:{f}'])}" for f in rule.previous)
    repair = (
        "请核对并改正后重报，本行暂不计入" if rule.rule.severity == "error" else "请核对；无误的可不改，并向市局说明"
    )
    return Finding(
        code=rule.rule.id,
        severity=rule.rule.severity,
        sheet=sheet,
        cell=",".join(cells) or None,
        field=",".join(rule.fields),
        unit=row["unit"],
        found=content,
        expected=rule.rule.message,
        message=f"【{rule.rule.id}】{where}{rule.rule.message}（{answers}{before}）。{repair}。",
        row=row_no,
    )


def _shown(value: object) -> str:
    if value is None:
        return "未填"
    if isinstance(value, bool):
        return "是" if value else "否"
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def hold(warehouse: Warehouse, findings: Findings, waived: dict[str, Waiver]) -> None:
    """Mark as `broken` the rows and records that an error rule holds back and no waiver lifts."""
    held = [
        (seq, finding.row)
        for seq, county, finding in findings
        if finding.severity == "error" and finding_id(county, finding) not in waived
    ]
    rows = [key for key in held if key[1] is not None]
    con = warehouse.con
    con.execute(
        "UPDATE row SET broken = TRUE FROM (SELECT unnest(?::BIGINT[]) AS seq, unnest(?::INTEGER[]) AS row_no) AS bad "
        "WHERE row.seq = bad.seq AND row.row_no = bad.row_no",
        [[seq for seq, _ in rows], [row_no for _, row_no in rows]],
    )
    con.execute(
        "UPDATE county_row SET broken = TRUE WHERE seq IN (SELECT unnest(?::BIGINT[]))",
        [[seq for seq, row_no in held if row_no is None]],
    )
