"""How an indicator is computed, as a Chinese sentence from the form's labels and the register's expression.

Reads the edition's own tables (`indicator`, `field`, `rollup`), so that old editions are explained by their own definitions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlglot import exp

from pipelines import months
from pipelines.edition.open_edition import Release
from pipelines.punctuation import full_width
from pipelines.reference.policy.expression import parsed

_KINDS = {"is_urban": "城市社区或城镇社区", "is_city": "城市社区", "is_town": "城镇社区", "is_rural": "农村社区"}
_ROSTER = {"municipal_district": "市辖区所属", "shared_funding": "市、区分担经费的", "has_villages": "辖有村的"}
_COUNTED = {"community": "社区（村）", "county": "县（市、区）"}
_COMPARED: dict[type[exp.Expr], str] = {
    exp.EQ: "为", exp.NEQ: "不为", exp.GTE: "不低于", exp.GT: "高于", exp.LTE: "不高于", exp.LT: "低于",
}  # fmt: skip
_MOMENTS = {**_COMPARED, exp.GTE: "不早于", exp.GT: "晚于", exp.LTE: "不晚于", exp.LT: "早于"}
_ARITHMETIC: dict[type[exp.Expr], str] = {exp.Add: "＋", exp.Sub: "－", exp.Mul: "×"}


@dataclass(frozen=True)
class Labels:
    """Labels of the names in an expression: fields (also `county.…`) and totals (`rollup.…`).

    `units`: of those that have one. `moments`: those that are months. `since`: the policy's first month.
    """

    names: Mapping[str, str]
    units: Mapping[str, str]
    moments: frozenset[str]
    since: date


def labels(release: Release, policy: str, counted: str) -> Labels:
    """The names for a policy's indicators of communities or counties."""
    fields = release.rows("SELECT part, field, label, type, unit FROM field")
    names = {name: label(row["label"]) for row in fields for name in _named(row, counted)}
    units = {name: row["unit"] for row in fields for name in _named(row, counted) if row["unit"]}
    moments = {name for row in fields for name in _named(row, counted) if row["type"] == "month"}
    community = {row["field"]: label(row["label"]) for row in fields if row["part"] == "community"}
    totals = release.rows("SELECT rollup, field FROM rollup WHERE policy = ?", [policy])
    names |= {f"rollup.{row['rollup']}": f"{community[row['field']]}的社区（村）数" for row in totals}
    [start] = release.rows("SELECT since FROM policy WHERE id = ?", [policy])
    return Labels(names, units, frozenset(moments), start["since"])


def label(text: str) -> str:
    """A field's label in running text."""
    return full_width(text).removeprefix("其中：")


def _named(row: Mapping[str, str], counted: str) -> list[str]:
    own = [row["field"]] if row["part"] == counted else []
    return [*own, f"county.{row['field']}"] if row["part"] == "county" else own


def formula(indicator: Mapping[str, Any], known: Labels) -> str:
    """`分母：农村社区；分子：其中“综合服务设施”为是的。` of a share; what is divided by what of a ratio."""
    scope = _scope(indicator["scope_sql"], indicator["counted"], known)
    if indicator["is_share"]:
        return f"分母：{scope}；分子：其中{_condition(parsed(indicator['share_sql']), known)}的。"
    numerator, denominator = (_amount(parsed(indicator[f"{part}_sql"]), known) for part in ("numerator", "denominator"))
    below = "填报的个数" if denominator == "1" else f"{denominator}之和"
    return f"范围：{scope}；分子：{numerator}之和；分母：{below}。"


def expressions(indicator: Mapping[str, Any]) -> str:
    """The register's expressions as SQL."""
    if indicator["is_share"]:
        return f"scope: {indicator['scope_sql'] or '—'}\nshare: {indicator['share_sql']}"
    parts = f"numerator: {indicator['numerator_sql']}\ndenominator: {indicator['denominator_sql']}"
    return f"{parts}\nscope: {indicator['scope_sql'] or '—'}"


def _scope(source: str | None, counted: str, known: Labels) -> str:
    """The scope in words: kinds and roster attributes before the noun, conditions on answers after it."""
    tree = parsed(source) if source else None
    parts = list(tree.flatten()) if isinstance(tree, exp.And) else [tree] if tree else []
    kinds = [_KINDS[part.sql()] for part in parts if part.sql() in _KINDS]
    places = [_ROSTER[part.name] for part in parts if isinstance(part, exp.Column) and part.table == "roster"]
    rest = [part for part in parts if part.sql() not in _KINDS and getattr(part, "table", "") != "roster"]
    noun = "".join([*places, *(kinds or [_COUNTED[counted]])])
    return f"{_joined(rest, known)}的{noun}" if rest else noun if parts else f"全部{noun}"


def _joined(parts: list[exp.Expr], known: Labels) -> str:
    return "且".join(_condition(part, known) for part in parts)


def _condition(node: exp.Expr, known: Labels) -> str:
    """A condition on one unit: `“综合服务设施”为是`."""
    handlers: dict[type, Callable[[Any], str]] = {
        exp.Paren: lambda n: _condition(n.this, known),
        exp.And: lambda n: f"{_condition(n.left, known)}且{_condition(n.right, known)}",
        exp.Or: lambda n: f"（{_condition(n.left, known)}或{_condition(n.right, known)}）",
        exp.Not: lambda n: _negated(n.this, known),
        exp.Between: lambda n: "{}在{}至{}之间".format(*(_amount(n.args[k], known) for k in ("this", "low", "high"))),
        exp.In: lambda n: f"{_amount(n.this, known)}为{'或'.join(_amount(item, known) for item in n.expressions)}",
        exp.Is: lambda n: f"{_amount(n.this, known)}没有填",
        exp.Column: lambda n: _flag(n, known),
    }
    if isinstance(node, exp.Binary) and type(node) in _COMPARED:
        return _compared(node, known)
    return handlers[type(node)](node)


def _compared(node: exp.Binary, known: Labels) -> str:
    name = _dotted(node.this)
    word = (_MOMENTS if name in known.moments else _COMPARED)[type(node)]
    unit = known.units.get(name, "") if isinstance(node.expression, exp.Literal) else ""
    return f"{_amount(node.this, known)}{word}{_amount(node.expression, known)}{unit}"


def _negated(node: exp.Expr, known: Labels) -> str:
    inner = node.this if isinstance(node, exp.Paren) else node
    if isinstance(inner, exp.Is):
        return f"{_amount(inner.this, known)}已填"
    if isinstance(inner, exp.Column):
        return f"{_name(inner, known)}为否"
    return f"不是（{_condition(inner, known)}）"


def _flag(node: exp.Column, known: Labels) -> str:
    return _KINDS.get(node.sql()) or f"{_name(node, known)}为是"


def _amount(node: exp.Expr, known: Labels) -> str:
    """A number, month or choice: a label in quotation marks, a literal, or arithmetic of them."""
    if isinstance(node, exp.Paren):
        return f"（{_amount(node.this, known)}）"
    if isinstance(node, exp.Literal):
        return f"“{node.this}”" if node.is_string else node.this
    if isinstance(node, exp.Neg):
        return f"－{_amount(node.this, known)}"
    if isinstance(node, exp.Case):
        return _case(node, known)
    if type(node) in _ARITHMETIC:
        return f"{_amount(node.this, known)}{_ARITHMETIC[type(node)]}{_amount(node.expression, known)}"
    return _name(node, known)


def _case(node: exp.Case, known: Labels) -> str:
    cases = [
        f"{_condition(branch.this, known)}时取{_amount(branch.args['true'], known)}" for branch in node.args["ifs"]
    ]
    return f"（{'，'.join(cases)}）"


def _name(node: exp.Expr, known: Labels) -> str:
    if not isinstance(node, exp.Column):
        return node.sql()
    dotted = _dotted(node)
    if dotted == "since":
        return months.label(known.since)
    if node.table == "roster":
        return f"“{_ROSTER.get(node.name, node.name)}”"
    return f"“{'本县' if node.table == 'county' else ''}{known.names.get(dotted, dotted)}”"


def _dotted(node: exp.Expr) -> str:
    """`rollup.pilot_villages` of a column; empty for anything else."""
    if not isinstance(node, exp.Column):
        return ""
    return f"{node.table}.{node.name}" if node.table else node.name
