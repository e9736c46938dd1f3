"""One column of raw cells: as text that the sender sees, and as distinct keys."""

from types import NoneType
from typing import cast

from pipelines.answers import parse_value, personal_data


def texts(raw: tuple[object, ...], distinct: set[object]) -> list[str | None]:
    """The text of the cells, as the sender sees it. Text is its own text."""
    if set(map(type, distinct)) <= {str, NoneType} and "" not in distinct:
        return list(cast("tuple[str | None, ...]", raw))
    texts = {value: parse_value.shown(value) for value in distinct}
    return list(map(texts.__getitem__, raw))


def masked(text: object) -> object:
    """A name without telephone and identity numbers written behind it: they are not stored."""
    if isinstance(text, float) and personal_data.holds(text):
        text = str(int(text))
    return personal_data.masked(text) if isinstance(text, str) else text


def booleans_apart(raw: tuple[object, ...], distinct: set[object]) -> tuple[tuple[object, ...], set[object]]:
    """The values and distinct values with booleans as texts, because `True == 1` in a set."""
    if bool not in set(map(type, raw)):
        return raw, distinct
    texts = {True: "TRUE", False: "FALSE"}
    apart = tuple(texts[value] if type(value) is bool else value for value in raw)
    return apart, set(apart)
