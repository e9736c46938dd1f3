"""The verdict in sentences: which indicators are met, which lag and by how much, what moved, who reported.

Every function takes facts and returns one sentence or none; each case is a row of a table in `tests/reports/test_wording.py`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from pipelines import months
from pipelines.edition.phrases import aim_in_words, amount, count, listed, plain_unit, points, sentence, until
from pipelines.edition.statuses import BEHIND, NAMES
from pipelines.reports.facts import Facts, Figure, Item, by_concern, tenth

# from better to worse; a status that says nothing of progress has no grade
_GRADES = ("met", "on_track", "lagging", "off_track", "reversing", "overdue")
# in which order a sentence counts them
_COUNTED = (
    "met",
    "on_track",
    "starting",
    "lagging",
    "off_track",
    "reversing",
    "overdue",
    "unproven",
    "tracked",
    "no_data",
    "not_applicable",
)
PARTS = {
    "register": "指标定义调整",
    "correction": "更正上期数据",
    "corrections": "更正上期数据",
    "boundary": "名册和区划变动",
    "answers": "各单位情况变化",
    "reporting": "报送增减",
}
_NAMED, _DECIDING = 3, 5
NO_NAMES: Mapping[str, str] = MappingProxyType({})


def overall(facts: Facts, since: str) -> str:
    """The paragraph 总体判断. `since` names what is compared with: 上月, 上季度末, 上年底."""
    items = facts.headline
    sentences = [
        deadline(facts.month, facts.policy["due"], facts.policy["title"]),
        tally([item.status for item in items], facts.statuses),
        starting(items, facts.month),
        *(group(status, items, facts.statuses[status], facts.short) for status in ("met", *BEHIND, "unproven")),
        steps(items, since) if facts.compared else "这是第一个有数据的月份，没有以前的数可比。",
        movers(items, since) if facts.compared else "",
        reported(facts),
    ]
    return "".join(sentences)


def caveats(facts: Facts) -> str:
    """What is to be said of the age of the reference data."""
    return f"请注意：{'；'.join(facts.caveats)}。" if facts.caveats else ""


def deadline(month: date, due: date, title: str) -> str:
    """How far the due date is."""
    left = (due.year - month.year) * 12 + due.month - month.month
    if left > 0:
        return f"截至{month.year}年{month.month}月底，距《{title}》{until(due)}的完成时限还有{left}个月。"
    if left == 0:
        return f"{month.year}年{month.month}月底是《{title}》规定的完成时限。"
    return f"截至{month.year}年{month.month}月底，《{title}》规定的完成时限（{until(due)}）已过{-left}个月。"


def tally(statuses: Sequence[str], names: dict[str, str]) -> str:
    """How many leading indicators stand how."""
    counts = Counter(statuses)
    if len(counts) == 1:
        word = {"met": "全部达标", "no_data": "均无数据"}.get(statuses[0], f"均为“{names[statuses[0]]}”")
        return f"{len(statuses)}项主要指标{word}。"
    return sentence(f"{len(statuses)}项主要指标中", *(f"{names[s]}{counts[s]}项" for s in _COUNTED if counts[s]))


def group(status: str, items: Sequence[Item], name: str, short: Mapping[str, str] = NO_NAMES) -> str:
    """Which indicators have a status: those behind with what they lack, in the order of concern. `short`: counties by code."""
    chosen = by_concern(item for item in items if item.status == status)
    if not chosen or (status == "met" and len(chosen) == len(items)):
        return ""
    if status == "unproven":
        most_urgent = chosen[:_NAMED]
        more = f"等{len(chosen)}项" if len(chosen) > _NAMED else ""
        return sentence(f"{name}的是{'、'.join(f'{i.name}（{unproven(i, short)}）' for i in most_urgent)}{more}")
    if status in BEHIND:
        return sentence(f"{name}的是{listed([f'{i.name}（{standing(i)}）' for i in chosen], _NAMED, '项')}")
    return sentence(f"{name}的是{listed([i.name for i in chosen], _NAMED, '项')}")


def standing(item: Item) -> str:
    """`现值45.7%，目标不低于50%，还差212个村`."""
    figure = item.city
    parts = [f"现值{value_with_known(figure, item)}"]
    if item.goal:
        parts.append(f"目标{aim_in_words(item.goal, item.unit)}")
    gap = short_of(figure, item.gap_unit) if figure else ""
    return "，".join([*parts, *([gap] if gap else [])])


def value_with_known(figure: Figure | None, item: Item) -> str:
    """`34.9%（已报36.7%，缺263个）`; only the value where all is known."""
    value = amount(figure.shown if figure else None, item.unit)
    beside = known(figure, item) if figure else ""
    return f"{value}（{beside}）" if beside else value


def known(figure: Figure, item: Item) -> str:
    """`已报36.7%，缺263个`: the value among those that answered, where something is unknown; of a ratio only how many are missing."""
    if figure.shown is None or not figure.unknown:
        return ""
    lacking = f"缺{count(figure.unknown)}个"
    return (
        f"已报{amount(figure.known_shown, item.unit)}，{lacking}" if item.is_share and figure.known_shown else lacking
    )


def short_of(figure: Figure, unit: str | None) -> str:
    """`还差65个村：3个未达标，62个未填报`; empty where the gap is not a number of units."""
    if not figure.gap:
        return ""
    gap = f"还差{count(figure.gap)}{plain_unit(unit)}"
    if figure.gap_unknown and figure.gap_failing == 0:
        return f"{gap}，均未填报"
    return f"{gap}：{parts}" if (parts := gap_parts(figure)) else gap


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
    low, high, last = (_would_be(status) for status in (figure.if_low, figure.if_high, figure.if_last))
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
    return "，".join(filter(None, said)) or "结论取决于未报或待核实的部分"


_NO_BASE = "起点不明"


def _would_be(status: str | None) -> str:
    """A status at one end; there it is unproven only where the series has no baseline."""
    return _NO_BASE if status == "unproven" else NAMES.get(status or "", "")


def starting(items: Sequence[Item], month: date) -> str:
    """From when the pace of those in 起步期 is judged."""
    bases = {i.city.base_month for i in items if i.city and i.status == "starting" and i.city.base_month}
    if not bases:
        return ""
    if bases == {month}:
        return "本月为基期，进度自第4个月起判定。"
    judged = months.add(max(bases), 3)
    return f"起步期的指标自{months.label(judged)}起判定进度。" if month < judged else ""


# ---- what moved


def steps(items: Sequence[Item], since: str) -> str:
    """Which indicators changed their status for the better, and which for the worse."""
    pairs = [(i, i.before.status, _worsened(i.before.status, i.status)) for i in items if i.before]
    better = [i.name for i, _, worsened in pairs if worsened < 0]
    # an indicator turns overdue because the day came, not because the work got worse
    worse = [i.name for i, _, worsened in pairs if worsened > 0 and i.status != "overdue"]
    if not better and not worse:
        late = any(i.status == "overdue" and then != "overdue" for i, then, _ in pairs)
        return "" if late else f"与{since}相比，主要指标的状态没有变化。"
    return sentence(
        f"与{since}相比",
        better and f"{len(better)}项主要指标状态好转（{listed(better, _NAMED, '项')}）",
        worse and f"{len(worse)}项{'' if better else '主要指标状态'}变差（{listed(worse, _NAMED, '项')}）",
    )


def _worsened(then: str, now: str) -> int:
    """How many grades worse a status is than before; 0 where one of them has none."""
    return _GRADES.index(now) - _GRADES.index(then) if then in _GRADES and now in _GRADES else 0


def movers(items: Sequence[Item], since: str) -> str:
    """Which values rose most and which fell, with the reasons."""
    changes = [(i, i.change) for i in items if i.change]
    changes.sort(key=lambda pair: (-pair[1] if pair[0].unit == "%" else 0, pair[0].position))
    if not changes:
        return "" if all(i.change is None for i in items) else f"各项主要指标数值与{since}持平。"
    rose = [i for i, change in changes if change > 0][:2]
    fell = [i for i, change in reversed(changes) if change < 0][:3]
    return sentence(f"提高较多的是{_with_reasons(rose)}" if rose else "") + sentence(
        f"下降的是{_with_reasons(fell)}" if fell else ""
    )


def _with_reasons(items: Sequence[Item]) -> str:
    """Each with its change, and with the reasons where the edition has them."""
    return listed([f"{i.name}（{'，'.join(filter(None, (moved(i), why(i))))}）" for i in items])


def moved(item: Item) -> str:
    """`提高1.2个百分点，增加18个村`."""
    change = item.change or Decimal(0)
    rose = change > 0
    by = f"{'提高' if rose else '下降'}{abs(change)}{points(item.unit)}"
    if not item.more or (item.more > 0) != rose:
        return by
    return f"{by}，{'增加' if rose else '减少'}{count(abs(item.more))}{plain_unit(item.gap_unit)}"


def why(item: Item) -> str:
    """The parts of the change, largest first; empty where the edition does not have them."""
    changes = [(name, tenth_of(change)) for name, change in item.parts.items()]
    parts = sorted(((name, c) for name, c in changes if c), key=lambda pair: -abs(pair[1]))
    if not parts:
        return ""
    if len(parts) == 1:
        return f"来自{PARTS[parts[0][0]]}"
    return "其中" + "、".join(f"{PARTS[name]}{_effect(c, item.unit)}" for name, c in parts)


def _effect(change: Decimal, unit: str) -> str:
    return f"使其{'提高' if change > 0 else '下降'}{abs(change)}{points(unit)}"


def tenth_of(change: float | Decimal) -> Decimal:
    return tenth(Fraction(Decimal(str(change))))


# ---- who reported


def reported(facts: Facts) -> str:
    """Who sent a valid workbook for the month, and whose earlier answers are carried."""
    total = len(facts.counties)
    sent = {row["county"] for row in facts.submissions if row["status"] == "effective"}
    silent = [county for county in facts.counties if county["unit"] not in sent]
    if not silent:
        return f"{total}个县（市、区）全部报送。"
    if len(silent) == total:
        return f"本月{total}个县（市、区）均未报送有效报表，以上数字沿用以前月份已报数据。"
    lent = {row["county"] for row in facts.coverage if row["carried"]}
    carried = [c["short"] for c in silent if c["unit"] in lent]
    missing = [c["short"] for c in silent if c["unit"] not in lent]
    return sentence(
        f"{total}个县（市、区）中{total - len(silent)}个已报送",
        carried and f"{listed(carried, 6)}未报，沿用此前两个月内的数据",
        missing and f"{listed(missing, 6)}未报且无数据可沿用，按未知计算",
    )


def counties(rows: Sequence[tuple[str, int, int, int, int]], total: int) -> str:
    """Which counties met most indicators and which lag most.

    Rows, most behind first: name, indicators met, indicators behind, indicators with a value, those of them whose pace is not judged
    yet (起步期, 待核实). A county without values is neither, and of one that is not judged throughout nothing good is said.
    """
    if not rows:
        return ""
    if all(met == total for _, met, *_ in rows):
        return f"{len(rows)}个县（市、区）主要指标全部达标。"
    calm = [name for name, _, behind, known, early in rows if known and not behind and not early]
    blank = [name for name, _, _, known, _ in rows if not known]
    worst = [f"{name}（{behind}项）" for name, _, behind, *_ in rows[:3] if behind]
    best = [f"{name}（{met}项）" for name, met, *_ in sorted(rows, key=lambda row: -row[1])[:3] if met]
    return (
        sentence(best and f"达标较多的是{listed(best)}")
        + sentence(worst and f"滞后较多的是{listed(worst)}")
        + sentence(calm and f"没有滞后指标的是{listed(calm, 8)}")
        + sentence(blank and f"没有数据的是{listed(blank, 8)}")
    )
