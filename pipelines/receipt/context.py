"""What a receipt states besides the file's findings: county, month, number of the submission, findings of earlier ones."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, TypedDict

from pipelines import months
from pipelines.answers.findings import FindingRow


@dataclass(frozen=True)
class Try:
    """An earlier submission of the same county and month. `refused`: its rows were not read."""

    findings: tuple[FindingRow, ...]
    refused: bool = False


class Said(TypedDict):
    """What county and city said to a finding. `text` is the explanation, `asked` what the city asks since."""

    state: Literal["open", "explained", "settled", "dismissed"]
    text: str | None
    asked: str | None


@dataclass(frozen=True)
class ReceiptContext:
    """What a receipt says: `number` of the ledger or of the month, `state` in words, `earlier` submissions, `said` by finding."""

    county: str | None
    month: date | None
    number: int
    state: str
    refused: bool = False
    received: str = ""
    rows: Mapping[str, int] = field(default_factory=dict)
    earlier: tuple[Try, ...] = ()
    waived: frozenset[str] = frozenset()
    said: Mapping[str, Said] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    remedies: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        if self.county is None or self.month is None:
            return f"收件第{self.number}号（县、月份未能认定）"
        return f"{self.county}{months.label(self.month)}（第{self.number}次报送）"


def file_name(context: ReceiptContext) -> str:
    """`柏乡县2019年6月_回执_第2次.xlsx`: from our own data, never from the sender's path."""
    if context.county is None or context.month is None:
        return f"未认定_回执_收件第{context.number}号.xlsx"
    county = re.sub(r"[^\w]", "", context.county)[:40]
    return f"{county}{months.label(context.month)}_回执_第{context.number}次.xlsx"
