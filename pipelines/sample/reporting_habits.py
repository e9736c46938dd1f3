"""Who reports, when and what: missing and late counties, corrections, workbooks without 表2."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from pipelines import months, template
from pipelines.reference.roster import County
from pipelines.sample import keyed_random

LATE, CORRECTED = "补报", "更正"
_FIRST, _DUE = date(2018, 8, 1), date(2020, 12, 1)
# One county stops for long enough that its earlier answers are no longer carried; others go missing now and then.
_SILENT = (date(2019, 8, 1), date(2019, 11, 1))
_HARD_MONTHS = {date(2020, 2, 1): 0.2}  # the first month of the epidemic
_MISSING, _LATE, _CORRECTED, _NO_RECORD = 0.025, 0.022, 0.06, 0.03


@dataclass(frozen=True)
class Report:
    """One workbook: of a county and month, arriving in a month. `remark` is empty, 补报 or 更正."""

    place: County
    origin: str
    month: date
    arrives: date
    remark: str
    with_record: bool

    @property
    def is_due(self) -> bool:
        """Whether the city makes sure that everyone reports in full."""
        return _is_due(self.month)

    @property
    def file(self) -> str:
        """`2019-06/柏乡县2019年6月(更正).xlsx`: sorted as text this is the order of arrival."""
        return f"{months.key(self.arrives)}/{template.file_name(self.place.name, self.month, self.remark)}"


def reports(seed: int, month: date, places: list[tuple[County, str]]) -> Iterator[Report]:
    """The workbooks of a month, by county; `places` are the counties with their origins."""
    silent = min(places, key=lambda pair: keyed_random.number(seed, "silent", pair[1]))[1]
    sure = min(places, key=lambda pair: keyed_random.number(seed, "corrects", pair[1], month))[1]
    for place, origin in places:
        due = _is_due(month)
        if not due and _goes_missing(seed, month, origin, silent):
            continue
        late = not due and keyed_random.chance(seed, "late", origin, month) < _LATE
        record = due or keyed_random.chance(seed, "record", origin, month) >= _NO_RECORD
        arrives = months.add(month, 1) if late else month
        yield Report(place, origin, month, arrives, LATE if late else "", record)
        often = keyed_random.chance(seed, "corrected", origin, month) < _CORRECTED
        if not late and (often or (origin == sure and month.month % 3 == 0)):
            yield Report(place, origin, month, month, CORRECTED, True)


def _is_due(month: date) -> bool:
    """In the first and in the due month the city makes sure that everyone reports."""
    return month in (_FIRST, _DUE)


def _goes_missing(seed: int, month: date, origin: str, silent: str) -> bool:
    if origin == silent and _SILENT[0] <= month <= _SILENT[1]:
        return True
    return keyed_random.chance(seed, "missing", origin, month) < _HARD_MONTHS.get(month, _MISSING)
