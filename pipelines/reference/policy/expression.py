"""Expressions of the register and the form: parsed, checked against what is declared, compiled to SQL.

An expression is SQL over one row. Only known names, comparisons, `+ - *`, AND/OR/NOT, BETWEEN, IN, IS NULL, CASE and literals get
through; everything is typed, so that `facility > 3` is refused when the file is read. SQL's three-valued logic handles
missing answers. Division is refused because it is not exact (multiply the other side instead, or state a ratio).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Literal, Protocol

import sqlglot
from sqlglot import exp

from pipelines.errors import Refusal
from pipelines.reference.strict_yaml import suggest

Type = Literal["boolean", "number", "text", "month", "null"]
Tree = exp.Expr
FIELD_TYPES: dict[str, Type] = {
    "code": "text",
    "text": "text",
    "choice": "text",
    "flag": "boolean",
    "count": "number",
    "number": "number",
    "money": "number",
    "percent": "number",
    "month": "month",
}


@dataclass(frozen=True)
class Name:
    """The meaning of a name in an expression. `column` is (table alias, column); a constant has an `is_a` expression instead."""

    type: Type
    column: tuple[str, str] | None = None
    is_a: str | None = None
    choices: tuple[str, ...] = ()
    # the total lies between `column` and this column (null: no upper limit is known)
    high: tuple[str, str] | None = None


Namespace = Mapping[str, Name]


@dataclass(frozen=True)
class Expression:
    """A checked expression. `names` are the dotted names it reads, in order of appearance, constants resolved."""

    source: str
    tree: Tree
    type: Type
    names: tuple[str, ...]

    def sql(self, dialect: str | None = None) -> str:
        """As SQL, in the words that DuckDB and the standard share unless a dialect is named."""
        return self.tree.sql(dialect=dialect)


def compile_expression(source: str, namespace: Namespace, where: str, wanted: Type | None = None) -> Expression:
    """Parse, resolve and type `source`; `where` names the entry. Errors: `Refusal`, with the nearest known name."""
    compiler = _Compiler(where, source, namespace)
    tree, kind = compiler.visit(_parse(source, where))
    if wanted and kind != wanted:
        raise Refusal(f"{where}：表达式“{source}”应得{_CHINESE[wanted]}，实际得{_CHINESE[kind]}")
    return Expression(source, tree, kind, tuple(dict.fromkeys(compiler.names)))


_CHINESE = {"boolean": "是否", "number": "数", "text": "文字", "month": "月份", "null": "空"}
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul)


def _parse(source: str, where: str) -> Tree:
    try:
        return parsed(source)
    except sqlglot.errors.SqlglotError as error:
        raise Refusal(f"{where}：表达式“{source}”不合语法；请检查括号、引号和运算符") from error


@lru_cache(maxsize=1024)
def parsed(source: str) -> Tree:
    """The syntax tree of a source, cached; compiling does not modify it. In standard SQL: DuckDB's own would take half of a start."""
    return sqlglot.parse_one(source)


class _Compiler:
    """One walk over the tree: each visit returns the resolved node and its type."""

    def __init__(self, where: str, source: str, namespace: Namespace):
        self.where, self.source, self.namespace = where, source, namespace
        self.names: list[str] = []

    def refuse(self, why: str) -> Refusal:
        return Refusal(f"{self.where}：表达式“{self.source}”{why}")

    def visit(self, node: Tree) -> tuple[Tree, Type]:
        handlers: dict[type[Tree], Callable[[Any], tuple[Tree, Type]]] = {
            exp.Column: self._column,
            exp.Paren: self._paren,
            exp.Boolean: lambda n: (n.copy(), "boolean"),
            exp.Literal: self._literal,
            exp.Null: lambda n: (n.copy(), "null"),
            exp.Neg: self._negative,
            exp.Not: self._not,
            exp.And: self._connector,
            exp.Or: self._connector,
            exp.Between: self._between,
            exp.In: self._in,
            exp.Is: self._is,
            exp.Case: self._case,
            **dict.fromkeys(_COMPARISONS, self._comparison),
            **dict.fromkeys(_ARITHMETIC, self._arithmetic),
        }
        handler = handlers.get(type(node))
        if handler is None:
            operation = "除法" if isinstance(node, (exp.Div, exp.IntDiv)) else node.sql()
            hint = "；请把除数乘到另一边" if operation == "除法" else ""
            raise self.refuse(f"中不允许使用“{operation}”{hint}")
        return handler(node)

    def _of(self, node: Tree, wanted: Type) -> Tree:
        resolved, kind = self.visit(node)
        if kind not in (wanted, "null"):
            raise self.refuse(f"中“{node.sql()}”应为{_CHINESE[wanted]}，实际为{_CHINESE[kind]}")
        return resolved

    def _column(self, node: exp.Column) -> tuple[Tree, Type]:
        dotted = f"{node.table}.{node.name}" if node.table else node.name
        name = self.namespace.get(dotted)
        if name is None:
            raise self.refuse(f"中没有字段 {dotted}{suggest(dotted, self.namespace)}")
        if name.is_a is not None:
            return self._constant(name.type, name.is_a)
        self.names.append(dotted)
        if name.column is None:
            raise self.refuse(f"中的 {dotted} 不能在这里使用")
        if name.high is not None:
            raise self.refuse(f"中 {dotted} 只能与一个数比较大小，如 {dotted} >= 5")
        return _reference(name.column), name.type

    def _constant(self, kind: Type, source: str) -> tuple[Tree, Type]:
        if kind == "month":
            return month_literal(source), "month"
        inner = compile_expression(source, self.namespace, self.where)
        self.names.extend(inner.names)
        return exp.paren(inner.tree), inner.type

    def _paren(self, node: exp.Paren) -> tuple[Tree, Type]:
        inner, kind = self.visit(node.this)
        return exp.paren(inner), kind

    def _literal(self, node: exp.Literal) -> tuple[Tree, Type]:
        return node.copy(), "text" if node.is_string else "number"

    def _negative(self, node: exp.Neg) -> tuple[Tree, Type]:
        return exp.Neg(this=self._of(node.this, "number")), "number"

    def _not(self, node: exp.Not) -> tuple[Tree, Type]:
        return exp.Not(this=exp.paren(self._of(node.this, "boolean"))), "boolean"

    def _connector(self, node: exp.Connector) -> tuple[Tree, Type]:
        left, right = self._of(node.left, "boolean"), self._of(node.right, "boolean")
        return type(node)(this=exp.paren(left), expression=exp.paren(right)), "boolean"

    def _arithmetic(self, node: exp.Binary) -> tuple[Tree, Type]:
        left, right = self._of(node.left, "number"), self._of(node.right, "number")
        return exp.paren(type(node)(this=left, expression=right)), "number"

    def _comparison(self, node: exp.Binary) -> tuple[Tree, Type]:
        name = self.namespace.get(node.left.sql()) if isinstance(node.left, exp.Column) else None
        if name is not None and name.column is not None and name.high is not None:
            return self._interval(node, name.column, name.high), "boolean"
        left, right = self._same(node.left, node.right)
        return type(node)(this=left, expression=right), "boolean"

    def _interval(self, node: exp.Binary, least: tuple[str, str], most: tuple[str, str]) -> Tree:
        """Comparison of a total that is known within limits: true or false where both limits agree, else unknown."""
        if type(node) not in (exp.GT, exp.GTE, exp.LT, exp.LTE):
            raise self.refuse(f"中 {node.left.sql()} 只能用 > >= < <= 比较")
        limit = self._of(node.right, "number")
        self.names.append(node.left.sql())
        low, high = _reference(least), _reference(most)
        worst, best = (low, high) if isinstance(node, (exp.GT, exp.GTE)) else (high, low)
        holds = type(node)(this=worst, expression=limit.copy())
        fails = exp.Not(this=exp.paren(type(node)(this=best, expression=limit.copy())))
        branches = [exp.If(this=holds, true=exp.true()), exp.If(this=fails, true=exp.false())]
        return exp.Case(ifs=branches)

    def _between(self, node: exp.Between) -> tuple[Tree, Type]:
        low, high = node.args["low"], node.args["high"]
        value, lower = self._same(node.this, low)
        _, upper = self._same(node.this, high)
        return exp.Between(this=value, low=lower, high=upper), "boolean"

    def _in(self, node: exp.In) -> tuple[Tree, Type]:
        if not node.expressions:
            raise self.refuse("中 IN 后面应列出各个值")
        pairs = [self._same(node.this, option) for option in node.expressions]
        return exp.In(this=pairs[0][0], expressions=[option for _, option in pairs]), "boolean"

    def _is(self, node: exp.Is) -> tuple[Tree, Type]:
        if not isinstance(node.expression, exp.Null):
            raise self.refuse("中 IS 只用于 IS NULL 和 IS NOT NULL")
        return exp.Is(this=self.visit(node.this)[0], expression=exp.Null()), "boolean"

    def _case(self, node: exp.Case) -> tuple[Tree, Type]:
        if node.this is not None:
            raise self.refuse("中 CASE 请写成 CASE WHEN 条件 THEN …")
        results = [self.visit(branch.args["true"]) for branch in node.args["ifs"]]
        default = self.visit(node.args["default"]) if node.args.get("default") else None
        kinds = {kind for _, kind in [*results, *([default] if default else [])]} - {"null"}
        if len(kinds) != 1:
            raise self.refuse("中 CASE 的各个结果类型不一致")
        conditions = [self._of(branch.this, "boolean") for branch in node.args["ifs"]]
        ifs = [exp.If(this=c, true=r) for c, (r, _) in zip(conditions, results, strict=True)]
        return exp.Case(ifs=ifs, default=default[0] if default else None), kinds.pop()

    def _same(self, left: Tree, right: Tree) -> tuple[Tree, Tree]:
        (first, kind), (second, other) = self.visit(left), self.visit(right)
        if kind == "month" and other == "text":
            second, other = self._month(right), "month"
        if kind != other:
            raise self.refuse(f"中“{left.sql()}”是{_CHINESE[kind]}而“{right.sql()}”是{_CHINESE[other]}，不能相比")
        self._check_choice(left, right)
        return first, second

    def _month(self, node: Tree) -> Tree:
        try:
            return month_literal(node.this)
        except ValueError as error:
            raise self.refuse(f"中“{node.this}”不是 2018-07 形式的月份") from error

    def _check_choice(self, left: Tree, right: Tree) -> None:
        name = self.namespace.get(left.sql()) if isinstance(left, exp.Column) else None
        if name and name.choices and isinstance(right, exp.Literal) and right.this not in name.choices:
            raise self.refuse(f"中“{right.this}”不是 {left.sql()} 的可选项{suggest(right.this, name.choices)}")


def _reference(column: tuple[str, str]) -> Tree:
    table, name = column
    return exp.column(name, table=table, quoted=True)


def month_literal(text: str) -> Tree:
    """`2018-07` as a SQL date literal of its first day."""
    year, month = text.split("-")
    return exp.cast(exp.Literal.string(date(int(year), int(month), 1).isoformat()), "date")


class Question(Protocol):
    """A question of the form, as far as expressions use it."""

    @property
    def id(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def choices(self) -> list[str]: ...


def field_names(fields: Iterable[Question], table: str, prefix: str = "") -> dict[str, Name]:
    """Names for a part of the form."""
    return {
        f"{prefix}{field.id}": Name(FIELD_TYPES[field.type], (table, field.id), choices=tuple(field.choices))
        for field in fields
    }
