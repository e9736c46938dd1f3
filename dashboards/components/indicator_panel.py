"""One indicator in detail: its clause, where it stands, why it moved, and the units behind it."""

import streamlit as st

from dashboards import signin
from dashboards.charts import palette
from dashboards.components import common_parts, header
from dashboards.components.header import View
from dashboards.queries import edition_data, figure_rows
from dashboards.text import escape, screen_wording
from pipelines import months

WORDING = {"required": "必须达到", "strive": "力争达到", "promoted": "鼓励、推动"}


def clause(indicator: dict) -> None:
    """The sentence of the policy that asks for it, and how it is computed."""
    quote, where = escape.markdown(indicator["quote"]), escape.markdown(indicator["clause"])
    st.markdown(f"> “{quote}” —— {where}（{WORDING.get(indicator['wording'], '')}）")
    with st.expander("口径"):
        if indicator["reading"]:
            st.markdown(f"解读：{escape.markdown(indicator['reading'])}")
        if indicator["unverified"]:
            st.markdown(f"尚未核实：{escape.markdown(indicator['unverified'])}")
        st.markdown(
            "分母按当月名册计，不按报数计；未报的算未知，不算未完成。"
            if indicator["is_share"]
            else "只计两项都已填报的单位，同时说明填报比例。"
        )
        st.code(formula(indicator), language=None, wrap_lines=True)


def formula(indicator: dict) -> str:
    if indicator["is_share"]:
        return f"范围：{indicator['scope_sql'] or '全部'}\n满足：{indicator['share_sql']}"
    return f"分子：{indicator['numerator_sql']}\n分母：{indicator['denominator_sql']}\n范围：{indicator['scope_sql'] or '全部'}"


def standing(row: dict) -> None:
    """The answer first, in a sentence."""
    said = [f"{screen_wording.sign(row)}：{screen_wording.value_with_parts(row)}，目标 {screen_wording.target(row)}"]
    said += [
        text
        for text in (
            screen_wording.gap(row),
            screen_wording.bounds(row),
            screen_wording.carried(row),
            screen_wording.change_in_words(row),
        )
        if text
    ]
    with st.container(key="verdict"):
        st.markdown(f"**{escape.markdown('。'.join(said))}。**")
        if row["is_share"] is False and row["denominator"]:
            st.caption(
                f"{screen_wording.number(row['answered'])} 个单位两项都已填报，{screen_wording.number(row['unknown'])} 个未报全。"
            )


def outlook(row: dict, found: dict | None) -> None:
    """Where the line leads, what pace would be needed; beside it, labelled, what the Open SDG method says."""
    if not found or row["status"] in ("met", "tracked", "not_applicable", "no_data"):
        return
    when = common_parts.month_text(found["reaches"]) if found.get("reaches") else ""
    told = f"按近六个月走势，约 {when}达到目标" if when else "按近六个月走势，达不到目标"
    if found.get("needed_pace") is not None and found.get("recent_pace") is not None:
        unit = row["gap_unit"] or ""
        told += f"；近三个月平均每月 {found['recent_pace']:+.1f} {unit}，到期前每月需 {found['needed_pace']:+.1f} {unit}"
    st.markdown(escape.markdown(f"{told}。"))
    if found.get("sdg_score") is not None:
        said = f"评分 {found['sdg_score']:.1f}（−5 到 5），{SDG.get(found['sdg_category'], found['sdg_category'])}"
        st.caption(escape.markdown(f"参考：Open SDG 方法的第二意见：{said}；本市状态不以此为准。"))
    elif found.get("sdg_refused"):
        st.caption(escape.markdown(f"参考：Open SDG 方法在这里不适用：{found['sdg_refused']}"))


SDG = {
    "target_achieved": "目标已达到",
    "substantial_progress": "进展显著",
    "moderate_progress": "进展中等",
    "limited_progress": "进展有限",
    "deterioration": "恶化",
}


def movement(view: View, indicator: dict, found: list[dict], row: dict) -> None:
    """The parts of the change against the month before, which add up to it; and the units that changed."""
    if not found or row["points"] is None:
        return
    unit = " 个百分点" if indicator["unit"] == "%" else f" {indicator['unit']}"
    told = "，".join(
        f"{edition_data.PARTS.get(item['part'], item['part'])} {item['change']:+.2f}"
        for item in found
        if item["change"]
    )
    st.markdown(escape.markdown(f"较上月 {row['points']:+.2f}{unit}，其中：{told or '没有变化'}。"))
    units = edition_data.movement_units(view, indicator["indicator"])
    if units:
        with st.expander("变了的社区（村）"):
            lines = [
                {**unit, "part": edition_data.PARTS.get(unit["part"], unit["part"])} | _turn(unit) for unit in units
            ]
            columns = {"part": "原因", "was": "上月", "now": "本月", "name": "名称", "county": "县市区", "unit": "代码"}
            common_parts.table(lines, columns, height=320)


def _turn(unit: dict) -> dict:
    """A unit's state in both months, in words."""
    states = {None: "不在名册", 0: "不适用", **edition_data.STATES}
    return {"was": states.get(unit["before"], ""), "now": states.get(unit["after"], "")}


def counties_download(view: View, indicator: str, counties: list[dict]) -> None:
    """The counties of one indicator, all of them, as a file."""
    places = tuple(row["place"] for row in counties)
    columns = {"place": "代码", "county": "县市区", **common_parts.FIGURE_COLUMNS}
    name = f"{indicator}-{view.month:%Y-%m}.csv"
    common_parts.download(
        lambda: [common_parts.figure_line(row) for row in figure_rows.ranking(view, indicator, places, compared=True)],
        len(places),
        columns,
        name,
    )


LACKING = {
    "unit": "代码",
    "name": "名称",
    "town": "街道（乡镇）",
    "kind": "类型",
    "what": "情况",
    "main_lacks": "主要指标还缺（项）",
}


def lacking(view: View, indicator: dict, counties: list[dict]) -> None:
    """From the counties that hold the gap down to the units that lack it, the nearest to being done first."""
    if indicator["counted"] == "county":
        st.caption("该指标以县市区为单位，没有更细的层级；见上面的县市区排序。")
        return
    options = {
        row["place"]: f"{row['county']}（{screen_wording.gap(row) or screen_wording.value(row)}）" for row in counties
    }
    worst = max(counties, key=lambda row: row["gap"] or 0)["place"] if counties else None
    county = header.pick("county", "县市区", options, worst, width=360)
    towns, units = st.columns([1, 1.4], gap="large")
    with towns:
        st.markdown("**街道（乡镇）**")
        lines = [common_parts.figure_line(row) for row in edition_data.towns(view, indicator["indicator"], county)]
        common_parts.table(
            lines, {"town": "街道（乡镇）", "shown_value": "现值", "parts": "完成/应有", "gap_text": "差距"}, height=420
        )
    with units:
        if signin.may("units", county):
            _units(view, indicator, county)
        else:
            st.caption("单位清单只给本县市区和市里看。")


def _units(view: View, indicator: dict, county: str) -> None:
    states = (
        {"缺的": (2,), "未报或待核实的": (3, 4), "已具备的": (1,)}
        if indicator["is_share"]
        else {"已填报的": (1,), "未报全的": (3, 4)}
    )
    which = st.segmented_control(
        "单位", list(states), default=next(iter(states)), required=True, label_visibility="collapsed"
    )
    labels = edition_data.fields(view.release)
    asked = [field for field in indicator["fields"] if "." not in field]
    if view.roster_month != view.month:
        st.caption("单位按当时区划列出。")
    rows = [_unit_line(row, asked) for row in edition_data.units_of(view, indicator, county, states[which])]
    columns = {**LACKING, **{f"answer:{f}": labels[f]["label"] for f in asked if f in labels}}
    marked = f"{palette.CARRIED} 为沿用前月的答案。" if any(row["carried"] for row in rows) else ""
    st.caption(f"{len(rows)} 个，主要指标还缺最少的排在前面；点一行看这个单位。{marked}" if rows else "没有这样的单位。")
    picked = common_parts.table(rows, columns, key="units", select=True, height=380)
    common_parts.download(
        lambda: rows, len(rows), columns, f"{indicator['indicator']}-{county}-{view.month:%Y-%m}.csv", county
    )
    if picked:
        common_parts.go("unit", unit=picked["unit"], county=county)


def _unit_line(row: dict, fields: list[str]) -> dict:
    what = edition_data.STATES[row["state"]] + (f" {palette.CARRIED}" if row["carried"] else "")
    return {**row, "what": what, **{f"answer:{field}": answer(row.get(field)) for field in fields}}


def answer(value: object) -> str:
    """A typed answer as the form would print it."""
    if value is None:
        return "未填"
    if isinstance(value, bool):
        return "是" if value else "否"
    if hasattr(value, "year"):
        return months.key(value)
    return screen_wording.number(value) if not isinstance(value, str) else value
