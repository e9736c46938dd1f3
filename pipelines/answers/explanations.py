"""Answers of a county to findings, from the column 情况说明 of a returned list 问题清单 (semantics §4, Explanation)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.answers import personal_data
from pipelines.workbook import address
from pipelines.workbook.grid import Row, Sheet, Workbook

KEY, HEADING = "编号", "情况说明"
# longest explanation that is kept, in characters
LONGEST = 500
# stock phrases, which are no explanation
STOCK_PHRASES = (
    "核实无误", "经核实无误", "已核实", "经核实", "情况属实", "经核实情况属实", "属实", "数据属实", "无误", "数据无误", "无", "没有",
    "无问题", "没有问题", "正确", "同上", "是", "对", "见附件",
)  # fmt: skip
_MARKS = re.compile(r"[\s，。、；：！？,.;:!?（）()“”\"'…—-]+")
_FINDING = re.compile(r"[0-9a-f]{12}")
_SEARCHED = 40  # rows within which the list's headings are


@dataclass(frozen=True)
class Explanation:
    """The text beside one finding of a list, without personal numbers."""

    finding: str
    text: str
    sheet: str
    cell: str


def says_nothing(text: str) -> bool:
    """Whether a text is blank or a stock phrase."""
    return _MARKS.sub("", text) in ("", *STOCK_PHRASES)


def kept(text: str) -> str:
    """A text as it is kept: one line, personal numbers struck out, cut to `LONGEST` characters."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return personal_data.masked(line)[:LONGEST]


def read(workbook: Workbook) -> list[Explanation]:
    """Every explanation of the workbook's lists, in their order; a finding that is answered twice, as it is answered last."""
    explanations = {explanation.finding: explanation for sheet in workbook.sheets for explanation in _of_sheet(sheet)}
    return list(explanations.values())


def _of_sheet(sheet: Sheet) -> Iterator[Explanation]:
    columns = next(filter(None, map(_columns, sheet.rows[:_SEARCHED])), None)
    if columns is None:
        return
    key, said = columns
    for number, row in enumerate(sheet.rows, 1):
        finding, text = _text(row, key), _text(row, said)
        if text and _FINDING.fullmatch(finding):
            yield Explanation(finding, kept(text), sheet.name, address.cell(number, said + 1))


def _columns(row: Row) -> tuple[int, int] | None:
    """Positions of the findings' numbers and of the explanations, where a row is the heading of a list."""
    if KEY not in "\n".join([value for value in row if type(value) is str]):
        return None
    labels = [value.strip() if isinstance(value, str) else "" for value in row]
    return (labels.index(KEY), labels.index(HEADING)) if KEY in labels and HEADING in labels else None


def _text(row: Row, place: int) -> str:
    """A cell's text. A number of twelve digits without a letter becomes a number where a program takes it for one."""
    value = row[place] if place < len(row) else None
    if isinstance(value, float | int) and not isinstance(value, bool) and value == int(value):
        return f"{int(value):012d}"
    return value.strip() if isinstance(value, str) else ""
