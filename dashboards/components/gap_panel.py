"""Parts of the list of units that lack something: filters that the address keeps, the list, its file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from dashboards import signin
from dashboards.components import common_parts, header
from dashboards.components.header import View
from dashboards.queries import edition_data, gap_rows
from dashboards.queries.row_types import LackingRow
from dashboards.text import escape, screen_wording
from pipelines.edition.statuses import UNIT_STATES

ALL = "all"
KINDS_OF_GAP = {"lacks": "缺的", "silent": "未填报的"}
# rows on the page; the file has all
_SHOWN, _FILED = 300, 20_000


@dataclass(frozen=True)
class Filters:
    """What is asked for; None is everything."""

    county: str | None
    town: str | None
    kind: str | None
    indicator: str | None
    states: tuple[int, ...]
    only_one: bool

    @property
    def wanted(self) -> dict[str, str | None]:
        return {"county": self.county, "town": self.town, "kind": self.kind, "indicator": self.indicator}


def filters(view: View) -> Filters:
    """The filters, in the address under names of their own: 全部 is a choice here and on no other page."""
    shares = [row for row in edition_data.indicators(view.release, view.policy) if row["counted"] == "community"]
    indicators = {row["indicator"]: row["name"] for row in shares if row["is_share"]}
    with st.container(key="filters", horizontal=True, vertical_alignment="bottom"):
        indicator = _pick("lacking", "指标", {ALL: "任何主要指标", **indicators}, 330)
        county = _pick("of", "县市区", {ALL: "全市", **common_parts.county_options(view)}, 170)
        town = _pick("town", "街道（乡镇）", {ALL: "全部", **gap_rows.towns(view, county)}, 190) if county else None
        kind = _pick("kind", "类型", {ALL: "全部", **{kind: kind for kind in gap_rows.kinds(view)}}, 150)
        only_one = st.query_params.get("one") == "1"
        st.session_state["only-one"] = only_one
        only_one = st.checkbox(
            "只差这一项主要指标" if indicator else "只差一项主要指标", key="only-one", on_change=_one
        )
    states = gap_rows.LACKS
    if indicator:
        which = header.tabs("gap", "情况", KINDS_OF_GAP, "lacks")
        states = gap_rows.LACKS if which == "lacks" else gap_rows.NOT_SAID
    return Filters(county, town, kind, indicator, states, only_one)


def _pick(name: str, title: str, options: dict[str, str], width: int) -> str | None:
    chosen = header.pick(name, title, options, ALL, width=width)
    return None if chosen == ALL else chosen


def _one() -> None:
    st.query_params["one"] = "1" if st.session_state["only-one"] else "0"


COLUMNS = {
    "name": "名称",
    "county": "县市区",
    "town": "街道（乡镇）",
    "kind": "类型",
    "what": "情况",
    "main_lacks": "主要指标还缺（项）",
    "main_missing": "缺哪些",
    "unit": "代码",
}


def units(view: View, asked: Filters) -> None:
    """How many there are, those nearest to done first, and all of them as a file."""
    if signin.counties() == []:
        st.caption("单位清单要登录后才能看。")
        return
    rows = gap_rows.lacking(view, asked.wanted, asked.states, asked.only_one, _SHOWN)
    st.markdown(f"**{escape.markdown(_sentence(view, asked, rows))}**")
    if not rows:
        return
    lines = [_line(row) for row in rows]
    columns = common_parts.columns_used(lines, COLUMNS)
    common_parts.table(
        lines,
        columns,
        link=lambda row: common_parts.href("unit", unit=row["unit"], county=row["county_code"]),
        height=620,
    )
    common_parts.download(
        lambda: [_line(row) for row in gap_rows.lacking(view, asked.wanted, asked.states, asked.only_one, _FILED)],
        rows[0]["units"],
        {"unit": "代码", **columns},
        f"缺口清单-{view.month:%Y-%m}",
        asked.county,
    )


def _line(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "what": UNIT_STATES[row["state"]]}


def _sentence(view: View, asked: Filters, rows: list[LackingRow]) -> str:
    """`襄都区有 23 个城市社区缺……；下面是离全部达标最近的 300 个。`"""
    where = edition_data.short_names(view).get(asked.county, asked.county) if asked.county else "全市"
    what = edition_data.indicator(view, asked.indicator)["name"] if asked.indicator else "任一主要指标"
    if not rows:
        return f"{where}没有这样的社区（村）：{what}。"
    lacks = f"缺“{what}”" if asked.states == gap_rows.LACKS else f"“{what}”未填报"
    only = "，而且只差这一项主要指标" if asked.only_one and asked.indicator else "，只差一项" if asked.only_one else ""
    total = rows[0]["units"]
    more = (
        f"；下面是离全部达标最近的 {len(rows)} 个，全部见下载的表格" if total > len(rows) else "，离全部达标最近的在前"
    )
    return f"{where}有 {screen_wording.number(total)} 个{asked.kind or '社区（村）'}{lacks}{only}{more}。"
