"""Pieces of the county's page."""

import streamlit as st

from dashboards import data, parts, records, safe, words
from dashboards.choice import View

SEVERITY = {"error": "错误", "warning": "提醒", "note": "说明"}
STATUS = {"effective": "已生效", "superseded": "已被后来的替代", "refused": "未接收", "waiting": "等待退回重报后生效"}


def report_line(reports: list[dict], view: View) -> None:
    """Whether the county has reported the month, and what of it counts."""
    if not reports:
        st.caption("这个月的名册里没有这个县市区的报送记录。")
        return
    row = reports[0]
    if row["seq"] is None:
        lent = f"沿用前两个月的 {row['carried']} 个单位" if row["carried"] else "没有可沿用的报数"
        st.markdown(safe.markdown(f"{parts.month_text(view.month)}未报;{lent},共 {row['units']} 个单位。"))
        return
    told = f"{words.day(row['received_at'])}收到;{row['units']} 个单位中 {row['accepted']} 个计入"
    told += f",{row['held']} 个因错误暂不计入" if row["held"] else ""
    st.markdown(safe.markdown(f"{told};{row['errors']} 处错误,{row['warnings']} 处提醒。"))


_PRINTED = {
    "sign": "状态",
    "name": "指标",
    "shown_value": "现值",
    "parts": "完成/应有",
    "target_text": "目标",
    "gap_text": "差距",
    "place_text": "位次",
}


def all_indicators(rows: list[dict], county: str, view: View) -> None:
    """Every indicator in one table: exact values, rank, gap. Clicking opens the indicator."""
    lines = [parts.figure_line(row) for row in rows]
    with st.container(key="screen_only"):
        st.markdown(f"**全部 {len(lines)} 项指标**(点一行看详情)")
        picked = parts.table(lines, parts.FIGURE_COLUMNS, key="all_indicators", select=True, height=640)
        parts.download(lines, parts.FIGURE_COLUMNS, f"{safe.plain(county)}-{view.month:%Y-%m}.csv")
    with st.container(key="paper_only"):
        st.table(parts.printable(lines, _PRINTED), border="horizontal", hide_index=True)
    if picked:
        parts.go("indicator", indicator=picked["indicator"])


def near_done(view: View, county: str) -> None:
    """Units that lack one (or two) of the headline indicators: where little work completes a unit."""
    if view.month != view.release.month:
        st.caption(f"此清单只有发布月份({parts.month_text(view.release.month)})的。")
        return
    rows = data.near_done(view, county)
    if not rows:
        st.caption("没有只差一两项的单位。")
        return
    columns = {
        "unit": "代码",
        "name": "名称",
        "town": "街道(乡镇)",
        "main_lacks": "还缺(项)",
        "main_missing": "缺什么",
        "main_has": "已具备(项)",
    }
    picked = parts.table(rows, columns, key="near", select=True, height=300)
    if picked:
        parts.go("unit", unit=picked["unit"], county=county)


def submissions(view: View, county: str) -> None:
    """What the county sent for the month, and what was found in it."""
    sent = records.submissions(view.release, view.month, county)
    lines = [
        {**row, "when": words.day(row["received_at"]), "state": STATUS.get(row["status"], row["status"])}
        for row in sent
    ]
    if not lines:
        st.caption("这个月没有收到报表。")
        return
    parts.table(
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
    findings(records.findings(view.release, view.month, county))


# up to so many findings stand in a table that wraps and prints; more scroll
_WRAPPED = 40


def findings(rows: list[dict]) -> None:
    """Findings with their cells."""
    if not rows:
        st.caption("没有发现问题。")
        return
    lines = [finding_line(row) for row in rows]
    columns = {
        "severity": "程度",
        "cell": "单元格",
        "sheet": "工作表",
        "what": "问题与改法",
        "file": "文件",
        "id": "编号",
    }
    with st.container(key="findings"):
        if len(lines) <= _WRAPPED:
            st.table(parts.printable(lines, columns), border="horizontal", hide_index=True)
        else:
            parts.table(lines, columns, height=420)


def finding_line(row: dict) -> dict:
    """A finding for people: its address has columns of its own, so the message need not repeat it."""
    said = row["message"].split("】", 1)[-1]
    if row.get("cell") and f"单元格 {row['cell']}:" in said:
        said = said.split(f"单元格 {row['cell']}:", 1)[1]
    return {**row, "severity": SEVERITY.get(row["severity"], row["severity"]), "what": said}
