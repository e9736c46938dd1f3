"""Spot checks in the papers: one paragraph, one table. Empty where no check says anything of the month."""

from datetime import date
from typing import Any, TypedDict

from docx.document import Document as Paper

from pipelines import months
from pipelines.edition.phrases import count
from pipelines.reports.docx_table import Column, add_table, printable
from pipelines.reports.facts import Facts
from pipelines.reports.finding_lists import Head, Value
from pipelines.verification import sentences, spot_tables

HEADING = "抽查核实情况"
NOTE = "注：“证明不少于”是有95%把握的下限，达到“目标需”即为经抽查核实。"
_STATUSES = (("proven", "经抽查核实的"), ("unsupported", "抽查不支持达标的"))
COLUMNS = [
    Column("指标", 46), Column("所报", 14, "CellNumber"), Column("目标需", 14, "CellNumber"),
    Column("走访（属实/不属实/未能核实）", 30, "CellNumber"), Column("证明不少于", 18, "CellNumber"), Column("结论", 34),
]  # fmt: skip


class _Check(TypedDict):
    """`figure_spot` of the city with its claim's visits."""

    name: str
    status: str
    disproven: bool | None
    text: str | None
    month: date
    checked: date
    list: int
    yes: int
    required: int
    lower_count: int
    planned: int
    confirmed: int
    refuted: int
    open: int


def checks(facts: Facts) -> list[_Check]:
    """What a check says of the city's indicators in the month, in the register's order."""
    rows: list[Any] = facts.release.rows(
        """SELECT i.name, f.*, c.planned, c.confirmed, c.refuted, c.open FROM figure_spot AS f
           JOIN indicator AS i USING (policy, indicator)
           JOIN spot_claim AS c ON (c.list, c.policy, c.indicator, c.level, c.unit)
                                 = (f.list, f.policy, f.indicator, f.level, f.unit)
           WHERE f.policy = ? AND f.month = ? AND f.level = 'city' AND f.status IN ('proven', 'unsupported') ORDER BY i.position""",
        [facts.policy["id"], facts.month],
    )
    return rows


def paragraph(facts: Facts) -> str:
    """What was visited, what was found, and what that proves; always with the month that was checked."""
    checked = facts.once(checks)
    if not checked:
        return ""
    said = []
    for status, words in _STATUSES:
        names = [f"{check['name']}（{_when(check, facts)}）" for check in checked if check["status"] == status]
        if names:
            said.append(f"{words}有{count(len(names))}项：{'、'.join(names)}")
    return f"{'；'.join(said)}。抽查按公开号码抽取、现场走访，所报数字不因抽查改动；{sentences.EACH_ITS_OWN}。"


def _when(check: _Check, facts: Facts) -> str:
    return sentences.age(check["checked"], facts.month)


def rows(facts: Facts) -> list[list[str]]:
    """One row an indicator with a check."""
    return [
        [
            check["name"], count(check["yes"]), count(check["required"]),
            f"{check['planned']}（{check['confirmed']}/{check['refuted']}/{check['open']}）", count(check["lower_count"]),
            f"{spot_tables.about_words(check)}，{check['list']}号名单",
        ]
        for check in facts.once(checks)
    ]  # fmt: skip


def sheet(facts: Facts) -> tuple[list[Head], list[list[Value]]]:
    """The same as columns of numbers for a workbook, each row with the sentence of its check."""
    labels = ("所报", "目标需", "走访", "属实", "不属实", "未能核实", "证明不少于")
    numbers = [Head(label, 11, "whole") for label in labels]
    heads = [Head("指标", 38), *numbers, Head("结论", 34, "wrap"), Head("名单", 8, "whole"), Head("抽查", 30, "wrap")]
    rows: list[list[Value]] = [
        [
            check["name"], check["yes"], check["required"], check["planned"], check["confirmed"], check["refuted"], check["open"],
            check["lower_count"], spot_tables.about_words(check), check["list"], _when(check, facts),
        ]
        for check in facts.once(checks)
    ]  # fmt: skip
    return heads, rows


def add_checks(paper: Paper, facts: Facts) -> None:
    """The table of the checks; nothing where there is none."""
    lines = rows(facts)
    if not lines:
        return
    paper.add_paragraph(printable(f"抽查情况（{months.label(facts.month)}）"), "Caption")
    add_table(paper, COLUMNS, lines, "抽查情况", whole=True)
    paper.add_paragraph(printable(NOTE), "表注")
