"""A Plotly figure as a still SVG picture, read from the figure itself. Its axes need `range`, `tickvals` and `ticktext` (`axes.py`)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import quote

from dashboards.text import escape
from dashboards.text.templates import render

_DASHES = {"dot": "2 4", "dash": "7 5"}
_SIGNS = {"diamond": "◆", "square": "■"}
# the plot is this wide and high in the units of its lines
_FULL = 1000
# two lines of words under the axis, in pixels
_BELOW = 45


@dataclass(frozen=True)
class Line:
    """A line or an area: its points, colours and width; `points` in thousandths of the plot, to the right and down."""

    points: str
    colour: str
    fill: str
    width: float
    dash: str


@dataclass(frozen=True)
class Mark:
    """A point, a sign or a word at a place in per cent of the plot."""

    x: str
    y: str
    colour: str
    size: float
    text: str = ""
    anchor: str = "middle"


@dataclass(frozen=True)
class Key:
    """An entry of the legend."""

    name: str
    colour: str
    dash: str
    sign: str
    area: bool


def address(figure: Mapping[str, Any]) -> str:
    """The picture as a `data:` address for an image; `figure` as Plotly's JSON."""
    return f"data:image/svg+xml,{quote(svg(figure), safe=_SAFE)}"


# what may stand in the address as it is, within an attribute in double quotes
_SAFE = " !*(),;:=/.-_~'"


def svg(figure: Mapping[str, Any]) -> str:
    """The picture, as wide as it is shown and as high as the plot with its margins and the words of its axes."""
    layout = figure["layout"]
    frames = {name: _Frame(layout, name) for name in ("y", *(["y2"] if "yaxis2" in layout else []))}
    traces = [(trace, frames[trace.get("yaxis", "y")]) for trace in figure["data"]]
    return render(
        "trend.svg",
        margin=layout["margin"],
        height=_height(layout),
        outer=outer_height(layout),
        font=layout["font"],
        quiet=layout["xaxis"]["tickfont"]["color"],
        grid=layout["xaxis"]["gridcolor"],
        across=_ticks(layout["xaxis"], frames["y"].x),
        down=_ticks(layout["yaxis"], frames["y"].y),
        guides=[_guide(shape, frames["y"]) for shape in layout.get("shapes", [])],
        lines=[line for trace, frame in traces for line in _lines(trace, frame)],
        points=[point for trace, frame in traces for point in _points(trace, frame)],
        words=[word for trace, frame in traces for word in _words(trace, frame)],
    )


def outer_height(layout: Mapping[str, Any]) -> float:
    """Of the picture, in pixels: the plot with the words of its axis, without the legend."""
    return _height(layout) + layout["margin"]["t"] + _BELOW


def _height(layout: Mapping[str, Any]) -> float:
    return float(layout["height"] - layout["margin"]["t"] - layout["margin"]["b"])


def keys(figure: Mapping[str, Any]) -> list[Key]:
    """The legend, in the order of the traces."""
    return [_key(trace) for trace in figure["data"] if trace.get("showlegend", True)]


def _key(trace: Mapping[str, Any]) -> Key:
    line, marker = trace.get("line", {}), trace.get("marker", {})
    filled = "fill" in trace
    colour = trace["fillcolor"] if filled else line.get("color") or marker["color"]
    return Key(trace["name"], colour, line.get("dash", "solid"), _SIGNS.get(marker.get("symbol", ""), ""), filled)


class _Frame:
    """Converts dates and values to per cent of the plot."""

    def __init__(self, layout: Mapping[str, Any], axis: str) -> None:
        self._first, self._last = map(_seconds, layout["xaxis"]["range"])
        self._low, self._high = layout["yaxis" + axis[1:]]["range"]

    def x(self, day: str) -> float:
        return 100 * (_seconds(day) - self._first) / (self._last - self._first)

    def y(self, value: float) -> float:
        return 100 * (self._high - value) / (self._high - self._low)


def _seconds(day: str) -> float:
    return (datetime.fromisoformat(day) - datetime(2000, 1, 1)).total_seconds()


def _ticks(axis: Mapping[str, Any], place: Any) -> list[tuple[str, list[str]]]:
    """Place and lines of words of each tick."""
    return [
        (f"{place(value):.2f}", text.split("<br>"))
        for value, text in zip(axis["tickvals"], axis["ticktext"], strict=True)
    ]


def _guide(shape: Mapping[str, Any], frame: _Frame) -> dict[str, str]:
    """An upright line at a day, or a level one at a value."""
    if shape["xref"] == "x":
        x = f"{frame.x(shape['x0']):.2f}"
        return dict(x1=x, x2=x, y1="0", y2="100", colour=shape["line"]["color"])
    y = f"{frame.y(shape['y0']):.2f}"
    return dict(x1="0", x2="100", y1=y, y2=y, colour=shape["line"]["color"])


def _placed(trace: Mapping[str, Any], frame: _Frame) -> list[tuple[float, float] | None]:
    return [None if y is None else (frame.x(x), frame.y(y)) for x, y in zip(trace["x"], trace["y"], strict=True)]


def _lines(trace: Mapping[str, Any], frame: _Frame) -> Iterator[Line]:
    """One line for each run of points with a value."""
    if "lines" not in trace["mode"]:
        return
    line = trace["line"]
    for known, run in groupby(_placed(trace, frame), key=lambda point: point is not None):
        if known:
            yield Line(
                _path([point for point in run if point]),
                line.get("color", "none"),
                trace.get("fillcolor", "none"),
                line["width"],
                _DASHES.get(line.get("dash", ""), ""),
            )


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x * _FULL / 100:.1f},{y * _FULL / 100:.1f}" for x, y in points)


def _points(trace: Mapping[str, Any], frame: _Frame) -> Iterator[Mark]:
    """Round points; other signs are words."""
    marker = trace.get("marker", {})
    if "markers" not in trace["mode"] or marker.get("symbol") in _SIGNS:
        return
    colour = marker.get("color") or trace["line"]["color"]
    for point in filter(None, _placed(trace, frame)):
        yield Mark(f"{point[0]:.2f}", f"{point[1]:.2f}", colour, marker["size"] / 2)


def _words(trace: Mapping[str, Any], frame: _Frame) -> Iterator[Mark]:
    """Signs, and the text at them: upon the sign, or to its right."""
    marker = trace.get("marker", {})
    sign = _SIGNS.get(marker.get("symbol", ""), "")
    right = "right" in trace.get("textposition", "")
    for point, text in zip(_placed(trace, frame), trace.get("text") or [], strict=False):
        if point:
            x, y = (f"{place:.2f}" for place in point)
            yield Mark(x, y, marker["color"], marker["size"] * 1.4, sign)
            font = trace.get("textfont", {})
            said = escape.plotly_plain(text)
            yield Mark(x, y, font.get("color", ""), font.get("size", 14), said, "start" if right else "middle")
