"""Load and validate reference data. Duplicate or unknown keys and wrong types are refused, naming file and entry."""

import hashlib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from pipelines.errors import Refusal
from pipelines.punctuation import full_width


class Entry(BaseModel):
    """An entry of reference data: frozen, and no key that is not declared."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


# Chinese text for people: half-width punctuation in the files is shown as full-width
Prose = Annotated[str, AfterValidator(full_width)]
E = TypeVar("E", bound=Entry)
Plain = dict[str, Any]  # an entry as read from a file, before `build` has looked at it


class _Loader(yaml.CSafeLoader):
    """Safe YAML; a mapping that names a key twice is refused, and dates stay text. `name` is the file's."""

    name: str


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: dict[Any, yaml.Node] = {}
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            line = key_node.start_mark.line + 1
            raise Refusal(f"{loader.name}：第{line}行：键“{key}”在同一条目中出现两次；请删去一个")
        seen[key] = key_node
    return loader.construct_mapping(node, deep=True)


def _decimal(loader: _Loader, node: yaml.ScalarNode) -> Decimal:
    """Numbers with a decimal point are Decimal: 29.5 has no exact float in general."""
    return Decimal(loader.construct_scalar(node))


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)
# 2018-07 and 2018-07-19 stay text: they are parsed where they are used, so that a refusal can name the entry
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def load_yaml(path: Path) -> Any:
    """The content of a YAML file; duplicate keys and broken syntax are refused with their line."""
    with path.open(encoding="utf-8") as stream:
        loader = _Loader(stream)
        loader.name = path.name
        try:
            return loader.get_single_data()
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else "?"
            raise Refusal(f"{path.name}：第{line}行：不是正确的 YAML：{error.problem}") from error
        finally:
            loader.dispose()


def digest(paths: Iterable[Path]) -> str:
    """SHA-256 over the content of files, in the order given; one that is not there counts as empty."""
    content = hashlib.sha256()
    for path in paths:
        content.update(path.read_bytes() if path.exists() else b"")
    return content.hexdigest()


def suggest(given: str, known: Iterable[str]) -> str:
    """`；是否为 info_platform？` where a similar name is known, else empty."""
    near = get_close_matches(given, list(known), n=1, cutoff=0.6)
    return f"；是否为 {near[0]}？" if near else ""


def build(model: type[E], data: Any, where: str) -> E:
    """One entry from plain data. A refusal names the entry, the key and the repair."""
    if not isinstance(data, dict):
        raise Refusal(f"{where}：应为一组键和值，实际为 {data!r}")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise Refusal("\n".join(_explain(model, where, fault) for fault in error.errors())) from error


def _explain(model: type[Entry], where: str, fault: Mapping[str, Any]) -> str:
    path = ".".join(str(part) for part in fault["loc"])
    name = str(fault["loc"][-1]) if fault["loc"] else ""
    known = [field.alias or key for key, field in model.model_fields.items()]
    if fault["type"] == "extra_forbidden":
        return f"{where}：不认识的键“{path}”{suggest(name, known)}"
    if fault["type"] == "missing":
        return f"{where}：缺少必需的键“{path}”"
    return f"{where}：“{path}”的值 {fault['input']!r} 不合要求（{fault['msg']}）"
