"""Plotly figures for pages and notebooks. Every text that comes from data is escaped: Plotly reads a little HTML."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import plotly.graph_objects as go

from dashboards.charts import axes
from dashboards.charts.palette import LIGHT, Ink
from dashboards.queries.row_types import IndicatorRow, SeriesRow
from dashboards.text import escape, screen_wording
from pipelines import months
from pipelines.edition.table_rows import OutlookRow

FONT = "PingFang SC, Microsoft YaHei, Noto Sans CJK SC, Noto Sans SC, sans-serif"
# keys as in Plotly's reference of traces and layout
Trace = dict[str, Any]
Point = tuple[date | None, float | None]
# one button, which saves the picture; the wheel scrolls the page
CONFIG = {
    "modeBarButtons": [["toImage"]],
    "displaylogo": False,
    "toImageButtonOptions": {"scale": 2},
    "scrollZoom": False,
    "doubleClick": False,
    "showTips": False,
}


def blank(ink: Ink, height: int, **layout) -> go.Figure:
    # the whole layout in one call: each later update is validated as a whole
    """An empty figure with the palette's fonts, colours and axes."""
    plain = dict(
        template="none",
        height=height,
        margin=dict(l=0, r=0, t=0, b=0),
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font=dict(family=FONT, size=14, color=ink.text),
        showlegend=False,
        bargap=0,
        dragmode=False,
        clickmode="event+select",
        hoverlabel=dict(bgcolor=ink.faint, bordercolor=ink.line, font=dict(color=ink.text, size=14), align="left"),
    )
    return go.Figure(layout={**plain, **layout})


# ---- one indicator over time


def trend(
    rows: Sequence[SeriesRow],
    indicator: IndicatorRow,
    view_divisions: str,
    month: date,
    outlook: OutlookRow | None,
    ink: Ink = LIGHT,
    events: Sequence[date] = (),
) -> go.Figure:
    """The series with its bounds, the other reading of the divisions, the path to the target, the outlook. `events` are numbered from 1."""
    own = [row for row in rows if row["divisions"] == view_divisions]
    other = [row for row in rows if row["divisions"] != view_divisions]
    traces = _band(own, ink)
    if [row["value"] for row in other] != [row["value"] for row in own]:
        name = "当时区划" if view_divisions == "now" else "目前区划"
        traces.append(_line(other, ink.quiet, name, width=1.5, dash="dot"))
    traces += [
        _line(own, ink.accent, "现值", width=2.6),
        *_path(own, indicator, ink),
        *_ahead(own, indicator, outlook, ink),
        *_events(events, ink),
    ]
    legend = dict(orientation="h", y=-0.16, x=0, font=dict(color=ink.quiet))
    # room below for the legend: Plotly would make it by shrinking the plot, and the still picture would not agree
    frame = dict(margin=dict(l=52, r=90, t=16, b=100), hovermode="x", showlegend=True, legend=legend)
    # traces and layout at once: each that is added by itself is validated with all that is there
    figure = blank(
        ink, 500, shapes=_guides(month, _goal(indicator), ink), **frame, **_axes(traces, month, indicator, ink)
    )
    return figure.add_traces(traces)


def _band(rows: Sequence[SeriesRow], ink: Ink) -> list[Trace]:
    """The unknown range: an area for each run of months that has one; a single month is drawn half a month wide."""
    runs = [list(run) for unknown, run in groupby(rows, key=_is_unknown) if unknown]
    return [
        dict(
            type="scatter",
            x=[day for day, _, _ in edge] + [day for day, _, _ in edge[::-1]],
            y=[upper for _, _, upper in edge] + [lower for _, lower, _ in edge[::-1]],
            fill="toself",
            mode="lines",
            line=dict(width=0),
            fillcolor=_clear(ink.unknown),
            hoverinfo="skip",
            name="未填报的范围",
            legendgroup="unknown",
            showlegend=number == 0,
        )
        for number, edge in enumerate(map(_edge, runs))
    ]


def _is_unknown(row: SeriesRow) -> bool:
    return row["lower"] is not None and row["upper"] is not None and bool(row["unknown"])


def _edge(run: list[SeriesRow]) -> list[tuple[date, float | None, float | None]]:
    """Day, lower and upper bound along a run of months."""
    if len(run) > 1:
        return [(row["month"], row["lower"], row["upper"]) for row in run]
    [row] = run
    return [(row["month"] + shift, row["lower"], row["upper"]) for shift in (-_WEEK, _WEEK)]


_WEEK = timedelta(days=7)


def _clear(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.45)"


def _line(rows: Sequence[SeriesRow], colour: str, name: str, width: float, dash: str = "solid") -> Trace:
    return dict(
        type="scatter",
        x=[row["month"] for row in rows],
        y=[row["value"] for row in rows],
        mode="lines+markers",
        name=name,
        line=dict(color=colour, width=width, dash=dash),
        marker=dict(size=4 if width < 2 else 6),
        hoverinfo="text",
        hovertext=[
            f"{months.label(row['month'])} {name}：{row['shown'] or '无数据'}（{screen_wording.parts(row)}）"
            for row in rows
        ],
    )


def _goal(indicator: IndicatorRow) -> float | None:
    return indicator["low"] if indicator["low"] is not None else indicator["high"]


def _path(rows: Sequence[SeriesRow], indicator: IndicatorRow, ink: Ink) -> list[Trace]:
    """From the baseline straight to the target on its due date."""
    goal = _goal(indicator)
    if goal is None:
        return []
    mark = dict(
        type="scatter",
        x=[indicator["goal_due"]],
        y=[goal],
        mode="markers+text",
        text=[f" 目标 {escape.plotly(indicator['goal'])}"],
        textposition="middle right",
        marker=dict(symbol="diamond", size=11, color=ink.text),
        hoverinfo="skip",
        cliponaxis=False,
        name="目标",
    )
    start = next((row for row in reversed(rows) if row["base_value"] is not None), None)
    if start is None:
        return [mark]
    line = dict(color=ink.quiet, width=1.5, dash="dot")
    return [
        _straight("应有进度", (start["base_month"], start["base_value"]), (indicator["goal_due"], goal), line),
        mark,
    ]


def _ahead(rows: Sequence[SeriesRow], indicator: IndicatorRow, outlook: OutlookRow | None, ink: Ink) -> list[Trace]:
    if not (outlook and rows and outlook.get("value_at_due") is not None):
        return []
    line = dict(color=ink.accent, width=1.5, dash="dash")
    end = (indicator["goal_due"], outlook["value_at_due"])
    return [_straight("按目前走势", (rows[-1]["month"], rows[-1]["value"]), end, line)]


def _straight(name: str, start: Point, end: Point, line: Trace) -> Trace:
    ends = dict(x=[start[0], end[0]], y=[start[1], end[1]])
    return dict(type="scatter", **ends, mode="lines", name=name, line=line, hoverinfo="skip")


def _events(months_of: Sequence[date], ink: Ink) -> list[Trace]:
    """Numbers on the axis, one above another where a month has several."""
    if not months_of:
        return []
    above = [list(months_of[:number]).count(month) for number, month in enumerate(months_of)]
    mark = dict(
        type="scatter",
        x=list(months_of),
        y=above,
        yaxis="y2",
        mode="markers+text",
        text=[str(number) for number, _ in enumerate(months_of, 1)],
        textfont=dict(color=ink.paper, size=11),
        marker=dict(symbol="square", size=16, color=ink.quiet),
        hoverinfo="skip",
        name="事件（见图下）",
    )
    return [mark]


def _guides(month: date, goal: float | None, ink: Ink) -> list[Trace]:
    """The month that is looked at, and the target."""
    common = dict(type="line", line=dict(color=ink.line, width=1))
    upright = dict(x0=month.isoformat(), x1=month.isoformat(), y0=0, y1=1, xref="x", yref="y domain")
    level = dict(x0=0, x1=1, y0=goal, y1=goal, xref="x domain", yref="y")
    return [common | upright, *([common | level] if goal is not None else [])]


def _axes(traces: Sequence[Trace], month: date, indicator: IndicatorRow, ink: Ink) -> dict[str, Trace]:
    common = dict(tickfont=dict(color=ink.quiet), gridcolor=ink.faint, fixedrange=True)
    on_values = [trace for trace in traces if "yaxis" not in trace]
    suffix = "%" if indicator["unit"] == "%" else ""
    return {
        "xaxis": dict(tickangle=0, **axes.of_months([month, *(day for t in traces for day in t["x"])]), **common),
        "yaxis": dict(zeroline=False, **axes.of_values((v for t in on_values for v in t["y"]), suffix), **common),
        # of the events: steps upwards from the axis
        "yaxis2": dict(overlaying="y", range=[-0.6, 20], visible=False, fixedrange=True),
    }
