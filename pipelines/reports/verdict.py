"""Pieces of the verdict in sentences: what an indicator lacks, what it would be at either end, who reported.

Every function takes facts and returns one sentence or none; each case is a row of a table in `tests/reports/test_wording.py`.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from pipelines import months
from pipelines.edition.phrases import aim_in_words, amount, count, day, listed, plain_unit, sentence
from pipelines.edition.statuses import NAMES
from pipelines.edition.table_rows import CountyName
from pipelines.reports.facts import Facts
from pipelines.reports.indicator_figures import Figure, Item

_DECIDING = 3


def caveats(facts: Facts) -> str:
    """What is to be said of the age of the reference data."""
    return f"请注意：{'；'.join(facts.caveats)}。" if facts.caveats else ""


def shortfall(item: Item) -> str:
    """`农村综合服务设施覆盖率45.7%（还差212个村）`: an indicator that is behind, with what it lacks."""
    figure = item.city
    gap = short_of(figure, item.gap_unit) if figure else ""
    goal = f"目标{aim_in_words(item.goal, item.unit)}" if item.goal and not gap else ""
    beside = known(figure, item) if figure and not nearly_known(figure) else ""
    return f"{item.name}{amount(figure.shown if figure else None, item.unit)}（{'，'.join(filter(None, (beside, goal, gap)))}）"


def known(figure: Figure, item: Item) -> str:
    """`已报36.7%，缺263个`: the value among those that answered, where something is unknown; of a ratio only how many are missing."""
    if figure.shown is None or not figure.unknown:
        return ""
    lacking = f"缺{count(figure.unknown)}个"
    return (
        f"已报{amount(figure.known_shown, item.unit)}，{lacking}" if item.is_share and figure.known_shown else lacking
    )


def nearly_known(figure: Figure) -> bool:
    """Whether so few of the missing units are unreported (one in twenty at most) that they need few words."""
    return bool(figure.gap and figure.gap_unknown) and 20 * (figure.gap_unknown or 0) <= (figure.gap or 0)


def short_of(figure: Figure, unit: str | None) -> str:
    """`还差65个村，其中3个未达标、62个未填报`; empty where the gap is not a number of units."""
    if not figure.gap:
        return ""
    gap = f"还差{count(figure.gap)}{plain_unit(unit) or '个'}"
    if figure.gap_unknown and figure.gap_failing == 0:
        return f"{gap}，均未填报"
    if nearly_known(figure):
        return f"{gap}，含{count(figure.gap_unknown or 0)}个未填报"
    return f"{gap}，其中{parts}" if (parts := gap_parts(figure).replace("，", "、")) else gap


def gap_parts(figure: Figure) -> str:
    """`3个未达标，62个未填报` where the gap has both parts."""
    if not figure.gap_failing or not figure.gap_unknown:
        return ""
    return f"{count(figure.gap_failing)}个未达标，{count(figure.gap_unknown)}个未填报"


def unproven(item: Item, short: Mapping[str, str]) -> str:
    """`按最近报送：进度偏慢，最低严重滞后，最高已达标，缺沙河市报表`: what it would be, and whose answers decide it."""
    figure = item.city
    if figure is None:
        return ""
    low, high = _would_be(figure.if_low), _would_be(figure.if_high)
    # who never reported leaves it as open as it is
    last = NAMES.get(figure.if_last or "", "") if figure.if_last != "unproven" else ""
    if not low or not high:
        ends = "" if item.is_share else "两项都填报的单位不足95%"
    elif low != high:
        ends = f"最低{low}，最高{high}"
    else:
        ends = low if low == _NO_BASE else f"两端均为{low}，其间不定"
    codes = [code for code in (figure.deciding or "").split(",") if code]
    said = (
        f"按最近报送：{last}" if last and last != ends else "",
        ends,
        f"缺{listed([short.get(code, code) for code in codes], _DECIDING, '个县（市、区）')}报表" if codes else "",
    )
    return "，".join(filter(None, said)) or "结论取决于未填报的部分"


_NO_BASE = "起点不明"


def _would_be(status: str | None) -> str:
    """A status at one end; there it is unproven only where the series has no baseline."""
    return _NO_BASE if status == "unproven" else NAMES.get(status or "", "")


def starting(items: Sequence[Item], month: date) -> str:
    """From when the pace of those in 起步期 is judged."""
    bases = {i.city.base_month for i in items if i.city and i.status == "starting" and i.city.base_month}
    if not bases:
        return ""
    judged_items = [i for i in items if i.goal and not i.judged]
    if bases == {month} and all(item.status == "starting" for item in judged_items):
        return "本月为基期，进度自第4个月起判定。"
    judged = months.add(max(bases), 3)
    return f"起步期的指标自{months.label(judged)}起判定进度。" if month < judged else ""


# ---- who reported


def reported(facts: Facts) -> str:
    """Counties without a valid workbook, of these the carried, excused and extended ones; empty where all reported."""
    sent = {row["county"] for row in facts.submissions if row["status"] == "effective"}
    silent = [county for county in facts.counties if county["unit"] not in sent]
    if not silent:
        return ""
    return _silent(facts, silent) + _put_off(facts, silent)


def _silent(facts: Facts, silent: list[CountyName]) -> str:
    if len(silent) == len(facts.counties):
        return f"本月{len(silent)}个县（市、区）均未报送有效报表，以上数字沿用以前月份已报数据。"
    lent = {row["county"] for row in facts.coverage if row["carried"]}
    carried = [c["short"] for c in silent if c["unit"] in lent]
    missing = [c["short"] for c in silent if c["unit"] not in lent]
    more = "个县（市、区）"
    return sentence(
        carried and f"{listed(carried, 6, more)}未报，沿用此前两个月内的数据",
        missing and f"{listed(missing, 6, more)}未报且无数据可沿用，按未填报计算",
    )


def _put_off(facts: Facts, silent: list[CountyName]) -> str:
    """Of those that sent nothing: who is excused, and who was given until when; the later decision counts."""
    key = months.key(facts.month)
    given = {d["county"]: d["until"] for d in facts.decisions or () if d["kind"] == "extend" and d["month"] == key}
    excused = [c["short"] for c in silent if c["unit"] in given and given[c["unit"]] is None]
    later = [f"{c['short']}延至{day(date.fromisoformat(until))}" for c in silent if (until := given.get(c["unit"]))]
    return sentence(
        excused and f"其中{listed(excused, 6, '个县（市、区）')}经批准本月免报",
        later and f"{'其中' if not excused else ''}经批准{listed(later, 6, '个县（市、区）')}报送",
    )
