"""Paragraphs on what lags: indicators with their units, counties with their gaps."""

from pipelines.edition.phrases import aim_in_words, amount, count, counter, listed, plain_unit
from pipelines.edition.statuses import BEHIND
from pipelines.reports.below_counties import lacking
from pipelines.reports.facts import Facts, Figure, Item
from pipelines.reports.verdict import gap_parts, known, short_of

_COUNTIES, _UNITS, _LACKS = 5, 8, 3


def laggard(item: Item, facts: Facts) -> str:
    """A paragraph on one indicator that lags: how much, where, who, at what pace."""
    figure = item.city
    if figure is None or item.goal is None:
        return f"{item.name}（{facts.statuses[item.status]}）。"
    counted = f"（{count(figure.numerator)}/{count(figure.denominator)}）"
    beside = known(figure, item)
    counted = counted.replace("）", f"；{beside}）") if beside else counted
    value = f"现值{amount(figure.shown, item.unit)}{counted}，目标{aim_in_words(item.goal, item.unit)}"
    head = f"{item.name}（{facts.statuses[item.status]}）。{value}"
    gap = short_of(figure, item.gap_unit)
    return f"{head}{f'，{gap}' if gap else ''}。{_where(item, facts)}{pace(facts, item)}"


def _where(item: Item, facts: Facts) -> str:
    if item.counted == "county" and item.is_share:
        return _counties_without(item)
    if units := _named(item, facts):
        return units
    gaps = sorted((f for f in item.counties if f.gap), key=lambda f: (-(f.gap or 0), f.unit))
    if not gaps:
        return ""
    silent = {f.unit for f in gaps if f.gap_unknown and f.gap_failing == 0}
    named = [
        f"{f.name}（{count(f.gap or 0)}{counter(item.gap_unit)}{'，均未填报' if f.unit in silent else ''}）"
        for f in gaps[:_COUNTIES]
    ]
    return f"按同一目标衡量，{'差距较大' if len(gaps) > _COUNTIES else '有差距'}的县（市、区）是{listed(named)}。"


def _counties_without(item: Item) -> str:
    answered = [f for f in item.counties if f.denominator and not f.unknown]
    without = [f.name for f in answered if f.numerator == 0]
    silent = [f.name for f in item.counties if f.denominator and f.unknown]
    lacking_counties = f"尚未做到的有{listed(without, 10, '个县（市、区）')}。" if without else ""
    return lacking_counties + (f"{listed(silent, 10, '个县（市、区）')}未报。" if silent else "")


def _named(item: Item, facts: Facts) -> str:
    """The units themselves, where there are few."""
    if item.city is None or not item.is_share or item.counted != "community" or item.city.lacking > _UNITS:
        return ""
    rows = lacking(facts, item.id, _UNITS)
    names = [f"{facts.short.get(row['county_code'], row['county'])}{row['name']}" for row in rows]
    whose = "已报的单位中尚缺的是" if item.city.unknown else "尚缺的是"
    return f"{whose}{listed(names)}。" if names and len(names) <= _UNITS else ""


def pace(facts: Facts, item: Item) -> str:
    """Recent and needed pace in units a month; empty where the edition does not have it or the due month is over."""
    row = facts.outlook.get(item.id)
    if not row or not row["months_left"] or row["needed_pace"] is None or not (item.city and _work(item.city)):
        return ""
    unit = plain_unit(item.gap_unit)
    needed = f"如期完成今后{row['months_left']}个月平均每月需增加{_rounded_up(row['needed_pace'])}{unit}"
    recent = row["recent_pace"]
    if recent is None or item.counted == "county":
        return f"{needed}。"
    increase = "没有增加" if round(recent, 1) == 0 else f"{'增加' if recent > 0 else '减少'}{abs(recent):.1f}{unit}"
    return f"近3个月平均每月{increase}，{needed}。"


def _work(figure: Figure) -> int:
    """Units of the gap that only work can close; the whole gap in an edition that does not tell its parts."""
    return (figure.gap if figure.gap_failing is None else figure.gap_failing) or 0


def _rounded_up(number: float) -> str:
    return count(int(-(-number // 1)))


def county_lacks(facts: Facts) -> list[list[str]]:
    """Rows of the table of what counties lack: those with most behind first, and where there are many only those."""
    rows = []
    for county in facts.counties:
        here = [(item, item.of.get(county["unit"])) for item in facts.headline]
        own = [(item, f) for item, f in here if f and f.status in BEHIND]
        if own:
            own.sort(key=lambda pair: (-_weight(pair[1]), pair[0].position))
            gaps = "；".join(_lack(item, f) for item, f in own[:_LACKS])
            rows.append((len(own), [county["short"], str(len(own)), gaps]))
    return [row for _, row in sorted(rows, key=lambda pair: -pair[0])][: len(facts.shown)]


def _weight(figure: Figure) -> float:
    return float((figure.gap or 0) / figure.denominator) if figure.denominator else 0.0


def _lack(item: Item, figure: Figure) -> str:
    parts = f"：{gap_parts(figure)}" if gap_parts(figure) else ""
    counted = figure.gap and item.counted == "community"
    gap = f"（{count(figure.gap or 0)}{plain_unit(item.gap_unit)}{parts}）" if counted else ""
    return f"{item.name}{gap}"


def reference_only(facts: Facts) -> str:
    """How ambiguous clauses are read, and numbers of the policy that could not be verified."""
    readings = [f"{item.name}：{item.reading}" for item in facts.items if item.reading]
    doubts = [f"{item.name}：{item.unverified}" for item in facts.items if item.unverified]
    explained = f"口径说明：{'；'.join(readings)}。" if readings else "口径以条款原文为准。"
    return explained + (f"尚待核对原文的有：{'；'.join(doubts)}。" if doubts else "")
