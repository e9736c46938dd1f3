"""The form's rules and limits as spreadsheet formulas.

A rule's expression is parsed and turned into a formula that is true where the rule is *certainly* broken: like in the
warehouse, an answer that is missing breaks nothing. What only the warehouse has (`prev.*`, `roster.*`) is left out.
"""

# earlier releases of sqlglot have no `Expr`: it is used in annotations only
from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlglot import exp

from pipelines.reference.form import Field, Part, Rule
from pipelines.reference.policy.expression import parsed

YES, NO = ("是", "有", "√"), ("否", "无", "×")
NUMERIC = ("count", "number", "money", "percent")
Reference = Callable[[str], str]  # a field's id to the address of its cell, or of its cells


class NotExpressible(Exception):
    """The rule needs what the workbook does not have."""


def broken(rule: Rule, part: Part, at: Reference) -> str | None:
    """A formula (without `=`) that is 1 where the rule is broken; None where a spreadsheet cannot tell."""
    try:
        return _Formula(part, at).truth(parsed(rule.expect), wanted=False)
    except NotExpressible:
        return None


def fields_of(rule: Rule, part: Part) -> list[Field]:
    """The fields that the rule is about, in the order of the form."""
    named = {column.name for column in parsed(rule.expect).find_all(exp.Column)}
    return [field for field in part if field.id in named]


def _all(terms: Iterable[str]) -> str:
    return "*".join(dict.fromkeys(f"({term})" for term in terms))


def _any(terms: Iterable[str]) -> str:
    return f"(({')+('.join(terms)}))>0"


# Products and sums rather than AND and OR: these also work on whole columns inside SUMPRODUCT.
class _Formula:
    def __init__(self, part: Part, at: Reference):
        self._part, self._at = part, at

    def truth(self, node: exp.Expr, wanted: bool) -> str:
        match node:
            case exp.Paren():
                return self.truth(node.this, wanted)
            case exp.Not():
                return self.truth(node.this, not wanted)
            case exp.And() | exp.Or():
                join = _all if isinstance(node, exp.And) == wanted else _any
                return join([self.truth(node.left, wanted), self.truth(node.right, wanted)])
            case exp.Between():
                low, high = node.args["low"], node.args["high"]
                return self.truth(
                    exp.and_(exp.GTE(this=node.this, expression=low), exp.LTE(this=node.this, expression=high)), wanted
                )
            case exp.Is(expression=exp.Null()):
                return f'{self._address(node.this)}{"=" if wanted else "<>"}""'
            case exp.Column():
                return self._flag(node, wanted)
            case exp.LT() | exp.LTE() | exp.GT() | exp.GTE() | exp.EQ() | exp.NEQ():
                return self._comparison(node, wanted)
        raise NotExpressible(node.sql())

    def _flag(self, node: exp.Column, wanted: bool) -> str:
        if self._field(node).type != "flag":
            raise NotExpressible(node.sql())
        return _any(f'{self._address(node)}="{word}"' for word in (YES if wanted else NO))

    def _comparison(self, node: exp.Binary, wanted: bool) -> str:
        pairs = {
            exp.LT: ("<", ">="),
            exp.LTE: ("<=", ">"),
            exp.GT: (">", "<="),
            exp.GTE: (">=", "<"),
            exp.EQ: ("=", "<>"),
        }
        yes, no = pairs.get(type(node), ("<>", "="))
        known = [self._known(column) for column in node.find_all(exp.Column)]
        return _all([*known, f"{self._value(node.left)}{yes if wanted else no}{self._value(node.right)}"])

    def _known(self, node: exp.Column) -> str:
        address = self._address(node)
        return f"ISNUMBER({address})" if self._field(node).type in NUMERIC else f'{address}<>""'

    def _value(self, node: exp.Expr) -> str:
        match node:
            case exp.Paren():
                return f"({self._value(node.this)})"
            case exp.Literal():
                return f'"{node.name}"' if node.is_string else node.name
            case exp.Column() if self._field(node).type in (*NUMERIC, "choice"):
                return self._address(node)
            case exp.Add() | exp.Sub() | exp.Mul() | exp.Div():
                sign = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}[type(node)]
                return f"{self._value(node.left)}{sign}{self._value(node.right)}"
        raise NotExpressible(node.sql())

    def _field(self, node: exp.Column) -> Field:
        if node.table or node.name not in self._part.by_id:
            raise NotExpressible(node.sql())
        return self._part[node.name]

    def _address(self, node: exp.Expr) -> str:
        if not isinstance(node, exp.Column):
            raise NotExpressible(node.sql())
        return self._at(self._field(node).id)
