"""Clicks on what a page has drawn in HTML: `data-go="county?county=130502"` opens that page within the session.

Without it a link would start the session anew, and a square of the matrix would be no link at all. The script is constant; what is
clicked comes back as words, of which only known pages and choices are taken.
"""

from urllib.parse import parse_qsl, urlsplit

import streamlit as st

from dashboards import parts

# a link that is opened aside (another button, with a key held) stays the browser's
_JS = """
let heard;
export default function ({ setTriggerValue }) {
  if (heard) document.removeEventListener("click", heard);
  heard = (event) => {
    const found = event.target.closest?.("[data-go]");
    if (!found || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    setTriggerValue("to", found.dataset.go);
  };
  document.addEventListener("click", heard);
}
"""


def listen() -> None:
    """Hear clicks on this page; last on it, because what is drawn must not wait for it."""
    _links()(key="following", on_to_change=_clicked)


@st.cache_resource(show_spinner=False)
def _links():
    return st.components.v2.component("shequ_links", js=_JS)


def _clicked() -> None:
    st.session_state["followed"] = st.session_state["following"].to


def follow() -> None:
    """Open what was clicked: first of all in a run, so that nothing is drawn in vain."""
    page, chosen = asked(st.session_state.pop("followed", None) or "")
    if page in parts.PATHS:
        parts.go(page, **chosen)


def asked(text: str) -> tuple[str, dict[str, str]]:
    """Page and choices of what was clicked; choices that no page knows are left out."""
    found = urlsplit(text)
    return found.path, {name: value for name, value in parse_qsl(found.query) if name in parts.CARRIED}
