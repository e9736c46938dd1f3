"""Reviewed succession: decisions of a person, with reasons (`succession.yaml`)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from pipelines.errors import Refusal
from pipelines.reference.strict_yaml import Entry, Plain, Prose, build, load_yaml

ONE_TO_ONE = frozenset({"same", "renamed", "recoded"})
_SIDES = {"new": (False, True), "abolished": (True, False)}
_POINT = r"^\d{4}:\d{12}$"


class Decision(Entry):
    """One reviewed edge. `from` and `to` are edition and code; `was` and `now` the names there."""

    before: str | None = Field(None, alias="from", pattern=_POINT)
    was: str | None = None
    after: str | None = Field(None, alias="to", pattern=_POINT)
    now: str | None = None
    type: Literal["renamed", "recoded", "merged", "split", "new", "abolished"]
    reason: Prose = Field(min_length=1)

    def codes(self) -> tuple[str | None, str | None]:
        return self.before and self.before[5:], self.after and self.after[5:]


class _Variants(Entry):
    characters: str = Field(min_length=2)
    reason: Prose = Field(min_length=1)


class _ReviewFile(Entry):
    variants: list[_Variants]
    reviewed: list[Plain]


@dataclass(frozen=True)
class Review:
    """Interchangeable characters, and the decisions in the order of the file."""

    variants: list[str]
    decisions: list[Decision]

    def between(self, earlier: int, later: int) -> list[Decision]:
        """The decisions about one pair of editions. One that skips an edition, or runs backwards, is refused."""
        touching = [decision for decision in self.decisions if _touches(decision, earlier, later)]
        for decision in touching:
            if (
                decision.before
                and decision.after
                and (decision.before[:4], decision.after[:4]) != (str(earlier), str(later))
            ):
                raise Refusal(f"succession.yaml：{decision.before} → {decision.after}：应为相邻的两版名册，先旧后新")
        return touching


def _touches(decision: Decision, earlier: int, later: int) -> bool:
    if decision.before:
        return decision.before.startswith(f"{earlier}:")
    return decision.after is not None and decision.after.startswith(f"{later}:")


def load_review(path: Path) -> Review:
    """Variants and decisions; each decision names the sides that its type has."""
    declared = build(_ReviewFile, load_yaml(path), path.name)
    decisions = [build(Decision, entry, f"{path.name}：第{n}条") for n, entry in enumerate(declared.reviewed, 1)]
    for number, entry in enumerate(decisions, 1):
        if (bool(entry.before), bool(entry.after)) != _SIDES.get(entry.type, (True, True)):
            raise Refusal(f"{path.name}：第{number}条：类型 {entry.type} 的 from、to 不齐或多余")
        if (bool(entry.was), bool(entry.now)) != (bool(entry.before), bool(entry.after)):
            raise Refusal(f"{path.name}：第{number}条：请用 was、now 写明两边在名册中的名称")
    return Review([group.characters for group in declared.variants], decisions)
