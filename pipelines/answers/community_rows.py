"""表1 of one file as typed columns, and what reading it needs besides the sheet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from pipelines.answers.findings import Report
from pipelines.answers.header_columns import Column
from pipelines.answers.match_unit import CountyIndex
from pipelines.reference.form import Part

if TYPE_CHECKING:
    from pipelines.answers.confirmed_rows import LastMonth


@dataclass
class CommunityRows:
    """表1 of a file as columns. Grain: unit row, in the sender's order, without `untouched` rows of a prefilled workbook."""

    sheet: str
    columns: dict[str, Column]
    row: list[int] = field(default_factory=list)
    unit: list[str | None] = field(default_factory=list)
    held: list[bool] = field(default_factory=list)
    values: dict[str, list[Any]] = field(default_factory=dict)
    raw: dict[str, list[str | None]] = field(default_factory=dict)
    untouched: int = 0
    # for each row the fields that were answered but could not be read: no rule may take them for missing
    unreadable: list[list[str]] = field(default_factory=list)
    # rows and columns of other sheets, where 表1 is on several: (row, field) -> sheet and cell
    elsewhere: dict[tuple[int, str], tuple[str, str]] = field(default_factory=dict)

    def drop(self, positions: set[int]) -> None:
        """Remove rows, as if they had not been sent."""
        keep = [i for i in range(len(self.row)) if i not in positions]
        lists: list[list[Any]] = [self.row, self.unit, self.held, self.unreadable]
        for values in (*lists, *self.values.values(), *self.raw.values()):
            values[:] = [values[i] for i in keep]


@dataclass
class Context:
    """What reading a sheet needs: `index` (None: county or month not known), `last` answers of a prefilled one, its `town`."""

    part: Part
    report: Report
    index: CountyIndex | None
    month: date | None
    date1904: bool
    resolutions: Mapping[str, str]
    untyped: bool = False
    last: "LastMonth | None" = None
    town: str | None = None


def decided_month(resolutions: Mapping[str, str], code: str, field_id: str) -> int | None:
    """The month of the year that the city has decided on for a county's months of this kind; None where it has not."""
    decided = resolutions.get(f"{code}:{field_id}") or ""
    return int(decided) if decided.isascii() and decided.isdigit() and 1 <= int(decided) <= 12 else None
