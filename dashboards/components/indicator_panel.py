"""Parts of the indicator's page: its clause, its figure in a sentence, why it moved, and the units behind it."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import streamlit as st

from dashboards import signin
from dashboards.charts import palette
from dashboards.components import common_parts, header
from dashboards.components.common_parts import Said
from dashboards.components.header import View
from dashboards.queries import edition_data, edition_sentences, figure_rows, plans, submission_rows
from dashboards.queries.row_types import ChangedUnit, ChangePart, IndicatorRow, PlaceRow, StandingRow
from dashboards.text import screen_wording
from dashboards.text.templates import render
from pipelines import months
from pipelines.edition import explained_answers, formula_text, month_movement, movement_sentences, statuses
from pipelines.edition.progress_rows import Moved
from pipelines.edition.table_rows import OutlookRow


def clause(view: View, indicator: IndicatorRow) -> str:
    """HTML of the sentence of the policy that asks for it, and how it is computed: in words, the register's expression last."""
    labels = formula_text.labels(view.release, view.policy, indicator["counted"])
    counted = (
        "分母按当月名册计，不按报数计；未报的算未填报，不算未达标。"
        if indicator["is_share"]
        else "只计两项都已填报的单位，同时说明填报比例。"
    )
    lines = [
        formula_text.formula(indicator, labels),
        f"解读：{indicator['reading']}" if indicator["reading"] else "",
        f"尚未核实：{indicator['unverified']}" if indicator["unverified"] else "",
        counted,
    ]
    return render(
        "clause.html",
        quote=indicator["quote"],
        where=indicator["clause"],
        wording=statuses.WORDINGS.get(indicator["wording"], ""),
        lines=filter(None, lines),
        expressions=formula_text.expressions(indicator).splitlines(),
    )


def standing(view: View, row: PlaceRow, checked: str) -> str:
    """HTML of the figure in a sentence: status, value, target, whose answers decide, gap, bounds, change, whether it is proven; why it moved."""
    names = edition_data.short_names(view)
    parts = [
        f"{palette.SIGNS[row['status']]} {screen_wording.status(row)}：{screen_wording.value_with_parts(row)}，目标 {screen_wording.target(row)}",
        screen_wording.deciding(row, names),
        screen_wording.gap(row),
        screen_wording.bounds(row),
        screen_wording.carried(row),
        screen_wording.change_in_words(row),
    ]
    lines = [Said("", f"{'。'.join(filter(None, parts))}。")]
    if row["is_share"] is False and row["denominator"]:
        answered, unknown = (screen_wording.number(row[name]) for name in ("answered", "unknown"))
        lines.append(Said(f"{answered} 个单位两项都已填报，{unknown} 个未报全。", quiet=True))
    if moved := _moved_in_words(view, row["indicator"]):
        lines.append(Said(moved))
    if checked:
        lines.append(Said(f"抽查：{checked}。"))
    return common_parts.said(lines, lead=True)


def explained(view: View, indicator: IndicatorRow) -> str:
    """HTML of what counties explain of the answers that the indicator rests on."""
    rows = submission_rows.explained(view.release, view.month)
    return common_parts.explained(explained_answers.of_indicator(rows, indicator["fields"]))


def outlook(row: PlaceRow, known: OutlookRow | None) -> list[Said]:
    """Where the trend leads and the pace needed; beside it, labelled, the second opinion by the Open SDG method."""
    if not known or row["status"] in ("met", "tracked", "not_applicable", "no_data"):
        return []
    when = common_parts.month_text(known["reaches"]) if known.get("reaches") else ""
    forecast = f"按近六个月走势，约 {when}达到目标" if when else "按近六个月走势，达不到目标"
    if known.get("needed_pace") is not None and known.get("recent_pace") is not None:
        unit = row["gap_unit"] or ""
        forecast += (
            f"；近三个月平均每月 {known['recent_pace']:+.1f} {unit}，到期前每月需 {known['needed_pace']:+.1f} {unit}"
        )
    return [Said(f"{forecast}。"), *_second_opinion(known)]


def _second_opinion(known: OutlookRow) -> list[Said]:
    if known.get("sdg_score") is not None:
        kind = SDG.get(known["sdg_category"] or "", known["sdg_category"])
        score = f"第二意见：评分 {known['sdg_score']:.1f}（−5 到 5），{kind}；本市状态不以此为准。"
        return [Said(f"参考：Open SDG 方法的{score}", quiet=True)]
    if known.get("sdg_refused"):
        return [Said(f"参考：Open SDG 方法在这里不适用：{known['sdg_refused']}", quiet=True)]
    return []


SDG = {
    "target_achieved": "目标已达到",
    "substantial_progress": "进展显著",
    "moderate_progress": "进展中等",
    "limited_progress": "进展有限",
    "deterioration": "恶化",
}


def _moved_in_words(view: View, indicator: str) -> str:
    """Last month's change: where by work, how much by reports or boundary, and which counties slipped."""
    own = next((row for row in edition_sentences.moved(view) if row["indicator"] == indicator), None)
    slipped = [row["short"] for row in edition_sentences.slipped(view, indicator=indicator)]
    parts = [_of_work(own) if own else "", f"状态变差的县市区：{'、'.join(slipped)}" if slipped else ""]
    sentences = "。".join(filter(None, parts))
    return f"{sentences}。" if sentences else ""


def _of_work(row: Moved) -> str:
    """`本月甲率新增 3 个…`; where no work was done, a sentence that says so and what moved besides."""
    if row["gained"] or row["lost"]:
        return f"本月{movement_sentences.of_indicator(row)}"
    return f"本月没有实际增减，{movement_sentences.beside(row)}"


def can_plan(view: View, indicator: IndicatorRow, row: PlaceRow) -> bool:
    """Whether there is a gap to close that a plan of units a month can close."""
    counts = indicator["is_share"] and indicator["counted"] == "community" and indicator["low"] is not None
    return bool(counts and row["gap_failing"] and row["status"] != "met" and view.month == view.release.month)


def what_if(view: View, row: PlaceRow) -> None:
    """A small plan: so many units more a month, and when the city reaches the target by it."""
    pace = st.number_input(
        "如果全市每月补（个）", min_value=1, max_value=100_000, value=_usual(row, view.due), width=220
    )
    when = plans.city_reached(view, row["indicator"], int(pace))
    st.caption(_planned(when, view.due))


def _usual(row: PlaceRow, due: date | None) -> int:
    """Units a month that close the gap by the due date; 10 where it is over."""
    left = (due.year - row["month"].year) * 12 + due.month - row["month"].month if due else 0
    return -(-(row["gap_failing"] or 0) // left) if left > 0 else 10


def _planned(when: date | None, due: date | None) -> str:
    if when is None:
        return "照此速度，二十年内达不到目标。"
    late = f"，晚于期限 {common_parts.month_text(due)}" if due and when > due else "，在期限之内" if due else ""
    return (
        f"照此速度，{common_parts.month_text(when)}全市达到目标{late}。未填报的当作具备；按离达标最近的县市区先补测算。"
    )


def movement(indicator: IndicatorRow, parts: Sequence[ChangePart]) -> list[Said]:
    """The parts of the change against the month before, which add up to it."""
    if not parts:
        return []
    unit = " 个百分点" if indicator["unit"] == "%" else f" {indicator['unit']}"
    changed_parts = [item for item in parts if item["change"]]
    split = "，".join(
        f"{edition_data.PARTS.get(item['part'], item['part'])} {_signed(item['change'])}" for item in changed_parts
    )
    own = "各按当时区划，" if any(item["part"] == "boundary" for item in changed_parts) else ""
    total = _signed(month_movement.total(parts))
    return [Said(f"{own}较上月 {total}{unit}，其中：{split or '没有变化'}。")]


def changed_units(view: View, indicator: str) -> None:
    """The units that changed against the month before."""
    lines = [
        {**changed, "part": edition_data.PARTS.get(changed["part"], changed["part"])} | _turn(changed)
        for changed in edition_data.movement_units(view, indicator)
    ]
    if not lines:
        st.caption("与上月相比没有变了的社区（村）。")
        return
    columns = {"part": "原因", "was": "上月", "now": "本月", "name": "名称", "county": "县市区", "unit": "代码"}
    common_parts.table(lines, columns, height=480)


def _signed(points: float) -> str:
    return f"{points:+.2f}".replace("-", "−")


def _turn(unit: ChangedUnit) -> dict[str, str]:
    """A unit's state in both months, in words."""
    states: dict[int | None, str] = {None: "不在名册", **statuses.UNIT_STATES}
    return {"was": states.get(unit["before"], ""), "now": states.get(unit["after"], "")}


def counties_download(view: View, indicator: str, counties: Sequence[StandingRow]) -> None:
    """All counties of one indicator as a file."""
    places = tuple(row["place"] for row in counties)
    columns = {"place": "代码", "county": "县市区", **common_parts.EXPORTED}
    name = f"{indicator}-{view.month:%Y-%m}"
    common_parts.download(
        lambda: [common_parts.figure_line(row) for row in figure_rows.ranking(view, indicator, places)],
        len(places),
        columns,
        name,
    )


LACKING = {
    "name": "名称",
    "town": "街道（乡镇）",
    "kind": "类型",
    "what": "情况",
    "main_lacks": "主要指标还缺（项）",
}


def lacking(view: View, indicator: IndicatorRow, counties: Sequence[StandingRow]) -> None:
    """From the counties with the gap down to the units that lack it, those that lack least besides first."""
    if indicator["counted"] == "county":
        st.caption("该指标以县市区为单位，没有更细的层级；见上面的县市区排序。")
        return
    options = {
        row["place"]: f"{row['county']}（{screen_wording.gap_alone(row) if row['gap'] else screen_wording.value(row)}）"
        for row in counties
    }
    worst = next((row["place"] for row in counties), None)
    county = header.pick("county", "县市区", options, worst, width=360)
    left, right = st.columns([1, 1.4], gap="large")
    with left:
        st.markdown("**街道（乡镇）**")
        towns(view, indicator["indicator"], county)
    with right:
        if signin.may("units", county):
            _units(view, indicator, county)
        else:
            st.caption("单位清单只给本县市区和市里看。")


def has_towns(view: View, indicator: str) -> bool:
    """Whether an indicator has figures below the county."""
    known = edition_data.indicators(view.release, view.policy)
    return any(row["indicator"] == indicator and row["counted"] == "community" for row in known)


def towns(view: View, indicator: str, county: str) -> None:
    """A county's towns, those of greatest concern first."""
    lines = [common_parts.figure_line(row) for row in edition_data.towns(view, indicator, county)]
    columns = {"town": "街道（乡镇）", "value_cell": "现值", "done": "完成", "due_units": "应有", "gap_cell": "还差"}
    common_parts.table(lines, columns, height=420)


def _units(view: View, indicator: IndicatorRow, county: str) -> None:
    states: dict[str, tuple[int, ...]] = (
        {"未达到的": (2,), "未填报的": (3, 4), "达到的": (1,)}
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
    columns = {**LACKING, **{f"answer:{f}": labels[f]["label"] for f in asked if f in labels}, "unit": "代码"}
    marked = f"{palette.CARRIED} 为沿用前月的答案。" if any(row["carried"] for row in rows) else ""
    st.caption(
        f"{len(rows)} 个，主要指标还缺最少的排在前面；点一行看这个单位。{marked}" if rows else "没有这样的单位。"
    )
    with st.container(key="units"):
        common_parts.table(
            rows, columns, link=lambda row: common_parts.href("unit", unit=row["unit"], county=county), height=380
        )
    common_parts.download(
        lambda: rows, len(rows), columns, f"{indicator['indicator']}-{county}-{view.month:%Y-%m}", county
    )


def _unit_line(row: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    what = statuses.UNIT_STATES[row["state"]] + (f" {palette.CARRIED}" if row["carried"] else "")
    return {**row, "what": what, **{f"answer:{field}": answer_cell(row.get(field)) for field in fields}}


def answer(value: object) -> str:
    """A typed answer as the form would print it."""
    if value is None:
        return "未填"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date):
        return months.key(value)
    return screen_wording.number(value) if not isinstance(value, str) else value


def answer_cell(value: object) -> object:
    """An answer for a table: numbers stay numbers."""
    return value if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else answer(value)
