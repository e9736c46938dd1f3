"""People (`data/access.yaml`, see deploy/access.example.yaml; without it one local operator), their roles, and the check before every action."""

import ipaddress
import stat
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from pydantic import Field

from pipelines.access import audit_log
from pipelines.errors import Refusal
from pipelines.reference.strict_yaml import Entry, build, load_yaml
from pipelines.settings import REPOSITORY, Settings

Role = Literal["领导", "县级", "市级", "规划", "访客", "本机"]
LOCAL: Literal["本机"] = "本机"
VISITOR: Literal["访客"] = "访客"

# action → its name in Chinese
ACTIONS = {
    "read": "查看数字",
    "units": "查看单位和问题",
    "submit": "报送",
    "export": "导出",
    "approve": "审定",
    "reopen": "重开",
    "waive": "豁免问题",
    "resolve": "认定单位",
    "publish": "发布",
    "spot": "抽查",
    "annotate": "批注",
}
MAY: dict[str, frozenset[str]] = {
    "访客": frozenset({"read"}),
    "领导": frozenset({"read", "units"}),
    "规划": frozenset({"read", "units", "export"}),
    "县级": frozenset({"read", "units", "submit", "export"}),
    "市级": frozenset(ACTIONS),
    "本机": frozenset(ACTIONS),
}


@dataclass(frozen=True)
class Actor:
    """A person. `counties` (six-digit codes) limit the role 县级. `name` is written to the ledgers."""

    name: str
    role: Role
    counties: tuple[str, ...] = ()
    identity: str = ""


OPERATOR = Actor("本机操作员", LOCAL)
ANYBODY = Actor("未登录者", VISITOR)


def may(actor: Actor, action: str, county: str | None = None) -> bool:
    """Whether the actor may. The role 县级 needs `county` to be one of its own, for everything but figures."""
    if action not in MAY[actor.role]:
        return False
    return actor.role != "县级" or action == "read" or county in actor.counties


def require(by: "str | Actor", action: str, settings: Settings, county: str | None = None, **facts: object) -> str:
    """The name for the ledger, if the actor may; a plain name is the local operator. Errors: `Refusal`, audited with `facts`."""
    if isinstance(by, str):
        return by
    if not may(by, action, county):
        audit_log.note(settings, "refused", by.name, action=action, county=county, identity=by.identity, **facts)
        raise Refusal(_refusal(by, action, county))
    return by.name


def _refusal(actor: Actor, action: str, county: str | None) -> str:
    refused = f"{actor.name}（{actor.role}）不能{ACTIONS[action]}"
    if action not in MAY[actor.role]:
        able = "、".join(role for role, actions in MAY.items() if action in actions and role != LOCAL)
        return f"{refused}；这件事由{able}办理。如职责有变，请市里修改 access.yaml"
    own = "、".join(actor.counties)
    return f"{refused}：{'看不出这是哪个县市区的' if county is None else f'县市区 {county}'}，您只能办理 {own} 的。如有误请联系市里"


# ---- the file


class Person(Entry):
    """One person as the identity provider or the proxy names them."""

    id: str = Field(min_length=1)
    name: str = Field(min_length=1)
    role: Literal["领导", "县级", "市级", "规划"]
    counties: tuple[str, ...] = Field(default=(), strict=False)


class Proxy(Entry):
    """The reverse proxy that signs people in: which header names the person, from which addresses it comes."""

    user_header: str = "X-Forwarded-User"
    addresses: tuple[str, ...] = Field(default=("127.0.0.1", "::1"), strict=False)


class Access(Entry):
    """Who may sign in, and how they are identified."""

    mode: Literal["local", "oidc", "proxy"]
    claim: Literal["email", "sub", "preferred_username"] = "email"
    proxy: Proxy = Proxy()
    idle_minutes: int = Field(default=15, ge=1, le=720)
    hosts: tuple[str, ...] = Field(default=(), strict=False)
    people: tuple[Person, ...] = Field(default=(), strict=False)

    def find(self, identity: str) -> Actor | None:
        """The person of an identity; letter case does not count, as in mail addresses."""
        wanted = identity.strip().casefold()
        person = next((person for person in self.people if person.id.casefold() == wanted), None)
        return Actor(person.name, person.role, person.counties, person.id) if person else None


def load(settings: Settings) -> Access:
    """The contents of `data/access.yaml`; local use where there is none. Errors: `Refusal` naming entry and repair."""
    place = settings.data / "access.yaml"
    try:
        changed = place.stat().st_mtime_ns
    except FileNotFoundError:
        return Access(mode="local")
    return _load(place, changed)


@lru_cache(maxsize=4)
def _load(place: Path, changed: int) -> Access:
    plain = load_yaml(place)
    people = plain.pop("people", None) or [] if isinstance(plain, dict) else []
    if isinstance(plain, dict) and isinstance(plain.get("proxy"), dict):
        plain["proxy"] = build(Proxy, plain["proxy"], f"{place.name}：proxy")
    known = tuple(build(Person, entry, f"{place.name}：people 第 {n} 项") for n, entry in enumerate(people, 1))
    access = build(Access, plain, place.name).model_copy(update={"people": known})
    _check(access, place.name)
    return access


def _check(access: Access, where: str) -> None:
    for value_of in (lambda person: person.id.casefold(), lambda person: person.name):
        values = [value_of(person) for person in access.people]
        if twice := {value for value in values if values.count(value) > 1}:
            raise Refusal(
                f"{where}：{'、'.join(sorted(twice))} 出现了两次；账号和姓名都不能重复（姓名写进台账，须能认出是谁）"
            )
    for person in access.people:
        if (person.role == "县级") != bool(person.counties):
            raise Refusal(f"{where}：{person.name}：县级人员须写 counties，其他人员不写")
        for code in person.counties:
            if not (len(code) == 6 and code.isdigit()):
                raise Refusal(f'{where}：{person.name}：counties 中的“{code}”不是六位代码；请加引号，如 "130524"')
    if access.mode != "local" and not access.people:
        raise Refusal(f"{where}：mode 为 {access.mode} 时须写 people")


def is_loopback(address: str | None) -> bool:
    """Whether a server that listens on this address is reached from this machine only."""
    try:
        return address == "localhost" or ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


def hosts(settings: Settings, address: str) -> list[str]:
    """Host names the server answers to: this machine, access.yaml, its own address; `*` where it cannot know them."""
    known = list(load(settings).hosts)
    if address in ("0.0.0.0", "::") and not known:  # noqa: S104 a comparison
        return ["*"]
    return list(dict.fromkeys(["localhost", "127.0.0.1", "::1", *known, address]))


def may_listen(settings: Settings, address: str, anonymous: bool) -> None:
    """Errors: `Refusal` for an address beyond this machine without sign-in, unless anonymous reading is allowed explicitly."""
    if not is_loopback(address) and load(settings).mode == "local" and not anonymous:
        raise Refusal(
            f"地址 {address} 能从别的机器访问，而这里没有设置登录，不予启动。请按 docs/security.md 写好 data/access.yaml；"
            "或明确地加 --anonymous-read-only：任何人只能看汇总数字，不能上传、不能看单位和问题、不能导出"
        )


def before_serving(settings: Settings) -> None:
    """Errors: `Refusal` where other users can read or change access.yaml or the secrets, or packages for sign-in are missing."""
    folders = (settings.data, REPOSITORY, Path.home())
    for place in (settings.data / "access.yaml", *(folder / ".streamlit" / "secrets.toml" for folder in folders)):
        if place.exists() and place.stat().st_mode & (stat.S_IRWXO | stat.S_IWGRP):
            mode = "0640" if place.name == "access.yaml" else "0600"
            raise Refusal(f"{place} 能被别人读取或改写，不予启动；请运行 chmod {mode} {place}")
    # Streamlit notices only when somebody signs in
    missing = [name for name in ("authlib", "httpx") if find_spec(name) is None]
    if load(settings).mode == "oidc" and missing:
        raise Refusal(
            f"access.yaml 要求统一身份登录（oidc），而所需的程序包 {'、'.join(missing)} 没有安装，谁也登录不了；请安装后再启动"
        )
