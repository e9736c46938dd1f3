"""Last accepted answers for a prefilled workbook, with the month of each row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import chain
from operator import itemgetter

from pipelines import months
from pipelines.reference.form import Part
from pipelines.reference.prefilled_marks import padded

# columns that say which unit a row is about
GIVEN = ("code", "name", "town", "kind")
SINCE = "_since"


@dataclass(frozen=True)
class Answered:
    """Accepted answers by unit or county: `place` is its position, `since` its month, `columns` the cells by field id."""

    place: Mapping[str, int] = field(default_factory=dict)
    since: Sequence[date] = ()
    columns: Mapping[str, Sequence[object]] = field(default_factory=dict)

    def of(self, part: Part, keys: Sequence[str], month: date, kinds: Sequence[str] = ()) -> "Answered":
        """Answers of `keys` as cells of `month`, without annual counts of an earlier year and what does not apply to the kind."""
        known = [i for i, key in enumerate(keys) if key in self.place]
        places = [self.place[keys[i]] for i in known]
        since = [self.since[place] for place in places]
        stale = [i for i, of in enumerate(since) if of.year != month.year]
        kinds_of = [kinds[i] for i in known] if kinds else []
        of_kind = {kind: [i for i, own in enumerate(kinds_of) if own == kind] for kind in set(kinds_of)}
        pick = itemgetter(*places) if len(places) > 1 else None
        columns = {}
        for asked in part:
            if asked.id in GIVEN or asked.id not in self.columns:
                continue
            given = self.columns[asked.id]
            values = list(pick(given)) if pick else [given[place] for place in places]
            gone = stale if asked.period == "year" else []
            for i in chain(gone, *(own for kind, own in of_kind.items() if not asked.applies_to(kind))):
                values[i] = None
            columns[asked.id] = values
        return Answered({keys[i]: n for n, i in enumerate(known)}, since, columns)


@dataclass(frozen=True)
class LastAnswers:
    """The last accepted answers before a month, as of `month`: of units by `uid`, of counties by code."""

    month: date
    units: Answered = Answered()
    counties: Answered = Answered()


@dataclass(frozen=True)
class Prefilled:
    """What one workbook was prefilled with: the answers of `month`, of units by code, and of 表2 (None: there are none)."""

    month: date
    units: Answered
    record: Mapping[str, object] | None = None


def shown(value: object) -> object:
    """A typed answer as text of a cell: flags as 是 and 否, months as 2019-06, numbers without needless zeros."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date):
        return months.key(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else value.normalize()
    return value


def packed(part: Part, known: Answered) -> list[str]:
    """The hidden copy (`prefilled_marks`): the names of the questions, three blank rows, and a text for each row."""
    names = [asked.id for asked in part]
    blank, since = [None] * len(known.since), {month: months.key(month) for month in set(known.since)}
    columns = [
        list(known.place),
        *(known.columns.get(name, blank) for name in names[1:]),
        [since[month] for month in known.since],
    ]
    texts = _Padded().__getitem__
    rows = zip(*(map(texts, column) for column in columns), strict=True)
    return [" ".join([*names, SINCE]), "", "", "", *map("".join, rows)]


class _Padded(dict[object, str]):
    """Texts of answers as wide as the copy has them, each made once."""

    def __missing__(self, value: object) -> str:
        self[value] = text = padded(value)
        return text
