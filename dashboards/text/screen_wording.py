"""Sentences and numbers as people read them. Counts stand beside percentages; a status is never without its reason."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from dashboards.charts.palette import CARRIED, NAMES, SIGNS
from dashboards.queries.row_types import (
    ComparedRow,
    FigureRow,
    ReportingRow,
    SeriesRow,
    StandingRow,
    TownRow,
)
from pipelines import months
from pipelines.edition import concern, statuses
from pipelines.edition.month_coverage import Coverage

Figure = FigureRow | TownRow
AnyFigure = Figure | StandingRow


def number(value: object) -> str:
    """A count or a sum with thousands separators; decimals only where there are any."""
    if value is None:
        return "—"
    text = f"{Decimal(str(value)):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent_sign(row: AnyFigure) -> str:
    """What stands right behind the shown number: `%`, or the unit with a space."""
    return "%" if row["unit"] == "%" else f" {row['unit']}"


def value(row: AnyFigure) -> str:
    """`45.7%`, `0.8 人`, or why there is no value."""
    if row["shown"] is None:
        return "不适用" if row["status"] == "not_applicable" else "无数据"
    return f"{row['shown']}{percent_sign(row)}"


def parts(row: Figure | SeriesRow) -> str:
    """`2,274/4,977`: what the value is made of."""
    return f"{number(row['numerator'])}/{number(row['denominator'])}" if row["denominator"] else ""


def parts_marked(row: Figure) -> str:
    """`2,274/4,977 ※12`: with how many of the answers are carried over."""
    marked = f" {CARRIED}{number(row['carried'])}" if row["carried"] else ""
    return f"{parts(row)}{marked}"


def known(row: Figure) -> str:
    """`已报 36.7%，缺 263 个`: the value among those that answered, where something is unknown; of a ratio only how many are missing."""
    if row["shown"] is None or not row["unknown"]:
        return ""
    lacking = f"缺 {number(row['unknown'])} 个"
    among = row.get("known_shown") if row["is_share"] else None
    return f"已报 {among}{percent_sign(row)}，{lacking}" if among else lacking


def value_with_known(row: Figure) -> str:
    """`34.9%（已报 36.7%，缺 263 个）`, and only the value where all is known."""
    beside = known(row)
    return f"{value(row)}（{beside}）" if beside else value(row)


def value_with_parts(row: Figure) -> str:
    """`34.9%（915/2,622；已报 36.7%，缺 263 个）`."""
    beside = "；".join(filter(None, (parts(row), known(row))))
    return f"{value(row)}（{beside}）" if row["shown"] is not None and beside else value(row)


def target(row: Figure) -> str:
    """`≥60%`, or nothing where nothing is promised."""
    return f"{row['target']}{percent_sign(row)}" if row["target"] else "无目标"


def gap(row: AnyFigure) -> str:
    """`还差 65 个村：3 个未达标，62 个未填报`; nothing where the target is reached or counts no units."""
    if not row["gap"]:
        return ""
    missing = f"还差 {gap_alone(row)}"
    if _all_unanswered(row):
        return f"{missing}，均未填报"
    return f"{missing}：{gap_parts(row)}" if gap_parts(row) else missing


def gap_parts(row: AnyFigure) -> str:
    """`3 个未达标，62 个未填报` where the gap has both parts."""
    failing, unanswered = row.get("gap_failing"), row.get("gap_unknown")
    return f"{number(failing)} 个未达标，{number(unanswered)} 个未填报" if failing and unanswered else ""


def gap_alone(row: AnyFigure) -> str:
    """`215 个村` under a head that says 还差; a dash where nothing is missing."""
    return f"{number(row['gap'])} {row['gap_unit'] or ''}".rstrip() if row["gap"] else "—"


def gap_note(row: AnyFigure) -> str:
    """`62 未填报`: what of the gap is not answered, behind the number on a bar."""
    unanswered = row.get("gap_unknown") if row["gap"] else None
    return "均未填报" if _all_unanswered(row) else f"{number(unanswered)} 未填报" if unanswered else ""


def _all_unanswered(row: AnyFigure) -> bool:
    return bool(row.get("gap_unknown")) and row.get("gap_failing") == 0


def change(row: ComparedRow) -> str:
    """Against the month before, in units for a share and in its own unit for a ratio: `+18`, `−2`, `持平`."""
    moved = row["more"] if row["is_share"] else row["points"]
    if moved is None or row["shown"] is None:
        return ""
    if not moved:
        return "持平"
    return f"{'+' if moved > 0 else '−'}{number(abs(moved))}"


def change_in_words(row: ComparedRow) -> str:
    """`较上月 +42 个村`, `较上月 +0.3 ㎡`."""
    moved = change(row)
    if not moved or moved == "持平":
        return f"与上月{moved}" if moved else ""
    unit = row["gap_unit"] if row["is_share"] else row["unit"]
    return f"较上月 {moved} {unit or ''}".rstrip()


def bounds(row: Figure) -> str:
    """`在 44.1% 与 61.0% 之间`, where reports are missing; nothing where all is known."""
    if row["lower"] is None or row["upper"] is None or not row["unknown"]:
        return ""
    if f"{row['lower']:.1f}" == f"{row['upper']:.1f}":
        return f"另有 {number(row['unknown'])} 个未填报，不足以改变所示的数"
    return f"实际在 {row['lower']:.1f}% 与 {row['upper']:.1f}% 之间（{number(row['unknown'])} 个未填报）"


def carried(row: Figure) -> str:
    """`其中 12 个沿用前两个月的报数`."""
    return f"其中 {number(row['carried'])} 个沿用前两个月的报数" if row["carried"] else ""


def carried_share(row: Figure) -> float:
    """How much of what is known stands on carried answers, from 0 to 1."""
    known = (row["denominator"] or 0) - (row["unknown"] or 0) if row["is_share"] else row["answered"]
    return min(1.0, (row["carried"] or 0) / float(known)) if known and known > 0 else 0.0


def status(row: Figure) -> str:
    """The status in words; 待核实 with what it would be, 起步期 with when the pace is judged, 严重滞后 with why it is no 倒退."""
    beside = {"unproven": at_the_ends, "starting": starting}.get(row["status"])
    said = beside(row) if beside else statuses.below_base(row["status"], row.get("pace"))
    return f"{NAMES[row['status']]}（{said}）" if said else NAMES[row["status"]]


def at_the_ends(row: Figure) -> str:
    """`按最近报送：进度偏慢；最低严重滞后，最高已达标`: what an unproven status would be."""
    last, low, high = (_would_be(verdict) for verdict in (row.get("if_last"), row.get("if_low"), row.get("if_high")))
    if not low or not high:
        ends = "" if row["is_share"] else "两项都填报的单位不足 95%"
    elif low != high:
        ends = f"最低{low}，最高{high}"
    else:
        # a band may be missed at both ends and met between them
        ends = low if low == _NO_BASE else f"两端均为{low}，其间不定"
    return "；".join(filter(None, (f"按最近报送：{last}" if last and last != ends else "", ends)))


_NO_BASE = "起点不明"


def _would_be(status: str | None) -> str:
    """A status at one end; there it is unproven only where the series has no baseline."""
    return _NO_BASE if status == "unproven" else NAMES.get(status or "", "")


# months after the baseline month in which no pace is judged, the baseline month among them
_STARTING_MONTHS = 3


def starting(row: Figure) -> str:
    """`本月为基期，进度自第4个月起判定`; nothing where the baseline is older: it met the target and nothing fell."""
    base = row.get("base_month")
    if base is None:
        return "尚无基期"
    if base == row["month"]:
        return f"本月为基期，进度自第{_STARTING_MONTHS + 1}个月起判定"
    judged = months.add(base, _STARTING_MONTHS)
    return f"基期为{months.label(base)}，进度自{months.label(judged)}起判定" if row["month"] < judged else ""


def deciding(row: Figure, names: Mapping[str, str], most: int = 5) -> str:
    """`缺沙河市、新河县报表`: whose missing answers decide an unproven status, most unknown first; `names` are by county code."""
    codes = [code for code in (row.get("deciding") or "").split(",") if code]
    if row["status"] != "unproven" or not codes:
        return ""
    named = _counties(codes, names, most)
    return f"缺{named}报表" if row["level"] == "city" else f"缺{named} {number(row['unknown'])} 个单位的填报"


def unproven(rows: Sequence[FigureRow], names: Mapping[str, str], most: int = 3) -> str:
    """`待核实：甲率（按最近报送：…）缺沙河市报表；…。` of the indicators whose status is not proven."""
    open_rows = [row for row in rows if row["status"] == "unproven"]
    if not open_rows:
        return ""
    said = (
        f"{row['name']}（{'；'.join(filter(None, (at_the_ends(row), deciding(row, names))))}）"
        for row in open_rows[:most]
    )
    more = f"等 {len(open_rows)} 项" if len(open_rows) > most else ""
    return f"待核实：{'；'.join(said)}{more}。"


def sign(row: Figure) -> str:
    """`● 已达标`: the sign and the word."""
    return f"{SIGNS[row['status']]} {NAMES[row['status']]}"


def detail(row: Figure, name: str) -> list[str]:
    """A figure in full, line by line, for the box under the pointer."""
    lines = [
        f"{name}：{value_with_parts(row)}",
        f"目标 {target(row)} · {status(row)}",
        gap(row),
        bounds(row),
        carried(row),
    ]
    return [line for line in lines if line]


def verdict(rows: Sequence[FigureRow], due: date | None, month: date, whose: str = "") -> str:
    """`17 项主要指标：7 项已达标，2 项待核实（缺沙河市报表），…。另有 1 项没有目标，只作监测。距 2020年底还有 184 天。`

    `rows` are one place's figures of the headline indicators; only those with a target are judged (semantics §6). `whose`: the reports
    that 待核实 lacks.
    """
    judged = [row for row in rows if row["target"]] or rows
    counts, watched = Counter(row["status"] for row in judged), len(rows) - len(judged)
    beside = {"unproven": whose, "starting": _common(starting(row) for row in judged if row["status"] == "starting")}
    by_status = "，".join(
        f"{counts[key]} 项{NAMES[key]}" + (f"（{said}）" if (said := beside.get(key)) else "")
        for key in statuses.ORDER
        if counts[key]
    )
    others = f"另有 {watched} 项没有目标，只作监测。" if watched else ""
    return f"{len(judged)} 项主要指标：{by_status}。{others}{countdown(due, month)}"


def _common(said: Iterable[str]) -> str:
    """The text that all of them have, else empty."""
    different = set(said)
    return different.pop() if len(different) == 1 else ""


def deciders(rows: Sequence[FigureRow], names: Mapping[str, str], most: int = 5) -> str:
    """`缺沙河市、新河县报表`: the counties whose missing answers decide the unproven among the city's figures, most frequent first."""
    codes = Counter(
        code for row in rows if row["status"] == "unproven" for code in (row.get("deciding") or "").split(",") if code
    )
    return f"缺{_counties([code for code, _ in codes.most_common()], names, most)}报表" if codes else ""


def _counties(codes: Sequence[str], names: Mapping[str, str], most: int) -> str:
    named = _some([names.get(code, code) for code in codes], len(codes), most)
    return f"{named}县市区" if len(codes) > most else named


def countdown(due: date | None, month: date) -> str:
    """How long it is from the month's end to the due date's."""
    if due is None:
        return ""
    days = (months.last_day(due) - months.last_day(month)).days
    when = f"{due.year}年底" if due.month == 12 else f"{months.label(due)}底"
    if days > 0:
        return f"距 {when}还有 {days} 天。"
    return f"{when}已到期。" if days == 0 else f"{when}到期，已过 {-days} 天。"


def laggards(rows: Sequence[FigureRow], most: int = 3) -> str:
    """`最要紧的：农村综合服务设施覆盖率还差 212 个村…；…`: indicators behind in the order of concern, with what they lack."""
    behind = concern.by_concern(row for row in rows if row["status"] in statuses.BEHIND and row["gap"])
    if not behind:
        return ""
    named = "；".join(f"{row['name']}{gap(row)}" for row in behind[:most])
    return f"最要紧的：{named}{'等' if len(behind) > most else ''}。"


def reported(rows: Sequence[ReportingRow]) -> str:
    """`19/20 已报；未报：新河县。`"""
    missing = [row["name"] for row in rows if row["seq"] is None]
    counties, arrived = _counted_counties(rows)
    count = f"{arrived}/{counties} 个县市区已报"
    return f"{count}；未报：{_some(missing, counties - arrived)}。" if missing else f"{count}。"


def covered(month: Coverage) -> str:
    """Of all units those of which this month's answer counts: `99.9% 的单位有本月数据，沿用 5 个。` Rounded down: 100% is all of them."""
    units, accepted, carried = month["units"], month["accepted"], month["carried"]
    tenths = 1000 * accepted // max(1, units)
    share = "全部" if accepted == units else f"{tenths // 10}.{tenths % 10}% 的"
    return f"{share}单位有本月数据{f'，沿用 {carried:,} 个' if carried else ''}。" if units else ""


def _counted_counties(rows: Sequence[ReportingRow]) -> tuple[int, int]:
    """How many counties there are and how many have reported: the rows may be some of them."""
    arrived = len([row for row in rows if row["seq"] is not None])
    return rows[0].get("counties", len(rows)), rows[0].get("arrived", arrived)


def _some(names: list[str], of: int, most: int = 20) -> str:
    """At most `most` names, followed by the number of all where some are left out."""
    more = f"等 {of} 个" if of > min(most, len(names)) else ""
    return f"{'、'.join(names[:most])}{more}"


def reported_state(row: ReportingRow) -> str:
    """What became of a county's report of the month, against the day it was due."""
    if row["seq"] is None or row["received_at"] is None:
        if row["due"] is None:
            return "本月免报"
        if row["refused"]:
            return "报过，文件无法计入"
        return "报过，等重开后生效" if row["waiting"] else "未报"
    if row["due"] is None:
        return "已报"
    late = (date.fromisoformat(row["received_at"][:10]) - row["due"]).days
    if late > _LONG_OVER:
        return "已报（事后补录）"
    return f"已报，迟 {late} 天" if late > 0 else "已报"


# days after which a report is an entry of past months, not a late one
_LONG_OVER = 366


def to_chase(rows: Sequence[ReportingRow]) -> str:
    """`应于 2020年7月5日前报送。请催报：新河县、广宗县。有错误待改正：柏乡县（3）。`"""
    due = rows[0]["usual_due"]
    sentences = [f"应于 {due.year}年{due.month}月{due.day}日前报送"]
    missing = [f"{row['name']}{_extended(row)}" for row in rows if row["seq"] is None and row["due"]]
    excused = [row["name"] for row in rows if row["seq"] is None and row["due"] is None]
    wrong = [f"{row['name']}（{row['errors']} 处）" for row in rows if row["seq"] and row["errors"]]
    counties, arrived = _counted_counties(rows)
    sentences += [f"请催报：{_some(missing, counties - arrived - len(excused))}"] if missing else ["都已报送"]
    sentences += [f"本月免报：{_some(excused, len(excused))}"] if excused else []
    sentences += [f"有错误待改正：{_some(wrong, rows[0].get('faulty', len(wrong)))}"] if wrong else []
    sentences += [rows[0]["caveat"]] if rows[0]["caveat"] else []
    return "。".join(sentences) + "。"


def _extended(row: ReportingRow) -> str:
    """The due day of a county with an extension."""
    due = row["due"]
    return f"（延至{due.month}月{due.day}日）" if due and due != row["usual_due"] else ""


def day(stamp: str | None) -> str:
    """`2020年7月8日 09:30` of an ISO time stamp."""
    if not stamp:
        return "—"
    return f"{int(stamp[:4])}年{int(stamp[5:7])}月{int(stamp[8:10])}日 {stamp[11:16]}".strip()


# where a finding stands, as its message begins: file and sheet, then the cells
_CODE_AND_SHEET = re.compile(r"^(?:【\w+】)?(?:文件“[^”]*”)?(?:工作表“[^”]*”)?[：:]?")
_CELLS = re.compile(r"^单元格 [^：:]+[：:]")


def without_sheet(message: str) -> str:
    """A finding's message without its code, file and sheet: `单元格 E5：…`."""
    return _CODE_AND_SHEET.sub("", message)


def without_place(message: str) -> str:
    """A finding's message without its code and place."""
    return _CELLS.sub("", without_sheet(message))
