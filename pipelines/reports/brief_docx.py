"""The paper for the leadership group: two pages of judgement, one table, annexes; laid out and headed by GB/T 9704."""

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from docx.document import Document as Paper
from docx.text.paragraph import Paragraph

from pipelines import months
from pipelines.edition import movement_sentences
from pipelines.edition.phrases import day, numeral
from pipelines.reports import (
    annexes,
    changes,
    county_progress,
    explanation_section,
    imprint_box,
    next_steps,
    overall_verdict,
    period_changes,
    questions,
    spot_section,
    verdict,
)
from pipelines.reports import docx_styles as papers
from pipelines.reports.claims import Claim, text_of
from pipelines.reports.docx_styles import fit_on_one_line
from pipelines.reports.docx_table import printable, spaced
from pipelines.reports.facts import Facts
from pipelines.reports.indicator_table import add_indicator_table
from pipelines.reports.report_periods import Variant

Section = tuple[str, Sequence[str]]


def build(facts: Facts, variant: Variant, period: Facts | None = None) -> bytes:
    """The docx of a release's month; of a quarter or a year with `period`, the facts compared with the end of the period before."""
    made = datetime.fromisoformat(facts.release.manifest["published_at"]).replace(tzinfo=None)
    title = f"{facts.city}城乡社区治理工作进展{variant.name}"
    paper = papers.blank(title, variant.period(facts.month), made)
    _head(paper, facts, variant, title)
    for number, (heading, paragraphs) in enumerate(on_two_pages(facts, variant, period), 1):
        _write(paper, f"{numeral(number)}、{heading}", "Heading 1")
        for text in paragraphs:
            _write(paper, text, "Body Text")
    add_indicator_table(paper, f"表1 主要指标完成情况（{months.label(facts.month)}）", facts.headline, facts, variant)
    if note := explanation_section.under_table(facts):
        _write(paper, note, "表注")
    spot_section.add_checks(paper, facts)
    # the closing stands on the table's page, with the lines of its note
    paper.paragraphs[-1].paragraph_format.keep_with_next = True
    _closing(paper, facts)
    for number, (heading, add) in enumerate(annexes.LISTED, 1):
        _annex(paper, facts, number, heading, add)
    _printed(paper, facts)
    return papers.to_bytes(paper)


class Most(NamedTuple):
    """How much the text names: indicators behind in the verdict, indicators that moved, requests, counties that lag; `slipped`: where
    indicators got worse, besides who lags and who improved; `idle`: who did nothing of what was asked last month.

    `moved` 0 leaves the month's own changes to the monthly paper; that paper itself names one.
    """

    behind: int = 3
    moved: int = 2
    requests: int = 3
    slipped: bool = True
    lagging: int = 3
    idle: bool = True


# What is left out first where two pages do not hold the text: it stands in the table and the annexes too.
_SHORTER = (
    Most(), Most(behind=2), Most(2, 1), Most(1, 1), Most(2, 1, 3, False), Most(1, 1, 3, False), Most(1, 1, 3, False, 2),
    Most(1, 1, 3, False, 2, False), Most(2, 1, 2, False, 2), Most(1, 1, 2, False, 2), Most(1, 1, 2, False, 2, False),
    Most(1, 0, 3, False, 2, False), Most(1, 0, 2, False, 2, False), Most(1, 1, 1, False), Most(1, 1, 1, False, 2),
    Most(1, 1, 1, False, 2, False), Most(1, 0, 1, False, 2, False),
)  # fmt: skip
# 39 lines of two pages are left below the head, one of them for a heading that must not end a page; of 28 characters each, of which one
# may be lost to a mark that opens no line
_LINES, _CHARACTERS = 38, 27.5


def on_two_pages(facts: Facts, variant: Variant, period: Facts | None = None) -> list[Section]:
    """The sections at such length that they stand on two pages."""
    for most in _SHORTER:
        wording = sections(facts, variant, period, most)
        # the name of the policy takes two lines of the head
        if lines(wording) <= _LINES - 2 * facts.several:
            break
    return wording


def lines(wording: Sequence[Section]) -> int:
    """How many lines the sections take in print: a heading one, a paragraph those of its text after two characters of indent."""
    texts = [text for _, paragraphs in wording for text in paragraphs]
    widths = (2 + spaced(text, 1) for text in texts)
    return len(wording) + sum(math.ceil(width / _CHARACTERS) for width in widths)


def sections(facts: Facts, variant: Variant, period: Facts | None = None, most: Most = _SHORTER[0]) -> list[Section]:
    """The sections before the table, those without a true sentence left out: heading and paragraphs."""
    asked = text_of([next_steps.follow_up(facts, most.idle)])
    every: list[Section] = [
        ("总体判断", [overall_verdict.paragraph(facts, most.behind), verdict.caveats(facts)]),
        ("需要研究的事", numbered(questions.claims(facts))),
        ("变动及原因", _changes(facts, variant, period, most.moved)),
        ("各县（市、区）情况", [text_of(county_progress.claims(facts, most.slipped, most.lagging))]),
        (spot_section.HEADING, [spot_section.paragraph(facts)]),
        (
            "上月督办落实情况和下一步" if asked else "下一步",
            [asked, *numbered(next_steps.claims(facts, most.requests))],
        ),
    ]
    written = [(heading, [text for text in paragraphs if text]) for heading, paragraphs in every]
    return [(heading, paragraphs) for heading, paragraphs in written if paragraphs]


def _changes(facts: Facts, variant: Variant, period: Facts | None, most: int) -> list[str]:
    divisions = f"区划调整说明：{_divisions(facts)}" if facts.divisions else ""
    longer = text_of(period_changes.claims(period, variant)) if period else ""
    of_month = "" if longer and not most else text_of(changes.claims(facts, max(most, 1), with_met=not longer))
    return [longer, of_month, divisions]


def _divisions(facts: Facts) -> str:
    """The paragraph without what a question says already."""
    if not questions.asks_of_divisions(facts):
        return facts.divisions
    return movement_sentences.divisions_paragraph(facts.release, facts.policy["id"], 1, with_units=False)


def numbered(claims: Sequence[Claim]) -> list[str]:
    """`（一）…`, each a paragraph; a single one without its number."""
    if len(claims) < 2:
        return [claim.text for claim in claims]
    return [f"（{numeral(n)}）{claim.text}" for n, claim in enumerate(claims, 1)]


def _write(paper: Paper, text: str, style: str) -> Paragraph:
    return paper.add_paragraph(printable(text), style)


# ---- head and closing


def _head(paper: Paper, facts: Facts, variant: Variant, title: str) -> None:
    letterhead = facts.office.letterhead
    issuer = letterhead.issued_by(facts.city)
    fit_on_one_line(_write(paper, issuer, "发文机关标志"), 36)
    signer = f"　　　　签发人：{letterhead.signer}" if letterhead.signer else ""
    _write(paper, f"{letterhead.numbered(facts.month)}{signer}", "文号")
    fit_on_one_line(_write(paper, f"{title}（{variant.period(facts.month)}{facts.sample}）", "Title"), 22)
    if facts.several:
        _write(paper, f"（{facts.policy['title']}）", "Subtitle")
    _write(paper, f"{letterhead.addressed_to(facts.city)}：", "Normal")


def _closing(paper: Paper, facts: Facts) -> None:
    """附件说明, 署名, 成文日期 and 联系人, kept together."""
    _write(paper, "", "Normal").paragraph_format.keep_with_next = True
    for number, (heading, _) in enumerate(annexes.LISTED, 1):
        line = f"附件：{number}．{heading}" if number == 1 else f"　　　{number}．{heading}"
        _write(paper, line, "Body Text").paragraph_format.keep_with_next = True
    letterhead = facts.office.letterhead
    _write(paper, letterhead.issued_by(facts.city), "Signature")
    last = _write(paper, day(facts.published), "Signature")
    last.paragraph_format.keep_with_next = bool(letterhead.contact)
    if letterhead.contact:
        phone = f"，电话：{letterhead.phone}" if letterhead.phone else ""
        _write(paper, f"（联系人：{letterhead.contact}{phone}）", "联系人")


def _annex(paper: Paper, facts: Facts, number: int, heading: str, add: Callable[[Paper, Facts], None]) -> None:
    _write(paper, f"附件{number}", "附件")
    fit_on_one_line(_write(paper, heading, "Title"), 22)
    _write(paper, f"（{months.label(facts.month)}）", "Subtitle")
    add(paper, facts)


def _printed(paper: Paper, facts: Facts) -> None:
    """版记: 抄送, 印发机关 and 印发日期, and which edition of the data it rests on; at the foot of the last page."""
    letterhead = facts.office.letterhead
    imprint = [
        f"抄送：{letterhead.copied_to()}。",
        f"{letterhead.printed_by or letterhead.issued_by(facts.city)}　　{day(facts.published)}印发",
        f"数据版本：{months.label(facts.month)}第{facts.release.edition}版",
    ]
    imprint_box.add(paper, [printable(line) for line in imprint])
