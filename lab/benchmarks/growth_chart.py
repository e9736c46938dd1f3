"""The growth of a month's cost as a picture: one panel a measure, a dot a month, every panel from zero. SVG, written by hand: there is
no drawing library among the requirements that makes one without a browser.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, LEFT, TOP = 720, 130, 60, 34


@dataclass(frozen=True)
class Panel:
    """What is drawn: `values` a month, in `unit`."""

    title: str
    unit: str
    values: Sequence[float]


def svg(labels: Sequence[str], panels: Sequence[Panel]) -> str:
    """`labels`: the months, in order; the first of each year is written below."""
    drawn = [_panel(panel, n * (HEIGHT + TOP) + TOP) for n, panel in enumerate(panels)]
    bottom = len(panels) * (HEIGHT + TOP) + 16
    years = [_text(_x(n, len(labels)), bottom, label[:4]) for n, label in enumerate(labels) if label.endswith("-01")]
    body = "\n".join([*drawn, *years])
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 10}" font-family="sans-serif" font-size="11">'
    return f'{head}\n<rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n'


def _panel(panel: Panel, top: int) -> str:
    most, floor = max(panel.values) * 1.1 or 1.0, top + HEIGHT
    dots = [
        f'<circle cx="{_x(n, len(panel.values)):.1f}" cy="{floor - HEIGHT * value / most:.1f}" r="2" fill="#345"/>'
        for n, value in enumerate(panel.values)
    ]
    marks = [_text(LEFT - 34, floor - HEIGHT * part + 4, f"{most * part:.2g}") for part in (0, 0.5, 1)]
    axis = f'<path d="M{LEFT} {top}V{floor}H{WIDTH}" fill="none" stroke="#999"/>'
    return "\n".join([_text(LEFT, top - 10, f"{panel.title}, {panel.unit}"), axis, *marks, *dots])


def _x(number: int, count: int) -> float:
    return LEFT + (WIDTH - LEFT - 10) * (number + 0.5) / count


def _text(x: float, y: float, said: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" fill="#333">{said}</text>'
