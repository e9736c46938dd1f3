"""Plotly figures: the matrix of counties, trend, map (bullet bars: `bullets`). For pages and for notebooks.

Every text that comes from data is escaped: Plotly reads a little HTML. Nothing is fetched: outlines are filled scatter traces.
"""

import plotly.graph_objects as go

from dashboards.charts.palette import ATTENTION, LIGHT, NAMES, SIGNS, Ink
from dashboards.text import escape, screen_wording
from pipelines import months

# heights in pixels: a row of bars and matrix, and their head
ROW, HEAD = 34, 74
FONT = "PingFang SC, Microsoft YaHei, Noto Sans CJK SC, Noto Sans SC, sans-serif"
# nothing in the corner of a chart, no wheel that swallows scrolling
CONFIG = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False, "showTips": False}


def blank(ink: Ink, height: int, **layout) -> go.Figure:
    # all at once: every later update of a layout is validated as a whole
    plain = dict(
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


def hover(rows: list[dict], name: str = "name") -> list[str]:
    return ["<br>".join(escape.plotly(line) for line in screen_wording.detail(row, row[name])) for row in rows]


# ---- counties × indicators


def matrix(
    cells: list[dict],
    indicators: list[str],
    counties: list[dict],
    ink: Ink = LIGHT,
    row: int = ROW,
) -> go.Figure:
    """Counties across, headline indicators down (in the order of the bars beside it): colour and sign of each status."""
    across = {county["unit"]: n for n, county in enumerate(counties)}
    down = {name: n for n, name in enumerate(indicators)}
    places = [(across[cell["place"]], down[cell["indicator"]]) for cell in cells]
    figure = blank(ink, HEAD + row * len(indicators) + 6, margin=dict(l=24, r=2, t=HEAD, b=6))
    _squares(figure, cells, places, ink)
    _cell_signs(figure, cells, places, ink)
    names = ["<br>".join(escape.plotly(letter) for letter in _label(county)) for county in counties]
    top = dict(
        side="top", tickvals=list(range(len(names))), ticktext=names, tickangle=0, tickfont=dict(size=13), ticks=""
    )
    numbers = [str(n + 1) for n in range(len(indicators))]
    side = dict(
        tickvals=list(range(len(indicators))), ticks="", ticktext=numbers, tickfont=dict(size=11, color=ink.quiet)
    )
    bare = dict(showgrid=False, zeroline=False, fixedrange=True)
    figure.update_xaxes(**top, **bare, range=[-0.5, len(counties) - 0.5])
    figure.update_yaxes(**side, **bare, range=[len(indicators) - 0.5, -0.5])
    return figure


def _squares(figure: go.Figure, cells: list[dict], places: list[tuple[int, int]], ink: Ink) -> None:
    steps = list(NAMES)
    z = [steps.index(cell["status"]) for cell in cells]
    figure.add_heatmap(
        x=[x for x, _ in places],
        y=[y for _, y in places],
        z=z,
        zmin=-0.5,
        zmax=len(steps) - 0.5,
        colorscale=_steps(steps, ink),
        showscale=False,
        xgap=3,
        ygap=3,
        hoverinfo="skip",
    )


def _cell_signs(figure: go.Figure, cells: list[dict], places: list[tuple[int, int]], ink: Ink) -> None:
    """The signs, and what is pointed at and clicked: squares of a heatmap can be neither."""
    said = [f"<b>{escape.plotly(cell['county'])}</b><br>{text}" for cell, text in zip(cells, hover(cells), strict=True)]
    figure.add_scatter(
        x=[x for x, _ in places],
        y=[y for _, y in places],
        mode="markers+text",
        text=[SIGNS[cell["status"]] for cell in cells],
        textfont=dict(size=15, color=[ink.on[cell["status"]] for cell in cells]),
        marker=dict(size=15, opacity=0, symbol="square"),
        hoverinfo="text",
        hovertext=said,
        customdata=[[cell["indicator"], cell["place"]] for cell in cells],
        selected=dict(marker=dict(opacity=0)),
        unselected=dict(marker=dict(opacity=0)),
    )


def _label(county: dict) -> str:
    """Three characters at most, one above the other."""
    return escape.plain(county["short"])[:3]


def _steps(steps: list[str], ink: Ink) -> list[list]:
    """A colour scale without passages: each status its own colour."""
    width = 1 / len(steps)
    return [[edge, ink.fill[status]] for n, status in enumerate(steps) for edge in (n * width, (n + 1) * width)]


# ---- one indicator over time


def trend(
    rows: list[dict], indicator: dict, view_divisions: str, month, outlook: dict | None, ink: Ink = LIGHT
) -> go.Figure:
    """The series with its bounds, the other reading of the divisions, the path to the target, the outlook."""
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
    ]
    legend = dict(orientation="h", y=-0.1, x=0, font=dict(color=ink.quiet))
    frame = dict(margin=dict(l=52, r=90, t=16, b=34), hovermode="x", showlegend=True, legend=legend)
    # traces and layout at once: each that is added by itself is validated with all that is there
    figure = blank(ink, 500, shapes=_guides(month, _goal(indicator), ink), **frame, **_axes(indicator, ink))
    return figure.add_traces(traces)


def _band(rows: list[dict], ink: Ink) -> list[dict]:
    known = [row for row in rows if row["lower"] is not None and row["unknown"]]
    if not known:
        return []
    x = [row["month"] for row in known]
    return [
        dict(
            type="scatter",
            x=x + x[::-1],
            y=[row["upper"] for row in known] + [row["lower"] for row in known][::-1],
            fill="toself",
            mode="lines",
            line=dict(width=0),
            fillcolor=_clear(ink.unknown),
            hoverinfo="skip",
            name="未报或待核实的范围",
        )
    ]


def _clear(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.45)"


def _line(rows: list[dict], colour: str, name: str, width: float, dash: str = "solid") -> dict:
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


def _goal(indicator: dict) -> float | None:
    return indicator["low"] if indicator["low"] is not None else indicator["high"]


def _path(rows: list[dict], indicator: dict, ink: Ink) -> list[dict]:
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


def _ahead(rows: list[dict], indicator: dict, outlook: dict | None, ink: Ink) -> list[dict]:
    """Where the trend leads."""
    if not (outlook and rows and outlook.get("value_at_due") is not None):
        return []
    line = dict(color=ink.accent, width=1.5, dash="dash")
    end = (indicator["goal_due"], outlook["value_at_due"])
    return [_straight("按目前走势", (rows[-1]["month"], rows[-1]["value"]), end, line)]


def _straight(name: str, start: tuple, end: tuple, line: dict) -> dict:
    ends = dict(x=[start[0], end[0]], y=[start[1], end[1]])
    return dict(type="scatter", **ends, mode="lines", name=name, line=line, hoverinfo="skip")


def _guides(month, goal: float | None, ink: Ink) -> list[dict]:
    """The month that is looked at, and the target."""
    common = dict(type="line", line=dict(color=ink.line, width=1))
    upright = dict(x0=month.isoformat(), x1=month.isoformat(), y0=0, y1=1, xref="x", yref="y domain")
    level = dict(x0=0, x1=1, y0=goal, y1=goal, xref="x domain", yref="y")
    return [common | upright, *([common | level] if goal is not None else [])]


def _axes(indicator: dict, ink: Ink) -> dict[str, dict]:
    common = dict(tickfont=dict(color=ink.quiet), gridcolor=ink.faint, fixedrange=True)
    suffix = "%" if indicator["unit"] == "%" else ""
    return {
        "xaxis": dict(tickformat="%Y年%-m月", nticks=8, **common),
        "yaxis": dict(ticksuffix=suffix, zeroline=False, rangemode="tozero", **common),
    }


# ---- map


def outline_map(
    shapes: list[dict],
    rows: dict[str, dict],
    marks: dict[str, str],
    chosen: str | None = None,
    ink: Ink = LIGHT,
    height: int = 620,
) -> go.Figure:
    """Filled outlines of the counties in status colours, with sign and name. `marks`: places without an outline → beside which."""
    figure = blank(ink, height, hovermode="closest")
    for shape in shapes:
        _area(figure, shape, rows.get(shape["code"]), shape["code"] == chosen, ink)
    _labels(figure, shapes, rows, marks, ink)
    figure.update_xaxes(visible=False, fixedrange=True)
    # at 37° north a degree of longitude is four fifths of one of latitude
    figure.update_yaxes(visible=False, scaleanchor="x", scaleratio=1.25, fixedrange=True)
    return figure


def _area(figure: go.Figure, shape: dict, row: dict | None, chosen: bool, ink: Ink) -> None:
    x = [value for ring in shape["rings"] for value in [*(point[0] for point in ring), None]]
    y = [value for ring in shape["rings"] for value in [*(point[1] for point in ring), None]]
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        fill="toself",
        fillcolor=ink.fill[row["status"] if row else "no_data"],
        line=dict(color=ink.accent if chosen else ink.quiet, width=3 if chosen else 0.8),
        hoverinfo="skip",
    )


def _labels(figure: go.Figure, shapes: list[dict], rows: dict[str, dict], marks: dict[str, str], ink: Ink) -> None:
    """A mark to point at and to click in the middle of each county; the 开发区, which has no outline, beside its neighbour."""
    places = {shape["code"]: _middle(shape) for shape in shapes}
    for code, beside in marks.items():
        if beside in places:
            places[code] = (places[beside][0] + 0.13, places[beside][1] + 0.02)
    known = [(place, rows[code]) for code, place in places.items() if code in rows]
    figure.add_scatter(
        x=[place[0] for place, _ in known],
        y=[place[1] for place, _ in known],
        mode="markers+text",
        text=[_said(row) if row["place"] not in marks else "" for _, row in known],
        textfont=dict(size=12, color=[ink.on[row["status"]] for _, row in known]),
        marker=dict(
            size=[14 if row["place"] in marks else 34 for _, row in known],
            symbol="square",
            color=[ink.fill[row["status"]] for _, row in known],
            opacity=[1 if row["place"] in marks else 0 for _, row in known],
            line=dict(color=ink.quiet, width=1),
        ),
        textposition="middle center",
        hoverinfo="text",
        customdata=[row["place"] for _, row in known],
        cliponaxis=False,
        hovertext=[
            f"<b>{escape.plotly(row['county'])}</b><br>{said}"
            for (_, row), said in zip(known, hover([r for _, r in known]), strict=True)
        ],
        unselected=dict(marker=dict(opacity=0), textfont=dict(color=ink.text)),
    )
    for (x, y), row in known:
        if row["place"] in marks:
            # it stands on its neighbour's colour: a ground of its own keeps it readable
            own = dict(bgcolor=ink.faint, bordercolor=ink.quiet, borderpad=2, font=dict(size=12, color=ink.text))
            figure.add_annotation(x=x, y=y, text=_said(row), showarrow=False, xanchor="left", xshift=10, **own)


def _said(row: dict) -> str:
    return f"{SIGNS[row['status']]} {escape.plotly(row['short'])}<br>{escape.plotly(row['shown'] or '')}"


def _middle(shape: dict) -> tuple[float, float]:
    """The middle of the largest ring's extent: near enough for a label."""
    ring = max(shape["rings"], key=len)
    x, y = [point[0] for point in ring], [point[1] for point in ring]
    return (min(x) + max(x)) / 2, (min(y) + max(y)) / 2


def worst_first(rows: list[dict]) -> list[dict]:
    """Rows in the order in which they want attention."""
    return sorted(rows, key=lambda row: ATTENTION.index(row["status"]))
