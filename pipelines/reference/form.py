"""The survey form, read from YAML: `form.yaml` is the newest version, `form-<version>.yaml` are those that workbooks were sent under before."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pipelines.errors import Refusal
from pipelines.reference import labels, strict_yaml
from pipelines.reference.in_force import Dated
from pipelines.reference.strict_yaml import Entry, Plain, Prose

FieldType = Literal["code", "text", "choice", "flag", "count", "number", "money", "percent", "month"]
SQL_TYPES: dict[str, str] = {
    "code": "VARCHAR",
    "text": "VARCHAR",
    "choice": "VARCHAR",
    "flag": "BOOLEAN",
    "count": "BIGINT",
    "number": "DECIMAL(18,6)",
    "money": "DECIMAL(18,6)",
    "percent": "DECIMAL(18,6)",
    "month": "DATE",
}
LONGEST = 80  # letters of a label
_MOST_MET = 1 << 14
KINDS = {
    "all": ("城市社区", "城镇社区", "农村社区"),
    "urban": ("城市社区", "城镇社区"),
    "rural": ("农村社区",),
}


class Field(Dated):
    """One question. `unit` is the unit that answers are held in; `max` the largest plausible answer.

    `period`: a `stock` is as at the month's last day; a `year` counts from 1 January or is decided each year, and its answers
    are never carried or compared across a New Year. `since` and `until` are the months in which the question is asked. A `volatile`
    answer changes from month to month: a prefilled form asks the county to check it.
    """

    id: str
    label: Prose
    type: FieldType
    period: Literal["stock", "year"] = "stock"
    required: bool = False
    volatile: bool = False
    unit: str | None = None
    choices: list[str] = []
    applies: Literal["all", "urban", "rural", "shared_funding"] = "all"
    aliases: list[str] = []
    max: int | None = None
    help: Prose | None = None
    group: Prose | None = None

    @property
    def sql_type(self) -> str:
        return SQL_TYPES[self.type]

    @property
    def names(self) -> list[str]:
        """The label and its aliases, as written."""
        return [self.label, *self.aliases]

    def applies_to(self, kind: str) -> bool:
        """Whether a community of this kind answers the field."""
        return kind in KINDS[self.applies] if self.applies in KINDS else True


class Rule(Dated):
    """A consistency rule over one row; `expect` is SQL, and null is not broken."""

    id: str
    severity: Literal["error", "warning"]
    expect: str
    message: Prose
    form: Literal["community", "county"] = "community"


class _Group(Entry):
    group: Prose
    fields: list[Field]


class _CommunityPart(Entry):
    sheet: str
    groups: list[_Group]


class _CountyPart(Entry):
    sheet: str
    layout: Literal["label-value"]
    fields: list[Field]


class _File(Entry):
    version: str
    community: _CommunityPart
    county: _CountyPart
    rules: list[Rule]


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Labels and aliases of a part's fields. One object per loaded form, compared by identity."""

    fields: dict[str, Field]

    @cached_property
    def named(self) -> "Named":
        """Text → the fields that it can be the label of."""
        return Named(self.fields)


class Named(dict[str, dict[str, tuple[str, ...]]]):
    """Text → fields that it can be the label of, fullest reading first, each with the remarks taken off; computed on first use."""

    def __init__(self, fields: dict[str, Field]):
        super().__init__()
        self.fields = fields

    def __missing__(self, text: str) -> dict[str, tuple[str, ...]]:
        fields: dict[str, tuple[str, ...]] = {}
        for reading, remarks in labels.readings(text) if len(text) <= LONGEST else ():
            if reading in self.fields:
                fields.setdefault(self.fields[reading].id, remarks)
        if len(self) >= _MOST_MET:
            self.clear()
        self[text] = fields
        return fields


@dataclass(frozen=True)
class Part:
    """One sheet of the form: its title and its fields in order."""

    id: str
    sheet: str
    fields: tuple[Field, ...]

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __getitem__(self, field_id: str) -> Field:
        return self.by_id[field_id]

    @cached_property
    def by_id(self) -> dict[str, Field]:
        return {field.id: field for field in self.fields}

    @cached_property
    def yearly(self) -> frozenset[str]:
        """Ids of the questions whose answers count from 1 January or are decided each year."""
        return frozenset(field.id for field in self.fields if field.period == "year")

    @cached_property
    def vocabulary(self) -> "Vocabulary":
        """Every label and alias, normalised, to its field."""
        return Vocabulary({labels.normalise(name): field for field in self.fields for name in field.names})

    @cached_property
    def remembered(self) -> dict[Any, Any]:
        """A cache that lives as long as this form (`answers.Remembered`)."""
        return {}

    @property
    def groups(self) -> list[tuple[str, list[Field]]]:
        """Fields by group, in order: `[("基本情况", [...]), ...]`."""
        names = dict.fromkeys(field.group or "" for field in self.fields)
        return [(name, [f for f in self.fields if (f.group or "") == name]) for name in names]


@dataclass(frozen=True)
class Form:
    """The whole form. `community`, `county`: every question of any of the `versions` (newest first); `version`, `rules`: the newest's."""

    version: str
    community: Part
    county: Part
    rules: tuple[Rule, ...]
    versions: tuple["Form", ...] = ()

    def part(self, name: str) -> Part:
        return {"community": self.community, "county": self.county}[name]

    @property
    def newest(self) -> "Form":
        """The version that templates are made from."""
        return self.versions[0] if self.versions else self

    @property
    def oldest(self) -> "Form":
        """The version of archives that do not record one."""
        return self.versions[-1] if self.versions else self

    def of_version(self, version: str) -> "Form | None":
        """The form as it was in one version; None where there is no such version."""
        return next((form for form in self.versions or (self,) if form.version == version), None)

    def is_older(self, version: str, than: str) -> bool:
        """Whether one version is older than another; False where either is unknown."""
        order = [form.version for form in self.versions or (self,)]
        return version in order and than in order and order.index(version) > order.index(than)

    def in_month(self, month: date) -> "Form":
        """The newest version with the questions and rules in force in a month."""
        form = self.newest
        community, county = _in_force(form.community, month), _in_force(form.county, month)
        rules = tuple(rule for rule in form.rules if rule.is_in_force(month))
        if (community, county, rules) == (form.community, form.county, form.rules):
            return form
        return Form(form.version, community, county, rules)


def _in_force(part: Part, month: date) -> Part:
    fields = tuple(field for field in part if field.is_in_force(month))
    return part if fields == part.fields else Part(part.id, part.sheet, fields)


def files(folder: Path) -> list[Path]:
    """The files of all versions, newest first."""
    earlier = sorted(folder.glob("form-*.yaml"), key=lambda path: _ordered(path.stem), reverse=True)
    return [folder / "form.yaml", *earlier]


def _ordered(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def digest(folder: Path) -> str:
    """SHA-256 over the form in all versions and the taxonomy of findings."""
    return strict_yaml.digest([*files(folder), folder / "findings.yaml", folder / "behaviour.yaml"])


def load(folder: Path) -> Form:
    """All versions of a folder's form. Errors: `Refusal` for unknown keys, duplicates, choices without a list, contradictions."""
    versions = tuple(_load_version(path) for path in files(folder))
    newest = versions[0]
    _check_versions(versions)
    return Form(newest.version, _union(versions, "community"), _union(versions, "county"), newest.rules, versions)


def _load_version(path: Path) -> Form:
    data = strict_yaml.load_yaml(path)
    file = _build_file(data, path.name)
    grouped = [f.model_copy(update={"group": g.group}) for g in file.community.groups for f in g.fields]
    form = Form(
        file.version,
        Part("community", file.community.sheet, tuple(grouped)),
        Part("county", file.county.sheet, tuple(file.county.fields)),
        tuple(file.rules),
    )
    if path.name not in ("form.yaml", f"form-{form.version}.yaml"):
        raise Refusal(f"{path.name}：文件名应与其中的 version（{form.version}）一致，即 form-{form.version}.yaml")
    for part in (form.community, form.county):
        _refuse_repetition(part, path.name)
    _refuse_repeated_rules(form, path.name)
    for entry in (*form.community, *form.county, *form.rules):
        entry.check_months(f"{path.name}：{entry.id}")
    return form


def _union(versions: tuple[Form, ...], name: str) -> Part:
    """Every question of a part in any version, as its newest version words it."""
    parts = [form.part(name) for form in versions]
    fields: dict[str, Field] = {}
    for part in parts:
        for field in part:
            known = fields.setdefault(field.id, field)
            if extra := [choice for choice in field.choices if choice not in known.choices]:
                fields[field.id] = known.model_copy(update={"choices": [*known.choices, *extra]})
    union = tuple(fields.values())
    return parts[0] if union == parts[0].fields else Part(name, parts[0].sheet, union)


def _check_versions(versions: tuple[Form, ...]) -> None:
    """`form.yaml` is the highest version, and no id means another quantity in another version."""
    newest = versions[0]
    for form in versions[1:]:
        if _ordered(form.version) >= _ordered(newest.version):
            raise Refusal(
                f"form.yaml 的版本 {newest.version} 应高于 form-{form.version}.yaml；form.yaml 放最新的一版，旧版另存在旁边"
            )
    for name in ("community", "county"):
        known = newest.part(name).by_id
        for form in versions[1:]:
            for field in form.part(name):
                _refuse_other_quantity(field, known.get(field.id, field), form.version, newest.version)


def _refuse_other_quantity(field: Field, newer: Field, version: str, newest: str) -> None:
    before, now = (field.type, field.unit), (newer.type, newer.unit)
    if before != now:
        raise Refusal(
            f"字段 {field.id} 在版本 {version} 中是 {_quantity(*before)}，在版本 {newest} 中是 {_quantity(*now)}；"
            "含义变了的问题请换用新的 id"
        )


def _quantity(kind: str, unit: str | None) -> str:
    return f"{kind}（{unit}）" if unit else kind


def _build_file(data: Plain, name: str) -> _File:
    # entries one by one first, so that a refusal names the field and not its position in the file
    for group in data.get("community", {}).get("groups", []):
        for field in group.get("fields", []):
            strict_yaml.build(Field, field, f"{name}：表1 字段 {field.get('id', '?')}")
    for field in data.get("county", {}).get("fields", []):
        strict_yaml.build(Field, field, f"{name}：表2 字段 {field.get('id', '?')}")
    for rule in data.get("rules", []):
        strict_yaml.build(Rule, rule, f"{name}：规则 {rule.get('id', '?')}")
    return strict_yaml.build(_File, data, name)


def _refuse_repetition(part: Part, file: str) -> None:
    ids = Counter(field.id for field in part)
    for field in part:
        if ids[field.id] > 1:
            raise Refusal(f"{file}：{part.sheet}：字段 {field.id} 出现两次；请改名或删去一个")
        if field.type == "choice" and not field.choices:
            raise Refusal(f"{file}：{part.sheet}：字段 {field.id} 是选择题而没有 choices；请列出可选项")
    owner: dict[str, str] = {}
    for field in part:
        for name in {labels.normalise(name) for name in field.names}:
            if owner.setdefault(name, field.id) != field.id:
                raise Refusal(
                    f"{file}：{part.sheet}：标题“{name}”同属 {owner[name]} 和 {field.id}，读表时无法分辨；请改其中一个的 label 或 aliases"
                )


def _refuse_repeated_rules(form: Form, file: str) -> None:
    for rule_id, count in Counter(rule.id for rule in form.rules).items():
        if count > 1:
            raise Refusal(f"{file}：规则 {rule_id} 出现两次；请改名或删去一个")
