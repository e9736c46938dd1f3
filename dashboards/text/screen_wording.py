"""Sentences and numbers as people read them. Counts stand beside percentages; a status is never without its reason."""

from datetime import date
from decimal import Decimal

from dashboards.charts.palette import ATTENTION, CARRIED, NAMES, SIGNS
from pipelines import months


def number(value: object) -> str:
    """A count or a sum with thousands separators; decimals only where there are any."""
    if value is None:
        return "—"
    text = f"{Decimal(str(value)):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent_sign(row: dict) -> str:
    """What stands right behind the shown number: `%`, or the unit with a space."""
    return "%" if row["unit"] == "%" else f" {row['unit']}"


def value(row: dict) -> str:
    """`45.7%`, `0.8 人`, or why there is no value."""
    if row["shown"] is None:
        return "不适用" if row["status"] == "not_applicable" else "无数据"
    return f"{row['shown']}{percent_sign(row)}"


def parts(row: dict) -> str:
    """`2,274/4,977`: what the value is made of."""
    return f"{number(row['numerator'])}/{number(row['denominator'])}" if row["denominator"] else ""


def parts_marked(row: dict) -> str:
    """`2,274/4,977 ※12`: with how many of the answers are carried over."""
    marked = f" {CARRIED}{number(row['carried'])}" if row["carried"] else ""
    return f"{parts(row)}{marked}"


def value_with_parts(row: dict) -> str:
    """`45.7%(2,274/4,977)`."""
    return f"{value(row)}（{parts(row)}）" if row["shown"] is not None else value(row)


def target(row: dict) -> str:
    """`≥60%`, or nothing where nothing is promised."""
    return f"{row['target']}{percent_sign(row)}" if row["target"] else "无目标"


def rounded_up(row: dict) -> bool:
    """Whether the shown number looks like the target although it is not reached: 59.96% shows as 60.0%."""
    short = row["value"] is not None and row["low"] is not None and row["value"] < row["low"]
    return short and Decimal(row["shown"]) >= Decimal(str(row["low"]))


def gap(row: dict) -> str:
    """`还差 215 个村`; nothing where the target is reached or counts no units."""
    return f"还差 {number(row['gap'])} {row['gap_unit'] or ''}".rstrip() if row["gap"] else ""


def gap_alone(row: dict) -> str:
    """`215 个村` under a head that says 还差; a dash where nothing is missing."""
    return f"{number(row['gap'])} {row['gap_unit'] or ''}".rstrip() if row["gap"] else "—"


def change(row: dict) -> str:
    """Against the month before, in units for a share and in its own unit for a ratio: `+18`, `−2`, `持平`."""
    moved = row["more"] if row["is_share"] else row["points"]
    if moved is None:
        return ""
    if not moved:
        return "持平"
    return f"{'+' if moved > 0 else '−'}{number(abs(moved))}"


def change_in_words(row: dict) -> str:
    """`较上月 +42 个村`, `较上月 +0.3 ㎡`."""
    moved = change(row)
    if not moved or moved == "持平":
        return f"与上月{moved}" if moved else ""
    unit = row["gap_unit"] if row["is_share"] else row["unit"]
    return f"较上月 {moved} {unit or ''}".rstrip()


def bounds(row: dict) -> str:
    """`在 44.1% 与 61.0% 之间`, where reports are missing; nothing where all is known."""
    if row["lower"] is None or not row["unknown"]:
        return ""
    if f"{row['lower']:.1f}" == f"{row['upper']:.1f}":
        return f"另有 {number(row['unknown'])} 个未报或待核实，不足以改变所示的数"
    return f"实际在 {row['lower']:.1f}% 与 {row['upper']:.1f}% 之间（{number(row['unknown'])} 个未报或待核实）"


def carried(row: dict) -> str:
    return f"其中 {number(row['carried'])} 个沿用前两个月的报数" if row["carried"] else ""


CARRIED_LEGEND = f"{CARRIED} 后是其中沿用前月答案的单位数"


def carried_share(row: dict) -> float:
    """How much of what is known stands on carried answers, from 0 to 1."""
    known = (row["denominator"] or 0) - (row["unknown"] or 0) if row["is_share"] else row["answered"]
    return min(1.0, (row["carried"] or 0) / float(known)) if known and known > 0 else 0.0


def starting(row: dict) -> bool:
    """Whether this is the indicator's first month: nothing to compare with, so its pace cannot be judged."""
    return row["status"] == "on_track" and row.get("base_month") == row["month"]


STARTING = "起点月，尚不能判断快慢"


def status(row: dict) -> str:
    return STARTING if starting(row) else NAMES[row["status"]]


def sign(row: dict) -> str:
    """`● 已达标`: the sign and the word."""
    return f"{SIGNS[row['status']]} {status(row)}"


def detail(row: dict, name: str) -> list[str]:
    """All that is said when a figure is pointed at, line by line."""
    lines = [
        f"{name}：{value_with_parts(row)}",
        f"目标 {target(row)} · {status(row)}",
        gap(row),
        bounds(row),
        carried(row),
    ]
    return [line for line in lines if line]


def verdict(counts: list[dict], due: date | None, month: date, starting: int = 0) -> str:
    """`18 项主要指标：7 项已达标，6 项进度正常，…。距 2020年底还有 184 天。` `starting`: how many of 进度正常 are in their first month."""
    total = counts[0]["total"] if counts else 0
    told = "，".join(_counted(row, starting) for row in counts)
    return f"{total} 项主要指标：{told}。{countdown(due, month)}"


def _counted(row: dict, starting: int) -> str:
    if row["status"] != "on_track" or not starting:
        return f"{row['indicators']} 项{row['name']}"
    normal = f"{row['indicators'] - starting} 项{row['name']}，" if row["indicators"] > starting else ""
    return f"{normal}{starting} 项在{STARTING}"


def countdown(due: date | None, month: date) -> str:
    """How long it is from the month's end to the due date's."""
    if due is None:
        return ""
    days = (months.last_day(due) - months.last_day(month)).days
    when = f"{due.year}年底" if due.month == 12 else f"{months.label(due)}底"
    if days > 0:
        return f"距 {when}还有 {days} 天。"
    return f"{when}已到期。" if days == 0 else f"{when}到期，已过 {-days} 天。"


def laggards(rows: list[dict], most: int = 3) -> str:
    """`农村综合服务设施覆盖率还差 212 个村；…`: what wants attention first, in work."""
    urgent = [row for row in rows if row["status"] in ("overdue", "reversing", "off_track", "lagging") and row["gap"]]
    urgent.sort(key=lambda row: (ATTENTION.index(row["status"]), -row["gap"]))
    if not urgent:
        return ""
    told = "；".join(f"{row['name']}{gap(row)}" for row in urgent[:most])
    return f"最要紧的：{told}{'等' if len(urgent) > most else ''}。"


def reported(rows: list[dict]) -> str:
    """`19/20 已报；未报：新河县。`"""
    missing = [row["name"] for row in rows if row["seq"] is None]
    counties, arrived = _counted_counties(rows)
    told = f"{arrived}/{counties} 个县市区已报"
    return f"{told}；未报：{_some(missing, counties - arrived)}。" if missing else f"{told}。"


def _counted_counties(rows: list[dict]) -> tuple[int, int]:
    """How many counties there are and how many have reported: the rows may be some of them."""
    arrived = len([row for row in rows if row["seq"] is not None])
    return rows[0].get("counties", len(rows)), rows[0].get("arrived", arrived)


def _some(names: list[str], of: int, most: int = 20) -> str:
    """Names of so many that a sentence can bear; how many there are where these are not all."""
    more = f"等 {of} 个" if of > min(most, len(names)) else ""
    return f"{'、'.join(names[:most])}{more}"


def reported_state(row: dict) -> str:
    """What became of a county's report of the month, against the day it was due."""
    if row["seq"] is None:
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


# after so many days nobody was late any more: a month of the past was entered
_LONG_OVER = 366


def to_chase(rows: list[dict]) -> str:
    """`应于 2020年7月5日前报送。请催报：新河县、广宗县。有错误待改正：柏乡县（3）。`"""
    due = rows[0]["usual_due"]
    told = [f"应于 {due.year}年{due.month}月{due.day}日前报送"]
    missing = [f"{row['name']}{_extended(row)}" for row in rows if row["seq"] is None and row["due"]]
    excused = [row["name"] for row in rows if row["seq"] is None and row["due"] is None]
    wrong = [f"{row['name']}（{row['errors']} 处）" for row in rows if row["seq"] and row["errors"]]
    counties, arrived = _counted_counties(rows)
    told += [f"请催报：{_some(missing, counties - arrived - len(excused))}"] if missing else ["都已报送"]
    told += [f"本月免报：{_some(excused, len(excused))}"] if excused else []
    told += [f"有错误待改正：{_some(wrong, rows[0].get('faulty', len(wrong)))}"] if wrong else []
    told += [rows[0]["caveat"]] if rows[0]["caveat"] else []
    return "。".join(told) + "。"


def _extended(row: dict) -> str:
    """The day of a county that was given longer."""
    due = row["due"]
    return f"（延至{due.month}月{due.day}日）" if due != row["usual_due"] else ""


def day(stamp: str | None) -> str:
    """`2020年7月8日 09:30` of an ISO time stamp."""
    if not stamp:
        return "—"
    return f"{int(stamp[:4])}年{int(stamp[5:7])}月{int(stamp[8:10])}日 {stamp[11:16]}".strip()


def legend() -> str:
    return " ".join(f"{SIGNS[status]} {NAMES[status]}" for status in ATTENTION)
