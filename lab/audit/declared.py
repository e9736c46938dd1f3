"""What is asked and what is measured: the form and the policies' registers, read from their YAML files.

Decimal numbers become fractions. An entry with `since` or `until` holds in those months only; a target may be a list of dated ones.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import yaml

from lab.audit import dates
from lab.audit.expression import Expression, read

KINDS = {"all": None, "urban": ("城市社区", "城镇社区"), "rural": ("农村社区",)}


class _Exact(yaml.CSafeLoader):
    """YAML whose decimal numbers are fractions."""


_Exact.add_constructor("tag:yaml.org,2002:float", lambda loader, node: Fraction(node.value.replace("_", "")))


def load(path: Path) -> dict:
    with path.open(encoding="utf-8") as file:
        return yaml.load(file, _Exact)  # noqa: S506 - a safe loader with one more constructor


@dataclass(frozen=True)
class Span:
    """Months from `since` to `until`, both included; None has no limit."""

    since: int | None
    until: int | None

    def holds(self, month: int) -> bool:
        return (self.since is None or self.since <= month) and (self.until is None or month <= self.until)


def span(entry: dict, since: str = "since", until: str = "until") -> Span:
    ends = [dates.month(entry[name]) if entry.get(name) else None for name in (since, until)]
    return Span(*ends)


@dataclass(frozen=True, eq=False)
class Question:
    """One question of the form; `labels` are the words that a column or line of it may bear."""

    id: str
    type: str
    labels: tuple[str, ...]
    unit: str | None
    required: bool
    yearly: bool
    applies: str
    choices: tuple[str, ...]
    maximum: Fraction | None
    asked: Span

    def applies_to(self, kind: str) -> bool:
        kinds = KINDS.get(self.applies)
        return kinds is None or kind in kinds


@dataclass(frozen=True)
class Form:
    """表1 (`community`) and 表2 (`county`) by question id, and the rules that hold a row back."""

    community: dict[str, Question]
    county: dict[str, Question]
    community_rules: tuple[Expression, ...]
    county_rules: tuple[Expression, ...]


def form(path: Path) -> Form:
    declared = load(path)
    groups = declared["community"]["groups"]
    community = [question(entry) for group in groups for entry in group["fields"]]
    county = [question(entry) for entry in declared["county"]["fields"]]
    return Form(
        {asked.id: asked for asked in community},
        {asked.id: asked for asked in county},
        _rules(declared["rules"], "community"),
        _rules(declared["rules"], "county"),
    )


def question(entry: dict) -> Question:
    maximum = entry.get("max")
    return Question(
        entry["id"],
        entry["type"],
        (entry["label"], *entry.get("aliases", [])),
        entry.get("unit"),
        entry.get("required", False),
        entry.get("period") == "year",
        entry.get("applies", "all"),
        tuple(entry.get("choices", [])),
        None if maximum is None else Fraction(maximum),
        span(entry),
    )


def _rules(entries: list[dict], part: str) -> tuple[Expression, ...]:
    wanted = [entry for entry in entries if entry.get("form", "community") == part and entry["severity"] == "error"]
    return tuple(read(entry["expect"]) for entry in wanted)


@dataclass(frozen=True)
class Target:
    """Bounds in the indicator's unit, and the month by whose end they are due."""

    low: Fraction | None
    high: Fraction | None
    due: int | None
    held: Span

    def met_by(self, x: Fraction) -> bool:
        return (self.low is None or x >= self.low) and (self.high is None or x <= self.high)

    @property
    def is_at_least(self) -> bool:
        return self.low is not None and self.high is None

    def goal_from(self, base: Fraction) -> Fraction:
        """What progress is measured against: the bound, of a band the end nearer to the baseline."""
        if self.low is None or (self.high is not None and base > self.high):
            return self.high
        return self.low


def target(entry: dict) -> Target:
    low, high = entry.get("between", (entry.get("at_least"), entry.get("at_most")))
    bounds = [None if bound is None else Fraction(bound) for bound in (low, high)]
    since = "since" if "since" in entry else "from"
    return Target(*bounds, dates.month(entry["by"]) if entry.get("by") else None, span(entry, since))


@dataclass(frozen=True)
class Indicator:
    """One entry of a register. A share has `share`, a ratio `numerator` and `denominator`."""

    id: str
    of: str
    scope: Expression
    share: Expression | None
    numerator: Expression | None
    denominator: Expression | None
    factor: Fraction
    targets: tuple[Target, ...]
    december: bool
    baseline: tuple[int, Fraction] | None
    in_force: Span
    yearly: bool = False

    @property
    def is_share(self) -> bool:
        return self.share is not None

    @property
    def expressions(self) -> tuple[Expression, ...]:
        parts = (self.scope, self.share, self.numerator, self.denominator)
        return tuple(part for part in parts if part is not None)

    def target_of(self, month: int) -> Target | None:
        """The target in force: of several dated ones that hold, the first that is not over yet, else the last."""
        held = [target for target in self.targets if target.held.holds(month)]
        ahead = [target for target in held if target.due is None or month <= target.due]
        return ahead[0] if ahead else held[-1] if held else None


@dataclass(frozen=True)
class Register:
    """A policy's indicators in their order, and its rollups: name to the summed question."""

    policy: str
    since: int
    indicators: tuple[Indicator, ...]
    rollups: dict[str, str] = field(default_factory=dict)


def register(path: Path, asked: Form) -> Register:
    declared = load(path)
    rollups = {name: entry["sum"] for name, entry in (declared.get("rollups") or {}).items()}
    yearly = _yearly_names(asked, rollups)
    indicators = tuple(_indicator(entry, yearly[entry["of"]]) for entry in declared["indicators"])
    return Register(declared["policy"]["id"], dates.month(declared["policy"]["since"]), indicators, rollups)


def _yearly_names(asked: Form, rollups: dict[str, str]) -> dict[str, set[str]]:
    """The names by which an expression reads a `year` answer."""
    community = {name for name, question in asked.community.items() if question.yearly}
    county = {name for name, question in asked.county.items() if question.yearly}
    return {
        "community": community | {f"county.{name}" for name in county},
        "county": county | {f"rollup.{name}" for name, summed in rollups.items() if summed in community},
    }


def _indicator(entry: dict, yearly: set[str]) -> Indicator:
    ratio, base = entry.get("ratio") or {}, entry.get("baseline")
    parts = [entry.get("scope", "TRUE"), entry.get("share"), ratio.get("numerator"), ratio.get("denominator")]
    scope, share, numerator, denominator = (None if part is None else read(str(part)) for part in parts)
    targets = entry.get("target") or []
    named = frozenset().union(*(part.names for part in (scope, share, numerator, denominator) if part))
    return Indicator(
        entry["id"],
        entry["of"],
        scope,
        share,
        numerator,
        denominator,
        Fraction(ratio.get("factor", 100)),
        tuple(target(one) for one in (targets if isinstance(targets, list) else [targets])),
        entry.get("judged") == "december",
        (dates.month(base["month"]), Fraction(base["value"])) if base else None,
        span(entry),
        bool(named & yearly),
    )


def registers(reference: Path, asked: Form) -> list[Register]:
    """Every policy of a reference folder, the earliest first."""
    declared = [register(path, asked) for path in sorted(reference.glob("policies/*/register.yaml"))]
    return sorted(declared, key=lambda entry: entry.since)
