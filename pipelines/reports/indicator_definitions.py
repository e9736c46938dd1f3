"""An indicator's definition as a row of the workbook: clause, quote, what is counted and how."""

from pipelines import months
from pipelines.edition.phrases import aim
from pipelines.reports.facts import Facts
from pipelines.reports.items import Item

_WORDING = {"required": "应当（达到、确保、实现）", "strive": "力争", "promoted": "鼓励、推动、逐步"}
_LEVELS = {"city": "全市", "county": "县（市、区）", "town": "乡镇（街道）", "community": "社区（村）"}


def definition(item: Item, sentence: str) -> list[str | None]:
    """One cell a column, in the order of the sheet 指标定义; `sentence` says how it is computed."""
    counted = {"community": "社区（村）", "county": "县（市、区）"}[item.counted]
    due = months.key(item.goal_due) if item.goal_due else None
    return [
        item.name, item.id, item.clause, item.quote, _WORDING[item.wording], aim(item.goal, item.unit), due,
        item.unit, counted, sentence, _LEVELS[item.binding_level],
        "年度（12月）" if item.judged else "逐月", item.reading,
    ]  # fmt: skip


def reference_only(facts: Facts) -> str:
    """Where the clauses' words and readings stand, and numbers of the policy that could not be verified."""
    doubts = [f"{item.name}：{item.unverified}" for item in facts.items if item.unverified]
    return "条款原文、口径和算法见数据表“指标定义”。" + (f"尚待核对原文的有：{'；'.join(doubts)}。" if doubts else "")
