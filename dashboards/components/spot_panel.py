"""Spot checks beside the reported figures: at the indicator, the county and the unit. Nothing here changes a figure."""

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboards import signin
from dashboards.charts import html_board
from dashboards.components import common_parts, spot_desk_panel
from dashboards.components.header import View
from dashboards.queries import edition_data, spot_rows
from dashboards.queries.row_types import PlaceRow
from dashboards.queries.spot_row_types import SpotClaimRow, SpotFigureRow, SpotListRow, SpotUnitRow
from dashboards.text import escape, screen_wording
from pipelines import settings
from pipelines.intake import spot_desk
from pipelines.verification import sentences, spot_tables

PROVEN_MARK, UNSUPPORTED_MARK = "核", "疑"
STATES = {"planned": "已计划，待抽取", "withdrawn": "已撤回", "open": "抽查中", "closed": "已结束"}


def mark(row: SpotFigureRow | None) -> str:
    """The sign at an indicator: 核 where its verdict is proven, 疑 where a check does not support it."""
    return {"proven": PROVEN_MARK, "unsupported": UNSUPPORTED_MARK}.get((row and row["status"]) or "", "")


def proven(row: SpotFigureRow) -> html_board.Proven | None:
    """What visits prove, for the bar; None where no check says anything. Of a target `at_most` the noes are proven: 100 − x."""
    if not mark(row) or row["lower"] is None or row["lower_count"] is None:
        return None
    share = float(100 - row["lower"] if row["at_most"] else row["lower"])
    said = (
        f"抽查证明{'没有的' if row['at_most'] else ''}不少于 {row['lower_count']:,} 个，目标需 {row['required']:,} 个"
    )
    return html_board.Proven(share, f"{said}（{_age(row)}）")


def legend(view: View) -> str:
    """What the signs mean, with the months that were checked; empty where no check says anything of this month."""
    said = [row for row in spot_rows.figures(view, view.city).values() if mark(row)]
    names = {row["indicator"]: row["name"] for row in edition_data.indicators(view.release, view.policy)}
    lines = [f"{mark(row)} {names[row['indicator']]}：{spot_tables.about_words(row)}（{_age(row)}）" for row in said]
    return "；".join(lines) + "。细线从所报的值到抽查证明的下限。" if lines else ""


def _age(row: SpotFigureRow) -> str:
    return sentences.age(row["checked"], row["month"]) if row["checked"] else ""


# ---- the indicator's page


def about_indicator(view: View, indicator: str, row: PlaceRow) -> str:
    """Whether what is reported is proven, in a sentence; empty where nothing is to be proven and nothing was visited."""
    figure = spot_rows.figures(view, view.city).get(indicator)
    if figure is None or figure["status"] in (None, "unchecked"):
        return sentences.STATUS["unchecked"] if row["status"] == "met" else ""
    return f"{spot_tables.about_words(figure)}（{_age(figure)}）"


def of_indicator(view: View, indicator: str, row: PlaceRow) -> None:
    """Reported, proven, who was visited, what was found; every list ever planned."""
    figure = spot_rows.figures(view, view.city).get(indicator)
    _verdict(view, indicator, row, figure)
    claims = spot_rows.claims(view, indicator)
    by_list = {spot_list["list"]: spot_list for spot_list in spot_rows.lists(view, indicator)}
    for claim in claims:
        _list(view, claim, by_list[claim["list"]])


def _verdict(view: View, indicator: str, row: PlaceRow, figure: SpotFigureRow | None) -> None:
    if row["status"] != "met":
        st.markdown(escape.markdown(f"所报{screen_wording.status(row)}，没有可核实的达标结论。"))
        return
    if figure is None or figure["status"] in (None, "unchecked"):
        old = f"（{_age(figure)}，今已不能据以认定）" if figure and figure["checked"] else ""
        st.markdown(f"**{escape.markdown(sentences.STATUS['unchecked'] + old)}**。")
        return
    st.markdown(f"**{escape.markdown(spot_tables.about_words(figure))}**（{escape.markdown(_age(figure))}）。")
    if figure["text"] and figure["checked"] == figure["month"]:
        st.markdown(escape.markdown(figure["text"]))
    proven = f"所报 {figure['yes']:,} 个，证明不少于 {figure['lower_count']:,} 个，目标需 {figure['required']:,} 个。"
    st.caption(escape.markdown(proven))


def _list(view: View, claim: SpotClaimRow, spot_list: SpotListRow) -> None:
    where = "" if claim["level"] == "city" else f"（{claim['unit']}）"
    state = STATES[spot_list["state"]]
    head = f"{spot_list['list']} 号名单{where}，查{common_parts.month_text(spot_list['month'])}：{state}"
    with st.expander(escape.plain(head)):
        if spot_list["why"]:
            st.markdown(escape.markdown(f"撤回理由：{spot_list['why']}"))
        if claim["text"]:
            st.markdown(escape.markdown(claim["text"]))
        if spot_list["closed"]:
            strata(view, claim)
            _false_units(view, claim)
        st.caption(escape.markdown(draw_line(spot_list)))
        if spot_list["drawn"] and st.button(
            "验证抽取：重新算一遍种子和次序", key=f"redraw-{spot_list['list']}-{claim['unit']}"
        ):
            spot_desk_panel.recomputed(
                spot_desk.named(settings.load(), spot_list["list"]), whole=spot_list["closed"] is not None
            )


STRATA = {
    "place": "分层", "size": "所报", "planned": "走访", "confirmed": "属实", "refuted": "不属实", "open": "未能核实",
    "vf_text": "核实率（95% 区间）",
}  # fmt: skip


def strata(view: View, claim: SpotClaimRow) -> None:
    """The visits of a claim by stratum, with the factor of each."""
    names = edition_data.county_names(view.release)
    rows = spot_rows.strata(view, claim["list"] or 0, claim["indicator"])
    common_parts.lines([{**row, "place": _stratum(row["stratum"], names)} for row in rows], STRATA)


def _stratum(id: str, names: Mapping[str, str]) -> str:
    parts = [names.get(code, code) for code in id.split("+")]
    return parts[0] if len(parts) == 1 else f"{'、'.join(parts)}（小县合并）"


UNITS = {
    "county": "县市区",
    "town": "街道（乡镇）",
    "name": "社区（村）",
    "result": "结果",
    "days": "走访日期",
    "note": "说明",
}


def _false_units(view: View, claim: SpotClaimRow) -> None:
    """Units found false: for the city, leaders and their own county."""
    units = [unit for unit in spot_rows.found_false(view, claim["list"] or 0, claim["indicator"]) if _may_see(unit)]
    if units:
        st.markdown("查到不属实的")
        common_parts.lines(units, UNITS)


def _may_see(unit: SpotUnitRow) -> bool:
    own = signin.counties()
    return signin.may("units", unit["county_code"]) and (own is None or unit["county_code"] in own)


def draw_line(row: SpotListRow) -> str:
    """Where the number came from, and what everybody can recompute."""
    said = (
        f"{row['planned_by']}于 {row['planned_at'][:10]} 计划，号码：{row['source']} {row['issue']}，{row['day']} 公布"
    )
    if row["value"]:
        said += f"；{row['drawn_by']}以“{row['value']}”抽取（{row['published']}），种子 {row['seed']}"
    return f"{said}；改过 {row['changed']} 处。" if row["changed"] else f"{said}。"


# ---- the page of quality

LISTS = {
    "list": "名单", "checked": "查的月份", "names": "核查事项", "state": "状态", "planned": "计划", "number": "号码", "drawn": "抽取",
    "closed": "结束", "visits": "走访", "answered": "已有结果", "changed": "改过", "why": "撤回理由",
}  # fmt: skip


def every_list(view: View) -> None:
    """Every list ever planned, those taken back or never drawn among them."""
    rows = spot_rows.every_list(view)
    if not rows:
        st.caption("还没有作过抽查。")
        return
    common_parts.table([_list_line(row) for row in rows], LISTS)


def _list_line(row: SpotListRow) -> dict[str, object]:
    return {
        **row, "checked": common_parts.month_text(row["month"]), "state": STATES[row["state"]],
        "planned": f"{row['planned_by']} {row['planned_at'][:10]}", "number": f"{row['source']} {row['issue']}，{row['day']}",
    }  # fmt: skip


# ---- the county's page

FACTORS = {"name": "指标", "checked": "查的月份", "list": "名单", "planned": "走访", "vf_text": "核实率（95% 区间）"}


def is_checked(view: View, county: str) -> bool:
    """Whether a spot check says anything of the county."""
    return bool(spot_rows.factors(view, county) or _own(view, county))


def _own(view: View, county: str) -> list[SpotFigureRow]:
    return [row for row in spot_rows.figures(view, county).values() if row["status"] in ("proven", "unsupported")]


def of_county(view: View, county: str) -> None:
    """The county's 核实率 where it was drawn by itself: what was found of what it reported. No ranking."""
    rows, own = spot_rows.factors(view, county), _own(view, county)
    st.markdown("**抽查：所报的有多少属实**")
    names = {row["indicator"]: row["name"] for row in edition_data.indicators(view.release, view.policy)}
    for row in own:
        st.markdown(escape.markdown(f"{names[row['indicator']]}：{spot_tables.about_words(row)}（{_age(row)}）"))
    lines = [{**row, "list": f"{row['list']} 号", "checked": common_parts.month_text(row["month"])} for row in rows]
    if lines:
        common_parts.lines(lines, FACTORS)


# ---- the unit's page

VISITS = {
    "indicator_name": "核查事项", "checked": "查的月份", "list": "名单", "result": "结果", "days": "走访日期", "evidence": "证据编号",
    "inspector": "检查人", "note": "说明",
}  # fmt: skip


def of_unit(view: View, uid: str, county: str) -> None:
    """Visits to the unit: when, by which list, with what result."""
    rows: Sequence[SpotUnitRow] = spot_rows.of_unit(view, uid) if signin.may("units", county) else []
    if rows:
        st.markdown("**抽查**")
        lines = [{**row, "list": f"{row['list']} 号", "checked": common_parts.month_text(row["month"])} for row in rows]
        common_parts.lines(lines, VISITS)
