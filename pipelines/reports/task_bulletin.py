"""督办通报: the state of all tasks of a month on one paper, county by county, for all to read."""

from collections import Counter
from datetime import datetime

from pipelines import months
from pipelines.edition.phrases import count, day, most_of, sentence
from pipelines.edition.progress_rows import Task
from pipelines.reports import docx_styles as papers
from pipelines.reports.docx_styles import fit_on_one_line
from pipelines.reports.docx_table import Column, Row, add_table, printable
from pipelines.reports.facts import Facts
from pipelines.reports.next_steps import follow_up

# counties that are named; rows that stand on one page with note and closing
_NAMED, _WHOLE = 5, 40


def build(facts: Facts) -> bytes:
    """The docx of the month's 通报."""
    made = datetime.fromisoformat(facts.release.manifest["published_at"]).replace(tzinfo=None)
    title = f"{months.label(facts.month)}城乡社区治理督办情况通报"
    paper = papers.blank(title, months.label(facts.month), made)
    letterhead, issuer = facts.office.letterhead, facts.office.letterhead.issued_by(facts.city)
    fit_on_one_line(paper.add_paragraph(printable(issuer), "发文机关标志"), 30)
    paper.add_paragraph(printable(letterhead.numbered(facts.month)), "文号")
    fit_on_one_line(paper.add_paragraph(printable(title), "Title"), 22)
    paper.add_paragraph(printable(f"{letterhead.copied_to()}："), "Normal")
    for text in paragraphs(facts):
        paper.add_paragraph(printable(text), "Body Text")
    columns = [Column(head, None if n else 0, "CellNumber" if n else "CellText") for n, head in enumerate(_HEADS)]
    rows = _rows(facts)
    # whole, with its note and the closing: they never stand alone on a page
    add_table(paper, columns, rows, "各县（市、区）督办事项", whole=len(rows) <= _WHOLE, dense=True)
    note = "注：一县一指标为一项；只计已报且未达标的数，以后续月份的数据销号，回落的重新列入。"
    paper.add_paragraph(printable(note), "表注").paragraph_format.keep_with_next = True
    paper.add_paragraph(printable(issuer), "Signature")
    last = paper.add_paragraph(printable(day(facts.published)), "Signature")
    last.paragraph_format.keep_with_next = False
    return papers.to_bytes(paper)


def paragraphs(facts: Facts) -> list[str]:
    """How many tasks stand, what became of last month's, who did well and who did not."""
    standing = [task for task in facts.tasks if task["state"] != "closed"]
    if not facts.tasks:
        return [f"{months.label(facts.month)}没有督办事项。"]
    again = sum(task["state"] == "reopened" for task in standing)
    new = sum(task["pace"] == "new" for task in standing)
    now = sentence(
        f"截至{months.label(facts.month)}底，督办事项共{len(standing)}项",
        new and f"本月新列{new}项",
        again and f"反弹重开{again}项",
    )
    last = follow_up(facts)
    ahead, slow = _counts(facts.tasks, ("ahead",)), _counts(facts.tasks, ("behind", "overdue"))
    who = sentence(
        ahead and f"超进度{_are(ahead)}",
        slow and f"欠进度或逾期{_are(slow)}",
    )
    return [text for text in (now, last.text if last else "", who) if text]


def _counts(tasks: tuple[Task, ...], paces: tuple[str, ...]) -> Counter[str]:
    return Counter(task["short"] for task in tasks if task["pace"] in paces and task["state"] != "closed")


def _are(counts: Counter[str]) -> str:
    """`较多的是甲县5项、乙县3项` where there are more than are named, else `的是…`."""
    return f"{'较多' if len(counts) > _NAMED else ''}的是{most_of(counts, _NAMED)}"


_HEADS = ("县市区", "督办", "答复", "本月办结", "超进度", "达进度", "欠进度", "逾期", "待核实", "未达标合计")


def _rows(facts: Facts) -> list[Row]:
    rows: list[Row] = []
    for county in facts.ranked:
        own = [task for task in facts.tasks if task["county"] == county["unit"]]
        standing = [task for task in own if task["state"] != "closed"]
        paces = Counter(task["pace"] for task in standing)
        closed = sum(task["closed"] == facts.month and task["state"] == "closed" for task in own)
        if standing or closed:
            unproven = sum(task["state"] == "unproven" for task in standing)
            numbers = (
                len(standing),
                sum(bool(task["replies"]) for task in standing),
                closed,
                *(paces[p] for p in ("ahead", "even", "behind", "overdue")),
                unproven,
            )
            rows.append([county["short"], *map(str, numbers), count(sum(task["failing"] for task in standing))])
    return rows
