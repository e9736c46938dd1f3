"""Who issues the papers and to whom: `data/letterhead.yaml`, optional; and the departments that the policy's text makes responsible."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.errors import Refusal
from pipelines.punctuation import full_width
from pipelines.settings import Settings

FILE = "letterhead.yaml"


class Letterhead(BaseModel):
    """The elements of GB/T 9704 that an office sets for itself; what is not set is left out of the paper, or has its usual form.

    `issuer` 发文机关, `number` 文号 (with {year}, {month}; default: 期号), `signer` 签发人, `to` 主送, `copies` 抄送, `contact` 联系人 and
    `phone`, `printed_by` 印发机关.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    issuer: str | None = None
    number: str | None = None
    signer: str | None = None
    to: str | None = None
    copies: str | None = None
    contact: str | None = None
    phone: str | None = None
    printed_by: str | None = None

    def issued_by(self, city: str) -> str:
        return self.issuer or f"{city}城乡社区建设领导小组办公室"

    def numbered(self, month: date) -> str:
        return (self.number or "{year}年第{month}期").format(year=month.year, month=month.month)

    def addressed_to(self, city: str) -> str:
        return self.to or f"中共{city}委、{city}人民政府"

    def copied_to(self) -> str:
        return self.copies or "各县（市、区）党委、政府"


@dataclass(frozen=True)
class Office:
    """Letterhead, and departments by policy and clause; the clause "" holds for those not listed."""

    letterhead: Letterhead = field(default_factory=Letterhead)
    departments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def responsible(self, policy: str, clause: str) -> str:
        """`民政、规划、建设、房管部门`; 有关部门 where the policy is not known."""
        known = self.departments.get(policy, {})
        return known.get(clause, known.get("", "有关部门"))


def load(settings: Settings) -> Office:
    """The office of an installation. Errors: `Refusal` for files that say something else."""
    return Office(_letterhead(settings.data / FILE), departments(settings.reference))


def _letterhead(place: Path) -> Letterhead:
    if not place.exists():
        return Letterhead()
    try:
        letterhead = Letterhead(**(yaml.safe_load(place.read_text(encoding="utf-8")) or {}))
        letterhead.numbered(date(2020, 1, 1))
    except (ValidationError, yaml.YAMLError, TypeError, KeyError, ValueError, IndexError) as error:
        known = "、".join(Letterhead.model_fields)
        raise Refusal(
            f"{place} 读不懂；只能有 {known}，number 中只能有 {{year}} 和 {{month}}：{str(error)[:200]}"
        ) from None
    return letterhead


def departments(reference: Path) -> dict[str, dict[str, str]]:
    """By policy and clause (with full-width marks), the responsible departments as a sentence names them."""
    by_policy: dict[str, dict[str, str]] = {}
    for place in sorted((reference / "policies").glob("*/departments.yaml")):
        entries = yaml.safe_load(place.read_text(encoding="utf-8"))
        by_policy[place.parent.name] = {full_width(str(e["clause"])): "、".join(e["departments"]) for e in entries}
    return by_policy
