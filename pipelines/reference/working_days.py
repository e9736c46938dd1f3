"""Working days, and when a month is due and published (semantics §4), by `calendar.yaml`. Without a holiday notice: Monday to Friday."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field

from pipelines import months
from pipelines.errors import Refusal
from pipelines.reference.strict_yaml import Entry, Plain, build, load_yaml

FILE = "calendar.yaml"
_SATURDAY = 5
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """Working days and the due and publication days of months. `holidays` and `exchanged` (调休) are what the notices name."""

    zone: ZoneInfo
    due_day_of_month: int
    publication_day_of_month: int
    publication_time: time
    holidays: frozenset[date]
    exchanged: frozenset[date]
    years_known: tuple[int, ...]

    def is_known(self, year: int) -> bool:
        """Whether a notice arranges the year's holidays."""
        return year in self.years_known

    def is_working_day(self, day: date) -> bool:
        """Monday to Friday except holidays, and weekend days worked in exchange."""
        if day in self.exchanged:
            return True
        return day.weekday() < _SATURDAY and day not in self.holidays

    def working_day_from(self, day: date) -> date:
        """The day itself where it is a working day, else the next one."""
        while not self.is_working_day(day):
            day += _ONE_DAY
        return day

    def due_day(self, month: date) -> date:
        """The last day on which a month's report is in time."""
        return self.working_day_from(months.add(month, 1).replace(day=self.due_day_of_month))

    def publication_moment(self, month: date) -> datetime:
        """The moment from which a month is released, whoever has reported: on a working day, after the due day."""
        nominal = months.add(month, 1).replace(day=self.publication_day_of_month)
        day = self.working_day_from(max(nominal, self.due_day(month) + _ONE_DAY))
        return datetime.combine(day, self.publication_time, self.zone)

    def caveat(self, month: date) -> str | None:
        """The caveat that the holidays of a month's year are not known; None where they are."""
        year = months.add(month, 1).year
        if self.is_known(year):
            return None
        return f"节假日日历中没有{year}年的安排，{months.label(month)}报表的截止日和发布时间只按周末顺延"


# ---- the gate


def _parse_day(text: object) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise ValueError("请写成 2018-02-15 这样的日期") from None


Day = Annotated[date, BeforeValidator(_parse_day)]


class _Holiday(Entry):
    """Days off, first to last, and the weekend days worked for them."""

    name: str = Field(min_length=1)
    first: Day = Field(alias="from")
    last: Day = Field(alias="until")
    working: tuple[Day, ...] = Field((), strict=False)

    @property
    def days_off(self) -> list[date]:
        return [self.first + n * _ONE_DAY for n in range((self.last - self.first).days + 1)]


class _Notice(Entry):
    number: str = Field(pattern=r"^国办发明电〔\d{4}〕\d+号$")
    dated: Day
    year: int
    holidays: list[Plain] = Field(min_length=1)


class _File(Entry):
    zone: str
    due_day: int = Field(ge=1, le=28)
    publication_day: int = Field(ge=1, le=28)
    publication_time: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    notices: list[Plain]


def load(folder: Path) -> Calendar:
    """The calendar of a folder of reference data. Errors: `Refusal` naming entry and repair."""
    path = folder / FILE
    if not path.exists():
        raise Refusal(f"基础数据中没有 {FILE}：截止日、发布时间和节假日写在其中；请从本程序的 data/reference/ 复制一份")
    declared = build(_File, load_yaml(path), FILE)
    if declared.publication_day <= declared.due_day:
        raise Refusal(f"{FILE}：发布日（publication_day）应晚于截止日（due_day）")
    notices = [build(_Notice, entry, f"{FILE}：第{n}条") for n, entry in enumerate(declared.notices, 1)]
    _refuse_disorder(notices)
    holidays, exchanged = _days(notices)
    return Calendar(
        zone=_zone(declared.zone),
        due_day_of_month=declared.due_day,
        publication_day_of_month=declared.publication_day,
        publication_time=time.fromisoformat(declared.publication_time),
        holidays=holidays,
        exchanged=exchanged,
        years_known=tuple(sorted({notice.year for notice in notices})),
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise Refusal(f"{FILE}：没有时区“{name}”；请写成 Asia/Shanghai 这样的名称") from None


def _refuse_disorder(notices: list[_Notice]) -> None:
    """Later notices override earlier ones, so their order matters and none may occur twice."""
    numbers = [notice.number for notice in notices]
    if twice := next((number for number in numbers if numbers.count(number) > 1), None):
        raise Refusal(f"{FILE}：{twice}出现两次；请删去一条")
    for earlier, later in pairwise(notices):
        if later.dated < earlier.dated:
            raise Refusal(f"{FILE}：{later.number}（{later.dated}）应排在{earlier.number}（{earlier.dated}）之前")


def _days(notices: list[_Notice]) -> tuple[frozenset[date], frozenset[date]]:
    works: dict[date, bool] = {}
    for notice in notices:
        named = list(_named(notice))
        counted = Counter(day for day, _ in named)
        if twice := next((day for day, times in counted.items() if times > 1), None):
            raise Refusal(f"{FILE}：{notice.number}中 {twice} 出现两次；请核对放假和上班的日期")
        works.update(named)
    exchanged = frozenset(day for day, worked in works.items() if worked)
    return frozenset(works) - exchanged, exchanged


def _named(notice: _Notice) -> Iterator[tuple[date, bool]]:
    for n, entry in enumerate(notice.holidays, 1):
        where = f"{FILE}：{notice.number}第{n}项"
        holiday = build(_Holiday, entry, where)
        if holiday.last < holiday.first:
            raise Refusal(f"{where}：起始日 {holiday.first} 晚于结束日 {holiday.last}")
        named = [(day, False) for day in holiday.days_off] + [(day, True) for day in holiday.working]
        for day, worked in named:
            _refuse_unlikely(day, worked, notice.year, where)
        yield from named


def _refuse_unlikely(day: date, worked: bool, year: int, where: str) -> None:
    """Refuses a day of another year (except the December before), and an exchange that is no weekend day."""
    if not date(year - 1, 12, 1) <= day <= date(year, 12, 31):
        raise Refusal(f"{where}：{day} 不在 {year} 年（或上年 12 月）；请核对日期")
    if worked and day.weekday() < _SATURDAY:
        raise Refusal(f"{where}：{day} 不是星期六或星期日，无需列为调休上班日；请核对日期")
