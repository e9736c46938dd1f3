"""An indicator's definition as a row of the workbook: clause, quote, what is counted and how."""

from pipelines import months
from pipelines.edition.phrases import aim
from pipelines.edition.statuses import LEVELS, WORDINGS
from pipelines.reports.facts import Facts
from pipelines.reports.indicator_figures import Item


def definition(item: Item, sentence: str) -> list[str | None]:
    """One cell a column, in the order of the sheet 指标定义; `sentence` says how it is computed."""
    due = months.key(item.goal_due) if item.goal_due else None
    return [
        item.name, item.id, item.clause, item.quote, WORDINGS[item.wording], aim(item.goal, item.unit), due,
        item.unit, LEVELS[item.counted], sentence, LEVELS[item.binding_level],
        "年度（12月）" if item.judged else "逐月", item.reading,
    ]  # fmt: skip


def reference_only(facts: Facts) -> str:
    """Where the clauses' words and readings stand, and numbers of the policy that could not be verified."""
    doubts = [f"{item.name}：{item.unverified}" for item in facts.items if item.unverified]
    return "条款原文、口径和算法见数据表“指标定义”。" + (f"尚待核对原文的有：{'；'.join(doubts)}。" if doubts else "")
