"""What a prefilled workbook knows of the months before: the last accepted answers, and from which month each row is.

A hidden sheet of the workbook keeps them a second time, so that the spreadsheet can show what was changed and the reader can tell
which rows were changed. Its columns are the answers of 表1 in the form's order (row by row of 表1, column A the code), and
behind them the month of each row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from pipelines import months
from pipelines.reference.form import Form, Part
from pipelines.reference.roster import Unit

# columns that say which unit a row is about
GIVEN = ("code", "name", "town", "kind")
LAST_SHEET = "_shequ_last"
SINCE = "_since"
TICK, TICKED = "已核对", "√"
REST_OF_ROWS, REST_OF_RECORD = "其余各行已核对，无变化", "其余各项已核对，无变化"

Answers = Mapping[str, object]


@dataclass(frozen=True)
class Row:
    """One unit's last accepted answers by field id, and the month in which they were given."""

    answers: Answers
    since: date


@dataclass(frozen=True)
class LastAnswers:
    """The last accepted answers before `month`: of units by `uid`, of counties by code. Typed values."""

    month: date
    units: Mapping[str, Row] = field(default_factory=dict)
    counties: Mapping[str, Row] = field(default_factory=dict)

    def of_units(self, form: Form, units: Sequence[Unit], month: date) -> list[Row | None]:
        """For each unit what its row is prefilled with in `month`."""
        rows = (self.units.get(unit.uid) for unit in units)
        return [row and kept(form.community, row, month, unit.kind) for unit, row in zip(units, rows, strict=True)]

    def of_county(self, form: Form, code: str, month: date) -> Row | None:
        row = self.counties.get(code)
        return row and kept(form.county, row, month)


def kept(part: Part, row: Row, month: date, kind: str | None = None) -> Row:
    """A row's answers as cells of `month`: without what begins anew each year, where a New Year lies between, and without what
    does not apply to the unit's kind."""
    same_year = row.since.year == month.year
    answers = {
        f.id: shown(row.answers.get(f.id))
        for f in part
        if f.id not in GIVEN and (same_year or f.period != "year") and (kind is None or f.applies_to(kind))
    }
    return replace(row, answers=answers)


def shown(value: object) -> object:
    """A typed answer as it stands in a cell: flags as 是 and 否, months as 2019-06, numbers without needless zeros."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date):
        return months.key(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else value.normalize()
    return value
