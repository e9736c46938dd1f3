"""The brief for the leadership group as a Word paper: verdict, leading indicators, counties, laggards, data, decisions, annex."""

from collections.abc import Callable
from datetime import datetime

from docx.document import Document as Paper
from docx.text.paragraph import Paragraph

from pipelines import months
from pipelines.edition.phrases import aim, amount, count, day, listed, numeral, signed
from pipelines.edition.statuses import BEHIND
from pipelines.reports import docx_styles as papers
from pipelines.reports import spot_section, submission_facts, verdict
from pipelines.reports.docx_chart import HATCHED, HOLLOW, SOLID, Series, add_bars, add_lines
from pipelines.reports.docx_table import Band, Cell, Column, Row, add_table, printable
from pipelines.reports.facts import Facts, Figure, Item, by_concern
from pipelines.reports.laggards import county_lacks, laggard, reference_only
from pipelines.reports.list_limits import MOST_BEHIND, MOST_LEFT_OUT
from pipelines.reports.variants import Variant

MARKS = {
    "met": ("达", None), "unproven": ("核", None), "starting": ("起", None), "on_track": ("正", None), "lagging": ("慢", "D9D9D9"), "off_track":
    ("滞", "A6A6A6"),
    "reversing": ("退", "A6A6A6"), "overdue": ("逾", "404040"), "tracked": ("监", None), "no_data": ("缺", None),
    "not_applicable": ("／", None),
}  # fmt: skip
_SHADES = {"lagging": "D9D9D9", "off_track": "A6A6A6", "reversing": "A6A6A6", "overdue": "404040"}


def build(facts: Facts, variant: Variant) -> bytes:
    """The docx of a release's month."""
    made = datetime.fromisoformat(facts.release.manifest["published_at"]).replace(tzinfo=None)
    title = f"{facts.city}城乡社区治理工作进展{variant.name}"
    paper = papers.blank(title, variant.period(facts.month), made)
    _opening(paper, facts, variant, title)
    sections: list[tuple[str, Callable]] = [
        ("总体判断", _verdict),
        ("主要指标完成情况", _headline),
        ("各县（市、区）进展情况", _counties),
        ("进展滞后的指标和单位", _laggards),
        *([("年度判定指标情况", _annual)] if facts.annual and variant.id != "month" else []),
        ("报送和数据质量", _reporting),
        *([(spot_section.HEADING, spot_section.write)] if spot_section.checks(facts) else []),
        ("审定、豁免和更正", _decisions),
    ]
    for number, (heading, write) in enumerate(sections, 1):
        _write(paper, f"{numeral(number)}、{heading}", "Heading 1")
        write(paper, facts, variant)
    _closing(paper, facts)
    _annex(paper, facts, variant)
    return papers.to_bytes(paper)


def _say(paper: Paper, *texts: str) -> None:
    for text in filter(None, texts):
        _write(paper, text, "Body Text")


def _write(paper: Paper, text: str, style: str) -> Paragraph:
    return paper.add_paragraph(printable(text), style)


def _opening(paper: Paper, facts: Facts, variant: Variant, title: str) -> None:
    _write(paper, title, "Title")
    _write(paper, f"（{variant.period(facts.month)}{facts.sample}）", "Subtitle")
    # whoever issued the policy, it is the city's leadership that reads
    _write(paper, f"中共{facts.city}委、{facts.city}人民政府：", "Normal")
    source = f"{facts.city}各县（市、区）报表" if facts.counties else "各地报表"
    _say(paper, f"根据{source}，现将截至{months.label(facts.month)}底《{facts.policy['title']}》落实情况报告如下。")


def _verdict(paper: Paper, facts: Facts, variant: Variant) -> None:
    _say(paper, verdict.overall(facts, variant.since))
    _say(paper, verdict.caveats(facts))


# ---- leading indicators


def _headline(paper: Paper, facts: Facts, variant: Variant) -> None:
    since = variant.since
    columns = [
        Column("序号", 9, "CellMark"), Column("指标", 39.5), Column("目标", 13, "CellNumber"), Column("现值", 16,
        "CellNumber"), Column("已有/应有", 23, "CellNumber"), Column(f"比{since}", 13, "CellNumber"), Column("状态",
        20, "CellMark"),
        Column("还差", 21, "CellNumber"),
    ]  # fmt: skip
    _bars(paper, facts)
    _write(paper, f"表1 主要指标完成情况（{months.label(facts.month)}）", "Caption")
    rows: list[Row] = [_indicator_row(number, item, facts) for number, item in enumerate(facts.headline, 1)]
    add_table(paper, columns, rows, "主要指标完成情况", whole=True)
    _write(paper, _headline_note(facts, since), "表注")
    if variant.id != "month":
        _trends(paper, facts)


def _headline_note(facts: Facts, since: str) -> str:
    carried = sum(item.city.carried for item in facts.headline if item.city)
    return (
        f"注：“比{since}”按未四舍五入的数计算，百分比指标单位为百分点。“应有”为名册中应达到的单位数，未报单位也计在内。"
        "文中变动原因各分项因四舍五入，合计可能与总数略有出入。"
        + ("“*”表示现值含沿用此前两个月数据的单位。" if carried else "")
    )


def _indicator_row(number: int, item: Item, facts: Facts) -> list[str | Cell]:
    figure = item.city
    if figure is None:
        return [str(number), item.name, aim(item.goal, item.unit), "无数据", "—", "—", "无数据", "—"]
    return [
        str(number),
        item.name,
        aim(item.goal, item.unit),
        value(figure, item) + ("*" if figure.carried else ""),
        Cell(f"{count(figure.numerator)}/{count(figure.denominator)}", small=verdict.known(figure, item) or None),
        signed(item.change),
        Cell(facts.statuses[item.status], _SHADES.get(item.status)),
        lack(figure, item),
    ]


def value(figure: Figure, item: Item) -> str:
    """A figure in a table: `45.7%`, 无数据, 不适用."""
    return "不适用" if figure.status == "not_applicable" else amount(figure.shown, item.unit)


def lack(figure: Figure, item: Item) -> str | Cell:
    """`65个村`, with its two parts below where it has both."""
    if not figure.gap:
        return "—"
    gap = f"{count(figure.gap)}{(item.gap_unit or '').split('（')[0]}"
    whole = "均未填报" if figure.gap_unknown and figure.gap_failing == 0 else ""
    return Cell(gap, small=verdict.gap_parts(figure) or whole or None)


def _bars(paper: Paper, facts: Facts) -> None:
    """Bars of the shares among the leading indicators: proven part, unknown part, distance to the target."""
    known = [(i, i.city, i.city.lower, i.city.upper) for i in facts.headline if i.unit == "%" and i.city]
    shares = [(i, f, low, high) for i, f, low, high in known if low is not None and high is not None]
    if not shares:
        return
    series = [
        Series("已达到", [low for _, _, low, _ in shares], SOLID),
        Series("未报或待核实", [high - low for _, _, low, high in shares], HATCHED),
        Series("距目标尚差", [max(0.0, (i.low or 0) - high) for i, _, _, high in shares], HOLLOW),
    ]
    names = [f"{i.name} {value(f, i)}" for i, f, _, _ in shares]
    _write(paper, "图1 主要指标现值与目标的距离（%）", "Caption")
    add_bars(paper, names, series, 18 + 5.1 * len(shares), "主要指标现值与目标的距离")


_LINES = ("solid", "dash", "round_dot", "long_dash_dot")
_SIGNS = ("circle", "square", "triangle", "diamond")


def _trends(paper: Paper, facts: Facts) -> None:
    """The last thirteen months of the leading shares that lag, at most four."""
    behind = by_concern(i for i in facts.headline if i.status in BEHIND and i.unit == "%" and i.low)[:4]
    span = [month for month, _ in behind[0].series][-13:] if behind else []
    if len(span) < 2:
        return
    series = []
    for n, item in enumerate(behind):
        past = dict(item.series)
        look = {
            "line": {"color": "#000000", "width": 1.25, "dash_type": _LINES[n]},
            "marker": {
                "type": _SIGNS[n],
                "size": 5,
                "border": {"color": "#000000"},
                "fill": {"color": "#FFFFFF" if n % 2 else "#000000"},
            },
        }
        series.append(
            Series(
                f"{item.name}（目标{aim(item.goal, item.unit)}）",
                [past[m].value if m in past else None for m in span],
                look,
            )
        )
    _write(paper, "图2 距目标最远的滞后指标走势（%）", "Caption")
    add_lines(paper, [f"{m.year}.{m.month}" for m in span], series, 75, "滞后指标走势")


# ---- counties


def _counties(paper: Paper, facts: Facts, variant: Variant) -> None:
    items = facts.headline
    grid = [(county, [item.of.get(county["unit"]) for item in items]) for county in facts.ranked]
    _say(
        paper, verdict.counties([(c["short"], _met(f), _behind(f), _known(f), _early(f)) for c, f in grid], len(items))
    )
    width = min(7.0, (156 - 22 - 20) / len(items))
    columns = [Column("县市区", 22), *(Column(str(n), width, "CellMark") for n in range(1, len(items) + 1))]
    columns += [Column("达标", 10, "CellMark"), Column("滞后", 10, "CellMark")]
    rows: list[Row] = [
        [c["short"], *(_mark(f) for f in figures), str(_met(figures)), str(_behind(figures))]
        for c, figures in grid[: len(facts.shown)]
    ]
    _write(paper, "表2 各县（市、区）主要指标状态", "Caption")
    add_table(paper, columns, rows, "各县（市、区）主要指标状态", whole=True)
    used = {f.status for _, figures in grid for f in figures if f}
    legend = "、".join(f"{MARKS[s][0]}={facts.statuses[s]}" for s in facts.statuses if s in used)
    only = MOST_BEHIND if facts.many else ""
    _write(
        paper,
        f"注：列号为表1中的指标序号；{legend}。以全市为考核单位的指标，县级按同一目标列出，供参照。{only}",
        "表注",
    )


def _met(figures: list[Figure | None]) -> int:
    return sum(f is not None and f.status == "met" for f in figures)


def _behind(figures: list[Figure | None]) -> int:
    return sum(f is not None and f.status in BEHIND for f in figures)


def _known(figures: list[Figure | None]) -> int:
    return sum(f is not None and f.shown is not None for f in figures)


def _early(figures: list[Figure | None]) -> int:
    return sum(f is not None and f.status in ("starting", "unproven") for f in figures)


def _mark(figure: Figure | None) -> Cell:
    letter, shade = MARKS[figure.status if figure else "no_data"]
    return Cell(letter, shade)


# ---- laggards


def _laggards(paper: Paper, facts: Facts, variant: Variant) -> None:
    behind = [item for item in by_concern(facts.headline) if item.status in BEHIND]
    early = [item for item in facts.headline if item.status in ("starting", "unproven")]
    if not behind:
        open_ = f"，另有{len(early)}项处于起步期或待核实，尚不能判断" if early else ""
        _say(paper, f"已能判断的主要指标中没有滞后的{open_}。" if early else "主要指标中没有滞后的。")
    else:
        _write(paper, "（一）滞后的主要指标", "Heading 2")
        _say(paper, *(f"{number}.{laggard(item, facts)}" for number, item in enumerate(behind, 1)))
    rows = county_lacks(facts)
    if rows:
        _write(paper, f"（{'二' if behind else '一'}）各县（市、区）的主要差距", "Heading 2")
        columns = [Column("县市区", 24), Column("滞后项数", 18, "CellMark"), Column("差距较大的主要指标", 114)]
        _write(paper, "表3 各县（市、区）的主要差距", "Caption")
        add_table(paper, columns, rows, "各县（市、区）的主要差距")
        only = MOST_BEHIND if facts.many else ""
        _write(paper, f"注：括号内为达到目标还需增加的数量；按差距占应有单位数的比重排列，最多列3项。{only}", "表注")
    _say(paper, _others(facts))


def _others(facts: Facts) -> str:
    """One paragraph on the indicators that are not leading ones."""
    rest = [item for item in facts.items if item not in facts.headline and item.goal and item.judged != "december"]
    if not rest:
        return ""
    behind = [item for item in by_concern(rest) if item.status in BEHIND]
    counts = verdict.tally([item.status for item in rest], facts.statuses).replace("主要指标", "其他有目标的指标", 1)
    if not behind:
        return counts
    return f"{counts}其中滞后的有{listed([item.name for item in behind], 10, '项')}。全部指标见附件。"


def _annual(paper: Paper, facts: Facts, variant: Variant) -> None:
    names = listed([item.name for item in facts.annual])
    if facts.month.month != 12:
        _say(paper, f"{names}共{len(facts.annual)}项按年度判定，以12月数据为准，目前只作监测。")
    else:
        met = [item for item in facts.annual if item.status == "met"]
        _say(
            paper,
            f"{len(facts.annual)}项按年度判定的指标，本年达标{len(met)}项。"
            if len(met) < len(facts.annual)
            else f"按年度判定的{len(met)}项指标本年全部达标。",
        )
    rows = [_indicator_row(number, item, facts) for number, item in enumerate(facts.annual, 1)]
    columns = [
        Column("序号", 9, "CellMark"), Column("指标", 36.5), Column("目标", 20, "CellNumber"), Column("现值", 17,
        "CellNumber"), Column("已有/应有", 23, "CellNumber"), Column(f"比{variant.since}", 13, "CellNumber"),
        Column("状态", 20,
        "CellMark"), Column("还差", 16, "CellNumber"),
    ]  # fmt: skip
    _write(paper, "表4 年度判定指标", "Caption")
    add_table(paper, columns, rows, "年度判定指标")
    _write(paper, "注：比较的月份未作年度判定时，增减仅供参考。", "表注")


# ---- data, decisions


def _reporting(paper: Paper, facts: Facts, variant: Variant) -> None:
    _say(paper, *submission_facts.quality(facts))
    rows = submission_facts.reporting_rows(facts)
    if not rows:
        return
    columns = [
        Column("县市区", 24), Column("应报单位", 19, "CellNumber"), Column("已采用", 18, "CellNumber"),
        Column("暂不计入", 19, "CellNumber"), Column("沿用", 15, "CellNumber"), Column("缺报", 15, "CellNumber"),
        Column("问题（错误/提醒）", 46, "CellNumber"),
    ]  # fmt: skip
    _write(paper, f"表{5 if variant.id != 'month' and facts.annual else 4} 报送情况（仅列有缺漏或有问题的）", "Caption")
    add_table(paper, columns, rows, "报送情况")
    only = MOST_LEFT_OUT if facts.many else ""
    _write(
        paper,
        f"注：暂不计入指整行因错误退回；沿用指本月未采用、以此前两个月内数据代替的单位；缺报指无数可用的单位。{only}",
        "表注",
    )


def _decisions(paper: Paper, facts: Facts, variant: Variant) -> None:
    _say(
        paper,
        *submission_facts.approvals(facts),
        *submission_facts.waivers(facts),
        *submission_facts.corrections(facts),
    )


def _closing(paper: Paper, facts: Facts) -> None:
    edition = f"{months.label(facts.month)}第{facts.release.edition}版"
    _say(paper, f"附件：全部{len(facts.items)}项指标情况")
    _write(paper, "", "Normal")
    _write(paper, f"（数据版本：{edition}）", "Signature")
    last = _write(paper, day(facts.published), "Signature")
    last.paragraph_format.keep_with_next = False


def _annex(paper: Paper, facts: Facts, variant: Variant) -> None:
    _write(paper, "附件", "附件")
    _write(paper, f"全部{len(facts.items)}项指标情况", "Title")
    _write(paper, f"（{months.label(facts.month)}）", "Subtitle")
    columns = [
        Column("序号", 10, "CellMark"), Column("指标及条款原文", 55), Column("目标", 16, "CellNumber"), Column("现值",
        16, "CellNumber"), Column("已有/应有", 24.5, "CellNumber"), Column(f"比{variant.since}", 13, "CellNumber"),
        Column("状态", 20,
        "CellMark"),
    ]  # fmt: skip
    rows: list[Row] = []
    clause = None
    for number, item in enumerate(facts.items, 1):
        if item.clause != clause:
            clause = item.clause
            rows.append(Band(f"第{clause.replace('（', '部分（')}" if "（" in clause else f"第{clause}部分"))
        cells = _indicator_row(number, item, facts)[:7]
        cells[1] = Cell(item.name, small=f"“{item.quote}”")
        rows.append(cells)
    add_table(paper, columns, rows, "全部指标情况")
    _write(paper, _STATUS_NOTE, "表注")
    _write(paper, reference_only(facts), "表注")


_STATUS_NOTE = (
    "注：已达标指未报单位即使全部不合格也达到目标；待核实指结论取决于未报或待核实的部分；起步期指距基期不到三个月，进度尚不判定；"
    "进度正常、偏慢、严重滞后按已走过的时间与已完成的工作量之比判定（不低于95%、60%至95%、低于60%）；"
    "倒退指低于基期或曾达标后又未达标；仅监测指政策未定目标或按年度判定。"
)
