"""Parts of the unit's page."""

from typing import Any

import streamlit as st

from dashboards.charts import palette
from dashboards.components import common_parts
from dashboards.components.header import View
from dashboards.components.indicator_panel import answer
from dashboards.queries import edition_data, submission_rows
from dashboards.queries.row_types import SubmissionRow
from dashboards.text import escape, screen_wording

ROW_STATE = {
    "accepted": "已计入",
    "held": "有错误，暂不计入",
    "absent": "未报",
    "withdrawn": "后来的报表里没有，已撤回",
}
SIGN = {1: "● 具备", 2: "▼ 缺", 3: "? 未报或待核实", 4: "? 是否适用待核实", 0: "· 不适用"}


def search(view: View) -> str | None:
    """The code in the address, or that of the unit chosen by name."""
    code = st.query_params.get("unit")
    with st.container(key="selectors_unit", horizontal=True, vertical_alignment="bottom"):
        text = st.text_input("查找社区（村）", placeholder="名称或代码，例如 东关", max_chars=60, width=320)
        if not text.strip():
            return code
        matches = submission_rows.find_units(view, text.strip())
        options = {row["unit"]: f"{row['name']} · {row['county']} {row['town']}" for row in matches}
        chosen = st.selectbox(
            f"找到 {len(matches)} 个" if matches else "没有找到",
            list(options),
            index=None,
            format_func=lambda unit: escape.plain(options[unit]),
            placeholder="请选择",
            width=420,
        )
    if chosen and chosen != code:
        st.query_params["unit"] = chosen
    return chosen or code


def standing(view: View, unit: dict[str, Any]) -> None:
    """Where the unit's answers of the month come from."""
    sentences = [f"{unit['unit']} · {unit['kind']} · {ROW_STATE.get(unit['row_state'], unit['row_state'] or '未报')}"]
    if unit["carried"] and unit["answered_in"]:
        sentences.append(
            f"{common_parts.month_text(view.month)}未报，{palette.CARRIED} 沿用{common_parts.month_text(unit['answered_in'])}"
        )
    file = _file(view, unit["seq"])
    if file:
        sentences.append(
            f"来自 {file['file']}（收件号 {file['seq']}，{screen_wording.day(file['received_at'])}）第 {unit['row_no']} 行"
        )
    st.markdown(escape.markdown("。".join(sentences) + "。"))


def _file(view: View, seq: int | None) -> SubmissionRow | None:
    rows = edition_data.rows(view.release, "SELECT * FROM submission WHERE seq = ?", seq) if seq else []
    return rows[0] if rows else None


def answers(view: View, unit: dict[str, Any]) -> None:
    """Every answer: its value, the text in the workbook, and its cell."""
    raw, places = (
        submission_rows.evidence(view, unit["seq"], unit["row_no"]),
        submission_rows.sources(view, unit["seq"]),
    )
    lines = [
        {
            "group": field["group"],
            "label": field["label"] + (f"（{field['unit']}）" if field["unit"] else ""),
            "value": answer(unit.get(name, unit.get(f"reported:{name}"))),
            "raw": raw.get(name) if raw.get(name) is not None else "",
            "cell": f"{places[name]['cell']}{unit['row_no']}" if name in places else "",
            "sheet": places[name]["sheet"] if name in places else "",
        }
        for name, field in edition_data.fields(view.release).items()
        if field["part"] == "community"
    ]
    columns = {"group": "组", "label": "问题", "value": "读作", "raw": "原文", "cell": "单元格", "sheet": "工作表"}
    common_parts.table(lines, columns, height=560)
    common_parts.download(
        lambda: lines, len(lines), columns, f"{escape.plain(unit['unit'])}-{view.month:%Y-%m}.csv", unit["county_code"]
    )


def states(view: View, unit: dict[str, Any]) -> None:
    """Which indicators the unit meets and lacks."""
    known = submission_rows.unit_states(view, unit["unit"])
    lines: list[dict[str, Any]] = [
        {**row, "state": SIGN[known[row["indicator"]]]}
        for row in edition_data.indicators(view.release, view.policy)
        if row["counted"] == "community" and known.get(row["indicator"]) is not None
    ]
    lines.sort(key=lambda row: ("▼?●·".index(row["state"][0]), row["position"]))
    picked = common_parts.table(
        lines, {"state": "状态", "name": "指标", "clause": "条款"}, key="states", select=True, height=560
    )
    if picked:
        common_parts.go("indicator", indicator=picked["indicator"])


def history(view: View, unit: dict[str, Any]) -> None:
    """The unit's months, newest first, by its identity: codes and names may have changed."""
    months = submission_rows.unit_life(view, unit["uid"])
    fields = {
        name: field["label"]
        for name, field in edition_data.fields(view.release).items()
        if field["part"] == "community"
    }
    shown = [name for name in fields if name in unit and name not in ("code", "name", "town", "kind")]
    lines = [
        {
            **row,
            **{name: answer(row.get(name)) for name in shown},
            "when": common_parts.month_text(row["month"]),
            "state": ROW_STATE.get(row["row_state"], row["row_state"])
            + (f" {palette.CARRIED}" if row["carried"] else ""),
        }
        for row in months
    ]
    columns = {"when": "月份", "unit": "代码", "name": "名称", "county": "县市区", "state": "状态"}
    common_parts.table(lines, {**columns, **{name: fields[name] for name in shown}}, height=300)
