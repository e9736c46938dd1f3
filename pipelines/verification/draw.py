"""Drawing by a public number: anybody can draw the same list again (§4). All hashes are SHA-256 in hex."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipelines.errors import Refusal

METHOD = "shequ-spot-1"
_BLANK = re.compile(r"\s")


def value(source: str, issue: str, number: str) -> str:
    """Source, issue and number of the draw: `排列5 2021001 12345` (issue also `第2021001期`). Errors: `Refusal` for empty parts."""
    parts = (source.strip(), issue.strip().removeprefix("第").removesuffix("期"), number.strip())
    for name, part in zip(("来源", "期号", "号码"), parts, strict=True):
        if not part or _BLANK.search(part):
            raise Refusal(f"抽取号码的{name}是“{part}”；应不为空，中间没有空格，例如：排列5、2021001、12345")
    return " ".join(parts)


def seed(digest: str, plan: str, number: int, value: str) -> str:
    """The seed of list `number`: of the edition's `digest`, the hash of the plan's line and the public `value`."""
    return _hash("\n".join((METHOD, digest, plan, str(number), value)))


def order(seed: str, uids: Iterable[str]) -> list[str]:
    """A stratum's units by ticket. A unit that leaves or joins does not change the order of the others."""
    return sorted(uids, key=lambda uid: (_hash(f"{seed},{uid}"), uid))


@dataclass(frozen=True)
class Drawn:
    """A stratum of a claim in the order of its tickets: the first `planned` are visited, the rest are 候补."""

    id: str
    order: tuple[str, ...]
    planned: int

    @property
    def visits(self) -> tuple[str, ...]:
        return self.order[: self.planned]


def draw(seed: str, strata: Mapping[str, Iterable[str]], per_stratum: Sequence[int]) -> list[Drawn]:
    """A claim's strata, with the uids of its reported units, drawn; `per_stratum` as in the plan."""
    drawn = []
    for (id, uids), planned in zip(strata.items(), per_stratum, strict=True):
        ordered = order(seed, uids)
        if len(set(ordered)) < len(ordered) or planned > len(ordered):
            raise ValueError(f"stratum {id}: {planned} of {len(set(ordered))} different units cannot be drawn")
        drawn.append(Drawn(id, tuple(ordered), planned))
    return drawn


def assign(seed: str, groups: Mapping[str, str | None], counties: Iterable[str]) -> dict[str, str]:
    """County code → the group that inspects it; `groups` name → code of its own county, None for one without.

    In round k = 1, 2, 3 … the groups are in the order of SHA-256 of `seed,group,k` and take the counties by code, each
    the first one who may; a group that passes over its own county stays first in the queue.
    """
    assigned: dict[str, str] = {}
    queue: list[str] = []
    k = 0
    for county in sorted(counties):
        if all(own == county for own in groups.values()):
            raise Refusal(f"没有可以检查 {county} 的组：检查组须来自其他县（市、区）；请再安排一个组")
        while (group := next((name for name in queue if groups[name] != county), None)) is None:
            k += 1
            queue += sorted(groups, key=lambda group: _hash(f"{seed},{group},{k}"))
        queue.remove(group)
        assigned[county] = group
    return assigned


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
