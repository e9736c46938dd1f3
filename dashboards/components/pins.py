"""What a reader follows: counties and indicators, in the address under `pinned`; our script keeps it in the browser."""

import streamlit as st

from dashboards.charts import palette
from dashboards.charts.html_board import Link
from dashboards.components import common_parts
from dashboards.components.header import View
from dashboards.queries import figure_rows
from dashboards.text import screen_wording
from dashboards.text.templates import show

# most pins that the overview shows
_MOST = 12


def _pinned() -> list[str]:
    return [name for name in st.query_params.get("pinned", "").split(".") if name]


def toggle(page: str, name: str, value: str) -> Link:
    """The link that pins this page's county or indicator, or lets it go."""
    mark = f"{name}-{value}"
    known = _pinned()
    left = [other for other in known if other != mark] if mark in known else [*known, mark]
    label = "★ 已关注，点此取消" if mark in known else "☆ 关注：放到总览"
    href = common_parts.href(page, pinned=".".join(left[:_MOST]), **{name: value})
    return Link(href, label)


def followed(view: View) -> None:
    """On the overview, what is pinned with its standing now."""
    rows = {row["indicator"]: row for row in figure_rows.of_place(view, view.city)}
    places = {place["unit"]: place for place in figure_rows.concern(view, 5000)} if _pinned() else {}
    links = []
    for mark in _pinned()[:_MOST]:
        name, _, value = mark.partition("-")
        if name == "county" and value in places:
            place = places[value]
            said = f"{place['applicable']} 项中 {place['behind']} 项落后"
            links.append(Link(common_parts.href("county", county=value, indicator=None), place["name"], quiet=said))
        elif name == "indicator" and value in rows:
            row = rows[value]
            said = f"{palette.SIGNS[row['status']]} {screen_wording.value(row)} {screen_wording.gap(row)}"
            links.append(Link(common_parts.href("indicator", indicator=value), row["name"], quiet=said.strip()))
    if links:
        show("unit_links.html", intro="我关注的：", links=links, more=0)
