"""Caveats about a month whose roster, policy or calendar is old (semantics §1)."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from pipelines import months
from pipelines.errors import Refusal
from pipelines.reference.policy.register import Register
from pipelines.reference.reference_bundle import Reference

ROSTER_MONTHS = 18


@dataclass(frozen=True)
class Caveat:
    """One caveat. `id` is stable while its cause lasts; `says` is a sentence in Chinese."""

    id: str
    kind: Literal["roster", "policy", "calendar"]
    says: str


def caveats(reference: Reference, month: date) -> list[Caveat]:
    """Caveats about the reference data that a month is counted, judged and due by; empty where none is old."""
    return [
        *_roster(reference, month),
        *unlisted(reference),
        *_policies(reference, month),
        *_calendar(reference, month),
    ]


def _roster(reference: Reference, month: date) -> list[Caveat]:
    edition = reference.rosters.edition(month)
    cut_off = edition.cut_off.replace(day=1)
    age = 12 * (month.year - cut_off.year) + month.month - cut_off.month
    if age <= ROSTER_MONTHS:
        return []
    says = (
        f"{months.label(month)}使用的是{edition.year}年版名册（截止{edition.cut_off}），距今已{age}个月；"
        "其后新设、撤并的社区（村）不在其中，请登记新版名册"
    )
    return [Caveat(f"roster:{edition.year}", "roster", says)]


def unlisted(reference: Reference) -> list[Caveat]:
    """Roster files in the folder that no entry of `editions.yaml` names; they are not used."""
    listed = {edition.path.name for edition in reference.rosters.editions}
    names = sorted({path.name for path in (reference.folder / "rosters").glob("*.csv")} - listed)
    says = "名册文件 {} 没有登记在 editions.yaml 中，未被使用；登记办法见 shequ reference check"
    return [Caveat(f"unlisted:{name}", "roster", says.format(name)) for name in names]


def term_end(register: Register) -> date:
    """The last month in which something of a policy is due."""
    return max([register.due, *(target.due for indicator in register for target in indicator.entry.targets)])


def _policies(reference: Reference, month: date) -> list[Caveat]:
    ended = [register for register in reference.registers if term_end(register) < month]
    caveats = [
        Caveat(
            f"policy:{register.policy.id}",
            "policy",
            f"《{register.policy.title}》的期限已于{months.label(term_end(register))}届满，其结论为期满后的情况",
        )
        for register in ended
    ]
    running = [register for register in reference.registers if register.since <= month <= term_end(register)]
    if ended and not running:
        last = max(map(term_end, ended))
        says = f"目前没有仍在期限内的政策：最后一项的期限已于{months.label(last)}届满"
        caveats.append(Caveat("policy:none", "policy", says))
    return caveats


def _calendar(reference: Reference, month: date) -> list[Caveat]:
    try:
        says = reference.calendar.caveat(month)
    except Refusal as missing:  # reference data kept with an old edition has no calendar
        says = str(missing)
    return [Caveat(f"calendar:{months.add(month, 1).year}", "calendar", says)] if says else []
