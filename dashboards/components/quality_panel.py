"""Parts of the page on data quality."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import streamlit as st

from dashboards.charts import html_board
from dashboards.charts.palette import Ink
from dashboards.components import common_parts, county_panel
from dashboards.components.header import View
from dashboards.queries import edition_data, submission_rows
from dashboards.queries.row_types import PlaceRow, ReportingRow
from dashboards.text import escape, screen_wording
from dashboards.text.templates import show
from pipelines import months, settings
from pipelines.edition.statuses import EDITION_KINDS
from pipelines.errors import Refusal
from pipelines.intake import month_now, outcome


def coverage(rows: Sequence[ReportingRow], ink: Ink) -> None:
    """Months across, counties down: the share of units that count, carried ones left out."""
    times = sorted({row["month"] for row in rows})
    names = {row["county"]: row["name"] for row in reversed(rows)}
    reports = {(row["county"], row["month"]): row for row in rows}
    lines = [(names[county], [_covered(reports.get((county, time))) for time in times]) for county in sorted(names)]
    years = [(year, len(list(of_year))) for year, of_year in groupby(times, key=lambda time: time.year)]
    colours = html_board.palette_variables(ink)
    show(
        "coverage.html", months=[time.month for time in times], years=years, lines=lines, legend=_BANDS, colours=colours
    )


# class of a cell, from which share on, and the words of the legend
_BANDS = (
    ("met", 95, "95% 以上"),
    ("on_track", 80, "80% 到 95%"),
    ("lagging", 50, "50% 到 80%"),
    ("off_track", 0, "不到 50%"),
    ("tracked", None, "当月没有这个县市区"),
)


def _covered(row: ReportingRow | None) -> tuple[str, str, str]:
    """Class, number and words of a cell. The number is shown only where something is missing, rounded down: 99.9% is not all."""
    if row is None or not row["units"]:
        return "tracked", "", "当月没有这个县市区"
    share = 100 * row["accepted"] / row["units"]
    band = next(name for name, least, _ in _BANDS if least is not None and share >= least)
    return band, "" if row["accepted"] == row["units"] else str(int(share)), _hover(row)


def coverage_extent(rows: Sequence[ReportingRow]) -> None:
    """Which counties are drawn, where there are too many."""
    drawn = len({row["county"] for row in rows})
    if rows and rows[0]["counties"] > drawn:
        st.caption(
            f"共 {rows[0]['counties']} 个县市区，这里是最近一个月计入最少的 {drawn} 个；其余在“县市区”页按名称查找。"
        )


def _hover(row: ReportingRow) -> str:
    return (
        f"{row['name']} {months.label(row['month'])}：应报 {row['units']}，计入 {row['accepted']}，"
        f"暂不计入 {row['held']}，沿用 {row['carried']}，未报 {row['missing']}"
    )


def unknown(rows: Sequence[PlaceRow]) -> None:
    """Indicators with unknown or carried answers, most unknown first."""
    lines = [common_parts.figure_line(row) for row in rows if row["unknown"] or row["carried"]]
    lines.sort(key=lambda row: (-(row["unknown"] or 0), -(row["carried"] or 0)))
    if not lines:
        st.caption("没有未填报或沿用的报数。")
        return
    columns = {
        "name": "指标",
        "value_cell": "现值",
        "unknown": "未填报",
        "carried": "沿用前月",
        "bounds": "不确定范围",
    }
    common_parts.table(lines, columns, height=360)


def kinds(rows: Sequence[Mapping[str, Any]], counties: dict[str, str]) -> None:
    """Findings by kind: how often, in which counties, with one example."""
    if not rows:
        st.caption("没有发现问题。")
        return
    names = outcome.kind_names(settings.load().reference)
    lines = [_kind_line(code, counts, names, counties) for code, counts in _by_kind(rows).items()]
    columns = {"severity": "程度", "kind": "问题", "where": "县市区（处）", "what": "例如"}
    with st.container(key="kinds"):
        common_parts.lines(lines, columns)


def _by_kind(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """code → its counties: errors first, then the most frequent in one county."""
    order = list(county_panel.SEVERITY)
    by_kind: dict[str, list[Mapping[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: order.index(row["severity"])):
        by_kind.setdefault(row["code"], []).append(row)
    return by_kind


def _kind_line(
    code: str, counts: list[Mapping[str, Any]], names: dict[str, str], counties: dict[str, str]
) -> dict[str, Any]:
    where = [f"{counties.get(row['county'], row['county'] or '不明')} {row['findings']}" for row in counts]
    where += [f"等 {counts[0]['counties']} 个"] if counts[0]["counties"] > len(counts) else []
    return {
        **county_panel.finding_line({"cell": None, **counts[0]}),
        "kind": names.get(code, code),
        "where": "、".join(where),
    }


def decisions(view: View) -> None:
    """The newest decisions, with who, when and why."""
    known = submission_rows.decisions(view.release)
    if not known:
        st.caption(
            "还没有审定、重开或豁免。" if edition_data.has(view.release, "decision") else "这一版没有附上决定的记录。"
        )
        return
    lines = [{**row, "what": month_now.DECISIONS[row["kind"]], "when": screen_wording.day(row["at"])} for row in known]
    common_parts.table(
        lines,
        {
            "when": "时间",
            "what": "决定",
            "by": "经办",
            "month": "月份",
            "finding": "问题",
            "why": "理由",
            "until": "有效至",
        },
    )


def reconciliation(view: View) -> None:
    """Units before + created − abolished ± moved = units after, for every change of the roster."""
    lines: list[Mapping[str, Any]] = [
        {**row, "when": common_parts.month_text(row["month"])} for row in edition_data.reconciliation(view.release)
    ]
    if not lines:
        st.caption("这一版所含的月份里，名册没有变动。")
        return
    columns = {"when": "月份", "name": "县市区", "before": "变动前", "created": "新设", "abolished": "撤销"}
    common_parts.table(lines, {**columns, "moved_in": "划入", "moved_out": "划出", "after": "变动后"}, height=300)


def editions(view: View) -> None:
    """All editions, each with a link that opens it."""
    for folder in edition_data.editions()[:40]:
        try:
            manifest = edition_data.manifest(str(folder))
        except Refusal as refused:
            st.caption(escape.markdown(str(refused)))
            continue
        label = f"{manifest['month']} 第 {manifest['edition']} 版"
        text = f"{label} · {EDITION_KINDS[manifest['kind']]} · {screen_wording.day(manifest['published_at'])} · 数据截至第 {manifest['as_of']} 号收件"
        common_parts.link(
            "overview", text, edition=f"{manifest['month']}/{manifest['edition']}", month=manifest["month"]
        )
