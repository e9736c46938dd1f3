"""Who sits before the screen. `enter` lets a person in or shows why not; `actor` and `may` tell the pages.

Three ways (`pipelines.access.roles`): this machine only; OpenID Connect by Streamlit's own login; a header of a reverse proxy together
with a secret that only the proxy knows. The identity is looked up anew in every run, so that a person who is struck from the file
is out with the next click.
"""

import hmac
import time
from collections.abc import Callable

import streamlit as st

from dashboards.text import escape
from pipelines import settings
from pipelines.access import audit_log, roles
from pipelines.access.roles import ANYBODY, OPERATOR, Actor
from pipelines.errors import Refusal

SECRET_HEADER = "X-Shequ-Secret"  # noqa: S105 the header's name
_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


def actor() -> Actor:
    """The person of this run. Errors: `Refusal` when nobody is signed in."""
    found, why = _who()
    if found is None:
        raise Refusal(why)
    return found


def may(action: str, county: str | None = None) -> bool:
    found, _ = _who()
    return found is not None and roles.may(found, action, county)


def counties() -> list[str] | None:
    """The counties whose units and findings the person may see; None for all, an empty list for none."""
    found, _ = _who()
    if found is None or not (roles.may(found, "units") or found.role == "县级"):
        return []
    return list(found.counties) if found.role == "县级" else None


def exporting(make: Callable[[], bytes], name: str, rows: int, county: str | None = None) -> Callable[[], bytes]:
    """What a download button is given: made, checked and noted in the audit ledger at the click, not when the page is drawn."""
    person, place = actor(), settings.load()

    def made() -> bytes:
        roles.require(person, "export", place, county=county, file=name)
        audit_log.note(place, "export", person.name, identity=person.identity, file=name, rows=rows, county=county)
        return make()

    return made


def enter() -> Actor:
    """The person; for everybody else a page that says what to do, and nothing more of the run."""
    try:
        found, why = _who()
    except Refusal:
        # the reason names people and files: it is for the administrator, who reads it from `shequ audit`
        st.error("名单 access.yaml 有误，暂时谁也不能进入。请管理员运行 shequ audit 查看原因。")
        st.stop()
    if found is None:
        _door(why)
        st.stop()
    rules = roles.load(settings.load())
    if rules.mode == "oidc" and found is not ANYBODY:
        _idle(rules, found)
    if rules.mode != "local":
        _noted(found)
    return found


def corner(person: Actor) -> None:
    """Who is signed in, and the way out."""
    if roles.load(settings.load()).mode != "oidc" or person is ANYBODY:
        return
    with st.container(key="signed_in", horizontal=True, horizontal_alignment="right"):
        st.caption(f"{escape.markdown(person.name)} · {person.role}")
        if st.button("退出", type="tertiary"):
            audit_log.note(settings.load(), "sign_out", person.name, identity=person.identity)
            st.logout()


# ---- how a person is known


def _who() -> tuple[Actor | None, str]:
    place = settings.load()
    rules = roles.load(place)
    if settings.anonymous() and rules.mode == "local":
        return ANYBODY, ""
    if rules.mode == "local":
        return _local()
    identity, why = _signed_in(rules) if rules.mode == "oidc" else _by_proxy(rules)
    if identity is None:
        return None, why
    found = rules.find(identity)
    return found, "" if found else f"账号 {identity} 不在本系统的名单中。请联系市里，在 access.yaml 中登记后再来。"


def _local() -> tuple[Actor | None, str]:
    """Everybody on this machine is its operator: so nobody from elsewhere may come this way."""
    told = "没有设置登录，只能在运行本系统的机器上使用。请管理员按 docs/security.md 设置登录。"
    if not roles.is_loopback(st.get_option("server.address")):
        return None, told
    if any(name in st.context.headers for name in _FORWARDED):
        return None, told
    return OPERATOR, ""


def _signed_in(rules: roles.Access) -> tuple[str | None, str]:
    """The identity that the provider vouches for. Streamlit does not look at `exp`, so it is looked at here."""
    if not st.user.get("is_logged_in"):
        return None, "请登录。"
    if not (isinstance(expires := st.user.get("exp"), (int, float)) and expires > time.time()):
        return None, "登录已过期，请重新登录。"
    if rules.claim == "email" and st.user.get("email_verified") is False:
        return None, "您的邮箱尚未经身份系统验证，不能据此登录。"
    identity = st.user.get(rules.claim)
    return (identity, "") if isinstance(identity, str) and identity else (None, f"身份系统没有给出 {rules.claim}。")


def _by_proxy(rules: roles.Access) -> tuple[str | None, str]:
    """The identity that the proxy names, if it is the proxy that speaks: it knows the secret and comes from its address."""
    secret = settings.proxy_secret()
    if not secret or len(secret) < 32:
        return None, "服务器没有设置 SHEQU_PROXY_SECRET（至少 32 个字符）；请管理员按 docs/security.md 设置。"
    given = _only(SECRET_HEADER)
    # Streamlit gives no address for a caller on this machine
    address = st.context.ip_address or "127.0.0.1"
    if not hmac.compare_digest(given.encode(), secret.encode()) or address not in rules.proxy.addresses:
        return None, "请从单位的统一入口访问。"
    identity = _only(rules.proxy.user_header)
    return (identity, "") if identity else (None, "统一入口没有说明您是谁；请重新登录。")


def _only(header: str) -> str:
    """The header's value; none where it stands twice: one of the two is not the proxy's."""
    found = st.context.headers.get_all(header)
    return found[0] if len(found) == 1 else ""


# ---- sessions


@st.cache_resource(show_spinner=False)
def _seen() -> dict[tuple, float]:
    """When each sign-in was last used: of this process, so that closing the tab does not set the clock back."""
    return {}


def _idle(rules: roles.Access, person: Actor) -> None:
    """Sign out who did nothing for a while. A new sign-in has another `iat` and starts afresh."""
    key, now = (person.identity, st.user.get("iat")), time.monotonic()
    last = _seen().get(key, now)
    _seen()[key] = now if now - last <= rules.idle_minutes * 60 else last
    if now - last > rules.idle_minutes * 60:
        audit_log.note(settings.load(), "sign_out", person.name, identity=person.identity, why="idle")
        st.logout()
        st.stop()


def _noted(person: Actor) -> None:
    """Once a session: the sign-in in the audit ledger. Another person in the same session finds nothing of the one before."""
    if st.session_state.get("signed_in") == person.identity:
        return
    if "signed_in" in st.session_state:
        st.session_state.clear()
    st.session_state["signed_in"] = person.identity
    audit_log.note(settings.load(), "sign_in", person.name, identity=person.identity, role=person.role)


def _door(why: str) -> None:
    """The page of those who are not let in."""
    rules = roles.load(settings.load())
    st.header("社区治理进展", anchor=False)
    st.info(escape.markdown(why))
    signed = rules.mode == "oidc" and st.user.get("is_logged_in")
    if "不在本系统的名单中" in why and st.session_state.get("turned_away") != why:
        st.session_state["turned_away"] = why
        audit_log.note(settings.load(), "unknown", "未登记", why=why)
    if rules.mode == "oidc" and st.button("换一个账号" if signed else "登录", type="primary"):
        st.logout() if signed else st.login()
