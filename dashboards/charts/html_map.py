"""The map in HTML: each county is a link in the shape of a CSS polygon, because Streamlit removes SVG from what a page shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboards.charts import map_geometry
from dashboards.charts.html_board import palette_variables
from dashboards.charts.palette import SIGNS, Ink
from dashboards.queries.row_types import CountyRow, Mark, Outline
from dashboards.text import screen_wording
from dashboards.text.templates import render


@dataclass(frozen=True)
class Area:
    """A county on the map. Without a `shape` it is a square; `x` and `y` are the middle of its label in per cent."""

    href: str
    status: str
    shape: str
    lines: list[str]
    said: list[str]
    x: str
    y: str
    at: str
    chosen: bool


def county_map(
    outlines: Sequence[Outline],
    rows: Mapping[str, CountyRow],
    marks: Mapping[str, Mark],
    links: Mapping[str, str],
    ink: Ink,
    chosen: str | None = None,
    summary: str = "",
) -> str:
    """Counties in the colours of their status, with sign, name and value. `rows`, `marks` and `links` are by county code."""
    within = map_geometry.frame(outlines)
    wanted = {code: point for code, point in map_geometry.middles(outlines, marks, within).items() if code in rows}
    texts = {code: _label(rows[code]) for code in wanted}
    middles = map_geometry.spread(wanted, texts, within.ratio)
    shapes = {outline["code"]: map_geometry.polygon(outline, within) for outline in outlines}
    areas = [
        _area(rows[code], links[code], shapes.get(code, ""), middles[code], wanted[code], code == chosen)
        # squares last: they lie upon their neighbours
        for code in sorted(wanted, key=lambda code: (code not in shapes, code))
    ]
    colours = palette_variables(ink)
    return render("map.html", areas=areas, ratio=f"{within.ratio:.4f}", summary=summary, colours=colours)


def _label(row: CountyRow) -> list[str]:
    return [f"{SIGNS[row['status']]} {row['short']}", row["shown"] or ""]


def _area(
    row: CountyRow, href: str, shape: str, middle: tuple[float, float], at: tuple[float, float], chosen: bool
) -> Area:
    return Area(
        href,
        row["status"],
        shape,
        _label(row),
        [row["county"], *screen_wording.detail(row, row["name"])],
        f"{middle[0]:.1f}",
        f"{middle[1]:.1f}",
        f"left:{at[0]:.1f}%;top:{at[1]:.1f}%",
        chosen,
    )
