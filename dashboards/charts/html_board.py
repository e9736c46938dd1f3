"""The board drawn in HTML: bullet bars and the matrix of counties, for screen, phone and paper at once (`style.css` lays them out).

Plotly draws the same for notebooks and the wall (`bullets`, `charts`); its program takes a browser longer than the whole first view,
so the pages that are opened first do without it. There is no script: what opens a page is a link, what bears `data-said` says more when
it is pointed at.
"""

from collections.abc import Sequence

from dashboards.charts.bullet_bars import part_of_bar, target_mark, trail_of
from dashboards.charts.palette import SIGNS, Ink
from dashboards.components.common_parts import href
from dashboards.text import escape, screen_wording


def bars(rows: Sequence[dict], names: Sequence[str], told: str, ink: Ink) -> str:
    """Headline indicators as a table of bullet bars: sign, name, bar against target, counts, gap, change, series.

    `names` are the links that stand for the names, as HTML; `told` is the whole for screen readers.
    """
    lines = [_bar(row, name, ink) for row, name in zip(rows, names, strict=True)]
    return f'<div class="bars" style="{_colours(ink)}"><p class="told">{escape.markup(told)}</p>{_HEAD}{"".join(lines)}</div>'


_HEAD = (
    '<div class="bar head"><i></i><u>指标（点名称看详情）</u><u>竖线为目标；斜纹未报或待核实，竖纹沿用</u>'
    "<u>现值（完成/应有）</u><u>还差</u><u>较上月</u><u>走势</u></div>"
)


def _bar(row: dict, name: str, ink: Ink) -> str:
    gap, moved = escape.markup(screen_wording.gap_alone(row)), escape.markup(screen_wording.change(row))
    return (
        f'<div class="bar"><i style="color:{ink.mark(row["status"])}">{SIGNS[row["status"]]}</i>{name}{_track(row, ink)}'
        f"<span>{_value(row)}</span><span{' class=gap' if row['gap'] else ''}>{gap}</span><span>{moved}</span>{_trail(row)}</div>"
    )


def _track(row: dict, ink: Ink) -> str:
    """Ground, band of what is not known, value, what of it is carried, mark of the target."""
    value = part_of_bar(row, row["value"]) or 0
    lent = value * screen_wording.carried_share(row)
    parts = [
        _span("u", part_of_bar(row, row["lower"]) or 0, part_of_bar(row, row["upper"]) or 0) if row["unknown"] else ""
    ]
    parts += [_span("v", 0, value, f";background:{ink.bar(row['status'])}"), _span("c", value - lent, value)]
    goal = target_mark(row)
    parts += [f'<s class="g" style="left:{100 * goal:.1f}%"></s>' if goal is not None else ""]
    return f'<div class="track"{_said(row, row["name"])}>{"".join(parts)}</div>'


def _span(kind: str, start: float, end: float, more: str = "") -> str:
    if end <= start:
        return ""
    return f'<s class="{kind}" style="left:{100 * start:.1f}%;width:{100 * (end - start):.1f}%{more}"></s>'


def _value(row: dict) -> str:
    counts = f" <em>{escape.markup(screen_wording.parts(row))}</em>" if row["shown"] is not None else ""
    return f"<b>{escape.markup(screen_wording.value(row))}</b>{counts}"


def _trail(row: dict) -> str:
    """The series up to the month shown, each run a ribbon between two edges; a point where the month itself has a value."""
    runs = trail_of(row)
    drawn = [f'<s style="clip-path:polygon({_ribbon(run)})"></s>' for run in runs]
    if runs and runs[-1][-1][0] == 100:
        drawn.append(f'<s class="end" style="top:{runs[-1][-1][1]:.0f}%"></s>')
    return f'<div class="trail">{"".join(drawn)}</div>'


def _ribbon(run: list[tuple[float, float]]) -> str:
    there = [f"{x:.0f}% {y:.0f}%" for x, y in run]
    return ",".join([*there, *(f"{x:.0f}% calc({y:.0f}% + 1.5px)" for x, y in reversed(run))])


def ranking(rows: Sequence[dict], names: Sequence[str], told: str, ink: Ink) -> str:
    """Counties of one indicator as bullet bars, each with its counts and its gap; `names` as in `bars`."""
    lines = [_county(row, name, ink) for row, name in zip(rows, names, strict=True)]
    return (
        f'<div class="ranking" style="{_colours(ink)}"><p class="told">{escape.markup(told)}</p>{"".join(lines)}</div>'
    )


def _county(row: dict, name: str, ink: Ink) -> str:
    track = _track({**row, "name": row["county"]}, ink)
    gap = escape.markup(screen_wording.gap(row).replace("还差 ", "差 "))
    sign = f'<i style="color:{ink.mark(row["status"])}">{SIGNS[row["status"]]}</i>'
    return f'<div class="bar">{sign}{name}{track}<span>{_value(row)}</span><span>{gap}</span></div>'


def matrix(
    cells: Sequence[dict],
    indicators: Sequence[str],
    counties: Sequence[dict],
    names: Sequence[str],
    told: str,
    ink: Ink,
) -> str:
    """Counties across, headline indicators down, numbered as the bars beside it: colour and sign of each status. `names` as in `bars`."""
    found = {(cell["indicator"], cell["place"]): cell for cell in cells}
    # once for all cells; where a name stands twice in an address, the page takes the last
    kept = href("county")
    lines = [
        f"<u>{n}</u>{''.join(_cell(found.get((name, county['unit'])), kept) for county in counties)}"
        for n, name in enumerate(indicators, 1)
    ]
    across = f"--n:{len(counties)};{_colours(ink)}"
    return (
        f'<div class="matrix" style="{across}"><nav><u></u>{"".join(names)}</nav>'
        f'<div class="cells" role="group" aria-label="{escape.markup(told)}">{"".join(lines)}</div></div>'
    )


def _cell(cell: dict | None, kept: str) -> str:
    if cell is None:
        return "<b></b>"
    to = f"{kept}&amp;county={escape.markup(cell['place'])}&amp;indicator={escape.markup(cell['indicator'])}"
    return f'<a class="{cell["status"]}" tabindex="-1" href="{to}"{_said(cell, cell["name"], cell["county"])}>{SIGNS[cell["status"]]}</a>'


def _said(row: dict, name: str, first: str = "") -> str:
    """What is said when it is pointed at, line by line."""
    lines = [*([first] if first else []), *screen_wording.detail(row, name)]
    return f' data-said="{"&#10;".join(map(escape.markup, lines))}"'


def _colours(ink: Ink) -> str:
    """The palette as CSS variables: by status the area and the sign upon it, and what is common."""
    common = {
        "faint": ink.faint,
        "quiet": ink.quiet,
        "unknown": ink.unknown,
        "paper": ink.paper,
        "text": ink.text,
        "line": ink.line,
    }
    status = {**ink.fill, **{f"on-{name}": colour for name, colour in ink.on.items()}}
    return ";".join(f"--{name}:{colour}" for name, colour in {**common, **status}.items())
