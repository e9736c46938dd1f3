"""HTML of the pages from Jinja2 templates with autoescape: text from data is never markup."""

import re
from pathlib import Path

import streamlit as st
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dashboards.text import escape

_FOLDER = Path(__file__).parents[1] / "templates"
_NOT_PLAIN_IN_CSS = re.compile(r"[^\w \u3000-\u303f\uff00-\uffef]")


def render(template: str, **values: object) -> str:
    """HTML of a template in `dashboards/templates`. Errors: `UndefinedError` for a value that the template needs and does not get."""
    return _environment.get_template(template).render(**values)


def show(template: str, **values: object) -> None:
    """A template on the page."""
    st.html(render(template, **values))


def show_rendered(html: str) -> None:
    """HTML that `render` made, on the page; nothing where it is empty."""
    if html:
        st.html(html)


def beside_each_other(left: str, right: str) -> str:
    """HTML of two columns of HTML that `render` made."""
    return render("beside_each_other.html", left=Markup(left), right=Markup(right))  # noqa: S704 both are rendered


def _one_line(value: object) -> object:
    """Text from data without line breaks and control characters; other values, and what a macro has rendered, as they are."""
    return escape.plain(value) if type(value) is str else value


def _css_text(text: str) -> str:
    """Text within a quoted CSS string: characters with a meaning in CSS or HTML as their code points."""
    return _NOT_PLAIN_IN_CSS.sub(lambda match: f"\\{ord(match[0]):x} ", escape.plain(text))


_environment = Environment(
    # templates do not change while the server runs: no look at the disk for each of them at each drawing
    loader=FileSystemLoader(_FOLDER),
    auto_reload=False,
    autoescape=True,
    undefined=StrictUndefined,
    finalize=_one_line,
)
_environment.filters["css_text"] = _css_text
