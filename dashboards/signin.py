"""Sign-in and roles of the person at the screen.

Three ways (`pipelines.access.roles`): this machine only; OpenID Connect by Streamlit's own login; a header of a reverse proxy together
with a secret that only the proxy knows. Access is checked again on every rerun.
"""

import hmac
import time
from collections.abc import Callable

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboards import upload_door
from dashboards.text import escape
from pipelines import settings
from pipelines.access import audit_log, roles
from pipelines.access.roles import ANYBODY, OPERATOR, Actor
from pipelines.errors import Refusal

SECRET_HEADER = "X-Shequ-Secret"  # noqa: S105 the header's name
# seconds after the last click in which a session without a sign-in of its own may send files
UPLOADS_FOR = 12 * 3600.0
_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


def actor() -> Actor:
    """The person of this run. Errors: `Refusal` when nobody is signed in."""
    person, why = _who()
    if person is None:
        raise Refusal(why)
    return person


def may(action: str, county: str | None = None) -> bool:
    """Whether the person of this run may do something (for a county)."""
    person, _ = _who()
    return person is not None and roles.may(person, action, county)


def counties() -> list[str] | None:
    """The counties whose units and findings the person may see; None for all, an empty list for none."""
    person, _ = _who()
    if person is None or not (roles.may(person, "units") or person.role == "县级"):
        return []
    return list(person.counties) if person.role == "县级" else None


def exporting(make: Callable[[], bytes], name: str, rows: int, county: str | None = None) -> Callable[[], bytes]:
    """A file for a download button: made, checked and noted in the audit ledger at the click, not when the page is drawn."""
    person, place = actor(), settings.load()

    def made() -> bytes:
        roles.require(person, "export", place, county=county, file=name)
        audit_log.note(place, "export", person.name, identity=person.identity, file=name, rows=rows, county=county)
        return make()

    return made


def enter() -> Actor:
    """The person signed in. Everybody else gets a page that says what to do, and the run stops."""
    try:
        person, why = _who()
    except Refusal:
        # the reason names people and files: it is for the administrator, who reads it from `shequ audit`
        st.error("名单 access.yaml 有误，暂时谁也不能进入。请管理员运行 shequ audit 查看原因。")
        st.stop()
    if person is None:
        upload_door.dismiss(_session())
        _refused(why)
        st.stop()
    rules = roles.load(settings.load())
    if rules.mode == "oidc" and person is not ANYBODY:
        _idle(rules, person)
    if rules.mode != "local":
        _note_sign_in(person)
    upload_door.admit(_session(), person, _lasts(rules))
    return person


def corner(person: Actor) -> None:
    """Who is signed in, with a button to sign out."""
    if roles.load(settings.load()).mode != "oidc" or person is ANYBODY:
        return
    with st.container(key="signed_in", horizontal=True, horizontal_alignment="right"):
        st.caption(f"{escape.markdown(person.name)} · {person.role}")
        if st.button("退出", type="tertiary"):
            upload_door.dismiss(_session())
            audit_log.note(settings.load(), "sign_out", person.name, identity=person.identity)
            st.logout()


# ---- identity


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
    person = rules.find(identity)
    return person, "" if person else f"账号 {identity} 不在本系统的名单中。请联系市里，在 access.yaml 中登记后再来。"


def _local() -> tuple[Actor | None, str]:
    """Everybody on this machine is its operator: requests from elsewhere are refused."""
    why = "没有设置登录，只能在运行本系统的机器上使用。请管理员按 docs/security.md 设置登录。"
    if not roles.is_loopback(st.get_option("server.address")):
        return None, why
    if any(name in st.context.headers for name in _FORWARDED):
        return None, why
    return OPERATOR, ""


def _signed_in(rules: roles.Access) -> tuple[str | None, str]:
    """The identity given by the provider. Streamlit does not check `exp`, so it is checked here."""
    if not st.user.get("is_logged_in"):
        return None, "请登录。"
    if not (isinstance(expires := st.user.get("exp"), (int, float)) and expires > time.time()):
        return None, "登录已过期，请重新登录。"
    if rules.claim == "email" and st.user.get("email_verified") is False:
        return None, "您的邮箱尚未经身份系统验证，不能据此登录。"
    identity = st.user.get(rules.claim)
    return (identity, "") if isinstance(identity, str) and identity else (None, f"身份系统没有给出 {rules.claim}。")


def _by_proxy(rules: roles.Access) -> tuple[str | None, str]:
    """The identity in the proxy's header, if the request has the secret and comes from the proxy's address."""
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
    """The header's value; empty where it is given twice: one of them is not the proxy's."""
    values = st.context.headers.get_all(header)
    return values[0] if len(values) == 1 else ""


# ---- sessions


def _session() -> str:
    context = get_script_run_ctx()
    return context.session_id if context else ""


def _lasts(rules: roles.Access) -> float:
    """For how many seconds the person may send files without another click: a sign-in that has ended sends nothing."""
    if rules.mode != "oidc":
        return UPLOADS_FOR
    expires = st.user.get("exp")
    left = expires - time.time() if isinstance(expires, (int, float)) else 0.0
    return min(rules.idle_minutes * 60.0, left)


@st.cache_resource(show_spinner=False)
def _seen() -> dict[tuple, float]:
    """When each sign-in was last used, for the whole process: closing the tab does not reset it."""
    return {}


def _idle(rules: roles.Access, person: Actor) -> None:
    """Sign out a person who was idle too long. A new sign-in has another `iat`."""
    key, now = (person.identity, st.user.get("iat")), time.monotonic()
    last = _seen().get(key, now)
    _seen()[key] = now if now - last <= rules.idle_minutes * 60 else last
    if now - last > rules.idle_minutes * 60:
        upload_door.dismiss(_session())
        audit_log.note(settings.load(), "sign_out", person.name, identity=person.identity, why="idle")
        st.logout()
        st.stop()


def _note_sign_in(person: Actor) -> None:
    """The sign-in in the audit ledger, once a session. A session is cleared when another person signs in."""
    if st.session_state.get("signed_in") == person.identity:
        return
    if "signed_in" in st.session_state:
        st.session_state.clear()
    st.session_state["signed_in"] = person.identity
    audit_log.note(settings.load(), "sign_in", person.name, identity=person.identity, role=person.role)


def _refused(why: str) -> None:
    """The page for people without access."""
    rules = roles.load(settings.load())
    st.header("社区治理进展", anchor=False)
    st.info(escape.markdown(why))
    signed = rules.mode == "oidc" and st.user.get("is_logged_in")
    if "不在本系统的名单中" in why and st.session_state.get("turned_away") != why:
        st.session_state["turned_away"] = why
        audit_log.note(settings.load(), "unknown", "未登记", why=why)
    if rules.mode == "oidc" and st.button("换一个账号" if signed else "登录", type="primary"):
        st.logout() if signed else st.login()
