"""Parts of the page that compares: two months of one place with why one indicator changed, and counties side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import streamlit as st

from dashboards.charts.palette import Ink
from dashboards.components import common_parts, header
from dashboards.components.common_parts import Shown
from dashboards.components.header import View
from dashboards.queries import edition_data, edition_sentences, figure_rows, ranks
from dashboards.queries.row_types import PlaceRow
from dashboards.text import escape, screen_wording
from dashboards.text.templates import show
from pipelines import months
from pipelines.edition import statuses
from pipelines.edition.figure_types import PART_NAMES
from pipelines.errors import Refusal

# ---- two months


def two_months(view: View, ink: Ink) -> None:
    """Headline indicators of a place in two months by the present divisions (semantics §1), and why one of them changed."""
    view = replace(view, divisions="now")
    earlier = _earlier(view)
    if not earlier:
        st.info("这一版里没有更早的月份可比。")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        against = header.pick("against", f"{months.label(view.month)}与", earlier, next(iter(earlier)), width=220)
        place = header.pick("of", "哪里", {"all": "全市", **common_parts.county_options(view)}, "all", width=200)
    code, before = view.city if place == "all" else place, months.parse(against)
    now = figure_rows.in_order(figure_rows.of_place(view, code, headline=True))
    then = {row["indicator"]: row for row in figure_rows.of_place(replace(view, month=before), code, headline=True)}
    if not now or not then:
        st.info("两个月份中有一个没有这里的数字：政策自所定月份起才考核，县市区也可能尚未设立。")
        return
    lines = [_both(row, then.get(row["indicator"])) for row in now]
    st.markdown(f"**{escape.markdown(_summary(lines, before))}**")
    st.caption("两个月份都按目前区划计算，不含划界引起的增减。")
    _why(view, before, code)
    columns = {"name": "指标", "then": months.label(before), "now": months.label(view.month), "more": "完成增减（个）"}
    columns |= {
        "points": "百分点增减",
        "status_before": f"{months.label(before)}状态",
        "status_now": "现在状态",
        "gap": "还差",
    }
    common_parts.table(
        lines,
        columns,
        link=lambda row: common_parts.href("compare") + f"&against={against}&of={place}&indicator={row['indicator']}",
    )
    file = f"比较-{place}-{against}-{months.key(view.month)}"
    common_parts.download(lambda: lines, len(lines), columns, file, None if place == "all" else place)


def _earlier(view: View) -> dict[str, str]:
    """Earlier months by key: the month before, that of the reader's last visit, a year before and January first; then all others."""
    known = [key for key in view.release.manifest["months"] if key < months.key(view.month)]
    named = {
        header.seen_before(months.key(view.release.month)): "上次来看时",
        months.key(months.add(view.month, -1)): "上月",
        months.key(months.add(view.month, -12)): "去年同期",
        f"{view.month.year}-01": "年初",
    }
    first = {key: f"{word}（{months.label(months.parse(key))}）" for key, word in named.items() if key in known}
    return first | {key: months.label(months.parse(key)) for key in reversed(known) if key not in first}


def _both(now: PlaceRow, then: PlaceRow | None) -> dict[str, Any]:
    known = then is not None and then["shown"] is not None and now["shown"] is not None
    more = now["numerator"] - then["numerator"] if known and then and now["is_share"] else None
    points = (now["value"] or 0) - (then["value"] or 0) if known and then else None
    return {
        "indicator": now["indicator"],
        "name": now["name"],
        "then": Shown(screen_wording.value_with_parts(then), then["value"]) if then else Shown("没有数字", None),
        "now": Shown(screen_wording.value_with_parts(now), now["value"]),
        "more": None if more is None else Shown(_signed(more), more),
        "points": None if points is None else Shown(f"{points:+.1f}".replace("-", "−") if points else "0", points),
        "status_before": screen_wording.sign(then) if then else "",
        "status_now": screen_wording.sign(now),
        "gap": Shown(screen_wording.gap_alone(now), now["gap"]),
        "rose": known and points is not None and points > 0,
        "fell": known and points is not None and points < 0,
        "both": known,
    }


def _signed(value: object) -> str:
    text = screen_wording.number(value)
    return text.replace("-", "−") if text.startswith("-") else f"+{text}" if text != "0" else "0"


def _summary(lines: Sequence[Mapping[str, Any]], before: date) -> str:
    rose, fell = (len([line for line in lines if line[name]]) for name in ("rose", "fell"))
    same = len([line for line in lines if line["both"]]) - rose - fell
    return f"比{months.label(before)}：{rose} 项上升，{fell} 项下降，{same} 项持平。点一行，在上面看为什么变。"


_PARTS: dict[str, str] = dict(PART_NAMES.items())


def _why(view: View, before: date, code: str) -> None:
    """The parts of one indicator's change, which add up to it, for the place and by county."""
    asked = st.query_params.get("indicator")
    known = {row["indicator"]: row for row in edition_data.indicators(view.release, view.policy)}
    if asked not in known:
        return
    st.subheader(f"{escape.markdown(known[asked]['name'])}：为什么变", anchor=False)
    try:
        rows = edition_sentences.changes(view, before, view.month, asked)
    except Refusal as refused:
        st.caption(escape.markdown(refused))
        return
    own = next((row for row in rows if row["unit"] == code), None)
    if own is None:
        st.caption("这里两个月份都没有这个指标的数字。")
        return
    unit = "个百分点" if known[asked]["unit"] == "%" else known[asked]["unit"]
    parts = _parts(own)
    said = "，".join(f"{_PARTS[name]} {_points(value)}" for name, value in parts.items() if value)
    st.markdown(
        escape.markdown(
            f"共变 {_points(edition_sentences.points(own['change']) or 0.0)} {unit}，其中：{said or '没有变化'}。各部分相加等于变化。"
        )
    )
    names = common_parts.county_options(view)
    lines = [_part_line(row, names) for row in rows if row["unit"] in names]
    lines.sort(key=lambda line: -abs(line["total"].value))
    if code == view.city and lines:
        common_parts.table(
            lines,
            common_parts.columns_used(lines, {"county": "县市区", **_PARTS, "total": f"合计（{unit}）"}),
            link=lambda row: common_parts.href("county", county=row["unit"], indicator=asked),
            height=260,
        )


def _parts(row: Mapping[str, Any]) -> dict[str, float]:
    return {name: edition_sentences.points(row["parts"].get(name)) or 0.0 for name in _PARTS}


def _part_line(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    shown = {name: Shown(_points(value) if value else "", value) for name, value in _parts(row).items()}
    total = edition_sentences.points(row["change"]) or 0.0
    return {"unit": row["unit"], "county": names[row["unit"]], **shown, "total": Shown(_points(total), total)}


def _points(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−") if value else "0"


# ---- side by side

_MOST = 6


def side_by_side(view: View) -> None:
    """Leading indicators down, counties across: value, sign and rank; ranks as ranges where one unit more or less would change them."""
    names = common_parts.county_options(view)
    chosen = _places(view, names)
    if not chosen:
        st.info("请选几个县市区。")
        return
    headline = figure_rows.in_order(figure_rows.of_place(view, view.city, headline=True))
    rows = figure_rows.matrix(view, tuple(names))
    lines = [
        _beside(of_city, [row for row in rows if row["indicator"] == of_city["indicator"]], chosen)
        for of_city in headline
    ]
    show("beside.html", places=[names[code] for code in chosen], lines=lines)
    st.caption("括号里是位次；写成一段的，是因为应有的单位少，增减一个单位就会换位。不适用和无数据的不排名。")
    cells = [
        {"name": line["name"], **dict(zip(chosen, (cell["text"] for cell in line["cells"]), strict=True))}
        for line in lines
    ]
    columns = {"name": "指标", **{code: names[code] for code in chosen}}
    common_parts.download(lambda: cells, len(cells), columns, f"并列-{view.month:%Y-%m}")


def _places(view: View, names: Mapping[str, str]) -> list[str]:
    """The counties in the address; at first the county chosen elsewhere with those most like it."""
    asked = [code for code in st.query_params.get("places", "").split(",") if code in names]
    county = st.query_params.get("county") or st.session_state.get("chosen-county")
    start = county if county in names else next(iter(names), None)
    st.session_state["beside"] = asked or (ranks.alike(view, start) if start else [])
    return st.multiselect(
        "县市区（最多六个）",
        list(names),
        key="beside",
        format_func=lambda code: escape.plain(names[code]),
        max_selections=_MOST,
        on_change=_remember_places,
        placeholder="请选择",
    )


def _remember_places() -> None:
    st.query_params["places"] = ",".join(st.session_state["beside"])


def _beside(of_city: PlaceRow, rows: Sequence[Mapping[str, Any]], chosen: Sequence[str]) -> dict[str, Any]:
    ranked = ranks.ranges(rows)
    by_place = {row["place"]: row for row in rows}
    cells = [_beside_cell(by_place.get(code), ranked.get(code, "")) for code in chosen]
    return {
        "name": of_city["name"],
        "target": screen_wording.target(of_city) if of_city["target"] else "",
        "cells": cells,
    }


def _beside_cell(row: Any, rank: str) -> dict[str, str]:
    if row is None:
        return {"status": "", "text": "", "rank": "", "parts": ""}
    text = f"{screen_wording.sign(row).split(' ')[0]} {screen_wording.value(row)}"
    behind = "behind" if row["status"] in statuses.BEHIND else ""
    return {"status": behind, "text": text, "rank": f"（{rank}）" if rank else "", "parts": screen_wording.parts(row)}
