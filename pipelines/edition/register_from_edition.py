"""The register and the form of a release, compiled from its own tables."""

from typing import Any

from pipelines.edition.open_edition import Release
from pipelines.reference.form import Field, Form, Part
from pipelines.reference.policy.expression import Expression, Namespace, Type, compile_expression
from pipelines.reference.policy.policy_text import PolicyText
from pipelines.reference.policy.register import Entry_, Indicator, Policy, Ratio, Register, Rollup, namespace


def form(release: Release) -> Form:
    """The questions of both parts: id, type and to whom they apply. Rules are not published."""
    parts = {part: _part(release, part) for part in ("community", "county")}
    return Form("", parts["community"], parts["county"], ())


def _part(release: Release, part: str) -> Part:
    rows = release.rows("SELECT field, label, type, unit, applies FROM field WHERE part = ? ORDER BY position", [part])
    fields = (
        Field.model_construct(id=row["field"], **{k: row[k] for k in ("label", "type", "unit", "applies")})
        for row in rows
    )
    return Part(part, "", tuple(fields))


def register(release: Release, policy: str, asked: Form) -> Register:
    """The indicators of a policy, in the register's order, without targets and texts."""
    row = release.rows("SELECT * FROM policy WHERE id = ?", [policy])[0]
    since = row["since"]
    declared = Policy.model_construct(id=policy, since=f"{since.year}-{since.month:02}")
    rollups = release.rows("SELECT rollup, field FROM rollup WHERE policy = ?", [policy])
    totals = {row["rollup"]: Rollup(sum=row["field"]) for row in rollups}
    rows = release.rows("SELECT * FROM indicator WHERE policy = ? ORDER BY position", [policy])
    spaces = {of: namespace(declared, totals, asked, of) for of in ("community", "county")}
    indicators = tuple(_indicator(row, spaces[row["counted"]]) for row in rows)
    return Register(declared, PolicyText(()), totals, indicators)


def _indicator(row: dict[str, Any], names: Namespace) -> Indicator:
    def compiled(source: str | None, wanted: Type) -> Expression | None:
        return compile_expression(source, names, row["indicator"], wanted) if source else None

    ratio = (
        None
        if row["is_share"]
        else Ratio(numerator=row["numerator_sql"], denominator=row["denominator_sql"], factor=row["factor"])
    )
    entry = Entry_.model_construct(id=row["indicator"], name=row["name"], of=row["counted"], ratio=ratio)
    scope = compile_expression(row["scope_sql"] or "TRUE", names, row["indicator"], "boolean")
    numerator, denominator = compiled(row["numerator_sql"], "number"), compiled(row["denominator_sql"], "number")
    return Indicator(entry, scope, compiled(row["share_sql"], "boolean"), numerator, denominator, row["gap_unit"])
