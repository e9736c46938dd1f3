"""Pieces that several pages show: the verdict, bars, tables of figures, links that carry the choice along."""

from collections import Counter
from collections.abc import Callable
from urllib.parse import urlencode

import streamlit as st
from plotly.graph_objects import Figure

from dashboards import signin
from dashboards.charts import palette, plotly_charts
from dashboards.components.header import View
from dashboards.queries import edition_data, figure_rows
from dashboards.text import escape, screen_wording
from pipelines import months

PATHS = {
    "county": "app_pages/county.py",
    "indicator": "app_pages/indicator.py",
    "unit": "app_pages/unit.py",
    "overview": "app_pages/overview.py",
    "wall": "app_pages/wall.py",
    "reporting": "app_pages/reporting.py",
}
# the choices that a link carries to the page that it opens
_CARRIED = ("policy", "month", "divisions", "county", "indicator", "unit", "edition")


def go(page: str, **chosen: str) -> None:
    """Open a page with something chosen, keeping the rest of the choice."""
    st.switch_page(PATHS[page], query_params=_address(chosen))


def link(page: str, label: str, quiet: str = "", **chosen: str) -> None:
    """A link to a page with something chosen; `quiet` stands in grey behind the label."""
    more = f" :gray[{escape.markdown(quiet)}]" if quiet else ""
    st.page_link(PATHS[page], label=escape.markdown(label) + more, query_params=_address(chosen))


def href(page: str, **chosen: str) -> str:
    """The address of a page with something chosen, escaped: relative, so that it holds behind a proxy's path too."""
    return escape.markup(f"{page}?{urlencode(_address(chosen))}")


def anchor(page: str, number: str, label: str, quiet: str, chosen: dict[str, str]) -> str:
    """A link to a page as HTML: number, label, what stands in grey behind it, what is chosen by it.

    An element for each link would cost the browser as much as the picture they stand in.
    """
    before = f"<i>{escape.markup(number)}</i> " if number else ""
    behind = f" <i>{escape.markup(quiet)}</i>" if quiet else ""
    return f'<a href="{href(page, **chosen)}">{before}<span>{escape.markup(label)}</span>{behind}</a>'


def _address(chosen: dict[str, str]) -> dict[str, str]:
    kept = {name: st.query_params[name] for name in _CARRIED if name in st.query_params}
    return {**kept, **chosen}


def chart(figure, key: str, alt: str, select: bool = False, width: str | int = "stretch"):
    """A figure; with `select`, what belongs to the point that was clicked (once)."""
    common = dict(theme=None, config=plotly_charts.CONFIG, key=key, alt=escape.plain(alt), width=width)
    if not select:
        st.plotly_chart(figure, **common)
        return None
    event = st.plotly_chart(figure, on_select="rerun", selection_mode="points", **common)
    points = event["selection"]["points"]
    return points[0].get("customdata") if points else None


def drawn(view: View, ink: palette.Ink, what: tuple, make: Callable[[], Figure]) -> Figure:
    """A figure that depends on nothing but the view, the palette and `what`: drawn once. It is shared: do not change it."""
    key = (*what, str(view.release.folder), view.policy, view.month, view.divisions, ink is palette.DARK)
    return _drawn(key, make)


# a figure takes some hundred kilobytes: three a view of the overview
@st.cache_resource(max_entries=100, show_spinner=False)
def _drawn(key: tuple, _make: Callable[[], Figure]) -> Figure:
    return _make()


def verdict(view: View, rows: list[dict], reports: list[dict], where: str = "") -> None:
    """The answer in sentences: on course, what lags, who has reported."""
    counts = figure_rows.verdict(view, rows[0]["place"]) if rows else []
    arrived = screen_wording.reported(reports) if reports else ""
    if counts:
        starting = len(list(filter(screen_wording.starting, rows)))
        told = screen_wording.verdict(counts, view.due, view.month, starting)
        st.markdown(f"**{escape.markdown(where + told)}** {escape.markdown(arrived)}")
    if lagging := screen_wording.laggards(rows):
        st.markdown(escape.markdown(lagging))


def table(
    rows: list[dict],
    columns: dict[str, str],
    key: str | None = None,
    select: bool = False,
    height: str | int = "auto",
    row_height: int | None = None,
):
    """Rows as a table with Chinese heads; with `select`, the row that was clicked. Cells are shown as they stand."""
    shown = [{title: _cell(row.get(name)) for name, title in columns.items()} for row in rows]
    if not select:
        st.dataframe(shown, hide_index=True, height=height, row_height=row_height)
        return None
    event = st.dataframe(
        shown,
        hide_index=True,
        key=key,
        on_select="rerun",
        selection_mode="single-row",
        height=height,
        row_height=row_height,
    )
    picked = event["selection"]["rows"]
    return rows[picked[0]] if picked else None


def lines(rows: list[dict], columns: dict[str, str]) -> None:
    """A few rows as a plain table: there at once, where `table` first waits for a program that can sort and scroll."""
    head = "".join(f"<th>{escape.markup(title)}</th>" for title in columns.values())
    body = "".join(f"<tr>{''.join(_line_cell(row.get(name)) for name in columns)}</tr>" for row in rows)
    st.html(f'<table class="lines"><tr>{head}</tr>{body}</table>')


def _line_cell(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f'<td class="n">{value:,}</td>'
    return f"<td>{escape.markup(value)}</td>"


def printable(rows: list[dict], columns: dict[str, str]) -> list[dict]:
    """Rows for `st.table`, which prints whole but reads Markdown: everything escaped."""
    return [{title: escape.markdown(row.get(name)) for name, title in columns.items()} for row in rows]


def _cell(value: object) -> object:
    return escape.plain(value) if isinstance(value, str) else value


def download(
    rows: Callable[[], list[dict]], count: int, columns: dict[str, str], name: str, county: str | None = None
) -> None:
    """The rows as CSV, with nothing in it that a spreadsheet program would run; for those who may export them. Made at the click."""
    if signin.may("export", county):
        making = signin.exporting(lambda: escape.sheet(rows(), columns), name, count, county)
        st.download_button("下载表格（CSV）", making, file_name=name, mime="text/csv", on_click="ignore")


FIGURE_COLUMNS = {
    "sign": "状态",
    "name": "指标",
    "shown_value": "现值",
    "parts": "完成/应有",
    "target_text": "目标",
    "gap_text": "差距",
    "change": "较上月",
    "place_text": "位次",
    "bounds": "不确定范围",
}


def figure_line(row: dict) -> dict:
    """A figure as words, for tables and downloads."""
    return {
        **row,
        "sign": screen_wording.sign(row),
        "shown_value": screen_wording.value(row),
        "parts": screen_wording.parts_marked(row),
        "target_text": screen_wording.target(row),
        "gap_text": screen_wording.gap(row),
        "gap_alone": screen_wording.gap_alone(row),
        "change": screen_wording.change(row) if "more" in row else "",
        "place_text": f"{row['rank']}/{row['ranked']}" if row.get("rank") and row["level"] == "county" else "",
        "bounds": screen_wording.bounds(row),
    }


def moves(rows: list[dict]) -> None:
    """Who moved most against the month before."""
    if not rows:
        st.caption("没有可比的上月数字，或与上月相同。")
        return
    told = [{**figure_line(row), "before": f"{row['shown_before'] or '—'} → {row['shown'] or '—'}"} for row in rows]
    lines(
        told,
        {
            "county": "县市区",
            "name": "指标",
            "change": "较上月（个）",
            "before": "百分比",
            "sign": "状态",
            "gap_text": "差距",
        },
    )


def moves_told(rows: list[dict]) -> None:
    """The same in a sentence, for paper."""
    told = "；".join(f"{row['county']}{row['name']} {screen_wording.change(row)}" for row in rows)
    st.markdown(escape.markdown(f"本月变化最大（个）：{told or '没有可比的上月数字'}。"))


REPORT_COLUMNS = {
    "name": "县市区",
    "state": "状态",
    "when": "收到",
    "units": "应报单位",
    "accepted": "计入",
    "held": "暂不计入",
    "carried": "沿用前月",
    "errors": "错误",
    "warnings": "需核实",
    "times": "报送次数",
}


def reporting(reports: list[dict], show: Callable[[list[dict], dict[str, str]], object] | None = None) -> None:
    """Counties of the month: who reported, what was accepted. `show` draws the table (by default one that sorts and scrolls)."""
    if not reports:
        st.caption("这个月没有应报的县市区。")
        return
    st.markdown(escape.markdown(screen_wording.to_chase(reports)))
    (show or table)(list(map(report_line, reports)), REPORT_COLUMNS)
    if reports[0]["counties"] > len(reports):
        st.caption(
            f"共 {reports[0]['counties']} 个县市区，这里是最要催办的 {len(reports)} 个：先是未报的，再是错误最多的。"
        )


def report_line(row: dict) -> dict:
    return {**row, "state": screen_wording.reported_state(row), "when": screen_wording.day(row["received_at"])}


def statuses(rows: list[dict]) -> str:
    """`8 个已达标，3 个进度正常` of counties, what wants attention first."""
    found = Counter(row["status"] for row in rows)
    told = [f"{found[status]} 个{palette.NAMES[status]}" for status in palette.ATTENTION if status in found]
    return "，".join(told)


def county_options(view: View) -> dict[str, str]:
    return {row["unit"]: row["name"] for row in edition_data.counties(view)}


def indicator_options(view: View) -> dict[str, str]:
    return {row["indicator"]: row["name"] for row in edition_data.indicators(view.release, view.policy)}


def month_text(value) -> str:
    return months.label(value) if value else "—"
