"""The survey form: what is asked. Inert entries, loaded through one strict gate.

`load(reference)` reads `form.yaml`; `Form.version` is written into every template. Adding a question, an alias or a rule is an
entry of the file and touches no Python.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from pipelines.errors import Refusal
from pipelines.reference import labels, strict_yaml
from pipelines.reference.strict_yaml import Entry

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


class Field(Entry):
    """One question. `unit` is the unit that answers are held in; `max` the largest plausible answer."""

    id: str
    label: str
    type: FieldType
    required: bool = False
    unit: str | None = None
    choices: list[str] = []
    applies: Literal["all", "urban", "rural", "shared_funding"] = "all"
    aliases: list[str] = []
    max: int | None = None
    help: str | None = None
    group: str | None = None

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


class Rule(Entry):
    """A consistency rule over one row; `expect` is SQL, and null is not broken."""

    id: str
    severity: Literal["error", "warning"]
    expect: str
    message: str
    form: Literal["community", "county"] = "community"


class _Group(Entry):
    group: str
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
    compatible: list[str] = []
    community: _CommunityPart
    county: _CountyPart
    rules: list[Rule]


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """What the columns of a part may be called. One for each form that is loaded, told apart by identity."""

    fields: dict[str, Field]

    @cached_property
    def named(self) -> "Named":
        """What each text of a sheet can be the label of."""
        return Named(self.fields)


class Named(dict):
    """Text to the fields that it can be the label of, fullest reading first, each with the remarks taken off; worked out when met first."""

    def __init__(self, fields: dict[str, Field]):
        super().__init__()
        self.fields = fields

    def __missing__(self, text: str) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for reading, remarks in labels.readings(text) if len(text) <= LONGEST else ():
            if reading in self.fields:
                found.setdefault(self.fields[reading].id, remarks)
        if len(self) >= _MOST_MET:
            self.clear()
        self[text] = found
        return found


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
    def vocabulary(self) -> "Vocabulary":
        """Every label and alias, normalised, to its field."""
        return Vocabulary({labels.normalise(name): field for field in self.fields for name in field.names})

    @cached_property
    def remembered(self) -> dict:
        """Room for what need not be worked out twice while this form is in use: see `answers.Remembered`."""
        return {}

    @property
    def groups(self) -> list[tuple[str, list[Field]]]:
        """Fields by group, in order: `[("基本情况", [...]), ...]`."""
        names = dict.fromkeys(field.group or "" for field in self.fields)
        return [(name, [f for f in self.fields if (f.group or "") == name]) for name in names]


@dataclass(frozen=True)
class Form:
    """The whole form. `compatible` lists older versions whose workbooks are read with a note."""

    version: str
    compatible: tuple[str, ...]
    community: Part
    county: Part
    rules: tuple[Rule, ...]

    def part(self, name: str) -> Part:
        return {"community": self.community, "county": self.county}[name]


def digest(folder: Path) -> str:
    """SHA-256 over what a workbook is read by: the form, its findings and its questions."""
    return strict_yaml.digest(folder / name for name in ("form.yaml", "findings.yaml", "behaviour.yaml"))


def load(folder: Path) -> Form:
    """The form in `folder/form.yaml`. Refuses unknown keys, ids and labels that stand twice, choices without a list."""
    path = folder / "form.yaml"
    data = strict_yaml.load_yaml(path)
    file = _build_file(data, path.name)
    grouped = [f.model_copy(update={"group": g.group}) for g in file.community.groups for f in g.fields]
    form = Form(
        file.version,
        tuple(file.compatible),
        Part("community", file.community.sheet, tuple(grouped)),
        Part("county", file.county.sheet, tuple(file.county.fields)),
        tuple(file.rules),
    )
    for part in (form.community, form.county):
        _refuse_repetition(part)
    _refuse_repeated_rules(form)
    return form


def _build_file(data: dict, name: str) -> _File:
    # entries one by one first, so that a refusal names the field and not its position in the file
    for group in data.get("community", {}).get("groups", []):
        for field in group.get("fields", []):
            strict_yaml.build(Field, field, f"{name}:表1 字段 {field.get('id', '?')}")
    for field in data.get("county", {}).get("fields", []):
        strict_yaml.build(Field, field, f"{name}:表2 字段 {field.get('id', '?')}")
    for rule in data.get("rules", []):
        strict_yaml.build(Rule, rule, f"{name}:规则 {rule.get('id', '?')}")
    return strict_yaml.build(_File, data, name)


def _refuse_repetition(part: Part) -> None:
    ids = Counter(field.id for field in part)
    for field in part:
        if ids[field.id] > 1:
            raise Refusal(f"form.yaml:{part.sheet}:字段 {field.id} 出现两次;请改名或删去一个")
        if field.type == "choice" and not field.choices:
            raise Refusal(f"form.yaml:{part.sheet}:字段 {field.id} 是选择题而没有 choices;请列出可选项")
    owner: dict[str, str] = {}
    for field in part:
        for name in {labels.normalise(name) for name in field.names}:
            if owner.setdefault(name, field.id) != field.id:
                raise Refusal(
                    f"form.yaml:{part.sheet}:标题“{name}”同属 {owner[name]} 和 {field.id},读表时无法分辨;请改其中一个的 label 或 aliases"
                )


def _refuse_repeated_rules(form: Form) -> None:
    for rule_id, count in Counter(rule.id for rule in form.rules).items():
        if count > 1:
            raise Refusal(f"form.yaml:规则 {rule_id} 出现两次;请改名或删去一个")
