"""A Plotly figure in a page: a still picture until it is reached."""

import json
from collections.abc import Callable, Hashable

import streamlit as st
from plotly.graph_objects import Figure

from dashboards.charts import palette, plotly_charts, still_picture
from dashboards.components.header import View
from dashboards.text import escape
from dashboards.text.templates import render


def chart(
    view: View, ink: palette.Ink, what: tuple[Hashable, ...], make: Callable[[], Figure], name: str, alt: str
) -> str:
    """HTML of a Plotly figure, cached by view, palette and `what`; a still picture until pointer or keyboard reaches it."""
    key = (*what, name, alt, str(view.release.folder), view.policy, view.month, view.divisions, ink is palette.DARK)
    return _drawn(key, lambda: _figure(make(), name, alt))


# a figure takes some ten kilobytes
@st.cache_resource(max_entries=300, show_spinner=False)
def _drawn(key: tuple[Hashable, ...], _make: Callable[[], str]) -> str:
    return _make()


def _figure(figure: Figure, name: str, alt: str) -> str:
    config = {**plotly_charts.CONFIG, "toImageButtonOptions": {"scale": 2, "filename": name}}
    # written by Plotly and parsed again, so that the settings stand beside data and layout
    drawing = json.loads(figure.to_json(validate=False))
    return render(
        "figure.html",
        figure=json.dumps(drawing | {"config": config}, ensure_ascii=False, separators=(",", ":")),
        picture=still_picture.address(drawing),
        pictured=still_picture.outer_height(drawing["layout"]),
        keys=still_picture.keys(drawing),
        alt=escape.plain(alt),
        height=figure.layout.height,
    )
