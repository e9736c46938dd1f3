"""Monthly, quarterly and yearly report: what each is called, what it compares with, and when it is made."""

from dataclasses import dataclass
from datetime import date

from pipelines import months
from pipelines.edition.phrases import numeral


@dataclass(frozen=True)
class Variant:
    """`back` is how many months before the month compared with lies; `since` names that month in a sentence, `ends` the period's last."""

    id: str
    name: str
    back: int
    since: str
    ends: str

    def period(self, month: date) -> str:
        """What the report covers: `2020年5月`, `2020年第二季度`, `2020年`."""
        if self.id == "year":
            return f"{month.year}年"
        if self.id == "quarter":
            return f"{month.year}年第{numeral((month.month + 2) // 3)}季度"
        return months.label(month)


MONTH = Variant("month", "月报", 1, "上月", "月末")
QUARTER = Variant("quarter", "季报", 3, "上季度末", "季度末月")
YEAR = Variant("year", "年报", 12, "上年底", "12月")
VARIANTS = {variant.id: variant for variant in (MONTH, QUARTER, YEAR)}


def of_month(month: date) -> tuple[Variant, ...]:
    """The papers of a month: always the monthly one, the quarter's in its last month, the year's in December."""
    return tuple(variant for variant in VARIANTS.values() if month.month % variant.back == 0)
