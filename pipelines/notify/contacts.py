"""Recipients of messages: `data/contacts.yaml`, optional. Without it messages go to the outbox for the operator only."""

import re
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.errors import Refusal

_ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+")
_URL = re.compile(r"https?://[^\s/]+\S*")
NOBODY = "未设地址"

Kind = Literal["remind", "release", "matter", "fault"]


class Robot(BaseModel):
    """A chat group's robot, or any program that accepts a POST. `secret` signs requests: 钉钉 shows it, for a webhook it is chosen freely."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    # part of the names of files
    name: str = Field(pattern=r"^[\w-]{1,20}$")
    kind: Literal["企业微信", "钉钉", "webhook"]
    url: str
    secret: str = Field(default="", repr=False)
    about: tuple[Kind, ...] = ("remind", "release", "matter")


class Contacts(BaseModel):
    """Addresses: the city's clerk, the operator of the machine, counties by code; robots; the dashboard's own, for links."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    city: str | None = None
    operator: str | None = None
    counties: dict[str, str] = {}
    robots: tuple[Robot, ...] = ()
    site: str | None = None

    @property
    def clerk(self) -> str:
        return self.city or NOBODY

    @property
    def keeper(self) -> str:
        """Recipient of faults: the operator, else the clerk."""
        return self.operator or self.clerk

    def page(self, path: str) -> str:
        """The address of a page of the dashboard; empty where its own is not configured."""
        return f"{self.site.rstrip('/')}/{path}" if self.site else ""


def load(place: Path) -> Contacts:
    """The contacts of an installation. Errors: `Refusal` for unknown keys or values that are no addresses."""
    if not place.exists():
        return Contacts()
    try:
        contacts = Contacts(**(yaml.safe_load(place.read_text(encoding="utf-8")) or {}))
    except (ValidationError, yaml.YAMLError, TypeError) as error:
        # the file's values stay out of the message: an address of a robot is a secret
        faults = (
            "；".join(f"{'.'.join(map(str, e['loc']))}：{e['msg']}" for e in error.errors())
            if isinstance(error, ValidationError)
            else ""
        )
        raise Refusal(
            f"{place} 读不懂：应只有 city、operator、counties（六位代码和地址，每行一县）、robots、site；{faults[:200]}"
        ) from None
    for address in filter(None, (contacts.city, contacts.operator, *contacts.counties.values())):
        if not _ADDRESS.fullmatch(address):
            raise Refusal(f"{place} 中的“{address}”不是邮件地址")
    names = [robot.name for robot in contacts.robots]
    if len(set(names)) < len(names):
        raise Refusal(f"{place} 中 robots 的 name 不能重复")
    for robot in contacts.robots:
        if not _URL.fullmatch(robot.url):
            raise Refusal(f"{place} 中机器人“{robot.name}”的 url 不是网址")
    if contacts.site and not _URL.fullmatch(contacts.site):
        raise Refusal(f"{place} 中的 site“{contacts.site}”不是网址")
    return contacts
