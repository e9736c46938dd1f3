"""Whom to write to: `data/contacts.yaml`, optional. Without it messages are written down for the operator only."""

import re
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.errors import Refusal

_ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+")
NOBODY = "未设地址"


class Contacts(BaseModel):
    """Addresses: the city's clerk, the operator of the machine, counties by code."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    city: str | None = None
    operator: str | None = None
    counties: dict[str, str] = {}

    @property
    def clerk(self) -> str:
        return self.city or NOBODY

    @property
    def keeper(self) -> str:
        """Who hears of faults: the operator, else the clerk."""
        return self.operator or self.clerk


def load(place: Path) -> Contacts:
    """The contacts of an installation. Errors: `Refusal` for a file that says something else."""
    if not place.exists():
        return Contacts()
    try:
        found = Contacts(**(yaml.safe_load(place.read_text(encoding="utf-8")) or {}))
    except (ValidationError, yaml.YAMLError, TypeError) as error:
        raise Refusal(
            f"{place} 读不懂：应只有 city、operator、counties（六位代码和地址，每行一县）；{str(error)[:200]}"
        ) from None
    for address in filter(None, (found.city, found.operator, *found.counties.values())):
        if not _ADDRESS.fullmatch(address):
            raise Refusal(f"{place} 中的“{address}”不是邮件地址")
    return found
