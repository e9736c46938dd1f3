"""Sign-in and roles of the person at the screen (`pipelines.access.roles`), checked again on every rerun."""

import time
from collections.abc import Callable

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboards import request_identity, upload_door
from dashboards.request_identity import Sender
from dashboards.text import escape
from pipelines import settings
from pipelines.access import audit_log, roles
from pipelines.access.roles import ANYBODY, Access, Actor
from pipelines.errors import Refusal

# seconds after the last click in which a session without a sign-in of its own may send files
UPLOADS_FOR = 12 * 3600.0


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
    return request_identity.counties(_who()[0])


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
            st.stop()  # the rest of the page asks for a person


# ---- identity


def _who() -> tuple[Actor | None, str]:
    headers = {name.lower(): st.context.headers.get_all(name) for name in st.context.headers}
    # Streamlit gives no address for a caller on this machine
    sender = Sender(headers, st.context.ip_address or "127.0.0.1", st.user)
    return request_identity.who(roles.load(settings.load()), sender)


# ---- sessions


def _session() -> str:
    context = get_script_run_ctx()
    return context.session_id if context else ""


def _lasts(rules: Access) -> float:
    """Seconds for which the person may send files without another click; after the sign-in has ended, none."""
    if rules.mode != "oidc":
        return UPLOADS_FOR
    expires = st.user.get("exp")
    left = expires - time.time() if isinstance(expires, (int, float)) else 0.0
    return min(rules.idle_minutes * 60.0, left)


@st.cache_resource(show_spinner=False)
def _seen() -> dict[tuple[str, object], float]:
    """When each sign-in was last used, for the whole process: closing the tab does not reset it."""
    return {}


def is_idle(rules: Access, identity: str, issued: object, used: bool) -> bool:
    """Whether a sign-in was left unused too long; `used`: this request is a use of it. A new sign-in is issued at another time (`iat`)."""
    key, now = (identity, issued), time.monotonic()
    last = _seen().setdefault(key, now)
    idle = now - last > rules.idle_minutes * 60
    if used and not idle:
        _seen()[key] = now
    return idle


def _idle(rules: Access, person: Actor) -> None:
    if is_idle(rules, person.identity, st.user.get("iat"), used=True):
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
    rules = roles.load(settings.load())
    st.header("社区治理进展", anchor=False)
    st.info(escape.markdown(why))
    signed = rules.mode == "oidc" and st.user.get("is_logged_in")
    if "不在本系统的名单中" in why and st.session_state.get("turned_away") != why:
        st.session_state["turned_away"] = why
        audit_log.note(settings.load(), "unknown", "未登记", why=why)
    if rules.mode == "oidc" and st.button("换一个账号" if signed else "登录", type="primary"):
        st.logout() if signed else st.login()
