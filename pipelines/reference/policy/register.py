"""The register: every measurable commitment of a policy, as an indicator (semantics §5). Refusals name the entry and the repair."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, field_validator
from pydantic import Field as PydanticField

from pipelines import months
from pipelines.errors import Refusal
from pipelines.reference import strict_yaml
from pipelines.reference.form import Form
from pipelines.reference.in_force import Dated
from pipelines.reference.policy import policy_text
from pipelines.reference.policy.expression import Expression, Name, Namespace, Type, compile_expression, field_names
from pipelines.reference.strict_yaml import Entry, Plain, Prose, suggest

Level = Literal["community", "town", "county", "city"]
Number = Decimal | int

# Attributes of a unit of the roster that an expression may use, by what is counted.
ROSTER: dict[str, dict[str, Type]] = {
    "community": {
        "kind": "text",
        "municipal_district": "boolean",
        "shared_funding": "boolean",
        "has_villages": "boolean",
    },
    "county": {"municipal_district": "boolean", "shared_funding": "boolean", "has_villages": "boolean"},
}
KINDS = ("城市社区", "城镇社区", "农村社区")
_CONSTANTS = {
    "is_urban": "roster.kind IN ('城市社区', '城镇社区')",
    "is_city": "roster.kind = '城市社区'",
    "is_town": "roster.kind = '城镇社区'",
    "is_rural": "roster.kind = '农村社区'",
}


class Target(Dated):
    """A target for the end of month `by`: exactly one of the three bounds, in the indicator's unit."""

    at_least: Number | None = None
    at_most: Number | None = None
    between: list[Number] | None = PydanticField(default=None, min_length=2, max_length=2)
    by: str

    @property
    def low(self) -> Decimal | None:
        value = self.between[0] if self.between else self.at_least
        return None if value is None else Decimal(value)

    @property
    def high(self) -> Decimal | None:
        value = self.between[1] if self.between else self.at_most
        return None if value is None else Decimal(value)

    @property
    def due(self) -> date:
        return months.parse(self.by)

    @property
    def label(self) -> str:
        """`≥60`, `≤5` or `29.5—30.5`, as people read it."""
        if self.between:
            return f"{self.between[0]}—{self.between[1]}"
        return f"≥{self.at_least}" if self.at_least is not None else f"≤{self.at_most}"


class Ratio(Entry):
    """factor × Σ numerator ÷ Σ denominator."""

    numerator: str
    denominator: str
    factor: int = 100


class Baseline(Entry):
    """A baseline that the policy states."""

    month: str
    value: Number


def _as_list(declared: object) -> object:
    return [declared] if isinstance(declared, dict) else declared


class Entry_(Dated):
    """An indicator as declared in the file. `target` is one target, or a list of dated ones in order."""

    id: str
    name: Prose
    clause: str
    quote: str
    wording: Literal["required", "strive", "promoted"]
    unit: str
    of: Literal["community", "county"]
    headline: bool = False
    scope: str | None = None
    share: str | None = None
    ratio: Ratio | None = None
    targets: Annotated[list[Target], BeforeValidator(_as_list)] = PydanticField([], alias="target")
    baseline: Baseline | None = None
    level: Level = "city"
    judged: Literal["december"] | None = None
    breakdown: str | None = None
    reading: Prose | None = None
    unverified: Prose | None = None

    @field_validator("id")
    @classmethod
    def _plain_id(cls, value: str) -> str:
        # the id becomes a column name, a file name and an address
        if not value.isascii() or not value.isidentifier() or not value.islower():
            raise ValueError("id 只能用小写字母、数字和下划线")
        return value


class Rollup(Entry):
    """A county's total of one field over its communities (a flag counts its yes)."""

    sum: str


class Policy(Entry):
    """The document that the register measures."""

    id: str
    title: Prose
    issuer: Prose
    published: str
    since: str
    due: str
    note: Prose | None = None


class _File(Entry):
    policy: Policy
    rollups: dict[str, Rollup] = {}
    indicators: list[Plain]


@dataclass(frozen=True)
class Indicator:
    """A compiled indicator: `scope` is true without an entry, `targets` in order, `target` that of `month` (None: the newest)."""

    entry: Entry_
    scope: Expression
    share: Expression | None
    numerator: Expression | None
    denominator: Expression | None
    gap_unit: str
    month: date | None = None

    def __getattr__(self, name: str) -> Any:
        # the declared attributes (id, name, target, ...) read as the indicator's own
        return getattr(self.entry, name)

    @property
    def target(self) -> Target | None:
        """The target in force in `month`, the newest one where no month is set; None where there is none."""
        return self.target_in(self.month) if self.month else next(reversed(self.entry.targets), None)

    def target_in(self, month: date) -> Target | None:
        """The target by which a month is judged: the last one that has begun, unless it has ended."""
        begun = [target for target in self.entry.targets if target.since is None or target.since <= month]
        return begun[-1] if begun and begun[-1].is_in_force(month) else None

    @property
    def is_share(self) -> bool:
        return self.share is not None

    @property
    def factor(self) -> int:
        return self.entry.ratio.factor if self.entry.ratio else 100

    @property
    def fields(self) -> tuple[str, ...]:
        """Answers that the figure is made of, in order: `facility`, `county.average_wage`, `rollup.pilot_villages`."""
        expressions = filter(None, (self.scope, self.share, self.numerator, self.denominator))
        names = [name for expression in expressions for name in expression.names]
        return tuple(dict.fromkeys(name for name in names if not name.startswith("roster.")))


@dataclass(frozen=True, eq=False)
class Register:
    """A policy and its indicators, in the order of the file."""

    policy: Policy
    text: policy_text.PolicyText
    rollups: dict[str, Rollup]
    indicators: tuple[Indicator, ...]

    def __iter__(self) -> Iterator[Indicator]:
        return iter(self.indicators)

    def __getitem__(self, indicator_id: str) -> Indicator:
        for indicator in self.indicators:
            if indicator.id == indicator_id:
                return indicator
        raise Refusal(f"没有指标 {indicator_id}{suggest(indicator_id, [i.id for i in self.indicators])}")

    @property
    def headline(self) -> list[Indicator]:
        return [indicator for indicator in self.indicators if indicator.headline]

    def in_month(self, month: date) -> "Register":
        """The register by which a month is judged: the indicators in force, each with the target in force."""
        return _in_month(self, month)

    @property
    def since(self) -> date:
        return months.parse(self.policy.since)

    @property
    def due(self) -> date:
        return months.parse(self.policy.due)


@lru_cache(maxsize=256)
def _in_month(register: Register, month: date) -> Register:
    return replace(
        register,
        indicators=tuple(replace(item, month=month) for item in register.indicators if item.is_in_force(month)),
    )


def policies(folder: Path) -> list[str]:
    """Ids of the policies there are: one folder each under `policies/`."""
    return sorted(path.parent.name for path in (folder / "policies").glob("*/register.yaml"))


def since(folder: Path, policy: str) -> date:
    """The first month that a policy asks for, without its indicators."""
    where = f"policies/{policy}/register.yaml"
    declared = strict_yaml.load_yaml(folder / where)
    return months.parse(strict_yaml.build(Policy, declared.get("policy"), where).since)


def load(folder: Path, form: Form, policy: str = "opinions-2018") -> Register:
    """The register of one policy, checked against the form and the policy's text."""
    place = folder / "policies" / policy
    where = f"policies/{policy}/register.yaml"
    if not (place / "register.yaml").exists():
        raise Refusal(f"没有政策 {policy}；现有：{'、'.join(policies(folder))}")
    file = strict_yaml.build(_File, strict_yaml.load_yaml(place / "register.yaml"), where)
    document = policy_text.load(place / "text.txt")
    _check_policy(file, form, where)
    builder = _Builder(file, form, document, where)
    return Register(file.policy, document, dict(file.rollups), builder.indicators())


def _check_policy(file: _File, form: Form, where: str) -> None:
    for month in (file.policy.since, file.policy.due):
        months.parse(month)
    for rollup_id, rollup in file.rollups.items():
        field = form.community.by_id.get(rollup.sum)
        if field is None:
            raise Refusal(
                f"{where}：rollups.{rollup_id}：表1 没有字段 {rollup.sum}{suggest(rollup.sum, form.community.by_id)}"
            )
        if field.type not in ("flag", "count"):
            raise Refusal(f"{where}：rollups.{rollup_id}：字段 {rollup.sum} 不能合计；请用是否或计数字段")
    for indicator_id, count in Counter(str(i.get("id")) for i in file.indicators).items():
        if count > 1:
            raise Refusal(f"{where}：指标 {indicator_id} 出现两次；请改名或删去一个")


def namespace(policy: Policy, rollups: Iterable[str], form: Form, of: str) -> Namespace:
    """The names that an expression of communities or of counties may use."""
    roster = {
        f"roster.{k}": Name(t, ("roster", k), choices=KINDS if k == "kind" else ()) for k, t in ROSTER[of].items()
    }
    common = {"since": Name("month", is_a=policy.since), **roster}
    if of == "county":
        totals = {f"rollup.{k}": Name("number", ("rollup", k), high=("rollup", f"{k}:high")) for k in rollups}
        return {**common, **field_names(form.county, "county"), **totals}
    constants = {k: Name("boolean", is_a=v) for k, v in _CONSTANTS.items()}
    return {
        **common,
        **constants,
        **field_names(form.community, "answer"),
        **field_names(form.county, "county", "county."),
    }


class _Builder:
    """Entries to indicators."""

    def __init__(self, file: _File, form: Form, document: policy_text.PolicyText, where: str):
        self.file, self.form, self.document, self.where = file, form, document, where
        self.spaces = {of: namespace(file.policy, file.rollups, form, of) for of in ROSTER}

    def indicators(self) -> tuple[Indicator, ...]:
        return tuple(self._indicator(data) for data in self.file.indicators)

    def _indicator(self, data: Plain) -> Indicator:
        entry = strict_yaml.build(Entry_, data, f"{self.where}：{data.get('id', '?')}")
        self._check(entry)
        entry = entry.model_copy(update={"targets": _begun_in_turn(entry.targets)})
        scope = self._compile(entry, entry.scope or "TRUE", "boolean")
        if entry.ratio is None:
            share = self._compile(entry, entry.share or "", "boolean")
            return Indicator(entry, scope, share, None, None, self._counted(entry))
        numerator = self._compile(entry, entry.ratio.numerator, "number")
        denominator = self._compile(entry, entry.ratio.denominator, "number")
        return Indicator(entry, scope, None, numerator, denominator, self._summed(entry, numerator))

    def _compile(self, entry: Entry_, source: str, wanted: Type) -> Expression:
        return compile_expression(source, self.spaces[entry.of], entry.id, wanted)

    def _check(self, entry: Entry_) -> None:
        if (entry.share is None) == (entry.ratio is None):
            raise Refusal(f"{entry.id}：share 和 ratio 须恰有其一")
        if entry.of == "county" and entry.level in ("community", "town"):
            raise Refusal(f"{entry.id}：以县为单位的指标没有 {entry.level} 级；level 请用 county 或 city")
        if entry.breakdown and entry.breakdown not in self.form.part(entry.of).by_id:
            raise Refusal(
                f"{entry.id}：breakdown：没有字段 {entry.breakdown}{suggest(entry.breakdown, self.form.part(entry.of).by_id)}"
            )
        self._check_quote(entry)
        self._check_target(entry)

    def _check_quote(self, entry: Entry_) -> None:
        standing = self.document.clause(entry.clause)
        if entry.quote in standing:
            return
        if not standing:
            raise Refusal(f"{entry.id}：政策没有条款 {entry.clause}{suggest(entry.clause, self.document.clauses)}")
        elsewhere = self.document.clause_of(entry.quote)
        repair = f"它在 {elsewhere} 中" if elsewhere else "政策全文中没有这句话；请照原文（含标点）摘录"
        raise Refusal(f"{entry.id}：引文“{entry.quote}”不在条款 {entry.clause} 中；{repair}")

    def _check_target(self, entry: Entry_) -> None:
        entry.check_months(entry.id)
        for target in entry.targets:
            _check_bounds(entry.id, target)
        for earlier, later in pairwise(_begun_in_turn(entry.targets)):
            if (later.since or date.min) <= (earlier.since or date.min):
                raise Refusal(
                    f"{entry.id}：target 应按起始月份先后排列，{later.label}（{later.by}）不晚于前一项开始；请写明 since 或调整顺序"
                )

    def _counted(self, entry: Entry_) -> str:
        """The unit of the gap of a share: 县, 村 or 社区."""
        if entry.of == "county":
            return "个县（市、区）"
        return (
            "个村"
            if "is_rural" in (entry.scope or "")
            else "个社区"
            if entry.scope and "is_" in entry.scope
            else "个社区（村）"
        )

    def _summed(self, entry: Entry_, numerator: Expression) -> str:
        """The unit of the gap of a ratio: that of the first answer summed."""
        fields = self.form.part(entry.of).by_id
        units = [unit for n in numerator.names if n in fields and (unit := fields[n].unit)]
        return units[0] if units else ""


def _check_bounds(where: str, target: Target) -> None:
    if sum(bound is not None for bound in (target.at_least, target.at_most, target.between)) != 1:
        raise Refusal(f"{where}：target 须恰有 at_least、at_most、between 之一")
    if target.between and target.between[0] >= target.between[1]:
        raise Refusal(f"{where}：target.between 的下限应小于上限")
    if any(bound is not None and bound * 10_000 % 1 for bound in (target.low, target.high)):
        raise Refusal(f"{where}：target 最多四位小数")
    months.parse(target.by)
    target.check_months(f"{where}：target")


def _begun_in_turn(targets: list[Target]) -> list[Target]:
    """The targets of a list, each with its first month: where none is declared, the month after the one before it is due."""
    begun = targets[:1]
    for target in targets[1:]:
        since = target.since or months.add(begun[-1].due, 1)
        begun.append(target.model_copy(update={"since": since}))
    return begun
