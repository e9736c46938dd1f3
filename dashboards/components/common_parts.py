"""Parts that several pages show: verdict, tables of figures, downloads, links that keep the reader's choice."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from plotly.graph_objects import Figure

from dashboards import page_list, signin
from dashboards.charts import palette, plotly_charts
from dashboards.components import header
from dashboards.components.header import View
from dashboards.queries import edition_data, figure_rows, submission_rows
from dashboards.queries.row_types import FigureRow, MovedRow, PlaceRow, ReportingRow, StandingRow, TownRow
from dashboards.text import escape, screen_wording
from dashboards.text.templates import show
from pipelines import months
from pipelines.edition import statuses

Row = Mapping[str, Any]

_ADDRESSES = {page.file: page.address for page in page_list.PAGES}
PATHS = {page.file: f"app_pages/{page.file}.py" for page in page_list.PAGES}


def go(page: str, **chosen: str) -> None:
    """Open a page with something chosen, keeping the rest of the choice."""
    st.switch_page(PATHS[page], query_params=_address(chosen))


def link(page: str, label: str, quiet: str = "", **chosen: str) -> None:
    """A link to a page with something chosen; `quiet` stands in grey behind the label."""
    more = f" :gray[{escape.markdown(quiet)}]" if quiet else ""
    st.page_link(PATHS[page], label=escape.markdown(label) + more, query_params=_address(chosen))


def href(page: str, **chosen: str | None) -> str:
    """The address of a page with something chosen: relative, so that it holds behind a proxy's path too. None takes a choice out."""
    return f"{_ADDRESSES[page] or './'}?{urlencode(_address(chosen))}"


def _address(chosen: Mapping[str, str | None]) -> dict[str, str]:
    kept = {name: value for name, value in header.address().items() if name in header.CARRIED}
    return {name: value for name, value in {**kept, **chosen}.items() if value is not None}


def chart(figure: Figure, name: str, alt: str) -> None:
    """A Plotly figure, drawn by our script with Plotly's smallest bundle; its picture is saved under `name`."""
    config = {**plotly_charts.CONFIG, "toImageButtonOptions": {"scale": 2, "filename": name}}
    # Plotly's own writer leaves out nothing: parsed again, so that the settings stand beside data and layout
    drawing = json.loads(figure.to_json(validate=False)) | {"config": config}
    figure_json = json.dumps(drawing, ensure_ascii=False, separators=(",", ":"))
    show("figure.html", figure=figure_json, alt=escape.plain(alt), height=figure.layout.height)


def drawn(view: View, ink: palette.Ink, what: tuple, make: Callable[[], Figure]) -> Figure:
    """A figure that depends only on the view, the palette and `what`, cached for all sessions: do not change it."""
    key = (*what, str(view.release.folder), view.policy, view.month, view.divisions, ink is palette.DARK)
    return _drawn(key, make)


# a figure takes some hundred kilobytes
@st.cache_resource(max_entries=100, show_spinner=False)
def _drawn(key: tuple, _make: Callable[[], Figure]) -> Figure:
    return _make()


def verdict(view: View, rows: Sequence[PlaceRow], reports: Sequence[ReportingRow], where: str = "") -> None:
    """The answer in sentences: on course or not, what lags, who has reported."""
    arrived = screen_wording.reported(reports) if reports else ""
    if rows:
        st.markdown(f"**{escape.markdown(where + verdict_sentence(view, rows))}** {escape.markdown(arrived)}")
    said = [
        screen_wording.worst(figure_rows.concern(view, _WORST)) if rows and rows[0]["level"] == "city" else "",
        screen_wording.laggards(rows),
    ]
    for sentence in filter(None, said):
        st.markdown(escape.markdown(sentence))
    if unproven := screen_wording.unproven(rows, edition_data.short_names(view)):
        st.caption(escape.markdown(unproven))


# counties that the verdict names
_WORST = 3


def verdict_sentence(view: View, rows: Sequence[PlaceRow]) -> str:
    """How many headline indicators of a place stand how, and the time left."""
    counts = figure_rows.verdict(view, rows[0]["place"])
    whose = screen_wording.deciders(rows, edition_data.short_names(view)) if rows[0]["level"] == "city" else ""
    return screen_wording.verdict(counts, view.due, view.month, rows, whose)


def caveats(view: View) -> None:
    """What is to be said of the age of the reference data: roster, policies, calendar."""
    if said := submission_rows.now(view.month).caveats:
        st.caption(escape.markdown(f"请注意：{'；'.join(said)}。"))


def table(
    rows: Sequence[Row],
    columns: Mapping[str, str],
    key: str | None = None,
    select: bool = False,
    height: Any = "auto",
    row_height: int | None = None,
) -> Any:
    """Rows as a table with Chinese heads; with `select`, the row that was clicked. Cells are shown literally."""
    shown = [{title: _cell(row.get(name)) for name, title in columns.items()} for row in rows]
    if not select:
        st.dataframe(shown, hide_index=True, height=height, row_height=row_height)
        return None
    event: Any = st.dataframe(
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


def lines(rows: Sequence[Row], columns: Mapping[str, str]) -> None:
    """A few rows as a plain table: it needs no script, where `table` loads a grid that sorts and scrolls."""
    show(
        "table.html",
        name="lines",
        heads=list(columns.values()),
        rows=[[row.get(name) for name in columns] for row in rows],
    )


def printable(rows: Sequence[Row], columns: Mapping[str, str]) -> list[dict[str, str]]:
    """Rows for `st.table`, which prints whole but reads Markdown: escaped."""
    return [{title: escape.markdown(row.get(name)) for name, title in columns.items()} for row in rows]


def _cell(value: object) -> object:
    return escape.plain(value) if isinstance(value, str) else value


def download(
    rows: Callable[[], Sequence[Row]], count: int, columns: Mapping[str, str], name: str, county: str | None = None
) -> None:
    """A button for the rows as CSV without formulas, for those who may export them. The file is made at the click."""
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
    "unproven": "待核实的是",
}


def figure_line(row: FigureRow | TownRow) -> dict[str, Any]:
    """A figure in words, for tables and downloads; change and rank where the row is compared with the month before."""
    compared: Any = row
    return {
        **row,
        "sign": screen_wording.sign(row),
        "shown_value": screen_wording.value_with_known(row),
        "parts": screen_wording.parts_marked(row),
        "target_text": screen_wording.target(row),
        "gap_text": screen_wording.gap(row),
        "gap_alone": " ".join(filter(None, (screen_wording.gap_alone(row), screen_wording.gap_note(row)))),
        "change": screen_wording.change(compared) if "more" in row else "",
        "place_text": f"{compared['rank']}/{compared['ranked']}"
        if compared.get("rank") and row["level"] == "county"
        else "",
        "bounds": screen_wording.bounds(row),
        "unproven": screen_wording.at_the_ends(row) if row["status"] == "unproven" else "",
    }


def moves(rows: Sequence[MovedRow]) -> None:
    """The counties' figures that moved most against the month before."""
    if not rows:
        st.caption("没有可比的上月数字，或与上月相同。")
        return
    moved = [{**figure_line(row), "before": f"{row['shown_before'] or '—'} → {row['shown'] or '—'}"} for row in rows]
    lines(
        moved,
        {
            "county": "县市区",
            "name": "指标",
            "change": "较上月（个）",
            "before": "百分比",
            "sign": "状态",
            "gap_text": "差距",
        },
    )


def moves_in_words(rows: Sequence[MovedRow]) -> None:
    """The same in a sentence, for paper."""
    moved = "；".join(f"{row['county']}{row['name']} {screen_wording.change(row)}" for row in rows)
    st.markdown(escape.markdown(f"本月变化最大（个）：{moved or '没有可比的上月数字'}。"))


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


def reporting(
    reports: Sequence[ReportingRow],
    draw: Callable[[Sequence[Row], Mapping[str, str]], object] = table,
) -> None:
    """Counties of the month: who reported and what was accepted; `draw` shows the table."""
    if not reports:
        st.caption("这个月没有应报的县市区。")
        return
    st.markdown(escape.markdown(screen_wording.to_chase(reports)))
    draw([report_line(row) for row in reports], REPORT_COLUMNS)
    if reports[0]["counties"] > len(reports):
        st.caption(
            f"共 {reports[0]['counties']} 个县市区，这里是最要催办的 {len(reports)} 个：先是未报的，再是错误最多的。"
        )


def report_line(row: ReportingRow) -> dict[str, Any]:
    """A county's report in words."""
    return {**row, "state": screen_wording.reported_state(row), "when": screen_wording.day(row["received_at"])}


def counted_statuses(rows: Sequence[StandingRow]) -> str:
    """`8 个已达标，3 个进度正常` of counties, in the order of concern."""
    counts = Counter(row["status"] for row in rows)
    return "，".join(f"{counts[status]} 个{statuses.NAMES[status]}" for status in statuses.ORDER if status in counts)


def county_options(view: View) -> dict[str, str]:
    return {row["unit"]: row["name"] for row in edition_data.counties(view)}


def indicator_options(view: View) -> dict[str, str]:
    return {row["indicator"]: row["name"] for row in edition_data.indicators(view.release, view.policy)}


def month_text(value) -> str:
    return months.label(value) if value else "—"
