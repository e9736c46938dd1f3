"""The board in HTML, laid out by `style.css` without a script: bullet bars, matrix of counties, ranking; for screen, paper, wall and notebook."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from dashboards.charts import bar_geometry
from dashboards.charts.palette import SIGNS, Ink
from dashboards.queries.row_types import CountyRow, FigureRow, PlaceRow
from dashboards.text import screen_wording
from dashboards.text.templates import render
from pipelines.edition import statuses

HEADS = (
    "指标（点名称看详情）",
    "竖线为目标；斜纹未填报，竖纹沿用",
    "现值（完成/应有）",
    "还差",
    "较上月",
    "走势",
)


@dataclass(frozen=True)
class Link:
    """A name on the board and the page that it opens; `mark` is the sign of a spot check."""

    href: str
    label: str
    number: str = ""
    quiet: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Span:
    """A part of a bar, in per cent of its width; `kind` is its class in the style."""

    kind: str
    left: str
    width: str
    colour: str = ""


@dataclass(frozen=True)
class Trend:
    """A small series: its picture, and the height of its last point where the month shown has a value."""

    picture: str
    end: str | None


@dataclass(frozen=True)
class Bar:
    """One line of bars or ranking. Without a trend it is a line of the ranking."""

    link: Link
    sign: str
    colour: str
    spans: list[Span]
    goal: str | None
    said: list[str]
    value: str
    parts: str
    known: str
    gap: str
    short: bool = False
    note: str = ""
    change: str = ""
    trend: Trend | None = None


@dataclass(frozen=True)
class Cell:
    """One cell of the matrix; `missing` is what the target still lacks, in per cent of the units that it needs."""

    status: str
    sign: str
    href: str
    said: list[str]
    missing: int


@dataclass(frozen=True)
class MatrixRow:
    """An indicator of the matrix; `behind` counties have it overdue, reversing, lagging or off track."""

    number: int
    link: Link | None
    cells: list[Cell | None]
    behind: int


@dataclass(frozen=True)
class Proven:
    """What visits prove of an indicator: the share in its own unit, and the sentence that says so."""

    share: float
    said: str


def bars(
    rows: Sequence[PlaceRow],
    links: Sequence[Link],
    summary: str,
    ink: Ink,
    proven: Mapping[str, Proven] = MappingProxyType({}),
) -> str:
    """Headline indicators as bullet bars; `summary` for screen readers, `proven`: by indicator, what a spot check proves."""
    lines = [_indicator(row, link, ink, proven.get(row["indicator"])) for row, link in zip(rows, links, strict=True)]
    return render("bars.html", bars=lines, heads=HEADS, summary=summary, colours=palette_variables(ink))


def ranking(rows: Sequence[CountyRow], links: Sequence[Link], summary: str, ink: Ink) -> str:
    """Counties of one indicator as bullet bars, each with its counts and its gap."""
    lines = [_county(row, link, ink) for row, link in zip(rows, links, strict=True)]
    return render("ranking.html", bars=lines, summary=summary, colours=palette_variables(ink))


def matrix(
    cells: Mapping[tuple[str, str], Cell],
    indicators: Mapping[str, Link | None],
    counties: Mapping[str, Link],
    behind: Mapping[str, int],
    summary: str,
    ink: Ink,
    counted: bool = True,
) -> str:
    """Counties across, headline indicators down, numbered as the bars beside it: colour and sign of each status.

    `cells` are by indicator and county; `indicators` by code, with a link where their names stand beside the numbers; `counties` the
    links by county code; `behind` by county how many indicators are behind. `counted`: all counties are there, so that a row is summed.
    """
    rows = [
        _matrix_row(number, link, [cells.get((indicator, county)) for county in counties])
        for number, (indicator, link) in enumerate(indicators.items(), 1)
    ]
    return render(
        "matrix.html",
        rows=rows,
        columns=list(counties.values()),
        behind=[behind.get(county, 0) for county in counties],
        counted=counted,
        named=any(indicators.values()),
        summary=summary,
        colours=palette_variables(ink),
    )


def _matrix_row(number: int, link: Link | None, cells: list[Cell | None]) -> MatrixRow:
    return MatrixRow(number, link, cells, len([cell for cell in cells if cell and cell.status in statuses.BEHIND]))


def cell(row: CountyRow, href: str) -> Cell:
    """A cell of the matrix: status, share of the gap, and the text under the pointer."""
    said = [row["county"], *screen_wording.detail(row, row["name"])]
    return Cell(row["status"], SIGNS[row["status"]], href, said, _missing(row))


def _missing(row: CountyRow) -> int:
    """Of the units that the target needs, those that are known to lack it, in per cent; at least 1 where there is one."""
    failing = row.get("gap_failing") if row.get("gap_failing") is not None else row["gap"]
    if not failing:
        return 0
    needed = row.get("needed") or (row["numerator"] or 0) + (row["gap"] or 0)
    return max(1, min(100, round(100 * float(failing) / float(needed)))) if needed else 0


def _indicator(row: PlaceRow, link: Link, ink: Ink, proven: Proven | None) -> Bar:
    common = _common(row, link, row["name"], ink)
    if proven:
        common["spans"].append(_proven_line(row, proven.share))
        common["said"].append(proven.said)
    change = screen_wording.change(row)
    return Bar(
        **common,
        gap=screen_wording.gap_alone(row),
        note=screen_wording.gap_note(row),
        short=bool(row["gap"]),
        change=change,
        trend=_trend(row, ink),
    )


def _county(row: CountyRow, link: Link, ink: Ink) -> Bar:
    return Bar(
        **_common(row, link, row["county"], ink), gap=screen_wording.gap_alone(row), note=screen_wording.gap_note(row)
    )


def _common(row: FigureRow, link: Link, name: str, ink: Ink) -> dict[str, Any]:
    goal = bar_geometry.target_mark(row)
    return {
        "link": link,
        "sign": SIGNS[row["status"]],
        "colour": ink.mark(row["status"]),
        "spans": _spans(row, ink),
        "goal": None if goal is None else f"{goal:.1f}",
        "said": screen_wording.detail(row, name),
        "value": screen_wording.value(row),
        "parts": screen_wording.parts(row) if row["shown"] is not None else "",
        "known": screen_wording.known(row),
    }


def _spans(row: FigureRow, ink: Ink) -> list[Span]:
    """Band of what is unknown, value, what of it is carried."""
    position = bar_geometry.position
    unknown = (position(row, row["lower"]), position(row, row["upper"])) if row["unknown"] else (0.0, 0.0)
    parts = [
        ("u", *unknown, ""),
        ("v", 0.0, position(row, row["value"]), ink.bar(row["status"])),
        ("c", *bar_geometry.carried_part(row), ""),
    ]
    return [Span(kind, f"{a:.1f}", f"{b - a:.1f}", colour) for kind, a, b, colour in parts if b > a]


def _proven_line(row: FigureRow, share: float) -> Span:
    """A thin line between the reported value and what is proven, with a tick at the latter: left of a share that is to rise."""
    value, bound = (bar_geometry.position(row, share_shown) for share_shown in (row["value"], share))
    low, high = sorted((value, bound))
    return Span("p" if bound <= value else "p up", f"{low:.1f}", f"{high - low:.1f}")


def _trend(row: PlaceRow, ink: Ink) -> Trend:
    """Each run of months is a line of its own; a point where the month itself has a value."""
    runs = bar_geometry.trend_runs(row)
    last = runs[-1][-1] if runs else None
    return Trend(_lines(runs, ink.quiet), f"{last[1]:.0f}" if last and last[0] == 100 else None)


# the lines as an image that the browser stretches; above and below there is room for half their width
_LINES = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 -8 100 116' preserveAspectRatio='none'>"
    "<path d='{path}' fill='none' stroke='{colour}' stroke-width='1.6' stroke-linejoin='round' vector-effect='non-scaling-stroke'/></svg>"
)


def _lines(runs: list[list[bar_geometry.Point]], colour: str) -> str:
    """The `data:` address of the picture of a small series."""
    path = "".join(f"M{' '.join(f'{x:.0f} {y:.0f}' for x, y in run)}h.01" for run in runs)
    return f"data:image/svg+xml,{_LINES.format(path=path, colour=colour)}".replace("#", "%23").replace("<", "%3C")


def palette_variables(ink: Ink) -> str:
    """The palette as CSS variables: by status the area and the sign upon it, and what is common."""
    common = {name: getattr(ink, name) for name in ("faint", "quiet", "unknown", "paper", "text", "line")}
    status = {**ink.fill, **{f"on-{name}": colour for name, colour in ink.on.items()}}
    return ";".join(f"--{name}:{colour}" for name, colour in {**common, **status}.items())
