"""The form's consistency rules as SQL over a row, `roster.*` and `prev.*`. A rule is broken only where it is false (semantics §4)."""

from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.reference.form import KINDS, Form, Part, Rule
from pipelines.reference.policy.expression import Expression, Name, Namespace, Type, compile_expression, field_names

# Attributes of the roster that a rule may use, with their type.
ROSTER: dict[str, Type] = {"kind": "text", "municipal_district": "boolean", "shared_funding": "boolean"}


@dataclass(frozen=True)
class CompiledRule:
    """A rule and its expression. `fields` are the row's own answers in it: the cells that a finding names."""

    rule: Rule
    expression: Expression

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(name for name in self.expression.names if "." not in name)

    @property
    def previous(self) -> tuple[str, ...]:
        return tuple(name.removeprefix("prev.") for name in self.expression.names if name.startswith("prev."))

    @property
    def broken(self) -> str:
        """SQL that is true where the rule is broken."""
        return f"NOT ({self.expression.sql()})"


def compile_rules(form: Form, part: Part) -> list[CompiledRule]:
    """The rules of one part of the form, in order. Errors: `Refusal` naming rule, unknown field and the nearest known one."""
    names = namespace(part)
    return [
        CompiledRule(rule, compile_expression(rule.expect, names, f"规则 {rule.id}", "boolean"))
        for rule in form.rules
        if rule.form == part.id
    ]


def namespace(part: Part) -> Namespace:
    """`field` → answer.field, `prev.field` → prev.field, `roster.kind` → roster.kind."""
    choices = {"kind": KINDS["all"]}
    roster = {f"roster.{k}": Name(t, ("roster", k), choices=choices.get(k, ())) for k, t in ROSTER.items()}
    return {**field_names(part, "answer"), **field_names(part, "prev", "prev."), **roster}


def previous_fields(rules: Iterable[CompiledRule]) -> list[str]:
    """Fields whose last accepted answer some rule asks for, each once."""
    return list(dict.fromkeys(field for rule in rules for field in rule.previous))


def broken_sql(rules: Iterable[CompiledRule]) -> str:
    """SQL list of the ids of the broken rules of a row, for a query over `answer`, `prev` and `roster`."""
    cases = ", ".join(f"CASE WHEN {rule.broken} THEN '{rule.rule.id}' END" for rule in rules)
    return f"list_filter([{cases}]::VARCHAR[], lambda x: x IS NOT NULL)" if cases else "[]::VARCHAR[]"
