"""Parts of the unit's page."""

from typing import Any

import streamlit as st

from dashboards import signin
from dashboards.charts import palette
from dashboards.charts.html_board import Link
from dashboards.components import common_parts, county_panel
from dashboards.components.common_parts import href
from dashboards.components.header import View
from dashboards.components.indicator_panel import answer, answer_cell
from dashboards.queries import edition_data, submission_rows
from dashboards.text import escape, screen_wording, search_words
from dashboards.text.templates import show, show_rendered
from pipelines.edition.statuses import UNIT_STATES
from pipelines.edition.table_rows import SubmissionRow

ROW_STATE = {
    "accepted": "已计入",
    "held": "有错误，暂不计入",
    "absent": "未报",
    "withdrawn": "后来的报表里没有，已撤回",
}
SIGN = {0: "·", 1: "●", 2: "▼", 3: "?", 4: "?"}


def search(view: View) -> str | None:
    """The code in the address. Above it a search over units, towns, counties, indicators and findings; what it finds are links."""
    st.session_state["search"] = st.query_params.get("find", "")
    text = st.text_input(
        "查找社区（村）、街道（乡镇）、县市区、指标或问题编号",
        key="search",
        on_change=_searched,
        placeholder="例如 南宫 东关；也可用拼音首字母，例如 ng dg",
        max_chars=60,
        width=420,
    )
    if text.strip():
        _show_found(view, text.strip())
    return st.query_params.get("unit")


def _searched() -> None:
    if text := st.session_state["search"].strip():
        st.query_params["find"] = text
    else:
        st.query_params.pop("find", None)


def _show_found(view: View, text: str) -> None:
    hits = 0
    for intro, links in _found(view, text):
        if links:
            show("unit_links.html", intro=f"{intro}：", links=links, more=0)
            hits += len(links)
    if not hits:
        st.caption("没有找到。可以少写几个字，或换一个月份。")


def _found(view: View, text: str) -> list[tuple[str, list[Link]]]:
    counties = {
        code: name for code, name in common_parts.county_options(view).items() if search_words.matches(text, name)
    }
    indicators = {
        code: name for code, name in common_parts.indicator_options(view).items() if search_words.matches(text, name)
    }
    units = [] if signin.counties() == [] else submission_rows.find_units(view, text)
    return [
        ("县市区", [Link(href("county", county=code), name) for code, name in counties.items()]),
        ("指标", [Link(href("indicator", indicator=code), name) for code, name in list(indicators.items())[:_EACH]]),
        (
            "街道（乡镇）",
            [
                Link(f"{href('gaps')}&of={row['parent']}&town={row['unit']}", row["name"], quiet=row["county"])
                for row in submission_rows.find_towns(view, text, _EACH)
            ],
        ),
        (
            f"社区（村），最多列 {len(units)} 个" if len(units) >= _UNITS else "社区（村）",
            [
                Link(href("unit", unit=row["unit"]), row["name"], quiet=f"{row['county']} {row['town']}")
                for row in units
            ],
        ),
        (
            "问题",
            [
                Link(
                    href("unit", unit=row["unit"]) if row["unit"] else href("reporting"),
                    row["id"] or "",
                    quiet=row["file"],
                )
                for row in submission_rows.find_findings(view, text)
            ],
        ),
    ]


# of each kind but units
_EACH, _UNITS = 12, 60


def findings(view: View, unit: dict[str, Any]) -> None:
    """What was found about this unit in the month's workbook."""
    rows = submission_rows.unit_findings(view, unit["unit"])
    if rows:
        st.markdown("**这个单位的问题**")
        county_panel.findings(rows)
    explained = submission_rows.explained(view.release, view.month, unit["county_code"])
    show_rendered(common_parts.explained([row for row in explained if row["unit"] == unit["unit"]]))


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
        lambda: lines, len(lines), columns, f"{escape.plain(unit['unit'])}-{view.month:%Y-%m}", unit["county_code"]
    )


def states(view: View, unit: dict[str, Any]) -> None:
    """Which indicators the unit meets and lacks."""
    known = submission_rows.unit_states(view, unit["unit"])
    lines: list[dict[str, Any]] = [
        {**row, "state": f"{SIGN[state]} {UNIT_STATES[state]}"}
        for row in edition_data.indicators(view.release, view.policy)
        if row["counted"] == "community" and (state := known.get(row["indicator"])) is not None
    ]
    lines.sort(key=lambda row: ("▼?●·".index(row["state"][0]), row["position"]))
    common_parts.table(
        lines,
        {"state": "状态", "name": "指标", "clause": "条款"},
        link=lambda row: common_parts.href("indicator", indicator=row["indicator"]),
        height=560,
    )


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
            **{name: answer_cell(row.get(name)) for name in shown},
            "when": common_parts.month_text(row["month"]),
            "state": ROW_STATE.get(row["row_state"], row["row_state"])
            + (f" {palette.CARRIED}" if row["carried"] else ""),
        }
        for row in months
    ]
    columns = {"when": "月份", "unit": "代码", "name": "名称", "county": "县市区", "state": "状态"}
    common_parts.table(lines, {**columns, **{name: fields[name] for name in shown}}, height=300)
