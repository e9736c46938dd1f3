"""What counties explain of the month's answers, printed with the figures (semantics §4, Explanation). Empty where nothing is explained."""

from collections.abc import Sequence

from docx.document import Document as Paper

from pipelines.edition import explained_answers
from pipelines.edition.explained_answers import Explained, answered, place
from pipelines.edition.phrases import count
from pipelines.punctuation import full_width
from pipelines.reports.docx_table import Column, add_table, printable
from pipelines.reports.facts import Facts
from pipelines.reports.finding_lists import Head, Value
from pipelines.reports.indicator_figures import Item
from pipelines.reports.list_limits import EXPLAINED_SHOWN

HEADING = "县里的情况说明"
ABOUT = "县里对需核实的内容所作的说明，照录；个人号码已抹去"
_COLUMNS = [Column("单位", 34), Column("项目", 30), Column("情况说明", 0), Column("市里意见", 30)]


def of_item(item: Item, facts: Facts) -> list[Explained]:
    """Those about what an indicator asks."""
    return explained_answers.of_indicator(facts.explained, item.fields) if facts.explained else []


def under_table(facts: Facts) -> str:
    """The note under the table of leading indicators: which of them rest on explained answers."""
    named = [f"第{number}项{count(len(rows))}条" for number, rows in _of_headline(facts)]
    return f"注：县里对所填内容作了说明的：{'、'.join(named)}，见附件“报送、核实和更正情况”。" if named else ""


def _of_headline(facts: Facts) -> list[tuple[int, list[Explained]]]:
    by_number = [(number, of_item(item, facts)) for number, item in enumerate(facts.headline, 1)]
    return [(number, rows) for number, rows in by_number if rows]


def sentences(facts: Facts) -> list[str]:
    """Every explanation as a sentence, up to what a page shows."""
    lines = [f"{full_width(explained_answers.sentence(row))}。" for row in facts.explained[:EXPLAINED_SHOWN]]
    return [*lines, _rest(facts)] if _rest(facts) else lines


def _rest(facts: Facts) -> str:
    total = len(facts.explained)
    return f"共{count(total)}条，其余见数据表“情况说明”。" if total > EXPLAINED_SHOWN else ""


def add_explanations(paper: Paper, facts: Facts) -> None:
    """The table of the explanations."""
    if not facts.explained:
        return
    rows = [
        [place(row), row["about"], full_width(row["text"]), full_width(answered(row))]
        for row in facts.explained[:EXPLAINED_SHOWN]
    ]
    paper.add_paragraph(printable(HEADING), "Caption")
    add_table(paper, _COLUMNS, rows, HEADING, dense=True)
    paper.add_paragraph(printable(f"注：县里对需核实的内容所作的说明，照录。{_rest(facts)}"), "表注")


def listed(facts: Facts) -> tuple[list[Head], Sequence[Sequence[Value]]]:
    """One row an explanation, with the indicators that ask what it is about."""
    heads = [
        Head("县（市、区）", 14), Head("社区（村）", 20), Head("代码", 15), Head("项目", 26), Head("情况说明", 70), Head("市里意见", 24),
        Head("涉及的指标", 60), Head("问题编号", 15),
    ]  # fmt: skip
    return heads, [_line(row, facts) for row in facts.explained]


def _line(row: Explained, facts: Facts) -> list[Value]:
    concerned = [item.name for item in facts.items if explained_answers.of_indicator([row], item.fields)]
    said = [row["county_name"], row["unit_name"], row["unit"], row["about"], row["text"], answered(row)]
    return [*said, "、".join(concerned), row["finding"]]
