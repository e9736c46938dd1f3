"""The register's expressions, read and evaluated in three-valued logic over exact numbers.

Grammar: OR, AND, NOT, comparisons (= <> != < <= > >=), BETWEEN … AND …, IS [NOT] NULL, + − *, CASE WHEN … THEN … [ELSE …] END, names with
at most one dot, whole and decimal numbers, 'texts', TRUE, FALSE, NULL. None is unknown. Errors: `ValueError` for anything else.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<text>'(?:[^']|'')*')|(?P<word>[A-Za-z_]\w*(?:\.\w+)?)|(?P<sign><>|!=|<=|>=|[-=<>()+*]))"
)
_COMPARE = {
    "=": operator.eq, "<>": operator.ne, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_KEYWORDS = {"AND", "OR", "NOT", "BETWEEN", "IS", "NULL", "TRUE", "FALSE", "CASE", "WHEN", "THEN", "ELSE", "END"}

Row = Mapping[str, object]
Evaluate = Callable[[Row], object]


@dataclass(frozen=True)
class Range:
    """A whole number of which only the least and the greatest possible value are known (`high` None: no limit)."""

    low: int
    high: int | None


@dataclass(frozen=True)
class Expression:
    """A read expression: `names` are those that it looks up, `of(row)` is its value."""

    source: str
    names: frozenset[str]
    of: Evaluate


@cache
def read(source: str) -> Expression:
    """An expression from its text. A name that a row lacks is a `KeyError` when it is evaluated."""
    parser = _Parser(source)
    evaluate = parser.disjunction()
    if parser.peek():
        raise ValueError(f"{source!r}: nothing may follow before {parser.peek()!r}")
    return Expression(source, frozenset(parser.names), evaluate)


class _Parser:
    def __init__(self, source: str):
        self.source, self.position, self.names = source, 0, set()
        self.tokens = list(self._split(source))

    def _split(self, source: str):
        at = 0
        while source[at:].strip():
            match = _TOKEN.match(source, at)
            if not match:
                raise ValueError(f"{source!r}: cannot be read from {source[at:]!r} on")
            at = match.end()
            kind = match.lastgroup
            word = match[kind]
            yield ("keyword", word.upper()) if kind == "word" and word.upper() in _KEYWORDS else (kind, word)

    def peek(self) -> str | None:
        return self.tokens[self.position][1] if self.position < len(self.tokens) else None

    def accept(self, *words: str) -> str | None:
        if self.position < len(self.tokens) and self.tokens[self.position][0] in ("keyword", "sign"):
            word = self.tokens[self.position][1]
            if word in words:
                self.position += 1
                return word
        return None

    def expect(self, word: str) -> None:
        if not self.accept(word):
            raise ValueError(f"{self.source!r}: {word} expected before {self.peek()!r}")

    # -- from the loosest to the tightest

    def disjunction(self) -> Evaluate:
        parts = [self.conjunction()]
        while self.accept("OR"):
            parts.append(self.conjunction())
        return parts[0] if len(parts) == 1 else lambda row: _any(part(row) for part in parts)

    def conjunction(self) -> Evaluate:
        parts = [self.negation()]
        while self.accept("AND"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else lambda row: _all(part(row) for part in parts)

    def negation(self) -> Evaluate:
        if not self.accept("NOT"):
            return self.comparison()
        inner = self.negation()
        return lambda row: _not(inner(row))

    def comparison(self) -> Evaluate:
        left = self.sum()
        if sign := self.accept(*_COMPARE):
            right, compare = self.sum(), _COMPARE[sign]
            return lambda row: _compared(compare, left(row), right(row))
        if self.accept("BETWEEN"):
            low = self.sum()
            self.expect("AND")
            high = self.sum()
            return lambda row: _all(_between(left(row), low(row), high(row)))
        if self.accept("IS"):
            absent = not self.accept("NOT")
            self.expect("NULL")
            return lambda row: (left(row) is None) == absent
        return left

    def sum(self) -> Evaluate:
        left = self.product()
        while sign := self.accept("+", "-"):
            left = _arithmetic(operator.add if sign == "+" else operator.sub, left, self.product())
        return left

    def product(self) -> Evaluate:
        left = self.atom()
        while self.accept("*"):
            left = _arithmetic(operator.mul, left, self.atom())
        return left

    def atom(self) -> Evaluate:
        if self.accept("("):
            inner = self.disjunction()
            self.expect(")")
            return inner
        if self.accept("CASE"):
            return self.case()
        for word, value in (("TRUE", True), ("FALSE", False), ("NULL", None)):
            if self.accept(word):
                return lambda row: value
        return self.leaf()

    def leaf(self) -> Evaluate:
        kind, word = self.tokens[self.position] if self.position < len(self.tokens) else ("end", "")
        self.position += 1
        if kind == "number":
            number = int(word) if word.isdigit() else Fraction(word)
            return lambda row: number
        if kind == "text":
            text = word[1:-1].replace("''", "'")
            return lambda row: text
        if kind == "word":
            self.names.add(word)
            return operator.itemgetter(word)
        raise ValueError(f"{self.source!r}: a value expected before {word!r}")

    def case(self) -> Evaluate:
        branches, default = [], lambda row: None
        while self.accept("WHEN"):
            condition = self.disjunction()
            self.expect("THEN")
            branches.append((condition, self.disjunction()))
        if self.accept("ELSE"):
            default = self.disjunction()
        self.expect("END")

        def evaluate(row: Row) -> object:
            return next((value(row) for condition, value in branches if condition(row) is True), default(row))

        return evaluate


def _any(values) -> bool | None:
    seen = list(values)
    return True if True in seen else None if None in seen else False


def _all(values) -> bool | None:
    seen = list(values)
    return False if False in seen else None if None in seen else True


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _between(value: object, low: object, high: object) -> tuple[bool | None, bool | None]:
    return _compared(operator.ge, value, low), _compared(operator.le, value, high)


def _compared(compare: Callable, left: object, right: object) -> bool | None:
    """A comparison; of a range only where both of its ends agree."""
    if left is None or right is None:
        return None
    if isinstance(left, Range):
        if compare not in (operator.ge, operator.gt, operator.le, operator.lt):
            raise ValueError("a range is compared by order only")
        if left.high is None:
            sure = compare in (operator.ge, operator.gt) and compare(left.low, right)
            never = compare in (operator.le, operator.lt) and not compare(left.low, right)
            return True if sure else False if never else None
        ends = {compare(left.low, right), compare(left.high, right)}
        return ends.pop() if len(ends) == 1 else None
    return compare(left, right)


def _arithmetic(operate: Callable, left: Evaluate, right: Evaluate) -> Evaluate:
    def evaluate(row: Row) -> object:
        a, b = left(row), right(row)
        return None if a is None or b is None else operate(a, b)

    return evaluate
