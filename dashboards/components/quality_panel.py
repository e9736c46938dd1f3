"""Parts of the page on data quality."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from dashboards.charts import plotly_charts
from dashboards.charts.palette import Ink
from dashboards.components import common_parts, county_panel
from dashboards.components.header import KINDS, View
from dashboards.queries import edition_data, submission_rows
from dashboards.queries.row_types import PlaceRow, ReportingRow
from dashboards.text import escape, screen_wording
from pipelines import months, settings
from pipelines.errors import Refusal
from pipelines.intake import outcome

DECISIONS = {"approve": "审核通过", "reopen": "退回重报", "waive": "豁免", "resolve": "认定单位", "release": "发布"}


def coverage_chart(rows: Sequence[ReportingRow], ink: Ink) -> go.Figure:
    """Months across, counties down: the share of units that count, carried ones left out."""
    times = sorted({row["month"] for row in rows})
    names = {row["county"]: row["name"] for row in reversed(rows)}
    order = sorted(names)
    reports = {(row["county"], row["month"]): row for row in rows}
    z = [[_share(reports.get((county, time))) for time in times] for county in order]
    hover = [[_hover(reports.get((county, time))) for time in times] for county in order]
    figure = plotly_charts.blank(ink, 24 * len(order) + 40, margin=dict(l=140, r=4, t=26, b=6))
    figure.add_heatmap(
        z=z,
        x=[months.key(time) for time in times],
        y=[escape.plotly(f"{names[county]}") + "\u200b" * n for n, county in enumerate(order)],
        text=hover,
        hoverinfo="text",
        zmin=0,
        zmax=100,
        xgap=2,
        ygap=2,
        colorscale=[[0, ink.fill["off_track"]], [0.8, ink.fill["lagging"]], [1, ink.fill["met"]]],
        showscale=False,
    )
    figure.update_xaxes(type="category", side="top", tickfont=dict(size=11, color=ink.quiet), showgrid=False, nticks=15)
    figure.update_yaxes(autorange="reversed", showgrid=False, tickfont=dict(size=12))
    return figure


def coverage_extent(rows: Sequence[ReportingRow]) -> None:
    """Which counties are drawn, where there are too many."""
    drawn = len({row["county"] for row in rows})
    if rows and rows[0]["counties"] > drawn:
        st.caption(
            f"共 {rows[0]['counties']} 个县市区，这里是最近一个月计入最少的 {drawn} 个；其余在“县市区”页按名称查找。"
        )


def _share(row: ReportingRow | None) -> float | None:
    return round(100 * row["accepted"] / row["units"], 1) if row and row["units"] else None


def _hover(row: ReportingRow | None) -> str:
    if row is None:
        return "当月没有这个县市区"
    return (
        f"{escape.plotly(row['name'])} {months.label(row['month'])}<br>应报 {row['units']}，计入 {row['accepted']}，"
        f"暂不计入 {row['held']}，沿用 {row['carried']}，未报 {row['missing']}"
    )


def unknown(rows: Sequence[PlaceRow]) -> None:
    """Indicators with unknown or carried answers, most unknown first."""
    lines = [common_parts.figure_line(row) for row in rows if row["unknown"] or row["carried"]]
    lines.sort(key=lambda row: (-(row["unknown"] or 0), -(row["carried"] or 0)))
    if not lines:
        st.caption("没有未知或沿用的报数。")
        return
    columns = {
        "name": "指标",
        "shown_value": "现值",
        "unknown": "未报或待核实",
        "carried": "沿用前月",
        "bounds": "不确定范围",
    }
    common_parts.table(lines, columns, height=360)


def kinds(rows: Sequence[Mapping[str, Any]], counties: dict[str, str]) -> None:
    """Findings by kind: how often, in which counties, with one example."""
    if not rows:
        st.caption("没有发现问题。")
        return
    names = outcome.kind_names(settings.load().reference)
    lines = [_kind_line(code, counts, names, counties) for code, counts in _by_kind(rows).items()]
    columns = {"severity": "程度", "kind": "问题", "where": "县市区（处）", "what": "例如"}
    with st.container(key="kinds"):
        st.table(common_parts.printable(lines, columns), border="horizontal", hide_index=True)


def _by_kind(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """code → its counties: errors first, then the most frequent in one county."""
    order = list(county_panel.SEVERITY)
    by_kind: dict[str, list[Mapping[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: order.index(row["severity"])):
        by_kind.setdefault(row["code"], []).append(row)
    return by_kind


def _kind_line(
    code: str, counts: list[Mapping[str, Any]], names: dict[str, str], counties: dict[str, str]
) -> dict[str, Any]:
    where = [f"{counties.get(row['county'], row['county'] or '不明')} {row['findings']}" for row in counts]
    where += [f"等 {counts[0]['counties']} 个"] if counts[0]["counties"] > len(counts) else []
    return {
        **county_panel.finding_line({"cell": None, **counts[0]}),
        "kind": names.get(code, code),
        "where": "、".join(where),
    }


def decisions(view: View) -> None:
    """The newest decisions, with who, when and why."""
    known = submission_rows.decisions(view.release)
    if not known:
        st.caption(
            "还没有审核、退回或豁免。" if edition_data.has(view.release, "decision") else "这一版没有附上决定的记录。"
        )
        return
    lines = [
        {**row, "what": DECISIONS.get(row["kind"], row["kind"]), "when": screen_wording.day(row["at"])} for row in known
    ]
    common_parts.table(
        lines,
        {
            "when": "时间",
            "what": "决定",
            "by": "经办",
            "month": "月份",
            "finding": "问题",
            "why": "理由",
            "until": "有效至",
        },
    )


def reconciliation(view: View) -> None:
    """Units before + created − abolished ± moved = units after, for every change of the roster."""
    lines: list[Mapping[str, Any]] = [
        {**row, "when": common_parts.month_text(row["month"])} for row in edition_data.reconciliation(view.release)
    ]
    if not lines:
        st.caption("这一版所含的月份里，名册没有变动。")
        return
    columns = {"when": "月份", "name": "县市区", "before": "变动前", "created": "新设", "abolished": "撤销"}
    common_parts.table(lines, {**columns, "moved_in": "划入", "moved_out": "划出", "after": "变动后"}, height=300)


def editions(view: View) -> None:
    """All editions, each with a link that opens it."""
    for folder in edition_data.editions()[:40]:
        try:
            manifest = edition_data.manifest(str(folder))
        except Refusal as refused:
            st.caption(escape.markdown(str(refused)))
            continue
        label = f"{manifest['month']} 第 {manifest['edition']} 版"
        text = f"{label} · {KINDS[manifest['kind']]} · {screen_wording.day(manifest['published_at'])} · 数据截至第 {manifest['as_of']} 号收件"
        common_parts.link(
            "overview", text, edition=f"{manifest['month']}/{manifest['edition']}", month=manifest["month"]
        )
