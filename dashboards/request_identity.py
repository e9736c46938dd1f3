"""Who sends a request, for a page as for `/api`: this machine only, the organisation's proxy, or a sign-in (`pipelines.access.roles`)."""

import hmac
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pipelines import settings
from pipelines.access import roles
from pipelines.access.roles import ANYBODY, OPERATOR, Access, Actor

SECRET_HEADER = "X-Shequ-Secret"  # noqa: S105 the header's name
_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")


@dataclass(frozen=True)
class Sender:
    """The sender of a request: all values of each header (lower case), address, claims of the sign-in (empty without one)."""

    headers: Mapping[str, Sequence[str]]
    address: str
    claims: Mapping[str, Any]

    def only(self, header: str) -> str:
        """The header's value; empty where it is given twice: one of them is not the proxy's."""
        values = self.headers.get(header.lower(), ())
        return values[0] if len(values) == 1 else ""


def sender(scope: Mapping[str, Any], claims: Mapping[str, Any] | None = None) -> Sender:
    """The sender of an HTTP request (ASGI)."""
    headers: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return Sender(headers, (scope.get("client") or ("",))[0], claims or {})


def who(rules: Access, sender: Sender) -> tuple[Actor | None, str]:
    """The person, or None and why, as a sentence for them."""
    if rules.mode == "local":
        return (ANYBODY, "") if settings.anonymous() else _local(sender)
    identity, why = _signed_in(rules, sender.claims) if rules.mode == "oidc" else _by_proxy(rules, sender)
    if identity is None:
        return None, why
    person = rules.find(identity)
    return person, "" if person else f"账号 {identity} 不在本系统的名单中。请联系市里，在 access.yaml 中登记后再来。"


def counties(person: Actor | None) -> list[str] | None:
    """The counties whose units and findings a person may see; None for all, an empty list for none."""
    if person is None or not (roles.may(person, "units") or person.role == "县级"):
        return []
    return list(person.counties) if person.role == "县级" else None


def _local(sender: Sender) -> tuple[Actor | None, str]:
    """Everybody on this machine is its operator: requests from elsewhere are refused."""
    here = roles.is_loopback(st.get_option("server.address")) and roles.is_loopback(sender.address)
    if here and not any(name in sender.headers for name in _FORWARDED):
        return OPERATOR, ""
    return None, "没有设置登录，只能在运行本系统的机器上使用。请管理员按 docs/security.md 设置登录。"


def _signed_in(rules: Access, claims: Mapping[str, Any]) -> tuple[str | None, str]:
    """The identity given by the provider. Streamlit does not check `exp`, so it is checked here."""
    if not claims.get("is_logged_in"):
        return None, "请登录。"
    if not (isinstance(expires := claims.get("exp"), (int, float)) and expires > time.time()):
        return None, "登录已过期，请重新登录。"
    if rules.claim == "email" and claims.get("email_verified") is False:
        return None, "您的邮箱尚未经身份系统验证，不能据此登录。"
    identity = claims.get(rules.claim)
    return (identity, "") if isinstance(identity, str) and identity else (None, f"身份系统没有给出 {rules.claim}。")


def _by_proxy(rules: Access, sender: Sender) -> tuple[str | None, str]:
    """The identity in the proxy's header, if the request has the secret and comes from the proxy's address."""
    secret = settings.proxy_secret()
    if not secret or len(secret) < 32:
        return None, "服务器没有设置 SHEQU_PROXY_SECRET（至少 32 个字符）；请管理员按 docs/security.md 设置。"
    given = sender.only(SECRET_HEADER)
    if not hmac.compare_digest(given.encode(), secret.encode()) or sender.address not in rules.proxy.addresses:
        return None, "请从单位的统一入口访问。"
    identity = sender.only(rules.proxy.user_header)
    return (identity, "") if identity else (None, "统一入口没有说明您是谁；请重新登录。")
