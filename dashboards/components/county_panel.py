"""Parts of the county's page."""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import streamlit as st

from dashboards import signin
from dashboards.charts import palette
from dashboards.charts.html_board import Link
from dashboards.components import common_parts
from dashboards.components.common_parts import Said
from dashboards.components.header import View
from dashboards.queries import board_rows, edition_data, submission_rows
from dashboards.queries.row_types import PlaceRow, ReportingRow, UnitNearDone
from dashboards.text import escape, screen_wording
from dashboards.text.templates import render
from pipelines import months, settings
from pipelines.edition.statuses import UNIT_STATES
from pipelines.intake import outcome

SEVERITY = outcome.SEVERITY_NAMES


def report_line(row: ReportingRow | None, view: View) -> Said:
    """Whether the county has reported the month, and what of it counts."""
    if row is None:
        return Said("这个月的名册里没有这个县市区的报送记录。", quiet=True)
    if row["seq"] is None:
        lent = f"沿用前两个月的 {row['carried']} 个单位" if row["carried"] else "没有可沿用的报数"
        return Said(f"{common_parts.month_text(view.month)}未报；{lent}，共 {row['units']} 个单位。")
    received = f"{screen_wording.day(row['received_at'])}收到；{row['units']} 个单位中 {row['accepted']} 个计入"
    received += f"，{row['held']} 个因错误暂不计入" if row["held"] else ""
    return Said(f"{received}；{row['errors']} 处错误，{row['warnings']} 处需核实。")


def all_indicators(rows: Sequence[PlaceRow], county: str, view: View) -> None:
    """Every indicator in one table: exact values, rank, gap. Clicking opens the indicator."""
    lines = [common_parts.figure_line(row) for row in rows]
    own = rows[0]["place"] if rows else None
    ranked = next((line["ranked"] for line in lines if line["rank"]), None)
    columns = {**common_parts.FIGURE_COLUMNS, "rank": f"位次（共 {ranked}）" if ranked else "位次"}
    st.markdown(f"**全部 {len(lines)} 项指标**（点一行看详情，点表头排序）")
    common_parts.table(
        lines,
        common_parts.columns_used(lines, columns),
        link=lambda row: common_parts.href("indicator", indicator=row["indicator"]),
        height=640,
    )
    name = f"{escape.plain(county)}-{view.month:%Y-%m}"
    common_parts.download(lambda: lines, len(lines), common_parts.EXPORTED, name, own)


def focus(view: View, row: PlaceRow | None, county: str) -> str:
    """HTML of the indicator that the reader came for, with the units that lack it, scrolled into view."""
    if row is None:
        return ""
    code = row["place"]
    shown = render(
        "focus.html",
        name=row["name"],
        county=county,
        lines=[screen_wording.value_with_parts(row), *screen_wording.detail(row, row["name"])[1:]],
        sign=palette.SIGNS[row["status"]],
    )
    if row["is_share"] and signin.may("units", code):
        missing = edition_data.units_of(view, edition_data.indicator(view, row["indicator"]), code, (2, 3, 4))
        shown += _missing_units(missing, code)
    onward = [
        Link(common_parts.href("indicator", indicator=row["indicator"], county=code), "走势和各县市区"),
        Link(f"{common_parts.href('gaps')}&of={code}&lacking={row['indicator']}", "全部缺的单位"),
    ]
    return shown + render("unit_links.html", intro="接着看：", links=onward, more=0)


# units named under the indicator of a county
_NAMED = 12


def _missing_units(rows: Sequence[Mapping[str, Any]], county: str) -> str:
    names = [
        Link(common_parts.href("unit", unit=row["unit"], county=county), row["name"], quiet=UNIT_STATES[row["state"]])
        for row in rows[:_NAMED]
    ]
    if not names:
        return ""
    more = max(0, len(rows) - _NAMED)
    return render("unit_links.html", intro="没有的单位，离全部达标最近的在前：", links=names, more=more)


def near_done(county: str, rows: Sequence[UnitNearDone]) -> None:
    """Units that one or two indicators complete."""
    if not signin.may("units", county):
        st.caption("单位清单只给本县市区和市里看。")
        return
    if not rows:
        st.caption("没有只差一两项的单位。")
        return
    columns = {
        "name": "名称",
        "town": "街道（乡镇）",
        "main_lacks": "还缺（项）",
        "main_missing": "缺什么",
        "main_has": "已具备（项）",
        "unit": "代码",
    }
    common_parts.table(
        rows, columns, link=lambda row: common_parts.href("unit", unit=row["unit"], county=county), height=300
    )


def waiting(county: str) -> list[Link]:
    """The link to what waits for the county's answer, for those who may give it."""
    if not signin.may("submit", county):
        return []
    waits = len([matter for matter in board_rows.waiting() if matter["county"] == county])
    href = common_parts.href("reporting", room="matters", whose=county)
    return [Link(href, f"{waits} 件待办：说明情况、处理")] if waits else []


def submissions(view: View, county: str) -> None:
    """What the county sent for the month."""
    if not signin.may("units", county):
        st.caption("报表和问题只给本县市区和市里看。")
        return
    sent = submission_rows.submissions(view.release, view.month, county)
    lines = [
        {
            **row,
            "when": screen_wording.day(row["received_at"]),
            "state": outcome.STATE_NAMES.get(row["status"], row["status"]),
        }
        for row in sent
    ]
    if not lines:
        st.caption("这个月没有收到报表。")
        return
    common_parts.table(
        lines,
        {
            "seq": "收件号",
            "file": "文件",
            "when": "收到",
            "state": "状态",
            "rows_read": "读到",
            "rows_accepted": "计入",
        },
    )


# ---- paper

_PRINTED = {
    "mark": " ",
    "name": "指标（目标）",
    "shown_value": "现值",
    "parts": "完成/应",
    "known": "已报的",
    "short_gap": "还差",
    "place_text": "位次",
}
# what one sheet holds besides the indicators
_UNITS, _FINDINGS, _LETTERS = 24, 6, 70


def on_paper(
    view: View,
    rows: Sequence[PlaceRow],
    near: Sequence[UnitNearDone],
    findings: Sequence[Mapping[str, Any]],
    county: str,
) -> None:
    """The county on one sheet: indicators in two columns, units one condition short, what was sent, findings."""
    half = (len(rows) + 1) // 2
    with st.container(key="paper_columns"):
        for column, part in zip(st.columns(2, gap="small"), (rows[:half], rows[half:]), strict=True):
            with column:
                common_parts.lines([_paper_line(row) for row in part], _PRINTED, name="paper-lines")
    st.markdown(f"状态：{palette.legend()}。位次按现值，同值并列。")
    st.markdown(f"**主要指标只差一项的社区（村）** {_near_in_words(near)}")
    st.markdown(f"**报送** {_sent_in_words(view, county)}")
    st.markdown(f"**问题** {_findings_in_words(findings)}")


def _paper_line(row: PlaceRow) -> dict[str, str]:
    # the head says 个; another unit is said at the number, and the sums of a ratio are too long for paper
    return {
        "mark": palette.SIGNS[row["status"]],
        "name": f"{row['name']} {row['target'] or ''}",
        "shown_value": screen_wording.value(row),
        "parts": screen_wording.parts_marked(row) if row["is_share"] else "",
        "known": screen_wording.known(row),
        "short_gap": _paper_gap(row),
        "place_text": f"{row['rank']}/{row['ranked']}" if row["rank"] and row["level"] == "county" else "",
    }


def _paper_gap(row: PlaceRow) -> str:
    if not row["gap"]:
        return ""
    counted = (row["gap_unit"] or "").startswith("个")
    missing = screen_wording.number(row["gap"]) if counted else screen_wording.gap_alone(row)
    note = screen_wording.gap_note(row)
    return f"{missing}（{note}）" if note else missing


def _near_in_words(near: Sequence[UnitNearDone]) -> str:
    """Units by what they lack: `缺…：甲、乙；缺…：丙`."""
    nearest = [row for row in near if row["main_lacks"] == 1]
    lacks = sorted(nearest[:_UNITS], key=lambda row: str(row["main_missing"]))
    named = [
        f"缺{missing}：{'、'.join(row['name'] for row in rows)}"
        for missing, rows in groupby(lacks, key=lambda row: row["main_missing"])
    ]
    return escape.markdown(f"{'；'.join(named)}{_and_more(nearest, _UNITS)}。" if nearest else "没有。")


def _sent_in_words(view: View, county: str) -> str:
    sent = submission_rows.submissions(view.release, view.month, county)
    files = [
        f"{screen_wording.day(s['received_at'])}收到“{s['file']}”（{outcome.STATE_NAMES.get(s['status'], s['status'])}）"
        for s in sent
    ]
    return escape.markdown(f"{'；'.join(files[:3])}{_and_more(files, 3)}。" if files else "这个月没有收到报表。")


def _findings_in_words(findings: Sequence[Mapping[str, Any]]) -> str:
    lines = [finding_line(row) for row in findings if row["severity"] != "note"]
    first = "；".join(_cut(f"{line['cell'] or ''} {line['what']}".strip().rstrip("。")) for line in lines[:_FINDINGS])
    return escape.markdown(f"{first}{_and_more(lines, _FINDINGS)}。" if lines else "没有错误，也没有需核实的。")


def _cut(text: str) -> str:
    return text if len(text) <= _LETTERS else f"{text[:_LETTERS]}…"


def _and_more(rows: Sequence[object], shown: int) -> str:
    return f" 等 {len(rows)} 个，见系统" if len(rows) > shown else ""


_UNIT = re.compile(r"\d{12}")


def findings(rows: Sequence[Mapping[str, Any]], key: str = "") -> None:
    """Findings with their cells. Those of a published month lead to the page of their unit. `key` tells several lists of a page apart."""
    if not rows:
        st.caption("没有发现问题。")
        return
    names = outcome.kind_names(settings.load().reference)
    lines = [
        {
            **finding_line(row),
            "kind": names.get(row["code"], row["code"]),
            "unit": row["unit"] or "",
            "named": row.get("unit_name") or row["unit"] or "",
        }
        for row in rows
    ]
    columns = {
        "severity": "程度",
        "county_name": "县市区",
        "named": "单位",
        "cell": "单元格",
        "sheet": "工作表",
        "kind": "问题",
        "what": "详情与改法",
        "file": "文件",
        "id": "编号",
    }
    if len({line.get("county_name") for line in lines}) < 2:
        del columns["county_name"]
    with st.container(key=f"findings{key}"):
        common_parts.table(lines, columns, link=_unit_page, height=560 if len(lines) > _WHOLE else None)


# findings up to which the list is shown whole; a longer one scrolls
_WHOLE = 40


def _unit_page(line: Mapping[str, Any]) -> str | None:
    month = line.get("month")
    return common_parts.href("unit", unit=line["unit"], month=months.key(month)) if month and _opens(line) else None


def _opens(line: Mapping[str, Any]) -> bool:
    """Whether there is a page of the unit: a finding of a file that was only previewed has no month in the edition."""
    return bool(line.get("month") and _UNIT.fullmatch(line["unit"] or ""))


# cells of a finding that a line names
_CELLS = 5


def finding_line(row: Mapping[str, Any]) -> dict[str, Any]:
    """A finding as a row: its address has columns of its own and is taken out of the message; of many cells the first are named."""
    said = screen_wording.without_place(row["message"])
    severity = SEVERITY.get(row["severity"], row["severity"])
    return {**row, "severity": severity, "what": said, "cell": _first_cells(row.get("cell") or "")}


def _first_cells(cells: str) -> str:
    """`A4、A5、A6、A7、A8 等40处`."""
    each = cells.split(",")
    return "、".join(each[:_CELLS]) + (f" 等{len(each)}处" if len(each) > _CELLS else "")
