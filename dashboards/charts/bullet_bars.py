"""Bullet bars: value, mark of the target, band of what is not known; with words and counts beside them.

All stands on one horizontal axis from 0 to 1 across the figure, so that words and bars share a trace a column: an annotation for
each word would cost a second a page. The pages that are opened first draw the same in HTML (`drawing`).
"""

from itertools import groupby

import plotly.graph_objects as go

from dashboards.charts.palette import LIGHT, SIGNS, Ink
from dashboards.charts.plotly_charts import FONT, HEAD, ROW, blank, hover
from dashboards.text import escape, screen_wording

# columns of the wide table: where each begins (left) or ends (right)
_BAR, _TRAIL = (0.375, 0.60), (0.925, 0.995)
_HEADS = (
    (0.03, "指标（点名称看详情）", "left"),
    (0.375, "竖线为目标；斜纹未报或待核实，竖纹沿用", "left"),
    (0.735, "现值（完成/应有）", "right"),
    (0.845, "还差", "right"),
    (0.905, "较上月", "right"),
    (0.925, "走势", "left"),
)


def bars(rows: list[dict], ink: Ink = LIGHT, size: int = 14, row: int = ROW) -> go.Figure:
    """Headline indicators as a table of bullet bars: sign, name, bar against target, counts, gap, change, series."""
    font = dict(family=FONT, size=size, color=ink.text)
    figure = blank(ink, HEAD + row * len(rows) + 6, font=font, margin=dict(l=0, r=4, t=0, b=6))
    y = list(range(len(rows)))
    _bullets(figure, rows, y, 0.62, _BAR, row, ink)
    _signs(figure, rows, y, size + 3, ink)
    _column(
        figure, 0.03, y, [f"{escape.plotly(item['name'])} {_quiet(screen_wording.target(item), ink)}" for item in rows]
    )
    _column(figure, 0.735, y, [_value(item, ink) for item in rows], "right")
    _column(figure, 0.845, y, [escape.plotly(screen_wording.gap_alone(item)) for item in rows], "right")
    _column(figure, 0.905, y, [_quiet(screen_wording.change(item), ink) for item in rows], "right")
    _trails(figure, rows, ink)
    for x, title, side in _HEADS:
        _column(figure, x, [-0.9], [_quiet(title, ink)], side, dict(size=size - 2))
    # the head is as high as the matrix's beside it, so that the rows of both meet
    return _framed(figure, len(rows), above=HEAD / row)


def ranking(rows: list[dict], ink: Ink = LIGHT) -> go.Figure:
    """Counties by value, each with its target, its counts and its gap. What is clicked is the county's code."""
    font = dict(family=FONT, size=13, color=ink.text)
    figure = blank(ink, 30 * len(rows) + 12, font=font, margin=dict(l=0, r=4, t=4, b=4))
    y = list(range(len(rows)))
    named = [{**row, "name": row["county"], "key": row["place"]} for row in rows]
    _bullets(figure, named, y, 0.62, (0.16, 0.52), 30, ink)
    _column(figure, 0, y, [f"{_sign(row, ink)} {escape.plotly(row['short'])}" for row in rows])
    _column(figure, 0.775, y, [_value(row, ink) for row in rows], "right")
    _column(figure, 1, y, [escape.plotly(screen_wording.gap(row).replace("还差 ", "差 ")) for row in rows], "right")
    return _framed(figure, len(rows))


def _framed(figure: go.Figure, rows: int, above: float = 0.0) -> go.Figure:
    figure.update_layout(
        barmode="overlay",
        xaxis=dict(visible=False, range=[0, 1], fixedrange=True),
        yaxis=dict(visible=False, range=[rows - 0.5, -0.5 - above], fixedrange=True),
    )
    return figure


# ---- the bars


def _scale(row: dict) -> float:
    """What a full bar means: 100 for a share; for a ratio somewhat more than its target or value."""
    if row["unit"] == "%":
        return 100.0
    return 1.25 * max(row["low"] or 0, row["high"] or 0, row["value"] or 0) or 1.0


def part_of_bar(row: dict, value: float | None) -> float | None:
    """A value as a share of its bar."""
    return None if value is None else min(1.0, value / _scale(row))


def target_mark(row: dict) -> float | None:
    """Where on the bar the mark of the target stands; nowhere where the indicator does not apply."""
    if row["status"] == "not_applicable":
        return None
    return part_of_bar(row, row["low"] if row["low"] is not None else row["high"])


def _bullets(figure: go.Figure, rows: list[dict], y: list, thick: float, span: tuple, height: int, ink: Ink) -> None:
    """Ground, band of what is not known, value, mark of the target."""
    start, width = span[0], span[1] - span[0]
    lower = [width * (part_of_bar(row, row["lower"]) or 0) if row["unknown"] else 0 for row in rows]
    upper = [width * (part_of_bar(row, row["upper"]) or 0) if row["unknown"] else 0 for row in rows]
    values = [width * (part_of_bar(row, row["value"]) or 0) for row in rows]
    texts = hover(rows)
    keys = [row.get("key", row["indicator"]) for row in rows]
    common = dict(y=y, orientation="h", hoverinfo="text", hovertext=texts, customdata=keys)
    hatched = dict(color=ink.unknown, pattern=dict(shape="/", fgcolor=ink.quiet, size=5, solidity=0.15))
    figure.add_bar(x=[width] * len(rows), base=start, width=thick, marker=dict(color=ink.faint), **common)
    band = [high - low for high, low in zip(upper, lower, strict=True)]
    figure.add_bar(x=band, base=[start + low for low in lower], width=thick, marker=hatched, **common)
    colours = dict(color=[ink.bar(row["status"]) for row in rows])
    figure.add_bar(x=values, base=start, width=thick * 0.52, marker=colours, **common)
    # what stands on carried answers is striped, from the bar's end backwards: all of it where a county has not reported
    lent = [value * screen_wording.carried_share(row) for value, row in zip(values, rows, strict=True)]
    base = [start + value - part for value, part in zip(values, lent, strict=True)]
    striped = dict(color="rgba(0,0,0,0)", pattern=dict(shape="|", fgcolor=ink.paper, size=6, solidity=0.4))
    figure.add_bar(x=lent, base=base, width=thick * 0.52, marker=striped, **common)
    goals = [target_mark(row) for row in rows]
    mark = dict(symbol="line-ns", size=round(height * thick * 0.46), line=dict(width=3, color=ink.text))
    x = [None if goal is None else start + width * goal for goal in goals]
    figure.add_scatter(x=x, y=y, mode="markers", hoverinfo="skip", marker=mark, cliponaxis=False)


def _trails(figure: go.Figure, rows: list[dict], ink: Ink) -> None:
    """The series of each row as a small line, up to the month shown, ending in a point."""
    x, y, ends = [], [], []
    for at, row in enumerate(rows):
        for run in trail_of(row):
            x += [*(_TRAIL[0] + (_TRAIL[1] - _TRAIL[0]) * place / 100 for place, _ in run), None]
            y += [*(at - 0.3 + 0.6 * height / 100 for _, height in run), None]
            ends += [(x[-2], y[-2])] if run[-1][0] == 100 else []
    figure.add_scatter(x=x, y=y, mode="lines", line=dict(color=ink.quiet, width=1.5), hoverinfo="skip")
    point = dict(color=ink.text, size=5)
    figure.add_scatter(x=[e[0] for e in ends], y=[e[1] for e in ends], mode="markers", marker=point, hoverinfo="skip")


def trail_of(row: dict) -> list[list[tuple[float, float]]]:
    """A row's series up to its month, from 0 to 100 to the right and down: the runs of months with a value."""
    values = [value for month, value in zip(row["months"], row["values"], strict=True) if month <= row["month"]]
    low, high = _span([value for value in values if value is not None])
    width = 100 / max(1, len(values) - 1)
    placed = [(width * n if len(values) > 1 else 100.0, v) for n, v in enumerate(values)]
    runs = [list(run) for has, run in groupby(placed, key=lambda point: point[1] is not None) if has]
    return [[(x, 100 - 100 * (value - low) / (high - low)) for x, value in run] for run in runs]


def _span(values: list[float]) -> tuple[float, float]:
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    return (low, high) if high > low else (low - 1.0, high + 1.0)


# ---- the words


def _column(
    figure: go.Figure, x: float, y: list, texts: list[str], side: str = "left", font: dict | None = None
) -> None:
    """A column of words that begins (left) or ends (right) at x."""
    figure.add_scatter(
        x=[x] * len(y),
        y=y,
        text=texts,
        mode="text",
        textposition="middle right" if side == "left" else "middle left",
        textfont=font,
        hoverinfo="skip",
        cliponaxis=False,
    )


def _signs(figure: go.Figure, rows: list[dict], y: list, size: int, ink: Ink) -> None:
    font = dict(size=size, color=[ink.mark(row["status"]) for row in rows])
    signs = [SIGNS[row["status"]] for row in rows]
    figure.add_scatter(
        x=[0] * len(y), y=y, text=signs, mode="text", textposition="middle right", textfont=font, hoverinfo="skip"
    )


def _sign(row: dict, ink: Ink) -> str:
    return f"<span style='color:{ink.mark(row['status'])}'>{SIGNS[row['status']]}</span>"


def _quiet(text: str, ink: Ink) -> str:
    return f"<span style='color:{ink.quiet}'>{escape.plotly(text)}</span>"


def _value(row: dict, ink: Ink) -> str:
    """The value in bold, its counts behind it."""
    counts = f" {_quiet(screen_wording.parts(row), ink)}" if row["shown"] is not None else ""
    return f"<b>{escape.plotly(screen_wording.value(row))}</b>{counts}"
