"""The annexes of the paper: all indicators in the policy's order, the counties, the list of what lacks, who reported."""

from collections.abc import Sequence

from docx.document import Document as Paper

from pipelines import months
from pipelines.edition.phrases import count, plain_unit
from pipelines.edition.progress_rows import ConcernedPlace
from pipelines.edition.statuses import NAMES
from pipelines.edition.table_rows import LackingUnit
from pipelines.reports import explanation_section, submission_facts
from pipelines.reports.below_counties import lacking
from pipelines.reports.docx_chart import HATCHED, HOLLOW, SOLID, Series, add_bars
from pipelines.reports.docx_table import Band, Cell, Column, Row, add_table, printable
from pipelines.reports.facts import Facts
from pipelines.reports.indicator_definitions import reference_only
from pipelines.reports.indicator_figures import Figure, by_concern
from pipelines.reports.indicator_table import add_indicator_table, value
from pipelines.reports.list_limits import LACKING_SHOWN, MOST_BEHIND, MOST_LEFT_OUT
from pipelines.reports.report_periods import MONTH

MARKS = {
    "met": ("达", None), "unproven": ("核", None), "starting": ("起", None), "on_track": ("正", None), "lagging": ("慢", "D9D9D9"),
    "off_track": ("滞", "A6A6A6"), "reversing": ("退", "A6A6A6"), "overdue": ("逾", "404040"), "tracked": ("监", None),
    "no_data": ("缺", None), "not_applicable": ("／", None),
}  # fmt: skip


def _say(paper: Paper, text: str, style: str) -> None:
    if text:
        paper.add_paragraph(printable(text), style)


# ---- 1 indicators


def indicators(paper: Paper, facts: Facts) -> None:
    """Annex 1: bars of the headline shares, table of all indicators, notes."""
    _bars(paper, facts)
    in_order = sorted(facts.items, key=lambda item: (_clause_order(item.clause), item.position))
    add_indicator_table(paper, "", in_order, facts, MONTH, full=True)
    _say(paper, STATUS_NOTE, "表注")
    _say(paper, reference_only(facts), "表注")


def _clause_order(clause: str) -> tuple[int, int]:
    """`六（二）` as 6 and 2: the policy's own order."""
    part, _, item = clause.partition("（")
    return _NUMERALS.find(part[:1]), _NUMERALS.find(item[:1]) if item else -1


_NUMERALS = "一二三四五六七八九十"


def _bars(paper: Paper, facts: Facts) -> None:
    """Bars of the shares among the leading indicators: proven part, unknown part, distance to the target."""
    known = [(i, i.city, i.city.lower, i.city.upper) for i in facts.headline if i.unit == "%" and i.city]
    shares = [(i, f, low, high) for i, f, low, high in known if low is not None and high is not None]
    if not shares:
        return
    series = [
        Series("已达到", [low for _, _, low, _ in shares], SOLID),
        Series("未填报", [high - low for _, _, low, high in shares], HATCHED),
        Series("距目标尚差", [max(0.0, (i.low or 0) - high) for i, _, _, high in shares], HOLLOW),
    ]
    names = [f"{i.name} {value(f, i)}" for i, f, _, _ in shares]
    _say(paper, "图1 主要指标现值与目标的距离（%）", "Caption")
    add_bars(paper, names, series, 18 + 5.1 * len(shares), "主要指标现值与目标的距离")


STATUS_NOTE = (
    "注：已达标指未填报的单位即使全部不合格也达到目标；待核实指结论取决于未填报的部分；起步期指距基期不到三个月，进度尚不判定；"
    "进度正常、偏慢、严重滞后按已走过的时间与已完成的工作量之比判定（不低于95%、60%至95%、低于60%）；"
    "倒退指低于基期或曾达标后又未达标；仅监测指政策未定目标或按年度判定。"
)

# ---- 2 counties


def counties(paper: Paper, facts: Facts) -> None:
    """Annex 2: a row a county with rank and the status of each headline indicator as a mark."""
    items = facts.headline
    places = {place["unit"]: place for place in facts.places}
    columns = [
        Column("位次", style="CellMark"), Column("上月", style="CellMark"), Column("县市区"),
        *(Column(str(n), style="CellMark") for n in range(1, len(items) + 1)), Column("落后/适用", style="CellNumber"),
    ]  # fmt: skip
    rows: list[Row] = []
    best_first = sorted(facts.shown, key=lambda county: _order(places.get(county["unit"]), len(places)))
    for county in best_first:
        place = places.get(county["unit"])
        now, before = (
            ("—" if n is None else str(n) for n in (place["place"], place["place_before"])) if place else ("—", "—")
        )
        marks = [_mark(item.of.get(county["unit"])) for item in items]
        rows.append(
            [now, before, county["short"], *marks, f"{place['behind']}/{place['applicable']}" if place else "—"]
        )
    add_table(paper, columns, rows, "各县（市、区）主要指标状态", whole=len(rows) <= 30, dense=True)
    used = {f.status for item in items for f in item.counties}
    legend = "、".join(f"{MARKS[s][0]}={name}" for s, name in NAMES.items() if s in used)
    ranks = (
        "位次按落后指标占适用指标的比重由低到高排列，比重相同的按落后指标的还差比重，仍相同的并列。"
        if any(place["place"] for place in facts.places)
        else ""
    )
    note = f"注：列号为表1中的指标序号；{legend}。{ranks}以全市为考核单位的指标，县级按同一目标列出，供参照。"
    _say(paper, note + (MOST_BEHIND if facts.many else ""), "表注")


def _order(place: ConcernedPlace | None, last: int) -> tuple[int, str]:
    """The best first, equal ones by code; without places all by code."""
    return (last + 1, "") if place is None else (place["place"] or last, place["unit"])


def _mark(figure: Figure | None) -> Cell:
    letter, shade = MARKS[figure.status if figure else "no_data"]
    return Cell(letter, shade)


# ---- 3 what lacks


def lacking_list(paper: Paper, facts: Facts) -> None:
    """Names of the units known to lack each leading indicator, those of greatest concern first."""
    rows = facts.once(_lacking_rows)
    if not rows:
        _say(paper, "按已报数据，主要指标没有未达标的社区（村）。", "Body Text")
        return
    add_table(paper, [Column("县市区", 20), Column("未达标的社区（村）", 0)], rows, "缺口清单", dense=True)
    _say(paper, "注：只列已报且未达标的社区（村）；未报的不在内。全部名单见数据表“缺口清单”。", "表注")


def _lacking_rows(facts: Facts) -> list[Row]:
    """A band for each leading indicator that lacks units, then a row a county with their names."""
    rows: list[Row] = []
    left = LACKING_SHOWN
    for item in by_concern(facts.headline):
        if item.counted != "community" or not item.is_share or not item.city or not item.city.lacking or left <= 0:
            continue
        units = lacking(facts, [item.id], left)[item.id]
        shown = units[:left]
        left -= len(shown)
        total = item.city.lacking
        rest = f"，以下列前{count(len(shown))}个" if len(shown) < total else ""
        rows.append(Band(f"{item.name}：未达标{count(total)}{plain_unit(item.gap_unit)}{rest}"))
        rows += _by_county(shown)
    return rows


def _by_county(units: Sequence[LackingUnit]) -> list[Row]:
    names: dict[str, list[str]] = {}
    for row in units:
        names.setdefault(row["county"], []).append(row["name"])
    return [[county, "、".join(own)] for county, own in names.items()]


# ---- 4 reporting


def reporting(paper: Paper, facts: Facts) -> None:
    """Annex 4: who reported, what was held or corrected, explanations."""
    _say(paper, submission_facts.paragraph(facts), "Body Text")
    _reported(paper, facts)
    explanation_section.add_explanations(paper, facts)


def _reported(paper: Paper, facts: Facts) -> None:
    rows: list[Row] = list(submission_facts.reporting_rows(facts))
    if not rows:
        _say(paper, f"{months.label(facts.month)}各县（市、区）报表全部采用，没有错误和需核实的情况。", "Body Text")
        return
    columns = [
        Column("县市区", 0), Column("应报单位", style="CellNumber"), Column("已采用", style="CellNumber"),
        Column("暂不计入", style="CellNumber"), Column("沿用", style="CellNumber"), Column("缺报", style="CellNumber"),
        Column("错误", style="CellNumber"), Column("需核实", style="CellNumber"),
    ]  # fmt: skip
    add_table(paper, columns, rows, "报送情况", dense=True)
    _say(
        paper,
        "注：只列有缺漏或有问题的。暂不计入指整行因错误未采用；沿用指以此前两个月内数据代替的单位；缺报指无数据可用的单位。"
        + (MOST_LEFT_OUT if facts.many else ""),
        "表注",
    )


_ALL = "全部指标情况"
LISTED = (
    (_ALL, indicators),
    ("各县（市、区）主要指标状态", counties),
    ("主要指标缺口清单", lacking_list),
    ("报送、核实和更正情况", reporting),
)
