"""Working days, due days and publication moments, worked by hand from the notices; and what the gate refuses."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import months, settings
from pipelines.errors import Refusal
from pipelines.reference import working_days

REFERENCE = settings.REPOSITORY / "data" / "reference"
CALENDAR = working_days.load(REFERENCE)


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("on", "works"),
    [
        ("2019-01-31", True),  # an ordinary Thursday
        ("2019-02-02", True),  # Saturday, worked for the Spring Festival
        ("2019-02-03", True),  # Sunday, likewise
        ("2019-02-04", False),  # Monday, first day of the Spring Festival
        ("2019-02-08", False),  # Friday, still
        ("2019-02-09", False),  # Saturday within it
        ("2019-02-11", True),  # Monday after it
        ("2019-02-16", False),  # an ordinary Saturday
        ("2018-12-29", True),  # Saturday worked for New Year, told by the notice for 2019
        ("2018-12-31", False),  # Monday, told by the notice for 2019
        ("2022-12-30", True),  # Friday before New Year's holiday
        ("2020-10-08", False),  # National Day and Mid-Autumn together: eight days
        ("2020-10-09", True),
        ("2020-10-10", True),  # Saturday, worked in exchange
    ],
)
def test_working_days(on, works):
    assert CALENDAR.is_working_day(day(on)) is works


def test_a_later_notice_overrides_an_earlier_one():
    assert not CALENDAR.is_working_day(day("2019-05-03"))  # first a Friday of work, off by the notice of March 2019
    assert CALENDAR.is_working_day(day("2019-05-05"))  # Sunday, worked for it
    # 2020-02-01, a Saturday, was to be worked; the Spring Festival was then extended to 2 February
    assert not CALENDAR.is_working_day(day("2020-02-01"))
    assert not CALENDAR.is_working_day(day("2020-01-31"))
    assert CALENDAR.is_working_day(day("2020-02-03"))


@pytest.mark.parametrize(
    ("month", "due", "published"),
    [
        ("2019-05", "2019-06-05", "2019-06-06"),  # Wednesday and Thursday: nothing moves
        ("2019-06", "2019-07-05", "2019-07-08"),  # the 5th is a Friday, the 6th a Saturday: the publication alone moves
        ("2018-07", "2018-08-06", "2018-08-07"),  # the 5th is a Sunday: due on the 6th, so published on the 7th
        (
            "2018-04",
            "2018-05-07",
            "2018-05-08",
        ),  # the 5th is a Saturday, both move to Monday; the publication comes after
        ("2019-04", "2019-05-05", "2019-05-06"),  # the 5th is a Sunday that is worked: nothing moves
        ("2021-01", "2021-02-05", "2021-02-07"),  # the 6th is a Saturday, the 7th a Sunday that is worked
        ("2019-01", "2019-02-11", "2019-02-12"),  # Spring Festival 4 to 10 February
        ("2019-09", "2019-10-08", "2019-10-09"),  # National Day 1 to 7 October
        ("2022-09", "2022-10-08", "2022-10-09"),  # National Day, then Saturday and Sunday both worked
        ("2020-09", "2020-10-09", "2020-10-10"),  # eight days off; published on a Saturday that is worked
        ("2018-03", "2018-04-08", "2018-04-09"),  # 清明节 5 to 7 April; due on a Sunday that is worked
        ("2025-12", "2026-01-05", "2026-01-06"),  # over New Year
    ],
)
def test_due_day_and_publication(month, due, published):
    month = months.parse(month)
    assert CALENDAR.due_day(month) == day(due)
    assert CALENDAR.publication_moment(month) == datetime.combine(day(published), time(6), ZoneInfo("Asia/Shanghai"))


@given(st.dates(date(2018, 1, 1), date(2040, 12, 31)).map(lambda day: day.replace(day=1)))
def test_publication_is_on_a_working_day_after_the_due_day_of_the_following_month(month):
    due, moment = CALENDAR.due_day(month), CALENDAR.publication_moment(month)
    assert months.add(month, 1) < due < moment.date() < months.add(month, 2)
    assert CALENDAR.is_working_day(due) and CALENDAR.is_working_day(moment.date())
    assert not any(CALENDAR.is_working_day(due.replace(day=n)) for n in range(5, due.day))


def test_a_year_without_a_notice_has_weekends_alone_and_it_is_said():
    later = CALENDAR.years_known[-1] + 1
    national_day = date(later, 10, 1)
    while national_day.weekday() > 4:
        national_day += timedelta(days=1)
    assert not CALENDAR.is_known(later) and CALENDAR.is_working_day(national_day)
    caveat = CALENDAR.caveat(date(later, 3, 1))
    assert caveat == f"节假日日历中没有{later}年的安排，{later}年3月报表的截止日和发布时间只按周末顺延"


def test_december_is_due_by_the_holidays_of_the_next_year():
    last = CALENDAR.years_known[-1]
    assert CALENDAR.caveat(date(last, 11, 1)) is None
    assert f"没有{last + 1}年的安排" in CALENDAR.caveat(date(last, 12, 1))
    assert CALENDAR.caveat(date(CALENDAR.years_known[0] - 1, 12, 1)) is None


# ---- the gate

SMALL = """zone: Asia/Shanghai
due_day: 5
publication_day: 6
publication_time: "06:00"
notices:
  - number: 国办发明电〔2018〕15号
    dated: 2018-12-04
    year: 2019
    holidays:
      - {name: 春节, from: 2019-02-04, until: 2019-02-10, working: [2019-02-02, 2019-02-03]}
  - number: 国办发明电〔2019〕3号
    dated: 2019-03-22
    year: 2019
    holidays:
      - {name: 劳动节, from: 2019-05-01, until: 2019-05-04}
"""


def load(folder, text):
    (folder / "calendar.yaml").write_text(text, encoding="utf-8")
    return working_days.load(folder)


def test_days_of_the_month_time_and_zone_are_data(tmp_path):
    text = SMALL.replace("due_day: 5", "due_day: 8").replace("day: 6", "day: 10").replace("06:00", "18:30")
    calendar = load(tmp_path, text.replace("Asia/Shanghai", "Asia/Urumqi"))
    assert calendar.due_day(date(2019, 1, 1)) == date(2019, 2, 11)
    assert calendar.publication_moment(date(2019, 3, 1)) == datetime(
        2019, 4, 10, 18, 30, tzinfo=ZoneInfo("Asia/Urumqi")
    )
    assert calendar.years_known == (2019,)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("due_day: 5", "dueday: 5", "不认识的键“dueday”；是否为 due_day"),
        ("due_day: 5", "due_day: 5\ndue_day: 6", "键“due_day”在同一条目中出现两次"),
        ("due_day: 5", "due_day: 31", "“due_day”的值 31 不合要求"),
        ("due_day: 5", "due_day: 6", "应晚于截止日"),
        ('"06:00"', "16:00", "“publication_time”的值 960 不合要求"),  # unquoted, YAML reads minutes
        ("Asia/Shanghai", "Asia/Xingtai", "没有时区“Asia/Xingtai”"),
        ("from: 2019-05-01", "form: 2019-05-01", "国办发明电〔2019〕3号第1项：不认识的键“form”；是否为 from"),
        ("until: 2019-05-04", "until: 2019-04-30", "起始日 2019-05-01 晚于结束日 2019-04-30"),
        ("until: 2019-05-04", "until: 2019-05-32", "请写成 2018-02-15 这样的日期"),
        ("from: 2019-05-01, until: 2019-05-04", "from: 2020-05-01, until: 2020-05-04", "2020-05-01 不在 2019 年"),
        ("2019-02-03]", "2019-02-13]", "2019-02-13 不是星期六或星期日"),
        ("2019-02-03]", "2019-02-09]", "2019-02-09 出现两次"),
        ("〔2019〕3号", "〔2018〕15号", "国办发明电〔2018〕15号出现两次"),
        ("dated: 2019-03-22", "dated: 2018-03-22", "国办发明电〔2019〕3号（2018-03-22）应排在"),
        ("国办发明电〔2019〕3号", "国办发明电[2019]3号", "“number”的值 '国办发明电[2019]3号' 不合要求"),
    ],
)  # fmt: skip
def test_a_spoiled_calendar_is_refused(tmp_path, old, new, words):
    assert old in SMALL
    with pytest.raises(Refusal) as refusal:
        load(tmp_path, SMALL.replace(old, new, 1))
    assert words in str(refusal.value)


def test_reference_data_without_a_calendar_is_refused_with_the_remedy(tmp_path):
    with pytest.raises(Refusal, match=r"没有 calendar.yaml.*从本程序的 data/reference/ 复制一份"):
        working_days.load(tmp_path)
