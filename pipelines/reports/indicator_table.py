"""The table of indicators in the paper: value with its counts, changes, status and what is missing."""

from collections.abc import Sequence
from datetime import date

from docx.document import Document as Paper

from pipelines import months
from pipelines.edition.phrases import aim, amount, count, counter, signed
from pipelines.edition.statuses import NAMES
from pipelines.reports import overall_verdict, verdict
from pipelines.reports.docx_table import Band, Cell, Column, Row, add_table, fitted, heights, printable
from pipelines.reports.facts import Facts
from pipelines.reports.indicator_figures import Figure, Item
from pipelines.reports.report_periods import Variant

SHADES = {"lagging": "D9D9D9", "off_track": "A6A6A6", "reversing": "A6A6A6", "overdue": "404040"}


def add_indicator_table(
    paper: Paper, caption: str, items: Sequence[Item], facts: Facts, variant: Variant, full: bool = False
) -> None:
    """The table with its caption and note; `full` grouped by clause, with the counts below each value."""
    moments = compared_with(facts, variant)[: 1 if full else None]
    columns = [
        Column("序号", style="CellMark"), Column("指标", 0), Column("目标", style="CellNumber"), Column("现值", style="CellNumber"),
        *(Column(head, style="CellNumber") for head, _ in moments),
        Column("状态", style="CellMark"), Column("还差", style="CellNumber"),
    ]  # fmt: skip
    rows: list[Row] = []
    clause = None
    for number, item in enumerate(items, 1):
        if full and item.clause != clause:
            clause = item.clause
            rows.append(Band(f"第{clause.replace('（', '部分（')}" if "（" in clause else f"第{clause}部分"))
        rows.append(_row(number, item, facts, moments, full))
    if full:
        add_table(paper, columns, rows, "全部指标情况", dense=True)
    else:
        _add_with_closing(paper, columns, rows, caption, bool(facts.office.letterhead.contact))
    paper.add_paragraph(printable(_note(items, facts, moments, full)), "表注")


# points of a page's 225 mm that the caption and the head take, the note and the closing after them, and its line with the contact
_PAGE, _ABOVE, _BELOW, _CONTACT = 637, 40, 261, 29


def _add_with_closing(
    paper: Paper, columns: Sequence[Column], rows: Sequence[Row], caption: str, has_contact: bool
) -> None:
    """The table on one page with its note and the closing; where they do not fit, in two parts, the second on the closing's page."""
    widths = fitted(columns, rows, dense=True)
    for number, part in enumerate(parted(rows, widths, has_contact)):
        above = paper.add_paragraph(printable(f"{caption}{'（续）' if number else ''}"), "Caption")
        above.paragraph_format.page_break_before = bool(number)
        fits = sum(heights(part, widths, dense=True)) <= _PAGE - _ABOVE
        add_table(paper, columns, part, caption, whole=fits, dense=True, widths=widths)


def parted(rows: Sequence[Row], widths: Sequence[float], has_contact: bool) -> list[Sequence[Row]]:
    """The rows as one part where a page holds them with the note and the closing, else as two of about the same height."""
    each = heights(rows, widths, dense=True)
    room = _PAGE - _ABOVE - _BELOW - _CONTACT * has_contact
    if sum(each) <= room:
        return [rows]
    first = next(n for n in range(1, len(rows)) if sum(each[n:]) <= min(room, sum(each) / 2))
    return [rows[:first], rows[first:]]


def compared_with(facts: Facts, variant: Variant) -> list[tuple[str, date]]:
    """Heads and months of the columns of changes: those for which the edition has figures of the city, each month once."""
    month = facts.month
    wanted = [
        ("环比", months.add(month, -1)),
        ("同比", months.add(month, -12)),
        ("比年初", date(month.year - 1, 12, 1)),
    ]
    if variant.id == "quarter":
        wanted.insert(1, (f"比{variant.since}", months.add(month, -variant.back)))
    heads: dict[date, str] = {}
    for head, earlier in wanted:
        if earlier not in heads and any(item.at(earlier) for item in facts.headline):
            heads[earlier] = head
    return [(head, earlier) for earlier, head in heads.items()]


def _row(number: int, item: Item, facts: Facts, moments: Sequence[tuple[str, date]], full: bool) -> list[str | Cell]:
    figure = item.city
    blank = ["—"] * len(moments)
    if figure is None:
        return [str(number), item.name, aim(item.goal, item.unit), "无数据", *blank, NAMES["no_data"], "—"]
    beside = verdict.known(figure, item)
    return [
        str(number),
        Cell(item.name, small=beside or None),
        aim(item.goal, item.unit),
        Cell(value(figure, item) + ("*" if figure.carried else ""), small=_counts(figure, item) if full else None),
        *(signed(item.since(earlier) if item.is_comparable(facts.month, earlier) else None) for _, earlier in moments),
        Cell(NAMES[item.status], SHADES.get(item.status)),
        f"{count(figure.gap)}{counter(item.gap_unit) if full else ''}" if figure.gap else "—",
    ]


def _counts(figure: Figure, item: Item) -> str | None:
    """`2,274/4,977` of a share that has a value."""
    shown = item.is_share and figure.shown is not None
    return f"{count(figure.numerator)}/{count(figure.denominator)}" if shown else None


def value(figure: Figure, item: Item) -> str:
    """A figure in a table: `45.7%`, 无数据, 不适用."""
    return "不适用" if figure.status == "not_applicable" else amount(figure.shown, item.unit)


def _note(items: Sequence[Item], facts: Facts, moments: Sequence[tuple[str, date]], full: bool) -> str:
    heads = "、".join(head for head, _ in moments)
    carried = any(item.city and item.city.carried for item in items)
    lower = None if full else overall_verdict.lower(facts)
    return (
        f"注：{'现值下为已有数/应有数，' if full else ''}应有数按名册计，未报单位在内；“还差”指距目标还须完成的数"
        + (f"；{heads}按现区划计，占比的单位为百分点" + _begun_anew(items, facts, moments) if heads else "")
        + ("；未报超过一成的月份不比" if any(not known.mostly_known for known in _compared(items, moments)) else "")
        + ("；“*”表示含沿用此前两个月的数据" if carried else "")
        + (f"；{lower.text.rstrip('。')}" if lower else "")
        + "。"
    )


def _compared(items: Sequence[Item], moments: Sequence[tuple[str, date]]) -> list[Figure]:
    """The figures that the columns of changes compare."""
    found = [
        figure for item in items for figure in (item.city, *(item.at(earlier) for _, earlier in moments)) if figure
    ]
    return [figure for figure in found if figure.value is not None] if moments else []


def _begun_anew(items: Sequence[Item], facts: Facts, moments: Sequence[tuple[str, date]]) -> str:
    anew = any(not item.is_comparable(facts.month, earlier) for item in items for _, earlier in moments)
    return "，按年计的指标1月重新起算，不与上年其他月份比" if anew else ""
